/* records_run.c: runs a plan: over blocks of records that stay in the first-level cache, field by field. */
#include "records_elements.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a block, of all operands together: few for records in memory, so that the next ones come
   meanwhile; more for those in the second-level cache, where calls are what costs (a twelfth each). A sum
   over records is made of sums of REDUCED records, whatever their layout, so that its bits do not depend on
   that. */
enum {
    BLOCK_BYTES = 6144,
    BLOCK_BYTES_IN_CACHE = 24576,
    CACHE_BYTES = 1 << 20,
    LEAST_BLOCK = 16,
    REDUCED = 1024
};

typedef struct ready_fields ready_fields;

typedef struct {
    const nx_record_plan *plan;
    const nx_record_leaf *leaf;
    const ready_fields *ready; /* or NULL */
    int is_reduction;
} run;

/* ---- Numbers that the loop cannot take where they stand ---- */

/* A reduction, whose first operand is the output: all numbers at once, since a sum in pieces is another. */
static void reduce_converted(const run *r, char *const *p, npy_intp n, npy_intp const *d)
{
    const nx_record_field *const fields = r->leaf->fields;
    const npy_intp one = fields[1].loop_size;
    _Alignas(64) char numbers[REDUCED * WIDEST];
    buffer total;
    load(fields, p[0], 0, 1, total.bytes);
    for (npy_intp start = 0; start < n; start += CHUNK)
        load(fields + 1, p[1] + start * d[1], d[1], n - start < CHUNK ? n - start : CHUNK,
             numbers + start * one);
    char *args[NX_RECORD_OPERANDS] = {total.bytes, numbers, total.bytes};
    const npy_intp strides[NX_RECORD_OPERANDS] = {0, one, 0};
    r->leaf->loop(args, &n, strides, r->leaf->data);
    store(fields + 2, &total, 1, p[2], 0);
}

/* Whether the loop takes the numbers where they are. */
static int stands(const nx_record_field *field, const char *p, npy_intp d)
{
    const npy_uintp low_bits = ((npy_uintp)p | (npy_uintp)d) & (npy_uintp)(field->loop_alignment - 1);
    return low_bits == 0 && !field->then && !field->swapped;
}

/* Pieces of the operands that do not stand; a single number beside all others is converted once. */
static void run_converted(const run *r, char *const *p, npy_intp n, npy_intp const *d)
{
    const nx_record_field *const fields = r->leaf->fields;
    const int out = r->plan->nargs - 1;
    if (r->is_reduction && out == 2 && n <= REDUCED) {
        reduce_converted(r, p, n, d);
        return;
    }
    buffer buffers[NX_RECORD_OPERANDS];
    npy_intp strides[NX_RECORD_OPERANDS];
    int as_it_stands[NX_RECORD_OPERANDS], in_pieces[NX_RECORD_OPERANDS], any = 0;
    for (int i = 0; i <= out; i++) {
        as_it_stands[i] = stands(fields + i, p[i], d[i]);
        in_pieces[i] = !as_it_stands[i] && (i == out || d[i]);
        any |= in_pieces[i];
        strides[i] = as_it_stands[i] || !d[i] ? d[i] : fields[i].loop_size;
        if (!as_it_stands[i] && !in_pieces[i])
            load(fields + i, p[i], 0, 1, buffers[i].bytes);
    }
    /* In `accumulate` the first operand is the output one step before. */
    const npy_intp most = !any ? n : p[0] + d[0] == p[out] ? 1 : CHUNK;
    for (npy_intp start = 0; start < n; start += most) {
        const npy_intp length = n - start < most ? n - start : most;
        char *args[NX_RECORD_OPERANDS];
        for (int i = 0; i <= out; i++) {
            args[i] = as_it_stands[i] ? p[i] + start * d[i] : buffers[i].bytes;
            if (in_pieces[i] && i < out)
                load(fields + i, p[i] + start * d[i], d[i], length, buffers[i].bytes);
        }
        r->leaf->loop(args, &length, strides, r->leaf->data);
        if (in_pieces[out])
            store(fields + out, buffers + out, d[out] ? length : 1, p[out] + start * d[out], d[out]);
    }
}

/* n numbers of every operand, one after the other. */
static void run_numbers(const run *r, char *const *p, npy_intp n, npy_intp const *d)
{
    char *args[NX_RECORD_OPERANDS]; /* a copy, which the loop may change */
    int all = 1;
    for (int i = 0; i < r->plan->nargs; i++) {
        args[i] = p[i];
        all &= stands(r->leaf->fields + i, p[i], d[i]);
    }
    if (all)
        r->leaf->loop(args, &n, d, r->leaf->data);
    else
        run_converted(r, p, n, d);
}

/* ---- Fields, blocks ---- */

