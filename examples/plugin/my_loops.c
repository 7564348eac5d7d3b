/* my_loops.c: three ufuncs. The lower half is read again for every dtype. */
#ifndef T
#define NX_MODULE my_loops
#include <numpy_ext/module.h>

#include <tgmath.h> /* sqrt and its kin for float, double and long double alike */

static const char root_doc[] = "root(x, /, ...)\n"
                               "\n"
                               "The root of ``x*x + x``, element by element.\n"
                               "\n"
                               "Examples\n"
                               "--------\n"
                               ">>> import my_loops\n"
                               ">>> my_loops.root([0.0, 3.0, 8.0])\n"
                               "array([0.        , 3.46410162, 8.48528137])\n";

static const char clipped_cumsum_doc[] =
    "clipped_cumsum(x, low, high, state, /, ...)\n"
    "\n"
    "Running sums from `state` on, each held between `low` and `high` before the next\n"
    "value is added. Gives the sums and the last one, the state to go on from.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import my_loops\n"
    ">>> sums, last = my_loops.clipped_cumsum([2.0, 3.0, -9.0, 1.0], 0.0, 4.0, 0.0)\n"
    ">>> sums\n"
    "array([2., 4., 0., 1.])\n";

static const char largest_step_doc[] =
    "largest_step(x, /, ...)\n"
    "\n"
    "The largest absolute difference between a value and the one before; 0 if there\n"
    "is none, NaN if one of the values is NaN.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import my_loops\n"
    ">>> print(my_loops.largest_step([1.0, 4.0, 2.0]))\n"
    "3.0\n";

#define NX_FILE "my_loops.c"
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

#define ROOT(name, t, f) {root_##name, t "->" f, NULL},
static const nx_row root_rows[] = ALL(ROOT);

#define CLIPPED_CUMSUM(name, t, f) {clipped_cumsum_##name, t f f f "->" f f, NULL},
static const nx_row clipped_cumsum_rows[] = ALL(CLIPPED_CUMSUM);

#define LARGEST_STEP(name, t, f) {largest_step_##name, t "->" f, NULL},
static const nx_row largest_step_rows[] = ALL(LARGEST_STEP);

NX_FAMILY(my_loops) = {
    {"root", root_doc, NULL, 1, 1, root_rows, NX_SPLIT},
    {"clipped_cumsum", clipped_cumsum_doc, "(n),(),(),()->(n),()", 4, 2, clipped_cumsum_rows, NX_SPLIT},
    {"largest_step", largest_step_doc, "(n)->()", 1, 1, largest_step_rows, NX_SPLIT},
    {.name = NULL},
};

#else
#include <numpy_ext/elementwise.h>

NX_INLINE R LOOP(root_of)(T x)
{
    const F value = TO_F(x);
    return TO_R(sqrt(value * value + value));
}

static void LOOP(root)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    LOOP(nx_map1)(p, n, d, LOOP(root_of));
}

/* n[]: series, values of a series; d[]: from series to series of x, low, high, state, sums and last, from
   value to value of x and of sums. isless is silent on NaN, < is not; clang needs
   NX_KEEP_FLAGS to tell the two apart. */
static void LOOP(clipped_cumsum)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    NX_KEEP_FLAGS
    for (npy_intp series = 0; series < n[0]; series++) {
        const char *const x = p[0] + series * d[0];
        const F low = TO_F(*(const R *)(p[1] + series * d[1])),
                high = TO_F(*(const R *)(p[2] + series * d[2]));
        R state = *(const R *)(p[3] + series * d[3]);
        char *const sums = p[4] + series * d[4];
        for (npy_intp i = 0; i < n[1]; i++) {
            const F sum = TO_F(state) + TO_F(*(const T *)(x + i * d[6]));
            state = TO_R(isless(sum, low) ? low : isgreater(sum, high) ? high : sum);
            *(R *)(sums + i * d[7]) = state;
        }
        *(R *)(p[5] + series * d[5]) = state;
    }
}

/* n[]: series, values of a series; d[]: from series to series of x and out, from value to value of x. */
static void LOOP(largest_step)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    NX_KEEP_FLAGS
    for (npy_intp series = 0; series < n[0]; series++) {
        const char *const x = p[0] + series * d[0];
        F largest = 0;
        for (npy_intp i = 1; i < n[1]; i++) {
            const F step = fabs(TO_F(*(const T *)(x + i * d[2])) - TO_F(*(const T *)(x + (i - 1) * d[2])));
            largest = isgreater(step, largest) || isnan(step) ? step : largest;
        }
        *(R *)(p[1] + series * d[1]) = TO_R(largest);
    }
}
#endif
