"""Positions that move by velocity times time."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

angle = np.linspace(0, 2 * np.pi, 25)[:-1]
position = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
velocity = np.stack([np.ones_like(angle), np.sin(3 * angle)], axis=-1)

figure, axis = plt.subplots(figsize=(5.6, 2.3))
for step in range(5):
    axis.plot(*position.T, ".", color="C0", alpha=0.2 + 0.2 * step)
    arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.002, "color": "C1"}
    axis.quiver(*position.T, *(0.9 * velocity).T, alpha=0.2 + 0.2 * step, **arrows)
    nx.axpy(0.9, velocity, position, out=position)
axis.set(aspect="equal", xticks=[], yticks=[])
axis.spines[:].set_visible(False)
