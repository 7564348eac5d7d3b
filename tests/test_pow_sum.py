import math
import pickle
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

FLOATS = [np.float32, np.float64]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
POWERS = [0.0, 0.5, 1.0, 1.5, 2.0, 2.37, 3.0, -1.0, -0.5]


def oracle(x, p):
    """The exact sum, to fifty digits and an exponent without bounds, of the inputs as floats."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 50, 10**9, -(10**9)
        return sum((Decimal(float(v)) ** Decimal(float(p)) for v in x if float(v) > 0), Decimal(0))


def assert_within_ulps(actual, exact, ulps=4):
    """`actual` is within so many units in its last place of `exact`."""
    dtype = np.asarray(actual).dtype.type
    if exact > Decimal(float(np.finfo(dtype).max)):
        assert actual == np.inf
        return
    unit = Decimal(float(np.spacing(abs(dtype(float(exact))))))
    assert abs(Decimal(float(actual)) - exact) <= ulps * unit


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(size=shape).astype(dtype)
    return (random.normal(size=shape) * 40).astype(np.int64).astype(dtype)


def test_the_score_of_the_guides():
    assert nx.pow_sum([1.2, -0.5, 3.1, 4.0], 1.5) == 14.77264736512669


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("p", POWERS)
def test_every_power_against_the_exact_sum(dtype, p):
    for n in (0, 1, 2, 9, 150):
        x = sample(dtype, n)
        p = np.float32(p) if dtype == np.float32 else p
        assert_within_ulps(nx.pow_sum(x, p), oracle(x, p))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_every_length_against_fsum(dtype, p):
    for n in LENGTHS:
        x = sample(dtype, n)
        exact = math.fsum(float(v) ** p for v in x if v > 0)
        expected = np.float32(exact) if dtype == np.float32 else exact
        np.testing.assert_array_max_ulp(nx.pow_sum(x, p), expected, maxulp=1)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_do_not_depend_on_the_layout(dtype, layout):
    for n in LENGTHS:
        x = sample(dtype, n)
        for p in (1.5, 2.37):
            assert_same_bits(nx.pow_sum(layout(x), p), nx.pow_sum(x, p))


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
def test_any_values_against_the_exact_sum(dtype, data):
    width = np.dtype(dtype).itemsize * 8
    x = data.draw(
        npst.arrays(dtype, st.integers(0, 40), elements=st.floats(width=width, allow_infinity=False))
    )
    p = data.draw(st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0]))
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
    with np.errstate(all="raise"):
        for p in (*POWERS, 7.25):
            nx.pow_sum(x, p)
            nx.pow_sum(x.astype(np.float32), np.float32(p))
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


def test_nothing_to_sum():
    assert nx.pow_sum([], 1.5) == 0.0
    assert_same_bits(nx.pow_sum(np.empty((3, 0)), 2.0), np.zeros(3))
    assert nx.pow_sum(np.empty((0, 3)), 2.0).shape == (0,)


def test_out_overlapping_the_input():
    x = np.abs(sample(float, 4, 50))
    expected = nx.pow_sum(x, 1.5)
    assert_same_bits(nx.pow_sum(x, 1.5, out=x[:, 3]), expected)


def test_result_dtypes():
    assert nx.pow_sum(np.ones(2, np.float32), 1.5).dtype == np.float32
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


def test_is_a_gufunc_and_travels():
    assert isinstance(nx.pow_sum, np.ufunc)
    assert nx.pow_sum.signature == "(n),()->()"
    assert pickle.loads(pickle.dumps(nx.pow_sum)) is nx.pow_sum
