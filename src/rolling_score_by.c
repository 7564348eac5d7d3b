/* rolling_score_by.c: the conditional rolling score of many series whose values come mixed in one column. The
   lower half is read again for every dtype. */
#ifndef T
#include "nx_labels.h"
#include "nx_lanes.h"

static const char rolling_score_by_doc[] =
    "rolling_score_by(x, labels, rise, fall, states, /, ...)\n"
    "\n"
    "Conditional rolling score by group: one state for each label, rows in any order.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values of all groups, in the order in which they came.\n"
    "labels : (..., n) array_like of integers\n"
    "    The group of each value, from 0 up to g - 1. A value with label -1 belongs to\n"
    "    none.\n"
    "rise : (...) array_like\n"
    "    The factor of the score when the value is above it.\n"
    "fall : (...) array_like\n"
    "    The factor of the score when the value is not above it.\n"
    "states : (..., g) array_like\n"
    "    The score of each group before its first value: 0 to begin, else the states\n"
    "    that the chunk before returned.\n"
    "out, axes, casting, order, dtype, subok, signature : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., n) ndarray\n"
    "    The score of its group after every value; NaN where the label is -1.\n"
    "    Floating-point inputs give the widest of their dtypes, integers float64.\n"
    "states : (..., g) ndarray\n"
    "    The last score of each group, or the given state of a group without values.\n"
    "\n"
    "Raises\n"
    "------\n"
    "IndexError\n"
    "    A label is neither -1 nor from 0 up to g - 1. Scores that were to go into\n"
    "    `out` mean nothing then.\n"
    "TypeError\n"
    "    `labels` are no integers, or another input casts to no loop safely.\n"
    "ValueError\n"
    "    `x` and `labels` differ in length, the shapes of the series and the parameters\n"
    "    do not broadcast, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "rolling_score_resume : The score of one series, from a state.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "The values of each group, in their order, have the scores and the last state that\n"
    "`rolling_score_resume` gives them, bit for bit. Any cut of the rows into chunks\n"
    "gives the bits of one call.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> x = [1.0, 10.0, 3.0, 4.0, 2.0]\n"
    ">>> labels = [0, 1, 0, -1, 1]\n"
    ">>> scores, states = nx.rolling_score_by(x, labels, 0.9, 0.5, np.zeros(2))\n"
    ">>> scores\n"
    "array([ 1. , 10. ,  3.9,  nan,  5. ])\n"
    ">>> states\n"
    "array([3.9, 5. ])\n";

/* How many values go at once, and every which label is compared to the one before to know how they are mixed.
 */
enum { BLOCK = 512, SAMPLE = 8 };

#define NX_FILE "rolling_score_by.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#include <numpy_ext/each.h>

#define ROW(label, type, name, t, f) {rolling_score_by_##name, t label f f f "->" f f, type},
#define ROWS(name, t, f) NX_LABELS(ROW, name, t, f)
static const nx_row rolling_score_by_rows[] = {NX_INTEGERS(ROWS) NX_HALF(ROWS) NX_FLOATS(ROWS)
                                                   NX_LONGDOUBLE(ROWS){.loop = NULL}};

NX_FAMILY(rolling_score_by) = {
    {"rolling_score_by", rolling_score_by_doc, "(n),(n),(),(),(g)->(n),(g)", 5, 2, rolling_score_by_rows,
     NX_WHOLE},
    {.name = NULL},
};

#else

/* n values of any groups, from the states of theirs. Steps of other groups do not wait for each other, so
   what counts is that the processor need not foretell them: no branch on the values. Returns how many labels
   stand before the first that is out of range. */
