"""
The figures of the page about performance, as text and plots: those of one run, `benchmarks.json`.

The directive `benchmarks` puts a part of the run there: its summary, its machine, or its families with a
table and a plot for each. This is the only place that writes a figure of speed.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

RUN = Path(__file__).parent / "benchmarks.json"

COLOURS = {"won": "#3b82c4", "lost": "#e0742c"}
"""Of bars: seen on white and on black, and by the colour-blind."""


def read(path: Path = RUN) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(f"{path.name} misses: make it with `make bench-report`, on a machine at rest")
    return json.loads(path.read_text())


def families(run: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for case in run["cases"]:
        found.setdefault(case["family"], []).append(case)
    return found


def best_ratio(case: dict[str, Any]) -> float | None:
    """The time of the best peer whose result is right, by that of numpy_ext; None without such a peer."""
    times = [peer["time"] for peer in case["peers"].values() if peer["right"]]
    return min(times) / case["ours"] if times else None


def outcome(ratio: float) -> str:
    return "won" if ratio >= 1 else "lost"


# ---- As text ----


def escaped(text: str) -> str:
    return re.sub(r"([*`|_\\])", r"\\\1", text)


def number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def plain(value: Any) -> str:
    return ", ".join(map(plain, value)) if isinstance(value, list) else str(value)


def list_table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Cells may have several lines."""
    yield from (".. list-table::", "   :header-rows: 1", "")
    for row in [head, *rows]:
        for mark, cell in zip(["* -", *["  -"] * (len(row) - 1)], row, strict=True):
            first, *others = cell.splitlines() or [""]
            yield f"   {mark} {first}"
            yield from (f"       {line}" for line in others)
    yield ""


def summary(run: dict[str, Any]) -> Iterator[str]:
    outcomes = {
        family: [outcome(ratio) for ratio in map(best_ratio, cases) if ratio is not None]
        for family, cases in families(run).items()
    }
    won, total = ([*chain(*outcomes.values())].count("won"), sum(map(len, outcomes.values())))
    yield "numpy_ext is as fast as the best peer with the right result, or faster, "
    yield f"in **{won} of {total}** cases:"
    yield ""
    rows = [[escaped(family), f"{each.count('won')} of {len(each)}"] for family, each in outcomes.items()]
    yield from list_table(["Family", "as fast or faster"], rows)


def machine(run: dict[str, Any]) -> Iterator[str]:
    for part in ("machine", "versions", "method"):
        rows = [[escaped(name), escaped(plain(value))] for name, value in run[part].items()]
        yield from list_table([part.capitalize(), ""], rows)


def peer_line(name: str, peer: dict[str, Any], ours: float) -> str:
    line = f"| {escaped(name)}: {number(peer['time'])}, {number(peer['time'] / ours)} x"
    return line if peer["right"] else f"{line}, *not the same result*"


def case_row(case: dict[str, Any]) -> list[str]:
    ratio, fastest_first = best_ratio(case), sorted(case["peers"].items(), key=lambda item: item[1]["time"])
    lines = [peer_line(name, peer, case["ours"]) for name, peer in fastest_first]
    result = "no such peer" if ratio is None else f"**{outcome(ratio)}**, {number(ratio)} x"
    return [escaped(case["name"]), number(case["ours"]), "\n".join(lines) or "none", result]


def all_families(run: dict[str, Any]) -> Iterator[str]:
    for family, cases in families(run).items():
        yield from (family, "~" * len(family), "")
        yield from (".. plot::", f"   :alt: ratios of {family}", "")
        yield from ("   import benchmarks", f"   benchmarks.draw({family!r})", "")
        unit = cases[0]["unit"].replace("/", " an ")
        head = ["Case", f"numpy_ext, {unit}", "Peers", "Beside the best right one"]
        yield from (f".. dropdown:: Every peer of {family}", "")
        yield from (f"   {line}" for line in list_table(head, [case_row(case) for case in cases]))


PARTS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "summary": summary,
    "machine": machine,
    "families": all_families,
}


# ---- As plots ----


def draw(family: str) -> None:
    """A bar for each case of a family, below its name: to the right where numpy_ext is faster."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullLocator

    cases = {case["name"]: best_ratio(case) for case in families(read())[family]}
    ratios = [ratio for ratio in cases.values() if ratio is not None]
    names = [name for name, ratio in cases.items() if ratio is not None]
    _, axis = plt.subplots(figsize=(5, 1 + 0.34 * len(names)), layout="constrained")
    axis.barh(
        range(len(names)),
        [ratio - 1 for ratio in ratios],
        left=1,
        height=0.36,
        color=[COLOURS[outcome(ratio)] for ratio in ratios],
    )
    above = {"transform": axis.get_yaxis_transform(), "va": "center", "fontsize": 9}
    for row, (name, ratio) in enumerate(zip(names, ratios, strict=True)):
        axis.text(0, row - 0.47, name, ha="left", **above)
        axis.text(1, row - 0.47, f"{number(ratio)} x", ha="right", **above)
    axis.axvline(1, color="grey", linewidth=0.5, zorder=0)
    axis.set_xscale("log")
    axis.set_xlim(min(0.8, *ratios), max(1.25, *ratios))
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g} x")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set(yticks=[], ylim=(len(names) - 0.5, -1))
    axis.set_xlabel("time of the best peer with the right result;\nnumpy_ext is 1")
    axis.spines[:].set_visible(False)


# ---- In Sphinx ----


def setup(app: Any) -> dict[str, bool]:
    from docutils import nodes
    from sphinx.util.docutils import SphinxDirective

    class Benchmarks(SphinxDirective):
        """A part of the run: ``.. benchmarks:: summary``."""

        required_arguments = 1

        def run(self) -> list[nodes.Node]:
            self.env.note_dependency(str(RUN))
            try:
                lines = PARTS[self.arguments[0]](read())
            except FileNotFoundError as error:
                raise self.error(str(error)) from None
            return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)

    app.add_directive("benchmarks", Benchmarks)
    return {"parallel_read_safe": True}
