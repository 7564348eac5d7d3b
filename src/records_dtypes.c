/* records_dtypes.c: the fields of structured dtypes. */
#include "records_builder.h"

#include <stdlib.h>

PyArray_Descr *nx_find_field(PyArray_Descr *dtype, PyObject *name, npy_intp *offset)
{
    PyObject *entry = PyDict_GetItemWithError(PyDataType_FIELDS(dtype), name);
    if (!entry)
        return NULL;
    if (PyTuple_Size(entry) > 2) {
        /* Any object may be a title, and run code where it is compared; NumPy finds fields by text alone. */
        PyObject *title = PyTuple_GetItem(entry, 2);
        const int is_title = PyUnicode_Check(title) && PyUnicode_Compare(title, name) == 0;
        if (is_title && PySequence_Contains(PyDataType_NAMES(dtype), name) != 1)
            return NULL;
    }
    *offset += PyLong_AsSsize_t(PyTuple_GetItem(entry, 1));
    return (PyArray_Descr *)PyTuple_GetItem(entry, 0);
}

typedef struct {
    npy_intp first, end;
} extent;

static int compare_extents(const void *one, const void *other)
{
    const npy_intp a = ((const extent *)one)->first, b = ((const extent *)other)->first;
    return (a > b) - (a < b);
}

int nx_check_disjoint(const nx_builder *b, const nx_path *at, PyArray_Descr *dtype)
{
    PyObject *names = PyDataType_NAMES(dtype);
    const Py_ssize_t count = PyTuple_Size(names);
    extent *const extents = PyMem_Calloc((size_t)count, sizeof *extents);
    if (!extents) {
        PyErr_NoMemory();
        return -1;
    }
    int overlap = 0, sorted = 1;
    Py_ssize_t filled = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        extent *const its = extents + filled;
        its->first = 0;
        PyArray_Descr *const field = nx_find_field(dtype, PyTuple_GetItem(names, i), &its->first);
        its->end = its->first + PyDataType_ELSIZE(field);
        if (its->end == its->first) /* an array of nothing may be anywhere */
            continue;
        sorted &= filled == 0 || extents[filled - 1].first <= its->first;
        filled++;
    }
    if (!sorted)
        qsort(extents, (size_t)filled, sizeof *extents, compare_extents);
    for (Py_ssize_t i = 1; i < filled; i++)
        overlap |= extents[i].first < extents[i - 1].end;
    PyMem_Free(extents);
    return overlap ? nx_refuse(b, at, b->nin, "has fields that overlap, %S; the result cannot be all of them",
                               (PyObject *)dtype)
                   : 0;
}

int nx_have_one_order(PyArray_Descr *one, PyArray_Descr *other)
{
    while (PyDataType_SUBARRAY(one) && PyDataType_SUBARRAY(other)) {
        one = PyDataType_SUBARRAY(one)->base;
        other = PyDataType_SUBARRAY(other)->base;
    }
    PyObject *names = PyDataType_NAMES(one), *others = PyDataType_NAMES(other);
    int same = names && others ? PyObject_RichCompareBool(names, others, Py_EQ) : 1;
    for (Py_ssize_t i = 0; names && same == 1 && i < PyTuple_Size(names); i++) {
        npy_intp unused = 0;
        PyObject *name = PyTuple_GetItem(names, i);
        same = nx_have_one_order(nx_find_field(one, name, &unused), nx_find_field(other, name, &unused));
    }
    return same;
}

int nx_is_plain_layout(PyArray_Descr *dtype)
{
    PyObject *names = PyDataType_NAMES(dtype);
    const int aligned = PyDataType_FLAGCHK(dtype, NPY_ALIGNED_STRUCT);
    npy_intp end = 0;
    for (Py_ssize_t i = 0; i < PyTuple_Size(names); i++) {
        npy_intp offset = 0;
        PyArray_Descr *const field = nx_find_field(dtype, PyTuple_GetItem(names, i), &offset);
        const npy_intp alignment = aligned ? PyDataType_ALIGNMENT(field) : 1;
        if (offset != (end + alignment - 1) / alignment * alignment)
            return 0;
        end = offset + PyDataType_ELSIZE(field);
    }
    const npy_intp alignment = aligned ? PyDataType_ALIGNMENT(dtype) : 1;
    return PyDataType_ELSIZE(dtype) == (end + alignment - 1) / alignment * alignment;
}

/* The titles of the fields, None where there is none; a new list. */
static PyObject *titles_of(PyArray_Descr *dtype)
{
    PyObject *names = PyDataType_NAMES(dtype), *titles = PyList_New(0);
    for (Py_ssize_t i = 0; titles && i < PyTuple_Size(names); i++) {
        PyObject *entry = PyDict_GetItem(PyDataType_FIELDS(dtype), PyTuple_GetItem(names, i));
        if (PyList_Append(titles, PyTuple_Size(entry) > 2 ? PyTuple_GetItem(entry, 2) : Py_None) < 0)
            Py_CLEAR(titles);
    }
    return titles;
}

PyArray_Descr *nx_dtype_like(PyArray_Descr *like, PyObject *formats)
{
    PyArray_Descr *dtype = NULL;
    PyObject *titles = titles_of(like);
    PyObject *parts = titles ? Py_BuildValue("{sOsOsO}", "names", PyDataType_NAMES(like), "formats", formats,
                                             "titles", titles)
                             : NULL;
    if (parts && PyDataType_FLAGCHK(like, NPY_ALIGNED_STRUCT))
        PyArray_DescrAlignConverter(parts, &dtype);
    else if (parts)
        PyArray_DescrConverter(parts, &dtype);
    Py_XDECREF(parts);
    Py_XDECREF(titles);
    return dtype;
}
