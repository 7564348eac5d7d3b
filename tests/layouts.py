"""Arrays of any dtype in every memory layout, and the comparison of bits: shared by the tests of families."""

import numpy as np

# Around the widths of vectors, and on both sides of a block.
LENGTHS = [*range(66), 127, 128, 129, 1023, 1024, 1025, 2048, 3000]


def contiguous(values):
    return np.array(values)


def strided(values):
    return np.repeat(values, 3, axis=-1)[..., ::3]


def reversed_(values):
    return np.array(values[..., ::-1])[..., ::-1]


def fortran(values):
    return np.array(values, order="F")


def byte_swapped(values):
    return values.astype(values.dtype.newbyteorder("S"))


def field_of_packed_records(values):
    """Unaligned, and a stride that is no multiple of the item size."""
    records = np.empty(values.shape, [("before", "u1"), ("value", values.dtype), ("after", "u2")])
    records["value"] = values
    return records["value"]


def between_others(values):
    """Columns of a wider C-ordered array."""
    wide = np.empty((*values.shape, 2), values.dtype)
    wide[..., 0], wide[..., 1] = values, values
    return wide[..., 1]


LAYOUTS = [
    contiguous,
    strided,
    reversed_,
    fortran,
    byte_swapped,
    field_of_packed_records,
    between_others,
]


def sample(dtype, *shape, seed=0):
    """Small and large numbers of either sign; integers of the whole range."""
    dtype, random = np.dtype(dtype), np.random.default_rng(seed)
    if dtype.kind == "b":
        return random.random(shape) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    values = random.normal(size=shape)
    return (values + 1j * random.normal(size=shape) if dtype.kind == "c" else values).astype(dtype)


def read_only(array):
    array.setflags(write=False)
    return array


def assert_same_bits(actual, expected):
    """Equal in dtype, shape and every bit; one NaN is as good as another."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    if expected.dtype.kind == "c":
        assert_same_bits(actual.real, expected.real)
        assert_same_bits(actual.imag, expected.imag)
        return
    is_nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), is_nan)
    # Numbers that are equal, and zeros of the same sign: a long double has bytes that mean nothing.
    same = actual[~is_nan] == expected[~is_nan]
    same &= np.signbit(actual[~is_nan]) == np.signbit(expected[~is_nan])
    if not same.all():
        first = np.flatnonzero(~same)[0]
        raise AssertionError(
            f"{(~same).sum()} of {same.size} differ, the first at {first}: "
            f"{actual[~is_nan][first]!r}, expected {expected[~is_nan][first]!r}"
        )
