import math
import pickle
import tracemalloc
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

FLOATS = [np.float16, np.float32, np.float64]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
DTYPES = [*FLOATS, np.longdouble, *INTEGERS]
COMPLEX = [np.complex64, np.complex128, np.clongdouble]
POWERS = [0.0, 0.5, 1.0, 1.5, 2.0, 2.37, 2.5, 3.0, 4.0, 7.25, -1.0, -0.5]


def exactly(value):
    """A real number of any dtype as a Decimal, without rounding."""
    numerator, denominator = np.longdouble(value).as_integer_ratio()
    return Decimal(int(numerator)) / Decimal(int(denominator))


def power(value, p):
    """Decimal does not define 0**0, which is 1 here."""
    return value ** exactly(p) if p != 0 else Decimal(1)


def oracle(x, p, part=lambda v: v if v > 0 else None):
    """The exact sum, to a thousand digits and an exponent without bounds, of the inputs as floats."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 1000, 10**9, -(10**9)
        values = [part(exactly(v)) for v in np.asarray(x, np.result_type(x, np.float16)) if not np.isnan(v)]
        context.prec = 50
        return sum((power(v, p) for v in values if v is not None), Decimal(0))


def oracle_of_absolute_values(x, p):
    if np.iscomplexobj(x):
        with localcontext() as context:
            context.prec = 50
            lengths = [(exactly(v.real) ** 2 + exactly(v.imag) ** 2).sqrt() for v in x]
            return sum((power(v, p) for v in lengths), Decimal(0))
    return oracle(x, p, abs)


def exponent(p, x):
    """A power that does not widen the result."""
    return np.float64(p).astype(np.result_type(np.abs(x).dtype, np.float16)) if x.dtype.kind in "fc" else p


def assert_within_ulps(actual, exact, ulps=4):
    """`actual` is within so many units in its last place of `exact`."""
    dtype = np.asarray(actual).dtype.type
    if exact > exactly(np.finfo(dtype).max):
        assert actual == np.inf
        return
    unit = exactly(np.spacing(abs(dtype(float(exact)))))
    with localcontext() as context:
        context.prec = 50  # a long double may have 34 digits, more than the 28 of decimal's own
        assert abs(exactly(actual) - exact) <= ulps * unit


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return random.normal(size=shape).astype(dtype)
    if dtype.kind == "c":
        return (random.normal(size=shape) + 1j * random.normal(size=shape)).astype(dtype)
    return (random.normal(size=shape) * 40).astype(np.int64).astype(dtype)


def test_the_score_of_the_guides():
    assert nx.pow_sum([1.2, -0.5, 3.1, 4.0], 1.5) == 14.77264736512669


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", POWERS)
def test_every_power_against_the_exact_sum(dtype, p):
    for n in (0, 1, 2, 9, 150):
        x = sample(dtype, n)
        p = exponent(p, x)
        assert_within_ulps(nx.pow_sum(x, p), oracle(x, p))


@pytest.mark.parametrize("dtype", [*DTYPES, *COMPLEX])
@pytest.mark.parametrize("p", POWERS)
def test_every_power_of_absolute_values_against_the_exact_sum(dtype, p):
    for n in (0, 1, 2, 9, 150):
        x = sample(dtype, n)
        x = x if p >= 0 else np.where(x == 0, np.ones_like(x), x)
        p = exponent(p, x)
        assert_within_ulps(nx.abs_pow_sum(x, p), oracle_of_absolute_values(x, p))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 2.37])
def test_running_sums_against_the_exact_sums(dtype, p):
    x = sample(dtype, 700)
    p = exponent(p, x)
    sums = nx.cum_pow_sum(x, p)
    assert sums.dtype == nx.pow_sum(x, p).dtype
    for i in (0, 1, 2, 17, 510, 511, 512, 513, 699):
        assert_within_ulps(sums[i], oracle(x[: i + 1], p))
    for n in range(66):
        assert_same_bits(nx.cum_pow_sum(x[:n], p), sums[:n])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, *INTEGERS])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_every_length_against_fsum(dtype, p):
    for n in LENGTHS:
        x = sample(dtype, n)
        for actual, exact in (
            (nx.pow_sum(x, p), math.fsum(float(v) ** p for v in x if v > 0)),
            (nx.abs_pow_sum(x, p), math.fsum(abs(float(v)) ** p for v in x)),
        ):
            expected = np.float32(exact) if dtype == np.float32 else exact
            np.testing.assert_array_max_ulp(actual, expected, maxulp=3)


@pytest.mark.parametrize("function", [nx.pow_sum, nx.abs_pow_sum, nx.cum_pow_sum])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_do_not_depend_on_the_layout(function, dtype, layout):
    for n in LENGTHS:
        x = sample(dtype, n)
        for p in (1.5, 2.37):
            assert_same_bits(function(layout(x), p), function(x, p))


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_of_complex_numbers_do_not_depend_on_the_layout(dtype, layout):
    x = sample(dtype, 1100)
    for p in (1.0, 2.0, 2.37):
        assert_same_bits(nx.abs_pow_sum(layout(x), p), nx.abs_pow_sum(x, p))


@pytest.mark.parametrize("function", [nx.pow_sum, nx.abs_pow_sum])
@pytest.mark.parametrize("dtype", ["e", "f", "d", "g", "b", "q"])
@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0, 2.37, 2.5, 3.0, 4.0])
def test_bits_of_columns_are_those_of_rows(function, dtype, p):
    for shape in ((1, 3), (2, 256), (70, 8), (513, 261), (1100, 2)):
        x = sample(dtype, *shape)
        expected = np.array([function(column.copy(), p) for column in x.T])
        assert_same_bits(function(x, p, axis=0), expected)
        assert_same_bits(function(x[:, ::-1], p, axis=0), expected[::-1])
        assert_same_bits(function(x[::2], p, axis=0), function(x[::2].copy(), p, axis=0))
        assert_same_bits(function(np.asfortranarray(x), p, axis=0), expected)
        if np.dtype(dtype).kind == "f":
            x[0, ::2], x[shape[0] // 2, ::3] = np.nan, 0.0
            assert_same_bits(function(x, p, axis=0), np.array([function(column.copy(), p) for column in x.T]))
            expected = function(x.T.copy(), p)
        exponents = np.full(shape[1], p).astype(np.result_type(dtype, np.float16))
        if np.dtype(dtype).kind == "f":
            assert_same_bits(function(x, exponents, axes=[0, (), ()]), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
def test_any_values_against_the_exact_sum(dtype, data):
    width = np.dtype(dtype).itemsize * 8
    x = data.draw(
        npst.arrays(dtype, st.integers(0, 40), elements=st.floats(width=width, allow_infinity=False))
    )
    p = data.draw(st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0]))
    with np.errstate(over="ignore", under="ignore"):
        actual = nx.pow_sum(x, dtype(p))
        unit = Decimal(float(np.spacing(actual)))
    # Below the normal numbers a term may lose all its digits: one unit of them for each.
    exact = oracle(x, p)
    if actual == np.inf:
        assert exact > Decimal(float(np.finfo(dtype).max)) * (1 - Decimal("1e-6"))
    else:
        slack = Decimal(float(np.finfo(np.float64).tiny)) * 2
        assert abs(Decimal(float(actual)) - exact) <= 4 * unit + slack


@given(st.lists(st.floats(1e-300, 1e300), max_size=3000))
def test_wide_exponents_against_fractions(values):
    exact = sum(map(Fraction, values), Fraction(0))
    np.testing.assert_array_max_ulp(nx.pow_sum(np.array(values, float), 1.0), float(exact), maxulp=1)


def halves_nearly_met():
    """The floats in [1, 4) whose roots come nearest to the middle of two floats, where rounding is hardest.

    Such a middle is m / 2**53 with m odd. The float is (m**2 - d) / 2**106, so 2**54 divides m**2 - d, and d
    is as small as the root is near. Odd squares leave 1 when divided by 8, and so must d.
    """
    for d in range(1 - 8 * 64, 8 * 64, 8):
        roots = [1, 3, 5, 7]
        for bits in range(3, 54):
            candidates = {m % 2 ** (bits + 1) for root in roots for m in (root, root + 2**bits)}
            roots = [m for m in candidates if (m * m - d) % 2 ** (bits + 1) == 0]
        for m in roots:
            value = Fraction(m * m - d, 2**106)
            if 1 <= value < 4 and float(value) == value:
                yield float(value)


@pytest.mark.parametrize("scale", [-1020, -900, -898, 0, 1020])
def test_the_hardest_roots_are_rounded_correctly(scale):
    values = np.ldexp(list(halves_nearly_met()), scale)
    assert len(values) > 100
    expected = [math.sqrt(value) for value in values]
    for place in range(64):
        x = np.zeros((len(values), 64))
        x[:, place] = values
        assert nx.pow_sum(x, 0.5).tolist() == expected


@pytest.mark.parametrize("p", [0.5, 1.5])
@pytest.mark.parametrize(
    "extreme", [5e-324, 2.0**-1022, np.nextafter(2.0**-900, 0), 2.0**-900, 2.0**1023, np.inf]
)
def test_roots_of_any_size(p, extreme):
    for place in range(65):
        x = np.full(65, -1.0)
        x[place] = extreme
        with np.errstate(over="ignore"):
            assert nx.pow_sum(x, p) == (1.0 if p == 0.5 else extreme) * np.sqrt(extreme)
        x = np.full(65, 0.25)
        x[place] = extreme
        with np.errstate(over="ignore"):
            assert nx.pow_sum(x, p) == math.fsum(np.sqrt(x) * (1 if p == 0.5 else x))


@pytest.mark.parametrize("value", [5e-324, 2.0**-1022, 3e-308, 1.3 * 2.0**-901, 1e308, np.inf])
def test_roots_raise_no_flag(value):
    for place in range(65):
        x = np.full(65, 0.25)
        x[place] = value
        with np.errstate(all="raise"):
            nx.pow_sum(x, 0.5)
            nx.abs_pow_sum(x, 0.5)


def test_long_and_hostile_against_fsum():
    """One large term and a million that each round away against it."""
    x = np.full(1_000_001, 1e-16)
    x[0] = 1.0
    assert nx.pow_sum(x, 1.0) == math.fsum(x.tolist())
    x[[0, -1]] = x[[-1, 0]]
    assert nx.pow_sum(x, 1.0) == math.fsum(x.tolist())


def test_elements_not_above_zero_are_left_out():
    x = [np.nan, -np.inf, -1.0, -0.0, 0.0, 2.0]
    assert nx.pow_sum(x, 2.0) == 4.0
    assert nx.pow_sum(x, -1.0) == 0.5
    assert nx.pow_sum(x, 0.0) == 1.0
    assert nx.pow_sum(x[:-1], -1.0) == 0.0


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0, 2.37])
def test_infinity(p):
    x = np.ones(3000)
    for i in (0, 7, 1024, 2999):
        with_infinity = x.copy()
        with_infinity[i] = np.inf
        with np.errstate(all="raise"):
            assert nx.pow_sum(with_infinity, p) == np.inf
            assert nx.pow_sum(with_infinity, -p) < np.inf
    assert nx.pow_sum([0.5, 0.25], np.inf) == 0.0
    assert np.isnan(nx.pow_sum([2.0], np.nan))
    assert nx.pow_sum([-1.0], np.nan) == 0.0


@pytest.mark.parametrize("n", range(66))
def test_no_stray_flags(n):
    x = np.resize([np.nan, -1.0, 0.0, -0.0, np.inf, -np.inf, 3.0], n)
    nonzero = np.where(x == 0, 1, x)
    imaginary = np.array([complex(0, v) for v in nonzero])
    with np.errstate(all="raise"):
        for p in POWERS:
            nx.pow_sum(x, p)
            nx.pow_sum(x.astype(np.float32), np.float32(p))
            nx.cum_pow_sum(x, p)
            nx.abs_pow_sum(nonzero, p)
            nx.abs_pow_sum(imaginary, p)
    if n:
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
            nx.pow_sum(np.full(n, 1e200), 2.0)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_any_axis(order, axis):
    x = np.array(sample(float, 5, 6, 7), order=order)
    expected = np.apply_along_axis(lambda series: nx.pow_sum(series, 1.5), axis, x)
    assert_same_bits(nx.pow_sum(x, 1.5, axes=[axis, (), ()]), expected)


def test_powers_broadcast_against_series():
    x, p = sample(float, 3, 50), np.array([[1.0], [1.5], [2.37], [-2.0]])
    result = nx.pow_sum(x, p)
    assert result.shape == (4, 3)
    for i, j in np.ndindex(4, 3):
        assert_same_bits(result[i, j], nx.pow_sum(x[j], p[i, 0]))


@pytest.mark.parametrize("dtype", ["e", "f", "d", "g", "b", "Q", "F", "D", "G"])
@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 2.37])
@given(cuts=st.lists(st.integers(0, 2500), max_size=6))
def test_totals_of_chunks_are_those_of_one_call(dtype, p, cuts):
    x = sample(dtype, 2500)
    longs = dtype in "gG"
    for function, resume in ((nx.pow_sum, nx.pow_sum_resume), (nx.abs_pow_sum, nx.abs_pow_sum_resume)):
        if dtype in "FDG" and function is nx.pow_sum:
            continue
        whole = function(x, p, dtype=np.longdouble if longs else np.float64)
        total = (0.0, 0.0)
        for part in np.split(x, sorted(cuts)):
            total = resume(part, p, *total)
            assert total[0] + total[1] == total[0]
        assert total[0].dtype == total[1].dtype == whole.dtype
        assert abs(total[0] - whole) <= np.spacing(whole)


def test_totals_of_many_series_at_once():
    x = np.abs(sample(float, 40, 300))
    first = nx.pow_sum_resume(x[:, :200], 2.0, 0.0, 0.0)
    last = nx.pow_sum_resume(x[:, 200:], 2.0, *first)
    np.testing.assert_array_max_ulp(last[0], nx.pow_sum(x, 2.0), maxulp=1)
    columns = nx.pow_sum_resume(x.T[:200], 2.0, 0.0, 0.0, axis=0)
    assert_same_bits(columns[0], first[0])
    assert_same_bits(columns[1], first[1])
    columns = nx.pow_sum_resume(x.T[200:], 2.0, *columns, axis=0)
    assert_same_bits(columns[0], last[0])
    assert_same_bits(columns[1], last[1])


def test_a_partial_total_carries_what_rounding_lost():
    total = nx.pow_sum_resume([1.0], 1.0, 0.0, 0.0)
    for _ in range(1000):
        total = nx.pow_sum_resume([1e-18] * 10, 1.0, *total)
    assert total[0] == math.fsum([1.0, *[1e-18] * 10_000])


def test_absolute_values_of_zero_infinity_and_nan():
    assert nx.abs_pow_sum([0.0, -0.0, 2.0], 2.37) == 2.0**2.37
    assert nx.abs_pow_sum([-np.inf, 2.0], 2.37) == np.inf
    assert nx.abs_pow_sum([-np.inf, 2.0], -2.0) == 0.25
    for p in (0.5, 1.0, 2.0, 2.37, -1.0, 4.0):
        with np.errstate(all="raise"):
            assert np.isnan(nx.abs_pow_sum([1.0, np.nan, 2.0], p))
            assert np.isnan(nx.abs_pow_sum(np.array([1.0, np.nan, 2.0]) + 1j, p))
    assert nx.abs_pow_sum([np.nan, 0.0, np.inf], 0.0) == 3.0
    assert nx.abs_pow_sum([np.nan + 0j, 0.0, np.inf], 0.0) == 3.0
    assert nx.abs_pow_sum([complex(np.nan, np.inf)], 1.0) == np.inf
    with np.errstate(divide="ignore"):
        assert nx.abs_pow_sum([0.0, 2.0], -2.37) == np.inf
        assert nx.abs_pow_sum([0j, 2.0], -2.37) == np.inf
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        nx.abs_pow_sum([0.0, 2.0], -1.0)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-100, 1.0, 1e100, 1e150, 1e240])
def test_complex_numbers_of_any_size(scale):
    x = np.array([3.0 + 4.0j, 1e-40 + 1j, 5.0, -2j, 0.3 - 0.3j]) * scale
    for p in (0.5, 1.0, 1.25):
        with np.errstate(all="raise", under="ignore"):
            assert_within_ulps(nx.abs_pow_sum(x, p), oracle_of_absolute_values(x, p))
    if scale >= 1e-100:
        with np.errstate(all="raise"):
            nx.abs_pow_sum(x, 1.0)


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 2.37])
def test_a_part_that_is_nothing_beside_the_other_raises_no_flag(p):
    with np.errstate(all="raise"):
        assert nx.abs_pow_sum([complex(1, 1e-200), complex(5e-324, -1)], p) == 2.0


def test_a_high_power_does_not_multiply_the_error_of_a_complex_absolute_value():
    x = sample(complex, 50)
    assert_within_ulps(nx.abs_pow_sum(x, 40.5), oracle_of_absolute_values(x, 40.5))


@pytest.mark.parametrize("p", [1e300, -1e300, np.inf, -np.inf, np.nan])
def test_exponents_without_bounds_are_those_of_numpy(p):
    for value in (0.5, 1.0, 2.0):
        with np.errstate(all="ignore"):
            expected = np.power(value, p)
            assert_same_bits(nx.pow_sum([value, -1.0], p), expected)
            assert_same_bits(nx.abs_pow_sum([-value], p), expected)
            assert_same_bits(nx.cum_pow_sum([value, -1.0], p)[1], expected)


def test_running_sums_of_many_series():
    x = sample(float, 5, 6, 40)
    for axis in (0, 1, 2):
        expected = np.apply_along_axis(lambda series: nx.cum_pow_sum(series, 1.5), axis, x)
        assert_same_bits(nx.cum_pow_sum(x, 1.5, axis=axis), expected)
    same = x.copy()
    nx.cum_pow_sum(same, 1.5, out=same)
    assert_same_bits(same, nx.cum_pow_sum(x, 1.5))
    with np.errstate(all="raise"):
        assert nx.cum_pow_sum([1.0, np.inf, 2.0], 2.0).tolist() == [1.0, np.inf, np.inf]


def peak_bytes(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", [*DTYPES, *COMPLEX])
def test_no_column_is_copied(dtype):
    x = sample(dtype, 300_000) / 4 if dtype == np.float16 else sample(dtype, 300_000)
    assert peak_bytes(lambda: nx.abs_pow_sum(x, 1.5)) < 100_000
    assert peak_bytes(lambda: nx.abs_pow_sum(x.reshape(1000, 300), 1.5, axis=0)) < 100_000
    if x.dtype.kind != "c":
        assert peak_bytes(lambda: nx.pow_sum(x, 2.37)) < 100_000


def test_ten_million_against_fsum():
    x = np.random.default_rng(0).normal(size=10_000_000) * 1e-6
    x[::1000] *= 1e14
    for function, values in ((nx.pow_sum, x[x > 0]), (nx.abs_pow_sum, abs(x))):
        np.testing.assert_array_max_ulp(function(x, 1.0), math.fsum(values), maxulp=2)
        np.testing.assert_array_max_ulp(function(x, 2.0), math.fsum(values * values), maxulp=4)


def test_nothing_to_sum():
    assert nx.pow_sum([], 1.5) == 0.0
    assert_same_bits(nx.pow_sum(np.empty((3, 0)), 2.0), np.zeros(3))
    assert nx.pow_sum(np.empty((0, 3)), 2.0).shape == (0,)


def test_out_overlapping_the_input():
    x = np.abs(sample(float, 4, 50))
    expected = nx.pow_sum(x, 1.5)
    assert_same_bits(nx.pow_sum(x, 1.5, out=x[:, 3]), expected)


def test_result_dtypes():
    assert nx.pow_sum(np.ones(2, np.float16), 1.5).dtype == np.float16
    assert nx.pow_sum(np.ones(2, np.float32), 1.5).dtype == np.float32
    assert nx.pow_sum(np.ones(2, np.longdouble), 1.5).dtype == np.longdouble
    assert nx.abs_pow_sum(np.ones(2, np.complex64), 1.5).dtype == np.float32
    assert nx.abs_pow_sum(np.ones(2, np.complex128), 1.5).dtype == np.float64
    assert nx.abs_pow_sum(np.ones(2, np.clongdouble), 1.5).dtype == np.longdouble
    assert nx.pow_sum(np.ones(2, np.float32), np.array([1.5])).dtype == np.float64
    for letter in INTEGERS:
        assert nx.pow_sum(np.ones(2, letter), 1.5).dtype == np.float64


def test_integers_beyond_the_exact_floats():
    assert nx.pow_sum(np.array([2**63 + 2**11], np.uint64), 1.0) == float(2**63 + 2**11)
    assert nx.pow_sum(np.array([-(2**63), 2**62], np.int64), 1.0) == 2.0**62


def test_more_elements_than_32_bits_count():
    n = 2**31 + 5
    assert nx.pow_sum(np.broadcast_to(np.int8(2), n), 1.0) == 2 * n


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.pow_sum(np.ones(3, complex), 1.5), TypeError),
        (lambda: nx.pow_sum(["a"], 1.5), TypeError),
        (lambda: nx.pow_sum([1.0], "a"), TypeError),
        (lambda: nx.pow_sum([1.0]), TypeError),
        (lambda: nx.pow_sum(1.0, 1.5), ValueError),
        (lambda: nx.pow_sum(np.ones((2, 3)), np.ones(3)), ValueError),
        (lambda: nx.pow_sum(np.ones((2, 3)), 1.5, out=np.zeros(3)), ValueError),
        (lambda: nx.pow_sum(np.ones((2, 3)), 1.5, out=np.zeros(2, int)), TypeError),
        (lambda: nx.pow_sum(np.ones((2, 3)), 1.5, out=np.broadcast_to(0.0, 2)), ValueError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(
    ("ufunc", "signature"),
    [
        (nx.pow_sum, "(n),()->()"),
        (nx.abs_pow_sum, "(n),()->()"),
        (nx.cum_pow_sum, "(n),()->(n)"),
        (nx.pow_sum_resume, "(n),(),(),()->(),()"),
        (nx.abs_pow_sum_resume, "(n),(),(),()->(),()"),
    ],
)
def test_is_a_gufunc_and_travels(ufunc, signature):
    assert isinstance(ufunc, np.ufunc)
    assert ufunc.signature == signature
    assert pickle.loads(pickle.dumps(ufunc)) is ufunc
