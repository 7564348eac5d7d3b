"""Columns with nulls: valid values side by side and back, and the flags of what stands under nulls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numpy_ext as nx
from numpy_ext import _ufuncs

DTYPES = ["?", "i1", "u2", "f2", "i4", "f4", "u8", "f8", "M8[s]", "c8", "c16", "g", "F"]


@given(
    st.sampled_from(DTYPES), st.integers(0, 300), st.sampled_from([0, 0.1, 0.5, 0.9, 1]), st.integers(0, 99)
)
def test_valid_values_side_by_side_and_back(dtype, n, share, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 100, n).astype(dtype)
    before, valid, fill = x.copy(), rng.random(n) < share, np.array(1).astype(dtype)
    rows = [value for value, is_valid in zip(x.tolist(), valid.tolist(), strict=True) if is_valid]
    packed = _ufuncs.compress(x, valid)
    assert (packed.dtype, packed.tolist()) == (x.dtype, rows)
    spread = [value if is_valid else fill.item() for value, is_valid in zip(x.tolist(), valid, strict=True)]
    assert _ufuncs.expand(packed, valid, fill).tolist() == spread
    assert (x == before).all()
    _ufuncs.cover(x, valid, fill)
    assert x.tolist() == spread


def test_any_byte_but_zero_is_true():
    valid = np.array([1, 2, 0, 128, 16, 0, 255, 1, 64, 0], "u1").view(bool)
    x, kept = np.arange(10.0), [0.0, 1.0, 3.0, 4.0, 6.0, 7.0, 8.0]
    packed = _ufuncs.compress(x, valid)
    assert packed.tolist() == kept
    assert _ufuncs.expand(packed, valid, np.array(-1.0)).tolist() == [0, 1, -1, 3, 4, -1, 6, 7, 8, -1]


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        ("compress", [np.zeros(3), np.ones(2, bool)], ValueError),
        ("compress", [np.zeros(3), np.ones(3)], TypeError),
        ("compress", [np.zeros((3, 1)), np.ones(3, bool)], TypeError),
        ("compress", [np.zeros(6)[::2], np.ones(3, bool)], TypeError),
        ("compress", [np.zeros(3, object), np.ones(3, bool)], TypeError),
        ("compress", [np.zeros(3, "S3"), np.ones(3, bool)], TypeError),
        ("compress", [np.zeros(3, ">f8"), np.ones(3, bool)], TypeError),
        ("compress", [[0.0], np.ones(1, bool)], TypeError),
        ("compress", [np.zeros(3)], TypeError),
        ("expand", [np.zeros(3), np.ones(2, bool), np.array(0.0)], ValueError),
        ("expand", [np.zeros(1), np.zeros(2, bool), np.array(0.0)], ValueError),
        ("expand", [np.zeros(1), np.ones(1, bool), np.array(0)], TypeError),
        ("expand", [np.zeros(1), np.ones(1, bool), np.zeros(2)], TypeError),
        ("cover", [np.zeros(3), np.ones(2, bool), np.array(0.0)], ValueError),
        ("cover", [np.broadcast_to(0.0, 1), np.ones(1, bool), np.array(0.0)], ValueError),
    ],
)
def test_what_does_not_fit_is_refused(function, arguments, error):
    with pytest.raises(error):
        getattr(_ufuncs, function)(*arguments)


@pytest.mark.parametrize("nulls", ["propagate", "skip"])
def test_flags_are_those_of_the_values_that_are_valid(nulls):
    under = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    under.data[1] = 0
    with np.errstate(all="raise"):
        assert nx.lift(np.divide, nulls)(6.0, under).tolist() == [6.0, None, 2.0]
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert nx.lift(np.divide, nulls)(6.0, under - [1, 0, 0]).tolist() == [np.inf, None, 2.0]
    integers = np.ma.array([2, 5], mask=[False, True])
    exponents = np.array([3, -1])
    assert nx.lift(np.power, nulls)(integers, exponents).tolist() == [8, None]
    with pytest.raises(ValueError, match="negative integer powers"):
        nx.lift(np.power, nulls)(integers, exponents[::-1])


def test_python_functions_do_not_see_what_stands_under_nulls():
    seen = []
    look = np.frompyfunc(lambda value: seen.append(value) or value, 1, 1)
    nx.lift(look)(np.ma.array([1, 2, 3], mask=[False, True, False]))
    assert seen == [1, 3]
