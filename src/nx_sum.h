/* nx_sum.h: sums as if in twice the precision. What rounding takes from each addition is known exactly
   (Knuth's two-sum) and added up beside the sum: T. Ogita, S. M. Rump, S. Oishi, "Accurate Sum and Dot
   Product", 2005. */
#ifndef NX_SUM_H
#define NX_SUM_H

#include "nx_lanes.h"
#include <numpy_ext/threads.h>

#include <string.h>

/* A sum held in two floats: the rounded sum and what rounding lost. */
typedef struct {
    double sum, error;
} nx_total;

NX_INLINE nx_total nx_add(nx_total t, double term)
{
    const double sum = t.sum + term, part = sum - t.sum;
    t.error += (t.sum - (sum - part)) + (term - part);
    t.sum = sum;
    return t;
}

NX_INLINE nx_total nx_add_total(nx_total t, nx_total other)
{
    t = nx_add(t, other.sum);
    t.error += other.error;
    return t;
}

/* The rounded total, and what that rounding lost. Where the sum is infinite or NaN, the error is NaN by
   inf - inf, and says nothing. */
NX_INLINE nx_total nx_rounded(nx_total t)
{
    if (!isfinite(t.sum))
        return (nx_total){t.sum, 0};
    const nx_total rounded = nx_add((nx_total){t.sum, 0}, t.error);
    return isfinite(rounded.sum) ? rounded : (nx_total){rounded.sum, 0};
}

/* A series is added up in sixteen lanes, on every CPU level: term i of a block goes to lane i % 16. */
enum { NX_SUM_LANES = 16, NX_SUM_VECTORS = NX_SUM_LANES / WIDTH_double };

typedef struct {
    double sum[NX_SUM_LANES], error[NX_SUM_LANES];
} nx_lane_totals;

/* The same in registers. */
typedef struct {
    vector_double sum[NX_SUM_VECTORS], error[NX_SUM_VECTORS];
} nx_lane_vectors;

NX_INLINE nx_lane_vectors nx_load_lanes(const nx_lane_totals *lanes)
{
    nx_lane_vectors vectors;
    NX_UNROLL
    for (int k = 0; k < NX_SUM_VECTORS; k++) {
        vectors.sum[k] = load_double(lanes->sum + k * WIDTH_double);
        vectors.error[k] = load_double(lanes->error + k * WIDTH_double);
    }
    return vectors;
}

NX_INLINE void nx_store_lanes(nx_lane_totals *lanes, nx_lane_vectors vectors)
{
    NX_UNROLL
    for (int k = 0; k < NX_SUM_VECTORS; k++) {
        store_double(lanes->sum + k * WIDTH_double, vectors.sum[k]);
        store_double(lanes->error + k * WIDTH_double, vectors.error[k]);
    }
}

/* Asks for n numbers 8 KB ahead: memory alone is 1.6 times as fast with it. Past the end it does nothing. */
NX_INLINE void nx_read_ahead(const double *values, npy_intp n)
{
    NX_UNROLL
    for (npy_intp i = 0; i < n; i += 64 / (npy_intp)sizeof *values)
        __builtin_prefetch((const char *)(values + i) + 8192);
}

/* Asks for a row of so many bytes; no processor follows so many streams by itself. */
NX_INLINE void nx_read_row_ahead(const char *row, npy_intp bytes)
{
    for (npy_intp i = 0; i < bytes; i += 64)
        __builtin_prefetch(row + i);
}

/* Adds a term to each of some sums. */
NX_INLINE void nx_add_vector(vector_double *sum, vector_double *error, vector_double term)
{
    const vector_double before = *sum, after = before + term, part = after - before;
    *sum = after;
    *error = *error + ((before - (after - part)) + (term - part));
}

/* Series side by side, such as columns of an array in C order: lane by lane the totals of them all, so that
   rows can be read whole. As many columns as leave the totals in the second level of the cache; so many rows
   of the same lane at once, that reading and writing the totals is no burden. */
enum { NX_STRIP = 256, NX_ROWS = 8 };

typedef struct {
    double sum[NX_SUM_LANES][NX_STRIP], error[NX_SUM_LANES][NX_STRIP];
} nx_strip_totals;

static inline nx_lane_totals nx_lanes_of_column(const nx_strip_totals *strip, npy_intp column)
{
    nx_lane_totals lanes;
    for (int lane = 0; lane < NX_SUM_LANES; lane++) {
        lanes.sum[lane] = strip->sum[lane][column];
        lanes.error[lane] = strip->error[lane][column];
    }
    return lanes;
}

/* The lanes in order. */
static inline nx_total nx_add_lanes(const nx_lane_totals *lanes)
{
    nx_total total = {0, 0};
    for (int lane = 0; lane < NX_SUM_LANES; lane++)
        total = nx_add_total(total, (nx_total){lanes->sum[lane], lanes->error[lane]});
    return total;
}

/* A long series is added up in blocks, each by itself, and their totals in order. So threads can share it,
   and the sum is the same for any number of them. */
enum { NX_SUM_BLOCK = 1 << 17, NX_SUM_BLOCKS_AT_ONCE = 256 };

typedef nx_total nx_block_sum(const void *series, npy_intp start, npy_intp n);

typedef struct {
    nx_block_sum *sum;
    const void *series;
    npy_intp start, n;
    nx_total totals[NX_SUM_BLOCKS_AT_ONCE];
} nx_block_sums;

static inline npy_intp nx_block_length(npy_intp start, npy_intp n)
{
    return n - start < NX_SUM_BLOCK ? n - start : NX_SUM_BLOCK;
}

static inline void nx_sum_one_block(void *context, npy_intp i)
{
    nx_block_sums *const sums = context;
    const npy_intp start = sums->start + i * NX_SUM_BLOCK;
    sums->totals[i] = sums->sum(sums->series, start, nx_block_length(start, sums->n));
}

static inline nx_total nx_sum_in_blocks(nx_total total, npy_intp n, nx_block_sum *sum, const void *series)
{
    const int threads = nx_threads_for(n);
    nx_block_sums sums;
    sums.sum = sum;
    sums.series = series;
    sums.n = n;
    for (sums.start = 0; sums.start < n; sums.start += (npy_intp)NX_SUM_BLOCKS_AT_ONCE * NX_SUM_BLOCK) {
        const npy_intp left = (n - sums.start + NX_SUM_BLOCK - 1) / NX_SUM_BLOCK;
        const npy_intp count = left < NX_SUM_BLOCKS_AT_ONCE ? left : NX_SUM_BLOCKS_AT_ONCE;
        nx_run_parts(threads, count, nx_sum_one_block, &sums);
        for (npy_intp i = 0; i < count; i++)
            total = nx_add_total(total, sums.totals[i]);
    }
    return total;
}

#endif
