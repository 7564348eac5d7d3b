/* module.c: the front door. Picks the CPU level, turns the tables of every family into ufuncs. It does not
   change when a function or a family comes: meson gives NX_EACH_FAMILY and NX_EACH_LEVEL. */
#define NX_MODULE
#include "nulls.h"
#include "records.h"

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

/* ---- NumPy's own loops ---- */

PyUFuncGenericFunction nx_power_loop = NULL;
void *nx_power_data = NULL;

/* The first loop for dd->d in the tables of np.power is the one that NumPy chose for this CPU. */
static int find_power_loop(void)
{
    PyObject *numpy = PyImport_ImportModule("numpy"),
             *power = numpy ? PyObject_GetAttrString(numpy, "power") : NULL;
    Py_XDECREF(numpy);
    if (!power)
        return -1;
    const PyUFuncObject *const ufunc = (PyUFuncObject *)power;
    if (PyObject_TypeCheck(power, &PyUFunc_Type) && ufunc->nargs == 3)
        for (int i = 0; i < ufunc->ntypes && !nx_power_loop; i++) {
            const char *const types = ufunc->types + 3 * i;
            if (types[0] == NPY_DOUBLE && types[1] == NPY_DOUBLE && types[2] == NPY_DOUBLE) {
                nx_power_loop = ufunc->functions[i];
                nx_power_data = ufunc->data ? ufunc->data[i] : NULL;
            }
        }
    Py_DECREF(power);
    return 0;
}

/* ---- From a table to a ufunc ---- */

static int has_parameters(const nx_ufunc *entry)
{
    return entry->signature && strcmp(entry->signature, NX_MADE) == 0;
}

/* What NumPy keeps pointers to; freed with the ufunc, which owns it through `obj`. The last three are of
   ufuncs with parameters only. */
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

/* Lets threads share the work of row i. */
static void split_row(ufunc_tables *tables, int i)
{
    const nx_ufunc *const entry = tables->entry;
    tables->splits[i] = (nx_split){tables->loops[i], tables->data[i], entry->nin, entry->nout, 0, 0, 0};
    tables->loops[i] = nx_split_loop;
    tables->data[i] = tables->splits + i;
}

