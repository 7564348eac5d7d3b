/* nulls_lanes.c: numbers of 8 bytes beside nulls, moved in SIMD lanes. A double here is any 8 bytes, which
   nothing computes with. */
#include "nulls.h"
#include "nx_lanes.h"

extern const nx_moves NX_MOVES(NX_LEVEL);

#if defined(__AVX2__)

static void compress(const void *from, const npy_bool *valid, npy_intp n, void *to)
{
    const double *const x = from;
    double *out = to;
    npy_intp i = 0;
    for (; n - i >= WIDTH_double; i += WIDTH_double)
        out += pack_double(out, mask_of_bools_double(valid + i), load_double(x + i));
    for (; i < n; i++)
        if (valid[i])
            *out++ = x[i];
}

static void expand(const void *from, npy_intp count, const npy_bool *valid, npy_intp n, const void *fill,
                   void *to)
{
    const double *x = from, *const end = x + count;
    double *const out = to;
    const double null = *(const double *)fill;
    npy_intp i = 0;
    for (; n - i >= WIDTH_double && end - x >= WIDTH_double; i += WIDTH_double) {
        const mask_double mask = mask_of_bools_double(valid + i);
        vector_double v;
        x += unpack_double(x, mask, &v);
        store_double(out + i, choose_double(mask, v, splat_double(null)));
    }
    for (; i < n; i++)
        out[i] = valid[i] ? *x++ : null;
}

static void cover(const npy_bool *valid, npy_intp n, const void *fill, void *to)
{
    double *const out = to;
    const double null = *(const double *)fill;
    npy_intp i = 0;
    for (; n - i >= WIDTH_double; i += WIDTH_double) {
        const vector_double v = load_double(out + i);
        store_double(out + i, choose_double(mask_of_bools_double(valid + i), v, splat_double(null)));
    }
    for (; i < n; i++)
        if (!valid[i])
            out[i] = null;
}

const nx_moves NX_MOVES(NX_LEVEL) = {compress, expand, cover};

#else

const nx_moves NX_MOVES(NX_LEVEL) = {NULL, NULL, NULL};

#endif
