/* module.c: the front door. Picks the CPU level, turns the tables of every family into ufuncs. It does not
   change when a function or a family comes: meson gives NX_EACH_FAMILY and NX_EACH_LEVEL. */
#define NX_MODULE
#include "nx.h"

#include <stdlib.h>
#include <string.h>

/* ---- CPU levels: all tables of one level, and whether this CPU runs them ---- */

typedef struct {
    const char *name;
    int (*runs_here)(void);
    const nx_ufunc *const *families;
} cpu_level;

#define DECLARE(family, level) extern const nx_ufunc NX_SYMBOL(family, level)[];
#define DECLARE_ALL(level) NX_EACH_FAMILY(DECLARE, level)
NX_EACH_LEVEL(DECLARE_ALL)

#define ENTRY(family, level) NX_SYMBOL(family, level),
#define LIST(level) static const nx_ufunc *const families_##level[] = {NX_EACH_FAMILY(ENTRY, level) NULL};
NX_EACH_LEVEL(LIST)

static int baseline_runs_here(void)
{
    return 1;
}

#ifdef __x86_64__
/* The features that meson.build compiles these levels with, no more and no less. */
static int v3_runs_here(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

static int v4_runs_here(void)
{
    return v3_runs_here() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

/* From the highest to the lowest. */
#define LEVEL(level) {#level, level##_runs_here, families_##level},
static const cpu_level levels[] = {NX_EACH_LEVEL(LEVEL){NULL, NULL, NULL}};

/* The names of the levels that run here, a new list. */
static PyObject *levels_here(void)
{
    PyObject *names = PyList_New(0);
    for (const cpu_level *level = levels; names && level->name; level++) {
        if (!level->runs_here())
            continue;
        PyObject *name = PyUnicode_FromString(level->name);
        if (!name || PyList_Append(names, name) < 0)
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

/* The level that NUMPY_EXT_CPU names, or the highest that runs here. */
static const cpu_level *choose_level(void)
{
    const char *wanted = getenv("NUMPY_EXT_CPU");
    for (const cpu_level *level = levels; level->name; level++)
        if (level->runs_here() && (!wanted || !*wanted || strcmp(wanted, level->name) == 0))
            return level;
    PyObject *names = levels_here();
    if (names)
        PyErr_Format(PyExc_ImportError, "NUMPY_EXT_CPU is '%s'; the levels this CPU runs are %S", wanted,
                     names);
    Py_XDECREF(names);
    return NULL;
}

/* ---- From a table to a ufunc ---- */

/* What NumPy keeps pointers to; freed with the ufunc, which owns it through `obj`. */
typedef struct {
    PyUFuncGenericFunction *loops;
    void **data;
    char *types;
} ufunc_tables;

static void free_tables(ufunc_tables *tables)
{
    PyMem_Free(tables->loops);
    PyMem_Free(tables->data);
    PyMem_Free(tables->types);
    PyMem_Free(tables);
}

static void free_capsule(PyObject *capsule)
{
    free_tables(PyCapsule_GetPointer(capsule, NULL));
}

/* "dd->d" to the numbers of its dtypes. */
static int parse_types(const char *text, char *types)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '>')
            continue;
        PyArray_Descr *dtype = PyArray_DescrFromType(*text);
        if (!dtype)
            return -1;
        *types++ = (char)dtype->type_num;
        Py_DECREF((PyObject *)dtype);
    }
    return 0;
}

static ufunc_tables *make_tables(const nx_ufunc *entry, int *count)
{
    const int nargs = entry->nin + entry->nout;
    for (*count = 0; entry->rows[*count].loop; (*count)++)
        ;
    ufunc_tables *tables = PyMem_Calloc(1, sizeof *tables);
    if (!tables) {
        PyErr_NoMemory();
        return NULL;
    }
    tables->loops = PyMem_Calloc(*count, sizeof *tables->loops);
    tables->data = PyMem_Calloc(*count, sizeof *tables->data);
    tables->types = PyMem_Calloc(*count, nargs);
    if (!tables->loops || !tables->data || !tables->types) {
        PyErr_NoMemory();
        free_tables(tables);
        return NULL;
    }
    for (int i = 0; i < *count; i++) {
        tables->loops[i] = entry->rows[i].loop;
        tables->data[i] = (void *)entry->rows[i].data;
        if (parse_types(entry->rows[i].types, tables->types + i * nargs) < 0) {
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

static PyObject *make_ufunc(const nx_ufunc *entry)
{
    int count;
    ufunc_tables *tables = make_tables(entry, &count);
    if (!tables)
        return NULL;
    PyObject *capsule = PyCapsule_New(tables, NULL, free_capsule);
    if (!capsule) {
        free_tables(tables);
        return NULL;
    }
    PyObject *ufunc = PyUFunc_FromFuncAndDataAndSignature(tables->loops, tables->data, tables->types, count,
                                                          entry->nin, entry->nout, PyUFunc_None, entry->name,
                                                          entry->doc, 0, entry->signature);
    if (!ufunc) {
        Py_DECREF(capsule);
        return NULL;
    }
    ((PyUFuncObject *)ufunc)->obj = capsule;
    if (entry->signature)
        expect_overlap((PyUFuncObject *)ufunc);
    return ufunc;
}

/* ---- The module ---- */

/* Adds `value`, whose reference it takes, under `name`. */
static int add_object(PyObject *module, const char *name, PyObject *value)
{
    const int failed = !value || PyModule_AddObjectRef(module, name, value) < 0;
    Py_XDECREF(value);
    return failed ? -1 : 0;
}

static int add_family(PyObject *module, PyObject *names, const nx_ufunc *family)
{
    for (; family->name; family++) {
        if (add_object(module, family->name, make_ufunc(family)) < 0)
            return -1;
        PyObject *name = PyUnicode_FromString(family->name);
        const int failed = !name || PyList_Append(names, name) < 0;
        Py_XDECREF(name);
        if (failed)
            return -1;
    }
    return 0;
}

static int module_exec(PyObject *module)
{
    import_array1(-1);
    import_umath1(-1);
    const cpu_level *level = choose_level();
    if (!level)
        return -1;
    PyObject *names = PyList_New(0);
    if (add_object(module, "__all__", names) < 0)
        return -1;
    for (const nx_ufunc *const *family = level->families; *family; family++)
        if (add_family(module, names, *family) < 0)
            return -1;
    if (add_object(module, "cpu_levels", levels_here()) < 0)
        return -1;
    if (PyModule_AddStringConstant(module, "cpu_level", level->name) < 0 ||
        PyModule_AddStringConstant(module, "numpy_headers", NX_NUMPY_HEADERS) < 0 ||
        PyModule_AddStringConstant(module, "compiler", NX_COMPILER) < 0 ||
        PyModule_AddStringConstant(module, "__version__", NX_VERSION) < 0)
        return -1;
    return 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, module_exec}, {0, NULL}};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "numpy_ext._ufuncs",
    .m_doc = "Every ufunc of numpy_ext, at the CPU level chosen at import.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__ufuncs(void)
{
    return PyModuleDef_Init(&module_definition);
}
