/* threads.h: parts of one piece of work, side by side. No result depends on how many threads there are: what
   a part computes does not, nor does what is made of the parts. */
#ifndef THREADS_H
#define THREADS_H

#include <numpy_ext/threads.h>

/* Of a ufunc whose loop is called on parts. */
enum { NX_MOST_OPERANDS = 32 };

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
