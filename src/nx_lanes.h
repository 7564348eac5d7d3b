/* nx_lanes.h: vectors of float and double, as wide as the CPU level has them, and what loops over several
   series at once need: load, store, a choice by comparison, a transpose. Elsewhere than on x86-64 a vector is
   one number, and the compiler makes of the same loops what it can.

   vector_<dtype>    WIDTH_<dtype> numbers; `*` and `+` round as those of single numbers do
   greater_<dtype>   where a > b, for choose_<dtype>; silent on NaN, which no vector comparison of the
                     compilers' own is
   is_zero_<dtype>   where v == 0, silent on NaN
   divide_unless_<dtype>  `otherwise` where the mask is, and raises nothing there; else a / b
   above_zero_double v where it is above zero, else 0; NaN gives 0 and may raise `invalid`
   fused_double      a * b + c, rounded once
   pack_double       stores those of v that the mask has, in order; may write WIDTH_double all the same
   unpack_double     the way back: fills where the mask is, zeros elsewhere; may read WIDTH_double
                     (both return how many numbers the mask has)
   mask_of_bools_double  the mask of as many bools, from AVX2 on */
#ifndef NX_LANES_H
#define NX_LANES_H

#include <numpy_ext/ufunc.h>

#include <string.h>

/* After stores past the cache, before other threads may look. */
#if defined(__SSE2__)
#include <immintrin.h>
#define NX_STORES_DONE _mm_sfence()
#else
#define NX_STORES_DONE ((void)0)
#endif

#if defined(__AVX512F__)

typedef __m512d vector_double;
typedef __mmask8 mask_double;
enum { WIDTH_double = 8 };
#define load_double(from) _mm512_loadu_pd(from)
#define store_double(to, v) _mm512_storeu_pd(to, v)
#define store_past_cache_double(to, v) _mm512_stream_pd(to, v)
#define splat_double(value) _mm512_set1_pd(value)
#define greater_double(a, b) _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ)
#define is_zero_double(v) _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_EQ_OQ)
#define divide_unless_double(mask, a, b, otherwise) _mm512_mask_div_pd(otherwise, ~(mask), a, b)
#define choose_double(mask, a, b) _mm512_mask_blend_pd(mask, b, a)
#define absolute_double(v) _mm512_abs_pd(v)
#define above_zero_double(v) _mm512_max_pd(v, _mm512_setzero_pd())
#define root_double(v) _mm512_sqrt_pd(v)
#define fused_double(a, b, c) _mm512_fmadd_pd(a, b, c)

NX_INLINE mask_double mask_of_bools_double(const npy_bool *bools)
{
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)bools);
    return _mm_test_epi8_mask(bytes, bytes);
}

NX_INLINE int pack_double(double *to, mask_double mask, vector_double v)
{
    _mm512_storeu_pd(to, _mm512_maskz_compress_pd(mask, v));
    return __builtin_popcount(mask);
}

NX_INLINE int unpack_double(const double *from, mask_double mask, vector_double *v)
{
    vector_double packed = _mm512_loadu_pd(from);
    /* From a register: from memory the same instruction takes ten times as long. */
    __asm__("" : "+v"(packed));
    *v = _mm512_maskz_expand_pd(mask, packed);
    return __builtin_popcount(mask);
}

