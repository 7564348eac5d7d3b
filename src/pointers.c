/* pointers.c: ufuncs that call functions of C by their addresses. The lower half is read again for every
   dtype: functions all of whose arguments and results are of one type, called as what they are. */
#ifndef T
#include "pointers.h"
#include "ufuncs.h"

#include <complex.h>
#include <string.h>

#define NX_FILE "pointers.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#define NX_WANT_COMPLEX
#include <numpy_ext/each.h>

enum { MOST_SAME = 4 };
static const struct {
    char letter;
    int size;
    PyUFuncGenericFunction loops[MOST_SAME][2];
} same_types[] = {
#define SAME(name, t, f)                                                                                     \
    {t[0],                                                                                                   \
     sizeof(npy_##name),                                                                                     \
     {{call_1_##name, call_1_data_##name},                                                                   \
      {call_2_##name, call_2_data_##name},                                                                   \
      {call_3_##name, call_3_data_##name},                                                                   \
      {call_4_##name, call_4_data_##name}}},
    NX_INTEGERS(SAME) NX_HALF(SAME) NX_FLOATS(SAME) NX_LONGDOUBLE(SAME) NX_COMPLEXES(SAME)};

static int size_of(char letter)
{
    for (size_t i = 0; i < sizeof same_types / sizeof *same_types; i++)
        if (same_types[i].letter == letter)
            return same_types[i].size;
    return 0;
}

PyUFuncGenericFunction nx_same_types_loop(const nx_pointer *pointer)
{
    const int nin = pointer->nin;
    if (nin > MOST_SAME || pointer->nout != 1 ||
        strspn(pointer->letters, (char[]){*pointer->letters, 0}) <= (size_t)nin)
        return NULL;
    for (size_t i = 0; i < sizeof same_types / sizeof *same_types; i++)
        if (same_types[i].letter == *pointer->letters)
            return same_types[i].loops[nin - 1][pointer->has_data];
    return NULL;
}

/* ---- Making one ---- */

/* All that such a ufunc is made of, in one piece: rows, pointers, then texts. */
typedef struct {
    nx_ufunc entry;
    nx_row *rows;
    nx_pointer *pointers;
    char *texts;
} made_ufunc;

static const char MADE[] = "numpy_ext._ufuncs.pointers";

static void free_made(PyObject *capsule)
{
    made_ufunc *const made = PyCapsule_GetPointer(capsule, MADE);
    PyMem_Free(made->rows);
    PyMem_Free(made->pointers);
    PyMem_Free(made->texts);
    PyMem_Free(made);
}

/* The texts that NumPy or a loop keeps pointers to, one after the other. */
static const char *keep_text(char **room, const char *text)
{
    char *const kept = *room;
    *room += strlen(text) + 1;
    return strcpy(kept, text);
}

/* "dd->d" to "ddd". */
static const char *keep_letters(char **room, const char *types)
{
    char *const kept = *room, *end = kept;
    for (; *types; types++)
        if (*types != '-' && *types != '>')
            *end++ = *types;
    *end = '\0';
    *room = end + 1;
    return kept;
}

/* What a row calls, and with which loop. */
static int make_row(made_ufunc *made, int i, PyObject *address, PyObject *data, const char *types,
                    const char *letters)
{
    nx_pointer *const pointer = &made->pointers[i];
    const char *const signature = made->entry.signature;
    pointer->function = PyLong_AsVoidPtr(address);
    pointer->has_data = data != Py_None;
    pointer->data = pointer->has_data ? PyLong_AsVoidPtr(data) : NULL;
    if (PyErr_Occurred())
        return -1;
    pointer->nin = made->entry.nin;
    pointer->nout = made->entry.nout;
    pointer->types = types;
    pointer->letters = letters;
    for (int j = 0; j < pointer->nin + pointer->nout; j++) {
        pointer->sizes[j] = size_of(letters[j]);
        if (!pointer->sizes[j]) {
            PyErr_Format(PyExc_ValueError, "no function of C takes or returns type '%c'", letters[j]);
            return -1;
        }
    }
    PyUFuncGenericFunction loop = nx_cores_loop;
    if (!signature) {
        loop = nx_same_types_loop(pointer);
        loop = loop ? loop : nx_words_loop(pointer);
    }
    made->rows[i].loop = loop;
    made->rows[i].data = pointer;
    return loop ? 0 : -1;
}

/* Room for a ufunc of so many rows, owned by a capsule. */
static PyObject *make_room(Py_ssize_t rows, size_t text, made_ufunc **made)
{
    *made = PyMem_Calloc(1, sizeof **made);
    PyObject *capsule = *made ? PyCapsule_New(*made, MADE, free_made) : PyErr_NoMemory();
    if (!capsule) {
        PyMem_Free(*made);
        return NULL;
    }
    (*made)->rows = PyMem_Calloc((size_t)rows + 1, sizeof *(*made)->rows);
    (*made)->pointers = PyMem_Calloc((size_t)rows, sizeof *(*made)->pointers);
    (*made)->texts = PyMem_Calloc(text, 1);
    if (!(*made)->rows || !(*made)->pointers || !(*made)->texts) {
        Py_DECREF(capsule);
        return PyErr_NoMemory();
    }
    return capsule;
}

/* Fills the rows and makes the ufunc; `keep` owns the capsule of `made`. */
static PyObject *make_ufunc(made_ufunc *made, PyObject *addresses, PyObject *types, PyObject *data,
                            char *texts, PyObject *keep)
{
    const Py_ssize_t rows = PyTuple_Size(types);
    for (Py_ssize_t i = 0; i < rows; i++) {
        const char *const text = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(types, i), NULL);
        if (!text)
            return NULL;
        made->rows[i].types = keep_text(&texts, text);
        if (make_row(made, (int)i, PyTuple_GetItem(addresses, i), data, made->rows[i].types,
                     keep_letters(&texts, text)) < 0)
            return NULL;
    }
    PyObject *ufunc = nx_make_ufunc(&made->entry, NULL, made->entry.name, keep);
    for (Py_ssize_t i = 0; ufunc && made->entry.signature && i < rows; i++)
        if (nx_tell_cores(&made->pointers[i], (PyUFuncObject *)ufunc) < 0)
            Py_CLEAR(ufunc);
    return ufunc;
}

PyObject *nx_from_pointers(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *addresses, *types, *data, *keep;
    const char *signature, *name, *doc;
    int nin, nout;
    if (!PyArg_ParseTuple(args, "O!O!iizssOO:from_pointers", &PyTuple_Type, &addresses, &PyTuple_Type, &types,
                          &nin, &nout, &signature, &name, &doc, &data, &keep))
        return NULL;
    /* A text of types has an arrow, and its letters have an end. */
    const size_t row = 2 * ((size_t)nin + (size_t)nout + 2);
    made_ufunc *made;
    PyObject *capsule = make_room(PyTuple_Size(types),
                                  (size_t)PyTuple_Size(types) * row + strlen(name) + strlen(doc) + 2 +
                                      (signature ? strlen(signature) + 1 : 0),
                                  &made);
    if (!capsule)
        return NULL;
    char *texts = made->texts;
    made->entry = (nx_ufunc){keep_text(&texts, name),
                             keep_text(&texts, doc),
                             signature ? keep_text(&texts, signature) : NULL,
                             nin,
                             nout,
                             made->rows,
                             signature ? NX_WHOLE : NX_SPLIT};
    PyObject *both = PyTuple_Pack(2, capsule, keep);
    PyObject *ufunc = both ? make_ufunc(made, addresses, types, data, texts, both) : NULL;
    Py_XDECREF(both);
    Py_DECREF(capsule);
    return ufunc;
}

#else

#ifdef NX_COMPLEX
typedef __typeof__((F)0 * _Complex_I) LOOP(value);
#else
typedef T LOOP(value);
#endif

#define VALUE LOOP(value)
#define AT(operand) *(VALUE *)(operand + i * d##operand)

/* Called with constant distances where numbers stand side by side: the registers that survive a call are few.
 */
NX_INLINE void LOOP(run_1)(const nx_pointer *at, npy_intp n, char *a, char *out, npy_intp da, npy_intp dout)
{
    VALUE (*const function)(VALUE) = at->function;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a));
}

static void LOOP(call_1)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one)
        LOOP(run_1)(data, *n, p[0], p[1], one, one);
    else
        LOOP(run_1)(data, *n, p[0], p[1], d[0], d[1]);
}

NX_INLINE void LOOP(run_1_data)(const nx_pointer *at, npy_intp n, char *a, char *out, npy_intp da,
                                npy_intp dout)
{
    VALUE (*const function)(VALUE, void *) = at->function;
    void *const last = at->data;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), last);
}

