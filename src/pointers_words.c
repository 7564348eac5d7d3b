/* pointers_words.c: calls of functions of numbers of different types.

   Integers and floating-point numbers go to registers of two kinds, each in their own order, on x86-64
   (System V) and on 64-bit ARM alike. So a function is called rightly by one that passes as many integers
   first and as many floating-point numbers then, whatever the order in which it takes them; more than it
   takes do no harm. A small integer fills its register, a float is the lower half of one. A long double of
   x86 goes to the stack. */
#include "pointers.h"

#include <string.h>

#if defined(__x86_64__) && !defined(_WIN32)
enum { LONG_DOUBLES_ON_STACK = 1, COMPLEX_FLOAT_IN_ONE_WORD = 1 };
#define HAS_WORDS
#elif defined(__aarch64__) && !defined(_WIN32)
enum { LONG_DOUBLES_ON_STACK = 0, COMPLEX_FLOAT_IN_ONE_WORD = 0 };
#define HAS_WORDS
#endif

static int refuse(const nx_pointer *pointer, const char *why)
{
    PyErr_Format(PyExc_NotImplementedError,
                 "a function of types '%s' cannot be called here: %s; arguments and results of one type can "
                 "be, up to four and one",
                 pointer->types, why);
    return -1;
}

#ifndef HAS_WORDS

PyUFuncGenericFunction nx_words_loop(nx_pointer *pointer)
{
    refuse(pointer, "its types differ, and how they are passed on this processor is not known");
    return NULL;
}

#else

/* ---- Calls ---- */

/* Where a word is, and how far it is to that of the next call. */
typedef struct {
    const char *p;
    npy_intp d;
} cursor;

struct nx_words {
    void *function;
    cursor integers[NX_INTEGER_WORDS], reals[NX_FLOAT_WORDS], longs[NX_LONG_WORDS];
};

typedef npy_int64 integer;
typedef double real;
typedef struct {
    double first, second;
} two_reals;
typedef long double longer;
typedef long double _Complex two_longer;

/* The number may have another type, of the same size. */
#define WORD(type, cursors)                                                                                  \
    NX_INLINE type type##_at(const nx_words *words, int k, npy_intp i)                                       \
    {                                                                                                        \
        type word;                                                                                           \
        memcpy(&word, words->cursors[k].p + i * words->cursors[k].d, sizeof word);                           \
        return word;                                                                                         \
    }
WORD(integer, integers)
WORD(real, reals)
WORD(longer, longs)

#define INTEGER(k) integer_at(words, k, i)
#define REAL(k) real_at(words, k, i)
#define LONGER(k) longer_at(words, k, i)

/* X(result, integers, reals, long doubles, types, words): the first that has enough of each is taken. */
#define CALLS(X, result)                                                                                     \
    X(result, 0, 1, 0, (real), (REAL(0)))                                                                    \
    X(result, 0, 2, 0, (real, real), (REAL(0), REAL(1)))                                                     \
    X(result, 0, 3, 0, (real, real, real), (REAL(0), REAL(1), REAL(2)))                                      \
    X(result, 1, 1, 0, (integer, real), (INTEGER(0), REAL(0)))                                               \
    X(result, 1, 2, 0, (integer, real, real), (INTEGER(0), REAL(0), REAL(1)))                                \
    X(result, 1, 3, 0, (integer, real, real, real), (INTEGER(0), REAL(0), REAL(1), REAL(2)))                 \
    X(result, 2, 1, 0, (integer, integer, real), (INTEGER(0), INTEGER(1), REAL(0)))                          \
    X(result, 2, 2, 0, (integer, integer, real, real), (INTEGER(0), INTEGER(1), REAL(0), REAL(1)))           \
    X(result, 2, 3, 0, (integer, integer, real, real, real),                                                 \
      (INTEGER(0), INTEGER(1), REAL(0), REAL(1), REAL(2)))                                                   \
    X(result, 3, 1, 0, (integer, integer, integer, real), (INTEGER(0), INTEGER(1), INTEGER(2), REAL(0)))     \
    X(result, 3, 3, 0, (integer, integer, integer, real, real, real),                                        \
      (INTEGER(0), INTEGER(1), INTEGER(2), REAL(0), REAL(1), REAL(2)))                                       \
    X(result, 6, 8, 0,                                                                                       \
      (integer, integer, integer, integer, integer, integer, real, real, real, real, real, real, real,       \
       real),                                                                                                \
      (INTEGER(0), INTEGER(1), INTEGER(2), INTEGER(3), INTEGER(4), INTEGER(5), REAL(0), REAL(1), REAL(2),    \
       REAL(3), REAL(4), REAL(5), REAL(6), REAL(7)))                                                         \
    CALLS_WITH_LONG_DOUBLES(X, result)
