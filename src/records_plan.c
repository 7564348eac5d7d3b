/* records_plan.c: from the dtypes of a call to its plan. Fields are matched by name, level by level. */
#include "records_builder.h"

/* ---- The plan grows ---- */

/* Room for one more element at the end of an array. */
static void *grow(void *array, npy_intp count, npy_intp *room, size_t size)
{
    if (count < *room)
        return array;
    const npy_intp more = *room ? 2 * *room : 8;
    void *const grown = PyMem_Realloc(array, (size_t)more * size);
    if (!grown) {
        PyErr_NoMemory();
        return NULL;
    }
    *room = more;
    return grown;
}

static int add_dimension(nx_record_plan *plan, const nx_record_dimension *dimension)
{
    void *const grown =
        grow(plan->dimensions, plan->dimension_count, &plan->dimension_room, sizeof *dimension);
    if (!grown)
        return -1;
    plan->dimensions = grown;
    plan->dimensions[plan->dimension_count++] = *dimension;
    return 0;
}

/* Whether a dimension holds numbers of the leaf side by side. */
static int is_dense(const nx_builder *b, const nx_record_leaf *leaf, const nx_record_dimension *dimension)
{
    for (int i = 0; i < b->nargs; i++)
        if (dimension->d[i] != (b->plan->sizes[i] ? leaf->fields[i].size : 0))
            return 0;
    return 1;
}

/* Neighbours of one type are served like a subarray: in packed records that leaves one long call. */
static int joins(const nx_builder *b, const nx_record_leaf *before, const nx_record_leaf *leaf)
{
    const nx_record_dimension *const inside =
        before->dimensions ? b->plan->dimensions + before->first_dimension : NULL;
    if (leaf->loop != before->loop || leaf->data != before->data || leaf->converts || before->converts ||
        b->depth > 1 || (b->depth && !is_dense(b, leaf, b->around)) || before->dimensions > 1 ||
        (before->dimensions && !is_dense(b, before, inside)))
        return 0;
    const npy_intp count = before->dimensions ? inside->count : 1;
    for (int i = 0; i < b->nargs; i++) {
        const npy_intp size = b->plan->sizes[i] ? leaf->fields[i].size : 0;
        if (leaf->fields[i].offset != before->fields[i].offset + count * size)
            return 0;
    }
    return 1;
}

/* Adds a field of numbers, in the arrays around it, to the plan. */
static int add_leaf(nx_builder *b, const nx_record_leaf *leaf)
{
    nx_record_plan *const plan = b->plan;
    nx_record_leaf *const before = plan->leaf_count ? plan->leaves + plan->leaf_count - 1 : NULL;
    npy_intp count = 1;
    for (npy_intp i = 0; i < b->depth; i++)
        count *= b->around[i].count;
    plan->numbers += count;
    if (count == 0)
        return 0;
    for (int i = 0; i < b->nin; i++) {
        plan->moves[i] |= leaf->fields[i].offset != leaf->fields[b->nin].offset ||
                          leaf->fields[i].size != leaf->fields[b->nin].size;
        for (npy_intp k = 0; k < b->depth; k++)
            plan->moves[i] |= b->around[k].d[i] != b->around[k].d[b->nin];
    }
    if (before && joins(b, before, leaf)) {
        if (before->dimensions == 0) {
            nx_record_dimension neighbours = {1, {0}};
            for (int i = 0; i < b->nargs; i++)
                neighbours.d[i] = plan->sizes[i] ? leaf->fields[i].size : 0;
            before->first_dimension = plan->dimension_count;
            if (add_dimension(plan, &neighbours) < 0)
                return -1;
            before->dimensions = 1;
        }
        plan->dimensions[before->first_dimension].count += count;
        return 0;
    }
    void *const grown = grow(plan->leaves, plan->leaf_count, &plan->leaf_room, sizeof *leaf);
    if (!grown)
        return -1;
    plan->leaves = grown;
    nx_record_leaf *const added = plan->leaves + plan->leaf_count++;
    *added = *leaf;
    added->first_dimension = plan->dimension_count;
    for (npy_intp i = 0; i < b->depth; i++)
        if (add_dimension(plan, b->around + i) < 0)
            return -1;
    added->dimensions = b->depth;
    return 0;
}

