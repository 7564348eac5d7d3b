/* numpy_loops.c: loops in the tables of ufuncs, NumPy's power among them. */
#include "numpy_loops.h"

PyUFuncGenericFunction nx_power_loop = NULL;
void *nx_power_data = NULL;

int nx_find_row(const PyUFuncObject *ufunc, const int *types, int count)
{
    for (int row = 0; row < ufunc->ntypes; row++) {
        const char *const has = ufunc->types + row * ufunc->nargs;
        int i = 0;
        while (i < count && has[i] == types[i])
            i++;
        if (i == count)
            return row;
    }
    return -1;
}

int nx_find_power_loop(void)
{
    PyObject *numpy = PyImport_ImportModule("numpy"),
             *power = numpy ? PyObject_GetAttrString(numpy, "power") : NULL;
    Py_XDECREF(numpy);
    if (!power)
        return -1;
    const PyUFuncObject *const ufunc = (PyUFuncObject *)power;
    if (PyObject_TypeCheck(power, &PyUFunc_Type) && ufunc->nargs == 3) {
        /* The first is the one that NumPy chose for this CPU. */
        const int row = nx_find_row(ufunc, (int[]){NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE}, 3);
        if (row >= 0) {
            nx_power_loop = ufunc->functions[row];
            nx_power_data = ufunc->data ? ufunc->data[row] : NULL;
        }
    }
    Py_DECREF(power);
    return 0;
}
