/* pow_sum_others.h: series that are not summed in double: of long double, and of complex numbers. */
#ifndef POW_SUM_OTHERS_H
#define POW_SUM_OTHERS_H

#include "pow_sum_series.h"

typedef struct {
    npy_longdouble sum, error;
} long_total;

/* Knuth's two-sum, as in nx_sum.h. */
static inline long_total add_long(long_total t, npy_longdouble term)
{
    const npy_longdouble sum = t.sum + term, part = sum - t.sum;
    t.error += (t.sum - (sum - part)) + (term - part);
    t.sum = sum;
    return t;
}

static inline npy_longdouble long_power(npy_longdouble value, npy_longdouble p)
{
    if (p == 2)
        return value * value;
    return p == 0.5L ? sqrtl(value) : powl(value, p);
}

/* The power of the absolute value of a complex number, see add_complex_powers. */
static inline npy_longdouble long_power_of_length(npy_longdouble re, npy_longdouble im, npy_longdouble p)
{
    NX_KEEP_FLAGS
    re = fabsl(re);
    im = fabsl(im);
    const npy_longdouble large = isgreater(im, re) ? im : re, small = isgreater(im, re) ? re : im;
    if (p == 0 || !(isgreater(large, 0x1p-300L) && isless(large, 0x1p300L)) ||
        !isgreater(small, large * 0x1p-100L))
        return p == 0 ? 1 : powl(hypotl(re, im), p);
    const npy_longdouble a = large * large, b = small * small, square = a + b;
    const npy_longdouble low = ((a - square) + b) + (fmal(large, large, -a) + fmal(small, small, -b));
    const npy_longdouble power = powl(square, p / 2);
    return power + power * (p / 2 * (low / square));
}

/* Adds the power of the value at x. */
static inline long_total add_long_power(long_total total, const char *x, npy_longdouble p,
                                        part_of_value which)
{
    NX_KEEP_FLAGS
    const npy_longdouble *const value = (const npy_longdouble *)x;
    if (which == ABSOLUTE_OF_COMPLEX)
        return add_long(total, long_power_of_length(value[0], value[1], p));
    if (which == ABSOLUTE)
        return add_long(total, long_power(fabsl(*value), p));
    return isgreater(*value, 0) ? add_long(total, long_power(*value, p)) : total;
}

static inline long_total finished_long(long_total t)
{
    clear_invalid();
    if (!isfinite(t.sum))
        return (long_total){t.sum, 0};
    return add_long((long_total){t.sum, 0}, t.error);
}

/* As sum_each, for long double and pairs of it. */
static inline void sum_each_long(char **p, npy_intp const *n, npy_intp const *d, npy_intp dcore,
                                 const pow_sum_call *call)
{
    const int sum = call->resumes ? 4 : 2;
    for (npy_intp i = 0; i < n[0]; i++) {
        const npy_longdouble exponent = *(npy_longdouble *)(p[1] + i * d[1]);
        long_total total = {0, 0};
        if (call->resumes)
            total = (long_total){*(npy_longdouble *)(p[2] + i * d[2]), *(npy_longdouble *)(p[3] + i * d[3])};
        for (npy_intp k = 0; k < n[1]; k++)
            total = add_long_power(total, p[0] + i * d[0] + k * dcore, exponent, call->which);
        total = finished_long(total);
        *(npy_longdouble *)(p[sum] + i * d[sum]) = total.sum;
        if (call->resumes)
            *(npy_longdouble *)(p[5] + i * d[5]) = total.error;
    }
}

/* Squares of absolute values, in two doubles each, of parts that neither overflow nor underflow when squared.
   Others get 1 here, and their power of the length goes to `extreme`. */
static inline double square_lengths(const double (*parts)[2], npy_intp n, double p, double *squares,
                                    double *lows)
{
    NX_KEEP_FLAGS
    double extreme = 0;
    for (npy_intp i = 0; i < n; i++) {
        const double re = fabs(parts[i][0]), im = fabs(parts[i][1]);
        const double large = isgreater(im, re) ? im : re;
        double small = isgreater(im, re) ? re : im;
        squares[i] = 1;
        lows[i] = 0;
        if (!(isgreater(large, 1e-100) && isless(large, 1e140) && isless(small, 1e140))) {
            /* Long double has the range on most machines. */
            extreme += (double)powl(hypotl(re, im), p);
            lows[i] = -1;
            continue;
        }
        if (small < 1e-130)
            small = 0;
        const double a = large * large, b = small * small, sum = a + b;
        squares[i] = sum;
        lows[i] = ((a - sum) + b) + (fma(large, large, -a) + fma(small, small, -b));
    }
    return extreme;
}

/* The sum of the powers of absolute values: (s + low)**q = s**q * (1 + q * low / s), where s + low is the
   square of the absolute value and q is p / 2. So the error of s, which a high power would multiply, is gone.
 */
static inline nx_total add_complex_powers(nx_total total, const double (*parts)[2], npy_intp n, double p)
{
    if (p == 0.0)
        return nx_add(total, (double)n);
    double squares[NX_BLOCK], lows[NX_BLOCK], powers[NX_BLOCK];
    const double extreme = square_lengths(parts, n, p, squares, lows);
    if (p == 2.0)
        memcpy(powers, squares, n * sizeof *powers);
    else if (p == 1.0)
        for (npy_intp i = 0; i < n; i++)
            powers[i] = sqrt(squares[i]);
    else
        raise_to(squares, n, p / 2, powers);
    for (npy_intp i = 0; i < n; i++) {
        const int is_extreme = squares[i] == 1 && lows[i] == -1;
        if (is_extreme)
            continue;
        total = nx_add(total, powers[i]);
        total.error += powers[i] * (p / 2 * (lows[i] / squares[i]));
    }
    return nx_add(total, extreme);
}

/* As sum_each for absolute values, for pairs of float or double. */
static inline void sum_each_complex(char **p, npy_intp const *n, npy_intp const *d, npy_intp dcore,
                                    const pow_sum_call *call)
{
    double parts[NX_BLOCK][2];
    const nx_number_type *const part = call->x;
    for (npy_intp i = 0; i < n[0]; i++) {
        const double exponent = nx_number(call->result, p[1] + i * d[1]);
        nx_total total = {0, 0};
        if (call->resumes)
            total = (nx_total){*(double *)(p[2] + i * d[2]), *(double *)(p[3] + i * d[3])};
        for (npy_intp start = 0; start < n[1]; start += NX_BLOCK) {
            const npy_intp length = n[1] - start < NX_BLOCK ? n[1] - start : NX_BLOCK;
            for (npy_intp k = 0; k < length; k++)
                part->load(p[0] + i * d[0] + (start + k) * dcore, 2, part->size, parts[k]);
            total = add_complex_powers(total, (const double(*)[2])parts, length, exponent);
        }
        total = finished(total);
        if (call->resumes) {
            *(double *)(p[4] + i * d[4]) = total.sum;
            *(double *)(p[5] + i * d[5]) = total.error;
        }
        else
            call->result->store(&total.sum, 1, p[2] + i * d[2], 0);
    }
}

#endif