/* ---- Numbers ---- */

/* The same field, or all records, in every operand; NULL where there are no records. */
typedef struct {
    PyArray_Descr *dtypes[NX_RECORD_OPERANDS];
    npy_intp offsets[NX_RECORD_OPERANDS];
} place;

static int narrow_limits(nx_record_plan *plan, int type, npy_intp size, PyObject *name)
{
    const int is_signed = PyTypeNum_ISSIGNED(type), bits = 8 * (int)size - is_signed;
    const npy_int64 highest = bits >= 63 ? NPY_MAX_INT64 : ((npy_int64)1 << bits) - 1;
    const npy_int64 lowest = is_signed ? -highest - 1 : 0;
    PyObject *text = PyUnicode_AsEncodedString(name, "utf-8", "replace");
    if (!text)
        return -1;
    nx_integer_limit limit = {highest, "", type};
    strncpy(limit.field, PyBytes_AsString(text), sizeof limit.field - 1);
    Py_DECREF(text);
    if (highest < plan->highest.value)
        plan->highest = limit;
    limit.value = lowest;
    if (lowest > plan->lowest.value)
        plan->lowest = limit;
    return 0;
}

/* *result: a new reference to the type that the loop gives. */
static int plan_numbers(nx_builder *b, const nx_path *at, const place *here, PyArray_Descr **result)
{
    int types[NX_RECORD_OPERANDS] = {0};
    for (int i = 0; i < b->nargs; i++) {
        if (here->dtypes[i] && !nx_is_number(here->dtypes[i]))
            return nx_refuse_field(b, at, i, here->dtypes[i]);
        types[i] = here->dtypes[i] ? here->dtypes[i]->type_num : b->call->carrier[i];
        if (b->call->plain[i])
            types[i] = b->call->weak[i] ? b->call->carrier[i] : PyArray_DESCR(b->call->plain[i])->type_num;
    }
    const int row = nx_choose_row(b, at, types);
    if (row < 0)
        return -1;
    const PyUFuncObject *const ufunc = b->call->scalar->ufunc;
    const char *const loop_types = ufunc->types + row * ufunc->nargs;
    nx_record_leaf leaf = {.loop = ufunc->functions[row], .data = ufunc->data ? ufunc->data[row] : NULL};
    for (int i = 0; i < b->nargs; i++) {
        leaf.fields[i].offset = here->offsets[i];
        const int is_new = !here->dtypes[i] && i >= b->nin;
        PyArray_Descr *const made = is_new ? PyArray_DescrFromType(loop_types[i]) : NULL;
        const int failed =
            nx_plan_field(b, at, i, is_new ? made : here->dtypes[i], loop_types[i], leaf.fields + i);
        Py_XDECREF((PyObject *)made);
        if (failed)
            return -1;
        leaf.converts |= leaf.fields[i].then || leaf.fields[i].swapped;
        if (leaf.fields[i].loop_alignment > b->plan->alignment)
            b->plan->alignment = leaf.fields[i].loop_alignment;
        if (b->call->weak[i] == NX_WEAK_INT && PyTypeNum_ISINTEGER(loop_types[i]) &&
            narrow_limits(b->plan, loop_types[i], leaf.fields[i].loop_size, at->name) < 0)
            return -1;
    }
    if (result && !(*result = PyArray_DescrFromType(loop_types[b->nargs - 1])))
        return -1;
    return add_leaf(b, &leaf);
}

/* ---- Fields, matched by name ---- */

static int plan_place(nx_builder *b, const nx_path *at, const place *here, PyArray_Descr **result);

