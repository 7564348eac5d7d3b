"""What a stream may read: files, and whatever gives Arrow batches or NumPy arrays."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ._columns import array_column, empty_batch
from ._files import MOST_ROWS, Batches, Source, format_of, open_file, select

VALUE = "value"
Opener = Callable[[dict[str, pa.DataType]], Source]


def opener(source: Any, batch_rows: int | None) -> Opener:
    """What opens `source` for a run; columns of a CSV file get the types that it is given."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        format_of(path)
        return lambda types: open_file(path, types)
    if hasattr(source, "scanner") and hasattr(source, "schema"):
        return lambda _: DatasetSource(source)
    is_iterator = isinstance(source, Iterator) and not _is_container(source)
    if is_iterator or isinstance(source, pa.RecordBatchReader):
        once = _Once(source)
        return lambda _: BatchSource(_batches_of_items(once.take(), batch_rows, copy=True))
    if _is_container(source):
        return lambda _: BatchSource(_batches_of(source, copy=False))
    if isinstance(source, Iterable) and not isinstance(source, bytes):
        return lambda _: BatchSource(_batches_of_items(iter(source), batch_rows, copy=True))
    raise TypeError(
        f"source is {type(source).__name__}; a stream reads paths, Arrow tables and readers, frames, "
        "NumPy arrays, and iterables of batches, arrays or numbers"
    )


