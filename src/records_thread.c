/* records_thread.c: the plan of each thread, between the type resolver and the loop, and for the next such
 * call. */
#include "records.h"
#include "records_builder.h"

int nx_is_numpy_2(void)
{
    return PyArray_GetNDArrayCFeatureVersion() >= 0x12;
}

/* What a plan was made from, without gaps, so that memcmp can compare. Names are part of it: those of a dtype
   can be set. */
typedef struct {
    PyUFuncObject *ufunc;
    PyArray_Descr *records[NX_RECORD_OPERANDS];
    PyObject *names[NX_RECORD_OPERANDS];
    int types[NX_RECORD_OPERANDS], flags[NX_RECORD_OPERANDS];
    char values[NX_RECORD_OPERANDS][16]; /* of single numbers, which NumPy 1 promotes by what they are */
} plan_key;

/* Freed with Python's state of the thread. While `serves_again`, it holds references to what is in the key,
   and to the dtype of the result. */
typedef struct {
    nx_record_plan *plan;
    PyArray_Descr *result;
    plan_key key;
    NPY_CASTING needed;        /* by the plan */
    int serves_again, waits;   /* waits: a call has its plan and has not begun its loop */
    PyArray_Descr *waits_with; /* the dtype that the last such call alone has beside this, NULL for none */
} plan_holder;

static _Thread_local plan_holder *here = NULL;
static const char HOLDER[] = "numpy_ext._ufuncs.record_plan";

static void forget(plan_holder *holder)
{
    const plan_key key = holder->key;
    PyArray_Descr *const result = holder->result;
    const int held = holder->serves_again;
    nx_free_record_plan(holder->plan);
    holder->plan = NULL;
    holder->result = NULL;
    holder->serves_again = 0;
    if (!held)
        return;
    Py_XDECREF((PyObject *)result);
    Py_DECREF((PyObject *)key.ufunc);
    for (int i = 0; i < NX_RECORD_OPERANDS; i++) {
        Py_XDECREF((PyObject *)key.records[i]);
        Py_XDECREF(key.names[i]);
    }
}

static void free_holder(PyObject *capsule)
{
    plan_holder *const holder = PyCapsule_GetPointer(capsule, HOLDER);
    if (holder == here)
        here = NULL;
    forget(holder);
    Py_XDECREF((PyObject *)holder->waits_with);
    PyMem_Free(holder);
}

static int make_holder(void)
{
    PyObject *thread = PyThreadState_GetDict(); /* borrowed */
    plan_holder *const holder = PyMem_Calloc(1, sizeof *holder);
    PyObject *capsule = holder && thread ? PyCapsule_New(holder, HOLDER, free_holder) : NULL;
    if (!capsule)
        PyMem_Free(holder);
    const int failed = !capsule || PyDict_SetItemString(thread, HOLDER, capsule) < 0;
    Py_XDECREF(capsule);
    if (!failed)
        here = holder;
    else if (!PyErr_Occurred())
        PyErr_NoMemory();
    return failed ? -1 : 0;
}

/* Fills the key. Whether it tells all: beside single records alone NumPy 1 promotes a number by its value
   only the second time that it asks. */
static int key_of(const nx_record_call *call, plan_key *key)
{
    int serves_again = 1;
    memset(key, 0, sizeof *key);
    key->ufunc = call->scalar->ufunc;
    for (int i = 0; i < call->scalar->ufunc->nargs; i++) {
        if (call->records[i]) {
            key->records[i] = call->records[i];
            key->names[i] = PyDataType_NAMES(call->records[i]);
        }
        else if (call->plain[i]) {
            key->types[i] = PyArray_DESCR(call->plain[i])->type_num;
            key->flags[i] = (PyArray_FLAGS(call->plain[i]) & NX_WAS_PYTHON) | (int)call->weak[i];
            if (!nx_is_numpy_2() && PyArray_NDIM(call->plain[i]) == 0) {
                const size_t size = (size_t)PyArray_ITEMSIZE(call->plain[i]);
                if (call->has_arrays && PyArray_ISNOTSWAPPED(call->plain[i]) && size <= sizeof key->values[i])
                    memcpy(key->values[i], PyArray_DATA(call->plain[i]), size);
                else
                    serves_again = 0;
            }
        }
    }
    return serves_again;
}

/* Whether the call that waits is still on its way to its loop: it keeps its dtype until it ends. */
static int is_called_before_loop(void)
{
    return here->waits && Py_REFCNT((PyObject *)here->waits_with) > 1;
}

PyArray_Descr *nx_wait_for_loop(PyArray_Descr *dtype)
{
    PyArray_Descr *const own = PyArray_DescrNew(dtype);
    if (own) {
        Py_XDECREF((PyObject *)here->waits_with);
        Py_INCREF((PyObject *)own);
        here->waits_with = own;
        here->waits = 1;
    }
    return own;
}

int nx_provide_plan(nx_record_call *call, PyArray_Descr **result)
{
    plan_key key;
    int serves_again = key_of(call, &key);
    if (!here && make_holder() < 0)
        return -1;
    if (is_called_before_loop()) {
        PyErr_Format(PyExc_RuntimeError,
                     "%s: called by the `initial` or the `__array_prepare__` of another call with records",
                     call->scalar->ufunc->name);
        return -1;
    }
    here->waits = 0;
    if (here->serves_again && serves_again && here->needed <= call->casting &&
        memcmp(&key, &here->key, sizeof key) == 0) {
        *result = here->result;
        Py_XINCREF((PyObject *)*result);
        return 0;
    }
    nx_record_plan *const plan = nx_plan_records(call, result);
    if (!plan)
        return -1;
    forget(here);
    here->plan = plan;
    here->serves_again = serves_again && !plan->is_nested;
    if (here->serves_again) {
        here->key = key;
        here->needed = call->needed;
        here->result = *result;
        Py_XINCREF((PyObject *)*result);
        Py_INCREF((PyObject *)key.ufunc);
        for (int i = 0; i < NX_RECORD_OPERANDS; i++) {
            Py_XINCREF((PyObject *)key.records[i]);
            Py_XINCREF(key.names[i]);
        }
    }
    return 0;
}

nx_record_plan *nx_thread_plan(void)
{
    return here->plan;
}

nx_record_plan *nx_begin_plan(void)
{
    here->waits = 0;
    return here->plan;
}
