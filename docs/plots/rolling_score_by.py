"""Three series in one column, each with a score of its own."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

random = np.random.default_rng(3)
labels = random.integers(0, 3, 90)
x = random.uniform(0, 2, 90) + np.array([0.0, 2.0, 5.0])[labels]
scores, _ = nx.rolling_score_by(x, labels, 0.9, 0.5, np.zeros(3))

figure, axis = plt.subplots()
for label in range(3):
    rows = np.flatnonzero(labels == label)
    axis.plot(rows, x[rows], ".", color=f"C{label}", markersize=4)
    axis.plot(rows, scores[rows], color=f"C{label}", linewidth=1.2, label=f"label {label}")
axis.set(xlabel="row", ylim=(0, 17))
axis.legend(ncols=3, loc="upper left")
