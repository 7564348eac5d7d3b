"""
The functions whose core dimension spans the chunks of a Dask array or the partitions of a Dask DataFrame.

All are lazy, none joins chunks, and the result depends neither on the scheduler nor on the number of workers.
It needs Dask (``pip install 'numpy-ext-ufuncs[dask]'``), and is imported by name: ``import numpy_ext.dask``.
"""

try:
    import dask.array as _array  # noqa: F401
except ModuleNotFoundError:
    raise ImportError("numpy_ext.dask needs Dask: pip install 'numpy-ext-ufuncs[dask]'") from None

from ._groups import group_count, group_mean, group_sum
from ._score import rolling_score
from ._sums import abs_pow_sum, pow_sum, weighted_sum

__all__ = [
    "abs_pow_sum",
    "group_count",
    "group_mean",
    "group_sum",
    "pow_sum",
    "rolling_score",
    "weighted_sum",
]


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
