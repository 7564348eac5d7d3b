import ctypes

import numpy as np

import numpy_ext as nx

from .data import LARGE, SIZES, normal


def hypot_of(dtype):
    library = ctypes.CDLL("libm.so.6")
    function, types = (library.hypotf, "ff->f") if dtype == "float32" else (library.hypot, "dd->d")
    return nx.from_pointer(function, types, name="hypot")


class FromPointer:
    params = (["float32", "float64"], SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = normal(n).astype(dtype)
        self.hypot = hypot_of(dtype)

    def time_call(self, dtype, n):
        self.hypot(self.x, self.x)

    def time_strided(self, dtype, n):
        self.hypot(self.x[::-1], self.x)

    def time_make(self, dtype, n):
        hypot_of(dtype)


class Memory:
    def setup(self):
        self.x = normal(LARGE)
        self.out = np.empty_like(self.x)
        self.hypot = hypot_of("float64")

    def peakmem_call(self):
        self.hypot(self.x, self.x, out=self.out)