/* `parameters` is NULL for a ufunc that has none, else what its loops find in their data. */
static ufunc_tables *make_tables(const nx_ufunc *entry, const double *parameters, const char *name,
                                 int *count)
{
    const int nargs = entry->nin + entry->nout;
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

static PyObject *make_ufunc(const nx_ufunc *entry, const double *parameters, const char *name)
{
    int count;
    ufunc_tables *tables = make_tables(entry, parameters, name, &count);
    if (!tables)
        return NULL;
    PyObject *capsule = PyCapsule_New(tables, OWNER, free_capsule);
    if (!capsule) {
        free_tables(tables);
        return NULL;
    }
    PyObject *ufunc = PyUFunc_FromFuncAndDataAndSignature(
        tables->loops, tables->data, tables->types, count, entry->nin, entry->nout,
        parameters ? PyUFunc_Zero : PyUFunc_None, tables->name, entry->doc, 0,
        parameters ? NULL : entry->signature);
    if (!ufunc) {
        Py_DECREF(capsule);
        return NULL;
    }
    ((PyUFuncObject *)ufunc)->obj = capsule;
    for (int i = 0; i < count; i++)
        tables->splits[i].core_dimensions = ((PyUFuncObject *)ufunc)->core_num_dim_ix;
    if (entry->signature && !parameters)
        expect_overlap((PyUFuncObject *)ufunc);
    return ufunc;
}

/* ---- Ufuncs with parameters ---- */

static const cpu_level *chosen_level = NULL;

static const nx_ufunc *find_with_parameters(const char *name)
{
    for (const nx_ufunc *const *family = chosen_level->families; *family; family++)
        for (const nx_ufunc *entry = *family; entry->name; entry++)
            if (has_parameters(entry) && strcmp(entry->name, name) == 0)
                return entry;
    PyErr_Format(PyExc_ValueError, "no ufunc with parameters is named %s", name);
    return NULL;
}

/* make(name, first, second, shown_name): a new ufunc with these parameters. */
static PyObject *make(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name, *shown_name;
    double parameters[NX_PARAMETERS];
    if (!PyArg_ParseTuple(args, "sdds:make", &name, &parameters[0], &parameters[1], &shown_name))
        return NULL;
    const nx_ufunc *const entry = find_with_parameters(name);
    return entry ? make_ufunc(entry, parameters, shown_name) : NULL;
}

/* parameters_of(ufunc): the name and parameters it was made of, or None. */
static PyObject *parameters_of(PyObject *Py_UNUSED(module), PyObject *object)
{
    PyObject *owner = NULL;
    if (PyObject_TypeCheck(object, &PyUFunc_Type))
        owner = ((PyUFuncObject *)object)->obj;
    if (owner && PyCapsule_IsValid(owner, OWNER)) {
        const ufunc_tables *const tables = PyCapsule_GetPointer(owner, OWNER);
        if (has_parameters(tables->entry)) {
            const double *const values = tables->made[0].parameters;
            return Py_BuildValue("sdd", tables->entry->name, values[0], values[1]);
        }
    }
    Py_RETURN_NONE;
}

/* ---- Threads; numpy_ext/_threads.py checks the numbers ---- */

static PyObject *set_threads(PyObject *Py_UNUSED(module), PyObject *args)
{
    int threads;
    if (!PyArg_ParseTuple(args, "i:set_threads", &threads))
        return NULL;
    nx_set_threads(threads);
    Py_RETURN_NONE;
}

static PyObject *get_threads(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    return PyLong_FromLong(nx_get_threads());
}

static PyObject *set_own_threads(PyObject *Py_UNUSED(module), PyObject *args)
{
    int threads;
    if (!PyArg_ParseTuple(args, "i:set_own_threads", &threads))
        return NULL;
    return PyLong_FromLong(nx_set_own_threads(threads));
}

static PyMethodDef module_methods[] = {
    {"make", make, METH_VARARGS, "make(name, first, second, shown_name): a ufunc with these parameters."},
    {"parameters_of", parameters_of, METH_O, "parameters_of(ufunc): its name and parameters, or None."},
    {"set_threads", set_threads, METH_VARARGS, "set_threads(n): for all calls of this process."},
    {"get_threads", get_threads, METH_NOARGS, "get_threads(): for calls from this thread."},
    {"set_own_threads", set_own_threads, METH_VARARGS,
     "set_own_threads(n): for calls from this thread, 0 for those of the process; returns what was."},
    {NULL, NULL, 0, NULL},
};

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
        if (has_parameters(family))
            continue;
        if (add_object(module, family->name, make_ufunc(family, NULL, family->name)) < 0)
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
    if (!level || find_power_loop() < 0)
        return -1;
    if (nx_start_threads() != 0) {
        PyErr_NoMemory();
        return -1;
    }
    chosen_level = level;
    PyObject *names = PyList_New(0);
    if (add_object(module, "__all__", names) < 0)
        return -1;
    for (const nx_ufunc *const *family = level->families; *family; family++)
        if (add_family(module, names, *family) < 0)
            return -1;
    if (add_object(module, "cpu_levels", levels_here()) < 0 || nx_add_records(module) < 0 ||
        nx_add_nulls(module, level->name) < 0)
        return -1;
    if (PyModule_AddStringConstant(module, "cpu_level", level->name) < 0 ||
        PyModule_AddStringConstant(module, "numpy_headers", NX_NUMPY_HEADERS) < 0 ||
        PyModule_AddStringConstant(module, "compiler", NX_COMPILER) < 0 ||
        PyModule_AddStringConstant(module, "thread_library", nx_thread_library) < 0 ||
        PyModule_AddIntConstant(module, "most_threads", NX_MOST_THREADS) < 0 ||
        PyModule_AddStringConstant(module, "__version__", NX_VERSION) < 0)
        return -1;
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_GIL_DISABLED /* src/README.md says why */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "numpy_ext._ufuncs",
    .m_doc = "Every ufunc of numpy_ext, at the CPU level chosen at import.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__ufuncs(void)
{
    return PyModuleDef_Init(&module_definition);
}
