"""One reduce, over whichever axis, with a mask."""

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

x = np.random.default_rng(1).exponential(size=(8, 24))
mask = np.ones(x.shape, dtype=bool)
mask[2:5, 8:14] = False
squares = nx.add_power(2)

figure, axes = plt.subplots(
    2, 2, sharex="col", sharey="row", figsize=(5.6, 3.2), height_ratios=(1, 2), width_ratios=(4, 1)
)
columns, rows = np.arange(x.shape[1]), np.arange(x.shape[0])
axes[1, 0].imshow(np.where(mask, x, np.nan), aspect="auto", cmap="Blues_r")
axes[1, 0].set(xticks=[], yticks=[], xlabel="x, without what the mask leaves out")
axes[0, 0].bar(columns, squares.reduce(x, axis=0, where=mask, initial=0), color="C1")
axes[0, 0].set_title("reduce(x, axis=0, where=mask)")
axes[1, 1].barh(rows, squares.reduce(x, axis=1, where=mask, initial=0), color="C2")
axes[1, 1].set_title("axis=1")
axes[0, 1].set_visible(False)
