/* fail_allocation.c: makes one of the allocations fail that an extension asks Python for, itself or by a call
   of Python's C API. Those that NumPy makes are left alone: not all of them are checked there. */
#define _GNU_SOURCE
#include <Python.h>

#include <dlfcn.h>
#include <unwind.h>

enum { DOMAINS = 3 };
static const PyMemAllocatorDomain domains[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
static PyMemAllocatorEx before[DOMAINS];

static const void *extension, *python, *self;
static long seen, failing = -1;

static const void *object_of(const void *address)
{
    Dl_info found;
    return dladdr(address, &found) ? found.dli_fbase : NULL;
}

static _Unwind_Reason_Code look_at(struct _Unwind_Context *frame, void *is_ours)
{
    const void *const object = object_of((const void *)_Unwind_GetIP(frame));
    if (object == python || object == self)
        return _URC_NO_REASON;
    *(int *)is_ours = object == extension;
    return _URC_END_OF_STACK;
}

/* Whether this allocation fails: from here outwards, past Python's own functions, the extension is next. */
static int fails(void)
{
    int is_ours = 0;
    if (failing >= 0)
        _Unwind_Backtrace(look_at, &is_ours);
    return is_ours && seen++ == failing;
}

static void *fail_malloc(void *context, size_t size)
{
    PyMemAllocatorEx *const to = context;
    return fails() ? NULL : to->malloc(to->ctx, size);
}

static void *fail_calloc(void *context, size_t count, size_t size)
{
    PyMemAllocatorEx *const to = context;
    return fails() ? NULL : to->calloc(to->ctx, count, size);
}

static void *fail_realloc(void *context, void *memory, size_t size)
{
    PyMemAllocatorEx *const to = context;
    return fails() ? NULL : to->realloc(to->ctx, memory, size);
}

static void pass_free(void *context, void *memory)
{
    PyMemAllocatorEx *const to = context;
    to->free(to->ctx, memory);
}

/* From now on allocation `which` fails, counted from 0; the extension is told by any function of it. */
void fail_allocation(const void *function, long which)
{
    extension = object_of(function);
    python = object_of((const void *)PyList_New);
    self = object_of((const void *)fail_allocation);
    seen = 0;
    failing = which;
    for (int i = 0; i < DOMAINS; i++) {
        PyMem_GetAllocator(domains[i], &before[i]);
        PyMemAllocatorEx ours = {&before[i], fail_malloc, fail_calloc, fail_realloc, pass_free};
        PyMem_SetAllocator(domains[i], &ours);
    }
}

/* Back to before; returns whether the allocation was reached. */
int fail_no_more(void)
{
    for (int i = 0; i < DOMAINS; i++)
        PyMem_SetAllocator(domains[i], &before[i]);
    const int reached = seen > failing;
    failing = -1;
    return reached;
}
