"""The fields of numbers inside structured arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np


def leaves(records: np.ndarray, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Each field of numbers, or of anything else, as a view; subarrays are dimensions at the end."""
    assert records.dtype.names is not None
    for name in records.dtype.names:
        field = records[name]
        if field.dtype.names is None:
            yield path + name, field
        else:
            yield from leaves(field, f"{path}{name}.")


def as_records(value: Any, argument: str, function: str) -> np.ndarray:
    """An array with fields of numbers only; TypeError."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{function}: {argument} is a masked array; fill it first: {argument}.filled()")
    records = np.asanyarray(value)
    if not records.dtype.names:
        raise TypeError(f"{function}: {argument} has dtype {records.dtype}, which has no fields")
    for path, field in leaves(records[..., None][:0]):
        if field.dtype.kind not in "biufc":
            others = [name for name in records.dtype.names if name != path.split(".")[0]]
            raise TypeError(
                f"{function}: field '{path}' of {argument} has dtype {field.dtype}, which has no arithmetic; "
                f"leave it out with a view of other fields, such as {argument}[{others}]"
            )
    return records
