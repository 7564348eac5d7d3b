/* Inner loops with one fault each, beside right ones: proof that the checks of numpy_ext.testing can fail.

   p[i] points at the first element of operand i, inputs before outputs. n[0] counts the calls, n[1] is the
   core dimension of a gufunc. d[i] is the distance in bytes from one call to the next in operand i; those
   inside the core of a gufunc follow. */
#define _GNU_SOURCE
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

typedef intptr_t npy_intp;

#define LOOP(name) void name(char **p, npy_intp const *n, npy_intp const *d, void *data)
#define EACH for (npy_intp i = 0; i < n[0]; i++)
#define AT(operand, i) (*(double *)(p[operand] + (i)*d[operand]))
#define IN_SERIES(operand, j) (*(double *)(p[operand] + i * d[operand] + (j)*d[(operand) + 2]))

static const npy_intp one = sizeof(double);

/* ---- x + y, right ---- */

LOOP(right_sum)
{
    EACH AT(2, i) = AT(0, i) + AT(1, i);
}

/* ---- Distances ---- */

/* The first input is read as if its elements stood side by side. */
LOOP(ignores_stride_of_input)
{
    double *x = (double *)p[0];
    EACH AT(2, i) = x[i] + AT(1, i);
}

/* The same for the output. */
LOOP(ignores_stride_of_output)
{
    double *out = (double *)p[2];
    EACH out[i] = AT(0, i) + AT(1, i);
}

/* The first input is read as if nothing stood between its elements, but never outside of it. */
LOOP(ignores_gaps_of_input)
{
    npy_intp side_by_side[] = {d[0] > 0 ? one : d[0], d[1], d[2]};
    right_sum(p, n, side_by_side, data);
}

/* The same for the output. */
LOOP(ignores_gaps_of_output)
{
    npy_intp side_by_side[] = {d[0], d[1], d[2] > 0 ? one : d[2]};
    right_sum(p, n, side_by_side, data);
}

/* Where the second input stands side by side, the first is read as if it did. */
LOOP(ignores_gaps_of_input_beside_another_without)
{
    if (d[1] == one)
        ignores_gaps_of_input(p, n, d, data);
    else
        right_sum(p, n, d, data);
}

/* Where the inputs stand side by side, the output is written as if it did. */
LOOP(takes_the_strides_of_inputs_for_all)
{
    npy_intp side_by_side[] = {one, one, one};
    right_sum(p, n, d[0] == one && d[1] == one ? side_by_side : d, data);
}

/* The same, but never outside of it. */
LOOP(ignores_gaps_of_output_beside_inputs_without)
{
    if (d[0] == one && d[1] == one)
        ignores_gaps_of_output(p, n, d, data);
    else
        right_sum(p, n, d, data);
}

static double difference_of_products(double x, double y, int rounds_both)
{
    double product = x * y;
    return rounds_both ? product - product : fma(x, y, -product);
}

/* x * y - x * y, which is 0; but one product is not rounded where all elements stand side by side. */
LOOP(rounds_otherwise_when_contiguous)
{
    int contiguous = d[0] == one && d[1] == one && d[2] == one;
    EACH AT(2, i) = difference_of_products(AT(0, i), AT(1, i), !contiguous);
}

/* The same, but where the first input is one number for all. */
LOOP(rounds_otherwise_when_repeated)
{
    int repeated = d[0] == 0 && n[0] > 1;
    EACH AT(2, i) = difference_of_products(AT(0, i), AT(1, i), !repeated);
}

/* ---- Memory ---- */

/* The element after the last is read, to no effect. */
LOOP(reads_past_the_end)
{
    right_sum(p, n, d, data);
    (void)*(volatile double *)&AT(0, n[0]);
}

/* The element before the first is read, to no effect. */
LOOP(reads_before_the_start)
{
    right_sum(p, n, d, data);
    (void)*(volatile double *)&AT(0, -1);
}

/* The element after the last is written. */
LOOP(writes_past_the_end)
{
    right_sum(p, n, d, data);
    AT(2, n[0]) = 0;
}

/* What stands behind an element of the output is written too. */
LOOP(writes_between_elements)
{
    right_sum(p, n, d, data);
    for (npy_intp i = 0; d[2] > one && i < n[0] - 1; i++)
        (&AT(2, i))[1] = 0;
}

