/* numpy_ext/ufunc.h: tables of ufuncs: their types, the sets of dtypes, the naming of CPU levels. Every loop
   begins with this header, those of numpy_ext as those of a plug-in, whose module numpy_ext/module.h makes.
 */
#ifndef NUMPY_EXT_UFUNC_H
#define NUMPY_EXT_UFUNC_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* What is built against NumPy 2 runs on NumPy 1.24 too. */
#ifndef NPY_TARGET_VERSION
#define NPY_TARGET_VERSION NPY_1_23_API_VERSION
#endif
#ifndef NPY_NO_DEPRECATED_API
#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#endif

/* The file that makes the module defines NX_MODULE, and imports NumPy's C API for all others. */
#define PY_ARRAY_UNIQUE_SYMBOL nx_array_api
#define PY_UFUNC_UNIQUE_SYMBOL nx_ufunc_api
#if !defined(NX_MODULE) || defined(NX_LEVEL)
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include <math.h>

/* A loop of a ufunc, the dtypes it takes and gives in NumPy's own spelling, such as "ddd->d", and what it is
   called with as `data`. */
typedef struct {
    PyUFuncGenericFunction loop;
    const char *types;
    const void *data;
} nx_row;

/* Whether threads may share a call: not if a loop may set an exception, which NumPy looks for on the calling
   thread. */
typedef enum { NX_SPLIT, NX_WHOLE } nx_threading;

/* A ufunc. `signature` is NULL for an element-wise one; `rows` stand in the order of promotion (NumPy takes
   the first that every input casts to safely) and end with a row of NULLs. */
typedef struct {
    const char *name;
    const char *doc;
    const char *signature;
    int nin;
    int nout;
    const nx_row *rows;
    nx_threading threads;
} nx_ufunc;

/* The one symbol a room exports: its ufuncs, ended by one without a name. A room is compiled once for every
   CPU level, so the symbol carries the level. The build gives it as NX_LEVEL; it gives none where it compiles
   the module itself, which is of the lowest level. */
#ifdef NX_LEVEL
#define NX_LEVEL_HERE NX_LEVEL
#else
#define NX_LEVEL_HERE baseline
#endif
#define NX_SYMBOL_(family, level) nx_##family##_##level
#define NX_SYMBOL(family, level) NX_SYMBOL_(family, level)
#define NX_FAMILY(family) const nx_ufunc NX_SYMBOL(family, NX_LEVEL_HERE)[]

/* Sets of dtypes for the tables: X(name of the loops, letter of the dtype, letter of the floating-point
   dtype it computes to). numpy_ext/each.h reads a room once for every name. */
#define NX_INTEGERS(X)                                                                                       \
    X(bool, "?", "d")                                                                                        \
    X(byte, "b", "d")                                                                                        \
    X(ubyte, "B", "d")                                                                                       \
    X(short, "h", "d")                                                                                       \
    X(ushort, "H", "d")                                                                                      \
    X(int, "i", "d")                                                                                         \
    X(uint, "I", "d")                                                                                        \
    X(long, "l", "d")                                                                                        \
    X(ulong, "L", "d")                                                                                       \
    X(longlong, "q", "d")                                                                                    \
    X(ulonglong, "Q", "d")
#define NX_HALF(X) X(half, "e", "e")
#define NX_FLOATS(X)                                                                                         \
    X(float, "f", "f")                                                                                       \
    X(double, "d", "d")
#define NX_LONGDOUBLE(X) X(longdouble, "g", "g")
#define NX_COMPLEXES(X)                                                                                      \
    X(cfloat, "F", "F")                                                                                      \
    X(cdouble, "D", "D")                                                                                     \
    X(clongdouble, "G", "G")

/* Complex numbers: NumPy's own types are C's complex in NumPy 2 and structures before. */
typedef struct {
    npy_float re, im;
} nx_cfloat;
typedef struct {
    npy_double re, im;
} nx_cdouble;
typedef struct {
    npy_longdouble re, im;
} nx_clongdouble;

/* At the head of a block whose branches must not both be computed, since the one not taken could raise a
   flag, or whose isgreater must stay silent on NaN. GCC keeps to that (-ftrapping-math is its default),
   except where it vectorises isgreater; clang must be told. */
#ifdef __clang__
#define NX_KEEP_FLAGS _Pragma("clang fp exceptions(maytrap)")
#else
#define NX_KEEP_FLAGS
#endif

/* Before a short loop of constant length whose arrays must stay in registers. clang needs no telling. */
#ifdef __clang__
#define NX_UNROLL
#else
#define NX_UNROLL _Pragma("GCC unroll 16")
#endif

/* What stands before it is in memory when what stands after it begins; no instruction. */
#define NX_FENCE __asm__ volatile("" ::: "memory")

/* From here on no compiler knows what a variable holds. */
#define NX_HIDE(variable) __asm__("" : "+m"(variable))

/* For kernels that a loop calls with constants in place of some arguments: each call is compiled anew. */
#define NX_INLINE static inline __attribute__((always_inline))

#endif