NX_INLINE npy_intp LOOP(run_mixed)(const char *x, const npy_intp *labels, char *out, npy_intp n, npy_intp dx,
                                   npy_intp dout, F rise, F fall, char *states, npy_intp dstate,
                                   npy_intp count)
{
    NX_KEEP_FLAGS
    for (npy_intp i = 0; i < n; i++) {
        const npy_intp label = labels[i];
        R *const score = (R *)(out + i * dout);
        if ((npy_uintp)label >= (npy_uintp)count) {
            if (label != -1)
                return i;
            *score = TO_R((F)NPY_NAN);
            continue;
        }
        R *const state = (R *)(states + label * dstate);
        const F value = TO_F(*(const T *)(x + i * dx)), s = TO_F(*state);
#ifdef F_LOOP
        const F_LOOP(one_mask) rises = F_LOOP(one_greater)(value, s);
        const F factor = F_LOOP(one_choose)(rises, rise, fall),
                addend = F_LOOP(one_choose)(rises, value, (F)-0.0);
        const R next = s * factor + addend;
#else
        const R next = TO_R(isgreater(value, s) ? s * rise + value : s * fall);
#endif
        *state = next;
        *score = next;
    }
    return n;
}

/* The same where most values are of the group of the one before: the state stays in a register, and the
   branch is often foretold. */
NX_INLINE npy_intp LOOP(run_runs)(const char *x, const npy_intp *labels, char *out, npy_intp n, npy_intp dx,
                                  npy_intp dout, F rise, F fall, char *states, npy_intp dstate,
                                  npy_intp count)
{
    NX_KEEP_FLAGS
    for (npy_intp i = 0; i < n;) {
        const npy_intp label = labels[i];
        const int skips = label == -1;
        if (!skips && (npy_uintp)label >= (npy_uintp)count)
            return i;
        F s = skips ? (F)NPY_NAN : TO_F(*(R *)(states + label * dstate));
        R score = TO_R(s);
        for (; i < n && labels[i] == label; i++) {
            const F value = TO_F(*(const T *)(x + i * dx));
            if (isgreater(value, s))
                s = s * rise + value;
            else if (!skips)
                s = s * fall;
            score = TO_R(s);
            *(R *)(out + i * dout) = score;
            s = TO_F(score);
        }
        if (!skips)
            *(R *)(states + label * dstate) = score;
    }
    return n;
}

/* n[]: calls, values, groups; d[]: from call to call of x, labels, rise, fall, states, out and the last
   states; from value to value of x and labels, from group to group of states, from value to value of out,
   from group to group of the last states */
static void LOOP(rolling_score_by)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_label_type *const type = data;
    const npy_intp one = sizeof(R);
    const int contiguous = d[7] == sizeof(T) && d[10] == one && d[11] == one;
    for (npy_intp i = 0; i < n[0]; i++) {
        const F rise = TO_F(*(R *)(p[2] + i * d[2])), fall = TO_F(*(R *)(p[3] + i * d[3]));
        char *const states = p[6] + i * d[6];
        for (npy_intp k = 0; k < n[2]; k++)
            *(R *)(states + k * d[11]) = *(const R *)(p[4] + i * d[4] + k * d[9]);
        for (npy_intp start = 0; start < n[1]; start += BLOCK) {
            const npy_intp length = n[1] - start < BLOCK ? n[1] - start : BLOCK;
            const char *const x = p[0] + i * d[0] + start * d[7], *const from =
                                                                      p[1] + i * d[1] + start * d[8];
            char *const out = p[5] + i * d[5] + start * d[10];
            npy_intp buffer[BLOCK], same = 0, good;
            const npy_intp *const labels = nx_labels_as_intp(type, from, d[8], length, buffer);
            for (npy_intp k = SAMPLE; k < length; k += SAMPLE)
                same += labels[k] == labels[k - 1];
            if (same > length / SAMPLE / 2)
                good = LOOP(run_runs)(x, labels, out, length, d[7], d[10], rise, fall, states, d[11], n[2]);
            else if (contiguous)
                good = LOOP(run_mixed)(x, labels, out, length, sizeof(T), one, rise, fall, states, one, n[2]);
            else
                good = LOOP(run_mixed)(x, labels, out, length, d[7], d[10], rise, fall, states, d[11], n[2]);
            if (good < length) {
                nx_bad_label(type, from + good * d[8], start + good, n[2]);
                return;
            }
        }
    }
}
#endif
