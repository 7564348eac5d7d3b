/* records_builder.h: what the makers of a plan share. */
#ifndef RECORDS_BUILDER_H
#define RECORDS_BUILDER_H

#include "numpy_loops.h"
#include "records_plan.h"

#include <string.h>

#ifndef NPY_2_0_API_VERSION /* headers of NumPy 1 */
#define PyDataType_ELSIZE(dtype) ((npy_intp)(dtype)->elsize)
#define PyDataType_ALIGNMENT(dtype) ((npy_intp)(dtype)->alignment)
#define PyDataType_NAMES(dtype) ((dtype)->names)
#define PyDataType_FIELDS(dtype) ((dtype)->fields)
#define PyDataType_SUBARRAY(dtype) ((dtype)->subarray)
#endif

enum { NX_KNOWN_ROWS = 8, NX_TYPES = NPY_HALF + 1 };

typedef struct {
    nx_record_call *call;
    nx_record_plan *plan;
    int nin, nargs, first;            /* the first operand that holds records */
    PyArrayObject *samples[NX_TYPES]; /* for NumPy to choose by */
    struct {
        int types[NX_RECORD_OPERANDS], row;
    } known[NX_KNOWN_ROWS];
    int known_count;
    nx_record_dimension around[NX_RECORD_DEPTH]; /* of the arrays that hold what is planned */
    npy_intp depth;
} nx_builder;

/* The names on the way to a field; NULL stands for the records. */
typedef struct nx_path {
    const struct nx_path *above;
    PyObject *name;
} nx_path;

/* ---- records_errors.c: all set a TypeError and return -1 ---- */

/* "field 'x' of input 0", a new reference. */
PyObject *nx_place_text(const nx_builder *b, const nx_path *at, int operand);

/* `what` follows the place, and has one %S for `object`. */
int nx_refuse(const nx_builder *b, const nx_path *at, int operand, const char *what, PyObject *object);
int nx_refuse_field(const nx_builder *b, const nx_path *at, int operand, PyArray_Descr *dtype);
int nx_refuse_pair(const nx_builder *b, const nx_path *at, int other, const char *what, PyObject *first_has,
                   PyObject *other_has);

/* ---- records_dtypes.c ---- */

/* A field of a dtype; adds its offset. A title is no name. NULL, mostly without an exception, if there is
 * none. */
PyArray_Descr *nx_find_field(PyArray_Descr *dtype, PyObject *name, npy_intp *offset);

/* Whether the names of two dtypes that match stand in one order, at every depth; -1 with an exception. */
int nx_have_one_order(PyArray_Descr *one, PyArray_Descr *other);

/* Whether a dtype is as NumPy lays it out from its fields alone. */
int nx_is_plain_layout(PyArray_Descr *dtype);

/* A new dtype with the names, titles and alignment of `like` and other formats. */
PyArray_Descr *nx_dtype_like(PyArray_Descr *like, PyObject *formats);

/* Fields that share bytes cannot all be written: -1 with a TypeError. */
int nx_check_disjoint(const nx_builder *b, const nx_path *at, PyArray_Descr *dtype);

/* ---- records_fields.c ---- */

int nx_is_number(const PyArray_Descr *dtype);
int nx_is_number_type(int type);

/* The row of the scalar ufunc for inputs of these types, -1 with an exception. */
int nx_choose_row(nx_builder *b, const nx_path *at, const int *types);

/* What stands between an operand and the loop. `dtype` is NULL for plain numbers. */
int nx_plan_field(nx_builder *b, const nx_path *at, int operand, PyArray_Descr *dtype, int loop_type,
                  nx_record_field *field);

#endif
