"""Streams: what to do with the batches of a source, and the results that read it."""

from __future__ import annotations

import inspect
import operator
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ._columns import ColumnError, Names, plain
from ._files import Batches, ColumnChangesType, check_output, format_of, write_batches, written_beside
from ._reductions import REDUCTIONS, Reduction
from ._run import Plan, Run, reduce_all, run
from ._sources import opener
from ._state import State
from ._steps import (
    Columns,
    Condition,
    FilterConditions,
    FilterExpression,
    FilterFunction,
    Map,
    Score,
    Step,
    check_condition,
)


def scan(
    source: Any,
    columns: str | Sequence[str] | None = None,
    batch_rows: int | None = None,
    progress: bool | str = False,
) -> Stream:
    """
    A stream over a source of any length; nothing is read yet.

    Parameters
    ----------
    source : path, table, array or iterable
        - The path of a file: ``.parquet`` or ``.pq``, ``.csv``, ``.arrow``, ``.feather`` or ``.ipc``.
        - A pyarrow RecordBatch, Table, RecordBatchReader or Dataset, or whatever speaks Arrow's C stream
          protocol: a Polars or pandas frame, a DuckDB relation. The NaN of pandas arrive as nulls.
        - An array of one dimension, which becomes the column "value"; a dict of arrays.
        - An iterable of any of these, such as ``pandas.read_csv(path, chunksize=n)``, or of numbers. All
          items have the same columns. None is a null.
    columns : str or list of str, optional
        The columns to read; by default all.
    batch_rows : int, optional
        The most rows of a batch. By default 65,536, and less when they take more than 16 MB.
    progress : bool or str, optional
        Show a bar while the source is read, when the standard error stream is a terminal; a str stands beside
        it. Needs rich.

    Returns
    -------
    Stream
        It reads when a result is asked for.

    Raises
    ------
    TypeError
        `source` is nothing that can be read.
    ValueError
        The suffix of the path is unknown, or `batch_rows` is less than 1.

    See Also
    --------
    polars.scan_parquet, pyarrow.dataset.Scanner : The same idea for queries.

    Notes
    -----
    Each result reads the source once. An iterator or a RecordBatchReader can be read only once: take several
    results at once with `Stream.reduce`. A file is read one batch ahead, on a thread.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import stream
    >>> stream.scan([1.0, 9.0, 4.0]).filter(lambda x: x > 2).map(np.sqrt).to_numpy()
    array([3., 2.])
    >>> batches = (np.arange(n, n + 1000.0) for n in range(0, 10_000, 1000))
    >>> stream.scan(batches).pow_sum("value", 2.0)
    333283335000.0
    """
    if batch_rows is not None and operator.index(batch_rows) < 1:
        raise ValueError(f"batch_rows is {batch_rows}; a batch has one row at least")
    chosen = [columns] if isinstance(columns, str) else columns
    if chosen is not None and not isinstance(chosen, Iterable):
        raise TypeError(f"columns is {columns!r}; it is the name of a column or a list of names")
    label = "reading" if progress is True else progress or None
    return Stream(
        Plan(opener(source, batch_rows), None if chosen is None else tuple(chosen), batch_rows, label)
    )


