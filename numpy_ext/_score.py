"""The rolling score of a column in a file: the state carried from batch to batch, one state per group."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from . import _ufuncs
from ._files import (
    ColumnChangesType,
    CsvSource,
    Source,
    Writer,
    check_output,
    format_of,
    open_source,
    written_beside,
)
from ._plot import ScorePlot

POWER = 1.5
Progress = Callable[[Source, Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


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


class Groups:
    """Numbers the keys that it meets, from 0 in the order of their first appearance; null is a key too."""

    def __init__(self, dtype: pa.DataType) -> None:
        self.keys = pa.array([], dtype)

    def numbers(self, keys: pa.Array) -> npt.NDArray[np.int64]:
        """The number of each key."""
        encoded = pc.dictionary_encode(keys, null_encoding="encode")
        known = pc.index_in(encoded.dictionary, value_set=self.keys)
        new = encoded.dictionary.filter(pc.is_null(known))
        numbers = known.fill_null(-1).to_numpy().astype(np.int64)
        numbers[numbers < 0] = len(self.keys) + np.arange(len(new))
        if len(new):
            self.keys = pa.concat_arrays([self.keys, new])
        return numbers[encoded.indices.to_numpy()]

    def names(self) -> list[str]:
        """The keys as text, in the order of their numbers."""
        try:
            return self.keys.cast(pa.string()).fill_null("null").to_pylist()
        except pa.ArrowException:  # bytes that are no text
            return [str(key) for key in self.keys]


@dataclass(frozen=True)
class Scored:
    """The values of a batch that are no nulls, and their scores."""

    length: int
    valid: npt.NDArray[np.intp] | None
    """Their rows in the batch; None when no row is null."""
    values: npt.NDArray
    scores: npt.NDArray
    groups: npt.NDArray[np.int64] | None
    """The numbers of their groups; None without groups."""

    def column(self) -> pa.Array:
        """The scores as a column of the batch, null where the value is."""
        if self.valid is None:
            return pa.array(self.scores)
        column = np.zeros(self.length, self.scores.dtype)
        column[self.valid] = self.scores
        is_null = np.ones(self.length, bool)
        is_null[self.valid] = False
        return pa.array(column, mask=is_null)


class Scorer:
    """The rolling score of one column, batch after batch; with groups, one state for each key."""

    def __init__(self, job: Job, schema: pa.Schema) -> None:
        self._column, self._group = job.column, job.group
        no_values = pa.array([], schema.field(job.column).type).to_numpy(zero_copy_only=False)
        # Scores of float16 would keep three digits.
        self.dtype = np.promote_types(_ufuncs.rolling_score(no_values).dtype, np.float32)
        self._parameters = (self.dtype.type(job.rise), self.dtype.type(job.fall))
        self._states = np.zeros(1, self.dtype)
        self._groups = Groups(_key_type(schema.field(job.group).type)) if job.group else None

    def score(self, batch: pa.RecordBatch) -> Scored:
        """Score the next batch."""
        column = batch.column(self._column)
        valid = np.flatnonzero(column.is_valid()) if column.null_count else None
        values = column.drop_null().to_numpy(zero_copy_only=False)
        if self._groups is None:
            scores, self._states[0] = _ufuncs.rolling_score_resume(values, *self._parameters, self._states[0])
            return Scored(len(column), valid, values, scores, None)
        keys = _plain(batch.column(self._group))
        groups = self._groups.numbers(keys if valid is None else keys.take(pa.array(valid)))
        return Scored(len(column), valid, values, self._score_groups(values, groups), groups)

    def last_states(self) -> list[tuple[str, float]]:
        """The state of each group behind its key, or the one state behind the name of the column."""
        names = [self._column] if self._groups is None else self._groups.names()
        return list(zip(names, self._states.tolist(), strict=False))

    def _score_groups(self, values: npt.NDArray, groups: npt.NDArray[np.int64]) -> npt.NDArray:
        """The scores of values whose groups come in any order."""
        missing = groups.max(initial=-1) + 1 - len(self._states)
        if missing > 0:
            # At least doubled, or many new groups a batch would copy the states each time.
            grown = max(missing, len(self._states))
            self._states = np.concatenate([self._states, np.zeros(grown, self.dtype)])
        scores, self._states = _ufuncs.rolling_score_by(values, groups, *self._parameters, self._states)
        return scores


def score_file(job: Job, progress: Progress) -> Summary:
    """
    Do a job.

    Parameters
    ----------
    job : Job
    progress : callable
        Takes the source and its batches, yields the batches and shows how far they are.

    Returns
    -------
    summary : Summary

    Raises
    ------
    OSError
        A file cannot be read or written.
    ValueError
        A file, a column or a value is not what the job needs; the message says which.
    """
    _check_outputs(job)
    types: dict[str, pa.DataType] = {}
    while True:
        try:
            # A score may grow past the largest float; the user sees the infinity.
            with np.errstate(all="ignore"):
                return _score_source(job, open_source(job.input, types), progress)
        except ColumnChangesType as change:
            # The scored column becomes float64 and any other text, and the file is read from its start.
            wider = pa.float64() if change.name == job.column else pa.string()
            if types.get(change.name) == wider:
                raise ValueError(f"{str(job.input)!r}: {change.__cause__}") from change
            types[change.name] = wider


def _check_outputs(job: Job) -> None:
    if job.output:
        format_of(job.output)
        check_output(job.output, [job.input])
    if job.plot:
        check_output(job.plot, [job.input, *([job.output] if job.output else [])])
        if job.output and job.plot.absolute() == job.output.absolute():
            raise ValueError(f"{str(job.plot)!r} cannot be both the output and the plot")


def _score_source(job: Job, source: Source, progress: Progress) -> Summary:
    _check_columns(job, source)
    scorer = Scorer(job, source.schema)
    time_column = _time_column(source.schema) if job.plot else None
    needed = [job.column, job.group, time_column]
    columns = [name for name in source.schema.names if job.output or name in needed]
    plot = ScorePlot(job.plot, job.column, job.into) if job.plot else None

    summary, power_sum = Summary(), (0.0, 0.0)
    began = time.perf_counter()
    with ExitStack() as stack:
        plot_path = stack.enter_context(written_beside(job.plot)) if job.plot else None
        writer = None
        if job.output:
            output_path = stack.enter_context(written_beside(job.output))
            schema = source.schema.append(pa.field(job.into, pa.from_numpy_dtype(scorer.dtype)))
            writer = stack.enter_context(Writer(output_path, format_of(job.output), schema))
        for batch in progress(source, source.batches(columns)):
            scored = scorer.score(batch)
            if writer:
                writer.write(batch.append_column(job.into, scored.column()))
            if plot:
                plot.add(_positions(batch, time_column, summary.rows), scored)
            summary.rows += scored.length
            summary.count += len(scored.values)
            power_sum = _ufuncs.pow_sum_resume(scored.values, POWER, *power_sum)
        if summary.rows == 0:
            raise ValueError(f"{str(job.input)!r} has no rows: there is nothing to score")
        summary.states = scorer.last_states()
        began_to_draw = time.perf_counter()
        if plot and plot_path:
            plot.draw(plot_path, [name for name, _ in summary.states], time_column or "row")
        drawing = time.perf_counter() - began_to_draw
    summary.seconds = time.perf_counter() - began - drawing
    summary.pow_sum = float(power_sum[0])
    return summary


def _check_columns(job: Job, source: Source) -> None:
    schema = source.schema
    for option, name in (("--column", job.column), ("--group", job.group)):
        if name is None:
            continue
        found = schema.names.count(name)
        if found != 1:
            problem = "no column" if found == 0 else f"{found} columns"
            columns = ", ".join(map(repr, schema.names))
            raise ValueError(f"{option}: {str(job.input)!r} has {problem} {name!r}; it has {columns}")
    dtype = schema.field(job.column).type
    if pa.types.is_null(dtype) and isinstance(source, CsvSource):
        raise ColumnChangesType(job.column)  # nothing in its first block: no number yet
    if not (pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_boolean(dtype)):
        raise ValueError(
            f"--column: {job.column!r} is of type {dtype}; a score needs integers or floating point"
        )
    if job.group and pa.types.is_nested(_key_type(schema.field(job.group).type)):
        raise ValueError(
            f"--group: {job.group!r} is of type {schema.field(job.group).type}; a key is a plain value"
        )
    if job.output and job.into in schema.names:
        raise ValueError(f"{str(job.input)!r} has a column {job.into!r} already; name another with --into")


def _key_type(dtype: pa.DataType) -> pa.DataType:
    return dtype.value_type if pa.types.is_dictionary(dtype) else dtype


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


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
