import numpy as np

import numpy_ext as nx

from .data import SEED, normal


class RollingScoreBy:
    params = (["float32", "float64"], ["int8", "int64"], [4, 100], ["mixed", "sorted"], [1_000, 1_000_000])
    param_names = ("dtype", "labels", "groups", "order", "n")

    def setup(self, dtype, labels, groups, order, n):
        self.x = normal(n).astype(dtype)
        self.labels = np.random.default_rng(SEED).integers(0, groups, n).astype(labels)
        if order == "sorted":
            self.labels.sort()
        self.states = np.zeros(groups, dtype)

    def time_rolling_score_by(self, dtype, labels, groups, order, n):
        nx.rolling_score_by(self.x, self.labels, 0.9, 0.5, self.states)

    def peakmem_rolling_score_by(self, dtype, labels, groups, order, n):
        nx.rolling_score_by(self.x, self.labels, 0.9, 0.5, self.states)