static void LOOP(call_1_data)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one)
        LOOP(run_1_data)(data, *n, p[0], p[1], one, one);
    else
        LOOP(run_1_data)(data, *n, p[0], p[1], d[0], d[1]);
}

NX_INLINE void LOOP(run_2)(const nx_pointer *at, npy_intp n, char *a, char *b, char *out, npy_intp da,
                           npy_intp db, npy_intp dout)
{
    VALUE (*const function)(VALUE, VALUE) = at->function;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), AT(b));
}

static void LOOP(call_2)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one && d[2] == one)
        LOOP(run_2)(data, *n, p[0], p[1], p[2], one, one, one);
    else
        LOOP(run_2)(data, *n, p[0], p[1], p[2], d[0], d[1], d[2]);
}

NX_INLINE void LOOP(run_2_data)(const nx_pointer *at, npy_intp n, char *a, char *b, char *out, npy_intp da,
                                npy_intp db, npy_intp dout)
{
    VALUE (*const function)(VALUE, VALUE, void *) = at->function;
    void *const last = at->data;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), AT(b), last);
}

static void LOOP(call_2_data)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one && d[2] == one)
        LOOP(run_2_data)(data, *n, p[0], p[1], p[2], one, one, one);
    else
        LOOP(run_2_data)(data, *n, p[0], p[1], p[2], d[0], d[1], d[2]);
}

