"""pandas: Series and frames, backed by NumPy, by NumPy with a mask (nullable), or by Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _arrow

ADVICE = {"GroupBy": "hand the function to its transform() or agg()"}
NUMPY, NULLABLE, ARROW = range(3)  # the families of dtypes; of several, the last wins


def is_frame(value: Any) -> bool:
    import pandas as pd

    return isinstance(value, pd.DataFrame)


def is_column(value: Any) -> bool:
    import pandas as pd

    return isinstance(value, pd.Series)


def is_container(value: Any) -> bool:
    import pandas as pd

    return isinstance(value, pd.Series | pd.DataFrame)


def is_known(value: Any) -> bool:
    return is_column(value) or type(value).__module__.startswith("pandas")


def is_scalar(value: Any) -> bool:
    import pandas as pd

    return value is pd.NA or value is pd.NaT or isinstance(value, pd.Timedelta | pd.Timestamp)


def name_of(value: Any) -> Any:
    return getattr(value, "name", None)


def _family(series: Any) -> int:
    import pandas as pd

    if isinstance(series.dtype, np.dtype):
        return NUMPY
    return ARROW if isinstance(series.dtype, pd.ArrowDtype) else NULLABLE


def aligned(args: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """The arguments with one index, the outer join, as pandas does for +; integers stay integers."""
    first = args[places[0]].index if places else None
    if all(args[place].index is first or args[place].index.equals(first) for place in places):
        return args
    args = list(args)
    for place in places:
        series = args[place]
        if _family(series) == NUMPY and series.dtype.kind in "biu":
            args[place] = series.astype(_nullable_dtype(series.dtype))  # NaN would make it float64
    if len(places) == 2:
        args[places[0]], args[places[1]] = args[places[0]].align(args[places[1]], join="outer")
        return args
    joined = args[places[0]].index
    for place in places[1:]:
        joined = joined.union(args[place].index)
    for place in places:
        args[place] = args[place].reindex(joined)
    return args


def _nullable_dtype(dtype: np.dtype) -> Any:
    import pandas as pd

    return pd.api.types.pandas_dtype(_NULLABLE_NAMES[dtype.str[1:]])


_NULLABLE_NAMES = {"b1": "boolean", "f4": "Float32", "f8": "Float64"} | {
    f"{kind}{size}": f"{'U' if kind == 'u' else ''}Int{8 * size}" for kind in "iu" for size in (1, 2, 4, 8)
}


def read(value: Any, what: str) -> tuple[Any, Any, bool]:
    """Values, validity, and whether NaN is the only null that the column can hold."""
    import pandas as pd

    if not is_column(value):
        return _scalar(value, what)
    dtype = value.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return value.to_numpy(), None, True
    if isinstance(dtype, pd.ArrowDtype):
        return _arrow.read(value.array.__arrow_array__(), what)
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and str(dtype) in _NULLABLE_NAMES.values():
        # The public ways to both copy; these names have stood since nullable dtypes exist.
        mask = value.array._mask
        return value.array._data, ~mask if mask.any() else None, False
    hint = "; convert_dtypes() makes a nullable column of numbers and None" if str(dtype) == "object" else ""
    raise TypeError(
        f"{what} has the dtype {dtype}; numbers, bools and times without a time zone are taken: "
        f"choose others with columns=, or cast it{hint}"
    )


def _scalar(value: Any, what: str) -> tuple[Any, Any, bool]:
    import pandas as pd

    if value is pd.NA or value is pd.NaT:
        return 0, False, False
    if isinstance(value, pd.Timedelta) or (isinstance(value, pd.Timestamp) and value.tz is None):
        return value.to_numpy(), None, False
    raise TypeError(
        f"{what} is a {type(value).__name__}, which is no Series, frame or number; make a Series of it"
    )


def write(values: np.ndarray, valid: Any, like: Any, sources: Sequence[Any]) -> Any:
    """A Series with the index of `like`, if any, in the dtype family of the sources and with their name."""
    names = {id(each): each.name for each in sources}.values()
    first = next(iter(names))
    name = first if all(_same(first, other) for other in names) else None
    data = _data(values, valid, max(map(_family, sources)))
    return sources[0]._constructor(data, index=None if like is None else like.index, name=name, copy=False)


def _same(name: Any, other: Any) -> bool:
    return name is other or bool(name == other)


def _data(values: np.ndarray, valid: Any, family: int) -> Any:
    """What a Series holds."""
    import pandas as pd

    if values.dtype.kind not in "biufcmM":
        raise TypeError(f"the result has dtype {values.dtype}; only numbers become columns")
    if family == ARROW:
        return pd.arrays.ArrowExtensionArray(_chunked(_arrow.array_of(values, valid)))
    if valid is None and family == NUMPY:
        return values
    if family == NULLABLE and values.dtype == np.float16:
        values = values.astype(np.float32)  # pandas has no nullable float16
    name = _NULLABLE_NAMES.get(values.dtype.str[1:])
    if name is None or (family == NUMPY and values.dtype.kind not in "biu"):
        return values  # NaN stands under every null
    array = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray}.get(
        values.dtype.kind, pd.arrays.IntegerArray
    )
    return array(values, np.zeros(len(values), bool) if valid is None else ~valid)


def _chunked(array: Any) -> Any:
    import pyarrow as pa

    return pa.chunked_array([array])


def write_number(value: Any, is_valid: bool, sources: Sequence[Any]) -> Any:
    import pandas as pd

    if is_valid:
        return value
    if max(map(_family, sources)) != NUMPY:
        return pd.NA
    return pd.NaT if np.asarray(value).dtype.kind in "mM" else np.nan


def labels(frame: Any) -> list[Any]:
    return list(frame.columns)


def column(frame: Any, place: int) -> Any:
    return frame.iloc[:, place]


def join(frame: Any, places: Sequence[int], columns: Sequence[Any]) -> Any:
    if not columns:
        return frame.iloc[:, :0].copy()
    result = frame._constructor(dict(enumerate(columns)), copy=False)
    result.columns = frame.columns[list(places)]
    return result


def join_numbers(frame: Any, places: Sequence[int], columns: Sequence[Any]) -> Any:
    """Columns of one row as one Series; objects, if no dtype holds all numbers exactly."""
    import pandas as pd

    if not columns:
        return pd.Series(index=frame.columns[:0], dtype=float)
    parts = [read(each, "")[:2] for each in columns]
    values = np.concatenate([part for part, _ in parts])
    valid = np.array([part is None or part[0] for _, part in parts])
    index = frame.columns[list(places)]
    exact = all(
        number.item() == part[0].item() or number != number
        for number, (part, _) in zip(values, parts, strict=True)
    )
    if not exact:
        return pd.Series([each.iloc[0] for each in columns], index=index, dtype=object)
    return pd.Series(_data(values, None if valid.all() else valid, max(map(_family, columns))), index=index)


def put(frame: Any, names: Sequence[Any], columns: Sequence[Any]) -> Any:
    result = frame.copy(deep=False)
    for name, series in zip(names, columns, strict=True):
        if not series.index.equals(frame.index):
            raise ValueError(f"into={name!r}: the result has another index than the frame; align them first")
        result[name] = series.array
    return result
