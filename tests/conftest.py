"""What is under test, printed above every run."""

import os

import numpy as np
from hypothesis import HealthCheck, settings

import numpy_ext as nx

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_report_header() -> str:
    folder = os.path.dirname(nx._ufuncs.__file__)
    return (
        f"numpy_ext {nx.__version__} at level {nx._ufuncs.cpu_level}, from {folder}; NumPy {np.__version__}"
    )
