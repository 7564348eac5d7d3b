/* rolling_score_lanes.h: the recurrence of rolling_score.c over many series at once, one in each SIMD lane.
   Read for float and for double, with F and F_LOOP as numpy_ext/each.h defines them. */

enum {
    /* Two cache lines of values, which are vectors enough to hide the time that one step takes: with one
       vector of eight doubles a value takes 0.39 ns, with two 0.21, with four 0.18, but then twice as many
       series must be found. A short series is cut into half as many segments, see HALF. */
    F_LOOP(LANES) = 128 / sizeof(F),
    F_LOOP(HALF) = F_LOOP(LANES) / 2,
    /* How many values of a series are turned at once from along the series to across them. */
    F_LOOP(STEPS) = F_LOOP(WIDTH) < 8 ? 8 : F_LOOP(WIDTH),
    F_LOOP(CACHE_LINE) = 64 / sizeof(F),
    /* How long a segment must be for the runs to meet in it: the more so, the more bits must agree. */
    F_LOOP(SHORTEST) = sizeof(F) == 4 ? 64 : 112,
    /* From how many values on a series is cut. */
    F_LOOP(LONG_SERIES) = START + F_LOOP(HALF) * F_LOOP(SHORTEST),
};

/* values[i][j] is value i of series j; its score takes its place. Adding -0.0 changes no number and raises no
   flag, so rise and fall are one formula, and the step not taken is not computed. */
NX_INLINE void F_LOOP(advance)(F (*values)[F_LOOP(LANES)], npy_intp n, int lanes, const F_LOOP(vector) * rise,
                               const F_LOOP(vector) * fall, F_LOOP(vector) * state)
{
    const F_LOOP(vector) nothing = F_LOOP(splat)((F)-0.0);
    NX_UNROLL
    for (npy_intp i = 0; i < n; i++)
        NX_UNROLL
    for (int k = 0; k < lanes / F_LOOP(WIDTH); k++) {
        F *const place = &values[i][k * F_LOOP(WIDTH)];
        const F_LOOP(vector) value = F_LOOP(load)(place);
        const F_LOOP(mask) rises = F_LOOP(greater)(value, state[k]);
        const F_LOOP(vector) factor = F_LOOP(choose)(rises, rise[k], fall[k]);
        state[k] = state[k] * factor + F_LOOP(choose)(rises, value, nothing);
        F_LOOP(store)(place, state[k]);
    }
}

/* STEPS values of each series, from x[j] + start, where they stand one after the other. */
NX_INLINE void F_LOOP(turn_in)(F (*values)[F_LOOP(LANES)], const F *const *x, npy_intp start, int lanes)
{
    NX_UNROLL
    for (int j = 0; j < lanes; j += F_LOOP(WIDTH))
        NX_UNROLL
    for (int i = 0; i < F_LOOP(STEPS); i += F_LOOP(WIDTH)) {
        F_LOOP(vector) square[F_LOOP(WIDTH)];
        NX_UNROLL
        for (int k = 0; k < F_LOOP(WIDTH); k++)
            square[k] = F_LOOP(load)(x[j + k] + start + i);
        F_LOOP(transpose)(square);
        NX_UNROLL
        for (int k = 0; k < F_LOOP(WIDTH); k++)
            F_LOOP(store)(&values[i + k][j], square[k]);
    }
}

/* The way back. With `past_cache` all places must begin a vector; then the scores go to memory past the
   cache, which need not be read first. */
NX_INLINE void F_LOOP(turn_out)(F (*values)[F_LOOP(LANES)], F *const *out, npy_intp start, int lanes,
                                int past_cache)
{
    NX_UNROLL
    for (int j = 0; j < lanes; j += F_LOOP(WIDTH))
        NX_UNROLL
    for (int i = 0; i < F_LOOP(STEPS); i += F_LOOP(WIDTH)) {
        F_LOOP(vector) square[F_LOOP(WIDTH)];
        NX_UNROLL
        for (int k = 0; k < F_LOOP(WIDTH); k++)
            square[k] = F_LOOP(load)(&values[i + k][j]);
        F_LOOP(transpose)(square);
        NX_UNROLL
        for (int k = 0; k < F_LOOP(WIDTH); k++)
            if (past_cache)
                F_LOOP(store_past_cache)(out[j + k] + start + i, square[k]);
            else
                F_LOOP(store)(out[j + k] + start + i, square[k]);
    }
}

