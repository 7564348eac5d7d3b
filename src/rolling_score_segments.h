/* rolling_score_segments.h: one long series faster than step by step. Read by rolling_score.c for every dtype
   that computes in float or double.

   Rise and fall contract: two runs over the same values from different states come ever closer, and once they
   are equal, they stay equal. So the segments of a series are run at once, one in each SIMD lane, each from a
   guess of its state; then each is run again from the end of the one before, until both runs meet. */

/* LANES or HALF series at once: series j from x[j] to out[j], its values dx apart, its scores dout; past the
   cache if that is asked for and can be. */
static void LOOP(run_lanes)(const char *const *x, char *const *out, npy_intp n, npy_intp dx, npy_intp dout,
                            int lanes, int past_cache, const F *rise, const F *fall, F *state)
{
    F block[F_LOOP(LANES)][BLOCK];
    const F *from[F_LOOP(LANES)];
    F *to[F_LOOP(LANES)];
    const int direct = T_IS_F && dx == sizeof(F) && dout == sizeof(F);
    const npy_intp most = direct ? n : BLOCK;
    /* Past the cache go whole cache lines, after the values up to the first. */
    npy_intp length = past_cache ? F_LOOP(up_to_next_line)(out[0]) : most;
    for (npy_intp start = 0; start < n; start += length, length = most) {
        length = smaller(length, n - start);
        for (int j = 0; j < lanes; j++) {
            const char *const values = x[j] + start * dx;
            from[j] = direct ? (const F *)values : block[j];
            to[j] = dout == sizeof(F) ? (F *)(out[j] + start * dout) : block[j];
            if (direct)
                continue;
            if (dx == sizeof(T))
                for (npy_intp i = 0; i < length; i++)
                    block[j][i] = TO_F(((const T *)values)[i]);
            else
                for (npy_intp i = 0; i < length; i++)
                    block[j][i] = TO_F(*(const T *)(values + i * dx));
        }
        F_LOOP(run_rows)(from, to, length, lanes, past_cache && dout == sizeof(F), rise, fall, state);
        for (int j = 0; j < lanes && dout != sizeof(F); j++)
            for (npy_intp i = 0; i < length; i++)
                *(F *)(out[j] + (start + i) * dout) = block[j][i];
    }
}

/* What the state may be at the head of segment `here` when it was `state` at the head of `first`, a whole
   number of periods before: the same, at the level of the values here. Without the level, prices that fall by
   a tenth shift the score to another phase, and there it stays: 0.4 of all guesses failed on a random walk.
 */
static F LOOP(guess)(F state, series first, series here)
{
    NX_KEEP_FLAGS
    F level = 0, level_here = 0;
    for (npy_intp i = 0; i < 8; i++) {
        level += TO_F(*(const T *)(first.x + i * first.dx));
        level_here += TO_F(*(const T *)(here.x + i * here.dx));
    }
    return isgreater(level, 0) && isgreater(level_here, 0) ? state * (level_here / level) : state;
}

/* Runs `lanes` segments at once, of which `s` is the first and the others follow, and again from each other's
   ends. Returns how many of them have the bits of the recurrence for certain, one at least, and their last
   state. */
static int LOOP(run_segments)(series s, int lanes, int past_cache, F rise, F fall, F *state)
{
    const int flags = fetestexcept(FLAGS);
    const char *x[F_LOOP(LANES)];
    char *out[F_LOOP(LANES)];
    F rises[F_LOOP(LANES)], falls[F_LOOP(LANES)], ends[F_LOOP(LANES)], again[F_LOOP(LANES)];
    for (int j = 0; j < lanes; j++) {
        const series segment = part(s, j * s.n, s.n);
        x[j] = segment.x;
        out[j] = segment.out;
        rises[j] = rise;
        falls[j] = fall;
        ends[j] = j ? LOOP(guess)(*state, s, segment) : *state;
    }
    /* What the seams will read again stays in the cache. */
    const npy_intp near = past_cache ? smaller(PATIENCE, s.n) : s.n;
    LOOP(run_lanes)(x, out, near, s.dx, s.dout, lanes, 0, rises, falls, ends);
    move_on(x, out, lanes, near * s.dx, near * s.dout);
    LOOP(run_lanes)(x, out, s.n - near, s.dx, s.dout, lanes, past_cache, rises, falls, ends);
    move_on(x, out, lanes, -near * s.dx, -near * s.dout);

    again[0] = *state;
    for (int j = 1; j < lanes; j++)
        again[j] = ends[j - 1];
    int right = 1;
    for (npy_intp done = 0; done < smaller(s.n, PATIENCE) && right < lanes; done += LOOK) {
        const npy_intp length = smaller(LOOK, s.n - done);
        F stands[F_LOOP(LANES)];
        for (int j = 0; j < lanes; j++)
            stands[j] = *(F *)(out[j] + (length - 1) * s.dout);
        LOOP(run_lanes)(x, out, length, s.dx, s.dout, lanes, 0, rises, falls, again);
        for (right = 1; right < lanes && memcmp(&again[right], &stands[right], sizeof(F)) == 0;)
            right++;
        move_on(x, out, lanes, length * s.dx, length * s.dout);
    }

    const int raised = fetestexcept(FLAGS) & ~flags;
    if (raised) {
        /* By the recurrence, or by a wrong guess: one value after the other will tell. */
        feclearexcept(raised);
        *state = LOOP(run_plain)(s, rise, fall, *state);
        return 1;
    }
    *state = ends[right - 1];
    return right;
}

/* Exact for any values and parameters, since a segment counts only when it was run from the end of the one
   before; how fast, is a matter of how many do. */
static F LOOP(run_long)(series s, int past_cache, F rise, F fall, F state)
{
    npy_intp done = smaller(START, s.n), length = SHORT, pause = PAUSE;
    state = LOOP(run_plain)(part(s, 0, done), rise, fall, state);
    while (s.n - done >= F_LOOP(HALF) * F_LOOP(SHORTEST)) {
        const int lanes = s.n - done >= F_LOOP(LANES) * F_LOOP(SHORTEST) ? F_LOOP(LANES) : F_LOOP(HALF);
        const npy_intp share = (s.n - done) / lanes;
        if (length > share)
            length = share / F_LOOP(STEPS) * F_LOOP(STEPS);
        const int right = LOOP(run_segments)(part(s, done, length), lanes, past_cache, rise, fall, &state);
        done += right * length;
        length = right == lanes ? LONG : SHORT;
        if (right >= lanes / 4)
            pause = PAUSE;
        else {
            const npy_intp plain = smaller(pause, s.n - done);
            state = LOOP(run_plain)(part(s, done, plain), rise, fall, state);
            done += plain;
            pause = smaller(4 * pause, LONGEST_PAUSE);
        }
    }
    if (past_cache)
        NX_STORES_DONE;
    return LOOP(run_plain)(part(s, done, s.n - done), rise, fall, state);
}
