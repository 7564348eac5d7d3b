/* records_negative.c: negation, at any distances. NumPy's own loops for four-byte numbers are wrong where
   operands are 16 bytes apart in and out (NumPy 2.4, AVX-512), as in records of 16 bytes. The lower half is
   read for every dtype. */
#ifndef T
#include "records_negative.h"

#define NX_FILE "records_negative.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#define NX_WANT_COMPLEX
#include <numpy_ext/each.h>

#define ROW(name, t, f) {t, negate_##name},
static const struct {
    const char *letter;
    PyUFuncGenericFunction loop;
} rows[] = {NX_INTEGERS(ROW) NX_HALF(ROW) NX_FLOATS(ROW) NX_LONGDOUBLE(ROW) NX_COMPLEXES(ROW)};

PyUFuncGenericFunction nx_find_negation(char letter)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].letter[0] == letter)
            return rows[i].loop;
    return NULL;
}

#else

static inline T LOOP(negative_of)(T x)
{
#if defined(NX_COMPLEX)
    return (T){-x.re, -x.im};
#elif defined(NX_INTEGER)
    return (T)(0 - (npy_uint64)x); /* wraps around */
#else
    return TO_R(-TO_F(x));
#endif
}

static void LOOP(negate)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    for (npy_intp i = 0; i < *n; i++)
        *(T *)(p[1] + i * d[1]) = LOOP(negative_of)(*(const T *)(p[0] + i * d[0]));
}

#endif
