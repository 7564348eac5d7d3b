import numpy as np

from numpy_ext import axpy, lift, pow_sum, rolling_score

from .data import normal, uniform

FUNCTIONS = {
    "rolling_score": lambda nulls: (lift(rolling_score, nulls), lambda call, x, _: call(x)),
    "pow_sum": lambda nulls: (lift(pow_sum, nulls), lambda call, x, _: call(x, 1.5)),
    "axpy": lambda nulls: (lift(axpy, nulls), lambda call, x, y: call(2.0, x, y)),
}


def columns(library, x, is_null):
    """A column of x, with nulls or without."""
    if library == "numpy.ma":
        return np.ma.array(x, mask=is_null if is_null.any() else np.ma.nomask)
    if library == "polars":
        import polars

        return polars.Series([None if null else v for v, null in zip(x.tolist(), is_null, strict=True)])
    if library == "pyarrow":
        import pyarrow

        return pyarrow.array(x, mask=is_null)
    import pandas

    if library == "pandas":
        return pandas.Series(np.where(is_null, np.nan, x))
    return pandas.Series(pandas.arrays.FloatingArray(x, is_null.copy()))


class Columns:
    params = (
        list(FUNCTIONS),
        ["numpy.ma", "pandas", "pandas nullable", "polars", "pyarrow"],
        ["propagate", "skip"],
        [1, 1_000, 1_000_000],
    )
    param_names = ("function", "library", "nulls", "n")

    def setup(self, function, library, nulls, n):
        self.lifted, self.call = FUNCTIONS[function](nulls)
        is_null = uniform(n) < 0.1
        self.without, self.other = (columns(library, normal(n), np.zeros(n, bool)) for _ in range(2))
        self.with_nulls = columns(library, normal(n), is_null)

    def time_without_nulls(self, function, library, nulls, n):
        self.call(self.lifted, self.without, self.other)

    def time_with_a_tenth_of_nulls(self, function, library, nulls, n):
        self.call(self.lifted, self.with_nulls, self.other)

    def peakmem_without_nulls(self, function, library, nulls, n):
        self.call(self.lifted, self.without, self.other)
