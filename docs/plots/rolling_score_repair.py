"""Scores from a guess, and the few that change when the true state is known."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.random.default_rng(0).normal(size=160)
guessed, _ = nx.rolling_score_resume(x, 0.9, 0.5, 0.0)
repaired, _ = nx.rolling_score_repair(x, guessed, 0.9, 0.5, 30.0)
meet = int(np.flatnonzero(guessed != repaired)[-1]) + 1
i = np.arange(len(x))

figure, axis = plt.subplots()
axis.plot(i[:meet], guessed[:meet], color="C0", label="from the guess 0")
axis.plot(i[:meet], repaired[:meet], color="C1", label="from the state 30")
axis.plot(i[meet - 1 :], guessed[meet - 1 :], color="C2", label="the same bits, not computed again")
axis.axvline(meet, color="#7f7f7f", linestyle=":", linewidth=1)
axis.set_xlabel("position")
axis.legend(loc="upper right")
