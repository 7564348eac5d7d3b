"""The references are plain loops over the numbers of NumPy, in the type that the C computes in."""

import my_loops
import numpy as np

from numpy_ext.testing import check_ufunc


def computed_in(dtype):
    """The type to compute in, and that of the result."""
    if dtype.kind in "iub":
        return np.float64, np.float64
    return (np.float32 if dtype == np.float16 else dtype.type), dtype.type


def root(x):
    number, result = computed_in(x.dtype)
    value = number(x)
    return result(np.sqrt(value * value + value))


def clipped_cumsum(x, low, high, state):
    number, result = computed_in(x.dtype)
    low, high, sums = number(low), number(high), np.empty(len(x), result)
    for i, value in enumerate(x):
        total = number(state) + number(value)
        state = sums[i] = result(low if total < low else high if total > high else total)
    return sums, state


def largest_step(x):
    number, result = computed_in(x.dtype)
    steps = [abs(number(x[i]) - number(x[i - 1])) for i in range(1, len(x))]
    return result(np.nan if np.isnan(steps).any() else max(steps, default=0))


def test_root():
    check_ufunc(my_loops.root, root, max_examples=10)


def test_clipped_cumsum():
    check_ufunc(my_loops.clipped_cumsum, clipped_cumsum, max_examples=10)


def test_largest_step():
    check_ufunc(my_loops.largest_step, largest_step, max_examples=10)


def test_sums_of_chunks_are_those_of_one_call():
    x = np.random.default_rng(0).normal(size=1000)
    whole, last = my_loops.clipped_cumsum(x, -1.0, 2.0, 0.0)
    head, state = my_loops.clipped_cumsum(x[:300], -1.0, 2.0, 0.0)
    tail, state = my_loops.clipped_cumsum(x[300:], -1.0, 2.0, state)
    assert np.array_equal(np.concatenate([head, tail]), whole)
    assert state == last
