"""
Series of any length, batch by batch: from files, frames, arrays and iterators, in bounded memory.

`scan` names a source, the methods of a `Stream` say what to do with its batches, and nothing is read before a
result is asked for. A `State` continues a computation in another run.
"""

try:
    import pyarrow as _pyarrow  # noqa: F401
except ModuleNotFoundError:
    raise ImportError(
        "numpy_ext.stream needs pyarrow: pip install 'numpy-ext-ufuncs[arrow]'", name="pyarrow"
    ) from None

from ._state import State
from ._stream import Stream, scan

__all__ = ["State", "Stream", "scan"]

for _public in (State, Stream, scan):
    _public.__module__ = __name__


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
