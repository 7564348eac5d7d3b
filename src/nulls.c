/* nulls.c: what numpy_ext.lift does to columns with nulls: the values that are valid, side by side, and back.
   Eight rows at a time and without a branch, since nulls come in no order that a processor could foresee. */
#include "nulls.h"

#include <numpy_ext/interface.h>

#include <stdint.h>
#include <string.h>

static const uint64_t EACH_BYTE = 0x0101010101010101;

/* How many of the rows 0 to j are valid, in byte j; a bool that is not 0 counts once. */
static inline uint64_t count_eight(const npy_bool *valid)
{
    uint64_t word;
    memcpy(&word, valid, sizeof word);
#if NPY_BYTE_ORDER == NPY_BIG_ENDIAN
    word = __builtin_bswap64(word);
#endif
    word |= word >> 4;
    word |= word >> 2;
    word |= word >> 1;
    return (word & EACH_BYTE) * EACH_BYTE;
}

#define BEFORE(counts, j) ((j) ? (counts) >> (8 * ((j)-1)) & 255 : 0)

typedef struct {
    uint64_t parts[2];
} uint128;

/* The first if `valid`, else the second: by a mask, since GCC makes a branch of a question beside a store. */
#define PICK(T)                                                                                              \
    static inline T pick_##T(npy_bool valid, T first, T second)                                              \
    {                                                                                                        \
        const T mask = (T) - (T)(valid != 0);                                                                \
        return (T)((first & mask) | (second & (T)~mask));                                                    \
    }
PICK(uint8_t)
PICK(uint16_t)
PICK(uint32_t)
PICK(uint64_t)

static inline uint128 pick_uint128(npy_bool valid, uint128 first, uint128 second)
{
    return (uint128){{pick_uint64_t(valid, first.parts[0], second.parts[0]),
                      pick_uint64_t(valid, first.parts[1], second.parts[1])}};
}

/* compress writes one value past the last valid one, which the next one replaces. expand reads no further
   than the last value; where there are fewer than nine, it goes row by row. */
#define LOOPS(T)                                                                                             \
    static inline void cover_##T(const npy_bool *valid, npy_intp n, T fill, T *out)                          \
    {                                                                                                        \
        for (npy_intp i = 0; i < n; i++)                                                                     \
            out[i] = pick_##T(valid[i], out[i], fill);                                                       \
    }                                                                                                        \
    static void compress_##T(const T *x, const npy_bool *valid, npy_intp n, T *out)                          \
    {                                                                                                        \
        npy_intp i = 0;                                                                                      \
        for (; n - i >= 8; i += 8) {                                                                         \
            const uint64_t counts = count_eight(valid + i);                                                  \
            for (int j = 0; j < 8; j++)                                                                      \
                out[BEFORE(counts, j)] = x[i + j];                                                           \
            out += counts >> 56;                                                                             \
        }                                                                                                    \
        for (; i < n; i++) {                                                                                 \
            *out = x[i];                                                                                     \
            out += valid[i] != 0;                                                                            \
        }                                                                                                    \
    }                                                                                                        \
    static void expand_##T(const T *x, npy_intp count, const npy_bool *valid, npy_intp n, T fill, T *out)    \
    {                                                                                                        \
        const T *const end = x + count;                                                                      \
        npy_intp i = 0;                                                                                      \
        for (; n - i >= 8 && end - x > 8; i += 8) {                                                          \
            const uint64_t counts = count_eight(valid + i);                                                  \
            for (int j = 0; j < 8; j++) {                                                                    \
                const T value = x[BEFORE(counts, j)];                                                        \
                out[i + j] = valid[i + j] ? value : fill;                                                    \
            }                                                                                                \
            x += counts >> 56;                                                                               \
        }                                                                                                    \
        for (; i < n; i++)                                                                                   \
            out[i] = valid[i] ? *x++ : fill;                                                                 \
    }
LOOPS(uint8_t)
LOOPS(uint16_t)
LOOPS(uint32_t)
LOOPS(uint64_t)
LOOPS(uint128)

/* ---- From Python ---- */

typedef enum { COMPRESS, EXPAND, COVER } task;

#define DECLARE(level) extern const nx_moves NX_MOVES(level);
NX_EACH_LEVEL(DECLARE)
#define LEVEL(level) {#level, &NX_MOVES(level)},
static const struct {
    const char *name;
    const nx_moves *moves;
} levels[] = {NX_EACH_LEVEL(LEVEL)};

static const nx_moves *lanes; /* of the level that was chosen */

static void run(task task, PyArrayObject *x, PyArrayObject *valid, const void *fill, void *out)
{
    const npy_bool *const v = PyArray_DATA(valid);
    const npy_intp count = PyArray_DIM(x, 0), n = PyArray_DIM(valid, 0);
    const void *const from = PyArray_DATA(x);
#define CASE(T)                                                                                              \
    case sizeof(T):                                                                                          \
        if (task == COMPRESS)                                                                                \
            compress_##T(from, v, n, out);                                                                   \
        else if (task == EXPAND)                                                                             \
            expand_##T(from, count, v, n, *(const T *)fill, out);                                            \
        else                                                                                                 \
            cover_##T(v, n, *(const T *)fill, out);                                                          \
        break;
    const int size = (int)PyArray_ITEMSIZE(x);
    if (size == 8 && lanes->compress) {
        if (task == COMPRESS)
            lanes->compress(from, v, n, out);
        else if (task == EXPAND)
            lanes->expand(from, count, v, n, fill, out);
        else
            lanes->cover(v, n, fill, out);
        return;
    }
    switch (size) {
        CASE(uint8_t)
        CASE(uint16_t)
        CASE(uint32_t)
        CASE(uint64_t)
        CASE(uint128)
    }
}

