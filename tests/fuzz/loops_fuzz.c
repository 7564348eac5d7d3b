/* loops_fuzz.c: the loops of one CPU level under libFuzzer, without Python. The bytes of an input choose a
   loop and its operands: lengths, strides, overlaps, values. Every operand lies in a block of just its size.
   The result must have the bits, the flags and the error of the loop called for one element or series after
   the other, each from a contiguous copy; and no other byte may change. */
#include "threads.h"
#include "ufuncs.h"

#include <numpy_ext/half.h>

#include <fenv.h>
#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#define DECLARE(family, level) extern const nx_ufunc NX_SYMBOL(family, level)[];
NX_EACH_FAMILY(DECLARE, NX_LEVEL)
#define ENTRY(family, level) NX_SYMBOL(family, level),
static const nx_ufunc *const families[] = {NX_EACH_FAMILY(ENTRY, NX_LEVEL)};

enum { FAMILIES = sizeof families / sizeof *families, MOST_ROWS = 4096, MOST_OPERANDS = 8 };

/* ---- What loops call of Python and NumPy: stand-ins that note the error ---- */

static struct {
    PyObject *exception;
    Py_ssize_t first; /* of the numbers in its message */
} error;

static struct {
    PyObject_HEAD
} number;
static PyObject index_error, overflow_error;
PyObject *PyExc_IndexError = &index_error, *PyExc_OverflowError = &overflow_error;

PyGILState_STATE PyGILState_Ensure(void)
{
    return PyGILState_UNLOCKED;
}

void PyGILState_Release(PyGILState_STATE state)
{
    (void)state;
}

PyObject *PyErr_Occurred(void)
{
    return error.exception;
}

PyObject *PyErr_Format(PyObject *exception, const char *format, ...)
{
    va_list numbers;
    va_start(numbers, format);
    const char *const first = strchr(format, '%');
    if (strncmp(first, "%zd", 3) != 0)
        abort();
    error.first = va_arg(numbers, Py_ssize_t);
    error.exception = exception;
    va_end(numbers);
    return NULL;
}

static PyObject *new_number(void)
{
    ((PyObject *)&number)->ob_refcnt++;
    return (PyObject *)&number;
}

PyObject *PyLong_FromLongLong(long long value)
{
    (void)value;
    return new_number();
}

PyObject *PyLong_FromUnsignedLongLong(unsigned long long value)
{
    (void)value;
    return new_number();
}

void _Py_Dealloc(PyObject *object)
{
    if (object != (PyObject *)&number)
        abort();
}

static void power_loop(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    (void)data;
    for (npy_intp i = 0; i < *n; i++)
        *(double *)(p[2] + i * d[2]) = pow(*(double *)(p[0] + i * d[0]), *(double *)(p[1] + i * d[1]));
}

PyUFuncGenericFunction nx_power_loop = power_loop;
void *nx_power_data = NULL;

/* ---- The input: its bytes, then pseudo-random ones that depend on all of them ---- */

typedef struct {
    const uint8_t *next, *end;
    uint64_t state;
} source;

static source source_of(const uint8_t *data, size_t size)
{
    source s = {data, data + size, 0xcbf29ce484222325};
    for (size_t i = 0; i < size; i++)
        s.state = (s.state ^ data[i]) * 0x100000001b3;
    s.state |= 1;
    return s;
}

static uint64_t pseudo_random(source *s)
{
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return s->state * 0x2545f4914f6cdd1d;
}

/* From 0 up to limit - 1. */
static npy_intp below(source *s, npy_intp limit)
{
    uint64_t value = pseudo_random(s) >> 16;
    for (int i = 0; s->next < s->end && i < (limit > 256 ? 2 : 1); i++)
        value = (i ? value << 8 : 0) | *s->next++;
    return (npy_intp)(value % (uint64_t)limit);
}

static int one_in(source *s, int n)
{
    return below(s, n) == n - 1;
}

/* ---- Operands ---- */

typedef struct {
    char letter;
    npy_intp size, alignment;
} dtype;

