/* nx.h: what every room shares: the types of the tables, the sets of dtypes, the naming of CPU levels. */
#ifndef NX_H
#define NX_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* module.c imports NumPy's C API once; the rooms see the same pointers. */
#define PY_ARRAY_UNIQUE_SYMBOL nx_array_api
#define PY_UFUNC_UNIQUE_SYMBOL nx_ufunc_api
#ifndef NX_MODULE
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

/* A ufunc. `signature` is NULL for an element-wise one, and NX_MADE for one with parameters; `rows` stand in
   the order of promotion (NumPy takes the first that every input casts to safely) and end with a row of
   NULLs. */
typedef struct {
    const char *name;
    const char *doc;
    const char *signature;
    int nin;
    int nout;
    const nx_row *rows;
    nx_threading threads;
} nx_ufunc;

/* An element-wise ufunc with parameters: there is one for every value of them, which module.c makes on
   demand, with 0 as its identity. Its loops are called with nx_made as `data`. */
#define NX_MADE ""
enum { NX_PARAMETERS = 2 };
typedef struct {
    const void *data; /* that of the row */
    double parameters[NX_PARAMETERS];
} nx_made;

/* NumPy's own loop of np.power for float64, with its data; module.c finds it. NULL if NumPy keeps it
 * elsewhere. */
extern PyUFuncGenericFunction nx_power_loop;
extern void *nx_power_data;

/* The one symbol a room exports: its ufuncs, ended by one without a name. Every room is compiled once
   per CPU level, so the symbol carries the level that meson gives as NX_LEVEL. */
#define NX_SYMBOL_(family, level) nx_##family##_##level
#define NX_SYMBOL(family, level) NX_SYMBOL_(family, level)
#define NX_FAMILY(family) const nx_ufunc NX_SYMBOL(family, NX_LEVEL)[]

/* Sets of dtypes for the tables: X(name of the loops, letter of the dtype, letter of the floating-point
   dtype it computes to). nx_each.h reads a room once for every name. */
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
