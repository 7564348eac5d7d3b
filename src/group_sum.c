/* group_sum.c: the total of each label. The lower half is read again for every dtype. */
#ifndef T
#include "nx_labels.h"

#include <string.h>

static const char group_sum_doc[] =
    "group_sum(x, labels, start, /, ...)\n"
    "\n"
    "Sum of the values of each label, added to `start`.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values.\n"
    "labels : (..., n) array_like of integers\n"
    "    The group of each value, from 0 to g - 1, of any integer dtype; -1 leaves\n"
    "    the value out. Rows may be in any order.\n"
    "start : (..., g) array_like\n"
    "    The totals so far, one for each group; zeros to begin with. With a `start`\n"
    "    of integers, integers are added as integers.\n"
    "out, axes, casting, order, dtype, subok, signature : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., g) ndarray\n"
    "    The totals: int64 or uint64 when `x` and `start` are integers, as `start`\n"
    "    is; float64 otherwise.\n"
    "\n"
    "Raises\n"
    "------\n"
    "IndexError\n"
    "    A label is neither -1 nor from 0 to g - 1; the message names its position\n"
    "    and value.\n"
    "OverflowError\n"
    "    A total of integers passes the limits of its dtype.\n"
    "TypeError\n"
    "    An input casts to no loop safely, such as labels that are floats.\n"
    "ValueError\n"
    "    The shapes do not fit, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "group_count : How many values each label has.\n"
    "group_mean : Their mean.\n"
    "numpy.bincount, numpy.add.at : Other ways to totals.\n"
    "\n"
    "Notes\n"
    "-----\n"
    ".. math:: out_k = start_k + \\sum_{i\\,:\\,labels_i = k} x_i\n"
    "\n"
    "Values are added one after the other, in the order of the rows, in float64 or in\n"
    "integers. So the totals of chunks, each begun from the totals of the one before, are\n"
    "those of one call, bit for bit; and a group has the bits of a plain loop over its\n"
    "values. Labels are read as they are, and nothing is copied to another dtype.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> nx.group_sum([0.5, 1.0, 2.0, 4.0], [0, 1, 0, -1], np.zeros(2))\n"
    "array([2.5, 1. ])\n"
    "\n"
    "Integers stay integers:\n"
    "\n"
    ">>> nx.group_sum([2**62, 1, 2], [0, 1, 1], np.zeros(2, dtype=np.int64))\n"
    "array([4611686018427387904,                   3])\n";

static const char group_count_doc[] =
    "group_count(labels, start, /, ...)\n"
    "\n"
    "How many values each label has, added to `start`.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "labels : (..., n) array_like of integers\n"
    "    The group of each value, from 0 to g - 1, of any integer dtype; -1 is left\n"
    "    out.\n"
    "start : (..., g) array_like\n"
    "    The counts so far, one for each group; zeros to begin with.\n"
    "out, axes, casting, order, dtype, subok, signature : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., g) ndarray\n"
    "    The counts: int64, uint64 or float64, as `start` is.\n"
    "\n"
    "Raises\n"
    "------\n"
    "IndexError\n"
    "    A label is neither -1 nor from 0 to g - 1; the message names its position\n"
    "    and value.\n"
    "OverflowError\n"
    "    A count passes the limits of its dtype.\n"
    "TypeError\n"
    "    An input casts to no loop safely, such as labels that are floats.\n"
    "ValueError\n"
    "    The shapes do not fit, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "group_sum : The sum of the values of each label.\n"
    "numpy.bincount : The same for labels from 0, as integers.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "As for `group_sum`, of ones.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> nx.group_count([0, 1, 0, -1], np.zeros(3, dtype=np.int64))\n"
    "array([2, 1, 0])\n";

/* How many values go at once; and how many of their labels are looked at to know how they are mixed: the
   first ones, since a look here and there confuses what the processor reads ahead. It needs no asking for
   totals either: that made a million groups 1.4 times as slow. */
enum { BLOCK = 512, SAMPLE = 16 };

/* What totals are held in. */
typedef enum { IN_DOUBLE, IN_INT64, IN_UINT64 } total_kind;

