/* records_convert.c: numbers from any type to any other. NumPy keeps its own to itself. The
   lower half is read again for every dtype to convert from. */
#ifndef T
#include "records_convert.h"

#include <numpy_ext/half.h>

/* The nearest half in one step: a float that is rounded to odd first still tells on which side the double
 * was. */
static inline npy_half nx_double_to_half(npy_double value)
{
    npy_float near = (npy_float)value;
    npy_uint32 bits;
    if ((npy_double)near != value && near == near) {
        memcpy(&bits, &near, sizeof bits);
        bits = (bits - (fabs((npy_double)near) > fabs(value))) | 1;
        memcpy(&near, &bits, sizeof bits);
    }
    return nx_float_to_half(near);
}

/* As NumPy does: of all types but double by way of float. */
#define ROUND_TO_HALF(value)                                                                                 \
    _Generic((value), npy_double : nx_double_to_half, default : nx_float_to_half)(value)

#define EACH_REAL(X)                                                                                         \
    X(byte, "b", "")                                                                                         \
    X(ubyte, "B", "")                                                                                        \
    X(short, "h", "")                                                                                        \
    X(ushort, "H", "")                                                                                       \
    X(int, "i", "")                                                                                          \
    X(uint, "I", "")                                                                                         \
    X(long, "l", "")                                                                                         \
    X(ulong, "L", "")                                                                                        \
    X(longlong, "q", "")                                                                                     \
    X(ulonglong, "Q", "")                                                                                    \
    NX_FLOATS(X)                                                                                             \
    NX_LONGDOUBLE(X)
#define EACH_TYPE(X) X(bool, "?", "") EACH_REAL(X) NX_HALF(X) NX_COMPLEXES(X)

/* Conversions from one type, found by the letter of the other. */
typedef struct {
    const char *letter;
    nx_convert *how;
} conversion;

#define NX_FILE "records_convert.c"
#define NX_WANT_INTEGERS
#define NX_WANT_HALF
#define NX_WANT_FLOATS
#define NX_WANT_LONGDOUBLE
#define NX_WANT_COMPLEX
#include <numpy_ext/each.h>

#define FROM(name, t, f) {t, conversions_##name},
static const struct {
    const char *letter;
    const conversion *to;
} conversions[] = {EACH_TYPE(FROM)};

nx_convert *nx_find_conversion(char from, char to)
{
    for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++)
        if (conversions[i].letter[0] == from)
            for (const conversion *one = conversions[i].to; one->how; one++)
                if (one->letter[0] == to)
                    return one->how;
    return NULL;
}

#else

/* The real part, as it is or as a float of a half; the imaginary one; whether it is not zero. */
#undef REAL
#undef IMAGINARY
#undef IS_TRUE
#if defined(NX_COMPLEX)
#define REAL(value) ((value).re)
#define IMAGINARY(value) ((value).im)
#define IS_TRUE(value) ((value).re != 0 || (value).im != 0)
#elif defined(NX_INTEGER)
#define REAL(value) (value)
#define IMAGINARY(value) 0
#define IS_TRUE(value) ((value) != 0)
#else
#define REAL(value) TO_F(value)
#define IMAGINARY(value) 0
#define IS_TRUE(value) (TO_F(value) != 0)
#endif

/* Numbers anywhere: memcpy reads and writes them at any address. An integer of a float that it cannot hold is
   what the processor makes of it, as in NumPy. */
#define CONVERT(name, type, expression)                                                                      \
    __attribute__((no_sanitize("float-cast-overflow"))) static void LOOP(to_##name)(                         \
        const char *from, npy_intp from_d, char *to, npy_intp to_d, npy_intp n)                              \
    {                                                                                                        \
        for (npy_intp i = 0; i < n; i++) {                                                                   \
            T x;                                                                                             \
            memcpy(&x, from + i * from_d, sizeof x);                                                         \
            const type y = expression;                                                                       \
            memcpy(to + i * to_d, &y, sizeof y);                                                             \
        }                                                                                                    \
    }
CONVERT(bool, npy_bool, IS_TRUE(x))
CONVERT(half, npy_half, ROUND_TO_HALF(REAL(x)))
CONVERT(cfloat, nx_cfloat, ((nx_cfloat){(npy_float)REAL(x), (npy_float)IMAGINARY(x)}))
CONVERT(cdouble, nx_cdouble, ((nx_cdouble){(npy_double)REAL(x), (npy_double)IMAGINARY(x)}))
CONVERT(clongdouble, nx_clongdouble,
        ((nx_clongdouble){(npy_longdouble)REAL(x), (npy_longdouble)IMAGINARY(x)}))
#define CONVERT_TO_REAL(name, t, f) CONVERT(name, npy_##name, (npy_##name)REAL(x))
EACH_REAL(CONVERT_TO_REAL)
#undef CONVERT_TO_REAL
#undef CONVERT

#define ENTRY(name, t, f) {t, LOOP(to_##name)},
static const conversion LOOP(conversions)[] = {EACH_TYPE(ENTRY){NULL, NULL}};
#undef ENTRY

#endif
