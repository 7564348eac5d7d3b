"""Dask arrays of ten chunks, ten times the largest size, on two threads of one process."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import KINDS, SEED, normal
from .case import OURS, Call, Case, installed
from .group_sum import add_at
from .pow_sum import ROUNDING, pow_sum_reference
from .rolling_score import score_reference

da = installed("dask.array")


def cases(sizes: list[int]) -> Iterator[Case]:
    if not da:
        return
    n = 10 * max(sizes)
    for kind in ("normal", "prices"):
        yield rolling_score(kind, n)
    yield pow_sum(n)
    yield group_sum(n)


def chunked(x: np.ndarray) -> Any:
    return da.from_array(x, chunks=x.size // 10).persist(scheduler="synchronous")


def computed(collection: Any) -> Any:
    return collection.compute(scheduler="threads", num_workers=2)


def rolling_score(kind: str, n: int) -> Case:
    import numpy_ext.dask as nxd

    values = KINDS[kind](n)
    x = chunked(values)
    peers: dict[str, Call] = {
        OURS: lambda: computed(nxd.rolling_score(x)),
        "rechunked to one": lambda: computed(nx.rolling_score(x.rechunk(-1))),
        "each chunk by itself": lambda: computed(da.map_blocks(nx.rolling_score, x, dtype=float)),
    }
    name, differ = f"dask on 2 threads rolling_score {kind} n={n}", frozenset({"each chunk by itself"})
    return Case(name, n, lambda: score_reference(values), 0, peers, differ=differ)


def pow_sum(n: int) -> Case:
    import numpy_ext.dask as nxd

    values = normal(n)
    x = chunked(values)
    peers: dict[str, Call] = {
        OURS: lambda: computed(nxd.pow_sum(x, 1.5)),
        "Dask maximum": lambda: computed(da.sum(da.maximum(x, 1e-30) ** 1.5)),
    }
    return Case(
        f"dask on 2 threads pow_sum p=1.5 n={n}", n, lambda: pow_sum_reference(values, 1.5), ROUNDING, peers
    )


def group_sum(n: int, groups: int = 1000) -> Case:
    import numpy_ext.dask as nxd

    values = (normal(n) * 100).astype(np.int64)
    of_rows = np.random.default_rng(SEED).integers(0, groups, n)
    x, labels = chunked(values), chunked(of_rows)
    peers: dict[str, Call] = {
        OURS: lambda: computed(nxd.group_sum(x, labels, groups)),
        "da.bincount": lambda: computed(da.bincount(labels, weights=x, minlength=groups)).astype(np.int64),
    }
    expected = lambda: add_at(values, of_rows, np.zeros(groups, np.int64))  # noqa: E731
    return Case(f"dask on 2 threads group_sum {groups} groups int64 n={n}", n, expected, 0, peers)
