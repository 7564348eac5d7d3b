import copy
import gc
import math
import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
POWERS = [0.0, 0.5, 1.0, 1.5, 2.0, 2.37, 3.0, 4.0]


def in_numpy(x, p, absolute=False, **options):
    """What `numpy.sum` makes of the powers."""
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(float)
    above, where = (np.ones(x.shape, bool), True) if absolute else (x > 0, options.pop("where", True))
    if absolute:
        where = options.pop("where", True)
    terms = np.where(above, np.abs(x), 1) ** x.dtype.type(p)
    return np.sum(terms, where=above & where, **options)


def assert_close(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    epsilon = float(np.finfo(expected.dtype).eps)
    np.testing.assert_allclose(actual, expected, rtol=200 * epsilon, atol=0)


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(size=shape).astype(dtype)
    return (random.normal(size=shape) * 40).astype(np.int64).astype(dtype)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("absolute", [False, True])
def test_every_dtype_and_option_against_numpy_sum(dtype, p, absolute):
    x, ufunc = sample(dtype, 3, 4, 5), nx.add_power(p, absolute)
    mask = np.random.default_rng(1).random(x.shape) < 0.7
    for axis in (0, 1, 2, -1, (0, 1), (0, 2), (1, 2), (0, 1, 2), None, ()):
        for keepdims in (False, True):
            for where in (True, mask, False):
                options = {"axis": axis, "keepdims": keepdims, "where": where}
                assert_close(ufunc.reduce(x, **options), in_numpy(x, p, absolute, **options))
    assert_close(ufunc.reduce(x, initial=2.5), in_numpy(x, p, absolute, axis=0, initial=2.5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_out_and_dtype(dtype):
    x, ufunc = sample(dtype, 3, 4), nx.add_power(1.5)
    out = np.empty(4, dtype)
    assert ufunc.reduce(x, out=out) is out
    assert_close(out, in_numpy(x, 1.5, axis=0))
    assert_close(ufunc.reduce(x, dtype=np.float64), in_numpy(x.astype(float), 1.5, axis=0))
    single = np.empty(4, np.float32)
    ufunc.reduce(x, out=single)
    assert_close(single, in_numpy(x, 1.5, axis=0).astype(np.float32))
    assert ufunc.reduce(x.astype(int), axis=None).dtype == np.float64


@given(
    x=npst.arrays(
        float, npst.array_shapes(max_dims=4, max_side=5, min_side=0), elements=st.floats(-1e30, 1e30)
    ),
    p=st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.37]),
    data=st.data(),
)
def test_any_array_against_numpy_sum(x, p, data):
    axes = data.draw(st.sets(st.integers(0, x.ndim - 1)))
    options = {"axis": tuple(axes), "keepdims": data.draw(st.booleans())}
    with np.errstate(under="ignore"):
        assert_close(nx.add_power(p).reduce(x, **options), in_numpy(x, p, **options))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("p", [1.5, 2.37])
def test_every_layout_and_length_against_fsum(layout, p):
    for n in LENGTHS:
        x = sample(float, n)
        exact = math.fsum(v**p for v in x.tolist() if v > 0)
        np.testing.assert_array_max_ulp(nx.add_power(p).reduce(layout(x)), exact, maxulp=4)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("p", POWERS)
def test_calls_element_by_element(dtype, p):
    for n in (0, 1, 7, 8, 511, 512, 513, 1200):
        x, ufunc = sample(dtype, n), nx.add_power(p)
        acc = sample(float, n, seed=1).astype(np.result_type(x, np.float16) if x.dtype.kind == "f" else float)
        expected = acc.copy()
        for i in range(n):
            expected[i] += in_numpy(x[i : i + 1], p)
        result = ufunc(acc, x)
        assert result.dtype == acc.dtype
        # The sum may be small against what was added.
        bound = 4 * np.finfo(acc.dtype).eps * (abs(acc) + abs(expected) + 1)
        np.testing.assert_array_less(abs(result - expected), bound)
        assert_same_bits(ufunc(acc[::-1], x[::-1]), result[::-1])
        same = acc.copy()
        assert_same_bits(ufunc(same, x, out=same), result)


def test_outer_and_at():
    ufunc = nx.add_power(2)
    assert ufunc.outer([0.0, 1.0], [2.0, -3.0]).tolist() == [[4.0, 0.0], [5.0, 1.0]]
    totals = np.zeros(2)
    ufunc.at(totals, [0, 1, 0], [2.0, 3.0, -1.0])
    assert totals.tolist() == [4.0, 9.0]
    # One number is added as a call adds it, to the bit.
    start, x = np.full(1, -32.1330206), np.array([3880053304], np.uint32)
    cube = nx.add_power(3.0)
    expected = cube(start, x)
    cube.at(start, [0], x)
    assert_same_bits(start, expected)


def test_accumulate_starts_from_the_first_value_itself():
    assert nx.add_power(2).accumulate([3.0, 1.0, 2.0]).tolist() == [3.0, 4.0, 8.0]
    with pytest.raises(TypeError):
        nx.add_power(2).accumulate([3, 1, 2])
    with pytest.raises(TypeError):
        nx.add_power(2).reduceat([3, 1, 2], [0, 1])


def test_no_stray_flags():
    for n in range(66):
        x = np.resize([np.nan, -1.0, 0.0, -0.0, np.inf, -np.inf, 3.0], n)
        with np.errstate(all="raise"):
            for p in (*POWERS, -1.0, -2.37):
                nx.add_power(p).reduce(x)
                nx.add_power(p)(1.0, x)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        nx.add_power(2).reduce([1e200])


def test_not_above_zero_and_nothing():
    assert nx.add_power(-1).reduce([0.0, -1.0, np.nan, 2.0]) == 0.5
    assert np.isnan(nx.add_power(2, absolute=True).reduce([1.0, np.nan]))
    assert nx.add_power(2).reduce([]) == 0.0
    assert nx.add_power(2).reduce(np.empty((0, 3))).tolist() == [0.0] * 3
    assert nx.add_power(2).identity == 0


def test_the_same_arguments_give_the_same_ufunc():
    assert nx.add_power(1.5) is nx.add_power(1.5)
    assert nx.add_power(2) is nx.add_power(2.0) is nx.add_power(np.float32(2))
    assert nx.add_power(1.5) is not nx.add_power(1.5, absolute=True)
    assert nx.add_power(math.nan) is nx.add_power(math.nan)
    assert isinstance(nx.add_power(1.5), np.ufunc)
    assert nx.add_power(1.5).__name__ == "add_power(1.5)"
    assert nx.add_power(-2, absolute=True).__name__ == "add_power(-2.0, absolute=True)"


@pytest.mark.parametrize("p", [1.5, 0.1, -0.0, 1e-300, math.inf, math.nan])
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_is_pickled_by_value(p, absolute, protocol):
    ufunc = nx.add_power(p, absolute)
    assert pickle.loads(pickle.dumps(ufunc, protocol)) is ufunc
    assert copy.copy(ufunc) is ufunc
    assert copy.deepcopy([ufunc])[0] is ufunc


def test_other_ufuncs_are_pickled_as_before():
    for ufunc in (np.add, np.sin, nx.axpy, nx.pow_sum):
        assert pickle.loads(pickle.dumps(ufunc)) is ufunc


def test_travels_to_another_process():
    program = "import pickle, sys; f = pickle.load(sys.stdin.buffer); print(f, f.reduce([4.0, 9.0]))"
    sent = pickle.dumps(nx.add_power(0.5))
    folder = os.path.dirname(__file__)
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, input=sent, capture_output=True, check=True, cwd=folder)
    assert result.stdout.decode().split() == ["<ufunc", "'add_power(0.5)'>", "5.0"]


