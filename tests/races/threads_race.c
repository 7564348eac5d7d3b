/* threads_race.c: src/threads.c under ThreadSanitizer, without Python.  Several threads call loops in parts
   at once and change the number of threads all the while; every result must have the bits and the flags that
   the loop gives when it is called once.  With -DRACE one call is a data race, which must be reported. */
#include "threads.h"

#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

enum { CALLERS = 5, ROUNDS = 12, MOST = 4, PARTS = 100 };

/* Long enough for MOST threads, and no multiple of what they share it into. */
enum { ROWS = 263, CORE = 1009, LONG = ROWS * CORE };

/* What a caller computes in, counted in elements: two long operands, then a state for each row. They stand
   apart by more than what the splitter takes for an overlap. */
enum { ONE = 0, TWO = LONG + 16, STATES = 2 * LONG + 32, MEMORY = STATES + ROWS };

static atomic_int failures, helped;

static void fail(const char *what, int caller, int round)
{
    fprintf(stderr, "threads_race: caller %d, round %d: %s\n", caller, round, what);
    atomic_fetch_add(&failures, 1);
}

/* ---- Loops, which count the parts they are called for. They order nothing: relaxed ---- */

typedef struct {
    pthread_t caller;
    atomic_int parts, heads;
} counted;

/* Elements before an output's first cache line are called apart, and belong to the part that follows. */
static void count(counted *counts, npy_intp elements)
{
    enum { LINE = 64 / sizeof(double) };
    atomic_fetch_add_explicit(elements < LINE ? &counts->heads : &counts->parts, 1, memory_order_relaxed);
    if (!pthread_equal(pthread_self(), counts->caller))
        atomic_fetch_add_explicit(&helped, 1, memory_order_relaxed);
}

/* Stays near 1 when its results come back as operands; a divisor of zero raises a flag. */
static double step(double x, double y)
{
    return 0.5 * x + 0.25 / y;
}

/* x, y -> out */
static void steps(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    char *x = p[0], *y = p[1], *out = p[2];
    count(data, n[0]);
    for (npy_intp i = 0; i < n[0]; i++, x += d[0], y += d[1], out += d[2])
        *(double *)out = step(*(double *)x, *(double *)y);
}

/* n: series, their length; d: from series to series of x, state, out, last; inside a series of x, out */
static void series(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    count(data, n[0] * n[1]);
    for (npy_intp j = 0; j < n[0]; j++) {
        char *x = p[0] + j * d[0], *out = p[2] + j * d[2];
        double state = *(double *)(p[1] + j * d[1]);
        for (npy_intp i = 0; i < n[1]; i++, x += d[4], out += d[5])
            *(double *)out = state = step(state, *(double *)x);
        *(double *)(p[3] + j * d[3]) = state;
    }
}

/* ---- Calls ---- */

/* Counted in elements. `parts` are those that one thread of several gets; 0 if the call must stay whole. */
typedef struct {
    const char *name;
    nx_split split;
    int parts;
    npy_intp n[2], first[4], d[6];
} call;

#define STEPS                                                                                                \
    {                                                                                                        \
        steps, NULL, 2, 1, 0, 0, 0                                                                           \
    }
#define SERIES                                                                                               \
    {                                                                                                        \
        series, NULL, 2, 2, 1, 0, 0                                                                          \
    }
