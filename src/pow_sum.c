/* pow_sum.c: sums of powers, as if added exactly. The lower half is read again for every dtype. */
#ifndef T
#include "nx.h"

#include <fenv.h>

static const char pow_sum_doc[] =
    "pow_sum(x, p, /, ...)\n"
    "\n"
    "Sum of ``x**p`` over the elements above zero.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values, summed along the core dimension. Zeros, negative values and\n"
    "    NaN are left out.\n"
    "p : (...) array_like\n"
    "    The exponent, any real number; broadcasts against the series. Beside a\n"
    "    float32 `x` a Python float is rounded to float32, as in ``x**p``.\n"
    "axes, out, casting, order, dtype, subok : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`. ``axis=0`` sums down\n"
    "    the columns.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (...) ndarray or scalar\n"
    "    The sum: float32 when both inputs are float32 or float16, else float64; 0\n"
    "    when no element is above zero.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    An input casts to no loop safely, such as complex, text or dates.\n"
    "ValueError\n"
    "    `x` has no dimension, the shapes of the series and of `p` do not\n"
    "    broadcast, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "numpy.power, numpy.sum, math.fsum\n"
    "\n"
    "Notes\n"
    "-----\n"
    ".. math:: \\sum_{i\\,:\\,x_i > 0} x_i^{\\,p}\n"
    "\n"
    "Powers and sum are computed in float64, also for float32. The sum carries the\n"
    "error of every addition along [1]_, so it is within 4 units in the last place of\n"
    "the exact sum for up to 1e8 elements, unless powers underflow. Its bits do not\n"
    "depend on strides, axis or CPU level. Elements left out raise no floating-point\n"
    "flag.\n"
    "\n"
    "References\n"
    "----------\n"
    ".. [1] T. Ogita, S. M. Rump, S. Oishi, \"Accurate Sum and Dot Product\", SIAM\n"
    "   Journal on Scientific Computing 26 (6), 2005, pp. 1955-1988.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> float(nx.pow_sum([1.2, -0.5, 3.1, 4.0], 1.5))\n"
    "14.77264736512669\n"
    "\n"
    "Several exponents at once:\n"
    "\n"
    ">>> nx.pow_sum([1.0, 2.0, 3.0], [0, 1, 2])\n"
    "array([ 3.,  6., 14.])\n";

/* A block is what one partial total covers, whoever computes it. 1024 packed values stay in the first
   level of the cache. Eight lanes fill one AVX-512 register, and are the same eight on every level. */
enum { BLOCK = 1024, LANES = 8 };

/* A sum held in two floats: the rounded sum and what rounding lost. */
typedef struct {
    double sum, error;
} total;

/* Adds `term`; Knuth's two-sum finds the error of the addition exactly. */
NX_INLINE total add(total t, double term)
{
    const double sum = t.sum + term, part = sum - t.sum;
    t.error += (t.sum - (sum - part)) + (term - part);
    t.sum = sum;
    return t;
}

/* Raises positive values to the power p, in place. The cheap cases are correctly rounded, but for p = 1.5:
   one rounding of the root and one of the product come to 1.29 ulp at most, reached at 0x1.963da1fa9cfa6p+0.
   With half an ulp for the rounding of the sum, all stay far within the 4 ulp that are promised. */
static void raise_to(double *values, npy_intp n, double p)
{
    if (p == 2.0)
        for (npy_intp i = 0; i < n; i++)
            values[i] *= values[i];
    else if (p == 1.5)
        for (npy_intp i = 0; i < n; i++)
            values[i] *= sqrt(values[i]);
    else if (p == 0.5)
        for (npy_intp i = 0; i < n; i++)
            values[i] = sqrt(values[i]);
    else if (p != 1.0)
        for (npy_intp i = 0; i < n; i++)
            values[i] = pow(values[i], p);
}

/* Adds up a block: value i goes to lane i % LANES, then the lanes in order. `values` has room for LANES
   zeros behind the last value. */
static total add_up(double *values, npy_intp n)
{
    total lanes[LANES] = {{0, 0}}, all = {0, 0};
    for (int lane = 0; lane < LANES; lane++)
        values[n + lane] = 0;
    for (npy_intp i = 0; i < n; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] = add(lanes[lane], values[i + lane]);
    for (int lane = 0; lane < LANES; lane++) {
        all = add(all, lanes[lane].sum);
        all.error += lanes[lane].error;
    }
    return all;
}

/* The total rounded once. Where the sum is infinite the error is inf - inf: no element of the sum asked
   for that NaN, nor for its flag. */
static double rounded(total t)
{
    if (isfinite(t.sum))
        return t.sum + t.error;
    feclearexcept(FE_INVALID);
    return t.sum;
}

#define NX_FILE "pow_sum.c"
#define NX_WANT_INTEGERS
#define NX_WANT_FLOATS
#include "nx_each.h"

#define POW_SUM(name, t, f) {pow_sum_##name, t f "->" f, NULL},
static const nx_row pow_sum_rows[] = {NX_INTEGERS(POW_SUM) NX_FLOATS(POW_SUM){.loop = NULL}};

NX_FAMILY(pow_sum) = {{"pow_sum", pow_sum_doc, "(n),()->()", 2, 1, pow_sum_rows}, {.name = NULL}};

#else

/* Gathers the positive ones of n values, in order, at any stride; returns how many. */
NX_INLINE npy_intp LOOP(pack)(const char *x, npy_intp n, npy_intp dx, double *values)
{
    npy_intp packed = 0;
    for (npy_intp i = 0; i < n; i++) {
        values[packed] = (double)*(const T *)(x + i * dx);
        packed += isgreater(values[packed], 0);
    }
    return packed;
}

static double LOOP(sum_series)(const char *x, npy_intp n, npy_intp dx, double p)
{
    double values[BLOCK + LANES];
    total all = {0, 0};
    for (npy_intp start = 0; start < n; start += BLOCK) {
        const npy_intp length = n - start < BLOCK ? n - start : BLOCK;
        const npy_intp packed = LOOP(pack)(x + start * dx, length, dx, values);
        raise_to(values, packed, p);
        const total block = add_up(values, packed);
        all = add(all, block.sum);
        all.error += block.error;
    }
    return rounded(all);
}

/* n[]: series, values of a series; d[]: from series to series of x, p and out, from value to value of x */
static void LOOP(pow_sum)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    for (npy_intp i = 0; i < n[0]; i++)
        *(F *)(p[2] + i * d[2]) =
            (F)LOOP(sum_series)(p[0] + i * d[0], n[1], d[3], (double)*(F *)(p[1] + i * d[1]));
}
#endif
