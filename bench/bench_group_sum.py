import numpy as np

import numpy_ext as nx

from .data import LARGE, MEMORY, SIZES, dtypes_of, numbers, random_labels

GROUPS = 100


class GroupSum:
    params = (dtypes_of(nx.group_sum), SIZES)
    param_names = ("dtype", "n")

    def setup(self, dtype, n):
        self.x = numbers(dtype, n)
        self.labels = random_labels("int64", GROUPS, n)
        self.start = np.zeros(GROUPS, float if self.x.dtype.kind == "f" else np.int64)

    def time_group_sum(self, dtype, n):
        nx.group_sum(self.x, self.labels, self.start)

    def time_group_mean(self, dtype, n):
        nx.group_mean(self.x, self.labels, GROUPS)


class Labels:
    params = (dtypes_of(nx.group_sum, 1), [10, 100, 1_000_000], ["mixed", "sorted"])
    param_names = ("dtype of labels", "groups", "order")

    def setup(self, of_labels, groups, order):
        if groups > np.iinfo(of_labels).max:
            raise NotImplementedError("labels of this dtype cannot count so many groups")
        self.x = numbers(float, 1_000_000)
        self.labels = random_labels(of_labels, groups, self.x.size, order)
        self.start = np.zeros(groups)

    def time_group_sum(self, of_labels, groups, order):
        nx.group_sum(self.x, self.labels, self.start)

    def time_group_count(self, of_labels, groups, order):
        nx.group_count(self.labels, self.start)


class Memory:
    params = MEMORY
    param_names = ("dtype",)

    def setup(self, dtype):
        self.x = numbers(dtype, LARGE)
        self.labels = random_labels("int64", GROUPS, LARGE)
        self.start = np.zeros(GROUPS, float if self.x.dtype.kind == "f" else np.int64)

    def peakmem_group_sum(self, dtype):
        nx.group_sum(self.x, self.labels, self.start)
