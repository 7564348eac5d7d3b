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


def nanoseconds(call, n):
    number = max(1, 100_000 // n)
    return min(timeit.repeat(call, number=number, repeat=5)) / number / n * 1e9


random, loop = np.random.default_rng(0), compiled()
lengths = [2**k for k in range(8, 21)]
kinds = {
    "normal": lambda n: random.normal(size=n),
    "constant": lambda n: np.full(n, 100.0),
    "falling": lambda n: -np.arange(n, dtype=float),
    "prices": lambda n: 100 + np.cumsum(random.normal(scale=0.1, size=n)),
    "dips": dips,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for kind, make in kinds.items():
    ours, plain = [], []
    for n in lengths:
        x, out = make(n), np.empty(n)
        nx.rolling_score(x, out=out)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, out)]
        plain.append(nanoseconds(lambda p=pointers, n=n: loop(*p, ctypes.c_long(n)), n))
        ours.append(nanoseconds(lambda x=x, out=out: nx.rolling_score(x, out=out), n))
    axes[0].plot(lengths, plain, label=kind)
    axes[1].plot(lengths, ours, label=kind)
axes[0].set(title="plain loop in C", xscale="log", xlabel="length", ylabel="ns a value", ylim=(0, 4))
axes[1].set(title="rolling_score", xscale="log", xlabel="length")
axes[1].legend(frameon=False)
