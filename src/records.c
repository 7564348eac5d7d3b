/* records.c: ufuncs that take records of any dtype. Their loops are NumPy's own for numbers, and one for
   records: before each call NumPy asks the type resolver, which makes the plan that the loop on this thread
   runs. */
#include "records.h"
#include "records_builder.h"
#include "records_docs.h"
#include "records_negative.h"
#include "records_numbers.h"

static void record_loop(char **p, npy_intp const *n, npy_intp const *d, void *NPY_UNUSED(data))
{
    nx_run_records(p, n, d, nx_begin_plan());
}

/* ---- Numbers beside records ---- */

/* Numbers beside records come in a few types, which hold all values of all others; -1 if there is no
   arithmetic. */
static int carrier_of(int type)
{
    switch (type) {
    case NPY_ULONG:
    case NPY_ULONGLONG:
        return NPY_UINT64;
    default:
        /* Floats keep their type: NumPy would report what it meets where it converts them, such as a
           signalling NaN, and so run Python code between the resolver and the loop. */
        return PyTypeNum_ISFLOAT(type) || PyTypeNum_ISCOMPLEX(type)  ? type
               : PyTypeNum_ISBOOL(type) || PyTypeNum_ISINTEGER(type) ? NPY_INT64
                                                                     : -1;
    }
}

/* The first call of a kind shows NumPy's flag, later ones the dtype that the resolver chose then. */
static int is_python_int(PyArrayObject *number)
{
    return (PyArray_FLAGS(number) & NX_WAS_PYTHON_INT) ||
           nx_weakness_of(PyArray_DESCR(number)->type_num) == NX_WEAK_INT;
}

static int add_plain(nx_record_call *call, int operand, PyArrayObject *number)
{
    const int is_int = is_python_int(number);
    call->plain[operand] = number;
    call->weak[operand] = is_int ? NX_WEAK_INT : NX_STRONG;
    call->carrier[operand] = is_int ? NPY_INT64 : carrier_of(PyArray_DESCR(number)->type_num);
    if (call->carrier[operand] >= 0)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s: input %d has dtype %S, which has no arithmetic with records",
                 call->scalar->ufunc->name, operand, PyArray_DESCR(number));
    return -1;
}

/* ---- The tables of a ufunc ---- */

/* Products of complex numbers as axpy computes them, with nothing added: NumPy's own depend on the distance
   of the numbers on some CPUs (NumPy 1.24, AVX-512). */
typedef struct {
    PyUFuncGenericFunction loop;
    void *data;
    const void *nothing;
} product;

/* What NumPy keeps pointers to; freed with the ufunc, which owns it through `obj`. */
typedef struct {
    PyUFunc_TypeResolutionFunc *choose; /* NumPy's, for numbers */
    PyUFuncGenericFunction loops[NX_TYPES];
    void *data[NX_TYPES];
    char types[NX_TYPES * NX_RECORD_OPERANDS];
    product products[3];
} ufunc_tables;

static const char TABLES[] = "numpy_ext._ufuncs.record_tables";

static nx_scalar_ufunc scalar_of(PyUFuncObject *ufunc)
{
    nx_scalar_ufunc scalar = {ufunc, PyUFunc_DefaultTypeResolver};
    if (PyCapsule_IsValid(ufunc->obj, TABLES))
        scalar.choose = ((const ufunc_tables *)PyCapsule_GetPointer(ufunc->obj, TABLES))->choose;
    return scalar;
}

/* ---- The type resolver ---- */

static int fill_call(nx_record_call *call, PyArrayObject *const *operands)
{
    const PyUFuncObject *const ufunc = call->scalar->ufunc;
    for (int i = 0; i < ufunc->nargs; i++) {
        if (operands[i] && PyArray_DESCR(operands[i])->type_num == NPY_VOID) {
            call->records[i] = PyArray_DESCR(operands[i]);
            call->has_arrays |= i < ufunc->nin && PyArray_NDIM(operands[i]) > 0;
        }
        else if (operands[i] && i >= ufunc->nin)
            call->plain[i] = operands[i];
        else if (operands[i] && add_plain(call, i, operands[i]) < 0)
            return -1;
    }
    return 0;
}

