/* threads.h: parts of one piece of work, side by side. No result depends on how many threads there are: what
   a part computes does not, nor does what is made of the parts. */
#ifndef THREADS_H
#define THREADS_H

#include "nx.h"

/* How many threads a piece of work may use: one for each NX_WORTH_A_THREAD elements, and no more than the
   caller wants and OpenMP allows; one beside other work of OpenMP in the same thread, and in a process that
   another one left by fork. */
enum { NX_WORTH_A_THREAD = 1 << 16, NX_MOST_THREADS = 1024 };
int nx_threads_for(npy_intp elements);

/* Calls part(context, i) for every i below count, in any order, at most `threads` at once; returns when all
   have. The floating-point flags that they raise are raised here. Parts must not touch Python. While one call
   uses threads, parts of others run one after the other. */
void nx_run_parts(int threads, npy_intp count, void (*part)(void *context, npy_intp i), void *context);

/* A loop of a ufunc that is called on parts of its operands: `data` of nx_split_loop. An element may be a
   record: of so many numbers, in at most so many bytes; 0 for one number. */
typedef struct {
    PyUFuncGenericFunction loop;
    void *data;
    int nin, nout, core_dimensions;
    npy_intp numbers, bytes;
} nx_split;
void nx_split_loop(char **p, npy_intp const *n, npy_intp const *d, void *split);

/* What callers want: threads of this process, and of calls from this thread alone; 0 of these for none.
   Prepares for fork, once. */
int nx_start_threads(void);
void nx_set_threads(int threads);
int nx_get_threads(void);
int nx_set_own_threads(int threads);

/* The library that runs the threads, "none" if there is none. */
extern const char *const nx_thread_library;

#endif
