"""Two threads, beside one thread, Numba's two, and two threads that copy as many bytes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal
from .axpy import a_x_plus_y
from .case import OURS, Call, Case, numba
from .pow_sum import ROUNDING, pow_sum_reference
from .rolling_score import score_reference

if numba:

    @numba.njit(parallel=True)
    def numba_axpy_parallel(a, x, y):
        for i in numba.prange(x.size):
            y[i] = a * x[i] + y[i]

    @numba.njit(parallel=True)
    def numba_pow_sum_parallel(x, p):
        total = 0.0
        for i in numba.prange(x.size):
            if x[i] > 0:
                total += x[i] ** p
        return total


two_threads = ThreadPoolExecutor(2)


def copy_on_two_threads(source: np.ndarray, target: np.ndarray) -> None:
    middle = source.size // 2
    for half in [
        two_threads.submit(np.copyto, target[part], source[part])
        for part in (slice(middle), slice(middle, None))
    ]:
        half.result()


def copying(n: int, moved: int) -> Call:
    """`moved` are the bytes that the operation reads or writes for each of n elements."""
    return partial(copy_on_two_threads, np.zeros(n * moved // 16), np.zeros(n * moved // 16))


def on_threads(n: int, call: Call) -> Call:
    def on() -> Any:
        with nx.num_threads(n):
            return call()

    return on


def ours_on_threads(call: Call) -> dict[str, Call]:
    return {OURS: on_threads(2, call), "numpy_ext, 1 thread": on_threads(1, call)}


def cases(sizes: list[int]) -> Iterator[Case]:
    if numba:
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    for n in sizes:
        yield axpy_in_place(n)
        yield rolling_score(n)
        yield pow_sum(n)


def axpy_in_place(n: int) -> Case:
    x = normal(n)
    start = x[::-1].copy()
    y = start.copy()
    peers = ours_on_threads(lambda: nx.axpy(0.3, x, y, out=y))
    if numba:
        peers["Numba parallel"] = lambda: (numba_axpy_parallel(0.3, x, y), y)[1]
    expected, reset = partial(a_x_plus_y, 0.3, x, start), partial(np.copyto, y, start)
    return Case(f"2 threads axpy in place n={n}", n, expected, 0, peers, reset, copying(n, 24))


def rolling_score(n: int) -> Case:
    x = normal(n)
    out = np.empty_like(x)
    peers = ours_on_threads(lambda: nx.rolling_score(x, out=out))
    name, expected = f"2 threads rolling_score into out n={n}", partial(score_reference, x)
    return Case(name, n, expected, 0, peers, copy=copying(n, 16))


def pow_sum(n: int) -> Case:
    x = normal(n)
    peers = ours_on_threads(lambda: nx.pow_sum(x, 1.5))
    if numba:
        peers["Numba parallel"] = lambda: numba_pow_sum_parallel(x, 1.5)
    name, expected = f"2 threads pow_sum p=1.5 n={n}", partial(pow_sum_reference, x, 1.5)
    return Case(name, n, expected, ROUNDING, peers, copy=copying(n, 8))