static const call calls[] = {
    {"apart", STEPS, 1, {LONG}, {ONE, ONE, TWO}, {1, 1, 1}},
    {"one value for all", STEPS, 1, {LONG}, {STATES, ONE, TWO}, {0, 1, 1}},
    {"in place", STEPS, 1, {LONG}, {ONE, TWO, TWO}, {1, 1, 1}},
    {"in place, both", STEPS, 1, {LONG}, {ONE, ONE, ONE}, {1, 1, 1}},
    {"in place, strided", STEPS, 1, {LONG}, {ONE, ONE, ONE}, {2, 2, 2}},
    {"in place, reversed", STEPS, 1, {LONG}, {ONE + LONG - 1, TWO + LONG - 1, TWO + LONG - 1}, {-1, -1, -1}},
    {"one of them reversed", STEPS, 1, {LONG}, {ONE + LONG - 1, ONE, TWO}, {-1, 1, 1}},
    {"onto itself reversed", STEPS, 0, {LONG}, {ONE + LONG - 1, ONE, ONE}, {-1, 1, 1}},
    {"overlapping, ahead", STEPS, 0, {LONG}, {ONE, ONE, ONE + 1}, {1, 1, 1}},
    {"overlapping, behind", STEPS, 0, {LONG}, {ONE + 3, TWO, ONE}, {1, 1, 1}},
    {"overlapping, half", STEPS, 0, {LONG}, {TWO, ONE, ONE + LONG / 2}, {1, 1, 1}},
    {"overlapping, one value", STEPS, 0, {LONG}, {TWO + 7, ONE, TWO}, {0, 1, 1}},
    {"reduced", STEPS, 0, {LONG}, {STATES, ONE, STATES}, {0, 1, 0}},
    {"series", SERIES, 4, {ROWS, CORE}, {ONE, STATES, TWO, STATES}, {CORE, 1, CORE, 1, 1, 1}},
    {"series in place", SERIES, 4, {ROWS, CORE}, {ONE, STATES, ONE, STATES}, {CORE, 1, CORE, 1, 1, 1}},
    {"series in columns", SERIES, 4, {ROWS, CORE}, {ONE, STATES, ONE, STATES}, {1, 1, 1, 1, ROWS, ROWS}},
    {"series reversed",
     SERIES,
     4,
     {ROWS, CORE},
     {ONE + LONG - 1, STATES + ROWS - 1, TWO + LONG - 1, STATES + ROWS - 1},
     {-CORE, -1, -CORE, -1, -1, -1}},
    {"few long series", SERIES, 0, {2, LONG}, {ONE, STATES, ONE, STATES}, {LONG, 1, LONG, 1, 1, 1}},
#ifdef RACE
    /* Called a series, this is shared unseen: every part writes one place. */
    {"a race", {steps, NULL, 2, 1, 1, 0, 0}, 4, {LONG, 1}, {STATES, ONE, STATES}, {0, 1, 0}},
#endif
};

typedef struct {
    int number, round;
    double *start, *expected, *actual;
} caller;

/* Runs the call on `memory`, in parts or once; returns the flags that are set then. */
static int run(const call *call, double *memory, int in_parts, int flags_before, counted *counts)
{
    char *p[4];
    npy_intp d[6];
    for (int i = 0; i < 4; i++)
        p[i] = (char *)(memory + call->first[i]);
    for (int i = 0; i < 6; i++)
        d[i] = call->d[i] * (npy_intp)sizeof(double);
    nx_split split = call->split;
    split.data = counts;
    counts->caller = pthread_self();
    atomic_init(&counts->parts, 0);
    atomic_init(&counts->heads, 0);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(flags_before);
    if (in_parts)
        nx_split_loop(p, call->n, d, &split);
    else
        split.loop(p, call->n, d, counts);
    return fetestexcept(FE_ALL_EXCEPT);
}

/* threads: 0 if other callers may change the number. */
static void check_call(const caller *me, const call *call, int threads)
{
    counted counts;
    memcpy(me->expected, me->start, MEMORY * sizeof(double));
    memcpy(me->actual, me->start, MEMORY * sizeof(double));
    const int before = me->round % 2 ? FE_INVALID : 0;
    const int expected = run(call, me->expected, 0, before, &counts);
    const int actual = run(call, me->actual, 1, before, &counts);
    if (memcmp(me->expected, me->actual, MEMORY * sizeof(double)) != 0)
        fail(call->name, me->number, me->round);
    if (expected != actual || (before & ~actual))
        fprintf(stderr, "flags %x, not %x: ", actual, expected), fail(call->name, me->number, me->round);
    const int parts = call->parts && threads > 1 ? call->parts * threads : 1;
    if (threads && (counts.parts != parts || counts.heads > parts))
        fprintf(stderr, "%d parts and %d heads, not %d: ", counts.parts, counts.heads, parts),
            fail(call->name, me->number, me->round);
}

/* ---- Parts ---- */

typedef struct {
    const double *x;
    double sums[PARTS], inner[PARTS][3];
    atomic_int bad;
} sums;

static void inner_part(void *context, npy_intp i)
{
    ((double *)context)[i] = (double)i;
}

