/* rolling_score.c: the conditional rolling score, a recurrence whose state chooses its next step. The
   lower half is read again for every dtype. */
#ifndef T
#include "nx.h"

#include <fenv.h>

static const char rolling_score_doc[] =
    "rolling_score(x, /, ...)\n"
    "\n"
    "Conditional rolling score: a new high lifts it, anything else lets it fall.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values, one series along the core dimension.\n"
    "axis : int, optional\n"
    "    The axis of the series; the last by default.\n"
    "out, casting, order, dtype, subok : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., n) ndarray\n"
    "    The score after every value: float32 for float32 and float16, else float64.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    `x` casts to no loop safely, such as complex, text or dates.\n"
    "ValueError\n"
    "    `x` has no dimension, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "rolling_score_resume : The same with its parameters, from a state.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "With :math:`s_{-1} = 0`,\n"
    "\n"
    ".. math:: s_i = \\begin{cases} 0.9\\,s_{i-1} + x_i & \\text{if } x_i > s_{i-1} \\\\\n"
    "                               0.5\\,s_{i-1} & \\text{else.} \\end{cases}\n"
    "\n"
    "Every result equals this loop in the same precision, bit for bit: the product\n"
    "and the sum round once each, in the dtype of the result. A NaN compares false,\n"
    "so the score falls.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> nx.rolling_score([1.0, 3.0, 2.0, 5.0])\n"
    "array([1.   , 3.9  , 1.95 , 6.755])\n"
    "\n"
    "Many series at once, down the columns:\n"
    "\n"
    ">>> nx.rolling_score([[1, 5], [3, 1]], axis=0)\n"
    "array([[1. , 5. ],\n"
    "       [3.9, 2.5]])\n";

static const char rolling_score_resume_doc[] =
    "rolling_score_resume(x, rise, fall, state, /, ...)\n"
    "\n"
    "Conditional rolling score with its parameters, from a state to a state.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values, one series along the core dimension.\n"
    "rise : (...) array_like\n"
    "    The factor of the score when the value is above it.\n"
    "fall : (...) array_like\n"
    "    The factor of the score when the value is not above it.\n"
    "state : (...) array_like\n"
    "    The score before the first value: 0 to begin, else the state that the\n"
    "    chunk before returned.\n"
    "axis, axes, out, casting, order, dtype, subok : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., n) ndarray\n"
    "    The score after every value: float32 when all inputs are float32 or float16,\n"
    "    else float64.\n"
    "state : (...) ndarray or scalar\n"
    "    The last score, or the given state when `n` is 0.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    An input casts to no loop safely, such as complex, text or dates.\n"
    "ValueError\n"
    "    `x` has no dimension, the shapes of the series and the parameters do not\n"
    "    broadcast, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "rolling_score : The same with rise 0.9, fall 0.5, state 0.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "With :math:`s_{-1}` the given state,\n"
    "\n"
    ".. math:: s_i = \\begin{cases} \\mathrm{rise}\\cdot s_{i-1} + x_i & \\text{if } x_i > s_{i-1} \\\\\n"
    "                               \\mathrm{fall}\\cdot s_{i-1} & \\text{else.} \\end{cases}\n"
    "\n"
    "Any cut of a series into chunks gives the bits of one call. A NaN value\n"
    "compares false, so the score falls; a NaN state stays NaN. `rise` and `fall`\n"
    "take any value.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> x = np.array([1.0, 3.0, 2.0, 5.0])\n"
    ">>> first, state = nx.rolling_score_resume(x[:2], 0.9, 0.5, 0.0)\n"
    ">>> second, state = nx.rolling_score_resume(x[2:], 0.9, 0.5, state)\n"
    ">>> np.concatenate([first, second])\n"
    "array([1.   , 3.9  , 1.95 , 6.755])\n"
    ">>> float(state)\n"
    "6.755\n";

/* How many series run side by side: whole cache lines of them, and vectors enough to hide the time that one
   step takes. */
enum { TILE = 64, STEPS = 32 };

#define NX_FILE "rolling_score.c"
#define NX_WANT_INTEGERS
#define NX_WANT_FLOATS
#include "nx_each.h"

#define SCORE(name, t, f) {rolling_score_##name, t "->" f},
static const nx_row rolling_score_rows[] = {NX_INTEGERS(SCORE) NX_FLOATS(SCORE){.loop = NULL}};

#define RESUME(name, t, f) {rolling_score_resume_##name, t f f f "->" f f},
static const nx_row rolling_score_resume_rows[] = {NX_INTEGERS(RESUME) NX_FLOATS(RESUME){.loop = NULL}};

NX_FAMILY(rolling_score) = {
    {"rolling_score", rolling_score_doc, "(n)->(n)", 1, 1, rolling_score_rows},
    {"rolling_score_resume", rolling_score_resume_doc, "(n),(),(),()->(n),()", 4, 2,
     rolling_score_resume_rows},
    {.name = NULL},
};

#else

/* The recurrence over one series; returns the last state. The branch stays a branch, since the step not
   taken may overflow and must raise no flag; and isgreater, unlike >, is silent on NaN. */
