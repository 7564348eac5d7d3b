"""A value above the score lifts it; any other lets it fall."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.random.default_rng(6).uniform(0, 4, 48)
scores = nx.rolling_score(x)
rises = x > np.concatenate([[0], scores[:-1]])
i = np.arange(len(x))

figure, axis = plt.subplots()
axis.plot(i, scores, color="C0", label="score", zorder=1)
axis.scatter(i[rises], x[rises], s=22, marker="^", color="C2", label="value above the score before")
axis.scatter(i[~rises], x[~rises], s=22, marker="v", color="C1", label="any other")
axis.set(xlabel="position", ylim=(0, 8.6))
axis.legend(ncols=3, loc="upper left", columnspacing=1, handletextpad=0.3)