#define CALLS_WITH_LONG_DOUBLES(X, result)                                                                   \
    X(result, 6, 8, 4,                                                                                       \
      (integer, integer, integer, integer, integer, integer, real, real, real, real, real, real, real, real, \
       longer, longer, longer, longer),                                                                      \
      (INTEGER(0), INTEGER(1), INTEGER(2), INTEGER(3), INTEGER(4), INTEGER(5), REAL(0), REAL(1), REAL(2),    \
       REAL(3), REAL(4), REAL(5), REAL(6), REAL(7), LONGER(0), LONGER(1), LONGER(2), LONGER(3)))
#define EVERY_CALL(X)                                                                                        \
    CALLS(X, integer)                                                                                        \
    CALLS(X, real)                                                                                           \
    CALLS(X, two_reals)                                                                                      \
    CALLS_WITH_LONG_DOUBLES(X, longer)                                                                       \
    CALLS_WITH_LONG_DOUBLES(X, two_longer)

/* Whether the words of each kind stand side by side, for calls with constant distances: the registers that
   survive a call are few. */
NX_INLINE int are_packed(const nx_words *words, int integers, int reals)
{
    int packed = 1;
    for (int k = 0; k < integers; k++)
        packed &= words->integers[k].d == sizeof(integer);
    for (int k = 0; k < reals; k++)
        packed &= words->reals[k].d == sizeof(real);
    return packed;
}

NX_INLINE void set_packed(nx_words *words, int integers, int reals)
{
    for (int k = 0; k < integers; k++)
        words->integers[k].d = sizeof(integer);
    for (int k = 0; k < reals; k++)
        words->reals[k].d = sizeof(real);
}

/* The words' places are copied, since no function can change the copy: they stay in registers. */
#define DEFINE(result, integers, reals, longs, types, arguments)                                             \
    NX_INLINE void run_##result##integers##reals##longs(const nx_words *words, npy_intp n, char *out,        \
                                                        npy_intp dout)                                       \
    {                                                                                                        \
        result(*const function) types = words->function;                                                     \
        for (npy_intp i = 0; i < n; i++) {                                                                   \
            const result returned = function arguments;                                                      \
            memcpy(out + i * dout, &returned, sizeof returned);                                              \
        }                                                                                                    \
    }                                                                                                        \
    static void call_##result##integers##reals##longs(const nx_words *given, npy_intp n, char *out,          \
                                                      npy_intp dout)                                         \
    {                                                                                                        \
        nx_words words = *given;                                                                             \
        if (dout == sizeof(result) && are_packed(given, integers, reals)) {                                  \
            set_packed(&words, integers, reals);                                                             \
            run_##result##integers##reals##longs(&words, n, out, sizeof(result));                            \
        }                                                                                                    \
        else                                                                                                 \
            run_##result##integers##reals##longs(&words, n, out, dout);                                      \
    }
EVERY_CALL(DEFINE)

typedef enum { in_integer, in_real, in_two_reals, in_longer, in_two_longer } nx_result;

