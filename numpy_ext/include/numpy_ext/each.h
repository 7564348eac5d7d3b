/* numpy_ext/each.h: reads the lower half of a room once for every dtype.

   A room defines NX_FILE, its own name, and what it wants: NX_WANT_INTEGERS, NX_WANT_HALF, NX_WANT_FLOATS,
   NX_WANT_LONGDOUBLE, NX_WANT_COMPLEX. Around each reading stand
       T             the type of an element
       F             the floating-point type it computes in: T itself, double for integers, float for half
       R             the type of the result: F, but half for half
       TO_F(value)   an element or a result as F
       TO_R(value)   an F rounded to a result
       T_IS_F        1 if T is F, and not a type of its size
       LOOP(name)    name_<name of the dtype>, as the sets in numpy_ext/ufunc.h spell it
       F_LOOP(name)  name_<name of F>, where F is float or double and results are of F too
       NX_INTEGER    defined for integers
       NX_BOOL       defined for bool, beside NX_INTEGER
       NX_COMPLEX    defined for complex numbers, whose parts are of F; there is no TO_F and TO_R */

#define TO_F(value) ((F)(value))
#define TO_R(value) (value)
#define T_IS_F _Generic((T)0, F : 1, default : 0)

#ifdef NX_WANT_INTEGERS
#define NX_INTEGER
#define F npy_double
#define R npy_double
#define F_LOOP(name) name##_double

#define NX_BOOL
#define T npy_bool
#define LOOP(name) name##_bool
#include NX_FILE
#undef LOOP
#undef T
#undef NX_BOOL

#define T npy_byte
#define LOOP(name) name##_byte
#include NX_FILE
#undef LOOP
#undef T

#define T npy_ubyte
#define LOOP(name) name##_ubyte
#include NX_FILE
#undef LOOP
#undef T

#define T npy_short
#define LOOP(name) name##_short
#include NX_FILE
#undef LOOP
#undef T

#define T npy_ushort
#define LOOP(name) name##_ushort
#include NX_FILE
#undef LOOP
#undef T

#define T npy_int
#define LOOP(name) name##_int
#include NX_FILE
#undef LOOP
#undef T

#define T npy_uint
#define LOOP(name) name##_uint
#include NX_FILE
#undef LOOP
#undef T

#define T npy_long
#define LOOP(name) name##_long
#include NX_FILE
#undef LOOP
#undef T

#define T npy_ulong
#define LOOP(name) name##_ulong
#include NX_FILE
#undef LOOP
#undef T

#define T npy_longlong
#define LOOP(name) name##_longlong
#include NX_FILE
#undef LOOP
#undef T

#define T npy_ulonglong
#define LOOP(name) name##_ulonglong
#include NX_FILE
#undef LOOP
#undef T

#undef F_LOOP
#undef R
#undef F
#undef NX_INTEGER
#endif

#ifdef NX_WANT_FLOATS
#define T npy_float
#define F npy_float
#define R npy_float
#define LOOP(name) name##_float
#define F_LOOP(name) name##_float
#include NX_FILE
#undef F_LOOP
#undef LOOP
#undef R
#undef F
#undef T

#define T npy_double
#define F npy_double
#define R npy_double
#define LOOP(name) name##_double
#define F_LOOP(name) name##_double
#include NX_FILE
#undef F_LOOP
#undef LOOP
#undef R
#undef F
#undef T
#endif

#ifdef NX_WANT_LONGDOUBLE
#define T npy_longdouble
#define F npy_longdouble
#define R npy_longdouble
#define LOOP(name) name##_longdouble
#include NX_FILE
#undef LOOP
#undef R
#undef F
#undef T
#endif

#undef TO_R
#undef TO_F

#ifdef NX_WANT_COMPLEX
#define NX_COMPLEX

#define T nx_cfloat
#define F npy_float
#define R T
#define LOOP(name) name##_cfloat
#include NX_FILE
#undef LOOP
#undef R
#undef F
#undef T

#define T nx_cdouble
#define F npy_double
#define R T
#define LOOP(name) name##_cdouble
#include NX_FILE
#undef LOOP
#undef R
#undef F
#undef T

#define T nx_clongdouble
#define F npy_longdouble
#define R T
#define LOOP(name) name##_clongdouble
#include NX_FILE
#undef LOOP
#undef R
#undef F
#undef T

#undef NX_COMPLEX
#endif

#ifdef NX_WANT_HALF
#include <numpy_ext/half.h>
#define T npy_half
#define F npy_float
#define R npy_half
#define TO_F(value) nx_half_to_float(value)
#define TO_R(value) nx_float_to_half(value)
#define LOOP(name) name##_half
#include NX_FILE
#undef LOOP
#undef TO_R
#undef TO_F
#undef R
#undef F
#undef T
#endif
#undef T_IS_F
