"""NumPy ufuncs and gufuncs whose inner loops are C."""

import importlib
from typing import Any

from . import _pickling as _pickling
from . import records as records
from ._config import show_config, test
from ._groups import group_mean
from ._pointer import from_pointer
from ._power import add_power
from ._threads import get_num_threads, num_threads, set_num_threads
from ._ufuncs import *  # noqa: F403
from ._ufuncs import __all__ as _ufunc_names
from ._ufuncs import __version__ as __version__
from .containers import lift

__all__ = [
    *_ufunc_names,
    "add_power",
    "from_pointer",
    "get_num_threads",
    "group_mean",
    "lift",
    "num_threads",
    "set_num_threads",
    "show_config",
    "test",
]

for _name in _ufunc_names:
    try:
        globals()[_name].__module__ = __name__
    except AttributeError:  # NumPy before 2.3: attributes of a ufunc cannot be set
        break


def __getattr__(name: str) -> Any:
    if name in {"dask", "stream", "testing"}:  # they import more than NumPy
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
