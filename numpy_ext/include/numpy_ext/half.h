/* numpy_ext/half.h: half precision to float and back, in integer arithmetic: the same bits on every CPU. */
#ifndef NUMPY_EXT_HALF_H
#define NUMPY_EXT_HALF_H

#include <numpy_ext/ufunc.h>

#include <fenv.h>
#include <string.h>

/* Every half is a float. */
static inline npy_float nx_half_to_float(npy_half half)
{
    const npy_uint32 sign = (npy_uint32)(half & 0x8000) << 16, rest = half & 0x7fff;
    npy_uint32 bits;
    npy_float value;
    if (rest < 0x0400) { /* zero, or a multiple of the smallest half, 2**-24 */
        value = (npy_float)rest * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
    }
    else if (rest < 0x7c00)
        bits = (rest << 13) + ((127 - 15) << 23);
    else /* infinity and NaN, with its payload */
        bits = 0x7f800000 | (rest & 0x03ff) << 13;
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The nearest half, the even one of two equally near. Raises overflow and underflow as a conversion in
   hardware does. No arithmetic of floating point, not even for subnormal halves: clang takes it to have no
   flags and computes it for values too that do not need it. */
static inline npy_half nx_float_to_half(npy_float value)
{
    npy_uint32 bits;
    memcpy(&bits, &value, sizeof bits);
    const npy_half sign = (npy_half)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) { /* NaN: what fits of its payload, and some of it */
        const npy_half payload = (npy_half)(bits >> 13 & 0x03ff);
        return sign | 0x7c00 | (payload ? payload : 1);
    }
    if (bits >= 0x477ff000) { /* 65520, half way between the largest half and the next power of two */
        if (bits < 0x7f800000)
            feraiseexcept(FE_OVERFLOW);
        return sign | 0x7c00;
    }
    if (bits < 0x38800000) { /* below 2**-14 halves are multiples of 2**-24 */
        const npy_uint32 exponent = bits >> 23, shift = exponent < 102 ? 24 : 126 - exponent;
        const npy_uint32 digits = exponent < 102 ? bits != 0 : (bits & 0x7fffff) | 0x800000;
        const npy_uint32 rounded = digits >> shift, rest = digits - (rounded << shift);
        const npy_uint32 middle = (npy_uint32)1 << (shift - 1);
        if (rest)
            feraiseexcept(FE_UNDERFLOW);
        return sign | (npy_half)(rounded + (rest > middle || (rest == middle && rounded & 1)));
    }
    bits += 0x0fff + (bits >> 13 & 1);
    return sign | (npy_half)((bits - ((127 - 15) << 23)) >> 13);
}

#endif
