/* levels.h: which CPU level to take. */
#ifndef LEVELS_H
#define LEVELS_H

#include <numpy_ext/interface.h>

/* The names of the levels that run here, a new list, from the highest. */
PyObject *nx_levels_here(void);

/* Of these levels of a module the highest that runs here and is no higher than NUMPY_EXT_CPU wants; NULL with
   an ImportError if there is none, or if that names a level that does not run here. */
const nx_level *nx_choose_level(PyObject *module, const nx_level *levels);

#endif
