/* pow_sum_series.h: whole series, of any real dtype that is summed in double. */
#ifndef POW_SUM_SERIES_H
#define POW_SUM_SERIES_H

#include "pow_sum_powers.h"

#include <fenv.h>

/* What a row of the tables names. */
typedef struct {
    const nx_number_type *x, *result; /* the exponent is of the dtype of the result */
    part_of_value which;
    int resumes; /* from a total, to a total, in two numbers each */
} pow_sum_call;

typedef struct {
    const nx_number_type *type;
    const char *x;
    npy_intp dx;
    double p;
    part_of_value which;
} power_series;

/* The sum of a block of it. */
static nx_total sum_block(const void *series, npy_intp first, npy_intp n)
{
    const power_series *const s = series;
    const char *const x = s->x + first * s->dx;
    double buffer[NX_BLOCK];
    nx_lane_totals lanes = {{0}, {0}};
    for (npy_intp start = 0; start < n; start += NX_BLOCK) {
        const npy_intp length = n - start < NX_BLOCK ? n - start : NX_BLOCK;
        const double *const values = nx_numbers_as_double(s->type, x + start * s->dx, length, s->dx, buffer);
        add_block(&lanes, values, length, s->p, s->which);
    }
    return nx_add_lanes(&lanes);
}

/* One row of `columns` series side by side, or what is added of it: as doubles, and where it may be read in
   whole vectors. */
static const double *row_of(const nx_number_type *type, const char *x, npy_intp columns, double p,
                            part_of_value which, double *buffer)
{
    double loaded[NX_STRIP + WIDTH_double];
    double *const to = cheap_power(p) == DEAR ? loaded : buffer;
    const double *row = (const double *)x;
    if (type != &nx_numbers_double || columns % WIDTH_double) {
        memset(to + columns - columns % WIDTH_double, 0, WIDTH_double * sizeof *to);
        type->load(x, columns, type->size, to);
        row = to;
    }
    if (cheap_power(p) != DEAR)
        return row;
    compute_dear_powers(row, columns, p, which, buffer);
    return buffer;
}

/* As sum_block for at most NX_STRIP series side by side, from row to row: the same sums in the same order. */
static inline void add_block_of_strip(const nx_number_type *type, const char *x, npy_intp n, npy_intp dx,
                                      npy_intp columns, double p, part_of_value which, nx_total *totals)
{
    static const double zeros[NX_STRIP];
    const int twice = cheap_power(p);
    const npy_intp whole = (columns + WIDTH_double - 1) / WIDTH_double * WIDTH_double;
    double buffers[NX_ROWS][NX_STRIP + WIDTH_double];
    nx_strip_totals strip;
    memset(&strip, 0, sizeof strip);
    for (npy_intp start = 0; start < n; start += NX_ROWS * NX_SUM_LANES)
        for (npy_intp lane = 0; lane < NX_SUM_LANES && start + lane < n; lane++) {
            const double *rows[NX_ROWS];
            for (int j = 0; j < NX_ROWS; j++) {
                const npy_intp row = start + lane + j * NX_SUM_LANES;
                rows[j] = row < n ? row_of(type, x + row * dx, columns, p, which, buffers[j]) : zeros;
                if (row + 1 < n)
                    nx_read_row_ahead(x + (row + 1) * dx, columns * type->size);
            }
            add_rows(strip.sum[lane], strip.error[lane], rows, whole, twice, which);
        }
    for (npy_intp j = 0; j < columns; j++) {
        const nx_lane_totals lanes = nx_lanes_of_column(&strip, j);
        totals[j] = nx_add_total(totals[j], nx_add_lanes(&lanes));
    }
}

static inline void sum_strip(const nx_number_type *type, const char *x, npy_intp n, npy_intp dx,
                             npy_intp columns, double p, part_of_value which, nx_total *totals)
{
    for (npy_intp start = 0; start < n; start += NX_SUM_BLOCK)
        add_block_of_strip(type, x + start * dx, nx_block_length(start, n), dx, columns, p, which, totals);
}

/* No power asks for `invalid`. Two-sum raises it by inf - inf, above_zero_double on NaN, and some compilers
   by comparing vectors. */
static inline void clear_invalid(void)
{
    if (fetestexcept(FE_INVALID))
        feclearexcept(FE_INVALID);
}

/* The total to give. */
static inline nx_total finished(nx_total total)
{
    clear_invalid();
    return nx_rounded(total);
}

/* A loop over series: operand 0 is x, operand 1 the exponents, dcore the distance from value to value. Totals
   start at operands 2 and 3 and go to 4 and 5, two floats each, if the call resumes; else the sum goes to
   operand 2. */
static inline void sum_each(char **p, npy_intp const *n, npy_intp const *d, npy_intp dcore,
                            const pow_sum_call *call)
{
    const npy_intp dx = call->x->size;
    const int side_by_side = d[0] == dx && dcore != dx && d[1] == 0 && n[0] > 1 && n[1] > 1;
    const npy_intp most = side_by_side ? NX_STRIP : 1;
    nx_total totals[NX_STRIP];
    for (npy_intp first = 0, count; first < n[0]; first += count) {
        const char *const x = p[0] + first * d[0];
        const double exponent = nx_number(call->result, p[1] + first * d[1]);
        count = n[0] - first < most ? n[0] - first : most;
        for (npy_intp i = first; i < first + count; i++)
            totals[i - first] = call->resumes
                                    ? (nx_total){*(double *)(p[2] + i * d[2]), *(double *)(p[3] + i * d[3])}
                                    : (nx_total){0, 0};
        if (side_by_side)
            sum_strip(call->x, x, n[1], dcore, count, exponent, call->which, totals);
        else
            totals[0] = nx_sum_in_blocks(totals[0], n[1], sum_block,
                                         &(power_series){call->x, x, dcore, exponent, call->which});
        for (npy_intp i = first; i < first + count; i++) {
            const nx_total total = finished(totals[i - first]);
            if (call->resumes) {
                *(double *)(p[4] + i * d[4]) = total.sum;
                *(double *)(p[5] + i * d[5]) = total.error;
            }
            else
                call->result->store(&total.sum, 1, p[2] + i * d[2], 0);
        }
    }
}

#endif
