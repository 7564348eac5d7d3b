import numpy as np

import numpy_ext as nx

from .data import normal, with_zeros


class SafeDivide:
    params = (["float32", "float64"], [1, 16, 1_000, 100_000, 1_000_000])
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = normal(n).astype(dtype)
        self.y = with_zeros(n).astype(dtype)
        self.fill = self.x[::-1].copy()
        self.out = np.empty_like(self.x)
        self.strided = np.repeat(self.y, 2)[::2]

    def time_safe_divide(self, dtype, n):
        nx.safe_divide(self.x, self.y)

    def time_divide_or(self, dtype, n):
        nx.divide_or(self.x, self.y, self.fill)

    def time_divide_or_a_number(self, dtype, n):
        nx.divide_or(self.x, self.y, 0.0)

    def time_into_out(self, dtype, n):
        nx.safe_divide(self.x, self.y, out=self.out)

    def time_scalar_y(self, dtype, n):
        nx.safe_divide(self.x, self.x.dtype.type(3))

    def time_strided(self, dtype, n):
        nx.safe_divide(self.x, self.strided)

    def peakmem_into_out(self, dtype, n):
        nx.safe_divide(self.x, self.y, out=self.out)


class SafeDivideOther:
    """Dtypes that are converted first, or take no vectors."""

    params = (["int8", "int64", "float16", "longdouble", "complex64", "complex128"], [1_000, 100_000])
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = (normal(n) * 10).astype(dtype)
        self.y = (with_zeros(n) * 10).astype(dtype)

    def time_safe_divide(self, dtype, n):
        nx.safe_divide(self.x, self.y)

    def time_divide_or(self, dtype, n):
        nx.divide_or(self.x, self.y, 0)
