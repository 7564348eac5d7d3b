/* numpy_ext/levels.h: the families of a module on every CPU level, for the file that makes the module.

   Several families are listed in NX_EACH_FAMILY(X, level), with X(family, level) for each; by default there
   is one, of the name of the module. */
#ifndef NUMPY_EXT_LEVELS_H
#define NUMPY_EXT_LEVELS_H

#include <numpy_ext/interface.h>

#ifndef NX_EACH_FAMILY
#define NX_EACH_FAMILY(X, level) X(NX_MODULE, level)
#endif

#define NX_DECLARE(family, level) extern const nx_ufunc NX_SYMBOL(family, level)[];
#define NX_DECLARE_ALL(level) NX_EACH_FAMILY(NX_DECLARE, level)
NX_EACH_LEVEL(NX_DECLARE_ALL)

#define NX_ENTRY(family, level) NX_SYMBOL(family, level),
#define NX_LIST(level)                                                                                       \
    static const nx_ufunc *const nx_families_##level[] = {NX_EACH_FAMILY(NX_ENTRY, level) NULL};
NX_EACH_LEVEL(NX_LIST)

#define NX_LEVEL_OF(level) {#level, nx_families_##level},
static const nx_level nx_levels[] = {NX_EACH_LEVEL(NX_LEVEL_OF){NULL, NULL}};

#endif
