/* records_fields.c: the loop for a field of numbers, and what stands between the two. */
#include "records_builder.h"

int nx_is_number_type(int type)
{
    return PyTypeNum_ISBOOL(type) || PyTypeNum_ISNUMBER(type);
}

int nx_is_number(const PyArray_Descr *dtype)
{
    return nx_is_number_type(dtype->type_num);
}

/* ---- Which loop serves a field ---- */

/* The type that a Python number has beside numbers of these types. */
static int adapted(const nx_builder *b, const int *types, int operand)
{
    const nx_weakness weak = b->call->weak[operand];
    int best = -1;
    for (int i = 0; i < b->nin; i++) {
        if (!b->call->records[i] || PyTypeNum_ISBOOL(types[i]))
            continue;
        const int fits = weak == NX_WEAK_INT || (weak == NX_WEAK_FLOAT && !PyTypeNum_ISINTEGER(types[i])) ||
                         (weak == NX_WEAK_COMPLEX && !PyTypeNum_ISINTEGER(types[i]));
        if (fits && (best < 0 || PyTypeNum_ISCOMPLEX(types[i])))
            best = types[i];
    }
    /* Beside bools, and any other number that is not Python's. */
    for (int i = 0; weak == NX_WEAK_INT && best < 0 && i < b->nin; i++)
        if (b->call->plain[i] && !b->call->weak[i] && !PyTypeNum_ISBOOL(types[i]) &&
            !(PyArray_FLAGS(b->call->plain[i]) & NX_WAS_PYTHON))
            best = types[i];
    if (weak == NX_WEAK_INT)
        return best < 0 ? NPY_LONG : best;
    if (weak == NX_WEAK_FLOAT)
        return best < 0 ? NPY_DOUBLE : best;
    switch (best) {
    case NPY_HALF:
    case NPY_FLOAT:
    case NPY_CFLOAT:
        return NPY_CFLOAT;
    case NPY_LONGDOUBLE:
    case NPY_CLONGDOUBLE:
        return NPY_CLONGDOUBLE;
    default:
        return NPY_CDOUBLE;
    }
}

/* An array of one number of the type: one that has dimensions promotes by its type alone in every NumPy. */
static PyArrayObject *sample(nx_builder *b, int type)
{
    if (!b->samples[type]) {
        npy_intp one = 1;
        b->samples[type] = (PyArrayObject *)PyArray_ZEROS(1, &one, type, 0);
    }
    return b->samples[type];
}

/* Asks NumPy, as for a call with numbers of these types. Fills `types` of all operands. */
static int choose_types(nx_builder *b, int *types)
{
    PyArrayObject *operands[NX_RECORD_OPERANDS] = {NULL};
    PyArray_Descr *chosen[NX_RECORD_OPERANDS] = {NULL};
    for (int i = 0; i < b->nin; i++) {
        operands[i] = b->call->plain[i] && !b->call->weak[i] ? b->call->plain[i] : sample(b, types[i]);
        if (!operands[i])
            return -1;
    }
    const int failed =
        b->call->scalar->choose(b->call->scalar->ufunc, NPY_SAME_KIND_CASTING, operands, NULL, chosen) < 0;
    for (int i = 0; i < b->nargs; i++) {
        if (!failed)
            types[i] = chosen[i]->type_num;
        Py_XDECREF((PyObject *)chosen[i]);
    }
    return failed ? -1 : 0;
}

/* The row for inputs of these types, -1 with an exception. */
int nx_choose_row(nx_builder *b, const nx_path *at, const int *types)
{
    for (int k = 0; k < b->known_count; k++)
        if (memcmp(b->known[k].types, types, (size_t)b->nin * sizeof(int)) == 0)
            return b->known[k].row;
    int same = 1, wanted[NX_RECORD_OPERANDS];
    for (int i = 0; i < b->nin; i++) {
        wanted[i] = b->call->weak[i] ? adapted(b, types, i) : types[i];
        same &= wanted[i] == wanted[0];
    }
    int row = same ? nx_find_row(b->call->scalar->ufunc, wanted, b->nin) : -1;
    if (row < 0) {
        if (choose_types(b, wanted) < 0) {
            if (!PyErr_ExceptionMatches(PyExc_TypeError))
                return -1;
            PyObject *type, *value, *traceback;
            PyErr_Fetch(&type, &value, &traceback);
            nx_refuse(b, at, b->first, "has no loop: %S", value ? value : Py_None);
            Py_XDECREF(type);
            Py_XDECREF(value);
            Py_XDECREF(traceback);
            return -1;
        }
        row = nx_find_row(b->call->scalar->ufunc, wanted, b->nargs);
        if (row < 0)
            return nx_refuse(b, at, b->first, "has no loop in %S", (PyObject *)b->call->scalar->ufunc);
    }
    if (b->known_count < NX_KNOWN_ROWS) {
        memcpy(b->known[b->known_count].types, types, (size_t)b->nin * sizeof(int));
        b->known[b->known_count++].row = row;
    }
    return row;
}

