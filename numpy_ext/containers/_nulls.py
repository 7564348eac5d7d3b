"""What a null does to a call: arrays with their validity go in, and come out. No container is known here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .. import _ufuncs


class Operand(NamedTuple):
    """Values and where they are valid (None: everywhere); `what` names them in errors."""

    values: Any
    valid: Any = None
    what: str = ""


class Result(NamedTuple):
    """Values and where they are valid; under a null stands NaN or NaT, where the dtype has it."""

    values: Any
    valid: Any = None


@dataclass(frozen=True)
class Cores:
    """The core dimensions of each input and output of a function; none at all if it is elementwise."""

    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, func: Any) -> Cores:
        if getattr(func, "signature", None) is None:
            return cls(((),) * func.nin, ((),) * func.nout)
        inputs, outputs = func.signature.split("->")
        return cls(_names(inputs), _names(outputs))

    @cached_property
    def is_elementwise(self) -> bool:
        return not any(self.inputs + self.outputs)

    @cached_property
    def has_optional(self) -> bool:
        return any(name.endswith("?") for core in self.inputs for name in core)

    def fitted(self, values: Iterable[Any]) -> Cores:
        """Without the optional dimensions ("n?") that the operands do not have."""
        if not self.has_optional:
            return self
        left_out = set()
        for value, core in zip(values, self.inputs, strict=True):
            missing = len(core) - np.ndim(value)
            left_out.update([name for name in core if name.endswith("?")][: max(missing, 0)])
        keep = [
            tuple(tuple(name for name in core if name not in left_out) for core in side)
            for side in (self.inputs, self.outputs)
        ]
        return Cores(*keep)

    @cached_property
    def rows(self) -> str | None:
        """The dimension along which rows stand: the first that is the only one of an operand."""
        alone = (core[0] for core in self.inputs if len(core) == 1)
        return next((name for name in alone if not name.isdigit()), None)

    @cached_property
    def result_kinds(self) -> list[str]:
        """Of one-dimensional columns: whether each result has "rows", is a "number", or another "array"."""
        rows = () if self.is_elementwise else (self.rows,)
        return ["rows" if core == rows else "array" if core else "number" for core in self.outputs]


@dataclass
class WithAll:
    """A function called with the optional dimensions that its operands do not have, each of size 1."""

    func: Any
    full: Cores
    fitted: Cores

    def __call__(self, *values: Any, **keywords: Any) -> tuple[Any, ...]:
        inputs = zip(values, self.full.inputs, self.fitted.inputs, strict=True)
        results = _call(self.func, [np.expand_dims(v, _absent(a, b)) for v, a, b in inputs], keywords)
        outputs = zip(results, self.full.outputs, self.fitted.outputs, strict=True)
        return tuple(np.squeeze(v, _absent(a, b))[()] for v, a, b in outputs)


def _absent(full: Sequence[str], fitted: Sequence[str]) -> tuple[int, ...]:
    """The axes of the full core, from the end, that are not there."""
    return tuple(axis - len(full) for axis, name in enumerate(full) if name not in fitted)


def _names(side: str) -> tuple[tuple[str, ...], ...]:
    cores = re.findall(r"\(([^)]*)\)", side)
    return tuple(tuple(name.strip() for name in core.split(",") if name.strip()) for core in cores)


def not_nan(values: np.ndarray) -> np.ndarray | None:
    """Where there is no NaN or NaT; None if there is none at all, which takes one pass and no memory."""
    if values.dtype.kind not in "fcmM" or not values.size:
        return None
    if values.dtype.kind in "fc":
        with np.errstate(invalid="ignore"):
            if not np.isnan(np.minimum.reduce(values, axis=None)):  # a minimum passes NaN on
                return None
        return ~np.isnan(values)
    valid = ~np.isnat(values)
    return None if valid.all() else valid


def both(first: Any, second: Any) -> Any:
    """Valid in both."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def compute(
    func: Any, cores: Cores, nulls: str, operands: Sequence[Operand], keywords: dict[str, Any]
) -> list[Result]:
    """Call func on the operands; what stands under a null makes no difference to the results."""
    if all(operand.valid is None for operand in operands):
        return [Result(values) for values in _call(func, [operand.values for operand in operands], keywords)]
    if nulls == "error":
        _refuse(operands)
    if cores.is_elementwise:
        return _elementwise(func, operands, keywords)
    return _SeriesCall(func, cores, nulls, keywords).run(operands)


