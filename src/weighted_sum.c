/* weighted_sum.c: sums of products, as if in twice the precision. */
#include "nx_numbers.h"
#include "nx_sum.h"
#include "weighted_sum_docs.h"

#include <fenv.h>

/* What a row of the tables names. */
typedef struct {
    const nx_number_type *w, *x, *result;
} weighted_sum_types;

/* The flags that what rounding takes may raise. */
enum { FLAGS = FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW };

/* How many numbers are converted at once, and how many bytes ahead they are asked for. */
enum { PIECE = 64, AHEAD = 8192 };

/* One operand: where it is, and the distances from series to series and from value to value. */
typedef struct {
    const nx_number_type *type;
    const char *at;
    npy_intp outer, core;
} operand;

static operand moved(operand o, npy_intp series)
{
    o.at += series * o.outer;
    return o;
}

/* Where n of 16 lanes are left: their values, and zeros. */
NX_INLINE const double *padded(const double *from, npy_intp n, double *rest)
{
    if (!from || n >= NX_SUM_LANES)
        return from;
    memset(rest, 0, NX_SUM_LANES * sizeof *rest);
    return memcpy(rest, from, n * sizeof *from);
}

/* Adds w * x, from value i on. A product is what it rounds to and what that rounding lost, both exact (T. J.
   Dekker, 1971, by a fused multiply-add); w_low and x_low are what is left of 64-bit integers, or NULL. */
NX_INLINE void add_product(vector_double *sum, vector_double *error, const double *w, const double *w_low,
                           const double *x, const double *x_low, npy_intp i)
{
    const vector_double p = load_double(w + i), q = load_double(x + i), product = p * q;
    vector_double low = fused_double(p, q, -product);
    if (w_low)
        low = low + load_double(w_low + i) * q;
    if (x_low)
        low = low + p * load_double(x_low + i);
    if (w_low && x_low)
        low = low + load_double(w_low + i) * load_double(x_low + i);
    nx_add_vector(sum, error, product);
    *error = *error + low;
}

/* Adds up n products of one series. */
NX_INLINE void add_along(nx_lane_totals *totals, const double *w, const double *w_low, const double *x,
                         const double *x_low, npy_intp n)
{
    nx_lane_vectors lanes = nx_load_lanes(totals);
    for (npy_intp i = 0; i < n; i += NX_SUM_LANES) {
        double rest[4][NX_SUM_LANES];
        nx_read_ahead(w + i, NX_SUM_LANES);
        nx_read_ahead(x + i, NX_SUM_LANES);
        const double *const a = padded(w + i, n - i, rest[0]), *const b = padded(x + i, n - i, rest[1]);
        const double *const a_low = padded(w_low ? w_low + i : NULL, n - i, rest[2]);
        const double *const b_low = padded(x_low ? x_low + i : NULL, n - i, rest[3]);
        NX_UNROLL
        for (int k = 0; k < NX_SUM_VECTORS; k++)
            add_product(lanes.sum + k, lanes.error + k, a, a_low, b, b_low, k * WIDTH_double);
    }
    nx_store_lanes(totals, lanes);
}

/* At most NX_BLOCK numbers as doubles, and what rounding to double took from them, or NULL. */
typedef struct {
    const double *high, *low;
} numbers;

static void add_block(nx_lane_totals *totals, numbers w, numbers x, npy_intp n)
{
    if (w.low && x.low)
        add_along(totals, w.high, w.low, x.high, x.low, n);
    else if (w.low)
        add_along(totals, w.high, w.low, x.high, NULL, n);
    else if (x.low)
        add_along(totals, w.high, NULL, x.high, x.low, n);
    else
        add_along(totals, w.high, NULL, x.high, NULL, n);
}

/* Adds the products of NX_ROWS rows of n series side by side to one lane of each; n is a multiple of
   WIDTH_double. */
NX_INLINE void add_across(double *sums, double *errors, const numbers *w, const numbers *x, npy_intp n,
                          int w_has_low, int x_has_low)
{
    for (npy_intp i = 0; i < n; i += WIDTH_double) {
        vector_double sum = load_double(sums + i), error = load_double(errors + i);
        NX_UNROLL
        for (int j = 0; j < NX_ROWS; j++)
            add_product(&sum, &error, w[j].high, w_has_low ? w[j].low : NULL, x[j].high,
                        x_has_low ? x[j].low : NULL, i);
        store_double(sums + i, sum);
        store_double(errors + i, error);
    }
}

/* The rests of all these rows are there, or of none. */
static void add_rows(double *sums, double *errors, const numbers *w, const numbers *x, npy_intp n)
{
    if (w->low && x->low)
        add_across(sums, errors, w, x, n, 1, 1);
    else if (w->low)
        add_across(sums, errors, w, x, n, 1, 0);
    else if (x->low)
        add_across(sums, errors, w, x, n, 0, 1);
    else
        add_across(sums, errors, w, x, n, 0, 0);
}

