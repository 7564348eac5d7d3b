import numpy as np

import numpy_ext as nx

from .data import normal


class PowSum:
    params = (
        ["float32", "float64", "int64"],
        [0.5, 1.0, 1.5, 2.0, 2.37, 2.5, 3.0, 4.0],
        [1, 16, 1_000, 100_000, 1_000_000],
    )
    param_names = ("dtype", "p", "n")

    def setup(self, dtype, p, n):
        self.x = (normal(n) * 100).astype(dtype)
        self.strided = np.repeat(self.x, 2)[::2]

    def time_pow_sum(self, dtype, p, n):
        nx.pow_sum(self.x, p)

    def time_abs_pow_sum(self, dtype, p, n):
        nx.abs_pow_sum(self.x, p)

    def time_cum_pow_sum(self, dtype, p, n):
        nx.cum_pow_sum(self.x, p)

    def time_pow_sum_resume(self, dtype, p, n):
        nx.pow_sum_resume(self.x, p, 0.0, 0.0)

    def time_abs_pow_sum_resume(self, dtype, p, n):
        nx.abs_pow_sum_resume(self.x, p, 0.0, 0.0)

    def time_strided(self, dtype, p, n):
        nx.pow_sum(self.strided, p)

    def peakmem_pow_sum(self, dtype, p, n):
        nx.pow_sum(self.x, p)


class PowSumOfManySeries:
    params = (["float32", "float64"], [0, 1])
    param_names = ("dtype", "axis")

    def setup(self, dtype, axis):
        self.x = normal(1_000_000).reshape(1000, 1000).astype(dtype)

    def time_pow_sum(self, dtype, axis):
        nx.pow_sum(self.x, 1.5, axis=axis)
