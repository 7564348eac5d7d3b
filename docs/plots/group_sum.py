"""Totals, counts and means of groups."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

random = np.random.default_rng(0)
labels = random.choice(5, 60, p=[0.1, 0.3, 0.4, 0.2, 0.0])
x = random.uniform(0, 1, 60) * (1 + labels)
groups = np.arange(5)

figure, axes = plt.subplots(1, 4)
axes[0].plot(labels, x, ".", markersize=4)
axes[0].set_title("values")
axes[1].bar(groups, nx.group_sum(x, labels, np.zeros(5)), color="C0")
axes[1].set_title("group_sum")
axes[2].bar(groups, nx.group_count(labels, np.zeros(5, dtype=np.int64)), color="C2")
axes[2].set_title("group_count")
axes[3].bar(groups, nx.group_mean(x, labels, 5), color="C1")
axes[3].set_title("group_mean")
for axis in axes:
    axis.set(xlabel="label", xticks=groups)
