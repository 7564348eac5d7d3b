"""
The figures of the page about performance, as text and plots: those of one run, `benchmarks.json`.

The directive `benchmarks` puts a part of the run there: its summary, its machine, or its families with a
table and a plot for each. This is the only place that writes a figure of speed.
"""

import json
import re
from collections.abc import Callable, Iterator
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
    ratios = [ratio for ratio in map(best_ratio, run["cases"]) if ratio is not None]
    won = sum(outcome(ratio) == "won" for ratio in ratios)
    yield "numpy_ext is as fast as the best peer with the right result, or faster, "
    yield f"in **{won} of {len(ratios)}** cases."
    yield ""


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
        for background in ("light", "dark"):
            yield from (".. plot::", f"   :class: only-{background}", f"   :alt: ratios of {family}", "")
            yield from ("   import benchmarks", f"   benchmarks.draw({family!r}, {background!r})", "")
        unit = cases[0]["unit"].replace("/", " an ")
        head = ["Case", f"numpy_ext, {unit}", "Peers", "Beside the best right one"]
        yield from list_table(head, [case_row(case) for case in cases])


PARTS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "summary": summary,
    "machine": machine,
    "families": all_families,
}


# ---- As plots ----


def draw(family: str, background: str) -> None:
    """A bar for each case of a family: to the right where numpy_ext is faster, else to the left."""
    import matplotlib.pyplot as plt

    cases = [case for case in families(read())[family] if best_ratio(case) is not None]
    ratios = [best_ratio(case) for case in cases]
    ink = {"light": "#222222", "dark": "#dddddd"}[background]
    figure, axis = plt.subplots(figsize=(8, 1 + 0.22 * len(cases)), layout="constrained")
    figure.patch.set_alpha(0)
    axis.set_facecolor("none")
    axis.barh(
        [case["name"] for case in cases],
        [ratio - 1 for ratio in ratios],
        left=1,
        color=[COLOURS[outcome(ratio)] for ratio in ratios],
    )
    axis.axvline(1, color=ink, linewidth=0.8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g} x")
    axis.invert_yaxis()
    axis.margins(y=0.01)
    axis.set_xlabel("time of the best peer with the right result; numpy_ext is 1", color=ink)
    axis.tick_params(colors=ink, which="both", labelsize=8)
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
