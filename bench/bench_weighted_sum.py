import numpy as np

import numpy_ext as nx

from .data import normal


class WeightedSum:
    params = (["float64", "float32", "int64", "int8"], ["float64", "int64"], [1, 1_000, 100_000, 10_000_000])
    param_names = ("dtype of w", "dtype of x", "n")

    def setup(self, of_w, of_x, n):
        self.w = (normal(n) * 100).astype(of_w)
        self.x = (normal(n)[::-1] * 100).astype(of_x)

    def time_weighted_sum(self, of_w, of_x, n):
        nx.weighted_sum(self.w, self.x)

    def time_weighted_sum_resume(self, of_w, of_x, n):
        nx.weighted_sum_resume(self.w, self.x, 0.0, 0.0)

    def peakmem_weighted_sum(self, of_w, of_x, n):
        nx.weighted_sum(self.w, self.x)


class WeightedSumOfManySeries:
    params = (["float64", "int64"], [0, 1])
    param_names = ("dtype of w", "axis")

    def setup(self, of_w, axis):
        self.w = np.arange(1000).astype(of_w)
        self.x = normal(1_000_000).reshape(1000, 1000)

    def time_weighted_sum(self, of_w, axis):
        nx.weighted_sum(self.w, self.x, axis=axis)
