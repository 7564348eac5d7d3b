"""Totals of groups over chunks: floats within one unit in the last place, integers exact."""

from fractions import Fraction

import numpy as np
import pytest

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
from hypothesis import given, settings
from hypothesis import strategies as st

import numpy_ext as nx
import numpy_ext.dask as nxd

GROUPS = 4


@pytest.fixture(autouse=True, scope="module")
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def totals(x, labels):
    found = [Fraction(0)] * GROUPS
    for value, label in zip(x.tolist(), labels.tolist(), strict=True):
        if label >= 0:
            found[label] += Fraction(value)
    return found


@st.composite
def calls(draw):
    n = draw(st.integers(0, 200))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    places = sorted(draw(st.lists(st.integers(0, n), max_size=40)))
    labels = random.integers(-1, GROUPS, n).astype(draw(st.sampled_from(["i1", "i8"])))
    return n, random, (tuple(np.diff([0, *places, n]).tolist()),), labels


@settings(max_examples=100)
@given(calls(), st.sampled_from([0, 5, 100, 290]))
def test_floats_are_added_as_if_exactly(call, digits):
    n, random, chunks, labels = call
    x = random.normal(size=n) * 10.0 ** random.integers(-digits, digits + 1, n)
    found = nxd.group_sum(da.from_array(x, chunks=chunks), labels, GROUPS).compute()
    assert found.dtype == np.float64
    for value, expected in zip(found, totals(x, labels), strict=True):
        assert abs(Fraction(value) - expected) <= Fraction(np.spacing(np.abs(value)))


@settings(max_examples=100)
@given(calls(), st.sampled_from(["i1", "u2", "i4", "u4", "i8", "u8", "?"]))
def test_integers_are_exact(call, dtype):
    n, random, chunks, labels = call
    limits = np.iinfo(dtype) if dtype != "?" else np.iinfo("u1")
    share = 300 if np.dtype(dtype).itemsize == 8 else 1
    x = random.integers(limits.min // share, limits.max // share, n, dtype=limits.dtype).astype(dtype)
    lazy = da.from_array(x, chunks=chunks)
    found = nxd.group_sum(lazy, labels, GROUPS)
    assert found.dtype == (np.uint64 if dtype[0] == "u" else np.int64)
    assert found.compute().dtype == found.dtype
    assert found.compute().tolist() == totals(x, labels)
    counts = [int((labels == k).sum()) for k in range(GROUPS)]
    assert nxd.group_count(da.from_array(labels, chunks=chunks), GROUPS).compute().tolist() == counts
    means = nxd.group_mean(lazy, labels, GROUPS).compute()
    for mean, total, number in zip(means, totals(x, labels), counts, strict=True):
        assert np.isnan(mean) if number == 0 else mean == float(total) / number


def test_a_total_may_pass_the_limits_on_the_way_but_not_at_the_end():
    x = da.from_array(np.array([2**62, 2**62, -(2**62), -(2**62), -(2**62)]), chunks=1)
    zeros = np.zeros(5, int)
    assert nxd.group_sum(x, zeros, 1).compute().tolist() == [-(2**62)]
    with pytest.raises(OverflowError, match="label 0 passes the limits of int64"):
        nxd.group_sum(x[:2], zeros[:2], 1).compute()
    assert nxd.group_sum(x[2:4], zeros[:2], 1).compute().tolist() == [-(2**63)]
    with pytest.raises(OverflowError, match="label 2 passes the limits of uint64"):
        nxd.group_sum(x[:4].astype("u8"), [2, 2, 2, 2], 3).compute()
    assert nxd.group_mean(x[:2], zeros[:2], 1).compute().tolist() == [2.0**62]


def test_infinite_nan_and_too_large():
    x = np.array([np.inf, 1.0, np.nan, 2.0, np.inf, -np.inf, 3.0, 1e308, 1e308])
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 4, 4])
    with np.errstate(all="ignore"):
        found = nxd.group_sum(da.from_array(x, chunks=3), labels, 5).compute()
        alone = nxd.group_sum(da.from_array(x, chunks=9), labels, 5).compute()
    expected = [np.inf, np.nan, np.nan, 3.0, np.inf]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(alone, expected)


def test_labels_of_many_series():
    x = np.random.default_rng(0).normal(size=(3, 40))
    labels = np.random.default_rng(1).integers(-1, GROUPS, 40)
    lazy = da.from_array(x, chunks=(2, 7))
    expected = [[float(total) for total in totals(row, labels)] for row in x]
    assert nxd.group_sum(lazy, da.from_array(labels, chunks=11), GROUPS).compute().tolist() == expected
    np.testing.assert_allclose(
        nxd.group_mean(lazy, labels, GROUPS).compute(), nx.group_mean(x, labels, GROUPS), rtol=1e-13
    )


def test_labels_out_of_range_are_told_with_their_chunk():
    labels = da.from_array(np.array([0, 1, 0, 5]), chunks=2)
    with pytest.raises(IndexError, match=r"^chunk 1: labels\[1\] is 5; a label is -1 or from 0 up to 1 here"):
        nxd.group_sum(da.ones(4, chunks=2), labels, 2).compute()
    with pytest.raises(IndexError, match=r"^chunk 1: labels\[1\] is 5"):
        nxd.group_count(labels, 2).compute()


def test_labels_that_are_floats_are_refused():
    with pytest.raises(TypeError, match=r"not take x of dtype float64, labels of dtype float64"):
        nxd.group_sum(da.ones(3), np.zeros(3), 2)
    with pytest.raises(TypeError, match=r"group_count does not take labels of dtype float64"):
        nxd.group_count(da.ones(3), 2)


def test_no_groups_and_no_values():
    assert nxd.group_sum(da.ones(3), [-1, -1, -1], 0).compute().tolist() == []
    assert nxd.group_sum(da.ones(0), np.zeros(0, int), 2).compute().tolist() == [0, 0]
    assert np.isnan(nxd.group_mean(da.ones(0), np.zeros(0, int), 2).compute()).all()
