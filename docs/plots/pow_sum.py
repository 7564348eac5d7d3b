"""Sums of powers, over the values above zero and over all."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.array([-1.6, -0.4, 0.3, 0.8, 1.1, 1.7])
p = np.linspace(0, 3, 61)
marked = np.array([0, 1, 2, 3])

figure, axis = plt.subplots()
for function, name in ((nx.pow_sum, "pow_sum(x, p)"), (nx.abs_pow_sum, "abs_pow_sum(x, p)")):
    (line,) = axis.plot(p, function(x, p), label=name)
    axis.plot(marked, function(x, marked), "o", color=line.get_color(), markersize=5)
for power, meaning in enumerate(("how many", "sum", "sum of squares", "of cubes")):
    of_all = nx.abs_pow_sum(x, power)
    side = ("left", "center", "right", "right")[power]
    axis.annotate(meaning, (power, of_all), (0, 7), textcoords="offset points", ha=side)
axis.set(xlabel="p", ylim=(0, 14.5), xticks=marked)
axis.legend(loc="upper left")
