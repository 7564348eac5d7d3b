/* rolling_score.h: what the parts of this room share: a series, and the figures that were measured. */
#ifndef ROLLING_SCORE_H
#define ROLLING_SCORE_H

#include "nx_lanes.h"
#include <numpy_ext/threads.h>

#include <fenv.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

/* One series: values, scores, and the distances in bytes from one to the next. */
typedef struct {
    const char *x;
    char *out;
    npy_intp n, dx, dout;
} series;

/* n values of a series, from value `start` on. */
NX_INLINE series part(series s, npy_intp start, npy_intp n)
{
    return (series){s.x + start * s.dx, s.out + start * s.dout, n, s.dx, s.dout};
}

NX_INLINE npy_intp smaller(npy_intp a, npy_intp b)
{
    return a < b ? a : b;
}

NX_INLINE void move_on(const char **x, char **out, int count, npy_intp dx, npy_intp dout)
{
    for (int j = 0; j < count; j++) {
        x[j] += dx;
        out[j] += dout;
    }
}

enum {
    /* Values of a series that pass through the stack at once when they are no F or do not stand one after the
       other. */
    BLOCK = 128,
    /* Series side by side that are walked together: enough for the processor to read ahead along them. */
    TILE = 512,
    /* From how many series on lanes are worth while, though some run idle. */
    FEW = 3,
    /* From how many bytes of scores on they go past the cache where they can: no cache holds them. */
    PAST_CACHE = 1 << 24,
    /* Of how many steps, and from how many surprises in them, it is told that the steps cannot be foretold.
     */
    PROBE = 16,
    SURPRISES = 3,
    /* Steps before the first guess. */
    START = 32,
    /* How long segments are at first, and once guesses are right: two multiples of many periods, since a
       guess for another phase of a period is wrong. 336 hours are two weeks. */
    SHORT = 336,
    LONG = 1680,
    /* After how many steps a guess that has not met the recurrence is known for wrong (of 2000 starts on
       random numbers and prices none took more than 116), and how often that is looked at. */
    PATIENCE = 192,
    LOOK = 16,
    /* How many values go step by step after wrong guesses; four times as many after the next, to a limit. */
    PAUSE = 8192,
    LONGEST_PAUSE = 1 << 19,
    /* Into how many parts threads share a series at most, and from how many values before its head the state
       of each is guessed. */
    MOST_PARTS = 64,
    WARM_UP = LONG,
};

/* The bytes of a long double that hold its value. */
enum { LONGDOUBLE_BYTES = LDBL_MANT_DIG == 64 ? 10 : sizeof(npy_longdouble) };

/* The flags that NumPy reports and a wrong guess may raise. */
enum { FLAGS = FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW };

#endif