NX_INLINE void transpose_double(vector_double *rows)
{
    vector_double pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm512_unpacklo_pd(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_pd(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = i; j < i + 2; j++) {
            fours[j] = _mm512_shuffle_f64x2(pairs[j], pairs[j + 2], 0x88);
            fours[j + 2] = _mm512_shuffle_f64x2(pairs[j], pairs[j + 2], 0xdd);
        }
    for (int i = 0; i < 2; i++) {
        rows[i] = _mm512_shuffle_f64x2(fours[i], fours[i + 4], 0x88);
        rows[i + 4] = _mm512_shuffle_f64x2(fours[i], fours[i + 4], 0xdd);
        rows[i + 2] = _mm512_shuffle_f64x2(fours[i + 2], fours[i + 6], 0x88);
        rows[i + 6] = _mm512_shuffle_f64x2(fours[i + 2], fours[i + 6], 0xdd);
    }
}

typedef __m512 vector_float;
typedef __mmask16 mask_float;
enum { WIDTH_float = 16 };
#define load_float(from) _mm512_loadu_ps(from)
#define store_float(to, v) _mm512_storeu_ps(to, v)
#define store_past_cache_float(to, v) _mm512_stream_ps(to, v)
#define splat_float(value) _mm512_set1_ps(value)
#define greater_float(a, b) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define is_zero_float(v) _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_EQ_OQ)
#define divide_unless_float(mask, a, b, otherwise) _mm512_mask_div_ps(otherwise, ~(mask), a, b)
#define choose_float(mask, a, b) _mm512_mask_blend_ps(mask, b, a)

NX_INLINE void transpose_float(vector_float *rows)
{
    vector_float pairs[16], fours[16];
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    /* fours[i + j] holds, in its 128-bit lane k, column 4k + j of rows i to i + 3 */
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            const __m512d low = _mm512_castps_pd(pairs[i + j]), high = _mm512_castps_pd(pairs[i + 2 + j]);
            fours[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            fours[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    for (int j = 0; j < 4; j++) {
        const vector_float a = _mm512_shuffle_f32x4(fours[j], fours[4 + j], 0x88);
        const vector_float b = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], 0x88);
        const vector_float c = _mm512_shuffle_f32x4(fours[j], fours[4 + j], 0xdd);
        const vector_float d = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], 0xdd);
        rows[j] = _mm512_shuffle_f32x4(a, b, 0x88);
        rows[8 + j] = _mm512_shuffle_f32x4(a, b, 0xdd);
        rows[4 + j] = _mm512_shuffle_f32x4(c, d, 0x88);
        rows[12 + j] = _mm512_shuffle_f32x4(c, d, 0xdd);
    }
}

#elif defined(__AVX2__)

typedef __m256d vector_double, mask_double;
enum { WIDTH_double = 4 };
#define load_double(from) _mm256_loadu_pd(from)
#define store_double(to, v) _mm256_storeu_pd(to, v)
#define store_past_cache_double(to, v) _mm256_stream_pd(to, v)
#define splat_double(value) _mm256_set1_pd(value)
#define greater_double(a, b) _mm256_cmp_pd(a, b, _CMP_GT_OQ)
#define is_zero_double(v) _mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_EQ_OQ)
#define choose_double(mask, a, b) _mm256_blendv_pd(b, a, mask)
#define absolute_double(v) _mm256_andnot_pd(_mm256_set1_pd(-0.0), v)
#define above_zero_double(v) _mm256_max_pd(v, _mm256_setzero_pd())
#define root_double(v) _mm256_sqrt_pd(v)
#define fused_double(a, b, c) _mm256_fmadd_pd(a, b, c)

NX_INLINE mask_double mask_of_bools_double(const npy_bool *bools)
{
    int four;
    memcpy(&four, bools, sizeof four);
    const __m256i wide = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(wide, _mm256_setzero_si256()));
}

NX_INLINE int pack_double(double *to, mask_double mask, vector_double v)
{
    /* For every mask, which halves of the four numbers come first. */
    static const npy_uint32 order[16][8] = {
        {0},
        {0, 1},
        {2, 3},
        {0, 1, 2, 3},
        {4, 5},
        {0, 1, 4, 5},
        {2, 3, 4, 5},
        {0, 1, 2, 3, 4, 5},
        {6, 7},
        {0, 1, 6, 7},
        {2, 3, 6, 7},
        {0, 1, 2, 3, 6, 7},
        {4, 5, 6, 7},
        {0, 1, 4, 5, 6, 7},
        {2, 3, 4, 5, 6, 7},
        {0, 1, 2, 3, 4, 5, 6, 7},
    };
    const int bits = _mm256_movemask_pd(mask);
    const __m256i chosen = _mm256_loadu_si256((const __m256i *)order[bits]);
    _mm256_storeu_pd(to, _mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(v), chosen)));
    return __builtin_popcount(bits);
}

NX_INLINE int unpack_double(const double *from, mask_double mask, vector_double *v)
{
    /* For every mask without its highest bit, which halves of the packed numbers stand where. */
    static const npy_uint32 order[8][8] = {
        {0, 1, 0, 1, 0, 1, 0, 1}, {0, 1, 2, 3, 2, 3, 2, 3}, {0, 1, 0, 1, 2, 3, 2, 3},
        {0, 1, 2, 3, 4, 5, 4, 5}, {0, 1, 0, 1, 0, 1, 2, 3}, {0, 1, 2, 3, 2, 3, 4, 5},
        {0, 1, 0, 1, 2, 3, 4, 5}, {0, 1, 2, 3, 4, 5, 6, 7},
    };
    const int bits = _mm256_movemask_pd(mask);
    const __m256i chosen = _mm256_loadu_si256((const __m256i *)order[bits & 7]);
    const __m256 unpacked = _mm256_permutevar8x32_ps(_mm256_castpd_ps(_mm256_loadu_pd(from)), chosen);
    *v = _mm256_and_pd(mask, _mm256_castps_pd(unpacked));
    return __builtin_popcount(bits);
}

