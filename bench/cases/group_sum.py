"""Totals, counts and means per label."""

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import SEED, normal
from .case import OURS, Call, Case, numba, numbagg, pandas, polars, pyarrow
from .compiled import address, compiled_peers

if numba:

    @numba.njit
    def numba_group_sum(x, labels, groups):
        totals = np.zeros(groups, x.dtype)
        for i in range(x.size):
            totals[labels[i]] += x[i]
        return totals

    @numba.njit
    def numba_group_count(labels, groups):
        counts = np.zeros(groups, np.int64)
        for label in labels:
            counts[label] += 1
        return counts


def scattered(labels: Any, totals: Any, groups: int) -> np.ndarray:
    """Totals in the order of their labels; 0 for a group without values."""
    totals = np.asarray(totals)
    out = np.zeros(groups, totals.dtype)
    out[np.asarray(labels)] = totals
    return out


def pandas_totals(x: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
    totals = pandas.Series(x).groupby(labels, sort=False).sum()
    return totals.index, totals


def arrow_totals(table: Any) -> tuple[Any, Any]:
    totals = table.group_by("label", use_threads=False).aggregate([("x", "sum")])
    return totals["label"], totals["x_sum"]


def add_at(x: np.ndarray, labels: np.ndarray, start: np.ndarray) -> np.ndarray:
    totals = start.copy()
    np.add.at(totals, labels, x)
    return totals


def cases(sizes: list[int]) -> Iterator[Case]:
    n, random = max(sizes), np.random.default_rng(SEED)
    for dtype in map(np.dtype, (np.float64, np.int64)):
        for groups in (10, 1000, 1_000_000):
            labels = random.integers(0, groups, n)
            yield totals("mixed", labels, groups, dtype)
            yield totals("sorted", np.sort(labels), groups, dtype)
    labels = random.integers(0, 1000, n)
    yield counts(labels, 1000)
    yield means(labels, 1000)


def totals(order: str, labels: np.ndarray, groups: int, dtype: np.dtype) -> Case:
    n = labels.size
    x, start = (normal(n) * 100).astype(dtype), np.zeros(groups, dtype)

    def compiled(function: Any, _type: Any) -> Call:
        def call() -> np.ndarray:
            out = np.zeros(groups)
            function(address(x), address(labels), address(out), ctypes.c_size_t(n))
            return out

        return call

    peers: dict[str, Call] = {
        OURS: lambda: nx.group_sum(x, labels, start),
        "np.add.at": lambda: add_at(x, labels, start),
    }
    if dtype == np.float64:
        peers["np.bincount"] = lambda: np.bincount(labels, weights=x, minlength=groups)
        peers |= compiled_peers("group_sum", dtype, compiled)
    if pandas:
        peers["pandas"] = lambda: scattered(*pandas_totals(x, labels), groups)
    if pyarrow:
        table = pyarrow.table({"label": labels, "x": x})
        peers["pyarrow"] = lambda: scattered(*arrow_totals(table), groups)
    if polars:
        frame, total = polars.DataFrame({"label": labels, "x": x}), polars.col("x").sum()
        peers["polars"] = lambda: scattered(*frame.group_by("label").agg(total), groups)
    if numbagg:
        peers["numbagg"] = lambda: numbagg.group_nansum(x, labels, num_labels=groups)
    if numba:
        peers["Numba njit"] = lambda: numba_group_sum(x, labels, groups)
    expected, other_order = partial(add_at, x, labels, start), frozenset({"pandas", "polars"})
    name = f"group_sum {groups} groups {order} {dtype} n={n}"
    return Case(name, n, expected, 0, peers, differ=other_order)


def counts(labels: np.ndarray, groups: int) -> Case:
    n, start = labels.size, np.zeros(groups, np.int64)
    peers: dict[str, Call] = {
        OURS: lambda: nx.group_count(labels, start),
        "np.bincount": lambda: np.bincount(labels, minlength=groups),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_group_count(labels, groups)
    expected = partial(add_at, np.ones(n, np.int64), labels, start)
    return Case(f"group_count {groups} groups n={n}", n, expected, 0, peers)


def means(labels: np.ndarray, groups: int) -> Case:
    n = labels.size
    x = normal(n)

    def with_bincount() -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.bincount(labels, x, groups) / np.bincount(labels, minlength=groups)

    def expected() -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return add_at(x, labels, np.zeros(groups)) / add_at(np.ones(n), labels, np.zeros(groups))

    peers: dict[str, Call] = {
        OURS: lambda: nx.group_mean(x, labels, groups),
        "np.bincount twice": with_bincount,
    }
    if numba:
        peers["Numba njit"] = lambda: numba_group_sum(x, labels, groups) / numba_group_count(labels, groups)
    if pandas:
        every = range(groups)
        peers["pandas"] = lambda: pandas.Series(x).groupby(labels, sort=False).mean().reindex(every)
    # The sums of the others are compensated, or added in another order.
    return Case(f"group_mean {groups} groups float64 n={n}", n, expected, 4096, peers)
