/* numpy_ext/module.h: makes a Python module of the loops of a plug-in. One file of the plug-in begins with

       #define NX_MODULE my_loops
       #include <numpy_ext/module.h>

   and has or is a family of that name; NX_MODULE_DOC may be its docstring. The file is compiled once for the
   module, and once more for each higher CPU level, for which there is no module: see numpy_ext/levels.h. What
   each.h reads again is found in the folders of -I, so that of the file itself must be one of them. */
#ifndef NUMPY_EXT_MODULE_H
#define NUMPY_EXT_MODULE_H

#include <numpy_ext/threads.h>
#include <numpy_ext/ufunc.h>

#ifndef NX_LEVEL
#include <numpy_ext/levels.h>

#ifndef NX_MODULE_DOC
#define NX_MODULE_DOC "Ufuncs whose loops are C, made with numpy_ext."
#endif
#define NX_TEXT_(name) #name
#define NX_TEXT(name) NX_TEXT_(name)
#define NX_INIT_(name) PyInit_##name
#define NX_INIT(name) NX_INIT_(name)

static const nx_interface *nx_numpy_ext;

int nx_threads_for(npy_intp elements)
{
    return nx_numpy_ext->threads_for(elements);
}

void nx_run_parts(int threads, npy_intp count, void (*part)(void *context, npy_intp i), void *context)
{
    nx_numpy_ext->run_parts(threads, count, part, context);
}

/* The interface of the numpy_ext that is installed; NULL with an ImportError if it is not of this version. */
static const nx_interface *nx_import_interface(void)
{
    PyObject *const numpy_ext = PyImport_ImportModule("numpy_ext"); /* first: its own error is the clearest */
    if (!numpy_ext)
        return NULL;
    Py_DECREF(numpy_ext);
    const nx_interface *const found = PyCapsule_Import(NX_INTERFACE, 0);
    if (!found) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError))
            PyErr_SetString(PyExc_ImportError,
                            NX_TEXT(NX_MODULE) " needs numpy-ext-ufuncs, and the numpy_ext that is "
                                               "imported here has no interface for plug-ins");
        return NULL;
    }
    if (found->version != NX_INTERFACE_VERSION) {
        PyErr_Format(PyExc_ImportError,
                     NX_TEXT(NX_MODULE) " was built for version %d of the interface of numpy_ext, and "
                                        "numpy_ext %s has version %d: build " NX_TEXT(NX_MODULE) " again",
                     NX_INTERFACE_VERSION, found->numpy_ext_version, found->version);
        return NULL;
    }
    return found;
}

static int nx_exec_module(PyObject *module)
{
    import_array1(-1);
    import_umath1(-1);
    nx_numpy_ext = nx_import_interface();
    return nx_numpy_ext ? nx_numpy_ext->add_ufuncs(module, nx_levels) : -1;
}

static PyModuleDef_Slot nx_module_slots[] = {
    {Py_mod_exec, nx_exec_module},
#ifdef Py_GIL_DISABLED /* loops have no state of their own */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef nx_module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = NX_TEXT(NX_MODULE),
    .m_doc = NX_MODULE_DOC,
    .m_slots = nx_module_slots,
};

PyMODINIT_FUNC NX_INIT(NX_MODULE)(void)
{
    return PyModuleDef_Init(&nx_module_definition);
}

#endif
#endif