NX_INLINE void transpose_double(vector_double *rows)
{
    const vector_double a = _mm256_unpacklo_pd(rows[0], rows[1]), b = _mm256_unpackhi_pd(rows[0], rows[1]);
    const vector_double c = _mm256_unpacklo_pd(rows[2], rows[3]), d = _mm256_unpackhi_pd(rows[2], rows[3]);
    rows[0] = _mm256_permute2f128_pd(a, c, 0x20);
    rows[1] = _mm256_permute2f128_pd(b, d, 0x20);
    rows[2] = _mm256_permute2f128_pd(a, c, 0x31);
    rows[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

typedef __m256 vector_float, mask_float;
enum { WIDTH_float = 8 };
#define load_float(from) _mm256_loadu_ps(from)
#define store_float(to, v) _mm256_storeu_ps(to, v)
#define store_past_cache_float(to, v) _mm256_stream_ps(to, v)
#define splat_float(value) _mm256_set1_ps(value)
#define greater_float(a, b) _mm256_cmp_ps(a, b, _CMP_GT_OQ)
#define is_zero_float(v) _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_EQ_OQ)
#define choose_float(mask, a, b) _mm256_blendv_ps(b, a, mask)

NX_INLINE void transpose_float(vector_float *rows)
{
    vector_float pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + 2 + j], 0x44);
            fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + 2 + j], 0xee);
        }
    for (int j = 0; j < 4; j++) {
        rows[j] = _mm256_permute2f128_ps(fours[j], fours[4 + j], 0x20);
        rows[4 + j] = _mm256_permute2f128_ps(fours[j], fours[4 + j], 0x31);
    }
}

#elif defined(__SSE2__)

/* SSE2 has a quiet test for NaN, but none for order: give the order test zeros where there is a NaN. */
typedef __m128d vector_double, mask_double;
enum { WIDTH_double = 2 };
#define load_double(from) _mm_loadu_pd(from)
#define store_double(to, v) _mm_storeu_pd(to, v)
#define store_past_cache_double(to, v) _mm_stream_pd(to, v)
#define splat_double(value) _mm_set1_pd(value)
#define is_zero_double(v) _mm_cmpeq_pd(v, _mm_setzero_pd())

NX_INLINE mask_double greater_double(vector_double a, vector_double b)
{
    const mask_double ordered = _mm_cmpord_pd(a, b);
    return _mm_cmpgt_pd(_mm_and_pd(ordered, a), _mm_and_pd(ordered, b));
}

NX_INLINE vector_double choose_double(mask_double mask, vector_double a, vector_double b)
{
    return _mm_xor_pd(b, _mm_and_pd(mask, _mm_xor_pd(a, b)));
}

#define absolute_double(v) _mm_andnot_pd(_mm_set1_pd(-0.0), v)
#define above_zero_double(v) _mm_max_pd(v, _mm_setzero_pd())
#define root_double(v) _mm_sqrt_pd(v)

/* The C library has it without the instruction, slowly. */
NX_INLINE vector_double fused_double(vector_double a, vector_double b, vector_double c)
{
    for (int i = 0; i < 2; i++)
        c[i] = fma(a[i], b[i], c[i]);
    return c;
}

NX_INLINE int pack_double(double *to, mask_double mask, vector_double v)
{
    const int bits = _mm_movemask_pd(mask);
    to[0] = v[bits == 2];
    to[1] = v[1];
    return (bits & 1) + (bits >> 1);
}

NX_INLINE int unpack_double(const double *from, mask_double mask, vector_double *v)
{
    const int bits = _mm_movemask_pd(mask);
    *v = _mm_and_pd(mask, _mm_set_pd(from[bits & 1], from[0]));
    return (bits & 1) + (bits >> 1);
}

NX_INLINE void transpose_double(vector_double *rows)
{
    const vector_double low = _mm_unpacklo_pd(rows[0], rows[1]);
    rows[1] = _mm_unpackhi_pd(rows[0], rows[1]);
    rows[0] = low;
}

typedef __m128 vector_float, mask_float;
enum { WIDTH_float = 4 };
#define load_float(from) _mm_loadu_ps(from)
#define store_float(to, v) _mm_storeu_ps(to, v)
#define store_past_cache_float(to, v) _mm_stream_ps(to, v)
#define splat_float(value) _mm_set1_ps(value)
#define is_zero_float(v) _mm_cmpeq_ps(v, _mm_setzero_ps())

