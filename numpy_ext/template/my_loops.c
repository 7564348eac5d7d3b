/* my_loops.c: ufuncs of my own. */
#ifndef T /* read once */
#define NX_MODULE my_loops
#include <numpy_ext/module.h>

#include <tgmath.h>

static const char root_doc[] = "root(x, /, ...)\n"
                               "\n"
                               "The root of ``x*x + x``, element by element.\n";

#define NX_FILE "my_loops.c"
#define NX_WANT_INTEGERS
#define NX_WANT_FLOATS
#include <numpy_ext/each.h>

#define ROOT(name, t, f) {root_##name, t "->" f, NULL},
static const nx_row root_rows[] = {NX_INTEGERS(ROOT) NX_FLOATS(ROOT){.loop = NULL}};

NX_FAMILY(my_loops) = {
    {"root", root_doc, NULL, 1, 1, root_rows, NX_SPLIT},
    {.name = NULL},
};

#else /* read once for every dtype: T is the type of x, R that of the result, F the one to compute in */
#include <numpy_ext/elementwise.h>

NX_INLINE R LOOP(root_of)(T x)
{
    const F value = TO_F(x);
    return TO_R(sqrt(value * value + value));
}

static void LOOP(root)(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    LOOP(nx_map1)(p, n, d, LOOP(root_of));
}

#endif
