"""Records to Arrow and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._columns import (
    assembled,
    dtype_with_fields,
    refuse_nulls,
    speaks_arrow,
    structured,
    text_array,
)

if TYPE_CHECKING:  # slow to import
    from numpy.typing import DTypeLike

# Of Arrow, by their names: what NumPy holds exactly, and how text is stored.
NUMBERS = {
    "bool",
    "halffloat",
    "float",
    "double",
    *(f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)),
}
TEXTS = dict.fromkeys(["string", "large_string", "string_view"], "U")
TEXTS |= dict.fromkeys(["binary", "large_binary", "binary_view"], "S")
UNITS = ("s", "ms", "us", "ns")
MOST_DAYS = 2**31  # of date32
MOST_TEXT = 2**31  # bytes of an Arrow string array with offsets of 32 bits


def _pyarrow(function: str) -> Any:
    try:
        import pyarrow
    except ModuleNotFoundError as error:
        raise ImportError(f"{function} needs pyarrow: pip install 'numpy-ext-ufuncs[arrow]'") from error
    return pyarrow


# Records to Arrow.


def _arrow_type(pa: Any, field: np.ndarray, path: str, names: tuple[str, ...]) -> Any:
    dtype = field.dtype
    if dtype.kind in "biu" or dtype.char in "efd":
        return pa.from_numpy_dtype(np.dtype(f"{dtype.kind}{dtype.itemsize}"))
    if dtype.kind in "SU":
        large = field.nbytes >= MOST_TEXT
        return getattr(pa, ("large_" if large else "") + ("string" if dtype.kind == "U" else "binary"))()
    if dtype.kind in "mM":
        unit, count = np.datetime_data(dtype)
        if count == 1 and unit in UNITS:
            return pa.timestamp(unit) if dtype.kind == "M" else pa.duration(unit)
        if count == 1 and unit == "D" and dtype.kind == "M":
            return pa.date32()
        way = f"cast it to one of {', '.join(UNITS)}" + " or D" * (dtype.kind == "M")
    else:
        others = [name for name in names if name != path.split(".")[0]]
        way = f"leave it out with a view of other fields, such as records[{others}]"
    raise TypeError(f"to_arrow: field '{path}' has dtype {dtype}, which Arrow cannot hold; {way}")


def _arrow(pa: Any, field: np.ndarray, path: str, names: tuple[str, ...]) -> Any:
    """An Arrow array of the first dimension; others are lists of fixed size."""
    if field.ndim > 1:
        values = _arrow(pa, field.reshape(field.shape[0] * field.shape[1], *field.shape[2:]), path, names)
        kind = pa.list_(values.type, field.shape[1])
        return pa.Array.from_buffers(kind, len(field), [None], children=[values])
    if field.dtype.names is not None:
        columns = {
            name: _arrow(pa, field[name], f"{path}.{name}" if path else name, names)
            for name in field.dtype.names
        }
        kind = pa.struct([(name, column.type) for name, column in columns.items()])
        return pa.Array.from_buffers(kind, len(field), [None], children=list(columns.values()))
    kind = _arrow_type(pa, field, path, names)
    if field.dtype.kind in "SU":  # by way of Python: pyarrow ends bytes at the first zero
        try:
            return pa.array(field.tolist(), kind)
        except ValueError as error:
            raise ValueError(f"to_arrow: field '{path}': {error}") from error
    values = np.array(field, field.dtype.newbyteorder("="), order="C")  # pyarrow would keep a view
    if field.dtype.kind == "b":  # pyarrow reads one bit of each byte
        values = values.view("u1") != 0
    if kind == pa.date32():
        days = values[~np.isnat(values)].astype(np.int64)
        if days.size and not -MOST_DAYS <= days.min() <= days.max() < MOST_DAYS:
            raise ValueError(f"to_arrow: field '{path}' holds dates outside those of Arrow's date32")
    return pa.array(values, kind)


def to_arrow(records: np.ndarray | np.void) -> Any:
    """
    Copy records into an Arrow array of structs, exactly.

    Parameters
    ----------
    records : (n,) ndarray of records or numpy.recarray
        What becomes structs, with its fields.

    Returns
    -------
    pyarrow.StructArray
        One struct for each record. ``polars.Series`` and all else that speaks Arrow takes it, and
        ``pyarrow.RecordBatch.from_struct_array`` makes a table of it.

    Raises
    ------
    TypeError
        `records` has no fields, or a field has a dtype that Arrow lacks: complex, long double, objects, raw
        bytes, other units of time than those below.
    ValueError
        `records` does not have one dimension, text is no valid Unicode, or a date is out of range.
    ImportError
        pyarrow is missing.

    See Also
    --------
    from_arrow : The way back.
    to_columns : Columns for NumPy, without a copy.

    Notes
    -----
    ==================================  ===========================================
    NumPy                               Arrow
    ==================================  ===========================================
    bool, integers, float16, 32, 64     the same, whatever the byte order
    datetime64 in s, ms, us, ns         timestamp without a time zone; NaT is null
    datetime64 in D                     date32; NaT is null
    timedelta64 in s, ms, us, ns        duration; NaT is null
    text (U)                            string (large_string from 2 GiB on)
    bytes (S)                           binary (large_binary from 2 GiB on)
    nested records                      struct
    subarray                            fixed_size_list, one in another per dimension
    ==================================  ===========================================

    NaN stays NaN. Titles of fields are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> track = np.array([(2**64 - 1, 0.5), (2, 1.5)], dtype=[("t", "u8"), ("x", "f8")])
    >>> records.to_arrow(track).to_pylist()
    [{'t': 18446744073709551615, 'x': 0.5}, {'t': 2, 'x': 1.5}]
    """
    array = structured(records, "to_arrow")
    if array.ndim != 1:
        raise ValueError(
            f"to_arrow: records has {array.ndim} dimensions, not one; records.reshape(-1) has one"
        )
    return _arrow(_pyarrow("to_arrow"), array, "", array.dtype.names or ())


# Arrow to records.


def _chunks(pa: Any, data: Any) -> tuple[Any, list[Any]]:
    """The type of Arrow data and its chunks, at least one."""
    if hasattr(data, "__arrow_c_array__"):
        array = pa.array(data)
        return array.type, [array]
    chunked = pa.chunked_array(data)
    return chunked.type, chunked.chunks or [pa.nulls(0, chunked.type)]


def values_of(data: Any, what: str, path: str) -> Any:
    """The values of one column that Arrow can have."""
    pa = _pyarrow(f"{what} '{path}'")
    return _read(pa, *_chunks(pa, data if speaks_arrow(data) else pa.array(data)), what, path)


def _read(pa: Any, kind: Any, chunks: list[Any], what: str, path: str) -> Any:
    """A NumPy array of the values, or for structs a dict of them."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        if str(kind) not in TEXTS:
            chunks = [chunk.dictionary_decode() for chunk in chunks]
    if str(kind) in TEXTS:
        texts = [text for chunk in chunks for text in chunk.to_pylist()]
        return text_array(texts, TEXTS[str(kind)], what, path)
    is_time = pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_date(kind)
    if getattr(kind, "tz", None) is not None:
        raise TypeError(
            f"{what} '{path}' is a {kind}, and NumPy's times have no time zone; drop it first, for instance "
            "with dt.replace_time_zone(None) of Polars or with local_timestamp of pyarrow.compute"
        )
    if not is_time:
        refuse_nulls(sum(chunk.null_count for chunk in chunks), what, path)
    if is_time or str(kind) in NUMBERS:
        parts = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    if pa.types.is_struct(kind) and kind.num_fields:
        names = [kind[i].name for i in range(kind.num_fields)]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"{what} '{f'{path}.' * bool(path)}{twice}' stands twice")
        return {
            name: _read(
                pa,
                kind[i].type,
                [chunk.field(i) for chunk in chunks],
                what,
                f"{path}.{name}" if path else name,
            )
            for i, name in enumerate(names)
        }
    if pa.types.is_fixed_size_list(kind):
        values = _read(pa, kind.value_type, [chunk.flatten() for chunk in chunks], what, path)
        if isinstance(values, dict):
            values = assembled(values, None, False, what, share=False)
        return values.reshape(sum(map(len, chunks)), kind.list_size, *values.shape[1:])
    raise TypeError(
        f"{what} '{path}' has the Arrow type {kind}, for which NumPy has no dtype; drop it or cast it"
    )


