/* safe_divide.c: division that gives a value of choice where the divisor is zero. The lower half is read
   again for every dtype. */
#ifndef T
#include "nx_lanes.h"

static const char safe_divide_doc[] =
    "safe_divide(x, y, /, ...)\n"
    "\n"
    "Divide `x` by `y`; NaN where `y` is zero.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : array_like\n"
    "    What is divided.\n"
    "y : array_like\n"
    "    What it is divided by. `x` and `y` broadcast against each other.\n"
    "out, where, casting, order, dtype, subok, signature : optional\n"
    "    As for every ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : ndarray or scalar\n"
    "    ``x / y``, and NaN where ``y == 0``, whatever `x` is. Integers and bools give\n"
    "    float64, also those of 8 and 16 bits; float16, float32, long double and\n"
    "    complex numbers stay what they are.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    An input is no number, such as text or dates.\n"
    "ValueError\n"
    "    The shapes do not broadcast, or `out` is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "divide_or : Any other value in place of NaN.\n"
    "numpy.divide : Division with warnings.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "A division by 0 or -0.0 is not carried out and raises no floating-point flag, so\n"
    "there is no warning and nothing to switch off. All other elements are those of\n"
    "`numpy.divide`, and raise what it raises: a quotient that overflows still warns. A\n"
    "complex number is zero where both parts are; other complex quotients are computed\n"
    "as NumPy does, by the method of Smith [1]_, with each step rounded.\n"
    "\n"
    "References\n"
    "----------\n"
    ".. [1] R. L. Smith, \"Algorithm 116: Complex division\", Communications of the\n"
    "   ACM 5 (8), 1962, p. 435.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> nx.safe_divide([1.0, 0.0, -3.0], [2.0, 0.0, 0.0])\n"
    "array([0.5, nan, nan])\n"
    "\n"
    "A rate whose total may be zero:\n"
    "\n"
    ">>> wins, games = np.array([3, 0, 0]), np.array([4, 2, 0])\n"
    ">>> nx.safe_divide(wins, games)\n"
    "array([0.75, 0.  ,  nan])\n";

static const char divide_or_doc[] =
    "divide_or(x, y, fill, /, ...)\n"
    "\n"
    "Divide `x` by `y`; `fill` where `y` is zero.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : array_like\n"
    "    What is divided.\n"
    "y : array_like\n"
    "    What it is divided by.\n"
    "fill : array_like\n"
    "    What stands where `y` is zero. `x`, `y` and `fill` broadcast against each\n"
    "    other.\n"
    "out, where, casting, order, dtype, subok, signature : optional\n"
    "    As for every ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : ndarray or scalar\n"
    "    ``x / y``, and `fill` where ``y == 0``, in the common dtype of the three; float64\n"
    "    where `x` and `y` are integers.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    An input is no number, such as text or dates.\n"
    "ValueError\n"
    "    The shapes do not broadcast, or `out` is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "safe_divide : NaN in place of `fill`.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "As `safe_divide`: no floating-point flag is raised where `y` is zero.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> nx.divide_or([1.0, 0.0, -3.0], [2.0, 0.0, 0.0], 0.0)\n"
    "array([0.5, 0. , 0. ])\n"
    "\n"
    "Each element may have its own:\n"
    "\n"
    ">>> last = np.array([9.0, 8.0, 7.0])\n"
    ">>> nx.divide_or([1.0, 0.0, -3.0], [2.0, 0.0, 0.0], last)\n"
    "array([0.5, 8. , 7. ])\n";

/* How many numbers go at once where they are not read in place. */
enum { BLOCK = 512 };

#define ABSOLUTE(v) (sizeof(v) > sizeof(double) ? fabsl(v) : fabs((double)(v)))

#define NX_FILE "safe_divide_lanes.h"
#define NX_WANT_FLOATS
#include <numpy_ext/each.h>
#undef NX_WANT_FLOATS
#undef NX_FILE

#define NX_FILE "safe_divide.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#define NX_WANT_COMPLEX
#include <numpy_ext/each.h>

#define ALL(ROW)                                                                                             \
    NX_INTEGERS(ROW) NX_HALF(ROW) NX_FLOATS(ROW) NX_LONGDOUBLE(ROW) NX_COMPLEXES(ROW)                        \
    {                                                                                                        \
        .loop = NULL                                                                                         \
    }

#define SAFE_DIVIDE(name, t, f) {safe_divide_##name, t t "->" f, NULL},
static const nx_row safe_divide_rows[] = {ALL(SAFE_DIVIDE)};

#define DIVIDE_OR(name, t, f) {divide_or_##name, t t f "->" f, NULL},
static const nx_row divide_or_rows[] = {ALL(DIVIDE_OR)};

