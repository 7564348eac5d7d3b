/* records_operators.c: the same plans behind NumPy's own ufuncs, so that operators take records. NumPy 2
   only: it has array methods, which see the dtypes of a call. A loop stays for good once it is registered; so
   it is switched by a flag. */
#include "records.h"
#include "records_numbers.h"

#ifndef NPY_2_0_API_VERSION /* headers of NumPy 1 */

PyObject *nx_set_operators(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(on))
{
    PyErr_SetString(PyExc_NotImplementedError, "operators on records need NumPy 2");
    return NULL;
}

#else

#include <numpy/dtype_api.h>

#include <stdatomic.h>
#include <string.h>

static PyUFuncObject *numpys[NX_RECORD_UFUNCS];
static atomic_int is_on = 0;

/* ---- Python's numbers ---- */

static PyArray_DTypeMeta *dtype_class(int type)
{
    PyArray_Descr *dtype = PyArray_DescrFromType(type);
    PyTypeObject *const its = dtype ? Py_TYPE((PyObject *)dtype) : NULL; /* lives as long as NumPy */
    Py_XDECREF((PyObject *)dtype);
    return (PyArray_DTypeMeta *)its;
}

/* An array method does not see which numbers were Python's: the promoter gives them dtypes of their own. */
static int promote(PyObject *Py_UNUSED(ufunc), PyArray_DTypeMeta *const given[],
                   PyArray_DTypeMeta *const chosen[], PyArray_DTypeMeta *promoted[])
{
    for (int i = 0; i < 3; i++) {
        PyArray_DTypeMeta *dtype = given[i];
        PyObject *of = dtype ? PyObject_GetAttrString((PyObject *)dtype, "type") : NULL;
        if (of == (PyObject *)&PyLong_Type)
            dtype = dtype_class(nx_python_type(NX_WEAK_INT));
        else if (of == (PyObject *)&PyFloat_Type)
            dtype = dtype_class(nx_python_type(NX_WEAK_FLOAT));
        else if (of == (PyObject *)&PyComplex_Type)
            dtype = dtype_class(nx_python_type(NX_WEAK_COMPLEX));
        PyErr_Clear();
        Py_XDECREF(of);
        promoted[i] = chosen[i] ? chosen[i] : dtype;
        Py_XINCREF((PyObject *)promoted[i]);
    }
    return 0;
}

/* ---- From the dtypes of a call to its plan ---- */

typedef struct {
    nx_record_call call;
    PyObject *samples[NX_RECORD_OPERANDS]; /* owned */
} planned_call;

static void clear_call(planned_call *planned)
{
    for (int i = 0; i < NX_RECORD_OPERANDS; i++)
        Py_CLEAR(planned->samples[i]);
}

/* The type of an operand before it was promoted. */
static int type_before(int type)
{
    static const int pythons[] = {
        [NX_WEAK_INT] = NPY_LONG, [NX_WEAK_FLOAT] = NPY_DOUBLE, [NX_WEAK_COMPLEX] = NPY_CDOUBLE};
    const nx_weakness weak = nx_weakness_of(type);
    return weak ? pythons[weak] : type;
}

/* Where NumPy's resolver accepts what has no loop. */
static void set_no_loop_error(PyUFuncObject *ufunc, PyArray_Descr *first)
{
    PyObject *exceptions = PyImport_ImportModule("numpy._core._exceptions"),
             *error = exceptions ? PyObject_GetAttrString(exceptions, "_UFuncNoLoopError") : NULL,
             *value = error ? Py_BuildValue("O(OO)", ufunc, Py_TYPE((PyObject *)first), Py_None) : NULL;
    if (value)
        PyErr_SetObject(error, value);
    else
        PyErr_Format(PyExc_TypeError, "ufunc '%s' did not contain a loop with signature matching types %S",
                     ufunc->name, first);
    Py_XDECREF(exceptions);
    Py_XDECREF(error);
    Py_XDECREF(value);
}

