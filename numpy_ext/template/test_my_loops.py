import my_loops
import numpy as np

from numpy_ext.testing import check_ufunc


def root(x):
    """What is right: called with one number of NumPy, of the dtype of the input."""
    value = x if isinstance(x, np.floating) else np.float64(x)
    return np.sqrt(value * value + value)


def test_root():
    check_ufunc(my_loops.root, root)