def from_arrow(data: Any, dtype: DTypeLike | None = None) -> np.ndarray:
    """
    Copy structs or a table of any library that speaks Arrow into records, exactly.

    Parameters
    ----------
    data : struct array or table
        Anything with the method ``__arrow_c_array__`` or ``__arrow_c_stream__`` that gives structs or rows:
        a StructArray, RecordBatch, ChunkedArray or Table of pyarrow, a Series of structs or a DataFrame of
        Polars, a DataFrame of pandas, a relation of DuckDB.
    dtype : dtype with fields, optional
        The dtype of the result; fields are matched by name. By default packed, in the order of `data`.

    Returns
    -------
    (n,) ndarray of records
        One for each struct or row.

    Raises
    ------
    TypeError
        `data` does not speak Arrow or has no fields, a field has a type that NumPy lacks or a time zone, the
        names are not those of `dtype`, or a field cannot be cast by the rule "same_kind" of `numpy.can_cast`.
    ValueError
        There are nulls, other than in times. A name stands twice. An integer or a time does not fit `dtype`,
        or text would be cut.
    ImportError
        pyarrow is missing.

    See Also
    --------
    to_arrow : The way back, with the table of types.
    from_columns : For columns one by one.

    Notes
    -----
    Text becomes as long as the longest. A null in a time is NaT; anywhere else it is an error, since records
    have no place for it: no number stands in for it unasked. Dictionaries (categories) are decoded. date64
    becomes datetime64 in ms. With `dtype`, numbers are rounded to its floats, integers above 2**53 too, and
    times cut to its unit.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from numpy_ext import records
    >>> table = pa.table({"t": pa.array([2**64 - 1, 2], pa.uint64()), "name": ["one", "three"]})
    >>> records.from_arrow(table)
    array([(18446744073709551615, 'one'), (                   2, 'three')],
          dtype=[('t', '<u8'), ('name', '<U5')])
    """
    if not speaks_arrow(data):
        raise TypeError(
            f"from_arrow: data is a {type(data).__name__}, which has neither __arrow_c_array__ "
            "nor __arrow_c_stream__"
        )
    wanted = dtype_with_fields(dtype, False, "from_arrow")
    pa = _pyarrow("from_arrow")
    kind, chunks = _chunks(pa, data)
    if not pa.types.is_struct(kind) or not kind.num_fields:
        raise TypeError(f"from_arrow: data has the Arrow type {kind}, which has no fields")
    return assembled(
        _read(pa, kind, chunks, "from_arrow: field", ""), wanted, False, "from_arrow: field", share=False
    )
