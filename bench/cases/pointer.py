"""Functions behind pointers, beside a loop in C over the same pointer, and beside Numba."""

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal
from .case import FLOATS, OURS, Call, Case, numba
from .compiled import C_NAMES, address, c_library
from .rolling_score import score_reference

if numba:
    pointer = numba.types.CPointer(numba.float64)
    sizes_and_distances = [numba.intp] * 3

    @numba.vectorize(["float64(float64, float64)"])
    def numba_trivial(x, y):
        return x * y + 1

    @numba.guvectorize(["void(float64[:], float64[:])"], "(n)->(n)")
    def numba_score_guvectorize(x, out):
        s = 0.0
        for i in range(x.size):
            s = s * 0.9 + x[i] if x[i] > s else s * 0.5
            out[i] = s

    @numba.cfunc(numba.void(pointer, pointer, *sizes_and_distances))
    def numba_score_pointer(x, out, n, dx, dout):
        s = 0.0
        for i in range(n):
            v = x[i * dx]
            s = s * 0.9 + v if v > s else s * 0.5
            out[i * dout] = s


def trivial_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x * y + x.dtype.type(1)


def cases(sizes: list[int]) -> Iterator[Case]:
    for dtype in FLOATS:
        library = c_library(C_NAMES[dtype])
        if library is None:
            return
        for n in sizes:
            yield element_by_element(library, dtype, n)
        yield of_two_types(library, dtype, sizes[-1])
    yield call()
    if numba:
        for n in sizes:
            yield recurrence(n)


def element_by_element(library: Any, dtype: np.dtype, n: int) -> Case:
    x = normal(n).astype(dtype)
    y, out = x[::-1].copy(), np.empty_like(x)
    ours = nx.from_pointer(library.trivial, f"{2 * dtype.char}->{dtype.char}")
    addresses = [address(array) for array in (x, y, out)]

    def plain() -> np.ndarray:
        library.call_trivial(library.trivial, *addresses, ctypes.c_size_t(n))
        return out

    peers: dict[str, Call] = {OURS: lambda: ours(x, y, out=out), "C loop over the pointer": plain}
    return Case(
        f"from_pointer float{8 * dtype.itemsize} n={n}", n, partial(trivial_reference, x, y), 0, peers
    )


def of_two_types(library: Any, dtype: np.dtype, n: int) -> Case:
    """A long beside a float: words in registers of both kinds."""
    x, count = normal(n).astype(dtype), np.arange(n) % 1000
    out = np.empty_like(x)
    ours = nx.from_pointer(library.times, f"l{dtype.char}->{dtype.char}")
    addresses = [address(array) for array in (count, x, out)]

    def plain() -> np.ndarray:
        library.call_times(library.times, *addresses, ctypes.c_size_t(n))
        return out

    peers: dict[str, Call] = {OURS: lambda: ours(count, x, out=out), "C loop over the pointer": plain}
    expected = partial(np.multiply, count.astype(dtype), x)
    return Case(f"from_pointer long and float{8 * dtype.itemsize} n={n}", n, expected, 0, peers)


def call() -> Case:
    """What a call costs: one element."""
    library = c_library("double")
    ours = nx.from_pointer(library.trivial, "dd->d")
    x = np.array([2.0])
    peers: dict[str, Call] = {OURS: lambda: ours(x, x), "np.add": lambda: np.add(x, x)}
    if numba:
        peers["Numba vectorize"] = lambda: numba_trivial(x, x)
    return Case("from_pointer call n=1", 1, lambda: np.array([5.0]), 0, peers, differ=frozenset({"np.add"}))


def recurrence(n: int) -> Case:
    """The same Python, compiled by Numba, as a pointer and as Numba's own gufunc."""
    x = normal(n)
    out = np.empty_like(x)
    ours = nx.from_pointer(numba_score_pointer, "d->d", signature="(n)->(n)")
    peers: dict[str, Call] = {
        OURS: lambda: ours(x, out=out),
        "Numba guvectorize": lambda: numba_score_guvectorize(x, out),
    }
    return Case(f"from_pointer Numba recurrence n={n}", n, partial(score_reference, x), 0, peers)
