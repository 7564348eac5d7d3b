"""NumPy ufuncs and gufuncs whose inner loops are C."""

import importlib
from typing import Any

from . import _pickling as _pickling
from . import _ufuncs
from ._config import get_include, show_config, test
from ._groups import group_mean
from ._power import add_power
from ._signatures import introduce
from ._threads import get_num_threads, num_threads, set_num_threads
from ._ufuncs import __all__ as _ufunc_names
from ._ufuncs import __version__ as __version__

# Imported on demand, since an import should take no time that is not needed.
_modules = {"dask", "plugins", "records", "stream", "testing"}
_functions = {"from_pointer": "_pointer", "lift": "containers"}

__all__ = [
    *_ufunc_names,
    *_functions,
    "add_power",
    "get_include",
    "get_num_threads",
    "group_mean",
    "num_threads",
    "set_num_threads",
    "show_config",
    "test",
]


def __dir__() -> list[str]:
    return [*__all__, *_modules, *(name for name in globals() if name.startswith("__"))]


def __getattr__(name: str) -> Any:
    if name in _modules:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _functions:
        found = getattr(importlib.import_module(f"{__name__}.{_functions[name]}"), name)
    elif name in _ufunc_names:
        found = getattr(_ufuncs, name)
        introduce(found, __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found
