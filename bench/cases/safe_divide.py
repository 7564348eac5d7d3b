"""x / y, and NaN or a value of choice where y is zero."""

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal, with_zeros
from .case import FLOATS, OURS, Call, Case, numba, numexpr
from .compiled import address, compiled_peers

if numba:

    @numba.njit(error_model="numpy")  # else it looks for zeros once more, to raise ZeroDivisionError
    def numba_divide_or(x, y, fill):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = x[i] / y[i] if y[i] != 0 else fill
        return out

    @numba.vectorize
    def numba_divide_or_vectorize(x, y, fill):
        return x / y if y != 0 else fill


def quotients(x: np.ndarray, y: np.ndarray, fill: Any) -> np.ndarray:
    out = np.full_like(x, fill)
    out[y != 0] = x[y != 0] / y[y != 0]
    return out


def numpy_silenced(x: np.ndarray, y: np.ndarray, fill: Any) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y != 0, x / y, fill)


def cases(sizes: list[int]) -> Iterator[Case]:
    for dtype in FLOATS:
        for n in sizes:
            yield division(nx.safe_divide, dtype.type(np.nan), dtype, n)
            yield division(nx.divide_or, dtype.type(0), dtype, n)


def division(ours: np.ufunc, fill: Any, dtype: np.dtype, n: int) -> Case:
    x, y = normal(n).astype(dtype), with_zeros(n).astype(dtype)
    operands = (x, y, fill)[: ours.nin]

    def compiled(function: Any, c_type: Any) -> Call:
        def call() -> np.ndarray:
            out = np.empty_like(x)
            function(address(x), address(y), c_type(fill), address(out), ctypes.c_size_t(n))
            return out

        return call

    peers: dict[str, Call] = {
        OURS: lambda: ours(*operands),
        "NumPy where=": lambda: np.divide(x, y, out=np.full_like(x, fill), where=y != 0),
        "NumPy errstate": lambda: numpy_silenced(x, y, fill),
    }
    if numba:
        peers["Numba njit"] = lambda: numba_divide_or(x, y, fill)
        peers["Numba vectorize"] = lambda: numba_divide_or_vectorize(x, y, fill)
    if numexpr:
        names = {"x": x, "y": y, "fill": fill}
        peers["numexpr"] = lambda: numexpr.evaluate("where(y != 0, x / y, fill)", names)
    peers |= compiled_peers("divide_or", dtype, compiled)
    return Case(f"{ours.__name__} {dtype} n={n}", n, partial(quotients, x, y, fill), 0, peers)
