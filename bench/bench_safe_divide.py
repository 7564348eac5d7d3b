import numpy as np

import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, numbers, with_zeros


class SafeDivide:
    params = (dtypes_of(nx.safe_divide), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)
        self.y = with_zeros(n).astype(dtype)

    def time_safe_divide(self, dtype, n):
        nx.safe_divide(self.x, self.y)

    def time_divide_or(self, dtype, n):
        nx.divide_or(self.x, self.y, 0)


class Layouts:
    params = (["float32", "float64"], SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)
        self.y = with_zeros(n).astype(dtype)
        self.fill = self.x[::-1].copy()
        self.out = np.empty_like(self.x)
        self.strided = np.repeat(self.y, 2)[::2]

    def time_fill_of_each(self, dtype, n):
        nx.divide_or(self.x, self.y, self.fill)

    def time_into_out(self, dtype, n):
        nx.safe_divide(self.x, self.y, out=self.out)

    def time_scalar_y(self, dtype, n):
        nx.safe_divide(self.x, self.x.dtype.type(3))

    def time_strided(self, dtype, n):
        nx.safe_divide(self.x, self.strided)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)
        self.y = with_zeros(LARGE).astype(dtype)

    def peakmem_safe_divide(self, dtype):
        nx.safe_divide(self.x, self.y)

    def peakmem_divide_or(self, dtype):
        nx.divide_or(self.x, self.y, 0)
