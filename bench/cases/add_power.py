"""Sums of powers with the options of np.sum: along an axis, and of the values of a mask."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal
from .case import OURS, Call, Case

COLUMNS = 1000


def reference(x: np.ndarray, p: float, axis: int | None, mask: Any) -> Any:
    """In long double."""
    powers = np.maximum(x, 0).astype(np.longdouble) ** np.longdouble(p)
    return np.sum(powers, axis=axis, where=mask).astype(x.dtype)


def cases(sizes: list[int]) -> Iterator[Case]:
    rows = max(1, max(sizes) // COLUMNS)
    x = normal(rows * COLUMNS).reshape(rows, COLUMNS)
    mask = np.random.default_rng(0).random(x.shape) < 0.5
    for p in (1.5, 2.0):
        for axis in (None, 0, 1):
            yield reduction(x, p, axis, True, f"add_power({p}).reduce axis={axis} n={x.size}")
        yield reduction(x, p, None, mask, f"add_power({p}).reduce where=mask n={x.size}")


def reduction(x: np.ndarray, p: float, axis: int | None, mask: Any, name: str) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.add_power(p).reduce(x, axis=axis, where=mask),
        "NumPy maximum": lambda: np.sum(np.maximum(x, 1e-30) ** p, axis=axis, where=mask),
    }
    return Case(name, x.size, partial(reference, x, p, axis, mask), 4096, peers)