static int check_python_integers(const nx_record_call *call, const nx_record_plan *plan)
{
    for (int i = 0; i < plan->nin; i++)
        if (call->weak[i] == NX_WEAK_INT &&
            nx_check_python_integer(plan, *(const npy_int64 *)PyArray_DATA(call->plain[i])) < 0)
            return -1;
    return 0;
}

/* dtype= and signature= cannot name fields: TypeError, not silence. */
static int check_wanted(const PyUFuncObject *ufunc, PyObject *types)
{
    PyObject *wanted = types && PyTuple_Check(types) ? PyTuple_GetItem(types, PyTuple_Size(types) - 1) : NULL;
    if (!wanted || !PyArray_DescrCheck(wanted) || ((PyArray_Descr *)wanted)->type_num == NPY_VOID)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s: dtype=%S is not for records; give an `out` with fields of that dtype",
                 ufunc->name, wanted);
    return -1;
}

static int broadcasts_to(PyArrayObject *array, PyArrayObject *out)
{
    /* NumPy 1 gives an output without dimensions one, for a while, but no length. */
    const int dimensions = PyArray_NDIM(array), outs = PyArray_DIMS(out) ? PyArray_NDIM(out) : 0;
    int fits = dimensions <= outs;
    for (int i = 0; fits && i < dimensions; i++) {
        const npy_intp length = PyArray_DIM(array, i);
        fits = length == 1 || length == PyArray_DIM(out, outs - dimensions + i);
    }
    return fits;
}

int nx_check_first_record(const PyUFuncObject *ufunc, PyArray_Descr *of, PyArray_Descr *out)
{
    const int same = nx_have_one_order(of, out);
    if (same == 0)
        PyErr_Format(PyExc_TypeError,
                     "%s: output 0 has its fields in another order than %S, whose first record NumPy copies "
                     "by position",
                     ufunc->name, of);
    return same == 1 ? 0 : -1;
}

/* Without an identity, `reduce` starts from the first record, which NumPy copies by position. A call in place
   looks the same but for the shapes. */
static int check_first_record(const PyUFuncObject *ufunc, PyArrayObject *const *operands)
{
    if (ufunc->identity != PyUFunc_None || operands[0] == operands[1] ||
        broadcasts_to(operands[1], operands[2]))
        return 0;
    return nx_check_first_record(ufunc, PyArray_DESCR(operands[1]), PyArray_DESCR(operands[2]));
}

/* Fills the dtypes of all operands; records keep theirs, since the plan converts. */
static int resolve_types(PyUFuncObject *ufunc, NPY_CASTING casting, PyArrayObject **operands, PyObject *types,
                         PyArray_Descr **dtypes)
{
    int has_records = 0;
    const nx_scalar_ufunc scalar = scalar_of(ufunc);
    for (int i = 0; i < ufunc->nin; i++)
        has_records |= operands[i] && PyArray_DESCR(operands[i])->type_num == NPY_VOID;
    if (!has_records)
        return scalar.choose(ufunc, casting, operands, types, dtypes);
    nx_record_call call = {.scalar = &scalar, .casting = casting};
    if (check_wanted(ufunc, types) < 0 || fill_call(&call, operands) < 0)
        return -1;
    PyArray_Descr *result = NULL;
    /* As NumPy asks for `reduce` and its kin. */
    const int is_reduction = casting == NPY_UNSAFE_CASTING && ufunc->nin == 2 &&
                             (operands[0] == operands[1] || operands[0] == operands[2]) &&
                             PyArray_SIZE(operands[1]) > 0;
    if (nx_provide_plan(&call, &result) < 0)
        return -1;
    /* `reduce` and its kin resolve an array beside itself, and need one dtype for all. NumPy casts to it, by
       position. */
    if (casting == NPY_UNSAFE_CASTING && ufunc->nin == 2 && operands[0] == operands[1] && result &&
        !PyArray_EquivTypes(result, call.records[0])) {
        call.records[0] = call.records[1] = call.records[2] = result;
        PyArray_Descr *none;
        if (nx_provide_plan(&call, &none) < 0) {
            Py_DECREF((PyObject *)result);
            return -1;
        }
    }
    if (check_python_integers(&call, nx_thread_plan()) < 0 ||
        (is_reduction && check_first_record(ufunc, operands) < 0)) {
        Py_XDECREF((PyObject *)result);
        return -1;
    }
    for (int i = 0; i < ufunc->nargs; i++) {
        const int is_int = call.weak[i] == NX_WEAK_INT;
        dtypes[i] = call.records[i] ? call.records[i]
                    : i >= ufunc->nin
                        ? result
                        : PyArray_DescrFromType(is_int ? nx_python_type(NX_WEAK_INT) : call.carrier[i]);
        if (call.records[i])
            Py_INCREF((PyObject *)dtypes[i]);
    }
    if (call.records[ufunc->nin])
        Py_XDECREF((PyObject *)result);
    if (is_reduction || !nx_is_numpy_2()) {
        PyArray_Descr **const own = dtypes + (ufunc->nin > 1); /* that of no result */
        PyArray_Descr *const given = *own;
        *own = nx_wait_for_loop(given);
        Py_DECREF((PyObject *)given);
        if (!*own)
            return -1;
    }
    return PyUFunc_ValidateCasting(ufunc, casting, operands, dtypes);
}

