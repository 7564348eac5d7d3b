import numpy_ext as nx

from .data import normal


class AddPower:
    params = (["float32", "float64", "int64"], [1.5, 2.0, 2.37], [None, 0, 1])
    param_names = ("dtype", "p", "axis")

    def setup(self, dtype, p, axis):
        self.x = (normal(1_000_000).reshape(1000, 1000) * 100).astype(dtype)
        self.ufunc = nx.add_power(p)

    def time_reduce(self, dtype, p, axis):
        self.ufunc.reduce(self.x, axis=axis)

    def time_add_power(self, dtype, p, axis):
        nx.add_power(p)