def test_many_do_not_fill_the_memory():
    def make(count, first):
        for i in range(count):
            assert nx.add_power(first + i).reduce([1.0, 1.0]) == 2.0

    make(1000, 0.5)
    gc.collect()
    tracemalloc.start()
    try:
        make(1000, 1e6)
        before = tracemalloc.get_traced_memory()[0]
        make(10_000, 1e7)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()


def test_one_in_use_outlives_the_cache():
    ufunc = nx.add_power(1.25)
    for i in range(1000):
        nx.add_power(i + 0.125)
    assert ufunc.reduce([16.0]) == 32.0
    again = pickle.loads(pickle.dumps(ufunc))
    assert again.reduce([16.0]) == 32.0


@pytest.mark.parametrize("p", ["1.5", None, 1j, [1.0, 2.0]])
def test_a_power_that_is_no_real_number(p):
    with pytest.raises((TypeError, ValueError)):
        nx.add_power(p)


def test_bad_arrays_are_numpys_own_error():
    with pytest.raises(TypeError):
        nx.add_power(2).reduce(np.ones(3, complex))
    with pytest.raises(TypeError):
        nx.add_power(2).reduce(["a"])
    with pytest.raises(ValueError, match="out of bounds"):
        nx.add_power(2).reduce([1.0], axis=1)
