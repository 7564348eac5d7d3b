"""NumPy ufuncs and gufuncs whose inner loops are C."""

from ._config import show_config, test
from ._groups import group_mean
from ._power import add_power
from ._threads import get_num_threads, num_threads, set_num_threads
from ._ufuncs import *  # noqa: F403
from ._ufuncs import __all__ as _ufunc_names
from ._ufuncs import __version__ as __version__

__all__ = [
    *_ufunc_names,
    "add_power",
    "get_num_threads",
    "group_mean",
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