/* Room for NX_BLOCK numbers and their rests, and to read past them in whole vectors. */
typedef double room[2][NX_BLOCK + WIDTH_double];

/* n numbers, `stride` bytes apart: where they are, or copied to `to`. */
static numbers read_numbers(const nx_number_type *type, const char *x, npy_intp n, npy_intp stride, room to)
{
    if (type == &nx_numbers_double && stride == sizeof(double))
        return (numbers){(const double *)x, NULL};
    int rounded = 0;
    for (npy_intp i = 0; i < n; i += PIECE) {
        const npy_intp length = n - i < PIECE ? n - i : PIECE;
        if (stride == type->size)
            nx_read_row_ahead(x + i * stride + AHEAD, length * stride);
        rounded |= type->load(x + i * stride, length, stride, to[0] + i);
    }
    if (!rounded || !type->load_rest)
        return (numbers){to[0], NULL};
    type->load_rest(x, n, stride, to[1]);
    return (numbers){to[0], to[1]};
}

/* The sum of a block of two series, `pair`. */
static nx_total sum_block(const void *pair, npy_intp first, npy_intp n)
{
    const operand *const w = pair, *const x = w + 1;
    room rooms[2];
    nx_lane_totals lanes = {{0}, {0}};
    for (npy_intp start = first; start < first + n; start += NX_BLOCK) {
        const npy_intp length = first + n - start < NX_BLOCK ? first + n - start : NX_BLOCK;
        add_block(&lanes, read_numbers(w->type, w->at + start * w->core, length, w->core, rooms[0]),
                  read_numbers(x->type, x->at + start * x->core, length, x->core, rooms[1]), length);
    }
    return nx_add_lanes(&lanes);
}

static int side_by_side(operand o)
{
    return o.outer == o.type->size && o.core != o.type->size;
}

/* One row of `columns` series side by side, or of one series for all of them; it may be read in whole
 * vectors. */
static numbers read_row(operand o, npy_intp row, npy_intp columns, room to)
{
    const char *const at = o.at + row * o.core;
    const npy_intp whole = columns - columns % WIDTH_double;
    if (o.type == &nx_numbers_double && o.outer == sizeof(double) && whole == columns)
        return (numbers){(const double *)at, NULL};
    memset(to[0] + whole, 0, WIDTH_double * sizeof(double));
    memset(to[1] + whole, 0, WIDTH_double * sizeof(double));
    o.type->load(at, columns, o.outer, to[0]);
    if (!o.type->load_rest)
        return (numbers){to[0], NULL};
    o.type->load_rest(at, columns, o.outer, to[1]);
    return (numbers){to[0], to[1]};
}

/* As sum_block for at most NX_STRIP series side by side, from row to row: the same sums in the same order. */
static void add_block_of_strip(operand w, operand x, npy_intp first, npy_intp end, npy_intp columns,
                               nx_total *totals)
{
    static const double zeros[NX_STRIP];
    room rooms[2][NX_ROWS];
    nx_strip_totals strip;
    memset(&strip, 0, sizeof strip);
    const npy_intp whole = (columns + WIDTH_double - 1) / WIDTH_double * WIDTH_double;
    for (npy_intp start = first; start < end; start += NX_ROWS * NX_SUM_LANES)
        for (npy_intp lane = 0; lane < NX_SUM_LANES && start + lane < end; lane++) {
            numbers rows[2][NX_ROWS];
            for (int j = 0; j < NX_ROWS; j++) {
                const npy_intp row = start + lane + j * NX_SUM_LANES;
                const int is_there = row < end;
                rows[0][j] = is_there ? read_row(w, row, columns, rooms[0][j]) : (numbers){zeros, zeros};
                rows[1][j] = is_there ? read_row(x, row, columns, rooms[1][j]) : (numbers){zeros, zeros};
                if (row + 1 < end)
                    nx_read_row_ahead(x.at + (row + 1) * x.core, columns * x.type->size);
            }
            add_rows(strip.sum[lane], strip.error[lane], rows[0], rows[1], whole);
        }
    for (npy_intp j = 0; j < columns; j++) {
        const nx_lane_totals lanes = nx_lanes_of_column(&strip, j);
        totals[j] = nx_add_total(totals[j], nx_add_lanes(&lanes));
    }
}

static void sum_strip(operand w, operand x, npy_intp n, npy_intp columns, nx_total *totals)
{
    for (npy_intp start = 0; start < n; start += NX_SUM_BLOCK)
        add_block_of_strip(w, x, start, start + nx_block_length(start, n), columns, totals);
}

/* The sum as it is without care, for its flags, and for its value where a partial sum overflows. */
static double plain_sum(operand w, operand x, npy_intp n, double sum)
{
    for (npy_intp i = 0; i < n; i++)
        sum += nx_number(w.type, w.at + i * w.core) * nx_number(x.type, x.at + i * x.core);
    return sum;
}