/* The field of n records, from its dimension `depth` on. */
static void run_dimensions(const run *r, npy_intp depth, char *const *p, npy_intp n, npy_intp const *d)
{
    if (depth == r->leaf->dimensions) {
        run_numbers(r, p, n, d);
        return;
    }
    const nx_record_dimension *const inside = r->plan->dimensions + r->leaf->first_dimension + depth;
    const int along_the_field = depth + 1 == r->leaf->dimensions && inside->count > n && !r->is_reduction;
    const npy_intp calls = along_the_field ? n : inside->count;
    npy_intp const *const between = along_the_field ? d : inside->d;
    for (npy_intp k = 0; k < calls; k++) {
        char *at[NX_RECORD_OPERANDS];
        for (int i = 0; i < r->plan->nargs; i++)
            at[i] = p[i] + k * between[i];
        if (along_the_field)
            run_numbers(r, at, inside->count, inside->d);
        else
            run_dimensions(r, depth + 1, at, n, d);
    }
}

/* The first fields, if the loop takes their numbers where they are; single numbers beside the records are
   converted before. */
enum { READY = 16 };
struct ready_fields {
    int is_ready[READY], is_number[READY][NX_RECORD_OPERANDS];
    buffer numbers[NX_RECORD_OPERANDS]; /* of each operand, those of all these fields */
};

static void make_ready(ready_fields *ready, const nx_record_plan *plan, char *const *p, npy_intp const *d)
{
    npy_uintp bits = 0;
    for (int i = 0; i < plan->nargs; i++)
        bits |= (npy_uintp)p[i] | (npy_uintp)d[i];
    const int is_aligned = (bits & (npy_uintp)(plan->alignment - 1)) == 0;
    for (npy_intp k = 0; k < plan->leaf_count && k < READY; k++) {
        const nx_record_leaf *const leaf = plan->leaves + k;
        const int is_short =
            leaf->dimensions == 1 && plan->dimensions[leaf->first_dimension].count <= LEAST_BLOCK;
        ready->is_ready[k] = is_aligned && (leaf->dimensions == 0 || is_short);
        for (int i = 0; i < plan->nargs; i++) {
            const nx_record_field *const field = leaf->fields + i;
            const int single = !plan->sizes[i] && d[i] == 0 && field->then;
            ready->is_number[k][i] = single;
            ready->is_ready[k] &= single || stands(field, p[i] + field->offset, d[i]);
            if (single)
                load(field, p[i], 0, 1, ready->numbers[i].bytes + k * WIDEST);
        }
    }
}

static void run_ready(const run *r, npy_intp i, char *const *p, npy_intp n, npy_intp const *d)
{
    const nx_record_leaf *const leaf = r->leaf;
    const nx_record_dimension *const inside =
        leaf->dimensions ? r->plan->dimensions + leaf->first_dimension : NULL;
    const npy_intp count = inside ? inside->count : 1;
    for (npy_intp k = 0; k < count; k++) {
        char *at[NX_RECORD_OPERANDS]; /* anew, since the loop may change it */
        for (int j = 0; j < r->plan->nargs; j++) {
            at[j] = p[j] + (k ? k * inside->d[j] : 0);
            if (r->ready->is_number[i][j])
                at[j] = (char *)r->ready->numbers[j].bytes + i * WIDEST;
        }
        leaf->loop(at, &n, d, leaf->data);
    }
}

static void run_block(run *r, char *const *p, npy_intp n, npy_intp const *d)
{
    for (npy_intp i = 0; i < r->plan->leaf_count; i++) {
        char *at[NX_RECORD_OPERANDS];
        r->leaf = r->plan->leaves + i;
        for (int j = 0; j < r->plan->nargs; j++)
            at[j] = p[j] + r->leaf->fields[j].offset;
        if (r->ready && i < READY && r->ready->is_ready[i])
            run_ready(r, i, at, n, d);
        else
            run_dimensions(r, 0, at, n, d);
    }
}

/* Whether the records are numbers of one type without gaps: their count in a record then, else 0. In
   `accumulate` the next record needs this one: numbers that are converted must not go ahead. */
static npy_intp packed_numbers(const nx_record_plan *plan, char *const *p, npy_intp const *d)
{
    if (plan->leaf_count != 1 || plan->leaves->dimensions != 1 || p[0] + d[0] == p[plan->nargs - 1])
        return 0;
    const nx_record_dimension *const inside = plan->dimensions;
    for (int i = 0; i < plan->nargs; i++)
        if (d[i] != inside->count * inside->d[i])
            return 0;
    return inside->count;
}

static npy_intp records_in_block(const nx_record_plan *plan, npy_intp n)
{
    npy_intp bytes = 0;
    for (int i = 0; i < plan->nargs; i++)
        bytes += plan->sizes[i];
    if (bytes == 0)
        return LEAST_BLOCK;
    const npy_intp wanted = n > CACHE_BYTES / bytes ? BLOCK_BYTES : BLOCK_BYTES_IN_CACHE;
    const npy_intp most = wanted / bytes / LEAST_BLOCK * LEAST_BLOCK;
    return most < LEAST_BLOCK ? LEAST_BLOCK : most;
}

