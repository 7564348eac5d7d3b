import numpy as np

import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, numbers


class Axpy:
    params = (dtypes_of(nx.axpy), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.a = np.dtype(dtype).type(3)
        self.x = numbers(dtype, n)
        self.y = self.x[::-1].copy()

    def time_axpy(self, dtype, n):
        nx.axpy(self.a, self.x, self.y)


class Layouts:
    params = (["float32", "float64"], SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.a = np.dtype(dtype).type(3)
        self.x = numbers(dtype, n)
        self.out = self.x.copy()
        self.strided = np.repeat(self.x, 2)[::2]

    def time_into_out(self, dtype, n):
        nx.axpy(self.a, self.x, self.x, out=self.out)

    def time_in_place(self, dtype, n):
        nx.axpy(self.a, self.x, self.out, out=self.out)

    def time_scalar_y(self, dtype, n):
        nx.axpy(self.a, self.x, self.a)

    def time_strided(self, dtype, n):
        nx.axpy(self.a, self.strided, self.x)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)
        self.y = self.x.copy()

    def peakmem_axpy(self, dtype):
        nx.axpy(3, self.x, self.y)

    def peakmem_in_place(self, dtype):
        nx.axpy(3, self.x, self.y, out=self.y)
