"""The rolling score of one series and of many, from a state, repaired, and called for a few values."""

import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import KINDS, normal
from .case import FLOATS, OURS, Call, Case, numba
from .compiled import address, compiled_peers
from .least_gufunc import least_gufunc

if numba:

    @numba.njit
    def numba_score_into(x, rise, fall, zero, out):
        s = zero
        for i in range(x.size):
            v = x[i]
            s = s * rise + v if v > s else s * fall
            out[i] = s

    @numba.njit
    def numba_score(x, rise, fall, zero):
        out = np.empty_like(x)
        numba_score_into(x, rise, fall, zero, out)
        return out

    @numba.guvectorize(["f4[:],f4,f4,f4,f4[:]", "f8[:],f8,f8,f8,f8[:]"], "(n),(),(),()->(n)")
    def numba_score_guvectorize(x, rise, fall, zero, out):
        numba_score_into(x, rise, fall, zero, out)

    @numba.njit
    def numba_repair(x, scores, rise, fall, state):
        out, s = scores.copy(), state
        for i in range(x.size):
            v = x[i]
            s = s * rise + v if v > s else s * fall
            if s == scores[i]:
                break
            out[i] = s
        return out


def python_score(x: np.ndarray) -> np.ndarray:
    """The recurrence as one writes it in Python; float64."""
    s, out = 0.0, []
    for v in x.tolist():
        s = s * 0.9 + v if v > s else s * 0.5
        out.append(s)
    return np.array(out)


def score_reference(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """The recurrence along an axis, step by step, in the precision of x, all series at once."""
    if x.ndim == 1 and x.dtype == np.float64:
        return python_score(x)
    rise, fall = x.dtype.type(0.9), x.dtype.type(0.5)
    values, out = np.moveaxis(x, axis, 0), np.empty_like(x)
    scores, s = np.moveaxis(out, axis, 0), np.zeros(values.shape[1:], x.dtype)
    for i, v in enumerate(values):
        scores[i] = s = np.where(v > s, s * rise + v, s * fall)
    return out


def parameters(dtype: np.dtype) -> tuple[Any, Any, Any]:
    """rise, fall and the first state."""
    return dtype.type(0.9), dtype.type(0.5), dtype.type(0)


def cases(sizes: list[int]) -> Iterator[Case]:
    for dtype in FLOATS:
        for kind, make in KINDS.items():
            for n in sizes:
                yield one_series(kind, make, dtype, n)
    for dtype in FLOATS:
        for axis in (1, 0):
            yield many_series(dtype, axis, 1000, max(1, max(sizes) // 100))
    for kind in ("normal", "prices"):
        yield from_a_state(kind, max(sizes))
        yield repair(kind, max(sizes))
    for n in (1, 4, 16):
        yield call(n)


def one_series(kind: str, make: Callable[[int], np.ndarray], dtype: np.dtype, n: int) -> Case:
    x = make(n).astype(dtype)

    def compiled(function: Any, _type: Any) -> Call:
        def call() -> np.ndarray:
            out = np.empty_like(x)
            function(address(x), address(out), ctypes.c_size_t(n))
            return out

        return call

    peers: dict[str, Call] = {OURS: lambda: nx.rolling_score(x)}
    if numba:
        peers["Numba njit"] = lambda: numba_score(x, *parameters(dtype))
        peers["Numba guvectorize"] = lambda: numba_score_guvectorize(x, *parameters(dtype))
    peers |= compiled_peers("rolling_score", dtype, compiled)
    if dtype == np.float64 and n <= 1000:
        peers["Python"] = lambda: python_score(x)
    name, copy = f"rolling_score {kind} {dtype} n={n}", x.copy if n >= 1_000_000 else None
    return Case(name, n, partial(score_reference, x), 0, peers, copy=copy)


def many_series(dtype: np.dtype, axis: int, rows: int, columns: int) -> Case:
    x = normal(rows * columns).reshape(rows, columns).astype(dtype)

    def compiled(function: Any, _type: Any) -> Call:
        def call() -> np.ndarray:
            out = np.empty_like(x)
            function(address(x), address(out), ctypes.c_size_t(rows), ctypes.c_size_t(columns))
            return out

        return call

    peers: dict[str, Call] = {OURS: lambda: nx.rolling_score(x, axis=axis)}
    if numba:
        axes = [axis, (), (), (), axis]
        peers["Numba guvectorize"] = lambda: numba_score_guvectorize(x, *parameters(dtype), axes=axes)
    function = "rolling_score_rows" if axis == 1 else "rolling_score_columns"
    peers |= compiled_peers(function, dtype, compiled)
    name = f"rolling_score {rows}x{columns} {dtype} axis={axis}"
    return Case(name, x.size, partial(score_reference, x, axis), 0, peers, copy=x.copy)


def from_a_state(kind: str, n: int) -> Case:
    x = KINDS[kind](n)
    peers: dict[str, Call] = {OURS: lambda: nx.rolling_score_resume(x, 0.9, 0.5, 0.0)[0]}
    if numba:
        peers["Numba njit"] = lambda: numba_score(x, 0.9, 0.5, 0.0)
    return Case(f"rolling_score_resume {kind} float64 n={n}", n, partial(score_reference, x), 0, peers)


def repair(kind: str, n: int) -> Case:
    """Scores from a wrong state. What differs is short as a rule: the rest is a copy."""
    x = KINDS[kind](n)
    wrong, _ = nx.rolling_score_resume(x, 0.9, 0.5, 1e9)
    peers: dict[str, Call] = {OURS: lambda: nx.rolling_score_repair(x, wrong, 0.9, 0.5, 0.0)[0]}
    if numba:
        peers["Numba until they meet"] = lambda: numba_repair(x, wrong, 0.9, 0.5, 0.0)
        peers["Numba from the start"] = lambda: numba_score(x, 0.9, 0.5, 0.0)
    return Case(f"rolling_score_repair {kind} float64 n={n}", n, partial(score_reference, x), 0, peers)


def call(n: int) -> Case:
    """What a call costs: a few elements."""
    x, least = normal(n), least_gufunc()
    peers: dict[str, Call] = {OURS: lambda: nx.rolling_score(x)}
    if least:
        peers["least gufunc"] = lambda: least(x)
    if numba:
        peers["Numba guvectorize"] = lambda: numba_score_guvectorize(x, 0.9, 0.5, 0.0)
    return Case(f"rolling_score call n={n}", 1, partial(score_reference, x), np.inf, peers)
