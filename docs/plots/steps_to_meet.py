"""After how many steps runs from guesses meet the recurrence."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

GUESSES, STEPS, BEFORE = 2000, 250, 1000
random = np.random.default_rng(0)
n = BEFORE + 100 * GUESSES + STEPS
kinds = {
    "normal": random.normal(size=n),
    "uniform": random.random(n),
    "prices": 100 + np.cumsum(random.normal(scale=0.1, size=n)),
}

figure, axes = plt.subplots(1, 2, sharey=True)
for axis, dtype in zip(axes, (np.float32, np.float64), strict=True):
    for kind, values in kinds.items():
        x = values.astype(dtype)
        scores = nx.rolling_score(x)
        heads = BEFORE + 100 * np.arange(GUESSES)
        windows = np.lib.stride_tricks.sliding_window_view(x, STEPS)[heads]
        true = np.lib.stride_tricks.sliding_window_view(scores, STEPS)[heads]
        # A guess is the state of 336 values before, at the level of the values here.
        level = np.lib.stride_tricks.sliding_window_view(x, 8).sum(axis=-1)
        ratio = level[heads] / level[heads - 336]
        guesses = scores[heads - 337] * np.where((ratio > 0) & (level[heads] > 0), ratio, 1)
        runs, _ = nx.rolling_score_resume(windows, dtype(0.9), dtype(0.5), guesses.astype(dtype))
        steps = (runs != true).sum(axis=-1) + 1
        axis.hist(steps, bins=np.arange(0, 141, 4), histtype="step", label=kind)
    axis.set(title=np.dtype(dtype).name, xlabel="steps to meet")
axes[0].set_ylabel("guesses")
axes[0].legend()
