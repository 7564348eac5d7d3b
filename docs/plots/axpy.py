"""Positions that move by velocity times time."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

heights = np.linspace(-1, 1, 9)
position = np.stack([np.zeros(9), heights], axis=-1)
velocity = np.stack([2 - heights**2, heights / 2], axis=-1)

figure, axis = plt.subplots(figsize=(5.6, 2.6))
for _ in range(5):
    axis.plot(*position.T, "o", color="C0", markersize=4)
    axis.quiver(*position.T, *velocity.T, angles="xy", scale_units="xy", scale=2, width=0.003, color="C1")
    nx.axpy(0.5, velocity, position, out=position)
axis.set(aspect="equal", xticks=[], yticks=[], xlim=(-0.3, 5.2))
axis.spines[:].set_visible(False)
