/* pow_sum_powers.h: the powers of a block of doubles, at most NX_BLOCK of them, and their sum. */
#ifndef POW_SUM_POWERS_H
#define POW_SUM_POWERS_H

#include "numpy_loops.h"
#include "pow_sum_roots.h"

/* Positive values to the power p by NumPy's own loop, which is fast on every version if the exponents stand
   one after the other. */
static inline void raise_by_numpy(const double *values, npy_intp n, double p, double *to)
{
    double exponents[NX_BLOCK];
    for (npy_intp i = 0; i < n; i++)
        exponents[i] = p;
    char *operands[] = {(char *)values, (char *)exponents, (char *)to};
    const npy_intp steps[] = {sizeof(double), sizeof(double), sizeof(double)};
    nx_power_loop(operands, &n, steps, nx_power_data);
}

/* Positive values to the power p. Rounded once (0.5), twice (1.5), three times (2.5); in general as NumPy
 * does. */
static inline void raise_to(const double *values, npy_intp n, double p, double *to)
{
    if (p == 0.5)
        for (npy_intp i = 0; i < n; i++)
            to[i] = sqrt(values[i]);
    else if (p == 1.0)
        memcpy(to, values, n * sizeof *to);
    else if (p == 1.5)
        for (npy_intp i = 0; i < n; i++)
            to[i] = values[i] * sqrt(values[i]);
    else if (p == 2.0)
        for (npy_intp i = 0; i < n; i++)
            to[i] = values[i] * values[i];
    else if (p == 2.5)
        for (npy_intp i = 0; i < n; i++)
            to[i] = values[i] * values[i] * sqrt(values[i]);
    else if (!nx_power_loop || !isfinite(p))
        for (npy_intp i = 0; i < n; i++)
            to[i] = pow(values[i], p);
    else
        raise_by_numpy(values, n, p, to);
}

/* The powers of n values, each in its place in `powers`, which has room for NX_BLOCK + WIDTH_double. Only the
   positive ones are raised, side by side: NumPy's loop is slow where others are between. */
static inline void compute_dear_powers(const double *values, npy_intp n, double p, part_of_value which,
                                       double *powers)
{
    NX_KEEP_FLAGS
    const vector_double zero = splat_double(0.0);
    double packed[NX_BLOCK + WIDTH_double], raised[NX_BLOCK + WIDTH_double], rest[WIDTH_double] = {0};
    npy_intp count = 0, taken = 0;
    const npy_intp whole = n - n % WIDTH_double;
    memcpy(rest, values + whole, (n - whole) * sizeof *rest);
    for (npy_intp i = 0; i < n; i += WIDTH_double) {
        vector_double v = load_double(i < whole ? values + i : rest);
        if (i % 8 == 0)
            nx_read_ahead(values + i, 8);
        v = which == ABSOLUTE ? absolute_double(v) : v;
        count += pack_double(packed + count, greater_double(v, zero), v);
    }
    raise_to(packed, count, p, raised);
    for (npy_intp i = 0; i < n; i += WIDTH_double) {
        vector_double v = load_double(i < whole ? values + i : rest), power;
        v = which == ABSOLUTE ? absolute_double(v) : v;
        taken += unpack_double(raised + taken, greater_double(v, zero), &power);
        store_double(powers + i, power);
    }
    if (which == ABSOLUTE && count < n)
        for (npy_intp i = 0; i < n; i++)
            if (!isgreater(fabs(values[i]), 0))
                powers[i] = pow(fabs(values[i]), p);
}

NX_INLINE void compute_cheap_powers(const double *values, npy_intp n, part_of_value which, int twice,
                                    double *powers)
{
    double rest[WIDTH_double] = {0};
    const npy_intp whole = n - n % WIDTH_double;
    memcpy(rest, values + whole, (n - whole) * sizeof *rest);
    for (npy_intp i = 0; i < n; i += WIDTH_double)
        store_double(powers + i, term_of(load_double(i < whole ? values + i : rest), which, twice));
}

/* The powers of n values, each in its place; zero for those that add nothing. */
static inline void compute_powers(const double *values, npy_intp n, double p, part_of_value which,
                                  double *powers)
{
    if (p == 1.0 && which == POSITIVE)
        compute_cheap_powers(values, n, POSITIVE, 2, powers);
    else if (p == 1.5 && which == POSITIVE)
        compute_cheap_powers(values, n, POSITIVE, 3, powers);
    else if (p == 2.0 && which == POSITIVE)
        compute_cheap_powers(values, n, POSITIVE, 4, powers);
    else
        compute_dear_powers(values, n, p, which, powers);
}

/* Adds a block of values of one series. */
NX_INLINE void add_part_of_block(nx_lane_totals *totals, const double *values, npy_intp n, double p,
                                 part_of_value which)
{
    double powers[NX_BLOCK + WIDTH_double];
    switch (cheap_power(p)) {
    case 1:
        add_roots_along(totals, values, n, which, 1);
        break;
    case 2:
        add_along(totals, values, n, which, 2);
        break;
    case 3:
        add_roots_along(totals, values, n, which, 3);
        break;
    case 4:
        add_along(totals, values, n, which, 4);
        break;
    case 5:
        add_along(totals, values, n, which, 5);
        break;
    case 6:
        add_along(totals, values, n, which, 6);
        break;
    case 8:
        add_along(totals, values, n, which, 8);
        break;
    default:
        compute_dear_powers(values, n, p, which, powers);
        add_along(totals, powers, n, AS_IT_IS, DEAR);
    }
}

static inline void add_block(nx_lane_totals *totals, const double *values, npy_intp n, double p,
                             part_of_value which)
{
    if (which == POSITIVE)
        add_part_of_block(totals, values, n, p, POSITIVE);
    else
        add_part_of_block(totals, values, n, p, ABSOLUTE);
}

/* Adds rows of n series side by side, 1 << levels_of(twice) of them, to one lane of each. Powers that are
   dear are computed already. */
NX_INLINE void add_part_of_rows(double *sums, double *errors, const double *const *rows, npy_intp n,
                                int twice, part_of_value which)
{
    switch (twice) {
    case 1:
        add_across(sums, errors, rows, n, which, 1);
        break;
    case 2:
        add_across(sums, errors, rows, n, which, 2);
        break;
    case 3:
        add_across(sums, errors, rows, n, which, 3);
        break;
    case 4:
        add_across(sums, errors, rows, n, which, 4);
        break;
    case 5:
        add_across(sums, errors, rows, n, which, 5);
        break;
    case 6:
        add_across(sums, errors, rows, n, which, 6);
        break;
    case 8:
        add_across(sums, errors, rows, n, which, 8);
        break;
    default:
        add_across(sums, errors, rows, n, AS_IT_IS, DEAR);
    }
}

static inline void add_rows(double *sums, double *errors, const double *const *rows, npy_intp n, int twice,
                            part_of_value which)
{
    if (which == POSITIVE)
        add_part_of_rows(sums, errors, rows, n, twice, POSITIVE);
    else
        add_part_of_rows(sums, errors, rows, n, twice, ABSOLUTE);
}

#endif
