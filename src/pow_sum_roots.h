/* pow_sum_roots.h: the powers 0.5 and 1.5, whose time is that of square roots. Where the CPU has the
   instructions, its divider takes half of the roots, and products and sums take the other half meanwhile. */
#ifndef POW_SUM_ROOTS_H
#define POW_SUM_ROOTS_H

#include "pow_sum_terms.h"

#if defined(__AVX512F__)

/* Bits of the numbers that roots_by_products is right for, besides zero: from 2**-900 to below infinity. */
#define LEAST_BITS 0x07b0000000000000
#define BITS_OF_INFINITY 0x7ff0000000000000

/* The least bits of any value but zero, less one, and the greatest. */
typedef struct {
    __m512i least, greatest;
} bits_seen;

/* The square roots of n vectors of values that are not negative. Newton's iteration from 14 bits to 28 to 53,
   for the root and for half of its inverse, then a step that rounds correctly (P. Markstein, "Computation of
   elementary functions on the IBM RISC System/6000 processor", 1990). So the bits are those of the divider; a
   test goes through all numbers for which the last step could miss. */
NX_INLINE void roots_by_products(vector_double *values, int n, bits_seen *seen)
{
    const vector_double half = splat_double(0.5);
    vector_double roots[NX_SUM_LANES], halves[NX_SUM_LANES], missing[NX_SUM_LANES];
    mask_double right[NX_SUM_LANES]; /* for these the last step is right, and raises no `underflow` */
    NX_UNROLL
    for (int k = 0; k < n; k++) {
        const __m512i bits = _mm512_castpd_si512(values[k]);
        seen->least = _mm512_min_epu64(seen->least, _mm512_sub_epi64(bits, _mm512_set1_epi64(1)));
        seen->greatest = _mm512_max_epu64(seen->greatest, bits);
        right[k] = _mm512_cmpge_epu64_mask(bits, _mm512_set1_epi64(LEAST_BITS));
        const vector_double inverse = _mm512_rsqrt14_pd(values[k]);
        roots[k] = values[k] * inverse;
        halves[k] = half * inverse;
    }
    NX_UNROLL
    for (int round = 0; round < 2; round++) {
        NX_UNROLL
        for (int k = 0; k < n; k++)
            missing[k] = _mm512_fnmadd_pd(roots[k], halves[k], half);
        NX_UNROLL
        for (int k = 0; k < n; k++) {
            roots[k] = fused_double(roots[k], missing[k], roots[k]);
            halves[k] = fused_double(halves[k], missing[k], halves[k]);
        }
    }
    NX_UNROLL
    for (int k = 0; k < n; k++)
        missing[k] = _mm512_maskz_fnmadd_pd(right[k], roots[k], roots[k], values[k]);
    NX_UNROLL
    for (int k = 0; k < n; k++)
        values[k] = _mm512_maskz_fmadd_pd(right[k], halves[k], missing[k], roots[k]);
}

/* As add_along, or 0, and nothing added, where a value is out of the range of roots_by_products. */
NX_INLINE int add_roots_in_range(nx_lane_totals *totals, const double *values, npy_intp n,
                                 part_of_value which, int twice)
{
    enum { ROWS = 4, STEP = ROWS * NX_SUM_LANES, OTHERS = ROWS / 2 * NX_SUM_VECTORS };
    double rest[STEP];
    bits_seen seen = {_mm512_set1_epi64(-1), _mm512_setzero_si512()};
    nx_lane_vectors lanes = nx_load_lanes(totals);
    for (npy_intp i = 0; i < n; i += STEP) {
        const double *from = values + i;
        vector_double parts[NX_SUM_VECTORS][ROWS], others[OTHERS];
        nx_read_ahead(from, STEP);
        if (n - i < STEP) {
            memset(rest, 0, sizeof rest);
            memcpy(rest, from, (n - i) * sizeof *from);
            from = rest;
        }
        NX_UNROLL
        for (int k = 0; k < NX_SUM_VECTORS; k++)
            NX_UNROLL
        for (int j = 0; j < ROWS; j++)
            parts[k][j] = part_of(load_double(from + j * NX_SUM_LANES + k * WIDTH_double), which);
        NX_UNROLL
        for (int j = 0; j < OTHERS; j++)
            others[j] = parts[j / 2][2 * (j % 2) + 1];
        roots_by_products(others, OTHERS, &seen);
        NX_UNROLL
        for (int k = 0; k < NX_SUM_VECTORS; k++) {
            vector_double terms[ROWS];
            NX_UNROLL
            for (int j = 0; j < ROWS; j++) {
                const vector_double root = j % 2 ? others[k * (ROWS / 2) + j / 2] : root_double(parts[k][j]);
                terms[j] = half_power(parts[k][j], root, twice);
            }
            NX_UNROLL
            for (int j = 0; j < ROWS; j += 1 << levels_of(twice))
                nx_add_vector(lanes.sum + k, lanes.error + k, plain_sum(terms + j, twice));
        }
    }
    if (_mm512_reduce_min_epu64(seen.least) < LEAST_BITS - 1 ||
        _mm512_reduce_max_epu64(seen.greatest) >= BITS_OF_INFINITY)
        return 0;
    nx_store_lanes(totals, lanes);
    return 1;
}
#undef LEAST_BITS
#undef BITS_OF_INFINITY

#else

NX_INLINE int add_roots_in_range(nx_lane_totals *NPY_UNUSED(totals), const double *NPY_UNUSED(values),
                                 npy_intp NPY_UNUSED(n), part_of_value NPY_UNUSED(which),
                                 int NPY_UNUSED(twice))
{
    return 0;
}

#endif

/* Adds up n powers of one series, of which square roots are part. */
NX_INLINE void add_roots_along(nx_lane_totals *totals, const double *values, npy_intp n, part_of_value which,
                               int twice)
{
    if (!add_roots_in_range(totals, values, n, which, twice))
        add_along(totals, values, n, which, twice);
}

#endif
