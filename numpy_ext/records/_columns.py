"""Records as columns and columns as records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # slow to import
    from numpy.typing import DTypeLike

MOST_OFFSET = 2**31 - 1  # of a field in a dtype


def structured(records: Any, function: str) -> np.ndarray:
    """The memory of `records` as a plain array."""
    if isinstance(records, np.ma.MaskedArray):
        raise TypeError(f"{function}: records is a masked array; fill it first: records.filled()")
    # A record is a scalar that knows its memory; indexed so, it gives it as an array in every NumPy.
    index: Any = ...
    array = np.asarray(records[index] if isinstance(records, np.void) else records)
    if not array.dtype.names:
        raise TypeError(f"{function}: records has dtype {array.dtype}, which has no fields")
    return array


def _views(array: np.ndarray) -> dict[str, Any]:
    fields = {name: array[name] for name in array.dtype.names or ()}
    return {name: field if field.dtype.names is None else _views(field) for name, field in fields.items()}


def to_columns(records: np.ndarray | np.void) -> dict[str, Any]:
    """
    Give the fields of records as columns, without a copy.

    Parameters
    ----------
    records : (...) ndarray of records, numpy.recarray or numpy.void
        What has the fields.

    Returns
    -------
    dict
        Each field by its name, in the order of the fields: a view of the memory of `records`, so what is
        written into a column lands in the record. A nested record is a dict again; a subarray is further
        dimensions at the end.

    Raises
    ------
    TypeError
        `records` has no fields, or it is masked.

    See Also
    --------
    from_columns : The way back.
    to_arrow : Columns for Arrow and Polars.

    Notes
    -----
    Titles of fields are left out. The columns have the strides of the records; a library that wants each
    column in one piece copies it then.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> dtype = [("t", "u8"), ("at", [("x", "f8"), ("y", "f8")])]
    >>> track = np.array([(1, (0.5, 2.0)), (2, (1.5, 4.0))], dtype=dtype)
    >>> columns = records.to_columns(track)
    >>> columns["at"]["x"]
    array([0.5, 1.5])
    >>> columns["t"] += 10
    >>> track["t"].tolist()
    [11, 12]
    """
    return _views(structured(records, "to_columns"))


# Columns to records.  Below, `columns` is a dict of arrays and of such dicts, and `what` begins an error.


def _leaves(columns: dict[str, Any], path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    for name, column in columns.items():
        if isinstance(column, dict):
            yield from _leaves(column, f"{path}{name}.")
        else:
            yield path + name, column


def speaks_arrow(column: Any) -> bool:
    return hasattr(column, "__arrow_c_array__") or hasattr(column, "__arrow_c_stream__")


def refuse_nulls(nulls: int, what: str, path: str) -> None:
    if nulls:
        place = f"{what} '{path}'" if path else f"{what.partition(':')[0]}: data"
        raise ValueError(
            f"{place} has {nulls} null{'s' * (nulls > 1)}, which records cannot hold; "
            "fill them first, for instance with fill_null of Polars or of pyarrow.compute, or drop these rows"
        )


def text_array(texts: list[Any], kind: str, what: str, path: str) -> np.ndarray:
    refuse_nulls(sum(not isinstance(text, str | bytes) for text in texts), what, path)
    array = np.array(texts, dtype=kind)
    if array.tolist() != texts:
        raise ValueError(f"{what} '{path}' holds text that ends in a zero character, which NumPy cuts off")
    return array


def _array(column: Any, what: str, path: str, target: np.dtype | None) -> Any:
    """The values of one column, none of them changed."""
    if isinstance(column, np.ma.MaskedArray):
        refuse_nulls(int(np.ma.getmaskarray(column).sum()), what, path)
        return np.asarray(column)
    if isinstance(getattr(column, "dtype", None), np.dtype):
        array = np.asarray(column)
        if array.dtype.kind == "T":  # text of any length has no place in records
            return text_array(array.reshape(-1).tolist(), "U", what, path).reshape(array.shape)
        return array
    extension = getattr(column, "array", column)  # of a pandas Series before it spoke Arrow itself
    if speaks_arrow(column) or hasattr(extension, "__arrow_array__"):
        from ._arrow import values_of  # which needs this module

        values = values_of(column if speaks_arrow(column) else extension, what, path)
        return assembled(values, None, False, what, share=False) if isinstance(values, dict) else values
    try:
        array = np.asarray(column)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{what} '{path}': {error}") from error
    if not isinstance(column, list | tuple | range | int):
        return array
    if array.dtype.kind == "f":  # NumPy's choice for integers on both sides of 2**63, too
        objects = np.asarray(column, dtype=object)
        integers = [value for value in objects.flat if isinstance(value, int | np.integer)]
        only = 0 < len(integers) == array.size
        if only and min(integers) >= 0:
            return objects.astype(np.uint64)
        for value in integers:
            if only or int(float(value)) != value:
                raise ValueError(
                    f"{what} '{path}' holds {value} beside numbers with which it has no exact dtype "
                    "in common; give an array of the dtype it should have"
                )
    if target is not None:  # Python's integers have no sign of their own, and no values no dtype
        if not array.size:
            return array.astype(target)
        if target.kind == "u" and array.dtype.kind == "i" and array.min() >= 0:
            return array.astype(np.uint64)
    return array


def _arrays(columns: Mapping[str, Any], dtype: np.dtype | None, what: str, path: str = "") -> dict[str, Any]:
    """Columns as a dict of arrays, in the order of `dtype` and each fit for a cast to it."""
    function = what.partition(":")[0]
    place = f"{what} '{path[:-1]}'" if path else f"{function}: the mapping"
    if not columns:
        raise ValueError(f"{place} is empty")
    for name in columns:
        if not isinstance(name, str):
            raise TypeError(f"{what} {name!r} is named by a {type(name).__name__}; names are text")
    if dtype is not None and set(dtype.names or ()) != set(columns):
        raise TypeError(
            f"{place} has the names {sorted(columns)}, dtype has {sorted(dtype.names or ())}; "
            "they must be the same"
        )
    return {
        name: _fit(columns[name], None if dtype is None else dtype[name].base, what, path + name)
        for name in (columns if dtype is None else dtype.names or ())
    }


def _fit(column: Any, target: np.dtype | None, what: str, path: str) -> Any:
    array = column if isinstance(column, Mapping) else _array(column, what, path, target)
    if target is not None and target.names and isinstance(array, np.ndarray) and array.dtype.names:
        array = _views(array)  # NumPy would match fields by position
    if isinstance(array, Mapping):
        if target is not None and not target.names:
            raise TypeError(f"{what} '{path}' is a mapping, which dtype {target} cannot hold")
        return _arrays(array, target, what, f"{path}.")
    if target is not None and array.dtype != target:
        is_void = "V" in (array.dtype.kind, target.kind)
        if is_void or not np.can_cast(array.dtype, target, "same_kind"):
            raise TypeError(
                f"{what} '{path}' of dtype {array.dtype} cannot be cast to {target} by the rule 'same_kind'"
            )
    return array


def _dtype_of(columns: dict[str, Any], ndim: int, placed: bool, align: bool = False) -> tuple[np.dtype, int]:
    """
    A dtype for records of these columns, with `ndim` dimensions of records, and the address of the first one.

    If `placed`, the fields stay where they are in memory.
    """
    formats, addresses = [], []
    for column in columns.values():
        if isinstance(column, dict):
            dtype, address = _dtype_of(column, ndim, placed, align)
        else:
            dtype, address = np.dtype((column.dtype, column.shape[ndim:])), column.ctypes.data
        formats.append(dtype)
        addresses.append(address)
    layout: Any = {"names": list(columns), "formats": formats}
    if placed:
        layout["offsets"] = [address - min(addresses) for address in addresses]
        ends = zip(layout["offsets"], formats, strict=True)
        layout["itemsize"] = max(offset + dtype.itemsize for offset, dtype in ends)
    return np.dtype(layout, align=align), min(addresses)


def _overlaps(dtype: np.dtype) -> bool:
    """Whether two fields, at any depth, share a byte."""
    if dtype.names is None:
        return False
    assert dtype.fields is not None
    fields = sorted((dtype.fields[name][:2] for name in dtype.names), key=lambda field: field[1])
    ends = [offset + field.itemsize for field, offset in fields]
    starts = [offset for _, offset in fields[1:]]
    return any(map(int.__lt__, starts, ends)) or any(_overlaps(field.base) for field, _ in fields)


def _owner(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _bounds(address: int, shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> tuple[int, int]:
    """The addresses from the first byte of an array to behind its last."""
    ways = [(length - 1) * stride for length, stride in zip(shape, strides, strict=True)]
    return address + sum(min(way, 0) for way in ways), address + sum(max(way, 0) for way in ways) + itemsize


class _Block:
    """Memory at an address, for `numpy.asarray`; `keep` is what it belongs to."""

    def __init__(self, keep: np.ndarray, **interface: Any) -> None:
        self.keep = keep
        self.__array_interface__ = {"version": 3, **interface}


def _shared(columns: dict[str, Any], ndim: int, dtype: np.dtype | None) -> np.ndarray | None:
    """Records in the memory of the columns themselves, if that is what they are; see `from_columns`."""
    arrays = [array for _, array in _leaves(columns)]
    first, owner = arrays[0], _owner(arrays[0])
    shape, strides = first.shape[:ndim], first.strides[:ndim]
    if owner.dtype.hasobject or not first.size:
        return None
    if any(_owner(array) is not owner or array.strides[:ndim] != strides for array in arrays):
        return None
    most = min([abs(stride) for stride in strides], default=MOST_OFFSET)
    if dtype is None:
        starts = [array.ctypes.data for array in arrays]
        ends = [start + array.nbytes // math.prod(shape) for start, array in zip(starts, arrays, strict=True)]
        if max(ends) - min(starts) > min(most, MOST_OFFSET):
            return None
        dtype, address = _dtype_of(columns, ndim, placed=True)
    else:
        probe = np.empty((), dtype)
        address = first.ctypes.data - (next(_like(probe, columns)).ctypes.data - probe.ctypes.data)
    low, high = _bounds(owner.ctypes.data, owner.shape, owner.strides, owner.itemsize)
    lowest, highest = _bounds(address, shape, strides, dtype.itemsize)
    if dtype.itemsize > most or lowest < low or highest > high or _overlaps(dtype):
        return None
    read_only = not all(array.flags.writeable for array in arrays)
    typestr = f"|V{dtype.itemsize}"
    block = _Block(first, data=(address, read_only), shape=shape, strides=strides, typestr=typestr)
    records = np.asarray(block).view(dtype)
    pairs = zip(_like(records, columns), arrays, strict=True)
    return records if all(_same_memory(field, array) for field, array in pairs) else None


def _like(records: np.ndarray, columns: dict[str, Any]) -> Iterator[np.ndarray]:
    """The fields of `records` that are leaves of `columns`."""
    for name, column in columns.items():
        if isinstance(column, dict):
            yield from _like(records[name], column)
        else:
            yield records[name]


def _same_memory(a: np.ndarray, b: np.ndarray) -> bool:
    return (a.ctypes.data, a.shape, a.strides, a.dtype) == (b.ctypes.data, b.shape, b.strides, b.dtype)


def _assign(field: np.ndarray, array: np.ndarray, name: str) -> None:
    """Cast, and refuse what would cut text or wrap an integer around."""
    if field.dtype.kind in "iu" and array.dtype.kind in "iu" and array.size:
        limits = np.iinfo(field.dtype)
        for value in (int(array.min()), int(array.max())):
            if not limits.min <= value <= limits.max:
                raise ValueError(f"{name} holds {value}, which {field.dtype} cannot hold")
    try:
        np.copyto(field, array, casting="same_kind")
        is_beyond = bool(
            {field.dtype.kind, array.dtype.kind} <= {*"mM"}
            and np.can_cast(array.dtype, field.dtype)
            and np.any((field.astype(array.dtype) != array) & ~np.isnat(array))
        )
    except OverflowError:  # of NumPy 2.5; before, such times came out wrong
        is_beyond = True
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if is_beyond:
        raise ValueError(f"{name} holds times beyond the range of {field.dtype}")
    if field.dtype.kind in "SU" and field.dtype != array.dtype:
        cut = np.count_nonzero(field != array.astype(field.dtype.kind))
        if cut:
            raise ValueError(f"{name} holds {cut} texts longer than {field.dtype}")


def assembled(
    columns: dict[str, Any], dtype: np.dtype | None, align: bool, what: str, *, share: bool
) -> np.ndarray:
    columns = _arrays(columns, dtype, what)
    leaves = list(_leaves(columns))
    path, first = leaves[0]
    if dtype is None:
        for other, array in leaves:
            if array.ndim == 0:
                raise ValueError(
                    f"{what} '{other}' has no dimensions; with dtype such columns make one record"
                )
        wanted = _dtype_of(columns, 1, placed=False, align=align)[0]
        dtype = wanted if align else None
    else:
        wanted = dtype
    inner = [field.shape for field in _like(np.empty((), wanted), columns)]
    ndim = first.ndim - len(inner[0])
    if ndim < 0:
        raise ValueError(f"{what} '{path}' has shape {first.shape}, its field {inner[0]}")
    shape = first.shape[:ndim]
    for (other, array), end in zip(leaves, inner, strict=True):
        if array.shape != shape + end:
            place = f"as column '{path}' has {first.shape}" if other != path else "as dtype says"
            raise ValueError(f"{what} '{other}' has shape {array.shape}, not {shape + end}, {place}")
    records = _shared(columns, ndim, dtype) if share else None
    if records is None:
        records = np.zeros(shape, wanted)
        for (path, array), field in zip(leaves, _like(records, columns), strict=True):
            _assign(field, array, f"{what} '{path}'")
    return records


def dtype_with_fields(dtype: DTypeLike | None, align: bool, function: str) -> np.dtype | None:
    if dtype is None:
        return None
    result = np.dtype(dtype, align=align)
    if not result.names:
        raise TypeError(f"{function}: dtype is {result}, which has no fields")
    return result


def from_columns(
    columns: Mapping[str, Any], dtype: DTypeLike | None = None, *, align: bool = False
) -> np.ndarray:
    """
    Make records of columns, without a copy where these are fields of one block of memory already.

    Parameters
    ----------
    columns : mapping of str to array_like
        A column for each field: any array or sequence; an Arrow array, chunked or not; a series of Polars or
        pandas. A mapping in place of a column gives nested records.
    dtype : dtype with fields, optional
        The dtype of the result. Columns are matched with its fields by name.
    align : bool, optional
        Whether fields are padded as a C compiler does it, as in `numpy.dtype`.

    Returns
    -------
    ndarray of records
        Without `dtype`, the first dimension of all columns counts the records, and further dimensions of a
        column are a subarray of its field. With `dtype`, each column has the dimensions of the records, any
        number of them, and then those of the subarray that its field has in `dtype`.

    Raises
    ------
    TypeError
        `columns` is no mapping, the names are not those of `dtype`, or a column cannot be cast by the rule
        "same_kind" of `numpy.can_cast`.
    ValueError
        There is no column, or the shapes do not agree. A column has nulls and its dtype no place for them. An
        integer or a time does not fit `dtype`, or text would be cut.
    ImportError
        A column is one of Arrow, Polars or of a pandas extension dtype, and pyarrow is missing.

    See Also
    --------
    to_columns : The way back.
    from_arrow : The same for tables and struct columns of Arrow, Polars and pandas.

    Notes
    -----
    The result is a view of the columns, read-only if one of them is, when all this holds:

    - the columns are views of one array, with the same strides from record to record;
    - all fields of a record lie within one stride, none overlaps another, subarrays are contiguous;
    - there is at least one record;
    - with `dtype`, or with `align`, they lie exactly where that layout has its fields, in the same dtypes;
    - there are no Python objects.

    So the columns that `to_columns` gives come back as a view, also when some are left out or in another
    order, and so do the columns of a matrix in C order. The dtype then has their offsets. The bytes between
    its fields belong to others, as in ``records[["x", "y"]]``: assignments leave them alone, but sorting or
    shuffling in place moves whole records, these bytes too. Everything else is copied, into packed records
    unless `dtype` or `align` says otherwise.

    Without `dtype` no value changes on the way: integers with nulls are refused instead of becoming floats.
    Text of Arrow, or of `numpy.dtypes.StringDType`, gets the length of the longest. A subarray of nested
    records is, in columns, nested records of subarrays; `dtype` makes it what it was.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> records.from_columns({"t": np.array([1, 2], "u8"), "at": {"x": [0.5, 1.5], "y": [2.0, 4.0]}})
    array([(1, (0.5, 2.)), (2, (1.5, 4.))],
          dtype=[('t', '<u8'), ('at', [('x', '<f8'), ('y', '<f8')])])

    Columns of one matrix are records without a copy:

    >>> matrix = np.arange(6.0).reshape(2, 3)
    >>> points = records.from_columns({"x": matrix[:, 0], "y": matrix[:, 1]})
    >>> points["y"] = -1
    >>> matrix
    array([[ 0., -1.,  2.],
           [ 3., -1.,  5.]])
    """
    if not isinstance(columns, Mapping):
        raise TypeError(
            f"from_columns: columns is a {type(columns).__name__}, which is no mapping of names to columns; "
            "from_arrow takes tables"
        )
    wanted = dtype_with_fields(dtype, align, "from_columns")
    return assembled(dict(columns), wanted, align, "from_columns: column", share=True)
