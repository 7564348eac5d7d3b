"""Arrow: arrays, chunked arrays, record batches and tables of pyarrow. No null is read through NaN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

ADVICE = dict.fromkeys(("Reader", "Dataset", "Scanner"), "numpy_ext.stream reads it batch by batch")


def is_frame(value: Any) -> bool:
    import pyarrow as pa

    return isinstance(value, pa.Table | pa.RecordBatch)


def is_column(value: Any) -> bool:
    import pyarrow as pa

    return isinstance(value, pa.Array | pa.ChunkedArray)


def is_container(value: Any) -> bool:
    return is_column(value) or is_frame(value)


def is_known(value: Any) -> bool:
    return is_column(value) or is_scalar(value)


def is_scalar(value: Any) -> bool:
    import pyarrow as pa

    return isinstance(value, pa.Scalar)


def name_of(_column: Any) -> None:
    return None


def aligned(args: Sequence[Any], _places: Sequence[int]) -> Sequence[Any]:
    return args


def read(value: Any, what: str) -> tuple[Any, Any, bool]:
    """Values and validity as NumPy arrays, views of Arrow's memory but for bools and validity."""
    import pyarrow as pa

    if isinstance(value, pa.Scalar):
        values, valid, _ = read(pa.array([value]), what)
        return values[0], None if valid is None else valid[0], False
    dtype = _numpy_dtype(value.type, what)
    if isinstance(value, pa.ChunkedArray):
        value = value.chunk(0) if value.num_chunks == 1 else pa.concat_arrays(_chunks(value))
    length, start = len(value), value.offset
    if pa.types.is_null(value.type):
        return np.zeros(length, dtype), np.zeros(length, bool) if length else None, False
    _, data = value.buffers()
    if not length or data is None:
        return np.zeros(length, dtype), None, False
    if dtype == np.bool_:
        values = _bits(data, start, length)
    elif pa.types.is_date32(value.type):
        values = np.frombuffer(data, np.int32, length, 4 * start).astype(dtype)
    else:
        values = np.frombuffer(data, dtype, length, dtype.itemsize * start)
    return values, validity(value), False


def validity(array: Any) -> Any:
    """Where there is no null; None when that is everywhere."""
    if not array.null_count:
        return None
    bitmap = array.buffers()[0]
    if bitmap is None:  # of types whose nulls stand elsewhere
        return array.is_valid().to_numpy(zero_copy_only=False)
    return _bits(bitmap, array.offset, len(array))


def is_number(kind: Any) -> bool:
    """Whether NumPy computes with the values of this type, times apart."""
    import pyarrow as pa

    return pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _chunks(value: Any) -> list[Any]:
    import pyarrow as pa

    return value.chunks or [pa.array([], value.type)]


def _bits(buffer: Any, start: int, length: int) -> np.ndarray:
    """Arrow's bits as bools."""
    first, last = start // 8, -(-(start + length) // 8)
    bits = np.frombuffer(buffer, np.uint8, last - first, first)
    return np.unpackbits(bits, bitorder="little")[start % 8 :][:length].view(bool)


def _numpy_dtype(kind: Any, what: str) -> np.dtype:
    """The dtype of the same values: text, decimals and all else that has none is refused."""
    import pyarrow as pa

    types = pa.types
    if types.is_null(kind):
        return np.dtype(np.int8)  # that every other dtype absorbs
    if is_number(kind):
        return pa.array([], kind).to_numpy(zero_copy_only=False).dtype
    if types.is_date(kind):
        return np.dtype("M8[D]" if types.is_date32(kind) else "M8[ms]")
    if types.is_duration(kind) or (types.is_timestamp(kind) and kind.tz is None):
        return np.dtype(f"{'m' if types.is_duration(kind) else 'M'}8[{kind.unit}]")
    raise TypeError(
        f"{what} has the Arrow type {kind}; numbers, bools and times without a time zone are taken: "
        "choose others with columns=, or cast it"
    )


def write(values: np.ndarray, valid: Any, _like: Any, sources: Sequence[Any]) -> Any:
    """An Arrow array of the values, whose memory it takes over."""
    import pyarrow as pa

    array = array_of(values, valid)
    return pa.chunked_array([array]) if any(isinstance(each, pa.ChunkedArray) for each in sources) else array


def array_of(values: np.ndarray, valid: Any) -> Any:
    import pyarrow as pa

    if values.dtype.str[1:] == "M8[D]":
        values, kind = values.astype(np.int32), pa.date32()
    else:
        values = in_units(values, ("s", "ms", "us", "ns"))
        kind = _arrow_type(values.dtype)
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    nulls = 0 if valid is None else len(values) - int(np.count_nonzero(valid))
    bitmap = pa.py_buffer(np.packbits(valid, bitorder="little")) if nulls else None
    data = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else values
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(data.view(np.uint8))], nulls)


def in_units(values: np.ndarray, units: Sequence[str]) -> np.ndarray:
    """Times in one of the units, from the coarsest on; NumPy has the days between two dates in days."""
    if values.dtype.kind not in "mM" or np.datetime_data(values.dtype)[0] in units:
        return values
    return values.astype(f"{values.dtype.kind}8[{units[0]}]")


def _arrow_type(dtype: np.dtype) -> Any:
    import pyarrow as pa

    try:
        return pa.from_numpy_dtype(dtype.newbyteorder("="))
    except NotImplementedError as error:
        raise TypeError(f"the result has dtype {dtype}, which Arrow cannot hold: pass arrays") from error


def write_number(value: Any, is_valid: bool, _sources: Sequence[Any]) -> Any:
    return array_of(np.asarray(value).reshape(1), None if is_valid else np.zeros(1, bool))[0]


def labels(frame: Any) -> list[str]:
    return frame.schema.names


def column(frame: Any, place: int) -> Any:
    return frame.column(place)


def join(frame: Any, places: Sequence[int], columns: Sequence[Any]) -> Any:
    fields = [frame.schema.field(place) for place in places]
    return _frame(frame, fields, columns)


join_numbers = join  # a frame of one row


def put(frame: Any, names: Sequence[str], columns: Sequence[Any]) -> Any:
    import pyarrow as pa

    fields, arrays = list(frame.schema), list(frame.columns)
    for name, array in zip(names, columns, strict=True):
        if name in frame.schema.names:
            place = frame.schema.get_field_index(name)
            arrays[place] = array
        else:
            fields.append(pa.field(name, array.type))
            arrays.append(array)
    return _frame(frame, fields, arrays)


def _frame(frame: Any, fields: Sequence[Any], columns: Sequence[Any]) -> Any:
    """Names and metadata as they were, types as they are now."""
    import pyarrow as pa

    fields = [
        field.with_type(each.type).with_nullable(field.nullable or each.null_count > 0)
        for field, each in zip(fields, columns, strict=True)
    ]
    if isinstance(frame, pa.RecordBatch):
        columns = [
            pa.concat_arrays(_chunks(each)) if isinstance(each, pa.ChunkedArray) else each for each in columns
        ]
    return type(frame).from_arrays(columns, schema=pa.schema(fields, metadata=frame.schema.metadata))
