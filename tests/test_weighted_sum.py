import math
import pickle
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
DTYPES = [*INTEGERS, "f", "d"]


def oracle(w, x):
    """The exact sum, of the inputs as they are."""
    return sum((Fraction(a) * Fraction(b) for a, b in zip(w.tolist(), x.tolist(), strict=True)), Fraction(0))


def assert_within_half_an_ulp(actual, exact):
    """The nearest number of its dtype, or one that is as near but for what twice the precision leaves."""
    dtype = np.asarray(actual).dtype.type
    distance = abs(Fraction(float(actual)) - exact)
    assert distance <= Fraction(float(np.spacing(abs(dtype(actual))))) * (Fraction(1, 2) + Fraction(1, 10**6))


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng([seed, *map(ord, dtype)])
    if dtype == "?":
        return random.integers(0, 2, shape).astype(bool)
    if dtype in "efdg":
        return random.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("of_w", DTYPES)
@pytest.mark.parametrize("of_x", DTYPES)
def test_every_pair_of_dtypes_against_fractions(of_w, of_x):
    for n in (*range(20), 63, 64, 65, 511, 513):
        w, x = sample(of_w, n), sample(of_x, n, seed=1)
        actual = nx.weighted_sum(w, x)
        assert actual.dtype == (np.float32 if of_w == of_x == "f" else np.float64)
        assert_within_half_an_ulp(actual, oracle(w, x))
        total = nx.weighted_sum_resume(w, x, 0.0, 0.0)
        assert_within_half_an_ulp(total[0], oracle(w, x))
        assert abs(Fraction(float(total[0])) + Fraction(float(total[1])) - oracle(w, x)) <= abs(
            Fraction(float(total[0]))
        ) * Fraction(1, 2**90)


def test_weights_beyond_the_exact_floats():
    assert nx.weighted_sum([2**60 + 1, -(2**60)], [1.0, 1.0]) == 1.0
    assert nx.weighted_sum([1.0, 1.0], [2**60 + 1, -(2**60)]) == 1.0
    assert nx.weighted_sum([2**63 - 1, -(2**63)], [1, 1]) == -1.0
    largest = np.array([2**64 - 1, 2**64 - 2], np.uint64)
    assert nx.weighted_sum(largest, [1.0, -1.0]) == 1.0
    assert nx.weighted_sum(largest, np.array([1, 1], np.uint64)) == float(2**65 - 3)
    limits = np.array([2**63 - 1, 2**63 - 512, 2**63 - 513, -(2**63), 2**53 + 1, -(2**53) - 1])
    for value in limits:
        assert nx.weighted_sum([value, -(2**62)], [1.0, 1.0]) == float(int(value) - 2**62)


def test_integers_never_wrap():
    w = np.full(1000, -(2**63))
    assert nx.weighted_sum(w, w) == 1000 * 2.0**126


@given(st.lists(st.tuples(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100)), max_size=100))
def test_any_values_against_fractions(pairs):
    w, x = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    with np.errstate(under="ignore"):
        actual = float(nx.weighted_sum(w, x))
    exact = oracle(w, x)
    size = sum((abs(Fraction(a) * Fraction(b)) for a, b in pairs), Fraction(0))
    bound = abs(exact) * Fraction(1, 2**53) + size * Fraction(len(pairs) ** 2 + 1, 2**104) + Fraction(1e-300)
    assert abs(Fraction(actual) - exact) <= bound


def test_cancelling_sums_against_fsum():
    random = np.random.default_rng(0)
    x = random.normal(size=100_000) * 10.0 ** random.integers(-8, 9, 100_000)
    x = np.concatenate([x, -x[::-1], [1.0]])
    assert nx.weighted_sum(np.ones(x.size), x) == math.fsum(x) == 1.0
    w = random.normal(size=x.size)
    assert_within_half_an_ulp(nx.weighted_sum(w, x), oracle(w, x))


def test_ten_million_against_fsum():
    x = np.random.default_rng(0).normal(size=10_000_000)
    w = np.where(np.arange(x.size) % 2, 2.0**40, 2.0**-10)
    assert nx.weighted_sum(w, x) == math.fsum(w * x)


@pytest.mark.parametrize("of_w", DTYPES)
@pytest.mark.parametrize("of_x", ["d", "q", "f"])
def test_no_column_is_copied(of_w, of_x):
    w, x = sample(of_w, 300_000), sample(of_x, 300_000)
    tracemalloc.start()
    try:
        nx.weighted_sum(w, x)
        nx.weighted_sum(w.reshape(1000, 300), x.reshape(1000, 300), axis=0)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("of_w", ["d", "f", "q", "b"])
