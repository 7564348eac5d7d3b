"""The command ``score``: the rolling score of a column, written, summed up and drawn in one pass."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ._plot import ScorePlot
from .stream._columns import Names, chosen, plain, valid_rows, values_of
from .stream._files import Batches, check_outputs, format_of, open_file, write_batches, written_beside
from .stream._reductions import Count, PowSum
from .stream._run import Plan, Run, run
from .stream._sources import opener
from .stream._state import Keys, State, check_keys_can_be_saved, key_names, keys_of
from .stream._steps import Score

POWER = 1.5


@dataclass(frozen=True)
class Job:
    """What to score, and where the results go."""

    input: Path
    column: str
    group: str | None = None
    rise: float = 0.9
    fall: float = 0.5
    output: Path | None = None
    into: str = "score"
    plot: Path | None = None
    state: Path | None = None
    save_state: Path | None = None


@dataclass
class Summary:
    """What a job did."""

    rows: int = 0
    count: int = 0
    """How many values were no nulls."""
    seconds: float = 0.0
    """For reading, scoring and writing; drawing comes on top."""
    states: list[tuple[str, float]] = field(default_factory=list)
    """The last state of each group, behind its key."""
    pow_sum: float = 0.0
    """The sum of value**POWER over the values above zero."""


def score_file(job: Job, progress: str | None = None) -> Summary:
    """
    Do a job.

    Parameters
    ----------
    job : Job
    progress : str, optional
        What stands beside a bar on a terminal; None for no bar.

    Returns
    -------
    summary : Summary

    Raises
    ------
    OSError
        A file cannot be read or written.
    TypeError, ValueError
        A file, a column or a value is not what the job needs; the message says which.
    """
    if job.output:
        format_of(job.output)
    check_outputs([path for path in (job.output, job.plot, job.save_state) if path], [job.input])
    state = State.load(job.state) if job.state else State()
    schema = open_file(job.input, {}).schema
    time_column = _time_column(schema) if job.plot else None
    if job.save_state and job.group is not None:
        check_keys_can_be_saved(schema, job.group)

    def score(names: Names) -> Score:
        into = job.into
        while not job.output and into in names.names:
            into += "_"  # it goes into no file: its name stands in nobody's way
        return Score(names, job.column, job.group, job.rise, job.fall, into, state)

    def needed(names: Names) -> list[str]:
        read = {job.column, job.group, time_column, names.names[-1]}
        return [name for name in names.names if job.output or name in read]

    plan = Plan(opener(job.input, None), None, None, progress, (score,))
    summary = run(plan, lambda batches, this: _follow(job, batches, this, time_column), needed=needed)
    summary.states = last_states(job, state)
    if job.save_state:
        state.save(job.save_state)
    return summary


def _follow(job: Job, batches: Batches, this: Run, time_column: str | None) -> Summary:
    """Sum up all batches, and write and draw them where the job says so."""
    began = time.perf_counter()
    count, pow_sum = Count(this.names, job.column), PowSum(this.names, job.column, POWER)
    drawing = Drawing(job, this, time_column) if job.plot else None

    def followed() -> Batches:
        for batch in batches:
            count.add(batch)
            pow_sum.add(batch)
            if drawing:
                drawing.add(batch)
            yield batch
        if this.rows == 0:
            raise ValueError(f"{this.source.where} has no rows: there is nothing to score")

    with ExitStack() as stack:
        plot = stack.enter_context(written_beside(job.plot)) if job.plot else None
        if job.output:
            write_batches(followed(), stack.enter_context(written_beside(job.output)), format_of(job.output))
        else:
            for _ in followed():
                pass
        began_to_draw = time.perf_counter()
        if drawing and plot:
            drawing.draw(plot)
        drawn = time.perf_counter() - began_to_draw
    return Summary(this.rows, count.result(), time.perf_counter() - began - drawn, pow_sum=pow_sum.result())


def last_states(job: Job, state: State) -> list[tuple[str, float]]:
    """The state of each group behind its key, or the one state behind the name of the column."""
    assert state.snapshot is not None
    names = [job.column] if state.snapshot.keys is None else key_names(state.snapshot.keys)
    return list(zip(names, state.snapshot.numbers["score"].tolist(), strict=True))


class Drawing:
    """The picture of a job, batch after batch."""

    def __init__(self, job: Job, this: Run, time_column: str | None) -> None:
        assert job.plot is not None
        self._job, self._run, self._time_column = job, this, time_column
        self._plot = ScorePlot(job.plot, job.column, job.into)
        self._keys: Keys | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        column = plain(batch.column(self._job.column))
        valid = valid_rows([column])
        where = _positions(batch, self._time_column, self._run.rows - batch.num_rows)
        groups = None
        if self._job.group:
            keys = batch.column(self._job.group)
            self._keys = self._keys or keys_of(None, keys.type, "by", self._job.group)
            groups = self._keys.numbers(chosen(keys, valid))
        scores = batch.column(batch.num_columns - 1)
        self._plot.add(
            where if valid is None else where[valid],
            values_of(column, valid),
            values_of(scores, valid),
            groups,
        )

    def draw(self, path: Path) -> None:
        names = key_names(self._keys.known) if self._keys else [self._job.column]
        self._plot.draw(path, names, self._time_column or "row")


def _time_column(schema: pa.Schema) -> str | None:
    """The first column of dates or times, for the horizontal axis."""
    times = (
        column.name
        for column in schema
        if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)
    )
    return next(times, None)


def _positions(batch: pa.RecordBatch, time_column: str | None, first_row: int) -> npt.NDArray:
    """Where the rows of a batch stand on the horizontal axis."""
    if time_column is None:
        return np.arange(first_row, first_row + batch.num_rows)
    times = batch.column(time_column).cast(pa.timestamp("us"), safe=False)
    return times.to_numpy(zero_copy_only=False)