/* Sets the OverflowError of a total, unless an error is set already. */
static void too_large(npy_intp label, npy_intp position, total_kind kind)
{
    NPY_ALLOW_C_API_DEF
    NPY_ALLOW_C_API;
    if (!PyErr_Occurred())
        PyErr_Format(
            PyExc_OverflowError,
            "the total of label %zd passes the limits of %s at position %zd; a float64 start has none",
            (Py_ssize_t)label, kind == IN_INT64 ? "int64" : "uint64", (Py_ssize_t)position);
    NPY_DISABLE_C_API;
}

#define NX_FILE "group_sum.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#include <numpy_ext/each.h>

/* n[]: calls, rows, groups; d[]: from call to call of labels, start and out, from row to row of labels, from
   group to group of start and out. The sum of ones. */
static void count_groups(char **p, npy_intp const *n, npy_intp const *d, void *data,
                         PyUFuncGenericFunction group_sum)
{
    static npy_bool one = 1;
    char *operands[] = {(char *)&one, p[0], p[1], p[2]};
    const npy_intp steps[] = {0, d[0], d[1], d[2], 0, d[3], d[4], d[5]};
    group_sum(operands, n, steps, data);
}

static void group_count_in_int64(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    count_groups(p, n, d, data, group_sum_in_int64_bool);
}

static void group_count_in_uint64(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    count_groups(p, n, d, data, group_sum_in_uint64_bool);
}

static void group_count_in_double(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    count_groups(p, n, d, data, group_sum_in_double_bool);
}

/* Integers of 64 bits by the letter of the dtype that NumPy calls int64. */
#if NPY_SIZEOF_LONG == 8
#define INT64 "l"
#define UINT64 "L"
#else
#define INT64 "q"
#define UINT64 "Q"
#endif

#define SUM(label, type, name, t, total, kind) {group_sum_in_##kind##_##name, t label total "->" total, type},
#define SUMS_OF_INTEGERS(name, t, f)                                                                         \
    NX_LABELS(SUM, name, t, INT64, int64)                                                                    \
    NX_LABELS(SUM, name, t, UINT64, uint64)                                                                  \
    NX_LABELS(SUM, name, t, "d", double)
#define SUMS_OF_FLOATS(name, t, f) NX_LABELS(SUM, name, t, "d", double)
static const nx_row group_sum_rows[] = {NX_INTEGERS(SUMS_OF_INTEGERS) NX_HALF(SUMS_OF_FLOATS)
                                            NX_FLOATS(SUMS_OF_FLOATS){.loop = NULL}};

#define COUNT(label, type, total, kind) {group_count_in_##kind, label total "->" total, type},
static const nx_row group_count_rows[] = {NX_LABELS(COUNT, INT64, int64) NX_LABELS(COUNT, UINT64, uint64)
                                              NX_LABELS(COUNT, "d", double){.loop = NULL}};

NX_FAMILY(group_sum) = {
    {"group_sum", group_sum_doc, "(n),(n),(g)->(g)", 3, 1, group_sum_rows, NX_WHOLE},
    {"group_count", group_count_doc, "(n),(g)->(g)", 2, 1, group_count_rows, NX_WHOLE},
    {.name = NULL},
};

#else
#define INTEGER(value) _Generic((T)0, npy_float : 0, npy_double : 0, default : value)

/* Adds the value at x; returns whether that passes the limits of the total. */
NX_INLINE int LOOP(add)(char *total, const char *x, total_kind kind)
{
    const T value = *(const T *)x;
    if (kind == IN_INT64)
        return __builtin_add_overflow(*(npy_int64 *)total, INTEGER(value), (npy_int64 *)total);
    if (kind == IN_UINT64)
        return __builtin_add_overflow(*(npy_uint64 *)total, INTEGER(value), (npy_uint64 *)total);
    *(double *)total += (double)TO_F(value);
    return 0;
}

/* Adds n values of any groups. Returns how many stand before the first whose label is out of range, or whose
   total passes the limits. */
NX_INLINE npy_intp LOOP(add_mixed)(const char *x, npy_intp dx, const npy_intp *labels, npy_intp n,
                                   char *totals, npy_intp dtotal, npy_intp groups, total_kind kind)
{
    for (npy_intp i = 0; i < n; i++) {
        const npy_intp label = labels[i];
        if (__builtin_expect((npy_uintp)label >= (npy_uintp)groups, 0)) {
            if (label != -1)
                return i;
            continue;
        }
        if (LOOP(add)(totals + label * dtotal, x + i * dx, kind))
            return i;
    }
    return n;
}

