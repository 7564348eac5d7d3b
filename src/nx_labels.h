/* nx_labels.h: labels of any integer dtype, for gufuncs that keep one number for each label. A row names the
   dtype of its labels as `data`, so no loop is compiled once more for every dtype of labels. */
#ifndef NX_LABELS_H
#define NX_LABELS_H

#include <numpy_ext/ufunc.h>

typedef struct {
    int size;
    int is_signed;
} nx_label_type;

/* X(letter of the dtype, its nx_label_type), for the tables; with what else the caller passes. */
#define NX_LABELS(X, ...)                                                                                    \
    X("b", &nx_labels_int8, __VA_ARGS__)                                                                     \
    X("B", &nx_labels_uint8, __VA_ARGS__)                                                                    \
    X("h", &nx_labels_int16, __VA_ARGS__)                                                                    \
    X("H", &nx_labels_uint16, __VA_ARGS__)                                                                   \
    X("i", &nx_labels_int32, __VA_ARGS__)                                                                    \
    X("I", &nx_labels_uint32, __VA_ARGS__)                                                                   \
    X("l", &nx_labels_long, __VA_ARGS__)                                                                     \
    X("L", &nx_labels_ulong, __VA_ARGS__)                                                                    \
    X("q", &nx_labels_int64, __VA_ARGS__)                                                                    \
    X("Q", &nx_labels_uint64, __VA_ARGS__)

static const nx_label_type nx_labels_int8 = {1, 1}, nx_labels_uint8 = {1, 0}, nx_labels_int16 = {2, 1},
                           nx_labels_uint16 = {2, 0}, nx_labels_int32 = {4, 1}, nx_labels_uint32 = {4, 0},
                           nx_labels_long = {sizeof(npy_long), 1}, nx_labels_ulong = {sizeof(npy_long), 0},
                           nx_labels_int64 = {8, 1}, nx_labels_uint64 = {8, 0};

/* A label as 64 bits; the sign is extended. */
NX_INLINE npy_uint64 nx_label(const char *label, int size, int is_signed)
{
    switch (size) {
    case 1:
        return is_signed ? (npy_uint64) * (const npy_int8 *)label : *(const npy_uint8 *)label;
    case 2:
        return is_signed ? (npy_uint64) * (const npy_int16 *)label : *(const npy_uint16 *)label;
    case 4:
        return is_signed ? (npy_uint64) * (const npy_int32 *)label : *(const npy_uint32 *)label;
    default:
        return *(const npy_uint64 *)label;
    }
}

NX_INLINE void nx_copy_labels(const char *labels, npy_intp stride, npy_intp n, int size, int is_signed,
                              npy_intp *to)
{
    for (npy_intp i = 0; i < n; i++) {
        const npy_uint64 label = nx_label(labels + i * stride, size, is_signed);
        /* Without a sign no label is -1: what would be, becomes one that is out of range for certain. */
        to[i] = !is_signed && label > NPY_MAX_INTP ? NPY_MAX_INTP : (npy_intp)label;
    }
}

/* n labels, `stride` bytes apart, as npy_intp one after the other: where they are, or copied to `buffer`. */
static inline const npy_intp *nx_labels_as_intp(const nx_label_type *type, const char *labels,
                                                npy_intp stride, npy_intp n, npy_intp *buffer)
{
    if (type->size == sizeof(npy_intp) && type->is_signed && stride == sizeof(npy_intp))
        return (const npy_intp *)labels;
    switch (type->size * (type->is_signed ? 1 : -1)) {
    case 1:
        nx_copy_labels(labels, stride, n, 1, 1, buffer);
        break;
    case -1:
        nx_copy_labels(labels, stride, n, 1, 0, buffer);
        break;
    case 2:
        nx_copy_labels(labels, stride, n, 2, 1, buffer);
        break;
    case -2:
        nx_copy_labels(labels, stride, n, 2, 0, buffer);
        break;
    case 4:
        nx_copy_labels(labels, stride, n, 4, 1, buffer);
        break;
    case -4:
        nx_copy_labels(labels, stride, n, 4, 0, buffer);
        break;
    case 8:
        nx_copy_labels(labels, stride, n, 8, 1, buffer);
        break;
    default:
        nx_copy_labels(labels, stride, n, 8, 0, buffer);
    }
    return buffer;
}

/* Sets the IndexError of a label, unless an error is set already: NumPy may call a loop again after one. */
static inline void nx_bad_label(const nx_label_type *type, const char *label, npy_intp position,
                                npy_intp count)
{
    const npy_uint64 value = nx_label(label, type->size, type->is_signed);
    NPY_ALLOW_C_API_DEF
    NPY_ALLOW_C_API;
    PyObject *number = NULL;
    if (!PyErr_Occurred())
        number = type->is_signed ? PyLong_FromLongLong((npy_longlong)value)
                                 : PyLong_FromUnsignedLongLong((npy_ulonglong)value);
    if (number && count)
        PyErr_Format(PyExc_IndexError, "labels[%zd] is %S; a label is -1 or from 0 up to %zd here",
                     (Py_ssize_t)position, number, (Py_ssize_t)count - 1);
    else if (number)
        PyErr_Format(PyExc_IndexError, "labels[%zd] is %S; there are no groups, so a label can only be -1",
                     (Py_ssize_t)position, number);
    Py_XDECREF(number);
    NPY_DISABLE_C_API;
}

#endif