NX_INLINE void F_LOOP(load_all)(F_LOOP(vector) * vectors, const F *from, int lanes)
{
    for (int k = 0; k < lanes / F_LOOP(WIDTH); k++)
        vectors[k] = F_LOOP(load)(from + k * F_LOOP(WIDTH));
}

NX_INLINE void F_LOOP(store_all)(F *to, const F_LOOP(vector) * vectors, int lanes)
{
    for (int k = 0; k < lanes / F_LOOP(WIDTH); k++)
        F_LOOP(store)(to + k * F_LOOP(WIDTH), vectors[k]);
}

NX_INLINE void F_LOOP(run_some)(const F *const *x, F *const *out, npy_intp n, int lanes, int past_cache,
                                const F *rise_of, const F *fall_of, F *state_of)
{
    F values[F_LOOP(STEPS)][F_LOOP(LANES)];
    F_LOOP(vector) rise[F_LOOP(LANES) / F_LOOP(WIDTH)], fall[F_LOOP(LANES) / F_LOOP(WIDTH)];
    F_LOOP(vector) state[F_LOOP(LANES) / F_LOOP(WIDTH)];
    F_LOOP(load_all)(rise, rise_of, lanes);
    F_LOOP(load_all)(fall, fall_of, lanes);
    F_LOOP(load_all)(state, state_of, lanes);
    npy_intp start = 0;
    for (; n - start >= F_LOOP(STEPS); start += F_LOOP(STEPS)) {
        F_LOOP(turn_in)(values, x, start, lanes);
        /* Kept apart by two fences, which emit nothing: else GCC mixes the three parts and runs out of
           registers, 0.34 ns a value in place of 0.29 (double, AVX2). */
        NX_FENCE;
        F_LOOP(advance)(values, F_LOOP(STEPS), lanes, rise, fall, state);
        NX_FENCE;
        F_LOOP(turn_out)(values, out, start, lanes, past_cache);
    }
    for (; start < n; start++) {
        for (int j = 0; j < lanes; j++)
            values[0][j] = x[j][start];
        F_LOOP(advance)(values, 1, lanes, rise, fall, state);
        for (int j = 0; j < lanes; j++)
            out[j][start] = values[0][j];
    }
    F_LOOP(store_all)(state_of, state, lanes);
}

/* How many values from here on up to the next cache line. */
NX_INLINE npy_intp F_LOOP(up_to_next_line)(const char *place)
{
    return (npy_intp)((64 - (uintptr_t)place % 64) / sizeof(F));
}

/* Whether all begin a cache line. */
static int F_LOOP(begin_lines)(F *const *places, int count)
{
    uintptr_t offsets = 0;
    for (int j = 0; j < count; j++)
        offsets |= (uintptr_t)places[j] % 64;
    return offsets == 0;
}

/* Over LANES or HALF series: series j stands one value after the other from x[j], and its scores go to
   out[j], which may be x[j]; past the cache if that is asked for and can be. rise, fall and state hold one
   number for each series; state is taken and given back. */
static void F_LOOP(run_rows)(const F *const *x, F *const *out, npy_intp n, int lanes, int past_cache,
                             const F *rise, const F *fall, F *state)
{
    if (lanes == F_LOOP(HALF))
        F_LOOP(run_some)(x, out, n, F_LOOP(HALF), 0, rise, fall, state);
    else if (past_cache && F_LOOP(begin_lines)(out, lanes))
        F_LOOP(run_some)(x, out, n, F_LOOP(LANES), 1, rise, fall, state);
    else
        F_LOOP(run_some)(x, out, n, F_LOOP(LANES), 0, rise, fall, state);
}

/* Over LANES series whose values lie across them already; the scores take their place. */
static void F_LOOP(run_columns)(F (*values)[F_LOOP(LANES)], npy_intp n, const F *rise_of, const F *fall_of,
                                F *state_of)
{
    F_LOOP(vector) rise[F_LOOP(LANES) / F_LOOP(WIDTH)], fall[F_LOOP(LANES) / F_LOOP(WIDTH)];
    F_LOOP(vector) state[F_LOOP(LANES) / F_LOOP(WIDTH)];
    F_LOOP(load_all)(rise, rise_of, F_LOOP(LANES));
    F_LOOP(load_all)(fall, fall_of, F_LOOP(LANES));
    F_LOOP(load_all)(state, state_of, F_LOOP(LANES));
    F_LOOP(advance)(values, n, F_LOOP(LANES), rise, fall, state);
    F_LOOP(store_all)(state_of, state, F_LOOP(LANES));
}