static void run_without_lock(task task, PyArrayObject *x, PyArrayObject *valid, const void *fill, void *out)
{
    NPY_BEGIN_THREADS_DEF;
    NPY_BEGIN_THREADS;
    run(task, x, valid, fill, out);
    NPY_END_THREADS;
}

/* Whether these are contiguous columns of numbers and of bools. */
static int are_columns(PyArrayObject *x, PyArrayObject *valid)
{
    const npy_intp size = PyArray_ITEMSIZE(x);
    if (PyArray_NDIM(x) == 1 && PyArray_NDIM(valid) == 1 && PyArray_ISCARRAY_RO(x) &&
        PyArray_ISCARRAY_RO(valid) && PyArray_TYPE(valid) == NPY_BOOL &&
        !PyDataType_REFCHK(PyArray_DESCR(x)) &&
        (size == 1 || size == 2 || size == 4 || size == 8 || size == 16))
        return 1;
    PyErr_SetString(PyExc_TypeError, "columns with nulls are contiguous numbers beside contiguous bools");
    return 0;
}

/* The operands of a call, borrowed; 0 with an exception. *fill is an aligned copy of the third. */
static int get_columns(PyObject *args, int wanted, PyArrayObject **x, PyArrayObject **valid, uint128 *fill)
{
    PyObject *first, *second, *third = NULL;
    if (!PyArg_UnpackTuple(args, "columns with nulls", wanted, wanted, &first, &second, &third))
        return 0;
    if (!PyArray_Check(first) || !PyArray_Check(second) || (third && !PyArray_Check(third))) {
        PyErr_SetString(PyExc_TypeError, "columns with nulls are arrays");
        return 0;
    }
    *x = (PyArrayObject *)first;
    *valid = (PyArrayObject *)second;
    if (!are_columns(*x, *valid))
        return 0;
    PyArrayObject *const value = (PyArrayObject *)third;
    if (value && (PyArray_SIZE(value) != 1 || !PyArray_EquivTypes(PyArray_DESCR(value), PyArray_DESCR(*x)))) {
        PyErr_SetString(PyExc_TypeError, "what stands under nulls is one value of the dtype of the column");
        return 0;
    }
    if (value)
        memcpy(fill, PyArray_DATA(value), (size_t)PyArray_ITEMSIZE(value));
    return 1;
}

static int fits(npy_intp values, npy_intp rows, npy_intp length)
{
    if (values == rows)
        return 1;
    PyErr_Format(PyExc_ValueError, "%zd values for %zd rows, of a column of %zd", (Py_ssize_t)values,
                 (Py_ssize_t)rows, (Py_ssize_t)length);
    return 0;
}

static PyArrayObject *make_column(PyArrayObject *like, npy_intp n)
{
    PyArray_Descr *const dtype = PyArray_DESCR(like);
    Py_INCREF((PyObject *)dtype);
    return (PyArrayObject *)PyArray_NewFromDescr(&PyArray_Type, dtype, 1, &n, NULL, NULL, 0, NULL);
}

static PyObject *compress(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyArrayObject *x, *valid;
    if (!get_columns(args, 2, &x, &valid, NULL) ||
        !fits(PyArray_DIM(x, 0), PyArray_DIM(valid, 0), PyArray_DIM(valid, 0)))
        return NULL;
    const npy_intp count = PyArray_CountNonzero(valid);
    /* Of the full length: what comes of the rows takes this memory next, which is not new then. */
    PyArrayObject *const made = count < 0 ? NULL : make_column(x, PyArray_DIM(valid, 0) + NX_ROOM);
    if (!made)
        return NULL;
    run_without_lock(COMPRESS, x, valid, NULL, PyArray_DATA(made));
    PyObject *part = PySequence_GetSlice((PyObject *)made, 0, count);
    Py_DECREF((PyObject *)made);
    return part;
}

static PyObject *expand(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyArrayObject *x, *valid;
    uint128 fill;
    if (!get_columns(args, 3, &x, &valid, &fill))
        return NULL;
    const npy_intp count = PyArray_CountNonzero(valid), n = PyArray_DIM(valid, 0);
    if (count < 0 || !fits(PyArray_DIM(x, 0), count, n))
        return NULL;
    PyArrayObject *const made = make_column(x, n);
    if (made)
        run_without_lock(EXPAND, x, valid, &fill, PyArray_DATA(made));
    return (PyObject *)made;
}

static PyObject *cover(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyArrayObject *x, *valid;
    uint128 fill;
    if (!get_columns(args, 3, &x, &valid, &fill) ||
        !fits(PyArray_DIM(x, 0), PyArray_DIM(valid, 0), PyArray_DIM(valid, 0)) ||
        PyArray_FailUnlessWriteable(x, "the column") < 0)
        return NULL;
    run_without_lock(COVER, x, valid, &fill, PyArray_DATA(x));
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"compress", compress, METH_VARARGS, "compress(values, valid): the values where `valid` is True."},
    {"expand", expand, METH_VARARGS,
     "expand(values, valid, fill): the values in the rows where `valid` is True, and `fill` in the others."},
    {"cover", cover, METH_VARARGS, "cover(values, valid, fill): writes `fill` where `valid` is False."},
    {NULL, NULL, 0, NULL},
};

int nx_add_nulls(PyObject *module, const char *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(levels[i].name, level) == 0)
            lanes = levels[i].moves;
    return PyModule_AddFunctions(module, methods);
}
