/* records_elements.h: numbers from where they stand to where a loop takes them, and back. */
#ifndef RECORDS_ELEMENTS_H
#define RECORDS_ELEMENTS_H

#include "records_plan.h"

#include <string.h>

/* Numbers that are converted at a time, and the widest of them. */
enum { CHUNK = 128, WIDEST = 2 * sizeof(npy_longdouble) };

#define EACH_SIZE(X)                                                                                         \
    X(1)                                                                                                     \
    X(2)                                                                                                     \
    X(4)                                                                                                     \
    X(8)                                                                                                     \
    X(16)                                                                                                    \
    X(32)

/* Copies elements of one size; the compiler makes a loop for each. */
static void copy_elements(const char *from, npy_intp from_d, char *to, npy_intp to_d, npy_intp n, int size)
{
    switch (size) {
#define COPY(bytes)                                                                                          \
    case bytes:                                                                                              \
        for (npy_intp i = 0; i < n; i++)                                                                     \
            memcpy(to + i * to_d, from + i * from_d, bytes);                                                 \
        break;
        EACH_SIZE(COPY)
    default: /* long double of 12 bytes */
        for (npy_intp i = 0; i < n; i++)
            memcpy(to + i * to_d, from + i * from_d, (size_t)size);
    }
}

#define SWAP(bits)                                                                                           \
    static void swap_##bits(const char *from, npy_intp from_d, char *to, npy_intp to_d, npy_intp n)          \
    {                                                                                                        \
        for (npy_intp i = 0; i < n; i++) {                                                                   \
            npy_uint##bits x;                                                                                \
            memcpy(&x, from + i * from_d, sizeof x);                                                         \
            x = __builtin_bswap##bits(x);                                                                    \
            memcpy(to + i * to_d, &x, sizeof x);                                                             \
        }                                                                                                    \
    }
SWAP(16)
SWAP(32)
SWAP(64)

/* Copies elements whose parts have the other byte order: one part, or two of a complex number. */
static void swap_elements(const char *from, npy_intp from_d, char *to, npy_intp to_d, npy_intp n,
                          const nx_record_field *field)
{
    for (int part = 0; part < field->size;
         part += field->swapped, from += field->swapped, to += field->swapped)
        switch (field->swapped) {
        case 2:
            swap_16(from, from_d, to, to_d, n);
            break;
        case 4:
            swap_32(from, from_d, to, to_d, n);
            break;
        case 8:
            swap_64(from, from_d, to, to_d, n);
            break;
        default: /* long double */
            for (npy_intp i = 0; i < n; i++)
                for (int byte = 0; byte < field->swapped; byte++)
                    to[i * to_d + byte] = from[i * from_d + field->swapped - 1 - byte];
        }
}

typedef struct {
    _Alignas(64) char bytes[CHUNK * WIDEST];
} buffer;

/* Numbers of an operand as the loop takes them, into `to`. */
static void load(const nx_record_field *field, const char *p, npy_intp d, npy_intp n, char *to)
{
    buffer swapped, first;
    if (field->swapped) {
        char *const stage = field->then ? swapped.bytes : to;
        swap_elements(p, d, stage, field->size, n, field);
        p = stage;
        d = field->size;
    }
    if (field->first) {
        field->first(p, d, first.bytes, sizeof(npy_double), n);
        p = first.bytes;
        d = sizeof(npy_double);
    }
    if (field->then)
        field->then(p, d, to, field->loop_size, n);
    else if (!field->swapped)
        copy_elements(p, d, to, field->size, n, field->size);
}

/* Numbers that the loop gave, to where they belong. */
static void store(const nx_record_field *field, const buffer *from, npy_intp n, char *p, npy_intp d)
{
    buffer stage;
    if (field->then && field->swapped) {
        field->then(from->bytes, field->loop_size, stage.bytes, field->size, n);
        swap_elements(stage.bytes, field->size, p, d, n, field);
    }
    else if (field->then)
        field->then(from->bytes, field->loop_size, p, d, n);
    else if (field->swapped)
        swap_elements(from->bytes, field->size, p, d, n, field);
    else
        copy_elements(from->bytes, field->size, p, d, n, field->size);
}

#endif
