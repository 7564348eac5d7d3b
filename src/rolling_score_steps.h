/* rolling_score_steps.h: one series, one value after the other. Read by rolling_score.c for every dtype. */

/* The recurrence, one value after the other; returns the last state. The branch stays a branch, since the
   step not taken may overflow and must raise no flag; and isgreater, unlike >, is silent on NaN. */
NX_INLINE F LOOP(run)(series s, F rise, F fall, F state)
{
    NX_KEEP_FLAGS
    for (npy_intp i = 0; i < s.n; i++) {
        const F value = TO_F(*(const T *)(s.x + i * s.dx));
        if (isgreater(value, state))
            state = state * rise + value;
        else
            state = state * fall;
        const R score = TO_R(state);
        *(R *)(s.out + i * s.dout) = score;
        state = TO_F(score);
    }
    return state;
}

#ifdef F_LOOP
/* The same without a branch, for steps that cannot be foretold: 2 ns each in place of 3.2, if there are
   better choices than those of SSE2. It computes the step not taken too, so flags may be none of the
   recurrence. */
NX_INLINE F LOOP(run_unforeseen)(series s, F rise, F fall, F state)
{
    for (npy_intp i = 0; i < s.n; i++) {
        const F value = TO_F(*(const T *)(s.x + i * s.dx));
        const F_LOOP(one_mask) rises = F_LOOP(one_greater)(value, state);
        state = F_LOOP(one_choose)(rises, state * rise + value, state * fall);
        *(F *)(s.out + i * s.dout) = state;
    }
    return state;
}

/* Of PROBE scored values, how many went another way than the one two before: up, or down. A score often goes
   up and down in turn, which processors foretell. */
static int LOOP(surprises)(series s)
{
    NX_KEEP_FLAGS
    int count = 0, before = 0, last = 0;
    for (npy_intp i = 1; i < PROBE; i++) {
        const int rises = isgreater(TO_F(*(const T *)(s.x + i * s.dx)), *(F *)(s.out + (i - 1) * s.dout));
        count += i > 2 && rises != before;
        before = last;
        last = rises;
    }
    return count;
}
#endif

NX_INLINE F LOOP(run_either)(series s, F rise, F fall, F state)
{
#ifdef F_LOOP
    if (s.n > 2 * PROBE) {
        state = LOOP(run)(part(s, 0, PROBE), rise, fall, state);
        const int many = F_LOOP(WIDTH) * sizeof(F) > 16 && LOOP(surprises)(s) >= SURPRISES;
        s = part(s, PROBE, s.n - PROBE);
        if (many) {
            const int flags = fetestexcept(FLAGS);
            const F last = LOOP(run_unforeseen)(s, rise, fall, state);
            const int raised = fetestexcept(FLAGS) & ~flags;
            if (!raised)
                return last;
            feclearexcept(raised);
        }
    }
#endif
    return LOOP(run)(s, rise, fall, state);
}

/* The recurrence, one value after the other, as fast as that goes. */
static F LOOP(run_plain)(series s, F rise, F fall, F state)
{
    if (s.dx == sizeof(T) && s.dout == sizeof(R)) {
        s.dx = sizeof(T);
        s.dout = sizeof(R);
        return LOOP(run_either)(s, rise, fall, state);
    }
    return LOOP(run_either)(s, rise, fall, state);
}
