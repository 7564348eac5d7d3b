/* nx_numbers.h: real numbers of any dtype as double, block by block, for rooms that compute in double
   whatever they are given. A row names a dtype as `data`, so no loop is compiled once more for each of them.
 */
#ifndef T
#ifndef NX_NUMBERS_H
#define NX_NUMBERS_H
#include <numpy_ext/ufunc.h>

#include <string.h>

/* How many numbers go at once: what fits beside other things into the first level of the cache. */
enum { NX_BLOCK = 512 };

typedef struct nx_number_type {
    int size;
    /* n numbers, dx bytes apart, to doubles one after the other. Integers round to the nearest; returns
       whether that may have taken something. */
    int (*load)(const char *x, npy_intp n, npy_intp dx, double *to);
    /* What it took from each of them; NULL where it takes nothing. */
    void (*load_rest)(const char *x, npy_intp n, npy_intp dx, double *to);
    /* n doubles rounded to what is computed of this dtype: double for integers, else the dtype itself. */
    void (*store)(const double *from, npy_intp n, char *to, npy_intp dto);
} nx_number_type;

#define NX_FILE "nx_numbers.h"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#include <numpy_ext/each.h>
#undef NX_WANT_INTEGERS
#undef NX_WANT_HALF
#undef NX_WANT_FLOATS
#undef NX_FILE

/* n numbers as doubles one after the other: where they are, or copied to `buffer`. */
static inline const double *nx_numbers_as_double(const nx_number_type *type, const char *x, npy_intp n,
                                                 npy_intp dx, double *buffer)
{
    if (type == &nx_numbers_double && dx == sizeof(double))
        return (const double *)x;
    type->load(x, n, dx, buffer);
    return buffer;
}

static inline double nx_number(const nx_number_type *type, const char *x)
{
    double value;
    type->load(x, 1, 0, &value);
    return value;
}

#endif
#else
#define IS_SIGNED ((T)-1 < (T)1)
#define HAS_REST (sizeof(T) == 8 && (T)0.5 == 0)

NX_INLINE int LOOP(nx_load_from)(const char *x, npy_intp n, npy_intp dx, double *to)
{
    npy_uint64 beyond = 0;
    for (npy_intp i = 0; i < n; i++) {
        const T value = *(const T *)(x + i * dx);
        to[i] = (double)TO_F(value);
        if (HAS_REST)
            beyond |= ((npy_uint64)value + (IS_SIGNED ? 1ull << 53 : 0)) >> (IS_SIGNED ? 54 : 53);
    }
    return beyond != 0;
}

static int LOOP(nx_load)(const char *x, npy_intp n, npy_intp dx, double *to)
{
    if (dx == sizeof(T))
        return LOOP(nx_load_from)(x, n, sizeof(T), to);
    if (dx == 0)
        return LOOP(nx_load_from)(x, n, 0, to);
    return LOOP(nx_load_from)(x, n, dx, to);
}

/* x = (double)x + rest, for integers of 64 bits. What rounds up to 2**63 or 2**64 is no T: step down before
   going back. */
static void LOOP(nx_load_rest)(const char *x, npy_intp n, npy_intp dx, double *to)
{
    const double limit = IS_SIGNED ? 0x1p63 : 0x1p64, last = limit - 2048;
    for (npy_intp i = 0; i < n; i++) {
        const T value = *(const T *)(x + i * dx);
        const double rounded = (double)value, below = rounded < limit ? rounded : last;
        to[i] = (double)(npy_int64)(value - (T)below) - (rounded - below);
    }
}

static void LOOP(nx_store)(const double *from, npy_intp n, char *to, npy_intp dto)
{
    for (npy_intp i = 0; i < n; i++)
        *(R *)(to + i * dto) = TO_R((F)from[i]);
}

static const nx_number_type LOOP(nx_numbers) = {
    sizeof(T),
    LOOP(nx_load),
    HAS_REST ? LOOP(nx_load_rest) : NULL,
    LOOP(nx_store),
};
#undef IS_SIGNED
#undef HAS_REST
#endif
