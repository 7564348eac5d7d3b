/* axpy.c: scaled addition. The lower half is read again for every dtype. */
#ifndef T
#include <numpy_ext/ufunc.h>

static const char axpy_doc[] =
    "axpy(a, x, y, /, ...)\n"
    "\n"
    "Scale `x` by `a` and add `y`: ``a*x + y`` in one pass, with no temporary.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "a : array_like\n"
    "    The factor, most often a scalar. `a`, `x` and `y` broadcast against each\n"
    "    other.\n"
    "x : array_like\n"
    "    What is scaled.\n"
    "y : array_like\n"
    "    What is added. ``out=y`` adds in place.\n"
    "out, where, casting, order, dtype, subok, signature : optional\n"
    "    As for every ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : ndarray or scalar\n"
    "    ``a*x + y``, computed in the common dtype of the three: of bool, of any\n"
    "    integer, float16, float32, float64, long double or complex. Python numbers\n"
    "    adapt to the arrays, as in NumPy's own expression.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    An input is no number, such as text or dates.\n"
    "OverflowError\n"
    "    A Python integer is out of the range of the common dtype (NumPy 2).\n"
    "ValueError\n"
    "    The shapes do not broadcast, or `out` is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "numpy.add, numpy.multiply : The two steps.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "Records (structured arrays) are computed field by field, matched by name: see\n"
    "`numpy_ext.records`.\n"
    "\n"
    "The product and the sum round once each, in the common dtype, so the result\n"
    "equals NumPy's ``a*x + y`` of inputs of that dtype bit for bit; no fused\n"
    "multiply-add is used on any CPU. Integers wrap around as NumPy's do; bools\n"
    "give ``a & x | y``. Complex products are those of the textbook, ``(a.real*x.real\n"
    "- a.imag*x.imag, a.real*x.imag + a.imag*x.real)``, with each step rounded;\n"
    "NumPy's own may fuse some of them. The name is that of the first level of\n"
    "BLAS [1]_.\n"
    "\n"
    "References\n"
    "----------\n"
    ".. [1] C. L. Lawson, R. J. Hanson, D. R. Kincaid, F. T. Krogh, \"Basic Linear\n"
    "   Algebra Subprograms for Fortran Usage\", ACM Transactions on Mathematical\n"
    "   Software 5 (3), 1979, pp. 308-323.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> nx.axpy(2.0, [1.0, 2.0, 3.0], 1.0)\n"
    "array([3., 5., 7.])\n"
    "\n"
    "In place, row by row:\n"
    "\n"
    ">>> y = np.zeros((2, 3))\n"
    ">>> nx.axpy([[1.0], [10.0]], [1.0, 2.0, 3.0], y, out=y)\n"
    "array([[ 1.,  2.,  3.],\n"
    "       [10., 20., 30.]])\n";

#define NX_FILE "axpy.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#define NX_WANT_COMPLEX
#define NX_RESULT T
#include <numpy_ext/each.h>

#define AXPY(name, t, f) {axpy_##name, t t t "->" t, NULL},
static const nx_row axpy_rows[] = {NX_INTEGERS(AXPY) NX_HALF(AXPY) NX_FLOATS(AXPY) NX_LONGDOUBLE(AXPY)
                                       NX_COMPLEXES(AXPY){.loop = NULL}};

NX_FAMILY(axpy) = {{"axpy", axpy_doc, NULL, 3, 1, axpy_rows, NX_SPLIT}, {.name = NULL}};

#else

#ifdef NX_COMPLEX

/* One sign for each part, which no compiler knows: from a difference beside a sum GCC 12 makes fused
   operations, whatever it is told. They are hidden once for all elements, so this is no function of one. */
NX_INLINE void LOOP(axpy_run)(const char *a, const char *x, const char *y, char *out, npy_intp n, npy_intp da,
                              npy_intp dx, npy_intp dy, npy_intp dout)
{
    F minus = -1, plus = 1;
    NX_HIDE(minus);
    NX_HIDE(plus);
    for (npy_intp i = 0; i < n; i++) {
        const T s = *(const T *)(a + i * da), v = *(const T *)(x + i * dx), w = *(const T *)(y + i * dy);
        *(T *)(out + i * dout) =
            (T){(s.re * v.re + minus * (s.im * v.im)) + w.re, (s.re * v.im + plus * (s.im * v.re)) + w.im};
    }
}

static void LOOP(axpy)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    const npy_intp one = sizeof(T);
    if (d[1] == one && d[3] == one && d[0] == 0 && d[2] == one) {
        const T a = *(T *)p[0]; /* a copy: no store to out can change it */
        /* In place, out is y in name too: clang takes two equal pointers for an overlap and then computes
           single elements, 0.29 ns in place of 0.09 (float32, n = 10,000, AVX-512). GCC does not mind. */
        if (p[3] == p[2])
            LOOP(axpy_run)((const char *)&a, p[1], p[3], p[3], *n, 0, one, one, one);
        else
            LOOP(axpy_run)((const char *)&a, p[1], p[2], p[3], *n, 0, one, one, one);
    }
    else if (d[1] == one && d[3] == one && d[0] == 0 && d[2] == 0) {
        const T a = *(T *)p[0], y = *(T *)p[2];
        if (p[3] == p[1])
            LOOP(axpy_run)((const char *)&a, p[3], (const char *)&y, p[3], *n, 0, one, 0, one);
        else
            LOOP(axpy_run)((const char *)&a, p[1], (const char *)&y, p[3], *n, 0, one, 0, one);
    }
    else if (d[1] == one && d[3] == one && d[0] == one && d[2] == one)
        LOOP(axpy_run)(p[0], p[1], p[2], p[3], *n, one, one, one, one);
    else if (d[0] == 0 && d[3] != 0) { /* in a product of all, out is a */
        const T a = *(T *)p[0];
        LOOP(axpy_run)((const char *)&a, p[1], p[2], p[3], *n, 0, d[1], d[2], d[3]);
    }
    else
        LOOP(axpy_run)(p[0], p[1], p[2], p[3], *n, d[0], d[1], d[2], d[3]);
}

#else
#include <numpy_ext/elementwise.h>

/* Integers wrap around, so all of them can do so in the widest unsigned type. */
NX_INLINE T LOOP(axpy_of)(T a, T x, T y)
{
#if defined(NX_BOOL)
    return (a && x) || y;
#elif defined(NX_INTEGER)
    return (T)((npy_uint64)a * (npy_uint64)x + (npy_uint64)y);
#else
    const R product = TO_R(TO_F(a) * TO_F(x));
    return TO_R(TO_F(product) + TO_F(y));
#endif
}

static void LOOP(axpy)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    LOOP(nx_map3)(p, n, d, LOOP(axpy_of));
}

#endif
#endif