NX_FAMILY(safe_divide) = {
    {"safe_divide", safe_divide_doc, NULL, 2, 1, safe_divide_rows, NX_SPLIT},
    {"divide_or", divide_or_doc, NULL, 3, 1, divide_or_rows, NX_SPLIT},
    {.name = NULL},
};

#else

#ifdef F_LOOP /* what is divided as float or double */

/* At most BLOCK numbers as F, in place or copied to `to`. */
NX_INLINE F_LOOP(operand) LOOP(read_operand)(const char *from, npy_intp n, npy_intp d, F *to)
{
    if (T_IS_F)
        return F_LOOP(read)(from, n, d, to);
    for (npy_intp i = 0; i < (d ? n : 1); i++)
        to[i] = TO_F(*(const T *)(from + i * d));
    return (F_LOOP(operand)){to, d != 0};
}

/* p[]: x, y, out; d[] likewise. The fill value is of F. */
static void LOOP(divide)(char **p, npy_intp n, npy_intp const *d, const char *fill, npy_intp dfill)
{
    const npy_intp one = sizeof(F);
    npy_intp most = BLOCK;
    if (p[2] - p[0] == d[2] && d[0] == d[2])
        most = 1; /* in reduce and accumulate x is the quotient before */
    else if (T_IS_F && d[0] == one && d[1] == one && d[2] == one && (dfill == 0 || dfill == one))
        most = n; /* nothing is copied */
    F xs[BLOCK], ys[BLOCK], fills[BLOCK], quotients[BLOCK];
    for (npy_intp start = 0; start < n; start += most) {
        const npy_intp length = n - start < most ? n - start : most;
        const F_LOOP(operand) x = LOOP(read_operand)(p[0] + start * d[0], length, d[0], xs);
        const F_LOOP(operand) y = LOOP(read_operand)(p[1] + start * d[1], length, d[1], ys);
        const F_LOOP(operand) otherwise = F_LOOP(read)(fill + start * dfill, length, dfill, fills);
        char *const out = p[2] + start * d[2];
        if (d[2] == sizeof(F)) {
            F_LOOP(divide_block)(x, y, otherwise, (F *)out, length);
            continue;
        }
        F_LOOP(divide_block)(x, y, otherwise, quotients, length);
        for (npy_intp i = 0; i < length; i++)
            *(F *)(out + i * d[2]) = quotients[i];
    }
}

#else

#ifdef NX_COMPLEX
/* One product is hidden: of the two together GCC 12 makes a fused operation, whatever it is told, and
   comparisons of vectors that are not silent on NaN. */
NX_INLINE T LOOP(quotient)(T x, T y, T fill)
{
    NX_KEEP_FLAGS
    if (y.re == 0 && y.im == 0)
        return fill;
    if (isgreaterequal(ABSOLUTE(y.re), ABSOLUTE(y.im))) {
        const F ratio = y.im / y.re, scale = 1 / (y.re + y.im * ratio);
        F product = x.re * ratio;
        NX_HIDE(product);
        return (T){(x.re + x.im * ratio) * scale, (x.im - product) * scale};
    }
    const F ratio = y.re / y.im, scale = 1 / (y.im + y.re * ratio);
    F product = x.im * ratio;
    NX_HIDE(product);
    return (T){(x.re * ratio + x.im) * scale, (product - x.re) * scale};
}
#else
NX_INLINE R LOOP(quotient)(T x, T y, R fill)
{
    NX_KEEP_FLAGS
    return TO_F(y) == 0 ? fill : TO_R(TO_F(x) / TO_F(y));
}
#endif

static void LOOP(divide)(char **p, npy_intp n, npy_intp const *d, const char *fill, npy_intp dfill)
{
    for (npy_intp i = 0; i < n; i++)
        *(R *)(p[2] + i * d[2]) = LOOP(quotient)(*(const T *)(p[0] + i * d[0]), *(const T *)(p[1] + i * d[1]),
                                                 *(const R *)(fill + i * dfill));
}

#endif

static void LOOP(safe_divide)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
#if defined(NX_COMPLEX)
    const R nothing = {NAN, NAN};
#else
    const R nothing = TO_R((F)NAN);
#endif
    LOOP(divide)(p, *n, d, (const char *)&nothing, 0);
}

/* p[]: x, y, fill, out */
static void LOOP(divide_or)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    char *const operands[] = {p[0], p[1], p[3]};
    const npy_intp distances[] = {d[0], d[1], d[3]};
    LOOP(divide)((char **)operands, *n, distances, p[2], d[2]);
}

#endif
