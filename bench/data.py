"""The data of all benchmarks, the same in every run."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SEED = 20250101

LARGE = 10_000_000
SIZES = [1, 100_000, LARGE]
"""A call, in cache, in memory."""

MEMORY = ["float32", "float64", "int64"]
"""The dtypes whose peak memory is followed: a cast copy would show in one of them."""


def normal(n: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(SEED).normal(size=n)


def dtypes_of(ufunc: np.ufunc, operand: int = 0) -> list[str]:
    """Every dtype for which the ufunc has a loop."""
    return list(dict.fromkeys(np.dtype(types[operand]).name for types in ufunc.types))


def numbers(dtype: npt.DTypeLike, n: int) -> np.ndarray:
    """Of any dtype: they fit into one byte, and are positive where it has no sign."""
    values = 10 * normal(n)
    return (np.abs(values) if np.dtype(dtype).kind in "bu" else values).astype(dtype)


def uniform(n: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(SEED).random(n)


def with_zeros(n: int) -> npt.NDArray[np.float64]:
    """Divisors from 1 to 2, but a tenth of them zero, in no order."""
    return np.where(uniform(n) < 0.1, 0.0, 1 + uniform(n)[::-1])


def constant(n: int) -> npt.NDArray[np.float64]:
    return np.full(n, 100.0)


def falling(n: int) -> npt.NDArray[np.float64]:
    return -np.arange(n, dtype=float)


def prices(n: int) -> npt.NDArray[np.float64]:
    """A random walk of small steps around 100."""
    return 100 + np.cumsum(np.random.default_rng(SEED).normal(scale=0.1, size=n))


def dips(n: int) -> npt.NDArray[np.float64]:
    """
    Against guesses: a level with pairs of dips, each of which moves the score to the other phase of its
    period. A guess is wrong behind every pair, and does not meet the score before the next.
    """
    x = np.full(n, 100.0)
    places = np.cumsum(np.random.default_rng(SEED).integers(300, 1500, n // 300 + 1))
    for offset in (0, 1):
        x[places[places + offset < n] + offset] = 80.0
    return x


def random_labels(dtype: npt.DTypeLike, groups: int, n: int, order: str = "mixed") -> np.ndarray:
    labels = np.random.default_rng(SEED).integers(0, groups, n)
    return (np.sort(labels) if order == "sorted" else labels).astype(dtype)


RECORD = np.dtype([("time", "u8"), ("x", "f8"), ("y", "f8"), ("z", "f8")])


def track(n: int) -> np.ndarray:
    """Positions at times, as records."""
    records = np.empty(n, RECORD)
    records["time"] = np.arange(n)
    for axis in ("x", "y", "z"):
        records[axis] = normal(n)
    return records


KINDS: dict[str, Callable[[int], npt.NDArray[np.float64]]] = {
    "normal": normal,
    "uniform": uniform,
    "constant": constant,
    "falling": falling,
    "prices": prices,
    "dips": dips,
}
