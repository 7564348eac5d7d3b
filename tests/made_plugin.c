/* made_plugin.c: a plug-in for test_plugins.py. The lower half is read again for every dtype. */
#ifndef T
#define NX_MODULE made_plugin
#define NX_MODULE_DOC "Ufuncs of a test."
#include <numpy_ext/module.h>

#define NX_FILE "made_plugin.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#include <numpy_ext/each.h>

#define ALL(ROW)                                                                                             \
    {                                                                                                        \
        NX_INTEGERS(ROW) NX_HALF(ROW) NX_FLOATS(ROW) NX_LONGDOUBLE(ROW)                                      \
        {                                                                                                    \
            .loop = NULL                                                                                     \
        }                                                                                                    \
    }

#define ONE(name, t, f) {square_##name, t "->" f, NULL},
static const nx_row square_rows[] = ALL(ONE);

#define TWO(name, t, f) {quotient_##name, t t "->" f, NULL},
static const nx_row quotient_rows[] = ALL(TWO);

#define THREE(name, t, f) {between_##name, t t t "->" f, NULL},
static const nx_row between_rows[] = ALL(THREE);

#define ABOVE(name, t, f) {above_zero_##name, t "->" f, NULL},
static const nx_row above_zero_rows[] = ALL(ABOVE);

#define PARTS(name, t, f) {parts_##name, t "->l", NULL},
static const nx_row parts_rows[] = ALL(PARTS);

#ifndef TYPES
#define TYPES "d->d"
#endif
static const nx_row given_rows[] = {{square_double, TYPES, NULL}, {.loop = NULL}};

#ifndef NIN
#define NIN 1
#endif

#ifndef SIGNATURE
#define SIGNATURE NULL
#endif

NX_FAMILY(made_plugin) = {
    {"square", "The square.", NULL, 1, 1, square_rows, NX_SPLIT},
    {"quotient", "The quotient.", NULL, 2, 1, quotient_rows, NX_SPLIT},
    {"between", "The number between two others.", NULL, 3, 1, between_rows, NX_SPLIT},
    {"above_zero", "What is above zero; nothing else.", NULL, 1, 1, above_zero_rows, NX_WHOLE},
    {"parts", "On how many threads a series is shared.", "(n)->()", 1, 1, parts_rows, NX_SPLIT},
    {"given", "Of the types that the compiler is given.", SIGNATURE, NIN, 1, given_rows, NX_SPLIT},
    {.name = NULL},
};

#else
#include <numpy_ext/elementwise.h>

NX_INLINE R LOOP(square_of)(T x)
{
    return TO_R(TO_F(x) * TO_F(x));
}

static void LOOP(square)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    LOOP(nx_map1)(p, n, d, LOOP(square_of));
}

NX_INLINE R LOOP(quotient_of)(T x, T y)
{
    return TO_R(TO_F(x) / TO_F(y));
}

static void LOOP(quotient)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    LOOP(nx_map2)(p, n, d, LOOP(quotient_of));
}

NX_INLINE R LOOP(between_of)(T x, T low, T high)
{
    NX_KEEP_FLAGS
    const F number = TO_F(x), from = TO_F(low), to = TO_F(high);
    return TO_R(isless(number, from) ? from : isgreater(number, to) ? to : number);
}

static void LOOP(between)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    LOOP(nx_map3)(p, n, d, LOOP(between_of));
}

/* The first value that is not above zero is a ValueError. */
static void LOOP(above_zero)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    for (npy_intp i = 0; i < n[0]; i++) {
        const F value = TO_F(*(const T *)(p[0] + i * d[0]));
        if (!isgreater(value, 0)) {
            NPY_ALLOW_C_API_DEF
            NPY_ALLOW_C_API;
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "x has a value that is not above zero");
            NPY_DISABLE_C_API;
            return;
        }
        *(R *)(p[1] + i * d[1]) = TO_R(value);
    }
}

/* A series in parts, each on a thread of its own if threads are wanted and worth it. */
#ifndef PARTS_ARE_COUNTED
#define PARTS_ARE_COUNTED
static void count_part(void *context, npy_intp i)
{
    ((npy_long *)context)[i] = 1;
}
#endif

/* n[]: series, values of a series; d[]: from series to series of x and out. */
static void LOOP(parts)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    for (npy_intp series = 0; series < n[0]; series++) {
        npy_long counted[NX_MOST_THREADS] = {0}, sum = 0;
        const int threads = nx_threads_for(n[1]);
        nx_run_parts(threads, threads, count_part, counted);
        for (int i = 0; i < threads; i++)
            sum += counted[i];
        *(npy_long *)(p[1] + series * d[1]) = sum;
    }
}
#endif
