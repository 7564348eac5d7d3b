from . import dask as dask
from . import plugins as plugins
from . import records as records
from . import stream as stream
from . import testing as testing
from ._config import get_include as get_include
from ._config import show_config as show_config
from ._config import test as test
from ._groups import group_mean as group_mean
from ._pointer import from_pointer as from_pointer
from ._threads import get_num_threads as get_num_threads
from ._threads import num_threads as num_threads
from ._threads import set_num_threads as set_num_threads
from ._ufuncs import *
from ._ufuncs import _PowerTotal
from .containers import lift as lift

__version__: str

def add_power(p: float, absolute: bool = False) -> _PowerTotal: ...