#define IN_BYTES(type) sizeof(type), _Alignof(type)
static const dtype dtypes[] = {
    {'?', IN_BYTES(npy_bool)},     {'b', IN_BYTES(npy_byte)},      {'B', IN_BYTES(npy_ubyte)},
    {'h', IN_BYTES(npy_short)},    {'H', IN_BYTES(npy_ushort)},    {'i', IN_BYTES(npy_int)},
    {'I', IN_BYTES(npy_uint)},     {'l', IN_BYTES(npy_long)},      {'L', IN_BYTES(npy_ulong)},
    {'q', IN_BYTES(npy_longlong)}, {'Q', IN_BYTES(npy_ulonglong)}, {'e', IN_BYTES(npy_half)},
    {'f', IN_BYTES(npy_float)},    {'d', IN_BYTES(npy_double)},    {'g', IN_BYTES(npy_longdouble)},
    {'F', IN_BYTES(nx_cfloat)},    {'D', IN_BYTES(nx_cdouble)},    {'G', IN_BYTES(nx_clongdouble)},
};

/* `core` is which core dimension it has, from 1 on, or 0 for none. Elements begin at `first`, in `block`:
   that of its own, or of the output it overlaps. `twin` is where its elements are in the copy of that block.
 */
typedef struct {
    dtype type;
    int core, is_output, shares;
    npy_intp lengths[2], strides[2], lead, extent, lowest;
    char *block, *first, *twin, *copy;
} operand;

typedef enum { APART, OVERLAPPING, ACCUMULATING, REDUCING } placement;

typedef struct {
    const nx_ufunc *ufunc;
    const nx_row *row;
    nx_made made;
    void *data;
    int operands, core_dimensions;
    npy_intp n[4];
    placement placed;
    operand of[MOST_OPERANDS];
} call;

static void fail(const call *c, const char *what)
{
    fprintf(stderr, "loops_fuzz: %s: %s %s, placed %d, n", what, c->ufunc->name, c->row->types, c->placed);
    for (int i = 0; i <= c->core_dimensions; i++)
        fprintf(stderr, " %zd", (Py_ssize_t)c->n[i]);
    for (int i = 0; i < c->operands; i++)
        fprintf(stderr, "; strides %zd %zd", (Py_ssize_t)c->of[i].strides[0],
                (Py_ssize_t)c->of[i].strides[1]);
    fprintf(stderr, "\n");
    abort();
}

static dtype find_dtype(char letter)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (dtypes[i].letter == letter)
            return dtypes[i];
    fprintf(stderr, "loops_fuzz: what is dtype %c?\n", letter);
    abort();
}

/* ---- Which loop ---- */

static int is_reached[MOST_ROWS];
static int all_rows;

static int count_rows(const nx_ufunc *ufunc)
{
    int rows = 0;
    while (ufunc->rows[rows].loop)
        rows++;
    return rows;
}

/* Ufuncs have the same share each, and so have the rows of one. */
static void choose_loop(call *c, source *s)
{
    int ufuncs = 0, rows_before = 0;
    for (int i = 0; i < FAMILIES; i++)
        for (const nx_ufunc *u = families[i]; u->name; u++)
            ufuncs++;
    npy_intp chosen = below(s, ufuncs);
    for (int i = 0; i < FAMILIES; i++)
        for (const nx_ufunc *u = families[i]; u->name; u++) {
            if (chosen-- == 0) {
                const npy_intp row = below(s, count_rows(u));
                c->ufunc = u;
                c->row = u->rows + row;
                is_reached[rows_before + row] = 1;
            }
            rows_before += count_rows(u);
        }
    all_rows = rows_before;
}

/* "dd->d" and "(n),()->(n)"; names of dimensions are single letters here. */
static void read_types(call *c)
{
    const char *types = c->row->types, *signature = c->ufunc->signature;
    char names[4] = {0};
    const int is_gufunc = signature && *signature;
    for (; *types; types++) {
        if (*types == '-' || *types == '>')
            continue;
        operand *const o = &c->of[c->operands++];
        o->type = find_dtype(*types);
        o->is_output = c->operands > c->ufunc->nin;
        o->shares = -1;
        if (!is_gufunc)
            continue;
        signature = strchr(signature, '(') + 1;
        if (*signature == ')')
            continue;
        if (signature[1] != ')')
            abort();
        if (!strchr(names, *signature))
            names[c->core_dimensions++] = *signature;
        o->core = 1 + (int)(strchr(names, *signature) - names);
    }
}

