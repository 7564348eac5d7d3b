/* nx_labels.h: labels of any integer dtype, for gufuncs that keep one number for each label. A row names the
   dtype of its labels as `data`, so no loop is compiled once more for every dtype of labels. */
#ifndef NX_LABELS_H
#define NX_LABELS_H

#include "nx.h"

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
        return is_signed ? (npy_uint64)*(const npy_int8 *)label : *(const npy_uint8 *)label;
    case 2:
        return is_signed ? (npy_uint64)*(const npy_int16 *)label : *(const npy_uint16 *)label;
    case 4:
        return is_signed ? (npy_uint64)*(const npy_int32 *)label : *(const npy_uint32 *)label;
    default:
        return *(const npy_uint64 *)label;
    }
}

NX_INLINE int nx_is_bad_label(npy_uint64 label, npy_intp count, int is_signed)
{
    return label >= (npy_uint64)count && !(is_signed && label == (npy_uint64)-1);
}

/* All are copied before the first bad one is looked for: so the copy runs in SIMD lanes. */
NX_INLINE npy_intp nx_copy_labels(const char *labels, npy_intp stride, npy_intp n, npy_intp count, int size,
                                  int is_signed, npy_intp *to)
{
    int bad = 0;
    for (npy_intp i = 0; i < n; i++) {
        const npy_uint64 label = nx_label(labels + i * stride, size, is_signed);
        bad |= nx_is_bad_label(label, count, is_signed);
        to[i] = (npy_intp)label;
    }
    npy_intp good = bad ? 0 : n;
    while (good < n && !nx_is_bad_label(nx_label(labels + good * stride, size, is_signed), count, is_signed))
        good++;
    return good;
}

/* Copies n labels, `stride` bytes apart. Returns how many stand before the first that is neither -1 nor in
   0 .. count - 1. */
static inline npy_intp nx_read_labels(const nx_label_type *type, const char *labels, npy_intp stride,
                                      npy_intp n, npy_intp count, npy_intp *to)
{
#define NX_COPY(size)                                                                                        \
    (stride != (size)    ? nx_copy_labels(labels, stride, n, count, size, type->is_signed, to)               \
     : type->is_signed   ? nx_copy_labels(labels, size, n, count, size, 1, to)                               \
                         : nx_copy_labels(labels, size, n, count, size, 0, to))
    switch (type->size) {
    case 1:
        return NX_COPY(1);
    case 2:
        return NX_COPY(2);
    case 4:
        return NX_COPY(4);
    default:
        return NX_COPY(8);
    }
#undef NX_COPY
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
        PyErr_Format(PyExc_IndexError, "labels[%zd] is %S; there are no states, so a label can only be -1",
                     (Py_ssize_t)position, number);
    Py_XDECREF(number);
    NPY_DISABLE_C_API;
}

#endif
