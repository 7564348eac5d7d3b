"""Arithmetic on records of an x and a y, drawn as arrows."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx
from numpy_ext import records

place = np.dtype([("x", "f8"), ("y", "f8")])
a, b = np.array((3.0, 1.0), dtype=place), np.array((-1.0, 2.0), dtype=place)
results = {
    "add(a, b)": records.add(a, b),
    "subtract(a, b)": records.subtract(a, b),
    "multiply(a, b)": records.multiply(a, b),
    "divide(a, 2)": records.divide(a, 2.0),
    "negative(a)": records.negative(a),
    "axpy(0.5, b, a)": nx.axpy(0.5, b, a),
}

figure, axes = plt.subplots(2, 3, figsize=(5.6, 3.6))
for axis, (title, result) in zip(axes.flat, results.items(), strict=True):
    names = {"a": (a, "C0", 0.008), "b": (b, "C2", 0.008), "": (result, "C1", 0.018)}
    for name, (arrow, color, width) in names.items():
        if name == "b" and "b" not in title.partition("(")[2]:
            continue
        x, y = float(arrow["x"]), float(arrow["y"])
        axis.quiver(0, 0, x, y, angles="xy", scale_units="xy", scale=1, width=width, color=color)
        axis.text(1.12 * x, 1.12 * y, name, color=color)
    axis.set(title=title, xlim=(-4.5, 5), ylim=(-2, 3.6), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