/* ---- Lengths: around the widths of vectors and of blocks, and now and then enough for threads ---- */

static npy_intp choose_length(source *s)
{
    static const npy_intp blocks[] = {128, 336, 512, 1024, 1680, 2048, 3000};
    switch (below(s, 16)) {
    case 0:
        return blocks[below(s, 7)] + below(s, 7) - 3;
    case 1:
        return below(s, 1500);
    case 2:
    case 3:
    case 4:
    case 5:
        return below(s, 70);
    default:
        return below(s, 20);
    }
}

static void choose_lengths(call *c, source *s)
{
    enum { MOST = 1 << 12, FOR_THREADS = 2 * NX_WORTH_A_THREAD };
    for (int i = 0; i <= c->core_dimensions; i++)
        c->n[i] = choose_length(s);
    if (c->core_dimensions == 2)
        c->n[2] = below(s, 12);
    const int shrinks = (int)below(s, 2);
    while (c->core_dimensions && c->n[0] * c->n[1] > MOST)
        c->n[shrinks] /= 2;
    if (one_in(s, 512)) {
        const npy_intp other = c->core_dimensions ? c->n[shrinks] = 1 + below(s, 20) : 1;
        c->n[c->core_dimensions ? !shrinks : 0] = FOR_THREADS / other + below(s, 200);
    }
}

/* ---- Layouts ---- */

/* Distances are multiples of the alignment, not of the item size. `distinct`: no two elements overlap. */
static void choose_strides(operand *o, source *s, int distinct)
{
    const npy_intp alignment = o->type.alignment;
    npy_intp span = o->type.size;
    const int outer_first = o->core && one_in(s, 2);
    for (int i = 0; i < 2; i++) {
        const int axis = i == outer_first;
        const npy_intp kind = below(s, 8);
        npy_intp stride = (span + alignment - 1) / alignment * alignment;
        if (!distinct && kind == 0)
            stride = 0;
        else if (!distinct && kind == 1)
            stride = below(s, 1 + 2 * o->type.size / alignment) * alignment;
        else if (kind == 2)
            stride += below(s, 40) * alignment;
        if (o->lengths[axis] > 0)
            span += stride * (o->lengths[axis] - 1);
        o->strides[axis] = one_in(s, 4) ? -stride : stride;
    }
}

/* The bytes between the lowest and the highest, and where the first element is among them. What is given once
   for all is there where all are none, too. */
static void measure(operand *o)
{
    int is_empty = 0;
    o->extent = o->type.size;
    o->lowest = 0;
    for (int axis = 0; axis < 2; axis++) {
        const npy_intp distance = o->strides[axis] * (o->lengths[axis] - 1);
        o->extent += distance < 0 ? -distance : distance;
        o->lowest += distance < 0 ? distance : 0;
        is_empty |= o->lengths[axis] == 0 && o->strides[axis] != 0;
    }
    if (is_empty)
        o->extent = o->lowest = 0;
}

/* A block that ends where the operand ends. What stands before it, so that it begins anywhere in a cache
   line, is out of bounds too, by whole eight bytes. */
static void make_block(operand *o, source *s)
{
    o->lead = o->extent ? below(s, 64 / o->type.alignment) * o->type.alignment : 8;
    o->block = malloc(o->lead + o->extent);
    memset(o->block, 0xa5, o->lead + o->extent);
    ASAN_POISON_MEMORY_REGION(o->block, o->lead);
    o->first = o->block + o->lead - o->lowest;
}

