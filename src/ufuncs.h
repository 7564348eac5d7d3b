/* ufuncs.h: turns tables into ufuncs. */
#ifndef UFUNCS_H
#define UFUNCS_H

#include <numpy_ext/interface.h>

/* The signature of an element-wise ufunc with parameters: there is one for every value of them, made on
   demand, with 0 as its identity. Its loops are called with nx_made as `data`. */
#define NX_MADE ""
enum { NX_PARAMETERS = 2 };
typedef struct {
    const void *data; /* that of the row */
    double parameters[NX_PARAMETERS];
} nx_made;
int nx_has_parameters(const nx_ufunc *entry);

/* The ufunc of an entry, which must stay as long as it lives; `keep` does, unless it is NULL. `parameters` is
   NULL for an entry that has none. */
PyObject *nx_make_ufunc(const nx_ufunc *entry, const double *parameters, const char *name, PyObject *keep);

/* The name and the parameters that a ufunc was made of, or None. */
PyObject *nx_parameters_of(PyObject *object);

/* Adds the ufuncs of the best level that this CPU runs, their names as __all__, and the name of the level as
   cpu_level. */
int nx_add_ufuncs(PyObject *module, const nx_level *levels);

/* The same without making any: each is made when the module is asked for it, since a thousand loops take most
   of the time of an import: NumPy compares each new one with all of its ufunc. */
int nx_promise_ufuncs(PyObject *module, const nx_level *level);

/* The attribute, made now; `level` is NULL as long as none is chosen, while the module is imported. */
PyObject *nx_keep_promise(PyObject *module, const nx_level *level, PyObject *name);

const nx_ufunc *nx_find_entry(const nx_level *level, const char *name, int has_parameters);

#endif
