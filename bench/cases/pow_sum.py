"""Sums of powers: of one series and of many, of absolute values, running, and from a state."""

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal
from .case import FLOATS, OURS, Call, Case, numba
from .compiled import address, compiled_peers

# Plain sums may be off by rounding; a peer that is off by more computes something else.
ROUNDING = 4096

if numba:

    def pow_sum_loop(x, p):
        total = 0.0
        for i in range(x.size):
            if x[i] > 0:
                total += x[i] ** p
        return total

    numba_pow_sum = numba.njit(pow_sum_loop)
    numba_pow_sum_fastmath = numba.njit(fastmath=True)(pow_sum_loop)

    def multiplied_sum(product):
        """The power written as a product, as one does for speed."""

        @numba.njit(fastmath=True)
        def loop(x):
            total = 0.0
            for i in range(x.size):
                if x[i] > 0:
                    total += product(x[i])
            return total

        return loop

    numba_multiplied = {
        0.5: multiplied_sum(numba.njit(lambda v: np.sqrt(v))),
        1.5: multiplied_sum(numba.njit(lambda v: v * np.sqrt(v))),
        2.0: multiplied_sum(numba.njit(lambda v: v * v)),
        3.0: multiplied_sum(numba.njit(lambda v: v * v * v)),
    }

    @numba.njit
    def numba_abs_pow_sum(x, p):
        total = 0.0
        for i in range(x.size):
            total += abs(x[i]) ** p
        return total

    @numba.njit
    def numba_cum_pow_sum(x, p):
        out, total = np.empty_like(x), 0.0
        for i in range(x.size):
            if x[i] > 0:
                total += x[i] ** p
            out[i] = total
        return out


def pow_sum_reference(x: np.ndarray, p: Any, axis: int | None = None) -> Any:
    """In long double."""
    powers = np.maximum(x, 0).astype(np.longdouble) ** np.longdouble(p)
    return np.sum(powers, axis=axis).astype(x.dtype)


def cum_pow_sum_reference(x: np.ndarray, p: Any) -> np.ndarray:
    """In long double."""
    powers = np.maximum(x, 0).astype(np.longdouble) ** np.longdouble(p)
    return np.cumsum(powers).astype(x.dtype)


def numpy_dot(x: np.ndarray) -> Any:
    positive = np.maximum(x, 0)
    return np.dot(positive, positive)


def cases(sizes: list[int]) -> Iterator[Case]:
    for dtype in FLOATS:
        for p in (0.5, 1.5, 2.0, 2.37, 3.0):
            for n in sizes:
                yield one_series(dtype, p, n)
    side = 4000 if max(sizes) >= 1_000_000 else 400
    x = normal(side * side).reshape(side, side)
    for p in (1.5, 2.0, 2.37, 3.0):
        for axis in (1, 0):
            yield many_series(x, p, axis)
    for p in (1.5, 2.37):
        x = normal(max(sizes))
        yield from_a_state(x, p)
        yield absolute(x, p)
        yield absolute_from_a_state(x, p)
        yield running(x, p)


def one_series(dtype: np.dtype, p: float, n: int) -> Case:
    x, exponent, tiny = normal(n).astype(dtype), dtype.type(p), np.finfo(dtype).tiny

    def compiled(function: Any, _type: Any) -> Call:
        function.restype = ctypes.c_double
        return lambda: function(address(x), ctypes.c_double(float(exponent)), ctypes.c_size_t(n))

    peers: dict[str, Call] = {
        OURS: lambda: nx.pow_sum(x, exponent),
        "NumPy masked": lambda: np.sum(x[x > 0] ** exponent),
        "NumPy maximum": lambda: np.sum(np.maximum(x, tiny) ** exponent),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_pow_sum(x, exponent)
        peers["Numba fastmath"] = lambda: numba_pow_sum_fastmath(x, exponent)
        if p in numba_multiplied:
            peers["Numba product"] = lambda: numba_multiplied[p](x)
    if p == 2.0:
        peers["NumPy dot"] = lambda: numpy_dot(x)
    peers |= compiled_peers("pow_sum", dtype, compiled)
    name, copy = f"pow_sum p={p} {dtype} n={n}", x[: n // 2].copy if n >= 1_000_000 else None
    return Case(name, n, partial(pow_sum_reference, x, exponent), ROUNDING, peers, copy=copy)


def many_series(x: np.ndarray, p: float, axis: int) -> Case:
    rows, columns = x.shape
    peers: dict[str, Call] = {
        OURS: lambda: nx.pow_sum(x, p, axis=axis),
        "NumPy maximum": lambda: np.sum(np.maximum(x, 1e-30) ** p, axis=axis),
    }
    expected = partial(pow_sum_reference, x, p, axis)
    return Case(f"pow_sum {rows}x{columns} p={p} axis={axis}", x.size, expected, 1e9, peers)


def from_a_state(x: np.ndarray, p: float) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.pow_sum_resume(x, p, 0.0, 0.0)[0],
        "NumPy maximum": lambda: np.sum(np.maximum(x, 1e-30) ** p),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_pow_sum(x, p)
    expected = partial(pow_sum_reference, x, p)
    return Case(f"pow_sum_resume p={p} float64 n={x.size}", x.size, expected, ROUNDING, peers)


def absolute(x: np.ndarray, p: float) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.abs_pow_sum(x, p),
        "NumPy abs(x)**p": lambda: np.sum(np.abs(x) ** p),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_abs_pow_sum(x, p)
    expected = partial(pow_sum_reference, np.abs(x), p)
    return Case(f"abs_pow_sum p={p} float64 n={x.size}", x.size, expected, ROUNDING, peers)


def absolute_from_a_state(x: np.ndarray, p: float) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.abs_pow_sum_resume(x, p, 0.0, 0.0)[0],
        "NumPy abs(x)**p": lambda: np.sum(np.abs(x) ** p),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_abs_pow_sum(x, p)
    expected = partial(pow_sum_reference, np.abs(x), p)
    return Case(f"abs_pow_sum_resume p={p} float64 n={x.size}", x.size, expected, ROUNDING, peers)


def running(x: np.ndarray, p: float) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.cum_pow_sum(x, p),
        "NumPy cumsum": lambda: np.cumsum(np.maximum(x, 0) ** p),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_cum_pow_sum(x, p)
    expected = partial(cum_pow_sum_reference, x, p)
    return Case(f"cum_pow_sum p={p} float64 n={x.size}", x.size, expected, ROUNDING, peers)
