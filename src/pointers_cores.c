/* pointers_cores.c: calls of functions of whole cores: the addresses of the operands, then the sizes of the
   core dimensions, then the distances along them in elements, operand by operand, then data. All of these are
   words of one size, so any such function is called as a function of that many integers. */
#include "pointers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef intptr_t word;

#define FOUR(k) words[k], words[k + 1], words[k + 2], words[k + 3]
#define FOUR_WORDS word, word, word, word

/* Words that a function does not take do no harm. */
static void call_with(void *function, const word *words, int count)
{
    if (count <= 4)
        ((void (*)(FOUR_WORDS))function)(FOUR(0));
    else if (count <= 8)
        ((void (*)(FOUR_WORDS, FOUR_WORDS))function)(FOUR(0), FOUR(4));
    else if (count <= 16)
        ((void (*)(FOUR_WORDS, FOUR_WORDS, FOUR_WORDS, FOUR_WORDS))function)(FOUR(0), FOUR(4), FOUR(8),
                                                                             FOUR(12));
    else
        ((void (*)(FOUR_WORDS, FOUR_WORDS, FOUR_WORDS, FOUR_WORDS, FOUR_WORDS, FOUR_WORDS, FOUR_WORDS,
                   FOUR_WORDS, FOUR_WORDS, FOUR_WORDS))function)(
            FOUR(0), FOUR(4), FOUR(8), FOUR(12), FOUR(16), FOUR(20), FOUR(24), FOUR(28), FOUR(32), FOUR(36));
}

/* How many words a function takes. */
static int core_words(const nx_pointer *pointer)
{
    int count = pointer->nin + pointer->nout + pointer->split.core_dimensions + pointer->has_data;
    for (int j = 0; j < pointer->nin + pointer->nout; j++)
        count += pointer->core_dimensions[j];
    return count;
}

/* n[]: cores, then the sizes of the core dimensions; d[]: from core to core of every operand, then along its
   core dimensions, operand by operand. */
static void call_cores(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_pointer *const pointer = data;
    const int nargs = pointer->nin + pointer->nout;
    word words[NX_CORE_WORDS] = {0};
    int count = nargs, k = nargs;
    for (int j = 0; j < pointer->split.core_dimensions; j++)
        words[count++] = n[1 + j];
    for (int j = 0; j < nargs; j++)
        for (int c = 0; c < pointer->core_dimensions[j]; c++)
            words[count++] = d[k++] / pointer->sizes[j];
    if (pointer->has_data)
        words[count] = (word)pointer->data;
    for (npy_intp i = 0; i < n[0]; i++) {
        for (int j = 0; j < nargs; j++)
            words[j] = (word)(p[j] + i * d[j]);
        call_with(pointer->function, words, core_words(pointer));
    }
}

/* ---- Distances that are no whole number of elements ---- */

/* NumPy aligns operands, so only complex numbers stand so, which are aligned as their parts are: in records.
 */
static int has_odd_distance(const nx_pointer *pointer, npy_intp const *n, npy_intp const *d)
{
    const int nargs = pointer->nin + pointer->nout;
    for (int j = 0, k = 0; j < nargs; j++)
        for (int c = 0; c < pointer->core_dimensions[j]; c++, k++)
            if (n[1 + pointer->dimension_of[k]] > 1 && d[nargs + k] % pointer->sizes[j])
                return 1;
    return 0;
}

/* Copies a core to contiguous memory, or back; where that goes on. */
static char *copy_core(char *copy, char *core, const int *dimension_of, int dimensions, npy_intp const *n,
                       npy_intp const *d, int size, int back)
{
    if (dimensions == 0) {
        memcpy(back ? core : copy, back ? copy : core, (size_t)size);
        return copy + size;
    }
    for (npy_intp i = 0; i < n[1 + *dimension_of]; i++)
        copy = copy_core(copy, core + i * *d, dimension_of + 1, dimensions - 1, n, d + 1, size, back);
    return copy;
}

/* Calls with copies of the cores, one after the other. */
static void call_copies(char **p, npy_intp const *n, npy_intp const *d, const nx_pointer *pointer)
{
    const int nargs = pointer->nin + pointer->nout;
    npy_intp one[1 + NX_CORE_WORDS] = {1}, distances[NX_MOST_OPERANDS + NX_CORE_WORDS] = {0};
    size_t starts[NX_MOST_OPERANDS], bytes = 0;
    for (int j = 1; j <= pointer->split.core_dimensions; j++)
        one[j] = n[j];
    for (int j = 0, k = 0; j < nargs; k += pointer->core_dimensions[j++]) {
        npy_intp size = pointer->sizes[j];
        for (int c = pointer->core_dimensions[j] - 1; c >= 0; c--) {
            distances[nargs + k + c] = size;
            size *= n[1 + pointer->dimension_of[k + c]];
        }
        starts[j] = bytes;
        bytes += (size_t)size;
    }
    char *const room = malloc(bytes ? bytes : 1);
    if (!room) {
        NPY_ALLOW_C_API_DEF
        NPY_ALLOW_C_API
        PyErr_NoMemory();
        NPY_DISABLE_C_API
        return;
    }
    char *copies[NX_MOST_OPERANDS];
    for (npy_intp i = 0; i < n[0]; i++) {
        for (int back = 0; back < 2; back++) {
            for (int j = 0, k = 0; j < nargs; k += pointer->core_dimensions[j++]) {
                copies[j] = room + starts[j];
                if (!back || j >= pointer->nin)
                    copy_core(copies[j], p[j] + i * d[j], pointer->dimension_of + k,
                              pointer->core_dimensions[j], n, d + nargs + k, pointer->sizes[j], back);
            }
            if (!back)
                call_cores(copies, one, distances, (void *)pointer);
        }
    }
    free(room);
}

void nx_cores_loop(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    nx_pointer *const pointer = data;
    if (has_odd_distance(pointer, n, d))
        call_copies(p, n, d, pointer);
    else
        nx_split_loop(p, n, d, &pointer->split);
}

int nx_tell_cores(nx_pointer *pointer, const PyUFuncObject *ufunc)
{
    pointer->split =
        (nx_split){call_cores, pointer, pointer->nin, pointer->nout, ufunc->core_num_dim_ix, 0, 0};
    for (int j = 0; j < ufunc->nargs; j++)
        pointer->core_dimensions[j] = ufunc->core_num_dims[j];
    const int count = core_words(pointer);
    if (count > NX_CORE_WORDS) {
        PyErr_Format(
            PyExc_ValueError,
            "a function of signature %s takes %d arguments, which are the operands, the sizes and the "
            "distances; %d are possible",
            ufunc->core_signature, count, NX_CORE_WORDS);
        return -1;
    }
    for (int k = 0, j = 0; j < ufunc->nargs; j++)
        for (int c = 0; c < ufunc->core_num_dims[j]; c++, k++)
            pointer->dimension_of[k] = ufunc->core_dim_ixs[ufunc->core_offsets[j] + c];
    return 0;
}
