"""What comes out of a stream as one result: totals, carried in two floats, and totals of groups."""

import contextlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _ufuncs
from ._columns import ColumnError, Names, number_column, plain_type, valid_rows, values_of
from ._state import Keys, Snapshot, State, grown, keys_of, start_of


class Reduction:
    """
    A result of one run, bound to the columns that it meets: add every batch, then take the result.

    Attributes
    ----------
    inputs, numbers : list of str
        The columns that it reads, and those of them that must be numbers.
    state : State or None
        The state that moves on when the run is complete.
    """

    inputs: list[str]
    numbers: list[str]
    state: State | None

    def add(self, batch: pa.RecordBatch) -> None:
        raise NotImplementedError

    def result(self) -> Any:
        raise NotImplementedError

    def snapshot(self) -> Snapshot:
        """Where its computation stands."""
        raise NotImplementedError


class Count(Reduction):
    """How many rows have no null in some columns."""

    def __init__(
        self, names: Names, column: str | list[str] | None = None, state: State | None = None
    ) -> None:
        self.inputs, self.numbers, self.state = names.find_all(column, "column"), [], state
        start = start_of(state, "count", {})
        self._count = int(start.numbers["count"][0]) if start else 0

    def add(self, batch: pa.RecordBatch) -> None:
        valid = valid_rows([batch.column(name) for name in self.inputs])
        self._count += batch.num_rows if valid is None else int(np.count_nonzero(valid))

    def result(self) -> int:
        return self._count

    def snapshot(self) -> Snapshot:
        return Snapshot("count", {}, None, {"count": np.array([self._count])})


class Total(Reduction):
    """A sum held in two floats: its rounded value and what rounding lost."""

    kind: str
    parameters: dict[str, Any]

    def _begin(self, state: State | None) -> None:
        self.state = state
        start = start_of(state, self.kind, self.parameters)
        self._total = (start.numbers["sum"][0], start.numbers["error"][0]) if start else (0.0, 0.0)

    def result(self) -> float:
        return float(self._total[0])

    def snapshot(self) -> Snapshot:
        sum_, error = (np.array([number], float) for number in self._total)
        return Snapshot(self.kind, self.parameters, None, {"sum": sum_, "error": error})


class PowSum(Total):
    """The sum of the powers of a column."""

    kind = "pow_sum"

    def __init__(
        self, names: Names, column: str | None, p: float, absolute: bool = False, state: State | None = None
    ) -> None:
        self.inputs = self.numbers = [names.find(column, "column")]
        if isinstance(p, str | bytes):  # float() would read them
            raise TypeError(f"p is {p!r}; a power is a real number")
        self.parameters = {"p": float(p), "absolute": bool(absolute)}
        self._resume = _ufuncs.abs_pow_sum_resume if absolute else _ufuncs.pow_sum_resume
        self._begin(state)

    def add(self, batch: pa.RecordBatch) -> None:
        column = number_column(batch, self.inputs[0], "column", "a sum")
        self._total = self._resume(
            values_of(column, valid_rows([column])), self.parameters["p"], *self._total
        )


class WeightedSum(Total):
    """The sum of the products of two columns."""

    kind = "weighted_sum"

    def __init__(self, names: Names, weights: str, column: str | None, state: State | None = None) -> None:
        self.inputs = self.numbers = [names.find(weights, "weights"), names.find(column, "column")]
        self.parameters = {}
        self._begin(state)

    def add(self, batch: pa.RecordBatch) -> None:
        columns = [
            number_column(batch, name, argument, "a sum")
            for name, argument in zip(self.inputs, ("weights", "column"), strict=True)
        ]
        valid = valid_rows(columns)
        self._total = _ufuncs.weighted_sum_resume(*(values_of(c, valid) for c in columns), *self._total)


class GroupSum(Reduction):
    """The sum and the count of the values of each key, in the order of their first appearance."""

    kind = "group_sum"
    _sums: np.ndarray
    _counts: np.ndarray

    def __init__(self, names: Names, column: str | None, by: str, state: State | None = None) -> None:
        self._column, self._by = names.find(column, "column"), names.find(by, "by")
        self.inputs, self.numbers, self.state = [self._column, self._by], [self._column], state
        self._keys: Keys | None = None
        if self._by in ("mean", "sum", "count"):
            raise ColumnError("by", f"the result has a column {self._by!r} of its own; rename the key")

    def add(self, batch: pa.RecordBatch) -> None:
        column = number_column(batch, self._column, "column", "a sum")
        if self._keys is None:
            self._begin(batch, column)
        assert self._keys is not None
        valid = valid_rows([column])
        values = values_of(column, valid)
        if values.dtype == np.float16:
            values = values.astype(np.float32)
        labels = self._keys.numbers(batch.column(self._by))
        if valid is not None:
            labels = labels[valid]
        length = len(self._keys)
        try:
            self._sums = _ufuncs.group_sum(values, labels, grown(self._sums, length))
        except OverflowError as error:
            raise self._too_large(error) from error
        self._counts = _ufuncs.group_count(labels, grown(self._counts, length))

    def _begin(self, batch: pa.RecordBatch, column: pa.Array) -> None:
        dtype = "float64"
        if not pa.types.is_floating(column.type):
            dtype = "uint64" if column.type == pa.uint64() else "int64"
        self._parameters = {"dtype": dtype}
        start = start_of(self.state, self.kind, self._parameters)
        self._key_type = plain_type(batch.schema.field(self._by).type)
        self._keys = keys_of(start, self._key_type, "by", self._by)
        self._sums = start.numbers["sum"].astype(dtype) if start else np.zeros(0, dtype)
        self._counts = start.numbers["count"].astype(np.int64) if start else np.zeros(0, np.int64)

    def _too_large(self, error: OverflowError) -> OverflowError:
        """The same error with the key in place of its number."""
        assert self._keys is not None
        label = re.search(r"label (\d+)", str(error))
        key = repr(self._keys.known[int(label[1])].as_py()) if label else "a key"
        return OverflowError(
            f"the sum of {self._column!r} over {self._by!r} = {key} passes the limits of {self._sums.dtype}; "
            "make floats of the column with map()"
        )

    def totals(self) -> tuple[pa.Array, np.ndarray, np.ndarray]:
        """Keys, sums and counts."""
        assert self._keys is not None
        length = len(self._keys)
        return self._keys.known, self._sums[:length], self._counts[:length]

    def result(self) -> pa.Table:
        keys, sums, counts = self.totals()
        return self._table({"sum": sums, "count": counts}, keys)

    def _table(self, numbers: dict[str, np.ndarray], keys: pa.Array) -> pa.Table:
        # Of their own type, unless a key of an earlier run is too large for it.
        with contextlib.suppress(pa.ArrowInvalid):
            keys = keys if pa.types.is_null(self._key_type) else keys.cast(self._key_type)
        return pa.table([keys, *map(pa.array, numbers.values())], names=[self._by, *numbers])

    def snapshot(self) -> Snapshot:
        keys, sums, counts = self.totals()
        return Snapshot(self.kind, self._parameters, keys, {"sum": sums.copy(), "count": counts.copy()})


class GroupMean(GroupSum):
    """The mean, the sum and the count of the values of each key."""

    kind = "group_mean"

    def result(self) -> pa.Table:
        keys, sums, counts = self.totals()
        means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
        return self._table({"mean": means, "sum": sums, "count": counts}, keys)


REDUCTIONS: dict[str, Callable[..., Reduction]] = {
    "count": Count,
    "pow_sum": PowSum,
    "weighted_sum": WeightedSum,
    "group_sum": GroupSum,
    "group_mean": GroupMean,
}