/* The pointers themselves are moved on, which NumPy goes on from where it has a mask. */
LOOP(moves_its_pointers)
{
    for (npy_intp i = 0; i < n[0]; i++, p[0] += d[0], p[1] += d[1], p[2] += d[2])
        AT(2, 0) = AT(0, 0) + AT(1, 0);
}

/* The first input serves for the result before it is stored. */
LOOP(writes_to_its_input)
{
    EACH AT(2, i) = AT(0, i) += AT(1, i);
}

/* Of 3, 7, 11 and so on elements the last is not written. */
LOOP(leaves_out_the_last)
{
    npy_intp fewer = n[0] - (n[0] % 4 == 3);
    right_sum(p, &fewer, d, data);
}

/* Two at a time, at an address that must be a multiple of 16: that of float64 is one of 8. */
LOOP(loads_from_aligned_addresses)
{
    typedef double pair __attribute__((vector_size(16)));
    npy_intp pairs = d[0] == one && d[1] == one && d[2] == one ? n[0] / 2 : 0;
    for (npy_intp i = 0; i < pairs; i++)
        ((pair *)p[2])[i] = ((pair *)p[0])[i] + ((pair *)p[1])[i];
    for (npy_intp i = 2 * pairs; i < n[0]; i++)
        AT(2, i) = AT(0, i) + AT(1, i);
}

/* Four are read before four are stored: in place of a total, the first four of them see the same. */
LOOP(reads_four_before_it_stores)
{
    for (npy_intp i = 0; i < n[0]; i += 4) {
        double x[4];
        for (npy_intp lane = 0; lane < 4 && i + lane < n[0]; lane++)
            x[lane] = AT(0, i + lane);
        for (npy_intp lane = 0; lane < 4 && i + lane < n[0]; lane++)
            AT(2, i + lane) = x[lane] + AT(1, i + lane);
    }
}

/* ---- Lengths ---- */

/* The ninth element is wrong, wherever it stands. */
LOOP(errs_at_the_ninth)
{
    right_sum(p, n, d, data);
    if (n[0] > 8)
        AT(2, 8) += 1;
}

/* The last element is wrong where a call fills NumPy's buffer, of 8192 elements. */
LOOP(errs_at_the_end_of_a_buffer)
{
    right_sum(p, n, d, data);
    if (n[0] == 8192)
        AT(2, 8191) += 1;
}

/* Three elements take for ever. */
LOOP(never_ends)
{
    right_sum(p, n, d, data);
    for (volatile int i = 1; i && n[0] == 3;)
        ;
}

/* ---- Values ---- */

/* -x, but one lane of four takes the largest integer for that of the least, the others wrap. */
LOOP(saturates_in_one_lane)
{
    EACH
    {
        int64_t x = *(int64_t *)(p[0] + i * d[0]);
        int saturates = i % 4 == 3 && x == INT64_MIN;
        *(int64_t *)(p[1] + i * d[1]) = saturates ? INT64_MAX : (int64_t)(0 - (uint64_t)x);
    }
}

/* A NaN among four makes NaN of the four. */
LOOP(spreads_nan)
{
    EACH
    {
        double others = 0;
        for (npy_intp other = i - i % 4; other < i - i % 4 + 4 && other < n[0]; other++)
            others += isnan(AT(0, other)) ? AT(0, other) : 0;
        AT(1, i) = 2 * AT(0, i) + others;
    }
}

/* x itself, but -0 becomes 0 where elements stand side by side. */
LOOP(loses_the_sign_of_zero)
{
    EACH AT(1, i) = d[0] == one ? AT(0, i) + 0.0 : AT(0, i);
}

/* x itself, but subnormal numbers become 0 where elements stand side by side. */
LOOP(flushes_subnormals)
{
    EACH AT(1, i) = d[0] == one && fabs(AT(0, i)) < DBL_MIN ? 0 * AT(0, i) : AT(0, i);
}

/* ---- Floating-point flags ---- */