/* ---- The ufuncs ---- */

static const int carriers[] = {NPY_VOID,  NPY_DOUBLE, NPY_INT64,   NPY_UINT64,     NPY_HALF,
                               NPY_FLOAT, NPY_CFLOAT, NPY_CDOUBLE, NPY_LONGDOUBLE, NPY_CLONGDOUBLE};
enum { PYTHON_INT = sizeof carriers / sizeof *carriers, CARRIERS };

/* Adds the loop for records to a ufunc of numbers: for every mixture of records and numbers. */
static int serve(PyUFuncObject *ufunc)
{
    int mixtures = 1;
    for (int i = 0; i < ufunc->nin; i++)
        mixtures *= CARRIERS;
    for (int mixture = 0; mixture < mixtures; mixture++) {
        int types[NX_RECORD_OPERANDS], records = 0, known = 1;
        for (int i = 0, rest = mixture; i < ufunc->nin; i++, rest /= CARRIERS) {
            const int which = rest % CARRIERS;
            types[i] = which == PYTHON_INT ? nx_python_type(NX_WEAK_INT) : carriers[which];
            records += types[i] == NPY_VOID;
            known &= types[i] >= 0;
        }
        types[ufunc->nin] = NPY_VOID;
        if (records && known && PyUFunc_RegisterLoopForType(ufunc, NPY_VOID, record_loop, types, NULL) < 0)
            return -1;
    }
    ufunc->type_resolver = resolve_types;
    return 0;
}

static void multiply_complex(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const product *const axpy = data;
    char *args[4] = {p[0], p[1], (char *)axpy->nothing, p[2]};
    npy_intp distances[4] = {d[0], d[1], 0, d[2]};
    axpy->loop(args, n, distances, axpy->data);
}

static int find_products(const PyUFuncObject *axpy, product products[3])
{
    static const npy_float f[2] = {-0.0f, -0.0f};
    static const npy_double d[2] = {-0.0, -0.0};
    static const npy_longdouble g[2] = {-0.0L, -0.0L};
    const void *const nothing[3] = {f, d, g};
    for (int k = 0; k < 3; k++) {
        const int types[4] = {NPY_CFLOAT + k, NPY_CFLOAT + k, NPY_CFLOAT + k, NPY_CFLOAT + k};
        const int row = nx_find_row(axpy, types, 4);
        if (row < 0) {
            PyErr_SetString(PyExc_SystemError, "axpy has no loop for complex numbers");
            return -1;
        }
        products[k] = (product){axpy->functions[row], axpy->data[row], nothing[k]};
    }
    return 0;
}

static void free_tables(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, TABLES));
}

/* Copies NumPy's loops for numbers, but for those that are not to be trusted; the number of them. */
static int copy_loops(const PyUFuncObject *numpys, ufunc_tables *tables)
{
    int rows = 0;
    for (int i = 0; i < numpys->ntypes && rows < NX_TYPES; i++) {
        const char *const types = numpys->types + i * numpys->nargs;
        int numbers = 1;
        for (int j = 0; j < numpys->nargs; j++)
            numbers &= nx_is_number_type(types[j]);
        if (!numbers)
            continue;
        tables->loops[rows] = numpys->functions[i];
        tables->data[rows] = numpys->data ? numpys->data[i] : NULL;
        memcpy(tables->types + rows * numpys->nargs, types, (size_t)numpys->nargs);
        if (numpys->nargs == 2) {
            PyArray_Descr *dtype = PyArray_DescrFromType(types[0]);
            tables->loops[rows] = nx_find_negation(dtype->type);
            Py_DECREF((PyObject *)dtype);
        }
        else if (PyTypeNum_ISCOMPLEX(types[0]) && tables->products[0].loop) {
            tables->loops[rows] = multiply_complex;
            tables->data[rows] = tables->products + (types[0] - NPY_CFLOAT);
        }
        rows++;
    }
    return rows;
}

