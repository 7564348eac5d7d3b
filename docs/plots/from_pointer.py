"""Functions of another library, by their pointers."""

import matplotlib.pyplot as plt
import numpy as np
from scipy import LowLevelCallable
from scipy.special import cython_special

import numpy_ext as nx

x = np.linspace(0.8, 30, 300)

figure, axis = plt.subplots()
for name in ("j0", "j1", "y1"):
    function = nx.from_pointer(LowLevelCallable.from_cython(cython_special, name), "d->d", name=name)
    axis.plot(x, function(x), label=name)
axis.set_xlabel("x")
axis.legend()
