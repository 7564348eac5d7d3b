"""One run of a stream: its steps bound to the columns of its source, and every batch led through them."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from ._columns import Names
from ._files import Batches, ColumnChangesType, CsvSource, Source
from ._reductions import Reduction
from ._sources import Opener
from ._steps import Step

Result = TypeVar("Result")


@dataclass(frozen=True)
class Plan:
    """What a stream reads, and what it does to each batch."""

    open_source: Opener
    columns: tuple[str, ...] | None
    batch_rows: int | None
    progress: str | None
    """What stands beside the bar; None for no bar."""
    steps: tuple[Callable[[Names], Step], ...] = ()


class Run:
    """
    A plan bound to its source.

    Attributes
    ----------
    source : Source
    names : Names
        The columns behind the last step.
    reductions : list of Reduction
    numbers : set of str
        The columns that must be numbers.
    rows : int
        How many rows were read.
    """

    def __init__(
        self,
        plan: Plan,
        types: dict[str, pa.DataType],
        reductions: Sequence[Callable[[Names], Reduction]] = (),
        needed: Callable[[Names], list[str]] | None = None,
    ) -> None:
        self._plan = plan
        self.source = plan.open_source(types)
        self.rows = 0
        self.names = self._available = self._chosen()
        self._steps: list[Step] = []
        for make in plan.steps:
            step = make(self.names)
            self._steps.append(step)
            if step.output is not None and step.output not in self.names.names:
                self.names = Names([*self.names.names, step.output], self.names.where)
        self.reductions = [make(self.names) for make in reductions]
        self._parts: list[Step | Reduction] = [*self._steps, *self.reductions]
        self.numbers = {name for part in self._parts for name in part.numbers}
        self._give_types(types)
        self._needed: set[str] | None = None
        if reductions:
            self._needed = {name for reduction in self.reductions for name in reduction.inputs}
        elif needed:
            self._needed = set(needed(self.names))
        states = [part.state for part in self._parts if part.state is not None]
        if len({id(state) for state in states}) < len(states):
            raise ValueError("one State stands in two places of the stream; each computation needs its own")

    def _chosen(self) -> Names:
        names = Names(self.source.schema.names, self.source.where)
        if self._plan.columns is None:
            return names
        chosen = names.find_all(self._plan.columns, "columns")
        return Names([name for name in names.names if name in chosen], names.where)

    def _give_types(self, types: dict[str, pa.DataType]) -> None:
        """A column of numbers that begins a CSV file with nulls alone holds numbers further down."""
        if isinstance(self.source, CsvSource):
            nulls = {column.name for column in self.source.schema if pa.types.is_null(column.type)}
            if late := nulls & self.numbers:
                self.source = self._plan.open_source({**types, **dict.fromkeys(late, pa.float64())})

    def batches(self) -> Batches:
        """The batches behind the last step."""
        condition = None
        for step in self._steps:
            if step.pushed is None:
                break
            condition = step.pushed if condition is None else condition & step.pushed
        stored = self.source.batches(self._columns(), self._plan.batch_rows, condition)
        with contextlib.closing(stored):
            for batch in _with_progress(self.source, stored, self._plan.progress):
                self.rows += batch.num_rows
                for step in self._steps:
                    batch = step(batch)
                yield batch

    def _columns(self) -> list[str]:
        """The columns to read: those that what comes behind needs, step by step."""
        needed = self._needed
        for step in reversed(self._steps):
            if needed is None or step.inputs is None:
                return self._available.names
            needed = (needed - {step.output}) | set(step.inputs)
        return [name for name in self._available.names if needed is None or name in needed]

    def move_states(self) -> None:
        """The run is complete: every state is where it ended."""
        for part in self._parts:
            if part.state is not None:
                part.state.snapshot = part.snapshot()


def run(
    plan: Plan,
    consume: Callable[[Batches, Run], Result],
    reductions: Sequence[Callable[[Names], Reduction]] = (),
    needed: Callable[[Names], list[str]] | None = None,
) -> Result:
    """
    Read the source once, and move the states when all is done.

    `consume` takes all batches. It is called again when a column of a CSV file turns out not to be of the
    type that its beginning suggests: a column of numbers becomes float64, any other text.
    """
    types: dict[str, pa.DataType] = {}
    while True:
        this = Run(plan, types, reductions, needed)
        try:
            with contextlib.closing(this.batches()) as batches:
                result = consume(batches, this)
        except ColumnChangesType as change:
            wider = pa.float64() if change.name in this.numbers else pa.string()
            if types.get(change.name) == wider:
                raise ValueError(f"{this.source.where}: {change.__cause__}") from change
            types = {**types, change.name: wider}
        else:
            this.move_states()
            return result


def reduce_all(batches: Batches, this: Run) -> list[Any]:
    """The results of all reductions."""
    for batch in batches:
        for reduction in this.reductions:
            reduction.add(batch)
    return [reduction.result() for reduction in this.reductions]


def _with_progress(source: Source, batches: Batches, label: str | None) -> Batches:
    """The batches, and on a terminal a bar that follows them."""
    if label is None or not sys.stderr or not sys.stderr.isatty():
        yield from batches
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ModuleNotFoundError as error:
        raise ImportError(
            "a bar needs rich: pip install 'numpy-ext-ufuncs[arrow]'", name=error.name
        ) from error

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=source.size)
        for batch in batches:
            yield batch
            bar.update(task, total=source.size, completed=source.position)
        # A thread reads ahead: only now it is certain to have told its last position.
        bar.update(task, total=source.size, completed=source.position)
