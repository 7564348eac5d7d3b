"""Sums over chunks: within one unit in the last place of the exact sum, dtypes as in memory."""

from fractions import Fraction

import numpy as np
import pytest

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
from hypothesis import given, settings
from hypothesis import strategies as st

import numpy_ext as nx
import numpy_ext.dask as nxd


@pytest.fixture(autouse=True, scope="module")
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def exact(terms):
    return sum(terms, Fraction(0))


def assert_within_one_ulp(found, expected):
    assert abs(Fraction(float(found)) - expected) <= Fraction(float(np.spacing(np.abs(found))))


def wide(random, n):
    """Numbers of all magnitudes, which a plain sum does not add up right."""
    return random.normal(size=n) * 10.0 ** random.integers(-12, 12, n)


@st.composite
def chunked(draw, min_size=0):
    n = draw(st.integers(min_size, 300))
    x = wide(np.random.default_rng(draw(st.integers(0, 1000))), n)
    places = sorted(draw(st.lists(st.integers(0, n), max_size=40)))
    return x, (tuple(np.diff([0, *places, n]).tolist()),)


def assert_same_but_for_an_ulp(found, expected):
    assert found.dtype == expected.dtype
    assert (np.abs(found - expected) <= np.spacing(np.abs(expected))).all()


@settings(max_examples=100)
@given(chunked(), st.sampled_from([1.0, 2.0]))
def test_sums_of_powers(call, p):
    x, chunks = call
    lazy = da.from_array(x, chunks=chunks)
    powers = [Fraction(value * value if p == 2 else value) for value in np.abs(x).tolist()]
    assert_within_one_ulp(nxd.abs_pow_sum(lazy, p).compute(), exact(powers))
    positive = exact(power for power, value in zip(powers, x, strict=True) if value > 0)
    assert_within_one_ulp(nxd.pow_sum(lazy, p).compute(), positive)


@settings(max_examples=100)
@given(chunked(), st.integers(0, 1000), st.integers(1, 100))
def test_sums_of_products_in_mixed_chunks(call, seed, size):
    x, chunks = call
    w = wide(np.random.default_rng(seed), x.size)
    total = exact(Fraction(a) * Fraction(b) for a, b in zip(w.tolist(), x.tolist(), strict=True))
    for weights in (da.from_array(w, chunks=size), w):
        assert_within_one_ulp(nxd.weighted_sum(weights, da.from_array(x, chunks=chunks)).compute(), total)


def test_what_cancels_across_chunks():
    x = da.from_array(np.array([1e16, 1.0, 1e-10, -1e16, 1e300, 1e-300, -1e300]), chunks=1)
    assert nxd.weighted_sum(np.ones(7), x).compute() == 1.0000000001
    w = da.from_array(np.array([2**60 + 1, -(2**60)]), chunks=1)
    assert nxd.weighted_sum(w, np.ones(2)).compute() == 1.0


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "f8", "g", "F", "D", "G"])
@pytest.mark.parametrize("name", ["pow_sum", "abs_pow_sum", "weighted_sum"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_dtypes_and_axes_are_those_in_memory(name, dtype, axis):
    x = (np.abs(np.random.default_rng(0).normal(size=(6, 40))) * 5).astype(dtype)
    lazy = da.from_array(x, chunks=(4, 7))
    core = [(axis,), (), ()]
    try:
        if name == "weighted_sum":
            expected = nx.weighted_sum(x, x, axis=axis)
        else:
            expected = getattr(nx, name)(x, 1.1, axes=core)
    except TypeError:
        with pytest.raises(TypeError, match=f"{name} does not take"):
            nxd.weighted_sum(lazy, lazy) if name == "weighted_sum" else getattr(nxd, name)(lazy, 1.1)
        return
    second = lazy.rechunk((1, 40)) if name == "weighted_sum" else 1.1
    found = getattr(nxd, name)(lazy, second, axis=axis)
    assert found.dtype == expected.dtype
    assert_same_but_for_an_ulp(found.compute(), expected)


def test_powers_of_each_series():
    x = np.abs(np.random.default_rng(1).normal(size=(3, 50)))
    p = np.array([0.5, 1.5, 3.0])
    lazy = da.from_array(x, chunks=(2, 9))
    for powers in (p, da.from_array(p, chunks=1)):
        assert_same_but_for_an_ulp(nxd.pow_sum(lazy, powers).compute(), nx.pow_sum(x, p))


def test_weights_for_many_series():
    x = np.random.default_rng(2).normal(size=(3, 2, 50))
    lazy = da.from_array(x, chunks=(2, 1, 9))
    expected = nx.weighted_sum(x[0, 0], x)
    assert_same_but_for_an_ulp(nxd.weighted_sum(x[0, 0], lazy).compute(), expected)
    assert_same_but_for_an_ulp(nxd.weighted_sum(lazy, lazy[:1, 0, :]).compute(), expected)


def test_no_values():
    assert nxd.pow_sum(da.ones(0), 2.0).compute() == 0
    assert nxd.weighted_sum(da.ones((2, 0)), da.ones((2, 0))).compute().tolist() == [0, 0]


@pytest.mark.parametrize("special", [[np.inf], [np.nan], [np.inf, np.nan], [np.inf, -np.inf]])
def test_infinite_and_nan(special):
    x = np.array([1.0, 2.0, *special, 3.0])
    with np.errstate(all="ignore"):
        expected = float(np.sum(x))
        lazy = da.from_array(x, chunks=2)
        found = nxd.weighted_sum(np.ones(x.size), lazy).compute()
    np.testing.assert_equal(float(found), expected)


def test_a_sum_past_the_limits_is_infinite():
    x = da.from_array(np.full(4, 1.5e308), chunks=1)
    with np.errstate(over="ignore"):
        assert nxd.pow_sum(x, 1.0).compute() == np.inf
