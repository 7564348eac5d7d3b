/* levels.c: which levels this CPU runs, and which one to take. */
#include "levels.h"

#include <stdlib.h>
#include <string.h>

static int always(void)
{
    return 1;
}

#ifdef __x86_64__
/* The features that meson.build compiles these levels with, no more and no less. */
static int runs_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

static int runs_v4(void)
{
    return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

/* From the highest to the lowest. */
static const struct {
    const char *name;
    int (*runs_here)(void);
} known[] = {
#ifdef __x86_64__
    {"v4", runs_v4},
    {"v3", runs_v3},
#endif
    {"baseline", always},
};
enum { KNOWN = sizeof known / sizeof *known };

PyObject *nx_levels_here(void)
{
    PyObject *names = PyList_New(0);
    for (int i = 0; names && i < KNOWN; i++) {
        if (!known[i].runs_here())
            continue;
        PyObject *name = PyUnicode_FromString(known[i].name);
        if (!name || PyList_Append(names, name) < 0)
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

/* The first level to try, as NUMPY_EXT_CPU wants; -1 with an ImportError. */
static int highest_wanted(void)
{
    const char *const wanted = getenv("NUMPY_EXT_CPU");
    if (!wanted || !*wanted)
        return 0;
    for (int i = 0; i < KNOWN; i++)
        if (strcmp(wanted, known[i].name) == 0 && known[i].runs_here())
            return i;
    PyObject *names = nx_levels_here();
    if (names)
        PyErr_Format(PyExc_ImportError, "NUMPY_EXT_CPU is '%s'; the levels this CPU runs are %S", wanted,
                     names);
    Py_XDECREF(names);
    return -1;
}

const nx_level *nx_choose_level(PyObject *module, const nx_level *levels)
{
    const int highest = highest_wanted();
    for (int i = highest; highest >= 0 && i < KNOWN; i++)
        for (const nx_level *level = levels; level->name; level++)
            if (strcmp(level->name, known[i].name) == 0 && known[i].runs_here())
                return level;
    PyObject *name = highest >= 0 ? PyModule_GetNameObject(module) : NULL;
    if (name)
        PyErr_Format(PyExc_ImportError, "%U was compiled for no level that this CPU runs", name);
    Py_XDECREF(name);
    return NULL;
}