class Stream:
    """
    What to do with the batches of a source. Made by `scan`; immutable: each method gives a new stream.

    Steps (`filter`, `map`, `score`) are collected; a result (`pow_sum`, `weighted_sum`, `group_sum`,
    `group_mean`, `count`, `reduce`, `to_numpy`, `to_arrow`, `batches`, `write`) reads the source once, in
    order, and holds a few batches at a time. Columns that no step and no result needs are not read.

    Parameters
    ----------
    plan : Plan
        The source and the steps, as `scan` and the methods put them together.

    See Also
    --------
    scan : Makes a stream.
    State : Continues a computation in another run.

    Notes
    -----
    Arguments named `column` may be left out, or None, when there is only one column. Nulls are no values: a
    step passes over them and leaves them null, a total leaves them out. NaN is a value.

    Examples
    --------
    >>> from numpy_ext import stream
    >>> trades = {"stock": ["u", "w", "u"], "price": [1.0, 5.0, 3.0]}
    >>> stream.scan(trades).score("price", by="stock").to_numpy("score")
    array([1. , 5. , 3.9])
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def _then(self, step: Callable[..., Step], *arguments: Any) -> Stream:
        steps = (*self._plan.steps, lambda names: step(names, *arguments))
        return Stream(replace(self._plan, steps=steps))

    # Steps.

    def filter(
        self,
        condition: pc.Expression | Condition | list[Condition] | Callable[..., npt.ArrayLike],
        column: Columns = None,
    ) -> Stream:
        """
        Keep the rows that meet a condition.

        Parameters
        ----------
        condition : callable, tuple, list of tuples or pyarrow.compute.Expression
            A function of the values of `column`, an array without nulls, that gives a boolean for each; a
            comparison such as ``("price", ">", 3)``, or a list of comparisons that must all be true, with
            ``== != < <= > >=``; or an expression such as ``pc.field("price") > 3``.
        column : str or list of str, optional
            The columns whose values the function takes, an argument for each.

        Returns
        -------
        Stream
            With this step.

        Raises
        ------
        TypeError
            `condition` is none of these, or, when it is read, does not fit the columns.
        ValueError
            An operator is unknown; or, when it is read, a column is missing.

        See Also
        --------
        pyarrow.parquet.read_table : Takes the same tuples.

        Notes
        -----
        A row is dropped where the condition is null, or where a value that the function needs is null. NaN
        fails every comparison but ``!=``.

        Of a Parquet file, row groups in which no row can meet a comparison (a tuple, not ``!=``) that comes
        before all other steps are not read.

        Examples
        --------
        >>> import pyarrow.compute as pc
        >>> from numpy_ext import stream
        >>> prices = stream.scan({"day": [1, 2, 3], "price": [2.0, 8.0, None]})
        >>> prices.filter(("price", ">", 3)).to_numpy("day")
        array([2])
        >>> prices.filter(lambda x: x < 3, column="price").to_numpy("day")
        array([1])
        >>> prices.filter(pc.field("price").is_null()).to_numpy("day")
        array([3])
        """
        if isinstance(condition, pc.Expression):
            return self._then(FilterExpression, condition)
        if isinstance(condition, tuple | list):
            conditions = condition if isinstance(condition, list) else [condition]
            if not conditions:
                raise ValueError("filter: an empty list holds no condition")
            return self._then(FilterConditions, [check_condition(each) for each in conditions])
        _check_callable(condition, "filter")
        return self._then(FilterFunction, condition, column)

    def map(
        self, function: Callable[..., npt.ArrayLike], column: Columns = None, into: str | None = None
    ) -> Stream:
        """
        Compute a column from one or several.

        Parameters
        ----------
        function : callable
            Takes the values of a batch, an array without nulls for each column, and gives an array of the
            same length, of the same dtype for all batches.
        column : str or list of str, optional
            The columns whose values the function takes, an argument for each.
        into : str, optional
            The column to write, new or not. By default the (first) column itself.

        Returns
        -------
        Stream
            With this step.

        Raises
        ------
        TypeError
            `function` cannot be called; or, when it is read, gives another dtype, or one that Arrow does not
            have.
        ValueError
            When it is read: a column is missing, or the function gives another length.

        See Also
        --------
        score : What depends on the rows before.

        Notes
        -----
        Null stays null: where a value is null, the function does not see the row. It may be called with no
        values at all. Batches have any length, so each result must depend on its own row alone. The arrays
        may be read-only.

        Examples
        --------
        >>> import numpy_ext as nx
        >>> from numpy_ext import stream
        >>> trades = stream.scan({"price": [2.0, None, 4.0], "amount": [10, 20, 30]})
        >>> trades.map(lambda p, a: p * a, ["price", "amount"], into="worth").to_arrow()["worth"].to_pylist()
        [20.0, None, 120.0]
        """
        _check_callable(function, "map")
        return self._then(Map, function, column, into)

    def score(
        self,
        column: str | None = None,
        by: str | None = None,
        rise: float = 0.9,
        fall: float = 0.5,
        into: str = "score",
        state: State | None = None,
    ) -> Stream:
        """
        Add the conditional rolling score of a column, carried from batch to batch.

        Parameters
        ----------
        column : str, optional
            The column to score: integers, floating point or booleans.
        by : str, optional
            A column of keys; each key has a score of its own, and null is a key.
        rise, fall : float, optional
            The factors when a value is above the score, and when it is not.
        into : str, optional
            The name of the new column.
        state : State, optional
            Where to begin; it moves to the end.

        Returns
        -------
        Stream
            With this step.

        Raises
        ------
        TypeError
            When it is read: the column holds no numbers, or `by` no plain values.
        ValueError
            When it is read: a column is missing, there is one named `into` already, or the state is of
            another computation.

        See Also
        --------
        numpy_ext.rolling_score, numpy_ext.rolling_score_by : The same of arrays.

        Notes
        -----
        Equal to the score of the whole column, bit for bit, for any cut into batches. float32 for float32 and
        float16, else float64. A null has a null score, and the state passes over it. A NaN falls.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan([1.0, 3.0, None, 2.0]).score().to_arrow()["score"].to_pylist()
        [1.0, 3.9, None, 1.95]
        """
        return self._then(Score, column, by, float(rise), float(fall), into, state)

    # Results.

    def count(self, column: Columns = None, state: State | None = None) -> int:
        """
        How many rows have no null in a column, or in any of several.

        Parameters
        ----------
        column : str or list of str, optional
            The columns; by default every row counts.
        state : State, optional
            The count so far; it moves to the end.

        Returns
        -------
        int
            The number of these rows.

        See Also
        --------
        reduce : Several results at once.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan([1.0, None, 3.0]).count()
        2
        """
        return int(self._reduced("count", column, state))

    def pow_sum(
        self, column: str | None, p: float, absolute: bool = False, state: State | None = None
    ) -> float:
        """
        Sum of ``x**p`` over the values above zero.

        Parameters
        ----------
        column : str or None
            The values.
        p : float
            The exponent, any real number.
        absolute : bool, optional
            Sum ``abs(x)**p`` over all values instead.
        state : State, optional
            The total so far; it moves to the end.

        Returns
        -------
        float
            The sum.

        Raises
        ------
        TypeError
            The column holds no numbers.
        ValueError
            The column is missing, or the state is of another computation.

        See Also
        --------
        numpy_ext.pow_sum, numpy_ext.abs_pow_sum : The same of arrays.

        Notes
        -----
        The total is carried in two floats, so that batches cost no accuracy.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan([1.2, -0.5, 3.1, 4.0]).pow_sum("value", 1.5)
        14.77264736512669
        """
        return float(self._reduced("pow_sum", column, p, absolute, state))

    def weighted_sum(self, weights: str, column: str | None, state: State | None = None) -> float:
        """
        Sum of the products of two columns.

        Parameters
        ----------
        weights, column : str
            The columns. A row with a null in either is left out.
        state : State, optional
            The total so far; it moves to the end.

        Returns
        -------
        float
            The sum.

        Raises
        ------
        TypeError
            A column holds no numbers.
        ValueError
            A column is missing, or the state is of another computation.

        See Also
        --------
        numpy_ext.weighted_sum : The same of arrays.

        Notes
        -----
        As if in twice the precision, and rounded once.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan({"a": [1, 2, 3, 4], "b": [10.0, 20.0, 30.0, 40.0]}).weighted_sum("a", "b")
        300.0
        """
        return float(self._reduced("weighted_sum", weights, column, state))

    def group_sum(self, column: str, by: str, state: State | None = None) -> pa.Table:
        """
        Sum and count of the values of each key.

        Parameters
        ----------
        column : str
            The values.
        by : str
            The keys, of any plain type; null is a key.
        state : State, optional
            The totals so far; it moves to the end.

        Returns
        -------
        pyarrow.Table
            The columns `by`, "sum" and "count", in the order in which the keys first appear.

        Raises
        ------
        OverflowError
            A total of integers passes the limits of int64, or of uint64 for uint64.
        TypeError
            `column` holds no numbers, or `by` no plain values.
        ValueError
            A column is missing, or the state is of another computation.

        See Also
        --------
        group_mean : The totals divided.
        numpy_ext.group_sum : The same of arrays.

        Notes
        -----
        Floats are added in float64, in the order of the rows; integers exactly. A sum that overflows, or of
        both infinities, warns as NumPy's does.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> trades = {"stock": ["u", "w", "u"], "price": [1.0, 5.0, 3.0]}
        >>> stream.scan(trades).group_sum("price", by="stock").to_pylist()
        [{'stock': 'u', 'sum': 4.0, 'count': 2}, {'stock': 'w', 'sum': 5.0, 'count': 1}]
        """
        return self._reduced("group_sum", column, by, state)

    def group_mean(self, column: str, by: str, state: State | None = None) -> pa.Table:
        """
        Mean, sum and count of the values of each key.

        Parameters
        ----------
        column : str
            The values.
        by : str
            The keys, of any plain type; null is a key.
        state : State, optional
            The totals so far; it moves to the end.

        Returns
        -------
        pyarrow.Table
            The columns `by`, "mean", "sum" and "count", in the order in which the keys first appear. The mean
            of a key without values is NaN.

        Raises
        ------
        OverflowError, TypeError, ValueError
            As for `group_sum`.

        See Also
        --------
        group_sum : The totals alone.
        numpy_ext.group_mean : The same of arrays.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> trades = {"stock": ["u", "w", "u"], "price": [1.0, 5.0, 3.0]}
        >>> stream.scan(trades).group_mean("price", by="stock")["mean"].to_pylist()
        [2.0, 5.0]
        """
        return self._reduced("group_mean", column, by, state)

    def reduce(self, **reductions: tuple[Any, ...]) -> dict[str, Any]:
        """
        Several results, from reading the source once.

        Parameters
        ----------
        **reductions : tuple
            The name of a method (count, pow_sum, weighted_sum, group_sum, group_mean) and its arguments,
            under a name for the result.

        Returns
        -------
        dict
            The results under their names.

        Raises
        ------
        TypeError, ValueError
            A tuple names no such method, its arguments do not fit, or as the method itself.

        See Also
        --------
        pandas.DataFrame.agg : Takes such tuples too.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> numbers = stream.scan([1.0, None, 3.0])
        >>> numbers.reduce(count=("count", "value"), squares=("pow_sum", "value", 2.0))
        {'count': 2, 'squares': 10.0}
        """
        for name, reduction in reductions.items():
            if not isinstance(reduction, tuple) or not reduction or reduction[0] not in REDUCTIONS:
                raise ValueError(
                    f"reduce: {name} is {reduction!r}; it must be a tuple of a name and arguments, "
                    f"the names are {', '.join(REDUCTIONS)}"
                )
            _check_arguments(name, reduction)
        makers = [partial(_reduction, kind, arguments) for kind, *arguments in reductions.values()]
        return dict(zip(reductions, run(self._plan, reduce_all, makers), strict=True))

    def _reduced(self, kind: str, *arguments: Any) -> Any:
        return self.reduce(result=(kind, *arguments))["result"]

    def to_numpy(self, column: str | None = None) -> npt.NDArray:
        """
        A column as an array.

        Parameters
        ----------
        column : str, optional
            The column to read.

        Returns
        -------
        ndarray, shape (n,)
            Nulls become NaN in floating point, NaT in times and None in text.

        Raises
        ------
        ValueError
            The column is missing, or has nulls and holds integers or booleans, which have no place for them.

        See Also
        --------
        to_arrow : Keeps nulls.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan([1.0, None]).to_numpy()
        array([ 1., nan])
        """

        def collect(batches: Batches, this: Run) -> npt.NDArray:
            name = this.names.find(column, "column")
            whole = pa.chunked_array([plain(batch.column(name)) for batch in batches])
            if whole.null_count and (pa.types.is_integer(whole.type) or pa.types.is_boolean(whole.type)):
                raise ColumnError(
                    "column",
                    f"{name!r} has {whole.null_count:,} nulls, which an array of {whole.type} cannot hold; "
                    "drop them with filter(), or take to_arrow()",
                )
            return whole.to_numpy()

        return run(self._plan, collect, needed=lambda names: [names.find(column, "column")])

    def to_arrow(self) -> pa.Table:
        """
        All columns as a table.

        Returns
        -------
        pyarrow.Table
            All columns, all rows.

        See Also
        --------
        batches : One after the other, in bounded memory.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan({"x": [1, None, 3]}).to_arrow().num_rows
        3
        """
        return run(self._plan, lambda batches, _: pa.Table.from_batches(batches))

    def batches(self) -> Batches:
        """
        The batches, one after the other.

        Yields
        ------
        pyarrow.RecordBatch
            Those that have rows.

        Raises
        ------
        ValueError
            A column of a CSV file holds, further down, what the type that its beginning has suggested cannot.

        Notes
        -----
        A state moves on when the last batch was taken.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> [batch.num_rows for batch in stream.scan(range(5), batch_rows=2).batches()]
        [2, 2, 1]
        """
        try:
            this = Run(self._plan, {})
            yield from (batch for batch in this.batches() if batch.num_rows)
        except ColumnChangesType as change:
            raise ValueError(
                f"column {change.name!r} changes its type: {change.__cause__}; "
                "give pyarrow.csv.open_csv() the type and scan what it returns"
            ) from change
        this.move_states()

    def write(self, path: str | os.PathLike[str]) -> None:
        """
        Write all columns to a file, whose suffix names the format.

        Parameters
        ----------
        path : str or Path
            As for `scan`.

        Raises
        ------
        OSError
            The file cannot be written.
        ValueError
            The suffix is unknown, or the file is the one that is read.

        Notes
        -----
        The file is written beside `path` and moved there when it is complete: after an error or an
        interruption, what stood there before still does. A thread writes while the next batches are read.

        Examples
        --------
        >>> from numpy_ext import stream
        >>> stream.scan({"x": [1.0, 3.0]}).score("x").write("scored.csv")
        >>> stream.scan("scored.csv").to_numpy("score")
        array([1. , 3.9])
        """
        path = Path(path)
        kind = format_of(path)

        def write_all(batches: Batches, this: Run) -> None:
            check_output(path, this.source.paths)
            with written_beside(path) as beside:
                write_batches(batches, beside, kind)

        run(self._plan, write_all)


def _reduction(kind: str, arguments: list[Any], names: Names) -> Reduction:
    return REDUCTIONS[kind](names, *arguments)


def _check_arguments(name: str, reduction: tuple[Any, ...]) -> None:
    kind, *arguments = reduction
    signature = inspect.signature(getattr(Stream, kind))
    try:
        signature.bind(None, *arguments)
    except TypeError as error:
        takes = ", ".join([*signature.parameters][1:])
        raise TypeError(f"reduce: {name} is {reduction!r}, and {kind} takes {takes}: {error}") from error


def _check_callable(function: Any, method: str) -> None:
    if not callable(function):
        raise TypeError(f"{method}: {function!r} cannot be called")
