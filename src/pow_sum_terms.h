/* pow_sum_terms.h: what a value adds to a sum of powers, and how such terms are added up. */
#ifndef POW_SUM_TERMS_H
#define POW_SUM_TERMS_H

#include "nx_numbers.h"
#include "nx_sum.h"

/* What of a value is raised to the power. */
typedef enum {
    POSITIVE, /* itself, if it is above zero; others add nothing */
    ABSOLUTE, /* its absolute value */
    ABSOLUTE_OF_COMPLEX,
    AS_IT_IS, /* a power already */
} part_of_value;

/* Powers that are computed while they are added, by their double; others are dear, and computed before. */
enum { DEAR = 0 };

static inline int cheap_power(double p)
{
    static const double powers[] = {0.5, 1, 1.5, 2, 2.5, 3, 4};
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++)
        if (p == powers[i])
            return (int)(2 * p);
    return DEAR;
}

/* Powers are not negative, so adding some of them plainly, before what rounding takes is looked at, costs a
   relative error of one rounding for every level; it saves most of the work. As many levels as the error of
   the powers leaves room for. */
NX_INLINE int levels_of(int twice)
{
    switch (twice) {
    case 1: /* rounded once */
    case 2: /* not rounded */
    case 4: /* once */
        return 2;
    case 3: /* twice */
    case 6: /* twice */
        return 1;
    default: /* three times, and what NumPy's loop does */
        return 0;
    }
}

NX_INLINE vector_double part_of(vector_double v, part_of_value which)
{
    if (which == POSITIVE)
        return above_zero_double(v);
    return which == ABSOLUTE ? absolute_double(v) : v;
}

/* v to the power 0.5, 1.5 or 2.5. */
NX_INLINE vector_double half_power(vector_double v, vector_double root, int twice)
{
    if (twice == 1)
        return root;
    if (twice == 3)
        return v * root;
    return v * v * root;
}

NX_INLINE vector_double term_of(vector_double v, part_of_value which, int twice)
{
    v = part_of(v, which);
    switch (twice) {
    case 1:
    case 3:
    case 5:
        return half_power(v, root_double(v), twice);
    case 4:
        return v * v;
    case 6:
        return v * v * v;
    case 8:
        return (v * v) * (v * v);
    default:
        return v;
    }
}

/* Of 1 << levels terms. */
NX_INLINE vector_double plain_sum(const vector_double *terms, int twice)
{
    if (levels_of(twice) == 2)
        return (terms[0] + terms[1]) + (terms[2] + terms[3]);
    if (levels_of(twice) == 1)
        return terms[0] + terms[1];
    return terms[0];
}

/* The powers of WIDTH_double values, or the plain sums of those of 1 << levels rows. */
NX_INLINE vector_double terms_of(const double *const *rows, npy_intp column, part_of_value which, int twice)
{
    vector_double terms[4];
    NX_UNROLL
    for (int j = 0; j < 1 << levels_of(twice); j++)
        terms[j] = term_of(load_double(rows[j] + column), which, twice);
    return plain_sum(terms, twice);
}

/* Adds up n powers of one series. */
NX_INLINE void add_along(nx_lane_totals *totals, const double *values, npy_intp n, part_of_value which,
                         int twice)
{
    const npy_intp step = NX_SUM_LANES << levels_of(twice);
    double rest[4 * NX_SUM_LANES];
    nx_lane_vectors lanes = nx_load_lanes(totals);
    for (npy_intp i = 0; i < n; i += step) {
        const double *from = values + i;
        if (which != AS_IT_IS)
            nx_read_ahead(from, step);
        if (n - i < step) {
            memset(rest, 0, sizeof rest);
            memcpy(rest, from, (n - i) * sizeof *from);
            from = rest;
        }
        const double *const rows[] = {from, from + NX_SUM_LANES, from + 2 * NX_SUM_LANES,
                                      from + 3 * NX_SUM_LANES};
        NX_UNROLL
        for (int k = 0; k < NX_SUM_VECTORS; k++)
            nx_add_vector(lanes.sum + k, lanes.error + k, terms_of(rows, k * WIDTH_double, which, twice));
    }
    nx_store_lanes(totals, lanes);
}

/* Adds the powers of NX_ROWS rows of n series side by side to one lane of each; n is a multiple of
 * WIDTH_double. */
NX_INLINE void add_across(double *sums, double *errors, const double *const *rows, npy_intp n,
                          part_of_value which, int twice)
{
    for (npy_intp i = 0; i < n; i += WIDTH_double) {
        vector_double sum = load_double(sums + i), error = load_double(errors + i);
        NX_UNROLL
        for (int j = 0; j < NX_ROWS; j += 1 << levels_of(twice))
            nx_add_vector(&sum, &error, terms_of(rows + j, i, which, twice));
        store_double(sums + i, sum);
        store_double(errors + i, error);
    }
}

#endif