NX_INLINE F LOOP(run)(const char *x, char *out, npy_intp n, npy_intp dx, npy_intp dout, F rise, F fall,
                      F state)
{
    NX_KEEP_FLAGS
    for (npy_intp i = 0; i < n; i++) {
        const T *value = (const T *)(x + i * dx);
        if (isgreater((F)*value, state))
            state = state * rise + (F)*value;
        else
            state = state * fall;
        *(F *)(out + i * dout) = state;
    }
    return state;
}

NX_INLINE F LOOP(run_any)(const char *x, char *out, npy_intp n, npy_intp dx, npy_intp dout, F rise, F fall,
                          F state)
{
    if (dx == sizeof(T) && dout == sizeof(F))
        return LOOP(run)(x, out, n, sizeof(T), sizeof(F), rise, fall, state);
    return LOOP(run)(x, out, n, dx, dout, rise, fall, state);
}

/* The same over TILE series that lie side by side, such as columns of an array in C order: step by step, all
   of them in SIMD lanes. Adding -0.0 changes no number and raises no flag, so both steps are one formula. But
   GCC compares vectors with instructions that raise FE_INVALID on NaN. */
NX_INLINE void LOOP(run_tile)(const char *x, char *out, npy_intp n, npy_intp dx, npy_intp dout, const F *rise,
                              const F *fall, F *state)
{
    for (npy_intp i = 0; i < n; i++) {
        const T *restrict values = (const T *)(x + i * dx);
        F *restrict scores = (F *)(out + i * dout);
        for (int j = 0; j < TILE; j++) {
            const F value = (F)values[j];
            const int rises = isgreater(value, state[j]);
            const F factor = rises ? rise[j] : fall[j], addend = rises ? value : (F)-0.0;
            scores[j] = state[j] = state[j] * factor + addend;
        }
    }
}

/* As run_tile, where the outputs lie otherwise: `dseries` apart. NumPy allocates them so for axis=0. */
static void LOOP(run_tile_across)(const char *x, char *out, npy_intp n, npy_intp dx, npy_intp dout,
                                  npy_intp dseries, const F *rise, const F *fall, F *state)
{
    F scores[STEPS][TILE];
    for (npy_intp start = 0; start < n; start += STEPS) {
        const npy_intp steps = n - start < STEPS ? n - start : STEPS;
        LOOP(run_tile)(x + start * dx, (char *)scores, steps, dx, sizeof scores[0], rise, fall, state);
        for (int j = 0; j < TILE; j++)
            for (npy_intp i = 0; i < steps; i++)
                *(F *)(out + j * dseries + (start + i) * dout) = scores[i][j];
    }
}

/* The series from `first` up to `end`, one by one; p, n, d as below. */
static void LOOP(run_each)(char **p, npy_intp const *n, npy_intp const *d, npy_intp first, npy_intp end)
{
    for (npy_intp i = first; i < end; i++)
        *(F *)(p[5] + i * d[5]) =
            LOOP(run_any)(p[0] + i * d[0], p[4] + i * d[4], n[1], d[6], d[7], *(F *)(p[1] + i * d[1]),
                          *(F *)(p[2] + i * d[2]), *(F *)(p[3] + i * d[3]));
}

/* n[]: series, values of a series; d[]: from series to series of x, rise, fall, state, out and the last
   state, from value to value of x and out */
static void LOOP(rolling_score_resume)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    npy_intp first = 0;
    for (; d[0] == sizeof(T) && n[0] - first >= TILE; first += TILE) {
        F rise[TILE], fall[TILE], state[TILE];
        for (int j = 0; j < TILE; j++) {
            rise[j] = *(F *)(p[1] + (first + j) * d[1]);
            fall[j] = *(F *)(p[2] + (first + j) * d[2]);
            state[j] = *(F *)(p[3] + (first + j) * d[3]);
        }
        const char *x = p[0] + first * d[0];
        char *out = p[4] + first * d[4];
        const int was_invalid = fetestexcept(FE_INVALID);
        if (d[4] == sizeof(F))
            LOOP(run_tile)(x, out, n[1], d[6], d[7], rise, fall, state);
        else
            LOOP(run_tile_across)(x, out, n[1], d[6], d[7], d[4], rise, fall, state);
        if (!was_invalid && fetestexcept(FE_INVALID)) {
            /* By a NaN or rightly: the loop of single values knows. */
            feclearexcept(FE_INVALID);
            LOOP(run_each)(p, n, d, first, first + TILE);
            continue;
        }
        for (int j = 0; j < TILE; j++)
            *(F *)(p[5] + (first + j) * d[5]) = state[j];
    }
    LOOP(run_each)(p, n, d, first, n[0]);
}

/* n[]: series, values of a series; d[]: from series to series of x and out, from value to value of both */
static void LOOP(rolling_score)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    F rise = (F)0.9, fall = (F)0.5, state = 0, last;
    char *operands[] = {p[0], (char *)&rise, (char *)&fall, (char *)&state, p[1], (char *)&last};
    const npy_intp steps[] = {d[0], 0, 0, 0, d[1], 0, d[2], d[3]};
    LOOP(rolling_score_resume)(operands, n, steps, NULL);
}
#endif
