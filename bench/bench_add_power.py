import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, normal, numbers


class AddPower:
    params = (dtypes_of(nx.add_power(1.5), 1), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)
        self.ufunc = nx.add_power(1.5)

    def time_reduce(self, dtype, n):
        self.ufunc.reduce(self.x)


class Options:
    params = ([1.5, 2.0, 2.37], [None, 0, 1])
    param_names = ("p", "axis")

    def setup(self, p, axis):
        self.x = normal(1_000_000).reshape(1000, 1000)
        self.mask = self.x > 0.5
        self.ufunc = nx.add_power(p)

    def time_reduce(self, p, axis):
        self.ufunc.reduce(self.x, axis=axis)

    def time_where(self, p, axis):
        self.ufunc.reduce(self.x, axis=axis, where=self.mask)

    def time_add_power(self, p, axis):
        nx.add_power(p)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)

    def peakmem_reduce(self, dtype):
        nx.add_power(1.5).reduce(self.x)