static void run_part(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_record_plan *const plan = data;
    run r = {plan, plan->leaves, NULL, d[plan->nargs - 1] == 0};
    const npy_intp packed = r.is_reduction ? 0 : packed_numbers(plan, p, d);
    if (packed) {
        char *at[NX_RECORD_OPERANDS];
        for (int i = 0; i < plan->nargs; i++)
            at[i] = p[i] + plan->leaves->fields[i].offset;
        run_numbers(&r, at, *n * packed, plan->dimensions->d);
        return;
    }
    ready_fields ready;
    make_ready(&ready, plan, p, d);
    r.ready = &ready;
    const npy_intp block = r.is_reduction ? REDUCED : records_in_block(plan, *n);
    for (npy_intp start = 0; start < *n; start += block) {
        char *at[NX_RECORD_OPERANDS];
        for (int i = 0; i < plan->nargs; i++)
            at[i] = p[i] + start * d[i];
        run_block(&r, at, *n - start < block ? *n - start : block, d);
    }
}

/* ---- Inputs in the memory of the output ---- */

/* Bytes of one element of an operand. */
static npy_intp element_size(const nx_record_plan *plan, int operand)
{
    return plan->sizes[operand] ? plan->sizes[operand] : plan->leaves->fields[operand].size;
}

/* Whether the output destroys what another field still needs from this input. NumPy takes an input for safe
   if no element is written before it is read; but here a field is written before the next one is read.
   Records of one layout whose fields fall on the same fields are safe. */
static int is_destroyed(const nx_record_plan *plan, int i, char *const *p, npy_intp n, npy_intp const *d)
{
    const int out = plan->nargs - 1;
    const npy_intp shift = p[out] - p[i];
    if (plan->sizes[i] && !plan->moves[i] && d[i] == d[out] && (shift == 0 || (d[i] && shift % d[i] == 0)))
        return 0;
    if (d[i] == d[out] && d[i]) { /* side by side, such as two columns */
        const npy_intp distance = d[i] < 0 ? -d[i] : d[i], after = (shift % distance + distance) % distance;
        if (after >= element_size(plan, i) && after + element_size(plan, out) <= distance)
            return 0;
    }
    const npy_intp in_end = (n - 1) * d[i], out_end = (n - 1) * d[out];
    const char *const in_low = p[i] + (in_end < 0 ? in_end : 0);
    const char *const out_low = p[out] + (out_end < 0 ? out_end : 0);
    const npy_intp in_bytes = (in_end < 0 ? -in_end : in_end) + element_size(plan, i);
    const npy_intp out_bytes = (out_end < 0 ? -out_end : out_end) + element_size(plan, out);
    return in_low < out_low + out_bytes && out_low < in_low + in_bytes;
}

/* Record after record, from copies of such inputs. */
static int run_one_by_one(const nx_record_plan *plan, char *const *p, npy_intp n, npy_intp const *d,
                          const int *destroyed)
{
    char *copies[NX_RECORD_OPERANDS] = {NULL};
    int failed = 0;
    for (int i = 0; i < plan->nin; i++)
        if (destroyed[i]) {
            copies[i] = malloc((size_t)element_size(plan, i));
            failed |= !copies[i];
        }
    run r = {plan, plan->leaves, NULL, 0};
    for (npy_intp k = 0; k < n && !failed; k++) {
        char *at[NX_RECORD_OPERANDS];
        for (int i = 0; i < plan->nargs; i++) {
            at[i] = p[i] + k * d[i];
            if (copies[i])
                at[i] = memcpy(copies[i], at[i], (size_t)element_size(plan, i));
        }
        run_block(&r, at, 1, d);
    }
    for (int i = 0; i < plan->nin; i++)
        free(copies[i]);
    return failed;
}

static void set_no_memory(void)
{
    const PyGILState_STATE state = PyGILState_Ensure();
    PyErr_NoMemory();
    PyGILState_Release(state);
}

void nx_run_records(char **p, npy_intp const *n, npy_intp const *d, nx_record_plan *plan)
{
    int destroyed[NX_RECORD_OPERANDS] = {0}, any = 0;
    for (int i = 0; *n && plan->leaf_count && i < plan->nin; i++)
        any |= destroyed[i] = is_destroyed(plan, i, p, *n, d);
    if (any) {
        if (run_one_by_one(plan, p, *n, d, destroyed))
            set_no_memory();
        return;
    }
    nx_split split = {run_part, plan, plan->nin, 1, 0, plan->numbers, 1};
    for (int i = 0; i < plan->nargs; i++)
        if (plan->sizes[i] > split.bytes)
            split.bytes = plan->sizes[i];
    nx_split_loop(p, n, d, &split);
}
