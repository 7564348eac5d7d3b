"""How many digits are left when terms cancel."""

from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

random = np.random.default_rng(0)
conditions = np.logspace(2, 26, 40)
errors = {"np.dot": [], "weighted_sum": [], "weighted_sum_resume, 10 chunks": []}
for condition in conditions:
    # Pairs that cancel, and a small rest that stays: the larger the pairs, the worse the condition.
    w, x = random.normal(size=(2, 500))
    w *= condition / 500
    w, x = np.concatenate([w, -w, [1.0]]), np.concatenate([x, x * (1 + 1e-3 / condition), [0.7]])
    order = random.permutation(w.size)
    w, x = w[order], x[order]
    exact = sum(Fraction(a) * Fraction(b) for a, b in zip(w.tolist(), x.tolist(), strict=True))
    total = (0.0, 0.0)
    for weights, values in zip(np.array_split(w, 10), np.array_split(x, 10), strict=True):
        total = nx.weighted_sum_resume(weights, values, *total)
    for found, result in zip(errors.values(), (np.dot(w, x), nx.weighted_sum(w, x), total[0]), strict=True):
        found.append(max(abs(float((Fraction(float(result)) - exact) / exact)), 1e-17))

figure, axis = plt.subplots()
for (name, found), marker in zip(errors.items(), (".", "o", "x"), strict=True):
    axis.plot(conditions, found, marker, label=name, markersize=5, markerfacecolor="none")
axis.set(xscale="log", xlabel="how much larger the terms are than their sum")
axis.set(yscale="log", ylabel="relative error")
axis.legend()
