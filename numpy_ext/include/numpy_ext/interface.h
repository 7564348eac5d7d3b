/* numpy_ext/interface.h: what a plug-in and numpy_ext hand each other at import. */
#ifndef NUMPY_EXT_INTERFACE_H
#define NUMPY_EXT_INTERFACE_H

#include <numpy_ext/ufunc.h>

/* Changes with every type and every rule that plug-ins are compiled with: numpy_ext takes those of this
   version alone. */
enum { NX_INTERFACE_VERSION = 1 };

/* The ufuncs of a module, family by family, as compiled for one CPU level; NULL after the last. */
typedef struct {
    const char *name;
    const nx_ufunc *const *families;
} nx_level;

/* From the highest to the lowest. The build says with NX_LEVELS that it compiles for each level of this
   processor, and not for the lowest alone. */
#if defined(NX_LEVELS) && defined(__x86_64__)
#define NX_EACH_LEVEL(X) X(v4) X(v3) X(baseline)
#else
#define NX_EACH_LEVEL(X) X(baseline)
#endif

/* In the capsule NX_INTERFACE. `version` stands first in every version. */
#define NX_INTERFACE "numpy_ext._ufuncs.interface"
typedef struct {
    int version;
    const char *numpy_ext_version;
    /* Adds the ufuncs of the best level that this CPU runs, and their names as __all__. The levels end with
       one without a name. */
    int (*add_ufuncs)(PyObject *module, const nx_level *levels);
    /* Those of numpy_ext/threads.h. */
    int (*threads_for)(npy_intp elements);
    void (*run_parts)(int threads, npy_intp count, void (*part)(void *context, npy_intp i), void *context);
} nx_interface;

#endif
