/* records_numbers.c: dtypes for Python's own numbers, which adapt to the fields of records. */
#include "records_numbers.h"
#include "records.h"

#include <string.h>

enum { KINDS = NX_WEAK_COMPLEX + 1 };

static int registered[KINDS] = {-1, -1, -1, -1};

int nx_python_type(nx_weakness weak)
{
    return registered[weak];
}

nx_weakness nx_weakness_of(int type)
{
    for (int i = NX_WEAK_INT; i < KINDS; i++)
        if (type == registered[i] && type >= 0)
            return (nx_weakness)i;
    return NX_STRONG;
}

int nx_carrier_of_python(nx_weakness weak)
{
    static const int carriers[KINDS] = {-1, NPY_INT64, NPY_DOUBLE, NPY_CDOUBLE};
    return carriers[weak];
}

#ifndef NPY_2_0_API_VERSION /* headers of NumPy 1 */

int nx_register_python_numbers(void)
{
    return 0;
}

#else

/* ---- Numbers in and out of memory ---- */

static int set_int(PyObject *number, void *item, void *Py_UNUSED(array))
{
    const npy_int64 value = PyLong_AsLongLong(number);
    if (value == -1 && PyErr_Occurred())
        return -1;
    memcpy(item, &value, sizeof value);
    return 0;
}

static PyObject *get_int(void *item, void *Py_UNUSED(array))
{
    npy_int64 value;
    memcpy(&value, item, sizeof value);
    return PyLong_FromLongLong(value);
}

static int set_float(PyObject *number, void *item, void *Py_UNUSED(array))
{
    const double value = PyFloat_AsDouble(number);
    if (value == -1 && PyErr_Occurred())
        return -1;
    memcpy(item, &value, sizeof value);
    return 0;
}

static PyObject *get_float(void *item, void *Py_UNUSED(array))
{
    double value;
    memcpy(&value, item, sizeof value);
    return PyFloat_FromDouble(value);
}

static int set_complex(PyObject *number, void *item, void *Py_UNUSED(array))
{
    const double value[2] = {PyComplex_RealAsDouble(number), PyComplex_ImagAsDouble(number)};
    if (PyErr_Occurred())
        return -1;
    memcpy(item, value, sizeof value);
    return 0;
}

static PyObject *get_complex(void *item, void *Py_UNUSED(array))
{
    double value[2];
    memcpy(value, item, sizeof value);
    return PyComplex_FromDoubles(value[0], value[1]);
}

static void swap_bytes(char *first, int size)
{
    for (char *last = first + size - 1; first < last; first++, last--) {
        const char byte = *first;
        *first = *last;
        *last = byte;
    }
}

static void copy_number(void *to, void *from, int swaps, void *Py_UNUSED(array))
{
    if (from)
        memmove(to, from, 8);
    if (swaps)
        swap_bytes(to, 8);
}

static void copy_complex(void *to, void *from, int swaps, void *array)
{
    for (int i = 0; i < 2; i++)
        copy_number((char *)to + 8 * i, from ? (char *)from + 8 * i : NULL, swaps, array);
}

/* ---- Registration ---- */

/* By a safe cast from its own dtype of such numbers NumPy finds that a Python number becomes one of these.
   NumPy 2.0 runs it, too; later releases write the Python number. */
static void cast_numbers(void *from, void *to, npy_intp n, void *Py_UNUSED(from_array),
                         void *Py_UNUSED(to_array))
{
    memcpy(to, from, 8 * (size_t)n);
}

static void cast_complex(void *from, void *to, npy_intp n, void *from_array, void *to_array)
{
    cast_numbers(from, to, 2 * n, from_array, to_array);
}

static PyArray_ArrFuncs functions[KINDS];

static const struct {
    const char *name;
    int size;
    PyArray_SetItemFunc *set;
    PyArray_GetItemFunc *get;
    PyArray_CopySwapFunc *copy;
    PyArray_VectorUnaryFunc *cast;
} numbers[KINDS] = {
    [NX_WEAK_INT] = {"numpy_ext.python_int", 8, set_int, get_int, copy_number, cast_numbers},
    [NX_WEAK_FLOAT] = {"numpy_ext.python_float", 8, set_float, get_float, copy_number, cast_numbers},
    [NX_WEAK_COMPLEX] = {"numpy_ext.python_complex", 16, set_complex, get_complex, copy_complex,
                         cast_complex},
};

static int register_number(int i)
{
    PyType_Slot no_slots[] = {{0, NULL}};
    PyType_Spec spec = {numbers[i].name, 0, 0, Py_TPFLAGS_DEFAULT, no_slots};
    PyObject *scalar = PyType_FromSpec(&spec); /* kept by NumPy, as the dtype is */
    if (!scalar)
        return -1;
    PyArray_InitArrFuncs(functions + i);
    functions[i].setitem = numbers[i].set;
    functions[i].getitem = numbers[i].get;
    functions[i].copyswap = numbers[i].copy;
    PyArray_DescrProto made = {
        PyObject_HEAD_INIT(&PyArrayDescr_Type).typeobj = (PyTypeObject *)scalar,
        .kind = 'V', /* of a number, NumPy would take it for its own of that size */
        .type = '?',
        .byteorder = '=',
        .elsize = numbers[i].size,
        .alignment = 8,
        .f = functions + i,
    };
    const int type = PyArray_RegisterDataType(&made);
    PyArray_Descr *numpys = type < 0 ? NULL : PyArray_DescrFromType(nx_carrier_of_python((nx_weakness)i));
    const int failed = !numpys || PyArray_RegisterCastFunc(numpys, type, numbers[i].cast) < 0 ||
                       PyArray_RegisterCanCast(numpys, type, NPY_NOSCALAR) < 0;
    Py_XDECREF((PyObject *)numpys);
    if (failed)
        return -1;
    registered[i] = type;
    return 0;
}

int nx_register_python_numbers(void)
{
    for (int i = NX_WEAK_INT; i < KINDS && nx_is_numpy_2(); i++)
        if (registered[i] < 0 && register_number(i) < 0)
            return -1;
    return 0;
}

#endif