def _call(func: Any, values: Sequence[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
    results = func(*values, **keywords)
    return results if isinstance(results, tuple) else (results,)


def dtypes_of(func: Any, cores: Cores, values: Iterable[Any], keywords: dict[str, Any]) -> list[np.dtype]:
    """The dtypes of the results, from a call in which no loop runs; scalars stay as they are."""
    blank = [
        np.empty((0,) + (1,) * len(core), value.dtype) if getattr(value, "shape", ()) or core else value
        for value, core in zip(values, cores.inputs, strict=True)
    ]
    return [np.asarray(result).dtype for result in _call(func, blank, keywords)]


def _refuse(operands: Sequence[Operand]) -> None:
    for values, valid, what in operands:
        if valid is not None:
            count = np.size(values) - np.count_nonzero(np.broadcast_to(valid, np.shape(values)))
            nulls = "1 null" if count == 1 else f"{count} nulls"
            raise ValueError(
                f'{what} has {nulls}, and nulls="error" takes none; '
                'fill or drop them, or choose "skip" or "propagate"'
            )


def _elementwise(func: Any, operands: Sequence[Operand], keywords: dict[str, Any]) -> list[Result]:
    """Every place by itself; those where all operands are valid count."""
    shape = np.broadcast_shapes(*(np.shape(operand.values) for operand in operands))
    valid = np.ones(shape, bool)
    for operand in operands:
        if operand.valid is not None:
            valid &= operand.valid
    if not _takes_objects(func):
        try:
            with np.errstate(all="raise"):
                computed = _call(func, [operand.values for operand in operands], keywords)
            return [_covered(np.asarray(each), valid) for each in computed]
        except Exception:
            pass  # of what stands under a null; or of a value, and then it comes again
    return _elementwise_of_valid(func, operands, keywords, valid)


def _takes_objects(func: Any) -> bool:
    """Whether calls may run Python code, which must not see what stands under nulls."""
    return not isinstance(func, np.ufunc) or all("O" in types for types in func.types)


def _covered(values: np.ndarray, valid: np.ndarray) -> Result:
    if values.ndim == 1 and values.shape == valid.shape and _moves(values):
        _ufuncs.cover(values, valid, null_of(values.dtype))
        return Result(values, valid)
    return Result(np.where(valid, values, null_of(values.dtype))[()], valid)


def _elementwise_of_valid(
    func: Any, operands: Sequence[Operand], keywords: dict[str, Any], valid: np.ndarray
) -> list[Result]:
    """Only the places where every operand is valid are computed."""
    flat = [
        np.broadcast_to(values, valid.shape).reshape(-1) if np.ndim(values) or not valid.shape else values
        for values, _, _ in operands
    ]
    kept = valid.reshape(-1)
    taken = [rows_of(values, 0, kept) if np.ndim(values) else values for values in flat]
    computed = [np.asarray(result) for result in _call(func, taken, keywords)]
    return [Result(spread(each, 0, kept).reshape(valid.shape)[()], valid) for each in computed]


@dataclass
class _SeriesCall:
    """Calls of a generalized ufunc on operands with nulls, series by series."""

    func: Any
    cores: Cores
    nulls: str
    keywords: dict[str, Any]

    def run(self, operands: Sequence[Operand]) -> list[Result]:
        self.rows = self.cores.rows
        if self.nulls == "skip":
            self._check_skip(operands)
        outer = np.broadcast_shapes(
            *(
                np.shape(values)[: np.ndim(values) - len(core)]
                for (values, _, _), core in zip(operands, self.cores.inputs, strict=True)
            )
        )
        if not outer:
            return self._one(operands)
        return self._many(operands, outer)

    def _check_skip(self, operands: Sequence[Operand]) -> None:
        for (_, valid, what), core in zip(operands, self.cores.inputs, strict=True):
            if valid is not None and self.rows not in core:
                raise ValueError(
                    f'{what} has a null; nulls="skip" leaves out rows, which this argument has not: '
                    "give it values"
                )

    def _valid_rows(self, operands: Sequence[Operand]) -> tuple[Any, bool]:
        """Which rows are valid in all operands that have them, and whether all others are valid."""
        rows, others = None, True
        for (_, valid, _), core in zip(operands, self.cores.inputs, strict=True):
            if valid is None:
                continue
            if self.rows in core:
                across = tuple(axis for axis, name in enumerate(core) if name != self.rows)
                rows = both(rows, np.all(valid, axis=across) if across else valid)
            else:
                others = others and bool(np.all(valid))
        return rows, others

    def _one(self, operands: Sequence[Operand]) -> list[Result]:
        """One series: no dimensions but those of the core."""
        valid, others = self._valid_rows(operands)
        if self.nulls == "skip":
            return self._computed(operands, valid, valid, True)
        first = int(np.argmin(valid)) if others else 0
        scans = any(self.rows in core for core in self.cores.outputs)
        if not first or not scans:
            return self._nothing(operands)
        valid = np.zeros(len(valid), bool)
        valid[:first] = True
        return self._computed(operands, slice(first), valid, False)

    def _computed(
        self, operands: Sequence[Operand], kept: Any, valid: np.ndarray, others: bool
    ) -> list[Result]:
        """The results from the rows that are kept; those without rows are valid if `others`."""
        taken = []
        for (values, _, _), core in zip(operands, self.cores.inputs, strict=True):
            taken.append(rows_of(values, core.index(self.rows), kept) if self.rows in core else values)
        results = []
        computed_all = map(np.asarray, _call(self.func, taken, self.keywords))
        del taken  # new memory costs more than the work on it: what comes next takes this
        for computed, core in zip(computed_all, self.cores.outputs, strict=True):
            if self.rows not in core:
                results.append(
                    Result(computed[()]) if others else _nothing(np.shape(computed), computed.dtype)
                )
                continue
            axis = core.index(self.rows)
            values = spread(computed, axis, kept, len(valid))
            along = (len(valid),) + (1,) * (len(core) - axis - 1)
            results.append(Result(values, np.broadcast_to(valid.reshape(along), values.shape)))
        return results

    def _blank(self, operands: Sequence[Operand], outer_is_there: bool = False) -> list[np.ndarray]:
        """No series at all: what func gives has the dtypes and core dimensions, and no loop runs."""
        values = [operand.values for operand in operands]
        if not outer_is_there:
            values = [
                np.broadcast_to(value, (0, *np.shape(value))) if core else value
                for value, core in zip(values, self.cores.inputs, strict=True)
            ]
        return [np.asarray(result) for result in _call(self.func, values, self.keywords)]

    def _nothing(self, operands: Sequence[Operand]) -> list[Result]:
        """All is null."""
        return [_nothing(blank.shape[1:], blank.dtype) for blank in self._blank(operands)]

    def _many(self, operands: Sequence[Operand], outer: tuple[int, ...]) -> list[Result]:
        """Series without nulls in one call, each of the others in one of its own."""
        count = prod(outer)
        clean = np.ones(count, bool)
        whole = []
        for (values, valid, what), core in zip(operands, self.cores.inputs, strict=True):
            inner = np.shape(values)[np.ndim(values) - len(core) :]
            if valid is not None:
                valid = np.broadcast_to(valid, outer + inner).reshape(count, *inner)
                clean &= valid.all(axis=tuple(range(1, valid.ndim)))
            if np.ndim(values):  # a scalar stays one, for its weak dtype
                values = np.broadcast_to(values, outer + inner).reshape(count, *inner)
            whole.append(Operand(values, valid, what))

        def chosen(place: Any) -> list[Operand]:
            return [
                Operand(
                    values[place] if np.ndim(values) else values,
                    None if valid is None else valid[place],
                    what,
                )
                for values, valid, what in whole
            ]

        blanks = self._blank([Operand(values) for values, _, _ in chosen(slice(0, 0))], outer_is_there=True)
        results = [Result(np.zeros((count, *blank.shape[1:]), blank.dtype)) for blank in blanks]
        results = [Result(values, np.ones(values.shape, bool)) for values, _ in results]
        if clean.any():
            computed = _call(self.func, [operand.values for operand in chosen(clean)], self.keywords)
            for (values, _), part in zip(results, computed, strict=True):
                values[clean] = part
        for place in np.flatnonzero(~clean):
            for (values, valid), part in zip(results, self._one(chosen(place)), strict=True):
                values[place] = part.values
                valid[place] = True if part.valid is None else part.valid
        return [
            Result(values.reshape(outer + values.shape[1:]), valid.reshape(outer + valid.shape[1:]))
            for values, valid in results
        ]


def null_of(dtype: np.dtype) -> np.ndarray:
    """What stands under a null of a result, as an array without dimensions."""
    return np.array("NaT" if dtype.kind in "mM" else np.nan if dtype.kind in "fc" else 0, dtype)


def _nothing(shape: tuple[int, ...], dtype: np.dtype) -> Result:
    return Result(np.full(shape, null_of(dtype))[()], np.zeros(shape, bool))


def _moves(values: np.ndarray) -> bool:
    """Whether a column of these goes through the loops in C."""
    return (
        values.flags.c_contiguous
        and values.flags.aligned
        and values.dtype.isnative
        and values.dtype.kind in "biufcmM"
        and values.dtype.itemsize in (1, 2, 4, 8, 16)
    )


def rows_of(values: Any, axis: int, kept: Any) -> np.ndarray:
    """The rows that are kept along an axis: a slice of them, or those in a mask."""
    if isinstance(kept, slice):
        return values[(slice(None),) * axis + (kept,)]
    values, kept = np.asarray(values), np.ascontiguousarray(kept)
    return (
        _ufuncs.compress(values, kept)
        if values.ndim == 1 and _moves(values)
        else np.compress(kept, values, axis)
    )


def spread(rows: np.ndarray, axis: int, kept: Any, length: int = 0) -> np.ndarray:
    """The way back; the other rows are nulls."""
    null = null_of(rows.dtype)
    if rows.ndim == 1 and not isinstance(kept, slice) and _moves(rows):
        return _ufuncs.expand(rows, np.ascontiguousarray(kept), null)
    length = length or len(kept)
    values = np.full((*rows.shape[:axis], length, *rows.shape[axis + 1 :]), null)
    values[(slice(None),) * axis + (kept,)] = rows
    return values
