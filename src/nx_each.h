/* nx_each.h: reads the lower half of a room once for every dtype.

   A room defines NX_FILE, its own name, and what it wants: NX_WANT_FLOATS, NX_WANT_INTEGERS or both.
   Around each reading stand
       T           the type of an element
       F           the floating-point type it computes to: T itself, or double for integers
       LOOP(name)  name_<name of the dtype>, as the sets in nx.h spell it */

#ifdef NX_WANT_INTEGERS
#define F npy_double

#define T npy_bool
#define LOOP(name) name##_bool
#include NX_FILE
#undef LOOP
#undef T

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

#undef F
#endif

#ifdef NX_WANT_FLOATS
#define T npy_float
#define F npy_float
#define LOOP(name) name##_float
#include NX_FILE
#undef LOOP
#undef F
#undef T

#define T npy_double
#define F npy_double
#define LOOP(name) name##_double
#include NX_FILE
#undef LOOP
#undef F
#undef T
#endif
