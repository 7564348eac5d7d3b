"""What a stream does to its batches: each step takes one and gives one, and may remember those before."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import _ufuncs
from ..containers import _nulls
from ._columns import (
    ColumnError,
    Names,
    array_column,
    chosen,
    number_column,
    plain,
    set_column,
    spread,
    valid_rows,
    values_of,
)
from ._state import Keys, Snapshot, State, grown, keys_of, start_of

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Condition = tuple[str, str, Any]
Columns = str | Sequence[str] | None


class Step:
    """
    A step of one run, bound to the columns that it meets.

    Attributes
    ----------
    inputs : list of str or None
        The columns that it reads; None for all.
    numbers : list of str
        Those of them that must be numbers.
    output : str or None
        The column that it writes.
    pushed : pyarrow.compute.Expression or None
        What a reader may use to leave out rows that the step drops.
    state : State or None
        The state that moves on when the run is complete.
    """

    inputs: list[str] | None
    numbers: list[str] = []  # noqa: RUF012 - never changed in place
    output: str | None = None
    pushed: pc.Expression | None = None
    state: State | None = None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        raise NotImplementedError

    def snapshot(self) -> Snapshot | None:
        """Where its computation stands."""
        return None


class FilterExpression(Step):
    """Keeps the rows for which an expression of pyarrow is true."""

    def __init__(self, names: Names, expression: pc.Expression) -> None:
        text = str(expression)
        # An expression does not tell its columns, but spells them. A field by number needs all to stand.
        by_number = "FieldPath(" in text
        self.inputs = None if by_number else [name for name in names.names if name in text]
        self._expression = expression

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        try:
            kept = pa.Table.from_batches([batch]).filter(self._expression).combine_chunks()
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise TypeError(f"filter: {self._expression} does not fit the columns: {error}") from error
        return (kept.to_batches() or [batch.slice(0, 0)])[0]


class FilterConditions(FilterExpression):
    """Keeps the rows where every condition (column, operator, value) is true."""

    def __init__(self, names: Names, conditions: list[Condition]) -> None:
        parts = [
            OPERATORS[sign](pc.field(names.find(column, "filter")), value)
            for column, sign, value in conditions
        ]
        super().__init__(names, _all_of(parts))
        self.inputs = [column for column, _, _ in conditions]
        self.numbers = [column for column, _, value in conditions if isinstance(value, int | float)]
        # A reader goes by the lowest and the highest value, which leave out NaN; NaN meets this one alone.
        safe = [part for part, (_, sign, _) in zip(parts, conditions, strict=True) if sign != "!="]
        self.pushed = _all_of(safe) if safe else None


def _all_of(parts: list[pc.Expression]) -> pc.Expression:
    whole = parts[0]
    for part in parts[1:]:
        whole &= part
    return whole


class FilterFunction(Step):
    """Keeps the rows for which a function of the values is true."""

    def __init__(self, names: Names, function: Callable[..., Any], column: Columns) -> None:
        self.inputs = self.numbers = self._columns = names.find_all(column, "column")
        self._function = function

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = [plain(batch.column(name)) for name in self._columns]
        valid = valid_rows(columns)
        values = [values_of(column, valid) for column in columns]
        mask = self._function(*values)
        if isinstance(mask, pa.Array | pa.ChunkedArray):
            mask = mask.fill_null(False)
        mask = np.ma.filled(mask, False)
        if mask.dtype != bool:
            raise TypeError(f"filter: the function gave {mask.dtype}; a mask is boolean")
        _check_length(mask.shape, values[0], "filter")
        rows = mask if valid is None else _nulls.spread(mask, 0, valid)
        return batch.filter(pa.array(rows))


def _check_length(shape: tuple[int, ...], values: np.ndarray, method: str) -> None:
    if shape != values.shape:
        raise ValueError(
            f"{method}: the function gave an array of shape {shape} for {len(values)} values; "
            "it must give one for each"
        )


class Map(Step):
    """Computes a column from others, where none of them is null."""

    def __init__(self, names: Names, function: Callable[..., Any], column: Columns, into: str | None) -> None:
        self.inputs = self.numbers = self._columns = names.find_all(column, "column")
        self._function = function
        self.output = self._columns[0] if into is None else names.new(into, "into")
        if names.names.count(self.output) > 1:
            raise ColumnError("into", f"{names.where} has several columns {self.output!r}")
        self._type: pa.DataType | None = None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = [plain(batch.column(name)) for name in self._columns]
        valid = valid_rows(columns)
        values = [values_of(column, valid) for column in columns]
        if self._type is not None and len(values[0]) == 0:
            column = pa.nulls(batch.num_rows, self._type)
        else:
            column = self._compute(values, valid)
        return set_column(batch, str(self.output), column)

    def _compute(self, values: list[np.ndarray], valid: np.ndarray | None) -> pa.Array:
        given = self._function(*values)
        try:
            if not isinstance(given, pa.Array | pa.ChunkedArray):
                # A copy: the function may fill the same array again for the next batch.
                given = np.ma.copy(given) if np.ma.isMaskedArray(given) else np.array(given)
                _check_length(given.shape, values[0], "map")
                given = array_column(given)
            _check_length((len(given),), values[0], "map")
            column = _spread_arrow(given, valid)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise TypeError(f"map: a column cannot hold what the function gave: {error}") from error
        self._type = self._type or column.type
        if column.type != self._type:
            raise TypeError(
                f"map: the function gave {column.type} after {self._type}; "
                "it must give one type for all batches"
            )
        return column


def _spread_arrow(values: pa.Array, rows: np.ndarray | None) -> pa.Array:
    """A column with `values` in the rows where `rows` is True, and nulls in the others."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if rows is None:
        return values
    return values.take(pa.array(np.cumsum(rows) - 1, mask=~rows))