/* Sets the exception that NumPy has for these dtypes without this library. */
static void refuse_as_numpy(int which, PyArray_Descr *const *given)
{
    PyUFuncObject *const ufunc = numpys[which];
    PyArrayObject *operands[NX_RECORD_OPERANDS] = {NULL};
    PyArray_Descr *dtypes[NX_RECORD_OPERANDS] = {NULL};
    int made = 1;
    for (int i = 0; i < ufunc->nin && made; i++) {
        npy_intp none = 0;
        const int type = type_before(given[i]->type_num);
        PyArray_Descr *dtype = given[i];
        if (type == dtype->type_num)
            Py_INCREF((PyObject *)dtype);
        else
            dtype = PyArray_DescrFromType(type);
        operands[i] = (PyArrayObject *)PyArray_Zeros(1, &none, dtype, 0);
        made = operands[i] != NULL;
    }
    if (made && ufunc->type_resolver(ufunc, NPY_SAME_KIND_CASTING, operands, NULL, dtypes) >= 0)
        set_no_loop_error(ufunc, given[0]);
    for (int i = 0; i < NX_RECORD_OPERANDS; i++) {
        Py_XDECREF((PyObject *)operands[i]);
        Py_XDECREF((PyObject *)dtypes[i]);
    }
}

/* -1 with an exception for what NumPy refuses by itself. */
static int fill_call(planned_call *planned, int which, PyArray_Descr *const *given)
{
    nx_record_call *const call = &planned->call;
    const PyUFuncObject *const ufunc = numpys[which];
    *planned = (planned_call){.call = {.scalar = &nx_record_ufuncs[which], .casting = NPY_UNSAFE_CASTING}};
    for (int i = 0; i < ufunc->nargs; i++) {
        if (!given[i])
            continue;
        const int type = given[i]->type_num;
        if (!is_on || (type == NPY_VOID && !PyDataType_HASFIELDS(given[i]))) {
            refuse_as_numpy(which, given);
            clear_call(planned);
            return -1;
        }
        if (type == NPY_VOID) {
            call->records[i] = given[i];
            continue;
        }
        npy_intp one = 1;
        planned->samples[i] = PyArray_ZEROS(1, &one, type, 0);
        if (!planned->samples[i]) {
            clear_call(planned);
            return -1;
        }
        call->plain[i] = (PyArrayObject *)planned->samples[i];
        call->weak[i] = nx_weakness_of(type);
        call->carrier[i] = call->weak[i] ? nx_carrier_of_python(call->weak[i]) : type;
    }
    return 0;
}

static NPY_CASTING resolve(int which, PyArray_Descr *const *given, PyArray_Descr **dtypes)
{
    planned_call planned;
    if (fill_call(&planned, which, given) < 0)
        return (NPY_CASTING)-1;
    PyArray_Descr *result;
    nx_record_plan *const plan = nx_plan_records(&planned.call, &result);
    const NPY_CASTING needed = planned.call.needed;
    clear_call(&planned);
    if (!plan)
        return (NPY_CASTING)-1;
    nx_free_record_plan(plan);
    /* `reduce` and its kin resolve a dtype beside itself, as an operator may, and need one for all. NumPy
       casts to it, by position. */
    const int is_one = numpys[which]->nin == 2 && !given[2] && given[0] == given[1];
    for (int i = 0; i < numpys[which]->nargs; i++) {
        if (given[i] && given[i]->type_num != NPY_VOID) {
            dtypes[i] = PyArray_DescrFromType(given[i]->type_num);
            continue;
        }
        dtypes[i] = given[i] && !is_one ? given[i] : result;
        Py_INCREF((PyObject *)dtypes[i]);
    }
    Py_XDECREF((PyObject *)result);
    return needed;
}

/* ---- The loop ---- */

typedef struct {
    NpyAuxData base;
    nx_record_plan *plan;
    int python_int; /* the operand that is one, -1 for none */
} loop_data;

static void free_loop_data(NpyAuxData *data)
{
    nx_free_record_plan(((loop_data *)data)->plan);
    PyMem_Free(data);
}

/* NumPy clones what belongs to casts, never this. */
static NpyAuxData *clone_loop_data(NpyAuxData *NPY_UNUSED(data))
{
    return NULL;
}

static int run_loop(PyArrayMethod_Context *NPY_UNUSED(context), char *const *p, npy_intp const *n,
                    npy_intp const *d, NpyAuxData *data)
{
    const loop_data *const mine = (const loop_data *)data;
    if (mine->python_int >= 0) {
        int failed = 0;
        const npy_int64 value = *(const npy_int64 *)p[mine->python_int];
        if (value < mine->plan->lowest.value || value > mine->plan->highest.value) {
            NPY_ALLOW_C_API_DEF NPY_ALLOW_C_API;
            failed = nx_check_python_integer(mine->plan, value);
            NPY_DISABLE_C_API;
        }
        if (failed)
            return -1;
    }
    char *args[NX_RECORD_OPERANDS];
    for (int i = 0; i < mine->plan->nargs; i++)
        args[i] = p[i];
    nx_run_records(args, n, d, mine->plan);
    return 0;
}

