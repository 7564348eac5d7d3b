"""The same values under several parameters, each from its own state."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.random.default_rng(6).uniform(0, 4, 48)
fall = np.array([0.5, 0.75, 0.9])
state = np.array([12.0, 8.0, 4.0])
scores, _ = nx.rolling_score_resume(x, 0.9, fall, state)

figure, axis = plt.subplots()
for of_one, first, factor in zip(scores, state, fall, strict=True):
    axis.plot(np.arange(-1, len(x)), [first, *of_one], label=f"fall {factor}, from {first:g}")
axis.set_xlabel("position")
axis.legend(ncols=3, loc="upper right")
