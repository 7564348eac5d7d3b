import numpy as np

from ._config import show_config as show_config
from ._config import test as test

__version__: str

axpy: np.ufunc
pow_sum: np.ufunc
rolling_score: np.ufunc
rolling_score_by: np.ufunc
rolling_score_repair: np.ufunc
rolling_score_resume: np.ufunc
