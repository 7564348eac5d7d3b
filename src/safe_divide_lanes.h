/* safe_divide_lanes.h: the division of safe_divide.c in SIMD lanes. Read for float and for double, with F and
   F_LOOP as numpy_ext/each.h defines them. */

/* One operand as it comes: n numbers one after the other, or one for all. */
typedef struct {
    const F *at;
    npy_intp step;
} F_LOOP(operand);

NX_INLINE F_LOOP(vector) F_LOOP(load_operand)(F_LOOP(operand) o, npy_intp i)
{
    if (o.step)
        return F_LOOP(load)(o.at + i);
    return F_LOOP(splat)(*o.at);
}

/* At most BLOCK numbers: in place if they stand one after the other or are one, else copied to `to`. */
NX_INLINE F_LOOP(operand) F_LOOP(read)(const char *from, npy_intp n, npy_intp d, F *to)
{
    if (d == 0 || d == sizeof(F))
        return (F_LOOP(operand)){(const F *)from, d != 0};
    for (npy_intp i = 0; i < n; i++)
        to[i] = *(const F *)(from + i * d);
    return (F_LOOP(operand)){to, 1};
}

/* n quotients, which may take the place of an operand. */
static void F_LOOP(divide_block)(F_LOOP(operand) x, F_LOOP(operand) y, F_LOOP(operand) fill, F *out,
                                 npy_intp n)
{
    NX_KEEP_FLAGS
    const npy_intp rest = n % F_LOOP(WIDTH);
    for (npy_intp i = 0; i < n - rest; i += F_LOOP(WIDTH)) {
        const F_LOOP(vector) dividend = F_LOOP(load_operand)(x, i), divisor = F_LOOP(load_operand)(y, i);
        const F_LOOP(mask) zero = F_LOOP(is_zero)(divisor);
        F_LOOP(store)(out + i, F_LOOP(divide_unless)(zero, dividend, divisor, F_LOOP(load_operand)(fill, i)));
    }
    for (npy_intp i = n - rest; i < n; i++) {
        const F divisor = y.at[i * y.step];
        out[i] = divisor == 0 ? fill.at[i * fill.step] : x.at[i * x.step] / divisor;
    }
}
