"""The data of all benchmarks, the same in every run."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SEED = 20250101


def normal(n: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(SEED).normal(size=n)


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
