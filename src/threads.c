/* threads.c: runs parts of one piece of work on OpenMP's threads, and any loop on parts of its operands. */
#include "threads.h"

#include <fenv.h>
#include <stdatomic.h>

#ifdef _OPENMP
#include <omp.h>
const char *const nx_thread_library = "OpenMP";
#else
const char *const nx_thread_library = "none";
#endif

/* ---- What callers want ---- */

static atomic_int wanted = 1;
static _Thread_local int wanted_here = 0;

/* Set in a child of fork for good: OpenMP's threads stayed with the parent, and it would wait for them. */
static atomic_int was_forked = 0;

void nx_set_threads(int threads)
{
    wanted = threads;
}

int nx_get_threads(void)
{
    return wanted_here ? wanted_here : wanted;
}

int nx_set_own_threads(int threads)
{
    const int before = wanted_here;
    wanted_here = threads;
    return before;
}

#ifdef _OPENMP
/* Set while a call uses threads: those of several Python threads would be too many. */
static atomic_flag in_use = ATOMIC_FLAG_INIT;
#endif

int nx_threads_for(npy_intp elements)
{
#ifdef _OPENMP
    npy_intp threads = elements / NX_WORTH_A_THREAD;
    if (threads < 2 || was_forked || omp_in_parallel())
        return 1;
    if (threads > nx_get_threads())
        threads = nx_get_threads();
    if (threads > 1 && threads > omp_get_max_threads())
        threads = omp_get_max_threads();
    return (int)threads;
#else
    return (void)elements, 1;
#endif
}

/* ---- Parts ---- */

static void run_in_turn(npy_intp count, void (*part)(void *context, npy_intp i), void *context)
{
    for (npy_intp i = 0; i < count; i++)
        part(context, i);
}

#ifdef _OPENMP
static void run_side_by_side(int threads, npy_intp count, void (*part)(void *context, npy_intp i),
                             void *context)
{
    fenv_t callers;
    int raised = 0;
    feholdexcept(&callers);
#pragma omp parallel num_threads(threads) reduction(| : raised)
    {
        fenv_t own;
        feholdexcept(&own);
        fesetenv(&callers); /* rounding, and whether subnormal numbers count */
        feclearexcept(FE_ALL_EXCEPT);
#pragma omp for schedule(dynamic, 1)
        for (npy_intp i = 0; i < count; i++)
            part(context, i);
        raised = fetestexcept(FE_ALL_EXCEPT);
        fesetenv(&own);
    }
    fesetenv(&callers);
    feraiseexcept(raised);
}
#endif

void nx_run_parts(int threads, npy_intp count, void (*part)(void *context, npy_intp i), void *context)
{
#ifdef _OPENMP
    if (threads > 1 && count > 1 && !atomic_flag_test_and_set(&in_use)) {
        run_side_by_side(threads, count, part, context);
        atomic_flag_clear(&in_use);
        return;
    }
#endif
    (void)threads;
    run_in_turn(count, part, context);
}

/* ---- A loop on parts of its operands ---- */

/* How many elements stand before the first cache line that the output begins with one. Vectors that are
   stored across two lines take a tenth longer (axpy in place, n = 100,000, AVX-512: 0.160 and 0.147 ns). */
static npy_intp before_line(const nx_split *split, char **p, npy_intp const *n, npy_intp const *d)
{
    enum { LINE = 64, WORTH_IT = 1024 };
    const int out = split->nin;
    if (split->core_dimensions || n[0] < WORTH_IT || d[out] <= 0 || LINE % d[out])
        return 0;
    return (npy_intp)(-(uintptr_t)p[out] % LINE) / d[out];
}

/* The loop, after a call for what stands before the first line. */
static void run_loop(const nx_split *split, char **p, npy_intp const *n, npy_intp const *d)
{
    const npy_intp head = before_line(split, p, n, d), rest = n[0] - head;
    if (head == 0) {
        split->loop(p, n, d, split->data);
        return;
    }
    char *after[NX_MOST_OPERANDS];
    for (int j = 0; j < split->nin + split->nout; j++)
        after[j] = p[j] + head * d[j];
    split->loop(p, &head, d, split->data);
    split->loop(after, &rest, d, split->data);
}

typedef struct {
    const nx_split *split;
    char **p;
    npy_intp const *n, *d;
    npy_intp parts;
} split_call;

static void run_part_of_loop(void *context, npy_intp i)
{
    const split_call *const call = context;
    const nx_split *const split = call->split;
    const npy_intp share = call->n[0] / call->parts, more = call->n[0] % call->parts;
    const npy_intp first = i * share + (i < more ? i : more);
    char *p[NX_MOST_OPERANDS];
    npy_intp n[NX_MOST_OPERANDS];
    for (int j = 0; j < split->nin + split->nout; j++)
        p[j] = call->p[j] + first * call->d[j];
    n[0] = share + (i < more);
    for (int j = 1; j <= split->core_dimensions; j++)
        n[j] = call->n[j];
    run_loop(split, p, n, call->d);
}

/* The bytes that an element-wise operand takes. */
typedef struct {
    const char *first, *last;
} range;

static range range_of(const char *p, npy_intp n, npy_intp d)
{
    const char *const other = p + (n - 1) * d;
    return d < 0 ? (range){other, p} : (range){p, other};
}

/* Whether elements may be computed in any order: each output has a place for every element, which no other
   element reads. */
static int any_order(const nx_split *split, char **p, npy_intp n, npy_intp const *d)
{
    const npy_intp bytes = split->bytes ? split->bytes : 2 * (npy_intp)sizeof(npy_longdouble);
    for (int j = split->nin; j < split->nin + split->nout; j++) {
        const range out = range_of(p[j], n, d[j]);
        if (d[j] == 0)
            return 0;
        for (int i = 0; i < split->nin; i++) {
            const range in = range_of(p[i], n, d[i]);
            if (!(p[i] == p[j] && d[i] == d[j]) && in.first < out.last + bytes && out.first < in.last + bytes)
                return 0;
        }
    }
    return 1;
}

void nx_split_loop(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_split *const split = data;
    npy_intp core = split->numbers ? split->numbers : 1;
    for (int j = 1; j <= split->core_dimensions; j++)
        core *= n[j];
    const int threads = nx_threads_for(n[0] * core);
    /* Few long series: better one after the other, and each on all threads. */
    const int few = split->core_dimensions && n[0] < 4 * threads && nx_threads_for(core) == threads;
    if (threads == 1 || n[0] < 2 || few || (!split->core_dimensions && !any_order(split, p, n[0], d))) {
        run_loop(split, p, n, d);
        return;
    }
    split_call call = {split, p, n, d, split->core_dimensions ? 4 * threads : threads};
    if (call.parts > n[0])
        call.parts = n[0];
    nx_run_parts(threads, call.parts, run_part_of_loop, &call);
}

/* ---- Fork ---- */

#ifdef _WIN32
int nx_start_threads(void)
{
    return 0;
}
#else
#include <pthread.h>

static void after_fork(void)
{
    was_forked = 1;
}

int nx_start_threads(void)
{
    static atomic_flag started = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&started))
        return 0;
    const int failed = pthread_atfork(NULL, NULL, after_fork);
    if (failed)
        atomic_flag_clear(&started); /* the next import tries again */
    return failed;
}
#endif
