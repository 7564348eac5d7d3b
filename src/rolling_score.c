/* rolling_score.c: the conditional rolling score, a recurrence whose state chooses its next step. The
   lower half is read again for every dtype. */
#ifndef T
#include "rolling_score.h"

static const char rolling_score_doc[] =
    "rolling_score(x, /, ...)\n"
    "\n"
    "Conditional rolling score: a value above it lifts it, any other lets it fall.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values, one series along the core dimension.\n"
    "out, axes, axis, casting, order, dtype, subok, signature : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`. The series run along\n"
    "    `axis`, the last by default.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., n) ndarray\n"
    "    The score after every value: of the dtype of `x` if that is a floating-point\n"
    "    dtype, else float64.\n"
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
    "rolling_score_by : The same for many series whose values come in one column.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "With :math:`s_{-1} = 0`,\n"
    "\n"
    ".. math:: s_i = \\begin{cases} 0.9\\,s_{i-1} + x_i & \\text{if } x_i > s_{i-1} \\\\\n"
    "                               0.5\\,s_{i-1} & \\text{else.} \\end{cases}\n"
    "\n"
    "Every result equals this loop in the same precision, bit for bit: the product\n"
    "and the sum round once each, in the dtype of the result. (For float16 the two are\n"
    "computed in float32 and the score is rounded to float16.) A NaN compares false, so\n"
    "the score falls.\n"
    "\n"
    "Segments of a long series run at once from guessed states, and run again where a\n"
    "guess was wrong: faster than a loop, but always with its result.\n"
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
    "out, axes, axis, casting, order, dtype, subok, signature : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., n) ndarray\n"
    "    The score after every value. Floating-point inputs give the widest of their\n"
    "    dtypes, integers float64.\n"
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
    "rolling_score_repair : Scores from a wrong state, made right.\n"
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

static const char rolling_score_repair_doc[] =
    "rolling_score_repair(x, scores, rise, fall, state, /, ...)\n"
    "\n"
    "Scores that were computed from a wrong state, made right.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "x : (..., n) array_like\n"
    "    The values, one series along the core dimension.\n"
    "scores : (..., n) array_like\n"
    "    What `rolling_score_resume` gave for the same `x`, `rise` and `fall`, from any\n"
    "    state. From other scores the result means nothing.\n"
    "rise : (...) array_like\n"
    "    The factor of the score when the value is above it.\n"
    "fall : (...) array_like\n"
    "    The factor of the score when the value is not above it.\n"
    "state : (...) array_like\n"
    "    The right score before the first value.\n"
    "out, axes, axis, casting, order, dtype, subok, signature : optional\n"
    "    As for every generalized ufunc, see `numpy.ufunc`.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "out : (..., n) ndarray\n"
    "    The scores from `state`, with the dtype of those of `rolling_score_resume`.\n"
    "state : (...) ndarray or scalar\n"
    "    The last score, or the given state when `n` is 0.\n"
    "\n"
    "Raises\n"
    "------\n"
    "TypeError\n"
    "    An input casts to no loop safely, such as complex, text or dates.\n"
    "ValueError\n"
    "    `x` and `scores` differ in length, the shapes of the series and the parameters\n"
    "    do not broadcast, or `out` has another shape or is read-only.\n"
    "\n"
    "See Also\n"
    "--------\n"
    "rolling_score_resume : The scores from a state.\n"
    "\n"
    "Notes\n"
    "-----\n"
    "Runs over the same values from different states mostly meet within a hundred\n"
    "steps, and are the same from there on. So only the values up to there are computed\n"
    "again. The bits are those of ``rolling_score_resume(x, rise, fall, state)``. Chunks\n"
    "can be computed side by side, each from a guess, and repaired one after the other.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> import numpy_ext as nx\n"
    ">>> x = np.array([1.0, 3.0, 2.0, 5.0])\n"
    ">>> _, state = nx.rolling_score_resume(x[:2], 0.9, 0.5, 0.0)\n"
    ">>> guessed, _ = nx.rolling_score_resume(x[2:], 0.9, 0.5, 0.0)\n"
    ">>> guessed\n"
    "array([2. , 6.8])\n"
    ">>> right, state = nx.rolling_score_repair(x[2:], guessed, 0.9, 0.5, state)\n"
    ">>> right\n"
    "array([1.95 , 6.755])\n";

#define F npy_float
#define F_LOOP(name) name##_float
#include "rolling_score_lanes.h"
#undef F_LOOP
#undef F

#define F npy_double
#define F_LOOP(name) name##_double
#include "rolling_score_lanes.h"
#undef F_LOOP
#undef F

#define NX_FILE "rolling_score.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#include <numpy_ext/each.h>

#define EACH(X) NX_INTEGERS(X) NX_HALF(X) NX_FLOATS(X) NX_LONGDOUBLE(X)

#define SCORE(name, t, f) {rolling_score_##name, t "->" f, NULL},
static const nx_row rolling_score_rows[] = {EACH(SCORE){.loop = NULL}};

#define RESUME(name, t, f) {rolling_score_resume_##name, t f f f "->" f f, NULL},
static const nx_row rolling_score_resume_rows[] = {EACH(RESUME){.loop = NULL}};

#define REPAIR(name, t, f) {rolling_score_repair_##name, t f f f f "->" f f, NULL},
static const nx_row rolling_score_repair_rows[] = {EACH(REPAIR){.loop = NULL}};

