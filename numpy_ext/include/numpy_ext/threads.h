/* numpy_ext/threads.h: parts of one piece of work, side by side, for a loop that shares one long series out.
 */
#ifndef NUMPY_EXT_THREADS_H
#define NUMPY_EXT_THREADS_H

#include <numpy_ext/ufunc.h>

/* How many threads a piece of work may use: one for each NX_WORTH_A_THREAD elements, and no more than the
   caller wants and OpenMP allows; one beside other work of OpenMP in the same thread, and in a process that
   another one left by fork. */
enum { NX_WORTH_A_THREAD = 1 << 16, NX_MOST_THREADS = 1024 };
int nx_threads_for(npy_intp elements);

/* Calls part(context, i) for every i below count, in any order, at most `threads` at once; returns when all
   have. The floating-point flags that they raise are raised here. Parts must not touch Python. While one call
   uses threads, parts of others run one after the other. */
void nx_run_parts(int threads, npy_intp count, void (*part)(void *context, npy_intp i), void *context);

#endif