static int plan_fields(nx_builder *b, const nx_path *at, const place *here, PyArray_Descr **result)
{
    PyArray_Descr *const lead = here->dtypes[b->first];
    PyObject *names = PyDataType_NAMES(lead);
    if (PyTuple_Size(names) == 0)
        return nx_refuse(b, at, b->first, "has dtype %S, which has no fields", (PyObject *)lead);
    for (int i = 0; i < b->nargs; i++)
        if (here->dtypes[i] && PyTuple_Size(PyDataType_NAMES(here->dtypes[i])) != PyTuple_Size(names))
            return nx_refuse_pair(b, at, i, "fields", names, PyDataType_NAMES(here->dtypes[i]));
    if (here->dtypes[b->nin] && nx_check_disjoint(b, at, here->dtypes[b->nin]) < 0)
        return -1;
    PyObject *formats = result ? PyList_New(0) : NULL;
    if (result && !formats)
        return -1;
    int failed = 0, is_new = 0;
    for (Py_ssize_t k = 0; !failed && k < PyTuple_Size(names); k++) {
        const nx_path step = {at, PyTuple_GetItem(names, k)};
        place inner = *here;
        for (int i = 0; i < b->nargs && !failed; i++)
            if (here->dtypes[i] &&
                !(inner.dtypes[i] = nx_find_field(here->dtypes[i], step.name, inner.offsets + i)))
                failed = PyErr_Occurred()
                             ? -1
                             : nx_refuse_pair(b, at, i, "fields", names, PyDataType_NAMES(here->dtypes[i]));
        if (result)
            inner.offsets[b->nin] = inner.offsets[b->first];
        PyArray_Descr *made = NULL;
        if (!failed)
            failed = plan_place(b, &step, &inner, formats ? &made : NULL);
        is_new |= made != inner.dtypes[b->first];
        if (made && PyList_Append(formats, (PyObject *)made) < 0)
            failed = -1;
        Py_XDECREF((PyObject *)made);
    }
    if (!failed && result) {
        if (!is_new && nx_is_plain_layout(lead)) {
            Py_INCREF((PyObject *)lead);
            *result = lead;
        }
        else
            *result = nx_dtype_like(lead, formats);
        failed = *result ? 0 : -1;
    }
    Py_XDECREF(formats);
    return failed;
}

static int plan_subarray(nx_builder *b, const nx_path *at, const place *here, PyArray_Descr **result)
{
    PyObject *shape = NULL;
    place inner = *here;
    nx_record_dimension dimension = {1, {0}};
    for (int i = b->first; i < b->nargs; i++) {
        if (!here->dtypes[i])
            continue;
        const PyArray_ArrayDescr *const subarray = PyDataType_SUBARRAY(here->dtypes[i]);
        PyObject *const its = subarray ? subarray->shape : NULL;
        if (i == b->first)
            shape = its;
        const int same = shape && its ? PyObject_RichCompareBool(shape, its, Py_EQ) : shape == its;
        if (same < 0)
            return -1;
        if (!same)
            return nx_refuse_pair(b, at, i, "shape", shape ? shape : Py_None, its ? its : Py_None);
        if (!subarray)
            continue;
        inner.dtypes[i] = subarray->base;
        dimension.d[i] = PyDataType_ELSIZE(subarray->base);
    }
    if (result)
        dimension.d[b->nin] = dimension.d[b->first];
    for (Py_ssize_t k = 0; k < PyTuple_Size(shape); k++)
        dimension.count *= PyLong_AsSsize_t(PyTuple_GetItem(shape, k));
    if (b->depth == NX_RECORD_DEPTH)
        return nx_refuse(b, at, b->first, "has dtype %S, whose arrays are nested too deep",
                         (PyObject *)here->dtypes[b->first]);
    b->around[b->depth++] = dimension;
    PyArray_Descr *base = NULL;
    const int failed = plan_place(b, at, &inner, result ? &base : NULL);
    b->depth--;
    if (failed || !result)
        return failed;
    if (base == inner.dtypes[b->first]) {
        Py_INCREF((PyObject *)here->dtypes[b->first]);
        *result = here->dtypes[b->first];
    }
    else {
        PyObject *parts = Py_BuildValue("(OO)", base, shape);
        if (parts)
            PyArray_DescrConverter(parts, result);
        Py_XDECREF(parts);
    }
    Py_DECREF((PyObject *)base);
    return *result ? 0 : -1;
}

