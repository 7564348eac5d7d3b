"""Time of some operations beside that of peers, as `make bench-report` has measured them."""

import matplotlib.pyplot as plt
from benchmarks import read

CASES = {
    "rolling_score prices float64 n=1000000": "rolling_score, a million prices",
    "pow_sum p=1.5 float64 n=1000000": "pow_sum(x, 1.5), a million numbers",
    "safe_divide float64 n=1000000": "safe_divide, a million numbers",
    "axpy in place float64 n=1000000": "axpy in place, a million numbers",
    "group_sum 1000 groups mixed float64 n=1000000": "group_sum, a million values in 1000 groups",
}

measured = {case["name"]: case for case in read()["cases"]}
for name in CASES:
    if name not in measured:
        raise KeyError(f"docs/benchmarks.json has no case {name!r}: measure all, with make bench-report")


def fastest_of_each_library(case):
    """Names and times, the shortest first: of Numba, say, the fastest of all ways to write the loop."""
    times = {"numpy_ext": case["ours"]}
    times |= {peer: figures["time"] for peer, figures in case["peers"].items() if figures["right"]}
    shortest = {}
    for peer in sorted(times, key=times.get):
        shortest.setdefault("NumPy" if peer.startswith("np.") else peer.split()[0], peer)
    return list(shortest.values()), [times[peer] for peer in shortest.values()]


bars = [fastest_of_each_library(measured[name]) for name in CASES]
heights = [len(peers) + 1.4 for peers, _ in bars]
figure, axes = plt.subplots(len(CASES), figsize=(4.4, 0.2 * sum(heights)), height_ratios=heights)
for axis, title, (peers, times) in zip(axes, CASES.values(), bars, strict=True):
    colors = ["C1" if peer == "numpy_ext" else "#8a93a0" for peer in peers]
    drawn = axis.barh(peers, times, color=colors, height=0.75)
    axis.bar_label(drawn, fmt="%.2f", padding=3, fontsize=9)
    axis.set_title(title, loc="left")
    axis.set(xticks=[], xlim=(0, 1.15 * max(times)))
    axis.invert_yaxis()
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(axis="y", length=0, labelsize=9)
