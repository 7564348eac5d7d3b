"""The rolling score of every label, rows in any order."""

from collections.abc import Iterator
from functools import partial

import numpy as np

import numpy_ext as nx

from ..data import SEED, normal
from .case import FLOATS, OURS, Call, Case, numba

if numba:

    @numba.njit
    def numba_score_by(x, labels, rise, fall, states):
        out, states = np.empty_like(x), states.copy()
        for i in range(x.size):
            label = labels[i]
            if not 0 <= label < states.size:
                raise IndexError
            v, s = x[i], states[label]
            states[label] = out[i] = s * rise + v if v > s else s * fall
        return out


def score_by_reference(x: np.ndarray, labels: np.ndarray, groups: int) -> np.ndarray:
    """The recurrence of every group at once: all first values, then all second ones, and so on."""
    rise, fall = x.dtype.type(0.9), x.dtype.type(0.5)
    rows, sizes = np.argsort(labels, kind="stable"), np.bincount(labels, minlength=groups)
    starts = np.cumsum(sizes) - sizes
    out, states = np.empty_like(x), np.zeros(groups, x.dtype)
    for i in range(sizes.max()):
        alive = np.flatnonzero(sizes > i)
        row, s = rows[starts[alive] + i], states[alive]
        out[row] = states[alive] = np.where(x[row] > s, s * rise + x[row], s * fall)
    return out


def cases(sizes: list[int]) -> Iterator[Case]:
    n, random = max(sizes), np.random.default_rng(SEED)
    for dtype in FLOATS:
        for groups in (4, 500, n):
            labels = random.integers(0, groups, n)
            yield by_labels("mixed", labels, groups, dtype)
            yield by_labels("sorted", np.sort(labels), groups, dtype)


def by_labels(order: str, labels: np.ndarray, groups: int, dtype: np.dtype) -> Case:
    n = labels.size
    x, rise, fall = normal(n).astype(dtype), dtype.type(0.9), dtype.type(0.5)
    states = np.zeros(groups, dtype)
    peers: dict[str, Call] = {OURS: lambda: nx.rolling_score_by(x, labels, rise, fall, states)[0]}
    if numba:
        peers["Numba njit"] = lambda: numba_score_by(x, labels, rise, fall, states)
    expected = partial(score_by_reference, x, labels, groups)
    return Case(f"rolling_score_by {groups} groups {order} {dtype} n={n}", n, expected, 0, peers)
