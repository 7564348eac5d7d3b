/* What one writes by hand in C for the same tasks. Compiled once per type, with -DT=float or -DT=double. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

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

/* Functions for pointers, and loops that know no more of them than these. */
T trivial(T x, T y)
{
    return x * y + 1;
}

T times(long n, T x)
{
    return n * x;
}

void call_trivial(T (*function)(T, T), const T *x, const T *y, T *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = function(x[i], y[i]);
}

void call_times(T (*function)(long, T), const long *count, const T *x, T *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = function(count[i], x[i]);
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

typedef struct {
    uint64_t time;
    double x, y, z;
} record;

void add_records(const record *a, const record *b, record *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i].time = a[i].time + b[i].time;
        out[i].x = a[i].x + b[i].x;
        out[i].y = a[i].y + b[i].y;
        out[i].z = a[i].z + b[i].z;
    }
}

void axpy_records(int64_t a, const record *x, const record *y, record *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i].time = (uint64_t)a * x[i].time + y[i].time;
        out[i].x = (double)a * x[i].x + y[i].x;
        out[i].y = (double)a * x[i].y + y[i].y;
        out[i].z = (double)a * x[i].z + y[i].z;
    }
}

void move_records(double a, const record *x, record *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i].x = a * x[i].x + y[i].x;
        y[i].y = a * x[i].y + y[i].y;
        y[i].z = a * x[i].z + y[i].z;
    }
}
