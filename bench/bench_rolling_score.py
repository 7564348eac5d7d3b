import numpy as np

import numpy_ext as nx

from .data import KINDS, LARGE, MEMORY, SIZES, dtypes_of, normal, numbers


class RollingScore:
    params = (dtypes_of(nx.rolling_score), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)

    def time_rolling_score(self, dtype, n):
        nx.rolling_score(self.x)

    def time_rolling_score_resume(self, dtype, n):
        nx.rolling_score_resume(self.x, 0.9, 0.5, 0.0)


class Repair:
    params = (dtypes_of(nx.rolling_score_repair), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)
        self.guessed, _ = nx.rolling_score_resume(self.x, 0.9, 0.5, 1.0)

    def time_rolling_score_repair(self, dtype, n):
        nx.rolling_score_repair(self.x, self.guessed, 0.9, 0.5, 0.0)


class Kinds:
    """How well guesses go depends on the data."""

    params = (["float32", "float64"], list(KINDS), SIZES)
    param_names = ("dtype", "kind", "n")

    def setup(self, dtype, kind, n):
        self.x = KINDS[kind](n).astype(dtype)

    def time_rolling_score(self, dtype, kind, n):
        nx.rolling_score(self.x)


class Layouts:
    params = (["float32", "float64"],)
    param_names = ("dtype",)

    def setup(self, dtype):
        x = normal(1_000_000).astype(dtype)
        self.strided = np.repeat(x, 2)[::2]
        self.series = x.reshape(1000, 1000)

    def time_strided(self, dtype):
        nx.rolling_score(self.strided)

    def time_rows(self, dtype):
        nx.rolling_score(self.series)

    def time_columns(self, dtype):
        nx.rolling_score(self.series, axis=0)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)

    def peakmem_rolling_score(self, dtype):
        nx.rolling_score(self.x)
