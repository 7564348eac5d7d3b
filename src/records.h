/* records.h: ufuncs on structured dtypes. */
#ifndef RECORDS_H
#define RECORDS_H

#include "records_plan.h"

/* The arithmetic of records: numpy_ext.records. These are kept for the operators, whatever becomes of the
   module that made them. */
enum { NX_RECORD_UFUNCS = 5 };
extern nx_scalar_ufunc nx_record_ufuncs[NX_RECORD_UFUNCS];

/* Makes these ufuncs and teaches axpy records; all are in the dict `record_ufuncs` of the module then. */
int nx_add_records(PyObject *module);

int nx_is_numpy_2(void);

/* For a reduction that starts from the first record, which NumPy copies by position: -1 with a TypeError
   where the output has the fields of the array in another order. */
int nx_check_first_record(const PyUFuncObject *ufunc, PyArray_Descr *of, PyArray_Descr *out);

/* Makes the plan that the loop on this thread finds, unless it is there. *result: a new reference to the
   dtype of an output that is still to be made, NULL if there is one. */
int nx_provide_plan(nx_record_call *call, PyArray_Descr **result);

/* Where Python code may run before the loop: that of an `initial` that is no number, in a reduction, and on
   NumPy 1 of an `__array_prepare__`. Calls from there are refused, since the loop would find their plan.
   Gives a copy of the dtype for NumPy, by which it is seen that the call goes on; a new reference. */
PyArray_Descr *nx_wait_for_loop(PyArray_Descr *dtype);
nx_record_plan *nx_thread_plan(void);
nx_record_plan *nx_begin_plan(void); /* by the loop */

/* set_operators(on): whether NumPy's own ufuncs take records; NotImplementedError before NumPy 2. */
PyObject *nx_set_operators(PyObject *module, PyObject *on);

#endif
