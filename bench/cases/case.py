"""What a case is: one operation on one input, done by numpy_ext and by its peers."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

OURS = "numpy_ext"

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One operation on one input. A result may be `ulps` from the expected one: 0 asks for the same bits."""

    name: str
    elements: int
    expected: Call
    ulps: float
    peers: dict[str, Call]
    reset: Call = lambda: None
    """Called before each check, for peers that change their input."""
    copy: Call | None = None
    """Copies as many bytes as the operation reads and writes at least: what memory allows at best."""
    differ: frozenset[str] = frozenset()
    """Peers known to compute something else. Any other that is not right is a mistake of the case."""
    values: Callable[[Any], Any] = np.asarray
    """Makes an array of what a call returns, for the check alone."""


def installed(name: str) -> ModuleType | None:
    """A package that peers come from; without it they are left out."""
    try:
        return import_module(name)
    except ImportError:
        return None


blas = installed("scipy.linalg.blas")
duckdb = installed("duckdb")
numba = installed("numba")
numbagg = installed("numbagg")
numexpr = installed("numexpr")
pandas = installed("pandas")
polars = installed("polars")
pyarrow = installed("pyarrow")

if numexpr:
    numexpr.set_num_threads(1)
if pyarrow:
    pyarrow.set_cpu_count(1)
