"""Polars: Series, frames and expressions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from . import _arrow
from ._nulls import dtypes_of

ADVICE = {
    "LazyFrame": "collect() it, or call the function on expressions in its select() or with_columns()",
    "GroupBy": "call the function on expressions in its agg()",
}


def is_frame(value: Any) -> bool:
    import polars as pl

    return isinstance(value, pl.DataFrame)


def is_column(value: Any) -> bool:
    import polars as pl

    return isinstance(value, pl.Series)


def is_expression(value: Any) -> bool:
    import polars as pl

    return isinstance(value, pl.Expr)


def is_container(value: Any) -> bool:
    return is_column(value) or is_frame(value) or is_expression(value)


def is_known(value: Any) -> bool:
    return is_column(value)


def is_scalar(_value: Any) -> bool:
    return False


def name_of(column: Any) -> str | None:
    return getattr(column, "name", None)


def aligned(args: Sequence[Any], _places: Sequence[int]) -> Sequence[Any]:
    return args


def read(series: Any, what: str) -> tuple[Any, Any, bool]:
    """Values and validity as NumPy arrays; a view for numbers without nulls in one chunk."""
    import polars as pl

    dtype = series.dtype
    if dtype == pl.Null:
        return np.zeros(len(series), np.int8), np.zeros(len(series), bool) if len(series) else None, False
    is_time = dtype == pl.Datetime or dtype in (pl.Date, pl.Duration)
    is_number = dtype == pl.Boolean or (dtype.is_numeric() and not dtype.is_decimal())
    is_number = is_number and not str(dtype).endswith("Int128")  # NumPy has none
    if not (is_number or is_time) or getattr(dtype, "time_zone", None):
        raise TypeError(
            f"{what} has the dtype {dtype}; numbers, bools and times without a time zone are taken: "
            "choose others with columns=, or cast it"
        )
    if not series.null_count():
        return _numpy(series, what), None, False
    if _has_arrow():
        return _arrow.read(series.to_arrow(), what)  # a view
    valid = series.is_not_null().cast(pl.UInt8).to_numpy().view(bool)
    if is_time:
        return _numpy(series, what), valid, False  # NaT under the nulls
    return _numpy(series.fill_null(False if dtype == pl.Boolean else 0), what), valid, False


def _look_for_arrow() -> bool:
    """pyarrow is no need of Polars, but knows the way between the two without a copy."""
    return find_spec("pyarrow") is not None


_has_arrow = cache(_look_for_arrow)


def _numpy(series: Any, what: str) -> np.ndarray:
    values = series.to_numpy()
    if values.dtype.kind not in "biufmM":
        raise TypeError(f"{what} has the dtype {series.dtype}, for which NumPy has none; cast it")
    return values


def write(values: np.ndarray, valid: Any, _like: Any, sources: Sequence[Any]) -> Any:
    return _series(name_of(sources[0]) or "", values, valid)


def _series(name: str, values: np.ndarray, valid: Any) -> Any:
    import polars as pl

    if values.dtype.kind not in "biufmM" or values.dtype.char == "g":
        raise TypeError(f"the result has dtype {values.dtype}, which Polars cannot hold; pass plain arrays")
    if values.dtype.str[1:] != "M8[D]":  # a date
        values = _arrow.in_units(values, ("ms", "us", "ns"))
    if valid is not None and values.dtype.char != "e" and _has_arrow():
        return pl.Series(name, _arrow.array_of(values, valid))
    series = pl.Series(name, np.ascontiguousarray(values, values.dtype.newbyteorder("=")))
    if valid is None:
        return series
    return series.zip_with(
        pl.Series(np.ascontiguousarray(valid)), pl.Series(name, [None], dtype=series.dtype)
    )


def write_number(value: Any, is_valid: bool, _sources: Sequence[Any]) -> Any:
    """A number of Python, or None."""
    if not is_valid:
        return None
    value = np.asarray(value)
    return _series("", value.reshape(1), None)[0] if value.dtype.kind in "mM" else value.item()


def labels(frame: Any) -> list[str]:
    return frame.columns


def names_of(frame: Any, selector: Any) -> list[str]:
    """The columns that a selector of Polars, or an expression, means."""
    return frame.clear().select(selector).columns


def column(frame: Any, place: int) -> Any:
    return frame.to_series(place)


def join(frame: Any, places: Sequence[int], columns: Sequence[Any]) -> Any:
    import polars as pl

    return pl.DataFrame(
        [each.alias(frame.columns[place]) for place, each in zip(places, columns, strict=True)]
    )


join_numbers = join  # a frame of one row


def put(frame: Any, names: Sequence[str], columns: Sequence[Any]) -> Any:
    return frame.with_columns([each.alias(name) for name, each in zip(names, columns, strict=True)])


def expression(lifted: Any, args: Sequence[Any], return_dtype: Any, keywords: dict[str, Any]) -> Any:
    """An expression that calls the function on whole columns, or on the rows of a group."""
    import polars as pl

    lifted.check_count(args)
    args = _without_literals(args)
    places = [place for place, arg in enumerate(args) if is_expression(arg)]
    kinds = lifted.cores.result_kinds
    if len(kinds) > 1 or kinds[0] == "array":
        what = (
            f"gives {len(kinds)} results"
            if len(kinds) > 1
            else "does not give one number or one for each row"
        )
        raise TypeError(
            f"{lifted.__name__} {what}, and an expression is one column; call it on Series or on a frame"
        )
    expressions = [args[place] for place in places]
    is_recent = hasattr(pl, "dtype_of")  # in releases before, map_batches of several columns lacks options
    several = any(each.meta.has_multiple_outputs() for each in expressions)
    if several and len(expressions) > 1:
        raise TypeError(f"{lifted.__name__} takes several expressions of one column each; name the columns")
    if return_dtype is None and is_recent and not several:
        return_dtype = pl.dtype_of(pl.map_batches(expressions, _Blank(lifted, args, places, keywords)))
    elif return_dtype is None and not is_recent:  # they would take the dtype of the input
        return_dtype = pl.Float64
    call = _Call(lifted, args, places, keywords, return_dtype)
    others = [arg for place, arg in enumerate(args) if place not in places]
    options = {
        "is_elementwise": lifted.cores.is_elementwise and not any(np.ndim(each) for each in others),
        "returns_scalar": kinds[0] == "number",
    }
    if len(expressions) == 1:
        return expressions[0].map_batches(lambda column: call([column]), return_dtype, **options)
    if is_recent:
        return pl.map_batches(expressions, call, return_dtype, **options)
    named = [each.alias(f"argument {place}") for place, each in enumerate(expressions[1:])]
    together = pl.struct(expressions[0], *named)
    return together.map_batches(
        lambda columns: call(columns.struct.unnest().get_columns()), return_dtype, **options
    )


def _without_literals(args: Sequence[Any]) -> list[Any]:
    """Literals as the numbers that they are, unless there is nothing else; old releases cannot tell."""
    import polars as pl

    def is_literal(arg: Any) -> bool:
        return is_expression(arg) and hasattr(arg.meta, "is_literal") and arg.meta.is_literal()

    if all(is_literal(arg) for arg in args if is_expression(arg)):
        return list(args)
    return [pl.select(arg).item() if is_literal(arg) else arg for arg in args]


class _Blank:
    """Tells a query the dtype of the result, from the dtypes of the columns alone."""

    def __init__(self, lifted: Any, args: Sequence[Any], places: Sequence[int], keywords: Any) -> None:
        self.lifted, self.args, self.places, self.keywords = lifted, args, places, keywords

    def __call__(self, columns: Sequence[Any]) -> Any:
        import polars as pl

        try:
            return _series("", np.zeros(len(columns[0]), self._dtype(columns)), None)
        except TypeError:  # of which Polars would say nothing; the call itself comes to the same
            return pl.Series("", [None] * len(columns[0]), pl.Null)

    def _dtype(self, columns: Sequence[Any]) -> np.dtype:
        values = list(self.args)
        for place, each in zip(self.places, columns, strict=True):
            values[place] = each
        for place, each in enumerate(values):
            if is_column(each):
                values[place] = read(each.clear(), f"argument {place + 1} (column {each.name!r})")[0]
        operands = [self.lifted.plain(value, place).values for place, value in enumerate(values)]
        return dtypes_of(self.lifted.func, self.lifted.cores, operands, self.keywords)[0]


class _Call:
    """Calls the function on the columns of an expression."""

    def __init__(
        self, lifted: Any, args: Sequence[Any], places: Sequence[int], keywords: Any, return_dtype: Any
    ) -> None:
        self.lifted, self.args, self.places, self.keywords = lifted, args, places, keywords
        self.return_dtype = return_dtype

    def __call__(self, columns: Sequence[Any]) -> Any:
        cores = self.lifted.cores
        values = list(self.args)
        length = max(map(len, columns))
        for place, each in zip(self.places, columns, strict=True):
            # A literal or an aggregate is a column of one row.
            is_scalar = not cores.inputs[place] and (length > 1 or not cores.is_elementwise)
            if is_scalar and len(each) == 1:
                values[place] = None if each.null_count() else each.to_numpy()[0]
            else:
                values[place] = each
        if not any(map(is_column, values)):
            values[self.places[0]] = columns[0]
        result = self.lifted.on_columns(values, self.keywords, as_rows=True)[0]
        check_declared(self.lifted, result, self.return_dtype)
        return result


def check_declared(lifted: Any, result: Any, declared: Any) -> None:
    """Refuse a column of another dtype than a query was told; what computes a dtype is right."""
    import polars as pl

    if isinstance(declared, type | pl.DataType) and is_column(result) and result.dtype != declared:
        raise TypeError(
            f"{lifted.__name__} gives {result.dtype}, and the expression was declared to give "
            f"{declared}: say return_dtype=pl.{result.dtype}"
        )
