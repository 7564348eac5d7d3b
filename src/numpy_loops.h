/* numpy_loops.h: loops in the tables of ufuncs. */
#ifndef NUMPY_LOOPS_H
#define NUMPY_LOOPS_H

#include <numpy_ext/ufunc.h>

/* The first row of a ufunc whose first `count` types are these; -1 if there is none. */
int nx_find_row(const PyUFuncObject *ufunc, const int *types, int count);

/* NumPy's own loop of np.power for float64, with its data, once it was looked for. NULL if NumPy keeps it
   elsewhere. */
extern PyUFuncGenericFunction nx_power_loop;
extern void *nx_power_data;
int nx_find_power_loop(void);

#endif
