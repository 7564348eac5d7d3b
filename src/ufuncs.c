/* ufuncs.c: turns tables into ufuncs. */
#include "ufuncs.h"
#include "levels.h"
#include "threads.h"

#include <string.h>

/* What NumPy keeps pointers to; freed with the ufunc, which owns it through `obj`: that is the capsule of the
   tables or, where the ufunc keeps something else alive, a pair of both. */
typedef struct {
    PyUFuncGenericFunction *loops;
    void **data;
    char *types;
    nx_split *splits;
    nx_made *made;
    char *name;
    const nx_ufunc *entry;
} ufunc_tables;

static void free_tables(ufunc_tables *tables)
{
    PyMem_Free(tables->loops);
    PyMem_Free(tables->data);
    PyMem_Free(tables->types);
    PyMem_Free(tables->splits);
    PyMem_Free(tables->made);
    PyMem_Free(tables->name);
    PyMem_Free(tables);
}

/* The name of the capsules that own tables. */
static const char OWNER[] = "numpy_ext._ufuncs.tables";

static void free_capsule(PyObject *capsule)
{
    free_tables(PyCapsule_GetPointer(capsule, OWNER));
}

int nx_has_parameters(const nx_ufunc *entry)
{
    return entry->signature && strcmp(entry->signature, NX_MADE) == 0;
}

/* "dd->d" to the numbers of its dtypes, one for each operand. */
static int parse_types(const nx_ufunc *entry, const char *text, char *types)
{
    const char *const arrow = strstr(text, "->");
    if (!arrow || arrow - text != entry->nin || strlen(arrow + 2) != (size_t)entry->nout) {
        PyErr_Format(PyExc_ValueError,
                     "%s: a row of its table has types '%s'; it has %d inputs and %d outputs", entry->name,
                     text, entry->nin, entry->nout);
        return -1;
    }
    for (; *text; text++) {
        if (text == arrow) {
            text++;
            continue;
        }
        PyArray_Descr *dtype = PyArray_DescrFromType(*text);
        if (!dtype)
            return -1;
        *types++ = (char)dtype->type_num;
        Py_DECREF((PyObject *)dtype);
    }
    return 0;
}

/* Lets threads share the work of row i. */
static void split_row(ufunc_tables *tables, int i)
{
    const nx_ufunc *const entry = tables->entry;
    tables->splits[i] = (nx_split){tables->loops[i], tables->data[i], entry->nin, entry->nout, 0, 0, 0};
    tables->loops[i] = nx_split_loop;
    tables->data[i] = tables->splits + i;
}

static ufunc_tables *make_tables(const nx_ufunc *entry, const double *parameters, const char *name,
                                 int *count)
{
    const int nargs = entry->nin + entry->nout;
    if (entry->nin < 0 || entry->nout < 1 || nargs > NX_MOST_OPERANDS) {
        PyErr_Format(PyExc_ValueError,
                     "%s has %d inputs and %d outputs; at least one output is needed, and at most %d "
                     "operands are possible",
                     name, entry->nin, entry->nout, NX_MOST_OPERANDS);
        return NULL;
    }
    for (*count = 0; entry->rows[*count].loop; (*count)++)
        ;
    ufunc_tables *tables = PyMem_Calloc(1, sizeof *tables);
    if (!tables) {
        PyErr_NoMemory();
        return NULL;
    }
    tables->entry = entry;
    tables->loops = PyMem_Calloc(*count, sizeof *tables->loops);
    tables->data = PyMem_Calloc(*count, sizeof *tables->data);
    tables->types = PyMem_Calloc(*count, nargs);
    tables->splits = PyMem_Calloc(*count, sizeof *tables->splits);
    tables->made = PyMem_Calloc(*count, sizeof *tables->made);
    tables->name = PyMem_Calloc(strlen(name) + 1, 1);
    if (!tables->loops || !tables->data || !tables->types || !tables->splits || !tables->made ||
        !tables->name) {
        PyErr_NoMemory();
        free_tables(tables);
        return NULL;
    }
    strcpy(tables->name, name);
    for (int i = 0; i < *count; i++) {
        tables->loops[i] = entry->rows[i].loop;
        tables->data[i] = (void *)entry->rows[i].data;
        if (parameters) {
            tables->made[i].data = entry->rows[i].data;
            memcpy(tables->made[i].parameters, parameters, sizeof tables->made[i].parameters);
            tables->data[i] = tables->made + i;
        }
        if (entry->threads == NX_SPLIT)
            split_row(tables, i);
        if (parse_types(entry, entry->rows[i].types, tables->types + i * nargs) < 0) {
            free_tables(tables);
            return NULL;
        }
    }
    return tables;
}

