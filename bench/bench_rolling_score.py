import numpy as np

import numpy_ext as nx

from .data import KINDS, normal


class RollingScore:
    params = (
        ["float16", "float32", "float64", "longdouble", "int64"],
        list(KINDS),
        [1, 16, 1_000, 100_000, 1_000_000],
    )
    param_names = ("dtype", "kind", "n")

    def setup(self, dtype, kind, n):
        self.x = KINDS[kind](n).astype(dtype)
        self.strided = np.repeat(self.x, 2)[::2]
        self.guessed, _ = nx.rolling_score_resume(self.x, 0.9, 0.5, 1.0)

    def time_rolling_score(self, dtype, kind, n):
        nx.rolling_score(self.x)

    def time_rolling_score_resume(self, dtype, kind, n):
        nx.rolling_score_resume(self.x, 0.9, 0.5, 0.0)

    def time_rolling_score_repair(self, dtype, kind, n):
        nx.rolling_score_repair(self.x, self.guessed, 0.9, 0.5, 0.0)

    def time_strided(self, dtype, kind, n):
        nx.rolling_score(self.strided)

    def peakmem_rolling_score(self, dtype, kind, n):
        nx.rolling_score(self.x)


class RollingScoreOfManySeries:
    params = (["float32", "float64"], [0, 1])
    param_names = ("dtype", "axis")

    def setup(self, dtype, axis):
        self.x = normal(1_000_000).reshape(1000, 1000).astype(dtype)

    def time_rolling_score(self, dtype, axis):
        nx.rolling_score(self.x, axis=axis)
