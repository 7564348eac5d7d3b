/* rolling_score_parts.h: one long series on several threads. Read by rolling_score.c for every dtype that
   computes in float or double and rounds no further.

   As in rolling_score_segments.h, the series is cut, here into one part for each thread. A part runs from
   what the values before it make of a guess, which mostly is its true state; then it is run again from the
   end of the one before as far as it was not. */

typedef struct {
    series whole;
    int past_cache;
    npy_intp length; /* of every part but the last */
    npy_intp count;
    F rise, fall;
    F heads[MOST_PARTS], ends[MOST_PARTS];
    int raised[MOST_PARTS];
} LOOP(parts);

static series LOOP(part_of_series)(const LOOP(parts) * parts, npy_intp i)
{
    const npy_intp first = i * parts->length;
    return part(parts->whole, first, i + 1 < parts->count ? parts->length : parts->whole.n - first);
}

/* Runs part i. heads[0] is true; the others are guessed here: as in LOOP(guess), WARM_UP values before. */
static void LOOP(run_part)(void *context, npy_intp i)
{
    LOOP(parts) *const parts = context;
    const int flags = fetestexcept(FLAGS);
    const series s = LOOP(part_of_series)(parts, i);
    if (i > 0) {
        F scores[WARM_UP];
        const series before = {s.x - WARM_UP * s.dx, (char *)scores, WARM_UP, s.dx, sizeof(F)};
        parts->heads[i] = LOOP(run_plain)(before, parts->rise, parts->fall,
                                          LOOP(guess)(parts->heads[0], parts->whole, before));
    }
    feclearexcept(FLAGS);
    parts->ends[i] = LOOP(run_long)(s, parts->past_cache, parts->rise, parts->fall, parts->heads[i]);
    parts->raised[i] = fetestexcept(FLAGS);
    feclearexcept(FLAGS);
    feraiseexcept(flags);
}

/* Runs part i again from its true state, as far as that changes it; returns its last state. */
static F LOOP(mend_part)(const LOOP(parts) * parts, npy_intp i, F state)
{
    const series s = LOOP(part_of_series)(parts, i);
    npy_intp done = 0;
    /* What it raised may be of the wrong start: then the whole part tells. */
    for (npy_intp length = parts->raised[i] ? s.n : PATIENCE; done < s.n; length *= 4) {
        length = smaller(length, s.n - done);
        const char *const last = s.out + (done + length - 1) * s.dout;
        const F stood = *(const F *)last;
        state = LOOP(run_long)(part(s, done, length), parts->past_cache, parts->rise, parts->fall, state);
        done += length;
        if (memcmp(&state, &stood, sizeof(F)) == 0 && done < s.n)
            return parts->ends[i];
    }
    return state;
}

/* As run_long, on several threads. */
static F LOOP(run_in_parts)(series s, int threads, int past_cache, F rise, F fall, F state)
{
    LOOP(parts) parts = {.whole = s, .past_cache = past_cache, .rise = rise, .fall = fall};
    parts.count = smaller(threads, MOST_PARTS);
    parts.length = s.n / parts.count / LONG * LONG;
    parts.heads[0] = state;
    nx_run_parts(threads, parts.count, LOOP(run_part), &parts);
    for (npy_intp i = 0; i < parts.count; i++)
        if (memcmp(&state, &parts.heads[i], sizeof(F)) == 0) {
            state = parts.ends[i];
            feraiseexcept(parts.raised[i]);
        }
        else
            state = LOOP(mend_part)(&parts, i, state);
    return state;
}