static int get_loop(int which, PyArrayMethod_Context *context, PyArrayMethod_StridedLoop **loop,
                    NpyAuxData **data, NPY_ARRAYMETHOD_FLAGS *flags)
{
    planned_call planned;
    if (fill_call(&planned, which, context->descriptors) < 0)
        return -1;
    PyArray_Descr *result;
    loop_data *const mine = PyMem_Calloc(1, sizeof *mine);
    if (!mine)
        PyErr_NoMemory();
    nx_record_plan *const plan = mine ? nx_plan_records(&planned.call, &result) : NULL;
    if (!plan) {
        PyMem_Free(mine);
        clear_call(&planned);
        return -1;
    }
    Py_XDECREF((PyObject *)result);
    *mine = (loop_data){{free_loop_data, clone_loop_data, {NULL}}, plan, -1};
    for (int i = 0; i < plan->nin; i++)
        if (planned.call.weak[i] == NX_WEAK_INT)
            mine->python_int = i;
    clear_call(&planned);
    *loop = run_loop;
    *data = &mine->base;
    *flags = 0;
    return 0;
}

/* The identity in every field. Without one a reduction starts from the first record, which NumPy copies to
   the output by position. */
static int get_initial(int which, PyArrayMethod_Context *context, void *initial)
{
    const int identity = nx_record_ufuncs[which].ufunc->identity;
    if (identity != PyUFunc_Zero && identity != PyUFunc_One)
        return nx_check_first_record(nx_record_ufuncs[which].ufunc, context->descriptors[1],
                                     context->descriptors[0]);
    PyArray_Descr *const dtype = context->descriptors[0];
    Py_INCREF((PyObject *)dtype);
    PyArrayObject *const record = (PyArrayObject *)PyArray_Zeros(0, NULL, dtype, 0);
    PyObject *number = PyLong_FromLong(identity == PyUFunc_One);
    const int failed = !record || !number || PyObject_SetItem((PyObject *)record, Py_Ellipsis, number) < 0;
    if (!failed)
        memcpy(initial, PyArray_DATA(record), (size_t)PyDataType_ELSIZE(dtype));
    Py_XDECREF((PyObject *)record);
    Py_XDECREF(number);
    return failed ? -1 : 1;
}