class BatchSource(Source):
    """Batches that come one after the other, all with the columns of the first."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        first = next(batches, None)
        self.schema = pa.schema([(VALUE, pa.float64())]) if first is None else first.schema
        self._batches = batches if first is None else itertools.chain([first], batches)

    def _stored_batches(self, columns: list[str], *_: object) -> Batches:
        for number, batch in enumerate(self._batches):
            if not batch.schema.equals(self.schema):
                other, own = _differences(batch.schema, self.schema)
                raise ValueError(
                    f"batch {number} has the columns {other}; those before have {own}; make them alike"
                )
            yield select(batch, columns)
            self.position += 1


class DatasetSource(Source):
    """A dataset of pyarrow, in its own order."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self.schema = dataset.schema

    def _stored_batches(
        self, columns: list[str], batch_rows: int | None, condition: pc.Expression | None
    ) -> Batches:
        chosen = None if columns == self.schema.names else columns
        batches = self._dataset.to_batches(
            columns=chosen,
            filter=condition,
            batch_size=batch_rows or MOST_ROWS,
            batch_readahead=1,
            fragment_readahead=1,
        )
        while (batch := self._read(batches)) is not None:
            yield batch

    def _read(self, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
        try:
            return next(batches, None)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            odd = self._other_types()
            if not odd:
                raise
            raise ValueError(
                f"the files of the dataset differ: {odd[0]}; give pyarrow.dataset.dataset() a schema= that "
                f"holds both: {error}"
            ) from error

    def _other_types(self) -> list[str]:
        """The columns that a file has in another type than the dataset, in words."""
        return [
            f"{getattr(file, 'path', '')!r} has {_described([field])}, and the dataset {_described([own])}"
            for file in self._dataset.get_fragments()
            for field in file.physical_schema
            for own in self.schema
            if own.name == field.name and own.type != field.type
        ]


class _Once:
    """An iterator that is read once."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self._is_taken = False

    def take(self) -> Iterator[Any]:
        if self._is_taken:
            raise ValueError(
                "the source can be read once, and was: make it anew, or take several results at once "
                "with reduce()"
            )
        self._is_taken = True
        return self._items


def _differences(first: pa.Schema, second: pa.Schema) -> tuple[str, str]:
    """The columns of both in words; those alone that differ, if all have the same names."""
    pairs = [(a, b) for a, b in zip(first, second, strict=False) if not a.equals(b)]
    if first.names != second.names:
        pairs = list(itertools.zip_longest(first, second))
    return _described(a for a, _ in pairs), _described(b for _, b in pairs)


def _described(fields: Iterable[pa.Field | None]) -> str:
    return ", ".join(
        f"{field.name!r}: {field.type}{'' if field.nullable else ' not null'}" for field in fields if field
    )


@contextlib.contextmanager
def _errors_that_name(what: str) -> Iterator[None]:
    """What Arrow cannot take says where it stands."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        reason = "; ".join(map(str, error.args))
        raise TypeError(f"{what}: {reason}; give values of one type, or leave the column out") from error


def _is_container(data: Any) -> bool:
    known = (pa.RecordBatch, pa.Table, pa.Array, pa.ChunkedArray, np.ndarray, Mapping)
    if isinstance(data, known) or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return True
    # Before 2.2 without Arrow's protocol. What reads a file in chunks is an iterator of frames.
    return type(data).__module__.partition(".")[0] == "pandas" and not isinstance(data, Iterator)


def _batches_of(data: Any, copy: bool) -> Iterator[pa.RecordBatch]:
    """The batches of a container; of an array, those of its one column."""
    if isinstance(data, pa.RecordBatch):
        yield data
    elif isinstance(data, pa.Table):
        yield from data.to_batches() or [empty_batch(data.schema)]
    elif isinstance(data, Mapping):
        yield from _batches_of(pa.table({name: _column(data[name], copy, name) for name in data}), copy)
    elif isinstance(data, pa.ChunkedArray | pa.Array | np.ndarray):
        yield from _batches_of(pa.table({VALUE: _column(data, copy, VALUE)}), copy)
    elif hasattr(data, "__arrow_c_stream__"):
        yield from _exported(data)
    elif hasattr(data, "__arrow_c_array__"):
        array = pa.array(data)
        is_table = pa.types.is_struct(array.type)
        yield from _batches_of(pa.RecordBatch.from_struct_array(array) if is_table else array, copy)
    elif hasattr(data, "columns"):
        with _errors_that_name("the source"):
            table = pa.Table.from_pandas(data)
        yield from _batches_of(table, copy)
    else:
        yield from _batches_of(pa.array(data, from_pandas=True), copy)


def _exported(data: Any) -> Iterator[pa.RecordBatch]:
    """The batches of what speaks Arrow's C stream protocol; of a series, those of its one column."""
    try:
        reader = pa.RecordBatchReader.from_stream(data)
    except pa.ArrowInvalid:
        with _errors_that_name("the source"):
            column = pa.chunked_array(data)
        yield from _batches_of(column, False)
        return
    none_yet = True
    for batch in reader:
        none_yet = False
        yield batch
    if none_yet:
        yield empty_batch(reader.schema)


def _column(values: Any, copy: bool, name: Any) -> Any:
    if isinstance(values, pa.ChunkedArray | pa.Array):
        return values
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ValueError(f"an array of shape {values.shape} is no column; it needs one dimension")
        if values.dtype.names:
            raise TypeError(
                "an array of records is no column; numpy_ext.records.to_arrow makes a table of it"
            )
        with _errors_that_name(f"column {name!r}"):
            return array_column(values.copy() if copy else values)
    with _errors_that_name(f"column {name!r}"):
        return pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else pa.array(values)


def _numbers(values: Sequence[Any], before: pa.DataType | None) -> pa.Array:
    """A column of numbers of Python, of the type that those before have, which must hold every one."""
    with _errors_that_name("the numbers of the source"):
        column = pa.array(values)
        dtype = before or (pa.float64() if pa.types.is_null(column.type) else column.type)
        # Not pa.array(values, dtype): it cuts off the fractions of floats for a column of integers.
        if column.type != dtype and not (pa.types.is_null(column.type) or pa.types.is_integer(column.type)):
            raise TypeError(
                f"the source gave {column.type} after {dtype}; give numbers of one type, such as floats"
            )
        return column.cast(dtype)


def _batches_of_items(items: Iterator[Any], batch_rows: int | None, copy: bool) -> Iterator[pa.RecordBatch]:
    """The batches of items that are containers, or numbers of one column."""
    if isinstance(items, pa.RecordBatchReader):
        yield from _exported(items)
        return
    dtype = None
    for item in items:
        if item is None or isinstance(item, Real | np.number | np.bool_):
            column = _numbers([item, *itertools.islice(items, (batch_rows or MOST_ROWS) - 1)], dtype)
            dtype = column.type
            yield pa.record_batch([column], names=[VALUE])
        elif isinstance(item, list | tuple):
            yield pa.record_batch([_column(item, copy, VALUE)], names=[VALUE])
        elif _is_container(item):
            yield from _batches_of(item, copy)
        else:
            hint = (
                "; of several files, make a pyarrow.dataset.dataset" if isinstance(item, str | Path) else ""
            )
            raise TypeError(f"the source gave {item!r}, which is no batch, array or number{hint}")
