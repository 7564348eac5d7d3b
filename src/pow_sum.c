/* pow_sum.c: sums of powers, as if added exactly. */
#include "pow_sum_docs.h"
#include "pow_sum_others.h"
#include "pow_sum_running.h"

/* ---- The loops. n[]: series, values of a series; d[]: from series to series of x, p and the sum, or of x,
   p, sum, error and the new sum and error; from value to value of x ---- */

static void sum_real(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const pow_sum_call *const call = data;
    sum_each(p, n, d, d[call->resumes ? 6 : 3], call);
}

static void sum_complex(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const pow_sum_call *const call = data;
    sum_each_complex(p, n, d, d[call->resumes ? 6 : 3], call);
}

static void sum_long(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const pow_sum_call *const call = data;
    sum_each_long(p, n, d, d[call->resumes ? 6 : 3], call);
}

/* n[]: series, values of a series; d[]: from series to series of x, p and out, from value to value of x and
   out */
static void running_real(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const pow_sum_call *const call = data;
    for (npy_intp i = 0; i < n[0]; i++)
        run_sums(call, p[0] + i * d[0], n[1], d[3], nx_number(call->result, p[1] + i * d[1]), p[2] + i * d[2],
                 d[4]);
}

static void running_long(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    for (npy_intp i = 0; i < n[0]; i++)
        run_long_sums(p[0] + i * d[0], n[1], d[3], *(npy_longdouble *)(p[1] + i * d[1]), p[2] + i * d[2],
                      d[4]);
}

/* ---- The tables. A row: the loop, its dtypes, the dtype of x and of the result, what is raised ---- */

#define ROW(loop, types, x, result, which, resumes)                                                          \
    {loop, types, &(const pow_sum_call){&nx_numbers_##x, &nx_numbers_##result, which, resumes}},

#define POSITIVE_ROW(x, t, r) ROW(sum_real, t r "->" r, x, double, POSITIVE, 0)
#define ABSOLUTE_ROW(x, t, r) ROW(sum_real, t r "->" r, x, double, ABSOLUTE, 0)
#define RUNNING_ROW(x, t, r) ROW(running_real, t r "->" r, x, double, POSITIVE, 0)
#define POSITIVE_RESUME_ROW(x, t, r) ROW(sum_real, t "ddd->dd", x, double, POSITIVE, 1)
#define ABSOLUTE_RESUME_ROW(x, t, r) ROW(sum_real, t "ddd->dd", x, double, ABSOLUTE, 1)

/* float16 and float32 give their own dtype if the exponent is no wider. */
#define FLOAT_ROWS(loop, which)                                                                              \
    ROW(loop, "ee->e", half, half, which, 0)                                                                 \
    ROW(loop, "ff->f", float, float, which, 0)                                                               \
    ROW(loop, "ed->d", half, double, which, 0)                                                               \
    ROW(loop, "fd->d", float, double, which, 0)                                                              \
    ROW(loop, "dd->d", double, double, which, 0)

static const nx_row pow_sum_rows[] = {
    NX_INTEGERS(POSITIVE_ROW)                           /* */
    FLOAT_ROWS(sum_real, POSITIVE)                      /* */
    ROW(sum_long, "gg->g", double, double, POSITIVE, 0) /* */
    {.loop = NULL},
};

static const nx_row abs_pow_sum_rows[] = {
    NX_INTEGERS(ABSOLUTE_ROW)                                      /* */
    FLOAT_ROWS(sum_real, ABSOLUTE)                                 /* */
    ROW(sum_long, "gg->g", double, double, ABSOLUTE, 0)            /* */
    ROW(sum_complex, "Ff->f", float, float, ABSOLUTE, 0)           /* */
    ROW(sum_complex, "Fd->d", float, double, ABSOLUTE, 0)          /* */
    ROW(sum_complex, "Dd->d", double, double, ABSOLUTE, 0)         /* */
    ROW(sum_long, "Gg->g", double, double, ABSOLUTE_OF_COMPLEX, 0) /* */
    {.loop = NULL},
};

static const nx_row cum_pow_sum_rows[] = {
    NX_INTEGERS(RUNNING_ROW)                                /* */
    FLOAT_ROWS(running_real, POSITIVE)                      /* */
    ROW(running_long, "gg->g", double, double, POSITIVE, 0) /* */
    {.loop = NULL},
};

static const nx_row pow_sum_resume_rows[] = {
    NX_INTEGERS(POSITIVE_RESUME_ROW)                       /* */
    NX_HALF(POSITIVE_RESUME_ROW)                           /* */
    NX_FLOATS(POSITIVE_RESUME_ROW)                         /* */
    ROW(sum_long, "gggg->gg", double, double, POSITIVE, 1) /* */
    {.loop = NULL},
};

static const nx_row abs_pow_sum_resume_rows[] = {
    NX_INTEGERS(ABSOLUTE_RESUME_ROW)                                  /* */
    NX_HALF(ABSOLUTE_RESUME_ROW)                                      /* */
    NX_FLOATS(ABSOLUTE_RESUME_ROW)                                    /* */
    ROW(sum_long, "gggg->gg", double, double, ABSOLUTE, 1)            /* */
    ROW(sum_complex, "Fddd->dd", float, double, ABSOLUTE, 1)          /* */
    ROW(sum_complex, "Dddd->dd", double, double, ABSOLUTE, 1)         /* */
    ROW(sum_long, "Gggg->gg", double, double, ABSOLUTE_OF_COMPLEX, 1) /* */
    {.loop = NULL},
};

NX_FAMILY(pow_sum) = {
    {"pow_sum", pow_sum_doc, "(n),()->()", 2, 1, pow_sum_rows, NX_SPLIT},
    {"abs_pow_sum", abs_pow_sum_doc, "(n),()->()", 2, 1, abs_pow_sum_rows, NX_SPLIT},
    {"cum_pow_sum", cum_pow_sum_doc, "(n),()->(n)", 2, 1, cum_pow_sum_rows, NX_SPLIT},
    {"pow_sum_resume", pow_sum_resume_doc, "(n),(),(),()->(),()", 4, 2, pow_sum_resume_rows, NX_SPLIT},
    {"abs_pow_sum_resume", abs_pow_sum_resume_doc, "(n),(),(),()->(),()", 4, 2, abs_pow_sum_resume_rows,
     NX_SPLIT},
    {.name = NULL},
};
