import numpy as np

import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, normal, numbers


class PowSum:
    params = (dtypes_of(nx.pow_sum), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)

    def time_pow_sum(self, dtype, n):
        nx.pow_sum(self.x, 1.5)

    def time_pow_sum_resume(self, dtype, n):
        nx.pow_sum_resume(self.x, 1.5, 0.0, 0.0)

    def time_cum_pow_sum(self, dtype, n):
        nx.cum_pow_sum(self.x, 1.5)


class AbsPowSum:
    params = (dtypes_of(nx.abs_pow_sum), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)

    def time_abs_pow_sum(self, dtype, n):
        nx.abs_pow_sum(self.x, 1.5)

    def time_abs_pow_sum_resume(self, dtype, n):
        nx.abs_pow_sum_resume(self.x, 1.5, 0.0, 0.0)


class Exponents:
    params = (["float32", "float64", "int64"], [0.5, 1.0, 1.5, 2.0, 2.37, 2.5, 3.0, 4.0], [1, 100_000])
    param_names = ("dtype", "p", "n")

    def setup(self, dtype, p, n):
        self.x = numbers(dtype, n)

    def time_pow_sum(self, dtype, p, n):
        nx.pow_sum(self.x, p)

    def time_abs_pow_sum(self, dtype, p, n):
        nx.abs_pow_sum(self.x, p)


class Layouts:
    params = (["float32", "float64"],)
    param_names = ("dtype",)

    def setup(self, dtype):
        x = normal(1_000_000).astype(dtype)
        self.strided = np.repeat(x, 2)[::2]
        self.series = x.reshape(1000, 1000)

    def time_strided(self, dtype):
        nx.pow_sum(self.strided, 1.5)

    def time_rows(self, dtype):
        nx.pow_sum(self.series, 1.5)

    def time_columns(self, dtype):
        nx.pow_sum(self.series, 1.5, axis=0)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)

    def peakmem_pow_sum(self, dtype):
        nx.pow_sum(self.x, 1.5)

    def peakmem_abs_pow_sum(self, dtype):
        nx.abs_pow_sum(self.x, 1.5)

    def peakmem_cum_pow_sum(self, dtype):
        nx.cum_pow_sum(self.x, 1.5)
