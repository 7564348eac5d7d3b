"""Time of a value by kind of data and length, beside a plain loop in C."""

import ctypes
import subprocess
import tempfile
import timeit
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import numpy_ext as nx

LOOP = """
void loop(const double *x, double *out, long n)
{
    double s = 0;
    for (long i = 0; i < n; i++)
        out[i] = s = x[i] > s ? s * 0.9 + x[i] : s * 0.5;
}
"""


def dips(n):
    x = np.full(n, 100.0)
    x[777::1001] = x[778::1001] = 80.0
    return x


def compiled():
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "loop.c"), Path(folder, "loop.so")
        source.write_text(LOOP)
        options = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
        subprocess.run(["gcc", *options, source, "-o", library], check=True)
        return ctypes.CDLL(str(library)).loop


def nanoseconds(function, x, out, n):
    """Time of a value, in windows of n values one after the other: no processor learns a million by heart."""
    windows = [(x[i : i + n], out[i : i + n]) for i in range(0, len(x) - n + 1, n)]
    seconds = timeit.repeat(lambda: [function(*window) for window in windows], number=1, repeat=5)
    return min(seconds) / len(x) * 1e9


def ours(x, out):
    nx.rolling_score(x, out=out)


def plain(x, out):
    loop(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(out.ctypes.data), ctypes.c_long(len(x)))


loop = compiled()
random = np.random.default_rng(0)
lengths, most = [2**k for k in range(8, 21)], 2**20
kinds = {
    "normal": random.normal(size=most),
    "constant": np.full(most, 100.0),
    "falling": -np.arange(most, dtype=float),
    "prices": 100 + np.cumsum(random.normal(scale=0.1, size=most)),
    "dips": dips(most),
}
figure, axes = plt.subplots(1, 2, sharey=True)
for axis, function in zip(axes, (plain, ours), strict=True):
    for kind, x in kinds.items():
        out = np.zeros(most)
        axis.plot(lengths, [nanoseconds(function, x, out, n) for n in lengths], label=kind)
    axis.set(xscale="log", xlabel="length", ylim=(0, 5))
axes[0].set(title="plain loop in C", ylabel="ns a value")
axes[1].set(title="rolling_score")
figure.legend(*axes[1].get_legend_handles_labels(), loc="outside right center")
