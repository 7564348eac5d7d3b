"""Columns by their names: found or told clearly, read as arrays without their nulls, put back with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..containers import _arrow, _nulls


class ColumnError(ValueError):
    """An argument that names a column names a wrong one."""

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"{argument}: {problem}")
        self.argument, self.problem = argument, problem


class ColumnTypeError(TypeError):
    """An argument that names a column names one of a wrong type."""

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"{argument}: {problem}")
        self.argument, self.problem = argument, problem


@dataclass(frozen=True)
class Names:
    """The names of the columns at one place of a stream."""

    names: list[str]
    where: str
    """What has these columns, in words."""

    def find(self, name: str | None, argument: str) -> str:
        """The one column of that name; of None, the only column that there is."""
        columns = ", ".join(map(repr, self.names))
        if name is None:
            if len(self.names) != 1:
                raise ColumnError(argument, f"{self.where} has the columns {columns}; name one of them")
            return self.names[0]
        found = self.names.count(self.new(name, argument))
        if found != 1:
            problem = "no column" if found == 0 else f"{found} columns"
            raise ColumnError(argument, f"{self.where} has {problem} {name!r}; it has {columns}")
        return name

    def new(self, name: str, argument: str) -> str:
        """A name for a column to write."""
        if not isinstance(name, str):
            raise TypeError(f"{argument} is {name!r}; a column is named by a str")
        return name

    def find_all(self, names: str | Sequence[str] | None, argument: str) -> list[str]:
        """The columns of one name or of several."""
        if names is None or isinstance(names, str):
            return [self.find(names, argument)]
        if not names:
            raise ValueError(f"{argument} is empty; name a column at least")
        return [self.find(name, argument) for name in names]


def plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def plain_type(dtype: pa.DataType) -> pa.DataType:
    return dtype.value_type if pa.types.is_dictionary(dtype) else dtype


def number_column(batch: pa.RecordBatch, name: str, argument: str, what: str) -> pa.Array:
    """A column of numbers, for `what`; nulls alone, which have no type, are missing numbers."""
    column = plain(batch.column(name))
    if pa.types.is_null(column.type):
        column = column.cast(pa.float64())
    if not _arrow.is_number(column.type):
        raise ColumnTypeError(
            argument, f"{name!r} is of type {column.type}; {what} needs integers or floating point"
        )
    return column


def valid_rows(columns: Sequence[pa.Array]) -> npt.NDArray[np.bool_] | None:
    """Where no column is null; None when that is everywhere."""
    valid = None
    for column in columns:
        valid = _nulls.both(valid, _arrow.validity(column))
    return valid


def chosen(column: pa.Array, rows: npt.NDArray[np.bool_] | None) -> pa.Array:
    """The rows of a column where `rows` is True; all for None."""
    return column if rows is None else column.filter(pa.array(rows))


def values_of(column: pa.Array, rows: npt.NDArray[np.bool_] | None) -> npt.NDArray:
    """The values of those rows, none of which is null."""
    if rows is None or not _arrow.is_number(column.type):
        return chosen(column, rows).to_numpy(zero_copy_only=False)
    return _nulls.rows_of(_arrow.read(column, "")[0], 0, rows)


def spread(values: npt.NDArray, rows: npt.NDArray[np.bool_] | None) -> pa.Array:
    """A column with `values` in the rows where `rows` is True, and nulls in the others."""
    return _arrow.array_of(values if rows is None else _nulls.spread(values, 0, rows), rows)


def set_column(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    """The batch with a column of that name, in its place or behind the others."""
    place = batch.schema.get_field_index(name)
    return batch.append_column(name, column) if place < 0 else batch.set_column(place, name, column)


def array_column(values: np.ndarray) -> pa.Array:
    """The column that has the values of an array; where they lie, if their byte order is this machine's."""
    try:
        return pa.array(values.astype(values.dtype.newbyteorder("="), copy=False))
    except pa.ArrowNotImplementedError as error:
        raise TypeError(f"an array of {values.dtype} is no column: Arrow has no such type") from error


VIEWS = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}


def without_views(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with text as Arrow's functions take it: views, in which Polars has it, cannot be filtered."""
    for place, column in enumerate(batch.columns):
        wider = VIEWS.get(str(plain_type(column.type)))
        if wider is not None:
            if pa.types.is_dictionary(column.type):
                words = _words(column.dictionary, wider)
                column = pa.DictionaryArray.from_arrays(column.indices, words, ordered=column.type.ordered)
            else:
                column = _words(column, wider)
            batch = batch.set_column(place, batch.schema.field(place).with_type(column.type), column)
    return batch


def _words(view: pa.Array, dtype: pa.DataType) -> pa.Array:
    try:
        return view.cast(dtype)
    except pa.ArrowNotImplementedError:  # pyarrow before 18
        return pa.array(view.to_pylist(), dtype)


def empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