/* Inputs that lie in the output as NumPy lets them: nowhere behind it, element by element. */
static void place_ahead(call *c, source *s, operand *out)
{
    npy_intp most = 0;
    npy_intp ahead[MOST_OPERANDS] = {0};
    for (int i = 0; i < c->ufunc->nin; i++) {
        operand *const in = &c->of[i];
        if (in->type.size != out->type.size || !one_in(s, 2))
            continue;
        in->shares = c->ufunc->nin;
        ahead[i] = one_in(s, 2) ? 0 : below(s, 20);
        in->strides[0] = out->strides[0] * (one_in(s, 2) ? 1 : 1 + below(s, 3));
        const npy_intp last = ahead[i] * out->strides[0] + in->strides[0] * (in->lengths[0] - 1);
        most = llabs(last) > most ? llabs(last) : most;
    }
    measure(out);
    if (out->extent && out->extent < most + out->type.size) {
        out->lowest -= out->strides[0] < 0 ? most + out->type.size - out->extent : 0;
        out->extent = most + out->type.size;
    }
    make_block(out, s);
    for (int i = 0; i < c->ufunc->nin; i++)
        if (c->of[i].shares >= 0)
            c->of[i].first = out->first + ahead[i] * out->strides[0];
}

/* As ufunc.accumulate and ufunc.reduce hand them: the first input is the result before. */
static void place_running(call *c, source *s, operand *out)
{
    operand *const before = &c->of[0];
    before->shares = c->ufunc->nin;
    if (c->placed == REDUCING)
        out->strides[0] = 0;
    out->lengths[0] += c->placed == ACCUMULATING;
    measure(out);
    make_block(out, s);
    out->lengths[0] -= c->placed == ACCUMULATING;
    before->strides[0] = out->strides[0];
    before->first = out->first;
    if (c->placed == ACCUMULATING)
        out->first += out->strides[0];
}

static void place_operands(call *c, source *s)
{
    operand *const out = &c->of[c->ufunc->nin];
    const int may_run = c->ufunc->nin == 2 && c->of[0].type.letter == out->type.letter;
    for (int i = 0; i < c->operands; i++) {
        operand *const o = &c->of[i];
        o->lengths[0] = c->n[0];
        o->lengths[1] = o->core ? c->n[o->core] : 1;
        choose_strides(o, s, o->is_output);
    }
    if (c->core_dimensions == 0)
        c->placed = (placement)below(s, may_run ? 4 : 2);
    if (c->placed == OVERLAPPING)
        place_ahead(c, s, out);
    else if (c->placed != APART)
        place_running(c, s, out);
    for (int i = 0; i < c->operands; i++)
        if (!c->of[i].block && c->of[i].shares < 0) {
            measure(&c->of[i]);
            make_block(&c->of[i], s);
        }
}

/* ---- Values ---- */

/* Exponents that have loops of their own, and what floating-point knows of edges. */
static double choose_number(source *s, npy_intp kind)
{
    static const double edges[] = {0,   -0.0, 1,   -1,     0.5,      1.5,       2,    2.5,     3,   4,
                                   0.9, 1e-5, 7.3, 1e-310, INFINITY, -INFINITY, -2.0, -1e-300, NAN, 1e300};
    uint64_t bits;
    double value;
    switch (kind) {
    case 0:
        return edges[below(s, 20)];
    case 1: /* raw bits */
        bits = pseudo_random(s);
        memcpy(&value, &bits, sizeof value);
        return value;
    default:
        return (double)(pseudo_random(s) >> 11) * 0x1p-51 - 1;
    }
}

static void put_real(char letter, char *to, source *s, npy_intp kind)
{
    const double value = choose_number(s, kind);
    if (letter == 'e')
        *(npy_half *)to = nx_float_to_half((float)value);
    else if (letter == 'f')
        *(float *)to = (float)value;
    else if (letter == 'd')
        *(double *)to = value;
    else
        *(npy_longdouble *)to = value;
}

static void put(const operand *o, char *to, source *s, npy_intp kind, npy_intp groups)
{
    const char letter = o->type.letter;
    const npy_intp half = o->type.size / 2;
    if (strchr("FDG", letter)) {
        put_real("fdg"[strchr("FDG", letter) - "FDG"], to, s, kind);
        put_real("fdg"[strchr("FDG", letter) - "FDG"], to + half, s, kind);
    }
    else if (strchr("efdg", letter))
        put_real(letter, to, s, kind);
    else {
        /* Labels mostly: from -1 on, and one in a thousand too large. Little-endian. */
        npy_int64 value = (npy_int64)pseudo_random(s);
        if (kind && letter != '?')
            value = value % 1000 ? (npy_int64)((npy_uint64)value >> 20) % (groups + 1) - 1 : groups;
        if (letter == '?')
            value &= 1;
        if (kind && value < 0 && strchr("BHILQ", letter))
            value = 0;
        memcpy(to, &value, o->type.size);
    }
}

