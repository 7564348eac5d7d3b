"""Masked arrays of NumPy: of any number of dimensions, the mask beside the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._nulls import Operand, both


def is_container(value: Any) -> bool:
    return isinstance(value, np.ma.MaskedArray)


def operand(lifted: Any, value: Any, place: int) -> Operand:
    if not is_container(value) or value is np.ma.masked:
        return lifted.plain(value, place)
    if value.dtype.kind not in "biufcmM":
        raise TypeError(f"argument {place + 1} is a masked array of {value.dtype}; only numbers are taken")
    mask = np.ma.getmask(value)
    valid = None if mask is np.ma.nomask or not mask.any() else ~mask
    data = np.asarray(np.ma.getdata(value))
    if lifted.nan_as_null:
        valid = both(valid, lifted.nan_valid(data))
    return Operand(data, valid, f"argument {place + 1}")


def is_frame(_value: Any) -> bool:
    return False


def apply(lifted: Any, args: Sequence[Any], axis: int | None = None, **keywords: Any) -> list[Any]:
    """The results as masked arrays; `axis` is moved to the end and back, as NumPy does it."""
    operands = [operand(lifted, arg, place) for place, arg in enumerate(args)]
    cores = lifted.cores.fitted(each.values for each in operands)
    if axis is not None:
        if cores.is_elementwise or any(len(core) > 1 for core in cores.inputs + cores.outputs):
            raise TypeError(f"{lifted.__name__} takes no axis=: its signature has no single core dimension")
        operands = [
            _to_the_end(each, axis) if core else each
            for each, core in zip(operands, cores.inputs, strict=True)
        ]
    results = []
    for (values, valid), core in zip(lifted.compute(operands, keywords), cores.outputs, strict=True):
        if not np.ndim(values):
            results.append(values if valid is None or valid else np.ma.masked)
            continue
        result = np.ma.array(values, mask=np.ma.nomask if valid is None else ~valid, copy=False)
        results.append(np.moveaxis(result, -1, axis) if axis is not None and core else result)
    return results


def _to_the_end(operand: Operand, axis: int) -> Operand:
    values, valid, what = operand
    return Operand(
        np.moveaxis(values, axis, -1), None if valid is None else np.moveaxis(valid, axis, -1), what
    )


def with_nan(values: Any, valid: Any, what: str = "a result") -> Any:
    """A plain array with NaN for null."""
    if valid is None or np.all(valid):
        return values
    if values.dtype.kind not in "fcmM":
        raise ValueError(
            f"{what} is null in places, and an array of {values.dtype} has no place for it; "
            "fill the nulls before the call, or cast to a floating dtype"
        )
    return values  # NaN stands under every null