/* By default NumPy takes a gufunc for element-wise and hands `out=x` over uncopied: a loop that looks back
   or ahead would read what it wrote. Without the flag, overlapping operands are copied first. */
static void expect_overlap(PyUFuncObject *ufunc)
{
    for (int i = ufunc->nin; i < ufunc->nargs; i++)
        ufunc->op_flags[i] = NPY_ITER_WRITEONLY | NPY_ITER_UPDATEIFCOPY | NPY_ITER_ALIGNED |
                             NPY_ITER_ALLOCATE | NPY_ITER_NO_BROADCAST | NPY_ITER_NO_SUBTYPE;
}

PyObject *nx_make_ufunc(const nx_ufunc *entry, const double *parameters, const char *name, PyObject *keep)
{
    int count;
    ufunc_tables *tables = make_tables(entry, parameters, name, &count);
    if (!tables)
        return NULL;
    PyObject *owner = PyCapsule_New(tables, OWNER, free_capsule);
    if (!owner) {
        free_tables(tables);
        return NULL;
    }
    if (keep) {
        PyObject *const capsule = owner;
        owner = PyTuple_Pack(2, capsule, keep);
        Py_DECREF(capsule);
        if (!owner)
            return NULL;
    }
    PyObject *ufunc = PyUFunc_FromFuncAndDataAndSignature(
        tables->loops, tables->data, tables->types, count, entry->nin, entry->nout,
        parameters ? PyUFunc_Zero : PyUFunc_None, tables->name, entry->doc, 0,
        parameters ? NULL : entry->signature);
    if (!ufunc) {
        Py_DECREF(owner);
        return NULL;
    }
    ((PyUFuncObject *)ufunc)->obj = owner;
    if (keep && !PyObject_GC_IsTracked(ufunc)) /* what it keeps may refer to it */
        PyObject_GC_Track(ufunc);
    for (int i = 0; i < count; i++)
        tables->splits[i].core_dimensions = ((PyUFuncObject *)ufunc)->core_num_dim_ix;
    if (entry->signature && !parameters)
        expect_overlap((PyUFuncObject *)ufunc);
    return ufunc;
}

PyObject *nx_parameters_of(PyObject *object)
{
    PyObject *owner = NULL;
    if (PyObject_TypeCheck(object, &PyUFunc_Type))
        owner = ((PyUFuncObject *)object)->obj;
    if (owner && PyCapsule_IsValid(owner, OWNER)) {
        const ufunc_tables *const tables = PyCapsule_GetPointer(owner, OWNER);
        if (nx_has_parameters(tables->entry)) {
            const double *const values = tables->made[0].parameters;
            return Py_BuildValue("sdd", tables->entry->name, values[0], values[1]);
        }
    }
    Py_RETURN_NONE;
}

/* ---- The ufuncs of a module ---- */

/* Says where it is defined, which NumPy before 2.3 does not let be set. */
static int set_module(PyObject *ufunc, PyObject *module_name)
{
    if (PyObject_SetAttrString(ufunc, "__module__", module_name) == 0)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    PyErr_Clear();
    return 0;
}

