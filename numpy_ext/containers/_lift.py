"""Any ufunc or generalized ufunc, on any container: the public function, and which adapter takes a call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal

import numpy as np

from . import _arrow, _masked, _pandas, _polars, _xarray
from ._nulls import Cores, Operand, Result, WithAll, both, compute, not_nan

ADAPTERS: dict[str, ModuleType] = {
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _arrow,
    "xarray": _xarray,
}
NULLS = ("propagate", "skip", "error")
REFUSED = {
    "out": "the result is a new container; for a frame, into= names the columns that take it",
    "where": "fill or filter the container before the call",
    "axis": "columns have one dimension; for n-d arrays, core_dim= of xarray names it",
    "axes": "columns have one dimension; for n-d arrays, core_dim= of xarray names it",
    "keepdims": "columns have one dimension; expand the result",
}


class Lifted:
    """A function as `lift` gives it back."""

    def __init__(self, func: Any, nulls: str, nan_as_null: bool | None) -> None:
        self.func = func
        self.nulls = nulls
        self.nan_as_null = nan_as_null
        self.cores = Cores.of(func)
        self.__name__ = getattr(func, "__name__", type(func).__name__)
        self.__doc__ = f"`{self.__name__}` on containers, nulls: {nulls}.\n\n{func.__doc__ or ''}"

    def __repr__(self) -> str:
        nan = "" if self.nan_as_null is None else f", nan_as_null={self.nan_as_null}"
        return f"lift({self.__name__}, nulls={self.nulls!r}{nan})"

    def __call__(
        self,
        *args: Any,
        columns: Any = None,
        into: Any = None,
        core_dim: Any = None,
        dask: str | None = None,
        return_dtype: Any = None,
        **keywords: Any,
    ) -> Any:
        adapter = _adapter_of(args)
        own = {
            "columns": columns,
            "into": into,
            "core_dim": core_dim,
            "dask": dask,
            "return_dtype": return_dtype,
        }
        given = [name for name, value in own.items() if value is not None]
        if adapter is None or not any(map(adapter.is_container, args)):
            return self._on_arrays(args, given, keywords)
        for name in keywords.keys() & REFUSED.keys():
            if adapter is not _masked or name != "axis":
                raise TypeError(f"{self!r} takes no {name}= with containers: {REFUSED[name]}")
        known: tuple[str, ...] = ("core_dim", "dask") if adapter is _xarray else ()
        if adapter is _xarray:
            keywords |= {"core_dim": core_dim, "dask": dask}
        if adapter is _polars and any(map(_polars.is_expression, args)):
            self._refuse(given, ("return_dtype",), "expressions of Polars")
            return _polars.expression(self, args, return_dtype, keywords)
        if any(map(adapter.is_frame, args)):
            self._refuse(given, ("columns", "into", *known), "frames")
            return _FrameCall(self, adapter, keywords).run(args, columns, into)
        if adapter is _polars:  # whose map_batches hands it on
            known = ("return_dtype",)
        self._refuse(given, known, "columns")
        results = self.on_columns(args, keywords)
        if return_dtype is not None:
            _polars.check_declared(self, results[0], return_dtype)
        return one_or_all(results)

    def _on_arrays(self, args: Sequence[Any], given: list[str], keywords: dict[str, Any]) -> Any:
        """Plain arrays: the function itself, but that NaN may be null."""
        for place, arg in enumerate(args):
            self._refuse_other(arg, place)
        self._refuse(given, (), "plain arrays")
        if not self.nan_as_null or len(args) != self.func.nin or keywords.keys() & REFUSED.keys():
            return self.func(*args, **keywords)
        results = self.compute([self.plain(arg, place) for place, arg in enumerate(args)], keywords)
        return one_or_all([_masked.with_nan(*result) for result in results])

    def _refuse_other(self, arg: Any, place: int) -> None:
        """What is of a library and neither a container nor a number has another way."""
        library, kind = _library_of(arg.__class__), type(arg).__name__
        if library in ADAPTERS and not ADAPTERS[library].is_scalar(arg):
            advice = (advice for ending, advice in ADAPTERS[library].ADVICE.items() if kind.endswith(ending))
            raise TypeError(
                f"argument {place + 1} is a {kind} of {library}, which is no column and no frame; "
                + next(advice, "make a column of it")
            )
        hides_nulls = self.nulls == "error" or not self.cores.is_elementwise
        if hides_nulls and type(arg).__module__.startswith("dask.dataframe"):
            raise TypeError(
                f"argument {place + 1} is a {kind} of Dask, whose nulls {self!r} cannot see; hand it to "
                "map_partitions() if it is elementwise, or take the functions of numpy_ext.dask"
            )

    def _refuse(self, given: list[str], known: Sequence[str], what: str) -> None:
        for name in given:
            if name not in known:
                raise TypeError(f"{self!r} takes no {name}= with {what}")

    def check_count(self, args: Sequence[Any]) -> None:
        if len(args) != self.func.nin:
            raise TypeError(f"{self.__name__} takes {self.func.nin} arguments, and {len(args)} are given")

    def plain(self, value: Any, place: int) -> Operand:
        """An array or a scalar of no library."""
        what = f"argument {place + 1}"
        if value is None or value is np.ma.masked:
            return Operand(0, False, what)
        if isinstance(value, np.ndarray | np.generic | int | float | complex):
            return Operand(value, self.nan_valid(value) if self.nan_as_null else None, what)
        array = np.asarray(value)
        if array.dtype.kind not in "biufcmM":
            raise TypeError(
                f"{what} is a {type(value).__name__} without a numeric dtype ({array.dtype}); give numbers"
            )
        return Operand(array, self.nan_valid(array) if self.nan_as_null else None, what)

    @staticmethod
    def nan_valid(values: Any) -> Any:
        return not_nan(np.asarray(values))

    def compute(self, operands: Sequence[Operand], keywords: dict[str, Any]) -> list[Result]:
        cores = self.cores.fitted(operand.values for operand in operands)
        func = self.func if cores is self.cores else WithAll(self.func, self.cores, cores)
        return compute(func, cores, self.nulls, operands, keywords)

    def operand(self, adapter: ModuleType, value: Any, place: int, label: Any = None) -> Operand:
        if not adapter.is_known(value):
            return self.plain(value, place)
        what = f"argument {place + 1}"
        name = label if label is not None else adapter.name_of(value)
        if name not in (None, ""):
            what += f" (column {name!r})"
        values, valid, nan_is_null = adapter.read(value, what)
        if self.nan_as_null or (nan_is_null and self.nan_as_null is None):
            valid = both(valid, self.nan_valid(values))
        return Operand(values, valid, what)

    def on_columns(
        self,
        args: Sequence[Any],
        keywords: dict[str, Any],
        labels: dict[int, Any] | None = None,
        as_rows: bool = False,
    ) -> list[Any]:
        """The results of a call without frames; `as_rows` makes columns of one row of numbers."""
        self.check_count(args)
        adapter: Any = _adapter_of(args)
        if adapter in (_masked, _xarray):
            return adapter.apply(self, args, **keywords)
        labels = labels or {}
        cores = self.cores.fitted(args)
        places = [place for place, arg in enumerate(args) if adapter.is_column(arg)]
        sources = [args[place] for place in places]
        if not cores.is_elementwise:
            places = [place for place in places if cores.rows in cores.inputs[place]]
        args = adapter.aligned(args, places)
        operands = [self.operand(adapter, arg, place, labels.get(place)) for place, arg in enumerate(args)]
        self._check_lengths(operands, cores, places)
        results = self.compute(operands, keywords)
        like = args[places[0]] if places else sources[0]
        written = []
        for (values, valid), kind in zip(results, cores.result_kinds, strict=True):
            shape = np.shape(values)
            if kind != "array" and shape != ((len(like),) if kind == "rows" else ()):
                raise ValueError(
                    f"{self.__name__} gave the shape {shape} for columns of {len(like)} rows; "
                    "columns and plain arrays are one-dimensional and of one length, parameters are scalars"
                )
            if kind == "rows":
                written.append(adapter.write(values, valid, like, sources))
            elif kind == "array":
                written.append(_masked.with_nan(values, valid, f"a result of {self.__name__}"))
            elif as_rows:
                validity = None if valid is None else np.reshape(valid, 1)
                written.append(adapter.write(np.reshape(values, 1), validity, None, sources))
            else:
                written.append(adapter.write_number(values, valid is None or bool(valid), sources))
        return written

    def _check_lengths(self, operands: Sequence[Operand], cores: Cores, places: Sequence[int]) -> None:
        """Columns and plain arrays are of one length; an array of one element may be a scalar."""
        core = () if cores.is_elementwise else (cores.rows,)
        rows = [
            each
            for place, each in enumerate(operands)
            if cores.inputs[place] == core
            and getattr(each.values, "ndim", 0) == 1
            and (place in places or core or len(each.values) != 1)
        ]
        if len({len(each.values) for each in rows}) > 1:
            said = ", ".join(f"{each.what}: {len(each.values)}" for each in rows)
            raise ValueError(f"{self.__name__} takes the same rows, and here are different lengths: {said}")


class _FrameCall:
    """A call with frames: column by column, or one frame for several arguments."""

    def __init__(self, lifted: Lifted, adapter: ModuleType, keywords: dict[str, Any]) -> None:
        self.lifted, self.adapter, self.keywords = lifted, adapter, keywords

    def run(self, args: Sequence[Any], columns: Any, into: Any) -> Any:
        lifted, adapter = self.lifted, self.adapter
        frames = [place for place, arg in enumerate(args) if adapter.is_frame(arg)]
        frame = args[frames[0]]
        if adapter is _polars and _polars.is_expression(columns):
            columns = _polars.names_of(frame, columns)
        missing = lifted.func.nin - len(args)
        if missing < 0:
            lifted.check_count(args)
        if missing:
            if len(frames) > 1:
                raise TypeError(
                    f"{lifted.__name__} takes {lifted.func.nin} arguments; {len(args)} are given, "
                    f"{len(frames)} of them frames: give all arguments, or one frame for several of them"
                )
            labels = self._chosen(frame, columns, missing + 1)
            columns_of = [adapter.column(frame, place) for place in labels]
            spread = [*args[: frames[0]], *columns_of, *args[frames[0] + 1 :]]
            names = dict(enumerate((adapter.labels(frame)[place] for place in labels), frames[0]))
            results = lifted.on_columns(spread, self.keywords, names)
            return one_or_all(results) if into is None else self._into(frame, into, [results])
        return self._by_column(args, frames, columns, into)

    def _chosen(self, frame: Any, columns: Any, count: int) -> list[int]:
        """The positions of the columns that stand for `count` arguments."""
        labels = self.adapter.labels(frame)
        if columns is None and len(labels) != count:
            raise ValueError(
                f"{self.lifted.__name__} takes {count} columns of the frame, which has "
                f"{len(labels)}: {labels}; name {count} with columns="
            )
        places = self._places(frame, columns)
        if len(places) != count:
            raise ValueError(
                f"{self.lifted.__name__} takes {count} columns of the frame; "
                f"columns= names {len(places)}: {columns!r}"
            )
        return places

    def _places(self, frame: Any, columns: Any) -> list[int]:
        labels = self.adapter.labels(frame)
        if columns is None:
            return list(range(len(labels)))
        places = []
        for name in as_list(columns, labels):
            found = [place for place, label in enumerate(labels) if label == name]
            if not found:
                raise KeyError(f"columns= names {name!r}; the frame has {labels}")
            if len(found) > 1:
                raise ValueError(
                    f"columns= names {name!r}, which stands {len(found)} times in the frame: {labels}"
                )
            places += found
        return places

    def _by_column(self, args: Sequence[Any], frames: list[int], columns: Any, into: Any) -> Any:
        lifted, adapter = self.lifted, self.adapter
        frame = args[frames[0]]
        labels = adapter.labels(frame)
        places = self._places(frame, columns)
        others = {place: self._matched(frame, args[place], place, columns) for place in frames[1:]}
        results = []
        for position in places:
            row = list(args)
            row[frames[0]] = adapter.column(frame, position)
            for place, by_label in others.items():
                row[place] = adapter.column(args[place], by_label[labels[position]])
            named = dict.fromkeys(frames, labels[position])
            results.append(lifted.on_columns(row, self.keywords, named, as_rows=into is None))
        if into is not None:
            return self._into(frame, into, results)
        kinds = enumerate(lifted.cores.result_kinds)
        return one_or_all(
            [self._joined(frame, places, [row[output] for row in results], kind) for output, kind in kinds]
        )

    def _matched(self, frame: Any, other: Any, place: int, columns: Any) -> dict[Any, int]:
        """Where another frame has the columns of the first."""
        here, there = self.adapter.labels(frame), self.adapter.labels(other)
        if len(set(here)) < len(here) or len(set(there)) < len(there):
            raise ValueError(
                f"frames are matched by the names of their columns, and some stand twice: {here}, {there}"
            )
        wanted = here if columns is None else as_list(columns, here)
        if not set(wanted) <= set(there) or (columns is None and set(here) != set(there)):
            raise ValueError(
                "frames are matched by the names of their columns: the first has "
                f"{here}, argument {place + 1} has {there}"
            )
        return {label: position for position, label in enumerate(there)}

    def _joined(self, frame: Any, places: list[int], results: list[Any], kind: str) -> Any:
        if kind == "number":
            return self.adapter.join_numbers(frame, places, results)
        if results and isinstance(results[0], np.ndarray):
            return np.stack(results)
        return self.adapter.join(frame, places, results)

    def _into(self, frame: Any, into: Any, results: list[list[Any]]) -> Any:
        """A copy of the frame with the results as columns; results that are none stand behind it."""
        kinds = self.lifted.cores.result_kinds
        flat = [(result, kind) for row in results for result, kind in zip(row, kinds, strict=True)]
        found = [result for result, kind in flat if kind == "rows"]
        labels = self.adapter.labels(frame)
        names = as_list(into, labels)
        if not found:
            raise ValueError(f"into= takes columns, and {self.lifted.__name__} has no result for each row")
        if len(names) != len(found):
            raise ValueError(f"into= names {len(names)} columns, {into!r}, for {len(found)} results")
        twice = [name for name in names if names.count(name) > 1 or labels.count(name) > 1]
        if twice:
            raise ValueError(f"into= names {twice[0]!r}, which stands twice: {names} for {labels}")
        others = [result for result, kind in flat if kind != "rows"]
        return one_or_all([self.adapter.put(frame, names, found), *others])


def as_list(names: Any, labels: Sequence[Any]) -> list[Any]:
    """One name or several, an array or index of them too; a tuple may be the one name of a column."""
    if hasattr(names, "tolist") and np.ndim(names):
        names = names.tolist()
    if isinstance(names, list) or (
        isinstance(names, tuple) and not any(isinstance(label, tuple) for label in labels)
    ):
        return list(names)
    return [names]


def one_or_all(results: Sequence[Any]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


def _look_for_library(kind: Any) -> str | None:
    if issubclass(kind, np.ma.MaskedArray):
        return "numpy.ma"
    roots = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((root for root in roots if root in ADAPTERS), None)


_library_of = lru_cache(maxsize=1024)(_look_for_library)


def _adapter_of(args: Sequence[Any]) -> ModuleType | None:
    """The adapter of the one library among the arguments."""
    found = {
        library: type(arg).__name__
        for arg in args
        if (library := _library_of(arg.__class__)) and arg is not np.ma.masked
    }
    if len(found) > 1:
        said = " and ".join(f"{kind} of {library}" for library, kind in found.items())
        raise TypeError(f"containers of one library only, and here are {said}; convert one of them")
    for library in found:
        return ADAPTERS.get(library, _masked)
    return None


def lift(
    func: Any, nulls: Literal["propagate", "skip", "error"] = "propagate", nan_as_null: bool | None = None
) -> Lifted:
    """
    Lift a ufunc or generalized ufunc onto containers: pandas, Polars, Arrow, xarray, masked arrays.

    The same container comes back, with its index, names and family of dtypes, and no null is ever read as a
    number.

    Parameters
    ----------
    func : ufunc
        Any ufunc or generalized ufunc, of this package or of any other: anything that is called with arrays
        and has `nin`, `nout` and, if generalized, `signature`.
    nulls : {"propagate", "skip", "error"}, optional
        What a null in any argument does; see Notes.
    nan_as_null : bool, optional
        Whether NaN (NaT) in a container is null. By default only where the container has no other
        null: NumPy-backed columns of pandas, and xarray. True: in every container, and in plain
        arrays. False: nowhere.

    Returns
    -------
    callable
        ``lifted(*args, columns=None, into=None, core_dim=None, dask=None, return_dtype=None, **keywords)``,
        which can be pickled. The arguments are containers of one library, plain arrays of the same
        length, and scalars; other keywords, such as ``dtype=``, go to `func`. `columns` and `into` are for
        frames: names of the columns that take part, and of those that take the results in a copy of the
        frame. `core_dim` and `dask` are for xarray, `return_dtype` is for expressions of Polars and what
        `map_batches` of one hands on.

    Raises
    ------
    TypeError
        `func` is no ufunc. The callable raises it for containers of two libraries, and for columns that are
        no numbers, bools or times without a time zone, by name.
    ValueError
        `nulls` is none of the three. The callable raises it for nulls where there must be none, and for
        columns of different lengths.
    KeyError
        `columns` names a column that is not there.

    See Also
    --------
    numpy.ufunc.signature : The core dimensions of a generalized ufunc.

    Notes
    -----
    A row is a position along the core dimension; an elementwise ufunc computes each row by itself, and
    gives null where any argument is null, unless `nulls` is "error". A generalized ufunc:

    =============  ===========================================  =======================================
    nulls          a result for each row                        any other result
    =============  ===========================================  =======================================
    ``propagate``  null from the first null on                  null
    ``skip``       null in the rows where an argument is null,  of the other rows
                   which are left out of the computation
    ``error``      ValueError                                   ValueError
    =============  ===========================================  =======================================

    With "propagate", a function with a result for each row is taken for a scan: one in which no result
    depends on later rows. With "skip", a null in an argument that has no rows is a ValueError.

    A frame goes column by column where all arguments are given; frames among them are matched by the
    names of their columns. If arguments are missing, a frame stands for them, one column for each.

    Integers never pass through float64. What lies under a null counts for nothing and raises no warning.
    Without nulls nothing is copied but chunks, bits and what the library itself must copy.

    Examples
    --------
    >>> import numpy as np
    >>> import numpy_ext as nx
    >>> x = np.ma.array([1.0, 7.0, 3.0], mask=[False, True, False])
    >>> nx.lift(nx.rolling_score, nulls="skip")(x).tolist()
    [1.0, None, 3.9]
    >>> nx.lift(nx.rolling_score)(x).tolist()
    [1.0, None, None]
    >>> float(nx.lift(nx.pow_sum, nulls="skip")(x, 2.0))
    10.0
    """
    if not callable(func) or not isinstance(getattr(func, "nin", None), int) or not hasattr(func, "nout"):
        raise TypeError(
            f"func is {func!r}, which is no ufunc: it needs nin, nout and, if generalized, signature"
        )
    if nulls not in NULLS:
        raise ValueError(f'nulls is {nulls!r}; it is one of "propagate", "skip" and "error"')
    return Lifted(func, nulls, nan_as_null)
