import numpy as np

import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, normal, numbers


class WeightedSum:
    params = (dtypes_of(nx.weighted_sum), ["float64", "int64"], SIZES)
    param_names = ("dtype of w", "dtype of x", "n")

    def setup(self, of_w, of_x, n):
        self.w = numbers(of_w, n)
        self.x = numbers(of_x, n)[::-1].copy()

    def time_weighted_sum(self, of_w, of_x, n):
        nx.weighted_sum(self.w, self.x)

    def time_weighted_sum_resume(self, of_w, of_x, n):
        nx.weighted_sum_resume(self.w, self.x, 0.0, 0.0)


class ManySeries:
    params = (["float64", "int64"], [0, 1])
    param_names = ("dtype of w", "axis")

    def setup(self, of_w, axis):
        self.w = np.arange(1000).astype(of_w)
        self.x = normal(1_000_000).reshape(1000, 1000)

    def time_weighted_sum(self, of_w, axis):
        nx.weighted_sum(self.w, self.x, axes=[0, axis, ()])


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.w = numbers(dtype, LARGE)
        self.x = numbers(float, LARGE)

    def peakmem_weighted_sum(self, dtype):
        nx.weighted_sum(self.w, self.x)