static const struct {
    const char *name, *doc;
    int identity;
} arithmetic[NX_RECORD_UFUNCS] = {
    {"add", add_doc, PyUFunc_Zero},           {"subtract", subtract_doc, PyUFunc_None},
    {"multiply", multiply_doc, PyUFunc_One},  {"divide", divide_doc, PyUFunc_None},
    {"negative", negative_doc, PyUFunc_None},
};

nx_scalar_ufunc nx_record_ufuncs[NX_RECORD_UFUNCS];

/* The ufunc number i of the table, on the loops of NumPy's own. */
static PyObject *make(int i, const PyUFuncObject *numpys, const PyUFuncObject *axpy)
{
    ufunc_tables *const tables = PyMem_Calloc(1, sizeof *tables);
    PyObject *capsule = tables ? PyCapsule_New(tables, TABLES, free_tables) : PyErr_NoMemory();
    if (!capsule) {
        PyMem_Free(tables);
        return NULL;
    }
    PyObject *made = NULL;
    if (arithmetic[i].identity != PyUFunc_One || find_products(axpy, tables->products) == 0)
        made = PyUFunc_FromFuncAndData(tables->loops, tables->data, tables->types, copy_loops(numpys, tables),
                                       numpys->nin, numpys->nout, arithmetic[i].identity, arithmetic[i].name,
                                       arithmetic[i].doc, 0);
    if (!made) {
        Py_DECREF(capsule);
        return NULL;
    }
    tables->choose = numpys->type_resolver;
    ((PyUFuncObject *)made)->obj = capsule;
    if (serve((PyUFuncObject *)made) < 0) {
        Py_DECREF(made);
        return NULL;
    }
    if (!nx_record_ufuncs[i].ufunc) {
        Py_INCREF(made); /* the operators keep it */
        nx_record_ufuncs[i] = (nx_scalar_ufunc){(PyUFuncObject *)made, numpys->type_resolver};
    }
    return made;
}

static PyUFuncObject *get_ufunc(PyObject *module, const char *name)
{
    PyObject *found = PyObject_GetAttrString(module, name);
    if (found && !PyObject_TypeCheck(found, &PyUFunc_Type)) {
        PyErr_Format(PyExc_TypeError, "%s is no ufunc", name);
        Py_CLEAR(found);
    }
    return (PyUFuncObject *)found;
}

static PyMethodDef record_methods[] = {
    {"set_operators", nx_set_operators, METH_O,
     "set_operators(on): whether NumPy's own ufuncs take records."},
    {NULL, NULL, 0, NULL},
};

int nx_add_records(PyObject *module)
{
    PyObject *numpy = PyImport_ImportModule("numpy"), *ufuncs = numpy ? PyDict_New() : NULL;
    PyUFuncObject *const axpy = ufuncs ? get_ufunc(module, "axpy") : NULL;
    int failed = !axpy || nx_register_python_numbers() < 0 || serve(axpy) < 0;
    for (int i = 0; i < NX_RECORD_UFUNCS && !failed; i++) {
        PyUFuncObject *const numpys = get_ufunc(numpy, arithmetic[i].name);
        PyObject *made = numpys ? make(i, numpys, axpy) : NULL;
        failed = !made || PyDict_SetItemString(ufuncs, arithmetic[i].name, made) < 0;
        Py_XDECREF(made);
        Py_XDECREF((PyObject *)numpys);
    }
    failed = failed || PyModule_AddObjectRef(module, "record_ufuncs", ufuncs) < 0 ||
             PyModule_AddFunctions(module, record_methods) < 0;
    Py_XDECREF(numpy);
    Py_XDECREF(ufuncs);
    Py_XDECREF((PyObject *)axpy);
    return failed ? -1 : 0;
}
