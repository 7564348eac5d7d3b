"""Running sums of powers: small exponents count the values, large ones the largest of them."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.random.default_rng(4).exponential(size=200)

figure, axis = plt.subplots()
for p in (0.5, 1, 2, 4):
    running = nx.cum_pow_sum(x, p)
    axis.step(np.arange(len(x)), running / running[-1], where="post", label=f"p = {p}")
axis.set(xlabel="position", ylabel="share of the sum")
axis.legend()
