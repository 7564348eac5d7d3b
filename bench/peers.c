/* What one writes by hand in C for the same tasks. Compiled once per type, with -DT=float or -DT=double. */
#include <math.h>
#include <stddef.h>

void axpy(T a, const T *x, const T *y, T *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = a * x[i] + y[i];
}

void divide_or(const T *x, const T *y, T fill, T *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = y[i] != 0 ? x[i] / y[i] : fill;
}

void rolling_score(const T *x, T *out, size_t n)
{
    T s = 0;
    for (size_t i = 0; i < n; i++) {
        s = x[i] > s ? s * (T)0.9 + x[i] : s * (T)0.5;
        out[i] = s;
    }
}

void rolling_score_rows(const T *x, T *out, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows; i++)
        rolling_score(x + i * columns, out + i * columns, columns);
}

void rolling_score_columns(const T *x, T *out, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            T s = i ? out[(i - 1) * columns + j] : 0, v = x[i * columns + j];
            out[i * columns + j] = v > s ? s * (T)0.9 + v : s * (T)0.5;
        }
}

/* The loop of the least gufunc there can be, (n)->(n): what a call costs. */
void copy_series(char **p, const ptrdiff_t *n, const ptrdiff_t *d, void *data)
{
    (void)data;
    for (ptrdiff_t i = 0; i < n[0]; i++)
        for (ptrdiff_t j = 0; j < n[1]; j++)
            *(T *)(p[1] + i * d[1] + j * d[3]) = *(T *)(p[0] + i * d[0] + j * d[2]);
}

double pow_sum(const T *x, double p, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] > 0)
            sum += pow(x[i], p);
    return sum;
}

void group_sum(const T *x, const long *labels, T *totals, size_t n)
{
    for (size_t i = 0; i < n; i++)
        totals[labels[i]] += x[i];
}
