"""Division around zero: a gap, or a value of choice."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

y = np.linspace(-2, 2, 33)
zero = y == 0

figure, axes = plt.subplots(1, 2, sharey=True)
axes[0].plot(y, nx.safe_divide(1, y), ".-")
axes[0].plot(y[zero], [-8], "x", color="C4")
axes[0].annotate("NaN", (0, -8), (6, -3), textcoords="offset points", color="C4")
axes[0].set_title("safe_divide(1, y)")
filled = nx.divide_or(1, y, 4)
axes[1].plot(y, filled, ".-")
axes[1].plot(y[zero], filled[zero], "o", color="C1")
axes[1].set_title("divide_or(1, y, 4)")
for axis in axes:
    axis.set_xlabel("y")