NX_INLINE mask_float greater_float(vector_float a, vector_float b)
{
    const mask_float ordered = _mm_cmpord_ps(a, b);
    return _mm_cmpgt_ps(_mm_and_ps(ordered, a), _mm_and_ps(ordered, b));
}

NX_INLINE vector_float choose_float(mask_float mask, vector_float a, vector_float b)
{
    return _mm_xor_ps(b, _mm_and_ps(mask, _mm_xor_ps(a, b)));
}

NX_INLINE void transpose_float(vector_float *rows)
{
    _MM_TRANSPOSE4_PS(rows[0], rows[1], rows[2], rows[3]);
}

#else
typedef double vector_double;
typedef int mask_double;
enum { WIDTH_double = 1 };
#define load_double(from) (*(from))
#define store_double(to, v) (*(to) = (v))
#define store_past_cache_double store_double
#define splat_double(value) (value)
#define greater_double(a, b) isgreater(a, b)
#define is_zero_double(v) ((v) == 0)
#define choose_double(mask, a, b) ((mask) ? (a) : (b))
#define absolute_double(v) fabs(v)
#define above_zero_double(v) (isgreater(v, 0) ? (v) : 0)
#define root_double(v) sqrt(v)
#define fused_double(a, b, c) fma(a, b, c)
#define pack_double(to, mask, v) (*(to) = (v), (mask) ? 1 : 0)
#define unpack_double(from, mask, v) (*(v) = (mask) ? *(from) : 0, (mask) ? 1 : 0)
#define transpose_double(rows) ((void)(rows))
typedef float vector_float;
typedef int mask_float;
enum { WIDTH_float = 1 };
#define load_float load_double
#define store_float store_double
#define store_past_cache_float store_double
#define splat_float splat_double
#define greater_float greater_double
#define is_zero_float is_zero_double
#define choose_float choose_double
#define transpose_float transpose_double
#endif

/* Without masked operations 1 is divided by 1. */
#if !defined(divide_unless_double)
#define divide_unless_double(mask, a, b, otherwise)                                                          \
    choose_double(mask, otherwise,                                                                           \
                  choose_double(mask, splat_double(1), a) / choose_double(mask, splat_double(1), b))
#define divide_unless_float(mask, a, b, otherwise)                                                           \
    choose_float(mask, otherwise,                                                                            \
                 choose_float(mask, splat_float(1), a) / choose_float(mask, splat_float(1), b))
#endif

/* The same for single numbers: a choice without a branch, which GCC likes to make of it. With AVX-512 it
   makes of this instruction two slower ones, by way of a mask register, if it is not told by name. */
#if defined(__AVX2__)
typedef __m128d one_mask_double;
typedef __m128 one_mask_float;
#define one_greater_double(a, b) _mm_cmp_sd(_mm_set_sd(a), _mm_set_sd(b), _CMP_GT_OQ)
#define one_greater_float(a, b) _mm_cmp_ss(_mm_set_ss(a), _mm_set_ss(b), _CMP_GT_OQ)

NX_INLINE double one_choose_double(one_mask_double mask, double a, double b)
{
    double chosen;
    __asm__("vblendvpd %3, %1, %2, %0" : "=x"(chosen) : "x"(a), "x"(b), "x"(mask));
    return chosen;
}

NX_INLINE float one_choose_float(one_mask_float mask, float a, float b)
{
    float chosen;
    __asm__("vblendvps %3, %1, %2, %0" : "=x"(chosen) : "x"(a), "x"(b), "x"(mask));
    return chosen;
}
#elif defined(__SSE2__)
typedef mask_double one_mask_double;
typedef mask_float one_mask_float;
#define one_greater_double(a, b) greater_double(_mm_set_sd(a), _mm_set_sd(b))
#define one_greater_float(a, b) greater_float(_mm_set_ss(a), _mm_set_ss(b))
#define one_choose_double(mask, a, b) _mm_cvtsd_f64(choose_double(mask, _mm_set_sd(a), _mm_set_sd(b)))
#define one_choose_float(mask, a, b) _mm_cvtss_f32(choose_float(mask, _mm_set_ss(a), _mm_set_ss(b)))
#else
typedef int one_mask_double, one_mask_float;
#define one_greater_double(a, b) isgreater(a, b)
#define one_greater_float(a, b) isgreater(a, b)
#define one_choose_double(mask, a, b) ((mask) ? (a) : (b))
#define one_choose_float(mask, a, b) ((mask) ? (a) : (b))
#endif

#endif