#define LIST(result, integers, reals, longs, types, arguments)                                               \
    {in_##result, integers, reals, longs, call_##result##integers##reals##longs},
static const struct {
    nx_result result;
    int integers, reals, longs;
    void (*call)(const nx_words *words, npy_intp n, char *out, npy_intp dout);
} calls[] = {EVERY_CALL(LIST)};

/* ---- Words ---- */

static int has_letter(const char *letters, char letter)
{
    return strchr(letters, letter) != NULL;
}

static int is_integer(char letter) /* or a half, which C passes as the integer of its bits */
{
    return has_letter("?bBhHiIlLqQe", letter);
}

/* Small numbers as the words that they fill. */
#define WIDEN(type)                                                                                          \
    NX_INLINE void widen_##type(const char *p, npy_intp d, npy_intp n, npy_int64 *words)                     \
    {                                                                                                        \
        for (npy_intp i = 0; i < n; i++) {                                                                   \
            type number;                                                                                     \
            memcpy(&number, p + i * d, sizeof number);                                                       \
            words[i] = number;                                                                               \
        }                                                                                                    \
    }
WIDEN(npy_byte)
WIDEN(npy_ubyte)
WIDEN(npy_short)
WIDEN(npy_ushort)
WIDEN(npy_int)
WIDEN(npy_uint)

/* Of a float, or a part of a complex number, the bits count alone: it goes as an integer of its size. */
static void widen(char letter, const char *p, npy_intp d, npy_intp n, npy_int64 *words)
{
    switch (letter) {
#define OF(letter, type)                                                                                     \
    case letter:                                                                                             \
        if (d == sizeof(type)) /* side by side: in vectors */                                                \
            widen_##type(p, sizeof(type), n, words);                                                         \
        else                                                                                                 \
            widen_##type(p, d, n, words);                                                                    \
        break;
        OF('?', npy_ubyte)
        OF('b', npy_byte)
        OF('B', npy_ubyte)
        OF('h', npy_short)
        OF('H', npy_ushort)
        OF('e', npy_ushort)
        OF('i', npy_int)
        OF('I', npy_uint)
        OF('f', npy_uint)
        OF('F', npy_uint)
#undef OF
    }
}

NX_INLINE void narrow_to(int size, const char *words, npy_intp word, npy_intp n, char *p, npy_intp d)
{
    for (npy_intp i = 0; i < n; i++)
        memcpy(p + i * d, words + i * word, (size_t)size);
}

/* The results in words to numbers of a type of that many bytes. Little-endian: the number is at the start. */
static void narrow(char letter, int size, const char *words, npy_intp word, npy_intp n, char *p, npy_intp d)
{
    if (letter == '?')
        for (npy_intp i = 0; i < n; i++)
            p[i * d] = words[i * word] != 0;
    else if (letter == 'F') { /* a float in each of two registers */
        narrow_to(sizeof(npy_float), words, word, n, p, d);
        narrow_to(sizeof(npy_float), words + sizeof(real), word, n, p + sizeof(npy_float), d);
    }
    else if (size == 4 && d == 4 && word == sizeof(real)) /* side by side: in vectors */
        narrow_to(4, words, sizeof(real), n, p, 4);
    else if (size == 4)
        narrow_to(4, words, word, n, p, d);
    else if (size == 2)
        narrow_to(2, words, word, n, p, d);
    else
        narrow_to(1, words, word, n, p, d);
}

static int add_word(nx_pointer *pointer, nx_word *words, int *count, int room, nx_word word)
{
    if (*count == room)
        return refuse(pointer, "it has more arguments than fit into registers");
    words[(*count)++] = word;
    return 0;
}

static int add_integer(nx_pointer *pointer, nx_source source, int operand)
{
    return add_word(pointer, pointer->integer, &pointer->integers, NX_INTEGER_WORDS,
                    (nx_word){source, operand, 0});
}

static int add_real(nx_pointer *pointer, nx_source source, int operand, int offset)
{
    return add_word(pointer, pointer->real, &pointer->floats, NX_FLOAT_WORDS,
                    (nx_word){source, operand, offset});
}

static int add_longer(nx_pointer *pointer, int operand, int offset)
{
    if (!LONG_DOUBLES_ON_STACK)
        return refuse(pointer, "a long double beside other types is not supported on this processor");
    return add_word(pointer, pointer->extended, &pointer->longs, NX_LONG_WORDS,
                    (nx_word){NX_AS_IT_IS, operand, offset});
}

static int add_argument(nx_pointer *pointer, int j)
{
    const char letter = pointer->letters[j];
    const int half = pointer->sizes[j] / 2;
    if (is_integer(letter))
        return add_integer(pointer, pointer->sizes[j] == 8 ? NX_AS_IT_IS : NX_WIDENED, j);
    switch (letter) {
    case 'f':
        return add_real(pointer, NX_WIDENED, j, 0);
    case 'd':
        return add_real(pointer, NX_AS_IT_IS, j, 0);
    case 'F':
        if (COMPLEX_FLOAT_IN_ONE_WORD)
            return add_real(pointer, NX_AS_IT_IS, j, 0);
        return add_real(pointer, NX_WIDENED, j, 0) < 0 ? -1 : add_real(pointer, NX_WIDENED, j, half);
    case 'D':
        return add_real(pointer, NX_AS_IT_IS, j, 0) < 0 ? -1 : add_real(pointer, NX_AS_IT_IS, j, half);
    case 'g':
        return add_longer(pointer, j, 0);
    default:
        return add_longer(pointer, j, 0) < 0 ? -1 : add_longer(pointer, j, half);
    }
}

static nx_result result_of(const nx_pointer *pointer)
{
    const char letter = pointer->letters[pointer->nin];
    if (pointer->nout > 1 || is_integer(letter))
        return in_integer;
    switch (letter) {
    case 'F':
        return COMPLEX_FLOAT_IN_ONE_WORD ? in_real : in_two_reals;
    case 'D':
        return in_two_reals;
    case 'g':
        return in_longer;
    case 'G':
        return in_two_longer;
    default:
        return in_real;
    }
}

/* ---- The loop ---- */

enum { BLOCK = 128 };
static const npy_int64 nothing[2] = {0, 0};

/* Where the words of a block are: in the operand, or made in `room`. */
static cursor words_of(const nx_pointer *pointer, const nx_word *word, char **p, npy_intp const *d,
                       npy_intp n, npy_int64 *room)
{
    const int j = word->operand;
    char *const first = p[j] + word->offset;
    switch (word->source) {
    case NX_AS_IT_IS:
        return (cursor){first, d[j]};
    case NX_DATA:
        return (cursor){(const char *)&pointer->data, 0};
    case NX_WIDENED:
        widen(pointer->letters[j], first, d[j], d[j] ? n : 1, room);
        return (cursor){(const char *)room, d[j] ? (npy_intp)sizeof *room : 0};
    default:
        for (npy_intp i = 0; i < n; i++)
            room[i] = (npy_int64)(npy_intp)(first + i * d[j]);
        return (cursor){(const char *)room, sizeof *room};
    }
}

static void call_block(const nx_pointer *pointer, char **p, npy_intp const *d, npy_intp n)
{
    npy_int64 room[NX_INTEGER_WORDS + NX_FLOAT_WORDS][BLOCK];
    npy_int64 returned[BLOCK][2];
    nx_words words = {.function = pointer->function};
    const cursor zero = {(const char *)nothing, 0};
    for (int k = 0; k < NX_INTEGER_WORDS; k++)
        words.integers[k] =
            k < pointer->integers ? words_of(pointer, &pointer->integer[k], p, d, n, room[k]) : zero;
    for (int k = 0; k < NX_FLOAT_WORDS; k++)
        words.reals[k] = k < pointer->floats
                             ? words_of(pointer, &pointer->real[k], p, d, n, room[NX_INTEGER_WORDS + k])
                             : zero;
    for (int k = 0; k < NX_LONG_WORDS; k++)
        words.longs[k] = k < pointer->longs ? words_of(pointer, &pointer->extended[k], p, d, n, NULL) : zero;
    const int out = pointer->nin;
    const nx_result result = result_of(pointer);
    const int word = result == in_two_reals ? sizeof(two_reals) : sizeof(real);
    if (pointer->nout > 1)
        pointer->call(&words, n, (char *)returned, 0);
    else if (pointer->sizes[out] == word || result == in_longer || result == in_two_longer)
        pointer->call(&words, n, p[out], d[out]);
    else {
        pointer->call(&words, n, (char *)returned, word);
        narrow(pointer->letters[out], pointer->sizes[out], (const char *)returned, word, n, p[out], d[out]);
    }
}

static void call_words(char **p, npy_intp const *n, npy_intp const *d, void *data)
{
    const nx_pointer *const pointer = data;
    char *from[NX_MOST_OPERANDS];
    for (npy_intp start = 0; start < *n; start += BLOCK) {
        for (int j = 0; j < pointer->nin + pointer->nout; j++)
            from[j] = p[j] + start * d[j];
        call_block(pointer, from, d, *n - start < BLOCK ? *n - start : BLOCK);
    }
}

PyUFuncGenericFunction nx_words_loop(nx_pointer *pointer)
{
    for (int j = 0; j < pointer->nin; j++)
        if (add_argument(pointer, j) < 0)
            return NULL;
    for (int j = 0; pointer->nout > 1 && j < pointer->nout; j++)
        if (add_integer(pointer, NX_ITS_ADDRESS, pointer->nin + j) < 0)
            return NULL;
    if (pointer->has_data && add_integer(pointer, NX_DATA, 0) < 0)
        return NULL;
    const nx_result result = result_of(pointer);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].result == result && calls[i].integers >= pointer->integers &&
            calls[i].reals >= pointer->floats && calls[i].longs >= pointer->longs) {
            pointer->call = calls[i].call;
            return call_words;
        }
    refuse(pointer, "how such a result comes back on this processor is not known");
    return NULL;
}
#endif
