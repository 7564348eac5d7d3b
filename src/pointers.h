/* pointers.h: functions of C, known by their addresses alone, as loops of ufuncs. */
#ifndef POINTERS_H
#define POINTERS_H

#include "threads.h"

/* A word of a call: a register or a place on the stack that an argument takes. It comes from an operand, from
   this many bytes behind the start of an element. */
typedef enum { NX_AS_IT_IS, NX_WIDENED, NX_ITS_ADDRESS, NX_DATA } nx_source;
typedef struct {
    nx_source source;
    int operand, offset;
} nx_word;

/* The words of each class. What passes these numbers goes to the stack in an order that we do not know. */
enum { NX_INTEGER_WORDS = 6, NX_FLOAT_WORDS = 8, NX_LONG_WORDS = 4 };

/* All words of a function of cores. */
enum { NX_CORE_WORDS = 40 };
typedef struct nx_words nx_words;

/* `data` of the loops: a function and what it takes. */
typedef struct {
    void *function;
    void *data; /* its last argument, if has_data */
    int has_data, nin, nout;
    const char *types;   /* "dd->d" */
    const char *letters; /* "ddd" */
    int sizes[NX_MOST_OPERANDS];
    /* of pointers_words.c */
    int integers, floats, longs;
    nx_word integer[NX_INTEGER_WORDS], real[NX_FLOAT_WORDS], extended[NX_LONG_WORDS];
    void (*call)(const nx_words *words, npy_intp n, char *out, npy_intp dout);
    /* of pointers_cores.c: how many core dimensions each operand has, and which they are */
    nx_split split;
    int core_dimensions[NX_MOST_OPERANDS], dimension_of[NX_CORE_WORDS];
} nx_pointer;

/* The loop that calls a function of single numbers whose types are all the same, or NULL. */
PyUFuncGenericFunction nx_same_types_loop(const nx_pointer *pointer);

/* The loop that calls any other; NULL with an exception if this processor's conventions do not allow it. */
PyUFuncGenericFunction nx_words_loop(nx_pointer *pointer);

/* The loop that calls a function of whole cores. It splits its work itself, and wants to be told the
   dimensions before it is called; -1 with a ValueError if they are too many. */
void nx_cores_loop(char **p, npy_intp const *n, npy_intp const *d, void *data);
int nx_tell_cores(nx_pointer *pointer, const PyUFuncObject *ufunc);

/* from_pointers(addresses, types, signature, name, doc, data, keep): see numpy_ext/_pointer.py, which checks
   the arguments. */
PyObject *nx_from_pointers(PyObject *module, PyObject *args);

#endif