static void sum_part(void *context, npy_intp i)
{
    sums *const s = context;
    double sum = 0;
    for (npy_intp j = i * (LONG / PARTS); j < (i + 1) * (LONG / PARTS); j++)
        sum += s->x[j];
    s->sums[i] = sum;
    nx_run_parts(2, 3, inner_part, s->inner[i]);
    const int threads = nx_threads_for(LONG);
    if (threads < 1 || threads > MOST)
        atomic_store(&s->bad, 1);
#ifdef _OPENMP
    if (omp_in_parallel() && threads != 1)
        atomic_store(&s->bad, 1);
#endif
}

static void check_parts(const caller *me, int threads)
{
    static sums all[CALLERS][2];
    sums *const expected = &all[me->number][0], *const actual = &all[me->number][1];
    memset(expected, 0, sizeof *expected);
    memset(actual, 0, sizeof *actual);
    expected->x = actual->x = me->start;
    for (npy_intp i = 0; i < PARTS; i++)
        sum_part(expected, i);
    nx_run_parts(threads, PARTS, sum_part, actual);
    if (memcmp(expected->sums, actual->sums, sizeof actual->sums) != 0 ||
        memcmp(expected->inner, actual->inner, sizeof actual->inner) != 0)
        fail("sums of parts", me->number, me->round);
    if (expected->bad || actual->bad)
        fail("number of threads in a part", me->number, me->round);
}

/* ---- Numbers of threads ---- */

static void check_numbers(const caller *me, int own)
{
    const int most = nx_threads_for((npy_intp)1 << 30);
    if (nx_get_threads() < 1 || nx_get_threads() > MOST || most < 1 || most > MOST)
        fail("number of threads", me->number, me->round);
    if (nx_threads_for(2 * NX_WORTH_A_THREAD - 1) != 1)
        fail("threads for little work", me->number, me->round);
    if (!own)
        return;
    if (nx_get_threads() != own)
        fail("own number of threads", me->number, me->round);
#ifdef _OPENMP
    if (most != own || nx_threads_for(2 * NX_WORTH_A_THREAD) != (own < 2 ? own : 2))
        fail("threads for much work", me->number, me->round);
#endif
}

/* ---- The callers ---- */

static void fill(caller *me)
{
    unsigned value = 1u + (unsigned)(me->number * ROUNDS + me->round);
    for (int i = 0; i < MEMORY; i++) {
        value = value * 1664525u + 1013904223u;
        me->start[i] = 0.5 + value / 4294967296.0;
    }
    if (me->round % 3 == 0)
        me->start[value % LONG] = me->start[TWO + value % LONG] = 0.0;
}

static void *work(void *context)
{
    caller *const me = context;
    static const int roundings[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO, FE_TONEAREST};
    if (nx_start_threads() != 0)
        fail("start", me->number, 0);
#ifdef _OPENMP
    omp_set_num_threads(MOST); /* of calls from this thread, whatever this machine has */
#endif
    int own_before = 0;
    for (me->round = 0; me->round < ROUNDS; me->round++) {
        const int seed = me->number + me->round, own = seed % (MOST + 1);
        fesetround(roundings[seed % 4]);
        fill(me);
        if (nx_set_own_threads(own) != own_before)
            fail("own number of threads before", me->number, me->round);
        own_before = own;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            /* Often, since whatever a call waits for would hide a race of these two. */
            for (int j = 0; j < 200; j++) {
                nx_set_threads(1 + (seed + (int)i + j) % MOST);
                nx_get_threads();
            }
            check_numbers(me, own);
#ifdef _OPENMP
            check_call(me, &calls[i], own);
#else
            check_call(me, &calls[i], 1);
#endif
        }
        check_parts(me, MOST);
    }
    nx_set_own_threads(0);
    fesetround(FE_TONEAREST);
    return NULL;
}

static double *elements(void)
{
    double *const memory = malloc(MEMORY * sizeof(double));
    if (!memory)
        abort();
    return memory;
}

int main(void)
{
    pthread_t threads[CALLERS];
    caller callers[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        callers[i] = (caller){i, 0, elements(), elements(), elements()};
    work(&callers[0]); /* alone, so that its parts find a processor */
    for (int i = 0; i < CALLERS; i++)
        if (pthread_create(&threads[i], NULL, work, &callers[i]) != 0)
            abort();
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        free(callers[i].start);
        free(callers[i].expected);
        free(callers[i].actual);
    }
#ifdef _OPENMP
    if (!helped)
        fail("no part ran on another thread", 0, ROUNDS);
#endif
    printf("threads_race: %s, %d parts on other threads, %d failures\n", nx_thread_library, helped, failures);
    return failures != 0;
}