class Score(Step):
    """The conditional rolling score of a column; with keys, one for each key."""

    def __init__(
        self,
        names: Names,
        column: str | None,
        by: str | None,
        rise: float,
        fall: float,
        into: str,
        state: State | None,
    ) -> None:
        self._column = names.find(column, "column")
        self._by = None if by is None else names.find(by, "by")
        if names.new(into, "into") in names.names:
            raise ColumnError("into", f"{names.where} has a column {into!r} already; name another")
        self.inputs = [self._column, *([self._by] if self._by else [])]
        self.numbers, self.output, self.state = [self._column], into, state
        self._rise, self._fall = rise, fall
        self._states: np.ndarray | None = None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = number_column(batch, self._column, "column", "a score")
        if self._states is None:
            self._begin(batch, column)
        valid = valid_rows([column])
        # NumPy 1 would go by the dtype of the values alone, and scores of float16 keep three digits.
        values = values_of(column, valid)
        if values.dtype == np.float16:
            values = values.astype(np.float32)
        # A score may grow past the largest float; the user sees the infinity.
        with np.errstate(all="ignore"):
            scores = self._score(values, batch, valid)
        return set_column(batch, str(self.output), spread(scores, valid))

    def _begin(self, batch: pa.RecordBatch, column: pa.Array) -> None:
        no_values = column.slice(0, 0).to_numpy(zero_copy_only=False)
        self._dtype = np.promote_types(_ufuncs.rolling_score(no_values).dtype, np.float32)
        with np.errstate(over="ignore"):
            self._factors = self._dtype.type(self._rise), self._dtype.type(self._fall)
        self._parameters = {
            "rise": self._rise,
            "fall": self._fall,
            "dtype": self._dtype.name,
            "by_key": self._by is not None,
        }
        start = start_of(self.state, "score", self._parameters)
        self._states = start.numbers["score"].astype(self._dtype) if start else np.zeros(1, self._dtype)
        self._keys: Keys | None = None
        if self._by is not None:
            self._keys = keys_of(start, batch.schema.field(self._by).type, "by", self._by)

    def _score(self, values: np.ndarray, batch: pa.RecordBatch, valid: np.ndarray | None) -> np.ndarray:
        assert self._states is not None
        if self._keys is None:
            scores, self._states[0] = _ufuncs.rolling_score_resume(values, *self._factors, self._states[0])
            return scores
        labels = self._keys.numbers(chosen(batch.column(self._by), valid))
        states = grown(self._states, len(self._keys))
        scores, self._states = _ufuncs.rolling_score_by(values, labels, *self._factors, states)
        return scores

    def snapshot(self) -> Snapshot | None:
        if self._states is None:
            return None
        if self._keys is None:
            return Snapshot("score", self._parameters, None, {"score": self._states.copy()})
        scores = self._states[: len(self._keys)].copy()
        return Snapshot("score", self._parameters, self._keys.known, {"score": scores})


def check_condition(condition: Condition) -> Condition:
    """Refuse what is no condition."""
    if not (isinstance(condition, tuple) and len(condition) == 3 and isinstance(condition[0], str)):
        raise TypeError(f"filter: {condition!r} is no condition; one is ('column', '>', value)")
    _, sign, value = condition
    if sign not in OPERATORS:
        raise ValueError(f"filter: {sign!r} is no operator; known are {', '.join(OPERATORS)}")
    if value is None:
        raise ValueError("filter: a comparison with null is never true; use pyarrow.compute's is_null()")
    try:
        pa.scalar(value)
    except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
        raise ValueError(f"filter: {value!r} is no value that a column can hold: {error}") from error
    return condition
