/* records_errors.c: what is wrong with the records of a call, and where. */
#include "records_builder.h"

static const char *ufunc_name(const nx_builder *b)
{
    return b->call->scalar->ufunc->name;
}

/* "position.x", a new reference; "" above all fields. */
static PyObject *path_text(const nx_path *at)
{
    if (!at)
        return PyUnicode_FromString("");
    PyObject *above = path_text(at->above);
    PyObject *text = !above      ? NULL
                     : at->above ? PyUnicode_FromFormat("%U.%U", above, at->name)
                                 : PyUnicode_FromObject(at->name);
    Py_XDECREF(above);
    return text;
}

/* "field 'x' of input 0", a new reference. */
PyObject *nx_place_text(const nx_builder *b, const nx_path *at, int operand)
{
    PyObject *names = path_text(at);
    if (!names)
        return NULL;
    const char *const role = operand < b->nin ? "input" : "output";
    PyObject *text = at ? PyUnicode_FromFormat("field '%U' of %s %d", names, role, operand % b->nin)
                        : PyUnicode_FromFormat("%s %d", role, operand % b->nin);
    Py_DECREF(names);
    return text;
}

/* Sets a TypeError, which begins with the function and the place; `what` has one %S for `object`. */
int nx_refuse(const nx_builder *b, const nx_path *at, int operand, const char *what, PyObject *object)
{
    PyObject *where = nx_place_text(b, at, operand),
             *rule = where ? PyUnicode_FromFormat(what, object) : NULL;
    if (rule)
        PyErr_Format(PyExc_TypeError, "%s: %U %U", ufunc_name(b), where, rule);
    Py_XDECREF(where);
    Py_XDECREF(rule);
    return -1;
}

/* The names of the fields that hold numbers or records, for an error. */
static PyObject *names_with_arithmetic(PyArray_Descr *dtype)
{
    PyObject *names = PyDataType_NAMES(dtype), *good = PyList_New(0);
    for (Py_ssize_t i = 0; good && i < PyTuple_Size(names); i++) {
        PyObject *name = PyTuple_GetItem(names, i);
        PyArray_Descr *field =
            (PyArray_Descr *)PyTuple_GetItem(PyDict_GetItem(PyDataType_FIELDS(dtype), name), 0);
        if (PyDataType_SUBARRAY(field))
            field = PyDataType_SUBARRAY(field)->base;
        if ((nx_is_number(field) || PyDataType_NAMES(field)) && PyList_Append(good, name) < 0)
            Py_CLEAR(good);
    }
    return good;
}

int nx_refuse_field(const nx_builder *b, const nx_path *at, int operand, PyArray_Descr *dtype)
{
    PyArray_Descr *const all = b->call->records[operand];
    if (!at)
        return nx_refuse(b, at, operand, "has dtype %S, which has no fields", (PyObject *)dtype);
    PyObject *good = names_with_arithmetic(all), *names = good ? path_text(at) : NULL;
    if (names && PyList_Size(good) > 0 && !at->above)
        PyErr_Format(PyExc_TypeError,
                     "%s: field '%U' of %s %d has dtype %S, which has no arithmetic; "
                     "leave it out with a view of other fields, such as a[%R]",
                     ufunc_name(b), names, operand < b->nin ? "input" : "output", operand % b->nin, dtype,
                     good);
    else if (names)
        nx_refuse(b, at, operand,
                  "has dtype %S, which has no arithmetic; leave it out with a view of other fields, a[[...]]",
                  (PyObject *)dtype);
    Py_XDECREF(good);
    Py_XDECREF(names);
    return -1;
}

int nx_refuse_pair(const nx_builder *b, const nx_path *at, int other, const char *what, PyObject *first_has,
                   PyObject *other_has)
{
    PyObject *one = nx_place_text(b, at, b->first), *two = one ? nx_place_text(b, at, other) : NULL;
    if (two)
        PyErr_Format(PyExc_TypeError, "%s: %U has %s %S, %U has %S; they must be the same", ufunc_name(b),
                     one, what, first_has, two, other_has);
    Py_XDECREF(one);
    Py_XDECREF(two);
    return -1;
}
