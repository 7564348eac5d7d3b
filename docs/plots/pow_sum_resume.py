"""The error of a total over chunks: carried in two floats, and in one."""

import math

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.random.default_rng(0).exponential(size=100_000)
counts = [2**k for k in range(15)]

figure, axes = plt.subplots(1, 2, sharey=True)
for axis, of_one_call, resume, values in (
    (axes[0], nx.pow_sum, nx.pow_sum_resume, x),
    (axes[1], nx.abs_pow_sum, nx.abs_pow_sum_resume, -x),
):
    exact = math.fsum(np.abs(values))
    plain, carried = [], []
    for count in counts:
        total, (sum_, error) = 0.0, (0.0, 0.0)
        for chunk in np.array_split(values, count):
            total += of_one_call(chunk, 1)
            sum_, error = resume(chunk, 1, sum_, error)
        plain.append(abs(total - exact) / np.spacing(exact))
        carried.append(abs(sum_ - exact) / np.spacing(exact))
    axis.plot(counts, plain, ".-", color="C1", label="+=")
    axis.plot(counts, carried, ".-", color="C0", label=resume.__name__)
    axis.set(xscale="log", xlabel="chunks")
    axis.legend()
axes[0].set_ylabel("error in ulp")
