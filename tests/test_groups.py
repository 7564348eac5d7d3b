import operator
from functools import reduce

import numpy as np
import pytest

import numpy_ext as nx


def oracle(x, labels, n_groups):
    """Group after group, in plain Python."""
    means = []
    for k in range(n_groups):
        values = [float(v) for v, label in zip(x, labels, strict=True) if label == k]
        # Not sum(), which corrects its rounding since Python 3.12.
        means.append(reduce(operator.add, values) / len(values) if values else float("nan"))
    return np.array(means)


@pytest.mark.parametrize("dtype", ["?", "b", "Q", "l", "e", "f", "d"])
def test_every_group_against_plain_python(dtype):
    random = np.random.default_rng(0)
    for n in (0, 1, 7, 600):
        x, labels = (random.random(n) * 50).astype(dtype), random.integers(-1, 9, n)
        np.testing.assert_array_equal(nx.group_mean(x, labels, 9), oracle(x, labels, 9))


def test_the_number_of_groups_is_that_of_the_highest_label():
    assert nx.group_mean([1.0, 3.0], [4, 4]).shape == (5,)
    assert nx.group_mean([1.0], [-1]).shape == (0,)
    assert nx.group_mean([], np.zeros(0, int)).shape == (0,)
    assert nx.group_mean([1.0], np.array([3], np.uint64)).shape == (4,)


def test_an_empty_group_is_nan_without_a_warning():
    with np.errstate(all="raise"):
        means = nx.group_mean([1.0, 2.0], [0, 0], 3)
    assert means[0] == 1.5
    assert np.isnan(means[1:]).all()


def test_nan_propagates_in_its_group():
    means = nx.group_mean([1.0, np.nan, 2.0], [0, 1, 0])
    assert means[0] == 1.5
    assert np.isnan(means[1])


def test_columns_of_pandas():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"label": [0, 1, 0], "value": [1.0, 2.0, 4.0]})
    assert nx.group_mean(table["value"], table["label"]).tolist() == [2.5, 2.0]


def test_many_series_at_once():
    x, labels = np.arange(24.0).reshape(2, 3, 4), [0, 1, 0, 1]
    means = nx.group_mean(x, labels)
    assert means.shape == (2, 3, 2)
    np.testing.assert_array_equal(means[..., 0], (x[..., 0] + x[..., 2]) / 2)
    apart = nx.group_mean(x[0], [[0, 0, 1, 1], [1, 1, 0, 0], [2, 2, 2, 2]])
    np.testing.assert_array_equal(apart[2], [np.nan, np.nan, 9.5])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nx.group_mean([1.0], [-2]), IndexError, r"^labels\[0\] is -2; there are no groups"),
        (lambda: nx.group_mean([1.0], [3], 3), IndexError, r"^labels\[0\] is 3; a label is -1 or"),
        (lambda: nx.group_mean([1.0], [0], -1), ValueError, r"^n_groups is -1; "),
        (lambda: nx.group_mean([1.0], [0.5]), TypeError, "labels|group_sum"),
        (lambda: nx.group_mean([1j], [0]), TypeError, "group_sum"),
        (lambda: nx.group_mean([1.0, 2.0], [0]), ValueError, "group_sum"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
