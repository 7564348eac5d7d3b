/* records_plan.h: arithmetic on records as calls of scalar loops, one for each field. A plan holds no Python
   object, so it runs without the GIL, on any thread. */
#ifndef RECORDS_PLAN_H
#define RECORDS_PLAN_H

#include "records_convert.h"
#include "threads.h"

enum { NX_RECORD_OPERANDS = 4, NX_RECORD_DEPTH = 32 };

/* ---- The plan ---- */

/* A dimension inside a record: elements of a subarray, their number and distance in each operand. */
typedef struct {
    npy_intp count, d[NX_RECORD_OPERANDS];
} nx_record_dimension;

/* A field in one operand: where it is, and what stands between it and the loop. Bytes are swapped in units of
   `swapped`, if that is not 0; then `first` and `then` convert, if they are not NULL. */
typedef struct {
    npy_intp offset;
    int size, loop_size, loop_alignment, swapped;
    nx_convert *first, *then;
} nx_record_field;

/* One call of a scalar loop: a field of numbers, or neighbours of one type, which are a dimension then. */
typedef struct {
    PyUFuncGenericFunction loop;
    void *data;
    nx_record_field fields[NX_RECORD_OPERANDS];
    int converts;
    npy_intp first_dimension, dimensions;
} nx_record_leaf;

/* What a Python integer must not pass, and whose limit that is. */
typedef struct {
    npy_int64 value;
    char field[64];
    int type;
} nx_integer_limit;

typedef struct {
    int nin, nargs;
    npy_intp sizes[NX_RECORD_OPERANDS]; /* of a record; 0 for plain numbers */
    nx_record_leaf *leaves;
    npy_intp leaf_count, leaf_room;
    nx_record_dimension *dimensions;
    npy_intp dimension_count, dimension_room;
    npy_intp numbers;              /* in a record */
    int alignment;                 /* that all loops want */
    int is_nested;                 /* there are records inside the records */
    int moves[NX_RECORD_OPERANDS]; /* whether a field is elsewhere in the output */
    nx_integer_limit lowest, highest;
} nx_record_plan;

/* ---- How one is made ---- */

/* The ufunc whose loops serve the fields, and how NumPy chooses among them. */
typedef struct {
    PyUFuncObject *ufunc;
    PyUFunc_TypeResolutionFunc *choose;
} nx_scalar_ufunc;

/* Python's own numbers, which adapt to the fields. */
enum { NX_WAS_PYTHON = 7 << 28, NX_WAS_PYTHON_INT = 1 << 30 }; /* NumPy 2 marks arrays of them so */
typedef enum { NX_STRONG, NX_WEAK_INT, NX_WEAK_FLOAT, NX_WEAK_COMPLEX } nx_weakness;

/* A call to plan. Of an operand that holds records, `records` has the dtype; of any other, `plain` has an
   array that tells NumPy how it promotes, `carrier` the type its numbers come in, and `weak` whether it
   adapts. An output that is still to be made has none of these. */
typedef struct {
    const nx_scalar_ufunc *scalar;
    NPY_CASTING casting;
    PyArray_Descr *records[NX_RECORD_OPERANDS];
    PyArrayObject *plain[NX_RECORD_OPERANDS];
    int carrier[NX_RECORD_OPERANDS];
    nx_weakness weak[NX_RECORD_OPERANDS];
    int has_arrays;     /* of records, that is with dimensions */
    NPY_CASTING needed; /* set: what the conversions of the fields need at least */
} nx_record_call;

/* A new plan, NULL with an exception. *result is a new reference to the dtype of an output that is still to
   be made, NULL if there is one. */
nx_record_plan *nx_plan_records(nx_record_call *call, PyArray_Descr **result);
void nx_free_record_plan(nx_record_plan *plan);

/* -1 with an OverflowError where a Python integer does not fit into a field. */
int nx_check_python_integer(const nx_record_plan *plan, npy_int64 value);

/* Runs a plan on records, as a loop of a ufunc does; threads may share it. */
void nx_run_records(char **p, npy_intp const *n, npy_intp const *d, nx_record_plan *plan);

#endif