/* A loop over series, n[] and d[] as in NumPy's; from value to value it is d[core] in w, d[core + 1] in x. */
NX_INLINE void sum_each(char **p, npy_intp const *n, npy_intp const *d, const weighted_sum_types *types,
                        int resumes, int core)
{
    const operand w = {types->w, p[0], d[0], d[core]}, x = {types->x, p[1], d[1], d[core + 1]};
    const int strips = n[0] > 1 && n[1] > 1 && side_by_side(x) && (w.outer == 0 || side_by_side(w));
    const npy_intp most = strips ? NX_STRIP : 1;
    nx_total starts[NX_STRIP], totals[NX_STRIP];
    for (npy_intp first = 0, count; first < n[0]; first += count) {
        /* Those of other series, here or before: they must not hide what this one raises. */
        const int others = fetestexcept(FLAGS);
        if (others)
            feclearexcept(others);
        count = n[0] - first < most ? n[0] - first : most;
        for (npy_intp i = first; i < first + count; i++)
            starts[i - first] = resumes
                                    ? (nx_total){*(double *)(p[2] + i * d[2]), *(double *)(p[3] + i * d[3])}
                                    : (nx_total){0, 0};
        memcpy(totals, starts, count * sizeof *totals);
        if (strips)
            sum_strip(moved(w, first), moved(x, first), n[1], count, totals);
        else
            totals[0] = nx_sum_in_blocks(totals[0], n[1], sum_block,
                                         (const operand[]){moved(w, first), moved(x, first)});
        /* What rounding loses may underflow, and be inf - inf, where the sum does not. */
        const int raised = fetestexcept(FLAGS);
        if (raised)
            feclearexcept(raised);
        for (npy_intp i = first; i < first + count; i++) {
            nx_total total = nx_rounded(totals[i - first]);
            if (raised) {
                const nx_total start = starts[i - first];
                const double plain = plain_sum(moved(w, i), moved(x, i), n[1], start.sum + start.error);
                if (!isfinite(total.sum))
                    total = (nx_total){plain, 0};
            }
            if (resumes) {
                *(double *)(p[4] + i * d[4]) = total.sum;
                *(double *)(p[5] + i * d[5]) = total.error;
            }
            else
                types->result->store(&total.sum, 1, p[2] + i * d[2], 0);
        }
        if (others)
            feraiseexcept(others);
    }
}

/* n[]: series, values of a series; d[]: from series to series of w, x and out, from value to value of w and x
 */
static void weighted_sum(char **p, npy_intp const *n, npy_intp const *d, void *types)
{
    sum_each(p, n, d, types, 0, 3);
}

/* n[]: series, values of a series; d[]: from series to series of w, x, sum, error and the new sum and error,
   from value to value of w and x */
static void weighted_sum_resume(char **p, npy_intp const *n, npy_intp const *d, void *types)
{
    sum_each(p, n, d, types, 1, 6);
}

/* ---- The tables: every dtype of w with every dtype of x ---- */

#define ROW(loop, types, w, x, result)                                                                       \
    {loop, types, &(const weighted_sum_types){&nx_numbers_##w, &nx_numbers_##x, &nx_numbers_##result}},

#define WITH_EACH(X, w, t)                                                                                   \
    X(w, t, bool, "?")                                                                                       \
    X(w, t, byte, "b")                                                                                       \
    X(w, t, ubyte, "B")                                                                                      \
    X(w, t, short, "h")                                                                                      \
    X(w, t, ushort, "H")                                                                                     \
    X(w, t, int, "i")                                                                                        \
    X(w, t, uint, "I")                                                                                       \
    X(w, t, long, "l")                                                                                       \
    X(w, t, ulong, "L")                                                                                      \
    X(w, t, longlong, "q")                                                                                   \
    X(w, t, ulonglong, "Q")                                                                                  \
    X(w, t, float, "f")                                                                                      \
    X(w, t, double, "d")

#define PAIR(w, t, x, u) ROW(weighted_sum, t u "->d", w, x, double)
#define PAIRS(w, t, r) WITH_EACH(PAIR, w, t)
static const nx_row weighted_sum_rows[] = {NX_INTEGERS(PAIRS) ROW(weighted_sum, "ff->f", float, float, float)
                                               NX_FLOATS(PAIRS){.loop = NULL}};

#define RESUME(w, t, x, u) ROW(weighted_sum_resume, t u "dd->dd", w, x, double)
#define RESUMES(w, t, r) WITH_EACH(RESUME, w, t)
static const nx_row weighted_sum_resume_rows[] = {NX_INTEGERS(RESUMES) NX_FLOATS(RESUMES){.loop = NULL}};

NX_FAMILY(weighted_sum) = {
    {"weighted_sum", weighted_sum_doc, "(n),(n)->()", 2, 1, weighted_sum_rows, NX_SPLIT},
    {"weighted_sum_resume", weighted_sum_resume_doc, "(n),(n),(),()->(),()", 4, 2, weighted_sum_resume_rows,
     NX_SPLIT},
    {.name = NULL},
};
