"""Sums of products, whole and from a state."""

from collections.abc import Iterator
from functools import partial

import numpy as np

import numpy_ext as nx

from ..data import normal
from .case import OURS, Call, Case, numba

# Plain sums may be off by rounding, much where products cancel; off by more, they compute something else.
ROUNDING = 1e6

if numba:

    def weighted_sum_loop(w, x):
        total = 0.0
        for i in range(x.size):
            total += w[i] * x[i]
        return total

    numba_weighted_sum = numba.njit(weighted_sum_loop)
    numba_weighted_sum_fastmath = numba.njit(fastmath=True)(weighted_sum_loop)


def reference(w: np.ndarray, x: np.ndarray) -> float:
    return float(np.sum(w.astype(np.longdouble) * x))


def cases(sizes: list[int]) -> Iterator[Case]:
    for dtype in ("int64", "float64", "int8"):
        for n in sizes:
            yield whole(dtype, n)
    yield from_a_state(max(sizes))


def whole(dtype: str, n: int) -> Case:
    w, x = (normal(n)[::-1] * 100).astype(dtype), normal(n)
    peers: dict[str, Call] = {
        OURS: lambda: nx.weighted_sum(w, x),
        "NumPy dot": lambda: np.dot(w, x),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_weighted_sum(w, x)
        peers["Numba fastmath"] = lambda: numba_weighted_sum_fastmath(w, x)
    return Case(f"weighted_sum {dtype} x float64 n={n}", n, partial(reference, w, x), ROUNDING, peers)


def from_a_state(n: int) -> Case:
    w, x = normal(n)[::-1] * 100, normal(n)
    peers: dict[str, Call] = {
        OURS: lambda: nx.weighted_sum_resume(w, x, 0.0, 0.0)[0],
        "NumPy dot": lambda: np.dot(w, x),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_weighted_sum(w, x)
    name = f"weighted_sum_resume float64 x float64 n={n}"
    return Case(name, n, partial(reference, w, x), ROUNDING, peers)
