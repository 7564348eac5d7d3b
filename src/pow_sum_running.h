/* pow_sum_running.h: running sums of powers. */
#ifndef POW_SUM_RUNNING_H
#define POW_SUM_RUNNING_H

#include "pow_sum_others.h"

/* The sums over the first 1, 2, ..., n values. */
static inline void run_sums(const pow_sum_call *call, const char *x, npy_intp n, npy_intp dx, double p,
                            char *out, npy_intp dout)
{
    double buffer[NX_BLOCK], powers[NX_BLOCK + WIDTH_double];
    nx_total total = {0, 0};
    for (npy_intp start = 0; start < n; start += NX_BLOCK) {
        const npy_intp length = n - start < NX_BLOCK ? n - start : NX_BLOCK;
        const double *const values = nx_numbers_as_double(call->x, x + start * dx, length, dx, buffer);
        compute_powers(values, length, p, POSITIVE, powers);
        for (npy_intp i = 0; i < length; i++) {
            total = nx_add(total, powers[i]);
            powers[i] = isfinite(total.sum) ? total.sum + total.error : total.sum;
        }
        call->result->store(powers, length, out + start * dout, dout);
    }
    finished(total);
}

static inline void run_long_sums(const char *x, npy_intp n, npy_intp dx, npy_longdouble p, char *out,
                                 npy_intp dout)
{
    long_total total = {0, 0};
    for (npy_intp i = 0; i < n; i++) {
        total = add_long_power(total, x + i * dx, p, POSITIVE);
        *(npy_longdouble *)(out + i * dout) = finished_long(total).sum;
    }
}

#endif