static void put_values(call *c, source *s)
{
    const npy_intp groups = c->core_dimensions == 2 ? c->n[2] : 4;
    for (int i = 0; i < c->ufunc->nin; i++) {
        const operand *const o = &c->of[i];
        const npy_intp kind = below(s, 5);
        for (npy_intp j = 0; j < o->lengths[0]; j++)
            for (npy_intp k = 0; k < o->lengths[1]; k++)
                put(o, o->first + j * o->strides[0] + k * o->strides[1], s, kind, groups);
    }
    c->data = (void *)c->row->data;
    if (c->ufunc->signature && !*c->ufunc->signature) {
        c->made = (nx_made){c->row->data, {choose_number(s, below(s, 3)), (double)below(s, 2)}};
        c->data = &c->made;
    }
}

/* ---- The two calls ---- */

/* As module.c has NumPy call it. */
static void run(call *c)
{
    char *p[MOST_OPERANDS];
    npy_intp d[2 * MOST_OPERANDS];
    int distances = c->operands;
    for (int i = 0; i < c->operands; i++) {
        p[i] = c->of[i].first;
        d[i] = c->of[i].strides[0];
        if (c->of[i].core)
            d[distances++] = c->of[i].strides[1];
    }
    nx_split split = {c->row->loop, c->data, c->ufunc->nin, c->ufunc->nout, c->core_dimensions, 0, 0};
    if (c->ufunc->threads == NX_SPLIT)
        nx_split_loop(p, c->n, d, &split);
    else
        c->row->loop(p, c->n, d, c->data);
}

/* Copies `count` series between where they are in the twin of the block and a contiguous copy. */
static void move(operand *o, npy_intp first, npy_intp count, int back)
{
    const npy_intp size = o->type.size;
    for (npy_intp j = 0; j < count; j++)
        for (npy_intp k = 0; k < o->lengths[1]; k++) {
            char *const there = o->twin + (first + j) * o->strides[0] + k * o->strides[1];
            char *const here = o->copy + (j * o->lengths[1] + k) * size;
            memcpy(back ? there : here, back ? here : there, size);
        }
}

/* One call for each of n[0]; but one for all of a reduction, whose loop sees all terms at once. */
static void run_copies(call *c)
{
    const npy_intp count = c->placed == REDUCING ? c->n[0] : 1;
    for (npy_intp first = 0; first < c->n[0]; first += count) {
        char *p[MOST_OPERANDS];
        npy_intp n[4] = {count, c->n[1], c->n[2]}, d[2 * MOST_OPERANDS];
        int distances = c->operands;
        for (int i = 0; i < c->operands; i++) {
            operand *const o = &c->of[i];
            const int is_total = c->placed == REDUCING && i != 1;
            p[i] = is_total ? c->of[0].copy : o->copy;
            d[i] = is_total ? 0 : o->type.size * o->lengths[1];
            if (o->core)
                d[distances++] = o->type.size;
            if (!o->is_output)
                move(o, first, is_total ? 1 : count, 0);
        }
        c->row->loop(p, n, d, c->data);
        for (int i = c->ufunc->nin; i < c->operands; i++) {
            if (c->placed == REDUCING)
                memcpy(c->of[i].copy, c->of[0].copy, c->of[i].type.size);
            move(&c->of[i], first, c->placed == REDUCING ? 1 : count, 1);
        }
    }
}

/* ---- Comparison ---- */

/* One NaN is as good as another, a long double has bytes that mean nothing, and so have results beside an
   error. */