/* 1 / x four by four: where fewer are left, 1 is divided by 0 in their place, and the result thrown away. */
LOOP(divides_in_lanes_thrown_away)
{
    for (npy_intp i = 0; i < n[0]; i += 4) {
        volatile double x[4] = {0};
        for (npy_intp lane = 0; lane < 4 && i + lane < n[0]; lane++)
            x[lane] = AT(0, i + lane);
        for (npy_intp lane = 0; lane < 4; lane++)
            x[lane] = 1 / x[lane];
        for (npy_intp lane = 0; lane < 4 && i + lane < n[0]; lane++)
            AT(1, i + lane) = x[lane];
    }
}

/* The root of x, and 0 for x < 0: several at once, the root is taken of those too, and thrown away. */
LOOP(takes_roots_thrown_away)
{
    EACH
    {
        volatile double x = AT(0, i), root = n[0] > 1 || isgreaterequal(x, 0) ? sqrt(x) : 0;
        AT(1, i) = isless(x, 0) ? 0 : root;
    }
}

/* 1 where x is NaN, else 0: four or more at once are looked at by an operation that says invalid to NaN. */
LOOP(compares_nan_aloud)
{
    EACH
    {
        const double x = AT(0, i);
        if (n[0] >= 4 && isnan(x))
            feraiseexcept(FE_INVALID); /* not left to the compiler: clang compares silently */
        AT(1, i) = isnan(x);
    }
}

/* The same at any length: each element alone says invalid to NaN. */
LOOP(always_compares_nan_aloud)
{
    EACH
    {
        const double x = AT(0, i);
        if (isnan(x))
            feraiseexcept(FE_INVALID);
        AT(1, i) = isnan(x);
    }
}

/* ---- State ---- */

/* Every second call adds 1. */
LOOP(counts_its_calls)
{
    static int calls;
    double odd = calls++ % 2;
    EACH AT(2, i) = AT(0, i) + AT(1, i) + odd;
}

/* Each element passes through a variable that all threads share; others run between. */
LOOP(shares_a_variable)
{
    static volatile double shared;
    EACH
    {
        shared = AT(0, i);
        if (i % 4096 == 0)
            sched_yield();
        AT(2, i) = shared + AT(1, i);
    }
}

/* A reference to an object is kept. Python's own function takes it: calls of so few elements hold its lock.
 */
struct reference {
    void (*take)(void *object);
    void *object;
};

LOOP(keeps_a_reference)
{
    struct reference *reference = data;
    if (n[0] < 100)
        reference->take(reference->object);
    right_sum(p, n, d, data);
}

/* A new object is not given back. */
LOOP(keeps_an_object)
{
    keeps_a_reference(p, n, d, data);
}

/* Memory is not given back. */
LOOP(keeps_memory)
{
    *(volatile char *)malloc(64) = 1;
    right_sum(p, n, d, data);
}

/* ---- Of a series: n[1] elements, d[2] bytes apart, and d[3] bytes in the output if that is a series too
 * ---- */

LOOP(right_total)
{
    EACH
    {
        double total = 0;
        for (npy_intp j = 0; j < n[1]; j++)
            total += IN_SERIES(0, j);
        AT(1, i) = total;
    }
}

LOOP(right_running_total)
{
    EACH
    {
        double total = 0;
        for (npy_intp j = 0; j < n[1]; j++)
            IN_SERIES(1, j) = total += IN_SERIES(0, j);
    }
}

/* The total begins with the first element, where there is none too. */
LOOP(reads_the_first_of_none)
{
    EACH
    {
        double total = IN_SERIES(0, 0);
        for (npy_intp j = 1; j < n[1]; j++)
            total += IN_SERIES(0, j);
        AT(1, i) = total;
    }
}

/* The total of no element is not written. */
LOOP(leaves_out_the_total_of_none)
{
    if (n[1] > 0)
        right_total(p, n, d, data);
}

/* A series is read as if nothing stood between its elements, but never outside of it. */
LOOP(ignores_gaps_in_a_series)
{
    npy_intp side_by_side[] = {d[0], d[1], d[2] > 0 ? one : d[2]};
    right_total(p, n, side_by_side, data);
}

/* The series backwards: in place, the second half is read after it was written. */
LOOP(reverses)
{
    EACH
    {
        for (npy_intp j = 0; j < n[1]; j++)
            IN_SERIES(1, j) = IN_SERIES(0, n[1] - 1 - j);
    }
}
