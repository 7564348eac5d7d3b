import numpy as np

import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, numbers, random_labels


class RollingScoreBy:
    params = (dtypes_of(nx.rolling_score_by), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)
        self.labels = random_labels("int64", 100, n)
        self.states = np.zeros(100, dtype if self.x.dtype.kind == "f" else float)

    def time_rolling_score_by(self, dtype, n):
        nx.rolling_score_by(self.x, self.labels, 0.9, 0.5, self.states)


class Labels:
    params = (dtypes_of(nx.rolling_score_by, 1), [4, 100], ["mixed", "sorted"])
    param_names = ("dtype of labels", "groups", "order")

    def setup(self, of_labels, groups, order):
        self.x = numbers(float, 1_000_000)
        self.labels = random_labels(of_labels, groups, self.x.size, order)
        self.states = np.zeros(groups)

    def time_rolling_score_by(self, of_labels, groups, order):
        nx.rolling_score_by(self.x, self.labels, 0.9, 0.5, self.states)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)
        self.labels = random_labels("int64", 100, LARGE)
        self.states = np.zeros(100, dtype if self.x.dtype.kind == "f" else float)

    def peakmem_rolling_score_by(self, dtype):
        nx.rolling_score_by(self.x, self.labels, 0.9, 0.5, self.states)