/* What the dict has under a name, which is `value` unless there was something; a new reference. */
static PyObject *set_default(PyObject *dict, const char *name, PyObject *value)
{
    PyObject *key = PyUnicode_FromString(name), *found = NULL;
#ifdef Py_GIL_DISABLED
    if (key && PyDict_SetDefaultRef(dict, key, value, &found) < 0)
        found = NULL;
#else
    if (key && !(found = PyDict_GetItemWithError(dict, key)) && !PyErr_Occurred() &&
        PyDict_SetItem(dict, key, value) == 0)
        found = value;
    Py_XINCREF(found);
#endif
    Py_XDECREF(key);
    return found;
}

/* The ufunc of an entry, as an attribute of the module; a new reference. Of two threads that ask at once, the
   second gets what the first has added. */
static PyObject *add_ufunc(PyObject *module, const nx_ufunc *entry)
{
    PyObject *module_name = PyModule_GetNameObject(module);
    PyObject *ufunc = module_name ? nx_make_ufunc(entry, NULL, entry->name, NULL) : NULL;
    PyObject *added = NULL;
    if (ufunc && set_module(ufunc, module_name) == 0)
        added = set_default(PyModule_GetDict(module), entry->name, ufunc);
    Py_XDECREF(module_name);
    Py_XDECREF(ufunc);
    return added;
}

static int add_name(PyObject *names, const char *name)
{
    PyObject *text = PyUnicode_FromString(name);
    const int failed = !text || PyList_Append(names, text) < 0;
    Py_XDECREF(text);
    return failed ? -1 : 0;
}

/* Lists the ufuncs in __all__, and makes them if that is wanted, as for a plug-in, which has none that are
   made of parameters. */
static int list_ufuncs(PyObject *module, const nx_level *level, int make)
{
    PyObject *names = PyList_New(0);
    int failed = !names || PyModule_AddObjectRef(module, "__all__", names) < 0 ||
                 PyModule_AddStringConstant(module, "cpu_level", level->name) < 0;
    for (const nx_ufunc *const *family = level->families; !failed && *family; family++)
        for (const nx_ufunc *entry = *family; !failed && entry->name; entry++) {
            if (nx_has_parameters(entry)) {
                if (make)
                    PyErr_Format(PyExc_ValueError,
                                 "%s: its signature is empty; that of an element-wise function is NULL",
                                 entry->name);
                failed = make;
                continue;
            }
            PyObject *ufunc = make ? add_ufunc(module, entry) : NULL;
            failed = (make && !ufunc) || add_name(names, entry->name) < 0;
            Py_XDECREF(ufunc);
        }
    Py_XDECREF(names);
    return failed ? -1 : 0;
}

int nx_add_ufuncs(PyObject *module, const nx_level *levels)
{
    const nx_level *const level = nx_choose_level(module, levels);
    return level ? list_ufuncs(module, level, 1) : -1;
}

int nx_promise_ufuncs(PyObject *module, const nx_level *level)
{
    return list_ufuncs(module, level, 0);
}

const nx_ufunc *nx_find_entry(const nx_level *level, const char *name, int has_parameters)
{
    for (const nx_ufunc *const *family = level->families; *family; family++)
        for (const nx_ufunc *entry = *family; entry->name; entry++)
            if (nx_has_parameters(entry) == has_parameters && strcmp(entry->name, name) == 0)
                return entry;
    return NULL;
}

PyObject *nx_keep_promise(PyObject *module, const nx_level *level, PyObject *name)
{
    const char *const text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!text)
        return NULL;
    const nx_ufunc *const entry = level ? nx_find_entry(level, text, 0) : NULL;
    if (entry)
        return add_ufunc(module, entry);
    PyErr_Format(PyExc_AttributeError, "module '%s' has no attribute '%s'", PyModule_GetName(module), text);
    return NULL;
}
