"""a*x + y, into a new array and in place."""

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal
from .case import FLOATS, OURS, Call, Case, blas, numba, numexpr
from .compiled import address, compiled_peers

if numba:

    @numba.njit
    def numba_axpy(a, x, y):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = a * x[i] + y[i]
        return out

    @numba.njit
    def numba_axpy_in_place(a, x, y):
        for i in range(x.size):
            y[i] = a * x[i] + y[i]

    @numba.vectorize
    def numba_axpy_vectorize(a, x, y):
        return a * x + y


def a_x_plus_y(a: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return a * x + y


def cases(sizes: list[int]) -> Iterator[Case]:
    for dtype in (*FLOATS, np.dtype(np.int64)):
        for n in sizes:
            yield new_array(dtype, n)
    for dtype in FLOATS:
        for n in sizes:
            yield in_place(dtype, n)
    yield call()


def new_array(dtype: np.dtype, n: int) -> Case:
    x, a = (100 * normal(n)).astype(dtype), dtype.type(3.3)
    y = x[::-1].copy()

    def compiled(function: Any, c_type: Any) -> Call:
        def call() -> np.ndarray:
            out = np.empty_like(x)
            function(c_type(a), address(x), address(y), address(out), ctypes.c_size_t(n))
            return out

        return call

    peers: dict[str, Call] = {OURS: lambda: nx.axpy(a, x, y), "NumPy a*x + y": lambda: a * x + y}
    if numba:
        peers["Numba njit"] = lambda: numba_axpy(a, x, y)
        peers["Numba vectorize"] = lambda: numba_axpy_vectorize(a, x, y)
    if numexpr:
        peers["numexpr"] = lambda: numexpr.evaluate("a*x + y", {"a": a, "x": x, "y": y})
    peers |= compiled_peers("axpy", dtype, compiled)
    return Case(f"axpy {dtype} n={n}", n, partial(a_x_plus_y, a, x, y), 0, peers)


def in_place(dtype: np.dtype, n: int) -> Case:
    x, a = normal(n).astype(dtype), dtype.type(0.3)
    start = x[::-1].copy()
    y, product = start.copy(), np.empty_like(x)

    def compiled(function: Any, c_type: Any) -> Call:
        def call() -> np.ndarray:
            function(c_type(a), address(x), address(y), address(y), ctypes.c_size_t(n))
            return y

        return call

    def in_numpy() -> np.ndarray:
        np.multiply(a, x, out=product)
        return np.add(product, y, out=y)

    peers: dict[str, Call] = {OURS: lambda: nx.axpy(a, x, y, out=y), "NumPy two steps": in_numpy}
    if blas:
        routine = blas.saxpy if dtype == np.float32 else blas.daxpy
        peers["BLAS"] = lambda: routine(x, y, a=a)
    if numba:
        peers["Numba njit"] = lambda: (numba_axpy_in_place(a, x, y), y)[1]
    if numexpr:
        peers["numexpr"] = lambda: numexpr.evaluate("a*x + y", {"a": a, "x": x, "y": y}, out=y)
    peers |= compiled_peers("axpy", dtype, compiled)
    expected = partial(a_x_plus_y, a, x, start)
    reset, fused = partial(np.copyto, y, start), frozenset({"BLAS"})
    return Case(f"axpy in place {dtype} n={n}", n, expected, 0, peers, reset, differ=fused)


def call() -> Case:
    """What a call costs: a single element."""
    one, out = np.ones(1), np.empty(1)
    peers: dict[str, Call] = {
        OURS: lambda: nx.axpy(2.0, one, one, out=out),
        "np.add twice": lambda: np.add(np.add(one, one, out=out), one, out=out),
    }
    if numba:
        peers["Numba vectorize"] = lambda: numba_axpy_vectorize(2.0, one, one)
    return Case("axpy call n=1", 1, lambda: np.array([3.0]), 0, peers)
