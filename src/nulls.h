/* nulls.h: rows without nulls, and back. */
#ifndef NULLS_H
#define NULLS_H

#include <numpy_ext/ufunc.h>

/* Moves numbers of 8 bytes. compress writes into the room behind its last value, NX_ROOM at most. */
typedef struct {
    void (*compress)(const void *x, const npy_bool *valid, npy_intp n, void *out);
    void (*expand)(const void *x, npy_intp count, const npy_bool *valid, npy_intp n, const void *fill,
                   void *out);
    void (*cover)(const npy_bool *valid, npy_intp n, const void *fill, void *out);
} nx_moves;
enum { NX_ROOM = 8 };

/* Of each CPU level; NULLs where it has no lanes for it. */
#define NX_MOVES(level) NX_SYMBOL(moves, level)

/* Adds compress, expand and cover to the module, as they are on that CPU level. */
int nx_add_nulls(PyObject *module, const char *level);

#endif