NX_FAMILY(rolling_score) = {
    {"rolling_score", rolling_score_doc, "(n)->(n)", 1, 1, rolling_score_rows, NX_SPLIT},
    {"rolling_score_resume", rolling_score_resume_doc, "(n),(),(),()->(n),()", 4, 2,
     rolling_score_resume_rows, NX_SPLIT},
    {"rolling_score_repair", rolling_score_repair_doc, "(n),(n),(),(),()->(n),()", 5, 2,
     rolling_score_repair_rows, NX_SPLIT},
    {.name = NULL},
};

#else

#include "rolling_score_steps.h"
#ifdef F_LOOP
#include "rolling_score_segments.h"
#include "rolling_score_parts.h"
#endif

static F LOOP(run_series)(series s, F rise, F fall, F state)
{
#ifdef F_LOOP
    /* Segments read what they wrote: not where all scores go to one place. */
    if (s.n >= F_LOOP(LONG_SERIES) && s.dout != 0) {
        const int past_cache = s.n > PAST_CACHE / (npy_intp)sizeof(F), threads = nx_threads_for(s.n);
        if (threads > 1)
            return LOOP(run_in_parts)(s, threads, past_cache, rise, fall, state);
        return LOOP(run_long)(s, past_cache, rise, fall, state);
    }
#endif
    return LOOP(run_plain)(s, rise, fall, state);
}

/* Series from `first` up to `end`, one by one; p, n, d as in rolling_score_resume. */
static void LOOP(run_each)(char **p, npy_intp const *n, npy_intp const *d, npy_intp first, npy_intp end)
{
    for (npy_intp i = first; i < end; i++) {
        const series s = {p[0] + i * d[0], p[4] + i * d[4], n[1], d[6], d[7]};
        const F rise = TO_F(*(R *)(p[1] + i * d[1])), fall = TO_F(*(R *)(p[2] + i * d[2]));
        *(R *)(p[5] + i * d[5]) = TO_R(LOOP(run_series)(s, rise, fall, TO_F(*(R *)(p[3] + i * d[3]))));
    }
}

#ifdef F_LOOP
#include "rolling_score_series.h"
#endif

/* n[]: series, values of a series; d[]: from series to series of x, rise, fall, state, out and the last
   state, from value to value of x and out */
static void LOOP(rolling_score_resume)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    npy_intp first = 0;
#ifdef F_LOOP
    for (; d[0] == sizeof(T) && n[0] - first >= TILE; first += TILE)
        LOOP(run_together)(p, n, d, first, TILE);
    for (; n[0] - first >= F_LOOP(LANES); first += F_LOOP(LANES))
        LOOP(run_together)(p, n, d, first, F_LOOP(LANES));
    /* The rest together is faster than each cut into segments, unless they are long for so few. */
    const npy_intp rest = n[0] - first;
    if (rest >= FEW && n[1] < rest * F_LOOP(LONG_SERIES)) {
        LOOP(run_together)(p, n, d, first, (int)rest);
        return;
    }
#endif
    LOOP(run_each)(p, n, d, first, n[0]);
}

/* n[]: series, values of a series; d[]: from series to series of x and out, from value to value of both */
static void LOOP(rolling_score)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    R rise = TO_R((F)0.9), fall = TO_R((F)0.5), state = 0, last;
    char *operands[] = {p[0], (char *)&rise, (char *)&fall, (char *)&state, p[1], (char *)&last};
    const npy_intp steps[] = {d[0], 0, 0, 0, d[1], 0, d[2], d[3]};
    LOOP(rolling_score_resume)(operands, n, steps, NULL);
}

/* Bits, not values: 0.0 is not -0.0 here. A long double has bytes that mean nothing. */
NX_INLINE int LOOP(same)(const R *a, const R *b)
{
    return memcmp(a, b, sizeof(R) == sizeof(npy_longdouble) ? LONGDOUBLE_BYTES : sizeof(R)) == 0;
}

/* n[]: series, values of a series; d[]: from series to series of x, scores, rise, fall, state, out and the
   last state, from value to value of x, scores and out */
static void LOOP(rolling_score_repair)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    for (npy_intp i = 0; i < n[0]; i++) {
        const series s = {p[0] + i * d[0], p[5] + i * d[5], n[1], d[7], d[9]};
        const char *const scores = p[1] + i * d[1];
        const F rise = TO_F(*(R *)(p[2] + i * d[2])), fall = TO_F(*(R *)(p[3] + i * d[3]));
        F state = TO_F(*(R *)(p[4] + i * d[4]));
        npy_intp done = 0;
        /* Runs that meet mostly do so within a hundred steps; else ever more go at once, and faster. */
        for (npy_intp length = 32; done < s.n; length *= 2) {
            length = smaller(length, s.n - done);
            state = LOOP(run_series)(part(s, done, length), rise, fall, state);
            done += length;
            const R *const right = (const R *)(s.out + (done - 1) * s.dout);
            if (LOOP(same)(right, (const R *)(scores + (done - 1) * d[8])))
                break;
        }
        if (done < s.n) {
            if (d[8] == sizeof(R) && s.dout == sizeof(R))
                memcpy(s.out + done * s.dout, scores + done * d[8], (s.n - done) * sizeof(R));
            else
                for (; done < s.n; done++)
                    *(R *)(s.out + done * s.dout) = *(const R *)(scores + done * d[8]);
            state = TO_F(*(const R *)(scores + (s.n - 1) * d[8]));
        }
        *(R *)(p[6] + i * d[6]) = TO_R(state);
    }
}
#endif