static int plan_place(nx_builder *b, const nx_path *at, const place *here, PyArray_Descr **result)
{
    int subarrays = 0, records = 0, all = 0;
    for (int i = 0; i < b->nargs; i++)
        if (here->dtypes[i]) {
            subarrays += PyDataType_SUBARRAY(here->dtypes[i]) != NULL;
            records += PyDataType_NAMES(here->dtypes[i]) != NULL;
            all++;
        }
    int failed = Py_EnterRecursiveCall(" in the fields of a dtype") ? -1 : 0;
    if (failed)
        return -1;
    if (subarrays)
        failed = plan_subarray(b, at, here, result);
    else if (records == all) {
        b->plan->is_nested |= at != NULL;
        failed = plan_fields(b, at, here, result);
    }
    else if (records || !at) {
        int odd = 0; /* the first without fields */
        while (!here->dtypes[odd] || PyDataType_NAMES(here->dtypes[odd]))
            odd++;
        failed = nx_refuse(b, at, odd, "has dtype %S, which has no fields", (PyObject *)here->dtypes[odd]);
    }
    else
        failed = plan_numbers(b, at, here, result);
    Py_LeaveRecursiveCall();
    return failed;
}

/* ---- A call ---- */

void nx_free_record_plan(nx_record_plan *plan)
{
    if (plan) {
        PyMem_Free(plan->leaves);
        PyMem_Free(plan->dimensions);
        PyMem_Free(plan);
    }
}

/* A plan for a new output takes it to be laid out as the first operand that holds records. */
static nx_record_plan *make_plan(nx_record_call *call, PyArray_Descr **result)
{
    const PyUFuncObject *const ufunc = call->scalar->ufunc;
    nx_builder b = {.call = call, .nin = ufunc->nin, .nargs = ufunc->nargs};
    place all = {{NULL}, {0}};
    b.plan = PyMem_Calloc(1, sizeof *b.plan);
    if (!b.plan) {
        PyErr_NoMemory();
        return NULL;
    }
    b.plan->nin = b.nin;
    b.plan->nargs = b.nargs;
    b.plan->alignment = 1;
    b.plan->lowest.value = NPY_MIN_INT64;
    b.plan->highest.value = NPY_MAX_INT64;
    call->needed = NPY_NO_CASTING;
    for (int i = b.nargs - 1; i >= 0; i--)
        if (call->records[i]) {
            all.dtypes[i] = call->records[i];
            b.plan->sizes[i] = PyDataType_ELSIZE(call->records[i]);
            b.first = i;
        }
    int failed;
    if (call->plain[b.nin])
        failed = nx_refuse(&b, NULL, b.nin, "has dtype %S, which has no fields",
                           (PyObject *)PyArray_DESCR(call->plain[b.nin]));
    else {
        if (!call->records[b.nin])
            b.plan->sizes[b.nin] = b.plan->sizes[b.first];
        failed = plan_place(&b, NULL, &all, call->records[b.nin] ? NULL : result);
    }
    for (int i = 0; i < NX_TYPES; i++)
        Py_XDECREF((PyObject *)b.samples[i]);
    if (failed) {
        nx_free_record_plan(b.plan);
        return NULL;
    }
    return b.plan;
}

nx_record_plan *nx_plan_records(nx_record_call *call, PyArray_Descr **result)
{
    const int out = call->scalar->ufunc->nin;
    *result = NULL;
    nx_record_plan *plan = make_plan(call, result);
    int first = 0;
    while (first < out && !call->records[first])
        first++;
    if (!plan || !*result || *result == call->records[first])
        return plan;
    nx_free_record_plan(plan);
    nx_record_call again = *call;
    again.records[out] = *result;
    plan = make_plan(&again, NULL);
    if (!plan)
        Py_CLEAR(*result);
    return plan;
}

int nx_check_python_integer(const nx_record_plan *plan, npy_int64 value)
{
    const nx_integer_limit *const limit = value < plan->lowest.value    ? &plan->lowest
                                          : value > plan->highest.value ? &plan->highest
                                                                        : NULL;
    if (!limit)
        return 0;
    PyArray_Descr *dtype = PyArray_DescrFromType(limit->type);
    if (dtype)
        PyErr_Format(PyExc_OverflowError, "Python integer %lld out of bounds for field '%s' of %S",
                     (long long)value, limit->field, dtype);
    Py_XDECREF((PyObject *)dtype);
    return -1;
}
