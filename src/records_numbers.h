/* records_numbers.h: dtypes for Python's own numbers. */
#ifndef RECORDS_NUMBERS_H
#define RECORDS_NUMBERS_H

#include "records_plan.h"

/* NumPy 2 tells Python's numbers from others where it promotes, not where a loop is resolved: there it hands
   over arrays of the dtypes that promotion chose. Beside records these are int, float and complex numbers
   that mean Python's, and that nobody else has. Made once for a process; nothing to do before NumPy 2. */
int nx_register_python_numbers(void);

/* The type number of such a dtype, -1 before NumPy 2. */
int nx_python_type(nx_weakness weak);

/* What a type number means: NX_STRONG for all of NumPy's own. */
nx_weakness nx_weakness_of(int type);

/* NumPy's type of the same numbers in memory. */
int nx_carrier_of_python(nx_weakness weak);

#endif