static void normalise(const operand *o, char *at, int is_error)
{
    const char letter = o->type.letter;
    const npy_intp parts = strchr("FDG", letter) ? 2 : 1, size = o->type.size / parts;
    for (npy_intp i = 0; i < parts; i++, at += size) {
        if (is_error)
            memset(at, 0, size);
        else if (letter == 'e' && (*(npy_half *)at & 0x7fff) > 0x7c00)
            *(npy_half *)at = 0x7e00;
        else if (strchr("fF", letter) && isnan(*(float *)at))
            *(float *)at = NAN;
        else if (strchr("dD", letter) && isnan(*(double *)at))
            *(double *)at = NAN;
        else if (strchr("gG", letter)) {
            if (isnan(*(npy_longdouble *)at))
                *(npy_longdouble *)at = NAN;
            if (sizeof(npy_longdouble) == 16)
                memset(at + 10, 0, 6);
        }
    }
}

static void compare(const call *c, char *const *twins, int is_error)
{
    for (int i = c->ufunc->nin; i < c->operands; i++) {
        const operand *const o = &c->of[i];
        for (npy_intp j = 0; j < o->lengths[0]; j++)
            for (npy_intp k = 0; k < o->lengths[1]; k++) {
                const npy_intp distance = j * o->strides[0] + k * o->strides[1];
                normalise(o, o->first + distance, is_error);
                normalise(o, o->twin + distance, is_error);
            }
    }
    for (int i = 0; i < c->operands; i++) {
        const operand *const o = &c->of[i];
        if (o->shares >= 0)
            continue;
        ASAN_UNPOISON_MEMORY_REGION(o->block, o->lead);
        if (memcmp(o->block, twins[i], o->lead + o->extent) != 0)
            fail(c, o->is_output ? "the output differs" : "an input has changed");
    }
}

/* ---- One input ---- */

static void make_twins(call *c, char **twins)
{
    for (int i = 0; i < c->operands; i++) {
        operand *const o = &c->of[i];
        if (o->shares >= 0)
            continue;
        ASAN_UNPOISON_MEMORY_REGION(o->block, o->lead);
        twins[i] = malloc(o->lead + o->extent);
        memcpy(twins[i], o->block, o->lead + o->extent);
        ASAN_POISON_MEMORY_REGION(o->block, o->lead);
    }
    for (int i = 0; i < c->operands; i++) {
        operand *const o = &c->of[i];
        const int owner = o->shares < 0 ? i : o->shares;
        const npy_intp count = c->placed == REDUCING ? c->n[0] : 1;
        o->twin = twins[owner] + (o->first - c->of[owner].block);
        o->copy = malloc(count * o->lengths[1] * o->type.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { FLAGS = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW };
    source s = source_of(data, size);
    call c = {.operands = 0};
    char *twins[MOST_OPERANDS] = {NULL};
    choose_loop(&c, &s);
    read_types(&c);
    choose_lengths(&c, &s);
    place_operands(&c, &s);
    put_values(&c, &s);
    make_twins(&c, twins);

    error.exception = NULL;
    feclearexcept(FE_ALL_EXCEPT);
    run_copies(&c);
    const int expected_flags = fetestexcept(FLAGS);
    PyObject *const expected_error = error.exception;
    const Py_ssize_t expected_first = error.first;

    error.exception = NULL;
    feclearexcept(FE_ALL_EXCEPT);
    run(&c);
    const int flags = fetestexcept(FLAGS);
    if (error.exception != expected_error || (expected_error && error.first != expected_first))
        fail(&c, "another error");
    if (((PyObject *)&number)->ob_refcnt != 0)
        fail(&c, "a reference is lost");
    compare(&c, twins, expected_error != NULL);
    if (!expected_error && flags != expected_flags)
        fail(&c, "other flags");

    for (int i = 0; i < c.operands; i++) {
        free(c.of[i].copy);
        free(c.of[i].block);
        free(twins[i]);
    }
    return 0;
}

static void tell(void)
{
    int reached = 0;
    for (int i = 0; i < MOST_ROWS; i++)
        reached += is_reached[i];
    printf("loops_fuzz: %d of %d loops called\n", reached, all_rows);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    nx_set_threads(3);
#ifdef _OPENMP
    omp_set_num_threads(3);
#endif
    return atexit(tell);
}
