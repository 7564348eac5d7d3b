import numpy as np

from numpy_ext import axpy, records

from .data import RECORD, track


class Arithmetic:
    params = (["add", "subtract", "multiply", "divide"], [1, 1_000, 1_000_000])
    param_names = ("function", "n")

    def setup(self, function, n):
        self.function = getattr(records, function)
        self.a, self.b = track(n), track(n)
        self.b["time"] += 1
        for name in ("x", "y", "z"):
            self.b[name] += 100
        self.out = self.function(self.a, self.b)
        swapped = RECORD.newbyteorder()
        self.swapped = self.a.astype(swapped)
        packed = np.zeros(n, [("flag", "u1"), *RECORD.descr])
        for name in RECORD.names:
            packed[name] = self.a[name]
        self.packed = packed[list(RECORD.names)]

    def time_records(self, function, n):
        self.function(self.a, self.b)

    def time_into_out(self, function, n):
        self.function(self.a, self.b, out=self.out)

    def time_number(self, function, n):
        self.function(self.a, 2)

    def time_swapped(self, function, n):
        self.function(self.swapped, self.b)

    def time_unaligned(self, function, n):
        self.function(self.packed, self.b)

    def peakmem_into_out(self, function, n):
        self.function(self.a, self.b, out=self.out)


class Others:
    params = (1, 1_000, 1_000_000)
    param_names = ("n",)

    def setup(self, n):
        self.a = track(n)
        self.position = self.a[["x", "y", "z"]]
        self.arrow = records.to_arrow(self.a)

    def time_negative(self, n):
        records.negative(self.a)

    def time_axpy_in_place(self, n):
        axpy(0.5, self.position, self.position, out=self.position)

    def time_reduce(self, n):
        records.add.reduce(self.a)

    def time_norm(self, n):
        records.norm(self.position)

    def time_dot(self, n):
        records.dot(self.position, self.position)

    def time_mean(self, n):
        records.mean(self.a)

    def time_columns(self, n):
        records.from_columns(records.to_columns(self.a))

    def time_to_arrow(self, n):
        records.to_arrow(self.a)

    def time_from_arrow(self, n):
        records.from_arrow(self.arrow)


class Operators:
    def setup(self):
        records.enable_operators()
        self.a = track(1_000)

    def teardown(self):
        records.disable_operators()

    def time_plus(self):
        self.a + self.a