/* The same where long runs of values are of one group: the total stays in a register. */
NX_INLINE npy_intp LOOP(add_runs)(const char *x, npy_intp dx, const npy_intp *labels, npy_intp n,
                                  char *totals, npy_intp dtotal, npy_intp groups, total_kind kind)
{
    for (npy_intp i = 0; i < n;) {
        const npy_intp label = labels[i];
        if (label == -1) {
            i++;
            continue;
        }
        if ((npy_uintp)label >= (npy_uintp)groups)
            return i;
        npy_uint64 total;
        memcpy(&total, totals + label * dtotal, sizeof total);
        for (; i < n && labels[i] == label; i++)
            if (LOOP(add)((char *)&total, x + i * dx, kind))
                return i;
        memcpy(totals + label * dtotal, &total, sizeof total);
    }
    return n;
}

/* One call: dx is from row to row of x, dlabel of labels; dstart from group to group of start, dtotal of
 * totals. */
NX_INLINE void LOOP(total_groups)(const char *x, npy_intp dx, const char *label, npy_intp dlabel,
                                  const char *start, npy_intp dstart, char *totals, npy_intp dtotal,
                                  npy_intp rows, npy_intp groups, const nx_label_type *type, total_kind kind)
{
    for (npy_intp k = 0; k < groups; k++)
        *(npy_uint64 *)(totals + k * dtotal) = *(const npy_uint64 *)(start + k * dstart);
    for (npy_intp first = 0; first < rows; first += BLOCK) {
        const npy_intp n = rows - first < BLOCK ? rows - first : BLOCK;
        npy_intp buffer[BLOCK], same = 0, added;
        const npy_intp *const labels = nx_labels_as_intp(type, label + first * dlabel, dlabel, n, buffer);
        const char *const values = x + first * dx;
        for (npy_intp i = 1; i < SAMPLE && i < n; i++)
            same += labels[i] == labels[i - 1];
        if (same >= SAMPLE - 2)
            added = LOOP(add_runs)(values, dx, labels, n, totals, dtotal, groups, kind);
        else
            added = LOOP(add_mixed)(values, dx, labels, n, totals, dtotal, groups, kind);
        if (added < n) {
            if ((npy_uintp)labels[added] < (npy_uintp)groups)
                too_large(labels[added], first + added, kind);
            else
                nx_bad_label(type, label + (first + added) * dlabel, first + added, groups);
            return;
        }
    }
}

/* n[]: calls, rows, groups; d[]: from call to call of x, labels, start and out, from row to row of x and
   labels, from group to group of start and out */
NX_INLINE void LOOP(group_sum)(char **p, npy_intp const *n, npy_intp const *d, const nx_label_type *type,
                               total_kind kind)
{
    const int contiguous = d[4] == sizeof(T) && d[7] == 8;
    for (npy_intp i = 0; i < n[0]; i++) {
        const char *const x = p[0] + i * d[0], *const labels = p[1] + i * d[1],
                          *const start = p[2] + i * d[2];
        char *const out = p[3] + i * d[3];
        if (contiguous)
            LOOP(total_groups)(x, sizeof(T), labels, d[5], start, d[6], out, 8, n[1], n[2], type, kind);
        else
            LOOP(total_groups)(x, d[4], labels, d[5], start, d[6], out, d[7], n[1], n[2], type, kind);
    }
}

static void LOOP(group_sum_in_double)(char **p, npy_intp const *n, npy_intp const *d, void *type)
{
    LOOP(group_sum)(p, n, d, type, IN_DOUBLE);
}

#ifdef NX_INTEGER
static void LOOP(group_sum_in_int64)(char **p, npy_intp const *n, npy_intp const *d, void *type)
{
    LOOP(group_sum)(p, n, d, type, IN_INT64);
}

static void LOOP(group_sum_in_uint64)(char **p, npy_intp const *n, npy_intp const *d, void *type)
{
    LOOP(group_sum)(p, n, d, type, IN_UINT64);
}
#endif
#undef INTEGER
#endif
