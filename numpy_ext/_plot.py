"""A picture of series and their scores, of any length, drawn from bounded memory."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

MOST_GROUPS = 4
MOST_BUCKETS = 8192


class Envelope:
    """
    The lowest and the highest of neighbouring points, for several curves over one axis.

    However many points come, no more than `most` buckets are kept: when they are full, neighbours are merged,
    and from then on twice as many points share a bucket.
    """

    def __init__(self, curves: int, most: int = MOST_BUCKETS) -> None:
        self.points_per_bucket = 1
        self._most = most
        self._curves = curves
        self._where: list[npt.NDArray] = []  # the buckets, in pieces; joined when they are merged or drawn
        self._low: list[npt.NDArray] = []
        self._high: list[npt.NDArray] = []
        self._rest: tuple[npt.NDArray, npt.NDArray] | None = None  # points that fill no bucket yet

    def add(self, where: npt.NDArray, curves: npt.NDArray) -> None:
        """Add points at `where`, of shape (n,), with `curves` of shape (number of curves, n)."""
        if self._rest is not None:
            where = np.concatenate([self._rest[0], where])
            curves = np.concatenate([self._rest[1], curves], axis=1)
        full = len(where) - len(where) % self.points_per_bucket
        self._rest = (where[full:], curves[:, full:])
        self._append(where[:full], curves[:, :full], curves[:, :full], self.points_per_bucket)
        while sum(map(len, self._where)) > self._most:
            where, low, high = self.buckets(with_rest=False)
            self._where, self._low, self._high = [], [], []
            self._append(where, low, high, 2)
            self.points_per_bucket *= 2

    def buckets(self, with_rest: bool = True) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
        """Where the buckets begin, and the lowest and highest of each curve in each."""
        where, low, high = self._where, self._low, self._high
        if with_rest and self._rest is not None and len(self._rest[0]):
            rest, curves = self._rest
            where = [*where, rest[:1]]
            low = [*low, np.fmin.reduce(curves, axis=1, keepdims=True)]
            high = [*high, np.fmax.reduce(curves, axis=1, keepdims=True)]
        if not where:
            return np.empty(0), np.empty((self._curves, 0)), np.empty((self._curves, 0))
        return np.concatenate(where), np.concatenate(low, axis=1), np.concatenate(high, axis=1)

    def _append(self, where: npt.NDArray, low: npt.NDArray, high: npt.NDArray, step: int) -> None:
        if len(where) == 0:
            return
        starts = np.arange(0, len(where), step)
        self._where.append(where[starts])
        self._low.append(np.fmin.reduceat(low, starts, axis=1))
        self._high.append(np.fmax.reduceat(high, starts, axis=1))


class ScorePlot:
    """The column and its score, one above the other; a column of panels for each of the first groups."""

    def __init__(self, path: Path, column: str, score: str) -> None:
        # What would fail when the picture is drawn is told before the work begins.
        from matplotlib.backend_bases import FigureCanvasBase

        self._format = path.suffix.lstrip(".").lower() or "png"
        if self._format not in FigureCanvasBase.filetypes:
            known = ", ".join(sorted(FigureCanvasBase.filetypes))
            raise ValueError(f"{str(path)!r} has a suffix that cannot be drawn; known are {known}")
        self.labels = (column, score)
        self.envelopes = [Envelope(curves=2) for _ in range(MOST_GROUPS)]

    def add(
        self,
        where: npt.NDArray,
        values: npt.NDArray,
        scores: npt.NDArray,
        groups: npt.NDArray[np.int64] | None,
    ) -> None:
        """Add values and scores at their places on the horizontal axis, with the numbers of their groups."""
        curves = np.array([values, scores], float)
        if groups is None:
            self.envelopes[0].add(where, curves)
            return
        for number, envelope in enumerate(self.envelopes):
            chosen = groups == number
            envelope.add(where[chosen], curves[:, chosen])

    def draw(self, path: Path, names: list[str], axis: str) -> None:
        """Draw what was added to `path`; `names` are those of the groups."""
        from matplotlib.figure import Figure

        shown = max(1, min(MOST_GROUPS, len(names)))
        figure = Figure(figsize=(6.5 * shown, 6), layout="constrained")
        panels = figure.subplots(2, shown, sharex="col", squeeze=False)
        for number in range(shown):
            envelope = self.envelopes[number]
            where, low, high = envelope.buckets()
            for curve, color in enumerate(("C0", "C1")):
                panel = panels[curve, number]
                panel.plot(where, high[curve], color=color, linewidth=0.6)
                if envelope.points_per_bucket > 1:
                    panel.fill_between(where, low[curve], high[curve], color=color, linewidth=0.6)
                panel.set_ylabel(self.labels[curve])
                panel.grid(alpha=0.3)
            panels[0, number].set_title(names[number] if names else "")
            panels[1, number].set_xlabel(axis)
        if len(names) > shown:
            figure.suptitle(f"The first {shown} of {len(names):,} groups")
        figure.savefig(path, dpi=120, format=self._format)
