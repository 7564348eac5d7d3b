/* rolling_score_series.h: many series at once, one in each SIMD lane. Read by rolling_score.c for every dtype
   that computes in float or double. Here are no guesses: every lane runs from its true state. */

/* `count` series, a multiple of LANES, of values that lie side by side, such as columns of an array in C
   order. Their scores do too, or those of each stand one after the other, as NumPy allocates them for axis=0,
   or lie anyhow; from series to series they lie dseries apart. */
static void LOOP(run_across)(const char *x, char *const *out, int count, npy_intp n, npy_intp dx,
                             npy_intp dout, npy_intp dseries, int past_cache, const F *rise, const F *fall,
                             F *state)
{
    F values[F_LOOP(CACHE_LINE)][F_LOOP(LANES)];
    /* Whole cache lines of each series, from the first that begins one. */
    npy_intp length = F_LOOP(up_to_next_line)(out[0]);
    for (npy_intp start = 0; start < n; start += length, length = F_LOOP(CACHE_LINE)) {
        length = smaller(length, n - start);
        for (int k = 0; k < count; k += F_LOOP(LANES)) {
            /* The values to come: no processor follows so many streams by itself. */
            for (npy_intp i = 0; i < length; i++)
                for (int j = 0; j < F_LOOP(LANES); j += 64 / sizeof(T))
                    __builtin_prefetch((const T *)(x + (start + i) * dx) + k + 2 * F_LOOP(LANES) + j);
            for (npy_intp i = 0; i < length; i++)
                for (int j = 0; j < F_LOOP(LANES); j++)
                    values[i][j] = TO_F(((const T *)(x + (start + i) * dx))[k + j]);
            F_LOOP(run_columns)(values, length, rise + k, fall + k, state + k);
            if (dseries == sizeof(F))
                for (npy_intp i = 0; i < length; i++)
                    memcpy(out[k] + (start + i) * dout, values[i], sizeof values[i]);
            else if (dout == sizeof(F) && length == F_LOOP(CACHE_LINE))
                for (npy_intp i = 0; i < F_LOOP(CACHE_LINE); i += F_LOOP(STEPS))
                    if (past_cache && (dseries | (intptr_t)(out[k] + start * dout)) % 64 == 0)
                        F_LOOP(turn_out)(values + i, (F *const *)out + k, start + i, F_LOOP(LANES), 1);
                    else
                        F_LOOP(turn_out)(values + i, (F *const *)out + k, start + i, F_LOOP(LANES), 0);
            else
                for (npy_intp i = 0; i < length; i++)
                    for (int j = 0; j < F_LOOP(LANES); j++)
                        *(F *)(out[k + j] + (start + i) * dout) = values[i][j];
        }
    }
}

/* `count` series from `first` on: TILE if their values lie side by side, else LANES at most. Lanes to spare
   run the last series too. p, n, d as in rolling_score_resume. */
static void LOOP(run_together)(char **p, npy_intp const *n, npy_intp const *d, npy_intp first, int count)
{
    const int was_invalid = fetestexcept(FE_INVALID),
              past_cache = n[0] * n[1] > PAST_CACHE / (npy_intp)sizeof(F);
    const int lanes = count == TILE ? TILE : count > F_LOOP(HALF) ? F_LOOP(LANES) : F_LOOP(HALF);
    const char *x[TILE];
    char *out[TILE];
    F rise[TILE], fall[TILE], state[TILE];
    for (int j = 0; j < lanes; j++) {
        const npy_intp i = first + smaller(j, count - 1);
        x[j] = p[0] + i * d[0];
        rise[j] = *(F *)(p[1] + i * d[1]);
        fall[j] = *(F *)(p[2] + i * d[2]);
        state[j] = *(F *)(p[3] + i * d[3]);
        out[j] = p[4] + i * d[4];
    }
    if (d[0] == sizeof(T) && count >= F_LOOP(LANES))
        LOOP(run_across)(x[0], out, count, n[1], d[6], d[7], d[4], past_cache, rise, fall, state);
    else
        LOOP(run_lanes)(x, out, n[1], d[6], d[7], lanes, past_cache, rise, fall, state);
    if (past_cache)
        NX_STORES_DONE;
    if (!was_invalid && fetestexcept(FE_INVALID)) {
        /* Rightly, or since a compiler compares vectors with an instruction that is not silent on NaN. */
        feclearexcept(FE_INVALID);
        LOOP(run_each)(p, n, d, first, first + count);
        return;
    }
    for (int j = 0; j < count; j++)
        *(F *)(p[5] + (first + j) * d[5]) = state[j];
}
