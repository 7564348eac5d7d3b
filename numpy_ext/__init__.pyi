import numpy as np

from . import dask as dask
from . import records as records
from . import stream as stream
from . import testing as testing
from ._config import show_config as show_config
from ._config import test as test
from ._groups import group_mean as group_mean
from ._pointer import from_pointer as from_pointer
from ._power import add_power as add_power
from ._threads import get_num_threads as get_num_threads
from ._threads import num_threads as num_threads
from ._threads import set_num_threads as set_num_threads
from .containers import lift as lift

__version__: str

abs_pow_sum: np.ufunc
abs_pow_sum_resume: np.ufunc
axpy: np.ufunc
cum_pow_sum: np.ufunc
divide_or: np.ufunc
group_count: np.ufunc
group_sum: np.ufunc
pow_sum: np.ufunc
pow_sum_resume: np.ufunc
rolling_score: np.ufunc
rolling_score_by: np.ufunc
rolling_score_repair: np.ufunc
rolling_score_resume: np.ufunc
safe_divide: np.ufunc
weighted_sum: np.ufunc
weighted_sum_resume: np.ufunc