/* An array method does not tell which ufunc it belongs to before the loop: these do. */
#define EACH_UFUNC(X) X(0) X(1) X(2) X(3) X(4)
#define FUNCTIONS(which)                                                                                     \
    static NPY_CASTING resolve_##which(                                                                      \
        struct PyArrayMethodObject_tag *NPY_UNUSED(method), PyArray_DTypeMeta *const *NPY_UNUSED(classes),   \
        PyArray_Descr *const *given, PyArray_Descr **dtypes, npy_intp *NPY_UNUSED(view_offset))              \
    {                                                                                                        \
        return resolve(which, given, dtypes);                                                                \
    }                                                                                                        \
    static int get_loop_##which(PyArrayMethod_Context *context, int NPY_UNUSED(aligned),                     \
                                int NPY_UNUSED(move_references), npy_intp const *NPY_UNUSED(strides),        \
                                PyArrayMethod_StridedLoop **loop, NpyAuxData **data,                         \
                                NPY_ARRAYMETHOD_FLAGS *flags)                                                \
    {                                                                                                        \
        return get_loop(which, context, loop, data, flags);                                                  \
    }                                                                                                        \
    static int get_initial_##which(PyArrayMethod_Context *context, npy_bool NPY_UNUSED(is_empty),            \
                                   void *initial)                                                            \
    {                                                                                                        \
        return get_initial(which, context, initial);                                                         \
    }                                                                                                        \
    static PyType_Slot slots_##which[] = {                                                                   \
        {NPY_METH_resolve_descriptors, resolve_##which},                                                     \
        {NPY_METH_get_loop, get_loop_##which},                                                               \
        {NPY_METH_get_reduction_initial, get_initial_##which},                                               \
        {0, NULL},                                                                                           \
    };
EACH_UFUNC(FUNCTIONS)

#define SLOTS(which) slots_##which,
static PyType_Slot *const slots[NX_RECORD_UFUNCS] = {EACH_UFUNC(SLOTS)};

/* ---- Registration ---- */

typedef int add_loop(PyObject *ufunc, PyArrayMethod_Spec *spec);
typedef int add_promoter(PyObject *ufunc, PyObject *dtypes, PyObject *promoter);
enum { ADD_LOOP = 43, ADD_PROMOTER = 44 }; /* in NumPy's table; its headers name them from NumPy 2 on only */

static int register_loop(int which, int first, int second)
{
    PyUFuncObject *const ufunc = numpys[which];
    PyArray_DTypeMeta *const record = dtype_class(NPY_VOID);
    PyArray_DTypeMeta *dtypes[3] = {dtype_class(first), ufunc->nin == 2 ? dtype_class(second) : record,
                                    record};
    PyArrayMethod_Spec spec = {
        .name = ufunc->name,
        .nin = ufunc->nin,
        .nout = 1,
        .casting = NPY_NO_CASTING,
        .flags = NPY_METH_SUPPORTS_UNALIGNED | NPY_METH_IS_REORDERABLE,
        .dtypes = dtypes,
        .slots = slots[which],
    };
    return ((add_loop *)PyUFunc_API[ADD_LOOP])((PyObject *)ufunc, &spec);
}

static int register_promoter(int which, PyObject *first, PyObject *second, PyObject *promoter)
{
    PyObject *dtypes = PyTuple_Pack(3, first, second, Py_None);
    const int failed = !dtypes || ((add_promoter *)PyUFunc_API[ADD_PROMOTER])((PyObject *)numpys[which],
                                                                              dtypes, promoter) < 0;
    Py_XDECREF(dtypes);
    return failed ? -1 : 0;
}

static int register_ufunc(int which)
{
    const int numbers[] = {NPY_BOOL,
                           NPY_BYTE,
                           NPY_UBYTE,
                           NPY_SHORT,
                           NPY_USHORT,
                           NPY_INT,
                           NPY_UINT,
                           NPY_LONG,
                           NPY_ULONG,
                           NPY_LONGLONG,
                           NPY_ULONGLONG,
                           NPY_HALF,
                           NPY_FLOAT,
                           NPY_DOUBLE,
                           NPY_LONGDOUBLE,
                           NPY_CFLOAT,
                           NPY_CDOUBLE,
                           NPY_CLONGDOUBLE,
                           nx_python_type(NX_WEAK_INT),
                           nx_python_type(NX_WEAK_FLOAT),
                           nx_python_type(NX_WEAK_COMPLEX)};
    if (register_loop(which, NPY_VOID, NPY_VOID) < 0)
        return -1;
    if (numpys[which]->nin == 1)
        return 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (register_loop(which, numbers[i], NPY_VOID) < 0 || register_loop(which, NPY_VOID, numbers[i]) < 0)
            return -1;
    PyObject *promoter = PyCapsule_New((void *)promote, "numpy._ufunc_promoter", NULL);
    PyObject *any = (PyObject *)&PyArrayDescr_Type, *record = (PyObject *)dtype_class(NPY_VOID);
    const int failed = !promoter || register_promoter(which, any, record, promoter) < 0 ||
                       register_promoter(which, record, any, promoter) < 0;
    Py_XDECREF(promoter);
    return failed ? -1 : 0;
}

PyObject *nx_set_operators(PyObject *Py_UNUSED(module), PyObject *on)
{
    static int registered = 0; /* how many of the ufuncs */
    if (!nx_is_numpy_2()) {
        PyErr_SetString(PyExc_NotImplementedError, "operators on records need NumPy 2");
        return NULL;
    }
    const int wanted = PyObject_IsTrue(on);
    PyObject *numpy = wanted == 1 ? PyImport_ImportModule("numpy") : NULL;
    if (wanted < 0 || (wanted && !numpy))
        return NULL;
    for (; wanted && registered < NX_RECORD_UFUNCS; registered++) {
        PyObject *found = PyObject_GetAttrString(numpy, nx_record_ufuncs[registered].ufunc->name);
        numpys[registered] = (PyUFuncObject *)found; /* kept */
        if (!found || register_ufunc(registered) < 0) {
            Py_DECREF(numpy);
            return NULL;
        }
    }
    Py_XDECREF(numpy);
    is_on = wanted;
    Py_RETURN_NONE;
}

#endif
