/* module.c: the front door. Hands the tables of every family to NumPy, and to plug-ins what they need. It
   does not change when a function or a family comes: meson gives NX_EACH_FAMILY. */
#define NX_MODULE _ufuncs
#include "levels.h"
#include "nulls.h"
#include "numpy_loops.h"
#include "pointers.h"
#include "records.h"
#include "ufuncs.h"

#include <numpy_ext/levels.h>

static const nx_level *chosen_level = NULL;

/* ---- Ufuncs on demand ---- */

/* __getattr__(name), which Python calls for attributes that the module has not: a ufunc. */
static PyObject *get_attribute(PyObject *module, PyObject *name)
{
    return nx_keep_promise(module, chosen_level, name);
}

/* make(name, first, second, shown_name): a new ufunc with these parameters. */
static PyObject *make(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name, *shown_name;
    double parameters[NX_PARAMETERS];
    if (!PyArg_ParseTuple(args, "sdds:make", &name, &parameters[0], &parameters[1], &shown_name))
        return NULL;
    const nx_ufunc *const entry = nx_find_entry(chosen_level, name, 1);
    if (!entry)
        return PyErr_Format(PyExc_ValueError, "no ufunc with parameters is named %s", name);
    return nx_make_ufunc(entry, parameters, shown_name, NULL);
}

/* parameters_of(ufunc): the name and parameters it was made of, or None. */
static PyObject *parameters_of(PyObject *Py_UNUSED(module), PyObject *object)
{
    return nx_parameters_of(object);
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
    {"__getattr__", get_attribute, METH_O, "__getattr__(name): a ufunc, made when it is first asked for."},
    {"make", make, METH_VARARGS, "make(name, first, second, shown_name): a ufunc with these parameters."},
    {"from_pointers", nx_from_pointers, METH_VARARGS,
     "from_pointers(addresses, types, nin, nout, signature, name, doc, data, keep): see "
     "numpy_ext.from_pointer."},
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

/* What plug-ins find in the capsule. */
static const nx_interface interface_of_plugins = {
    NX_INTERFACE_VERSION, NX_VERSION, nx_add_ufuncs, nx_threads_for, nx_run_parts,
};

static int module_exec(PyObject *module)
{
    import_array1(-1);
    import_umath1(-1);
    chosen_level = nx_choose_level(module, nx_levels);
    if (!chosen_level || nx_find_power_loop() < 0)
        return -1;
    if (nx_start_threads() != 0) {
        PyErr_NoMemory();
        return -1;
    }
    if (nx_promise_ufuncs(module, chosen_level) < 0 || nx_add_records(module) < 0 ||
        nx_add_nulls(module, chosen_level->name) < 0 ||
        add_object(module, "cpu_levels", nx_levels_here()) < 0 ||
        add_object(module, "interface", PyCapsule_New((void *)&interface_of_plugins, NX_INTERFACE, NULL)) < 0)
        return -1;
    if (PyModule_AddStringConstant(module, "numpy_headers", NX_NUMPY_HEADERS) < 0 ||
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
