/* add_power.c: the ufunc acc + x**p, one for every p. */
#include "pow_sum_others.h"
#include "ufuncs.h"

static const char add_power_doc[] =
    "add_power(acc, x, /, ...)\n"
    "\n"
    "Add the power of `x` to `acc`: see `numpy_ext.add_power`, which made this ufunc.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "acc : array_like\n"
    "    The sum so far.\n"
    "x : array_like\n"
    "    What is raised. `acc` and `x` broadcast against each other.\n"
    "out, where, casting, order, dtype, subok, signature : optional\n"
    "    As for every ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : ndarray or scalar\n"
    "    The sum: integers are added to a float64, floats to their own dtype.\n";

static nx_total start_of(const nx_number_type *type, const char *acc)
{
    return (nx_total){nx_number(type, acc), 0};
}

/* acc[i] + power of x[i], block by block: `out` may be `acc` or `x`. */
static void add_each(char **p, npy_intp n, npy_intp const *d, const pow_sum_call *call, double exponent)
{
    double buffer[NX_BLOCK], sums[NX_BLOCK], powers[NX_BLOCK + WIDTH_double];
    for (npy_intp start = 0; start < n; start += NX_BLOCK) {
        const npy_intp length = n - start < NX_BLOCK ? n - start : NX_BLOCK;
        const int was_invalid = fetestexcept(FE_INVALID);
        compute_powers(nx_numbers_as_double(call->x, p[1] + start * d[1], length, d[1], buffer), length,
                       exponent, call->which, powers);
        if (!was_invalid)
            clear_invalid();
        /* `accumulate` gives the sum before as acc: one step at a time, then. */
        const npy_intp step = p[0] + d[0] == p[2] ? 1 : length;
        for (npy_intp done = start; done < start + length; done += step) {
            call->result->load(p[0] + done * d[0], step, d[0], sums);
            for (npy_intp i = 0; i < step; i++)
                sums[i] += powers[done - start + i];
            call->result->store(sums, step, p[2] + done * d[2], d[2]);
        }
    }
}

/* d[]: from element to element of acc, x and out. In a reduction acc and out are one number; a single one may
   come of `at` too, which adds as a call does. */
static void add_real(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_made *const made = data;
    const pow_sum_call *const call = made->data;
    const part_of_value which = made->parameters[1] ? ABSOLUTE : POSITIVE;
    if (*n > 1 && d[0] == 0 && d[2] == 0 && p[0] == p[2]) {
        const power_series series = {call->x, p[1], d[1], made->parameters[0], which};
        const nx_total total =
            finished(nx_sum_in_blocks(start_of(call->result, p[0]), *n, sum_block, &series));
        call->result->store(&total.sum, 1, p[2], 0);
    }
    else {
        const pow_sum_call each = {call->x, call->result, which, 0};
        add_each(p, *n, d, &each, made->parameters[0]);
    }
}

static void add_longdouble(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_made *const made = data;
    const part_of_value which = made->parameters[1] ? ABSOLUTE : POSITIVE;
    if (d[0] == 0 && d[2] == 0 && p[0] == p[2]) {
        long_total total = {*(npy_longdouble *)p[0], 0};
        for (npy_intp i = 0; i < *n; i++)
            total = add_long_power(total, p[1] + i * d[1], made->parameters[0], which);
        *(npy_longdouble *)p[2] = finished_long(total).sum;
        return;
    }
    for (npy_intp i = 0; i < *n; i++) {
        const long_total start = {*(npy_longdouble *)(p[0] + i * d[0]), 0};
        *(npy_longdouble *)(p[2] + i * d[2]) =
            finished_long(add_long_power(start, p[1] + i * d[1], made->parameters[0], which)).sum;
    }
}

/* Integers are added to a double; they stand before float16, or int8 would find it first. */
#define ROW(types, x, result)                                                                                \
    {add_real, types, &(const pow_sum_call){&nx_numbers_##x, &nx_numbers_##result, POSITIVE, 0}},
#define INTEGER_ROW(x, t, r) ROW("d" t "->d", x, double)
static const nx_row add_power_rows[] = {
    NX_INTEGERS(INTEGER_ROW)         /* */
    ROW("ee->e", half, half)         /* */
    ROW("ff->f", float, float)       /* */
    ROW("dd->d", double, double)     /* */
    {add_longdouble, "gg->g", NULL}, /* */
    {.loop = NULL},
};

NX_FAMILY(add_power) = {
    {"add_power", add_power_doc, NX_MADE, 2, 1, add_power_rows, NX_SPLIT},
    {.name = NULL},
};
