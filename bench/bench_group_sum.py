import numpy as np

import numpy_ext as nx

from .data import SEED, normal


class GroupSum:
    params = (["float64", "int64"], ["int8", "int64"], [10, 100, 1_000_000], ["mixed", "sorted"])
    param_names = ("dtype", "dtype of labels", "groups", "order")

    def setup(self, dtype, of_labels, groups, order):
        if groups > np.iinfo(of_labels).max:
            raise NotImplementedError("labels of this dtype cannot count so many groups")
        labels = np.random.default_rng(SEED).integers(0, groups, 1_000_000)
        self.labels = (np.sort(labels) if order == "sorted" else labels).astype(of_labels)
        self.x = (normal(1_000_000) * 100).astype(dtype)
        self.start = np.zeros(groups, dtype)

    def time_group_sum(self, dtype, of_labels, groups, order):
        nx.group_sum(self.x, self.labels, self.start)

    def time_group_count(self, dtype, of_labels, groups, order):
        nx.group_count(self.labels, self.start)

    def time_group_mean(self, dtype, of_labels, groups, order):
        nx.group_mean(self.x, self.labels, groups)

    def peakmem_group_sum(self, dtype, of_labels, groups, order):
        nx.group_sum(self.x, self.labels, self.start)