@pytest.mark.parametrize("of_x", ["d", "f", "Q", "?"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_do_not_depend_on_the_layout(of_w, of_x, layout):
    for n in LENGTHS:
        w, x = sample(of_w, n), sample(of_x, n)
        expected = nx.weighted_sum(w, x)
        assert_same_bits(nx.weighted_sum(layout(w), x), expected)
        assert_same_bits(nx.weighted_sum(w, layout(x)), expected)


@pytest.mark.parametrize("of_w", ["d", "f", "q", "b"])
@pytest.mark.parametrize("of_x", ["d", "f", "Q", "?"])
def test_bits_of_columns_are_those_of_rows(of_w, of_x):
    for shape in ((1, 3), (2, 256), (70, 8), (513, 261), (1100, 2)):
        w, x = sample(of_w, *shape), sample(of_x, *shape)
        expected = np.array([nx.weighted_sum(w[:, j].copy(), x[:, j].copy()) for j in range(shape[1])])
        assert_same_bits(nx.weighted_sum(w, x, axis=0), expected)
        assert_same_bits(nx.weighted_sum(np.asfortranarray(w), x, axis=0), expected)
        assert_same_bits(nx.weighted_sum(w, np.asfortranarray(x), axis=0), expected)
        one = np.array([nx.weighted_sum(w[:, 0].copy(), x[:, j].copy()) for j in range(shape[1])])
        assert_same_bits(nx.weighted_sum(w[:, 0], x, axis=0), one)
        assert_same_bits(nx.weighted_sum(w[:, 0].copy(), x, axis=0, keepdims=True), one[np.newaxis])


@pytest.mark.parametrize("of_w", ["d", "f", "q", "B"])
@given(cuts=st.lists(st.integers(0, 2500), max_size=6))
def test_totals_of_chunks_are_those_of_one_call(of_w, cuts):
    w, x = sample(of_w, 2500), sample("d", 2500)
    cuts = sorted(cuts)
    total = (0.0, 0.0)
    for a, b in zip(np.split(w, cuts), np.split(x, cuts), strict=True):
        total = nx.weighted_sum_resume(a, b, *total)
        assert total[0] + total[1] == total[0]
    whole = nx.weighted_sum(w, x)
    assert abs(total[0] - whole) <= np.spacing(abs(whole))


def test_totals_of_many_series_at_once():
    w, x = sample("q", 300), sample("d", 40, 300)
    first = nx.weighted_sum_resume(w[:200], x[:, :200], 0.0, 0.0)
    last = nx.weighted_sum_resume(w[200:], x[:, 200:], *first)
    columns = nx.weighted_sum_resume(w[:200], x.T[:200], 0.0, 0.0, axes=[0, 0, (), (), (), ()])
    columns = nx.weighted_sum_resume(w[200:], x.T[200:], *columns, axes=[0, 0, (), (), (), ()])
    assert_same_bits(columns[0], last[0])
    assert_same_bits(columns[1], last[1])
    np.testing.assert_array_max_ulp(last[0], nx.weighted_sum(w, x), maxulp=1)


def test_totals_computed_apart_are_merged():
    x = np.concatenate([[1e16, 1.0, -1e16], np.full(1000, 1e-3)])
    parts = [nx.weighted_sum_resume(np.ones(part.size), part, 0.0, 0.0) for part in np.array_split(x, 7)]
    sums, errors = np.array(parts).T
    ones = np.ones(len(parts))
    total = nx.weighted_sum_resume(ones, errors, *nx.weighted_sum_resume(ones, sums, 0.0, 0.0))
    assert total[0] == math.fsum(x)


def test_no_sum_depends_on_the_series_beside():
    """Lanes overflow where the plain sum does not, in the last row alone; the others set the flags before."""
    rows = np.zeros((3, 32))
    rows[0] = 1.7e308
    rows[1, :2] = np.inf, -np.inf
    rows[2, [0, 1, 16, 17]] = 1.7e308, -1.7e308, 1.7e308, -1.7e308
    with np.errstate(all="ignore"):
        for table in (rows, np.asfortranarray(rows)):
            np.testing.assert_array_equal(nx.weighted_sum(np.ones(32), table), [np.inf, np.nan, 0.0])


def test_an_infinite_error_is_part_of_the_total_whatever_is_beside():
    x = np.array([[1.0, 1.0], [1.0, 1e200]])
    with np.errstate(all="ignore"):
        for table in (x, np.asfortranarray(x)):
            sums, _ = nx.weighted_sum_resume(table, table, [0.5, 0.0], [np.inf, 0.0])
            np.testing.assert_array_equal(sums, np.inf)


def test_infinity_nan_and_overflow():
    with np.errstate(all="raise"):
        assert nx.weighted_sum([np.inf, 1.0], [1.0, 2.0]) == np.inf
        assert nx.weighted_sum([-np.inf, 1.0], [1.0, 2.0]) == -np.inf
        assert np.isnan(nx.weighted_sum([np.nan, 1.0], [1.0, 2.0]))
        assert np.isnan(nx.weighted_sum_resume([np.nan, 1.0], [1.0, 2.0], 0.0, 0.0)[0])
        assert nx.weighted_sum([1e308, -1e308] * 40 + [1.0], [1.0] * 81) == 1.0
        assert nx.weighted_sum_resume([1.0], [1.0], np.inf, 0.0) == (np.inf, 0.0)
    for w, x in (([np.inf, -np.inf], [1.0, 1.0]), ([np.inf, 1.0], [0.0, 1.0])):
        with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
            nx.weighted_sum(w, x)
        with np.errstate(invalid="ignore"):
            assert np.isnan(nx.weighted_sum(w, x))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        nx.weighted_sum([1e200], [1e200])
    with np.errstate(over="ignore"):
        assert nx.weighted_sum([1e200], [1e200]) == np.inf
        assert nx.weighted_sum(np.float32([1e30]), np.float32([1e30])) == np.inf


@pytest.mark.parametrize("n", range(66))
def test_no_stray_flags(n):
    w, x = np.resize([1.0, -0.0, 1e-160, 3.0], n), np.resize([0.1, 5.0, 1e-140, -2.0], n)
    with np.errstate(all="raise"):
        # What rounding takes from these products is below the normal numbers; they are not.
        nx.weighted_sum(w, x)
        nx.weighted_sum(np.ones(n), x)
        nx.weighted_sum(np.tile(w, (3, 1)).T, np.tile(x, (3, 1)).T, axis=0)
    if n:
        with np.errstate(under="raise"), pytest.raises(FloatingPointError, match="underflow"):
            nx.weighted_sum(np.full(n, 1e-200), np.full(n, 1e-200))


def test_nothing_to_sum():
    assert nx.weighted_sum([], []) == 0.0
    assert_same_bits(nx.weighted_sum(np.empty((3, 0)), np.empty((3, 0))), np.zeros(3))
    assert nx.weighted_sum_resume([], [], 3.0, 1e-20) == (3.0, 1e-20)


def test_result_dtypes():
    half = np.ones(3, np.float16)
    assert nx.weighted_sum(half, half).dtype == np.float32
    assert nx.weighted_sum(np.ones(3, np.float32), [1, 2, 3]).dtype == np.float64
    single = np.full(3, 1e-4, np.float32)
    assert nx.weighted_sum(single, single, dtype=np.float64).dtype == np.float64


def test_more_elements_than_32_bits_count():
    n = 2**31 + 5
    assert nx.weighted_sum(np.broadcast_to(np.int8(2), n), np.broadcast_to(np.int8(-3), n)) == -6 * n


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.weighted_sum(np.ones(3, complex), np.ones(3)), TypeError),
        (lambda: nx.weighted_sum(np.ones(3, np.longdouble), np.ones(3)), TypeError),
        (lambda: nx.weighted_sum(["a"], [1.0]), TypeError),
        (lambda: nx.weighted_sum([1.0]), TypeError),
        (lambda: nx.weighted_sum(1.0, [1.0]), ValueError),
        (lambda: nx.weighted_sum([1.0, 2.0], [1.0]), ValueError),
        (lambda: nx.weighted_sum(np.ones((2, 3)), np.ones((4, 3))), ValueError),
        (lambda: nx.weighted_sum(np.ones((2, 3)), np.ones(3), out=np.zeros(3)), ValueError),
        (lambda: nx.weighted_sum(np.ones(3), np.ones(3), out=np.zeros((), int)), TypeError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize("ufunc", [nx.weighted_sum, nx.weighted_sum_resume])
def test_is_a_gufunc_and_travels(ufunc):
    assert isinstance(ufunc, np.ufunc)
    assert ufunc.signature.startswith("(n),(n)")
    assert pickle.loads(pickle.dumps(ufunc)) is ufunc
