import numpy as np

import numpy_ext as nx

from .data import normal


class Axpy:
    params = (["float32", "float64", "int64", "complex128"], [1, 16, 1_000, 100_000, 1_000_000])
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.a = np.dtype(dtype).type(3.3)
        self.x = (100 * normal(n)).astype(dtype)
        self.y = self.x[::-1].copy()
        self.out = np.empty_like(self.x)
        self.strided = np.repeat(self.x, 2)[::2]

    def time_axpy(self, dtype, n):
        nx.axpy(self.a, self.x, self.y)

    def time_into_out(self, dtype, n):
        nx.axpy(self.a, self.x, self.y, out=self.out)

    def time_in_place(self, dtype, n):
        nx.axpy(self.a, self.x, self.out, out=self.out)

    def time_scalar_y(self, dtype, n):
        nx.axpy(self.a, self.x, self.a)

    def time_strided(self, dtype, n):
        nx.axpy(self.a, self.strided, self.y)

    def peakmem_in_place(self, dtype, n):
        nx.axpy(self.a, self.x, self.out, out=self.out)