/* ---- From the numbers of a field to those of the loop ---- */

static nx_convert *conversion(int from, int to)
{
    PyArray_Descr *one = PyArray_DescrFromType(from), *other = PyArray_DescrFromType(to);
    nx_convert *const how = one && other ? nx_find_conversion(one->type, other->type) : NULL;
    if (one && other && !how)
        PyErr_Format(PyExc_SystemError, "no conversion from type %d to type %d", from, to);
    Py_XDECREF((PyObject *)one);
    Py_XDECREF((PyObject *)other);
    return how;
}

static int check_casting(nx_builder *b, const nx_path *at, int operand, PyArray_Descr *field, int loop_type)
{
    PyArray_Descr *number = PyArray_DescrFromType(loop_type);
    if (!number)
        return -1;
    PyArray_Descr *const from = operand < b->nin ? field : number, *const to =
                                                                       operand < b->nin ? number : field;
    NPY_CASTING casting = NPY_NO_CASTING;
    while (casting < NPY_UNSAFE_CASTING && !PyArray_CanCastTypeTo(from, to, casting))
        casting++;
    if (casting > b->call->needed)
        b->call->needed = casting;
    int failed = 0;
    if (casting > b->call->casting) {
        static const char *const names[] = {"no", "equiv", "safe", "same_kind", "unsafe"};
        PyObject *where = nx_place_text(b, at, operand);
        if (where)
            PyErr_Format(PyExc_TypeError,
                         "%s: cannot cast %U from dtype('%S') to dtype('%S') with casting rule '%s'",
                         b->call->scalar->ufunc->name, where, from, to, names[b->call->casting]);
        Py_XDECREF(where);
        failed = -1;
    }
    Py_DECREF((PyObject *)number);
    return failed;
}

int nx_plan_field(nx_builder *b, const nx_path *at, int operand, PyArray_Descr *dtype, int loop_type,
                  nx_record_field *field)
{
    const nx_weakness weak = b->call->weak[operand];
    const int type = dtype ? dtype->type_num : b->call->carrier[operand];
    PyArray_Descr *number = PyArray_DescrFromType(loop_type),
                  *own = dtype ? dtype : PyArray_DescrFromType(type);
    if (number && own) {
        field->size = (int)PyDataType_ELSIZE(own);
        field->loop_size = (int)PyDataType_ELSIZE(number);
        field->loop_alignment = (int)PyDataType_ALIGNMENT(number);
        if (!PyArray_ISNBO(own->byteorder))
            field->swapped = PyTypeNum_ISCOMPLEX(type) ? field->size / 2 : field->size;
    }
    Py_XDECREF((PyObject *)number);
    if (own != dtype)
        Py_XDECREF((PyObject *)own);
    if (!number || !own)
        return -1;
    if (!PyArray_EquivTypenums(type, loop_type)) { /* long and long long may have the same numbers */
        int from = type;
        /* NumPy makes a float of a Python integer first. */
        const int narrow = loop_type == NPY_HALF || loop_type == NPY_FLOAT || loop_type == NPY_CFLOAT;
        if (weak == NX_WEAK_INT && narrow) {
            field->first = conversion(type, NPY_DOUBLE);
            from = NPY_DOUBLE;
        }
        field->then = operand < b->nin ? conversion(from, loop_type) : conversion(loop_type, type);
        if (!field->then || PyErr_Occurred())
            return -1;
    }
    return dtype && (field->then || field->swapped) ? check_casting(b, at, operand, dtype, loop_type) : 0;
}