NX_INLINE void LOOP(run_3)(const nx_pointer *at, npy_intp n, char *a, char *b, char *c, char *out,
                           npy_intp da, npy_intp db, npy_intp dc, npy_intp dout)
{
    VALUE (*const function)(VALUE, VALUE, VALUE) = at->function;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), AT(b), AT(c));
}

static void LOOP(call_3)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one && d[2] == one && d[3] == one)
        LOOP(run_3)(data, *n, p[0], p[1], p[2], p[3], one, one, one, one);
    else
        LOOP(run_3)(data, *n, p[0], p[1], p[2], p[3], d[0], d[1], d[2], d[3]);
}

NX_INLINE void LOOP(run_3_data)(const nx_pointer *at, npy_intp n, char *a, char *b, char *c, char *out,
                                npy_intp da, npy_intp db, npy_intp dc, npy_intp dout)
{
    VALUE (*const function)(VALUE, VALUE, VALUE, void *) = at->function;
    void *const last = at->data;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), AT(b), AT(c), last);
}

static void LOOP(call_3_data)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one && d[2] == one && d[3] == one)
        LOOP(run_3_data)(data, *n, p[0], p[1], p[2], p[3], one, one, one, one);
    else
        LOOP(run_3_data)(data, *n, p[0], p[1], p[2], p[3], d[0], d[1], d[2], d[3]);
}

NX_INLINE void LOOP(run_4)(const nx_pointer *at, npy_intp n, char *a, char *b, char *c, char *d, char *out,
                           npy_intp da, npy_intp db, npy_intp dc, npy_intp dd, npy_intp dout)
{
    VALUE (*const function)(VALUE, VALUE, VALUE, VALUE) = at->function;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), AT(b), AT(c), AT(d));
}

static void LOOP(call_4)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one && d[2] == one && d[3] == one && d[4] == one)
        LOOP(run_4)(data, *n, p[0], p[1], p[2], p[3], p[4], one, one, one, one, one);
    else
        LOOP(run_4)(data, *n, p[0], p[1], p[2], p[3], p[4], d[0], d[1], d[2], d[3], d[4]);
}

NX_INLINE void LOOP(run_4_data)(const nx_pointer *at, npy_intp n, char *a, char *b, char *c, char *d,
                                char *out, npy_intp da, npy_intp db, npy_intp dc, npy_intp dd, npy_intp dout)
{
    VALUE (*const function)(VALUE, VALUE, VALUE, VALUE, void *) = at->function;
    void *const last = at->data;
    for (npy_intp i = 0; i < n; i++)
        AT(out) = function(AT(a), AT(b), AT(c), AT(d), last);
}

static void LOOP(call_4_data)(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const npy_intp one = sizeof(VALUE);
    if (d[0] == one && d[1] == one && d[2] == one && d[3] == one && d[4] == one)
        LOOP(run_4_data)(data, *n, p[0], p[1], p[2], p[3], p[4], one, one, one, one, one);
    else
        LOOP(run_4_data)(data, *n, p[0], p[1], p[2], p[3], p[4], d[0], d[1], d[2], d[3], d[4]);
}

#undef AT
#undef VALUE
#endif
