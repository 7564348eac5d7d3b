"""What takes all fields of a record together, or all records of a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _ufuncs
from ._fields import as_records, leaves

if TYPE_CHECKING:  # slow to import
    from numpy.typing import ArrayLike

# Records that are worked on at a time, so that they are still in cache for the next field.
BLOCK = 16384


def _blocks(operands: list[np.ndarray], result: np.dtype) -> np.nditer:
    """The operands broadcast, block by block as one-dimensional views, and a new array at the end."""
    return np.nditer(  # type: ignore[call-overload]  # lists of literals
        [*operands, None],
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[*([["readonly"]] * len(operands)), ["writeonly", "allocate"]],
        op_dtypes=[*(operand.dtype for operand in operands), result],
        buffersize=BLOCK,
        order="K",
    )


def _columns(records: np.ndarray) -> list[np.ndarray]:
    """Every number of a record as a column of its own, in the order of the fields."""
    columns = []
    for _, field in leaves(records):
        flat = field.reshape(len(records), -1) if field.ndim > 1 else field[:, None]
        columns += [flat[:, k] for k in range(flat.shape[1])]
    return columns


def _in_blocks(compute: Any, operands: list[np.ndarray], dtype: np.dtype) -> Any:
    """compute(*blocks) for all records, in an array of that dtype, or its number."""
    with _blocks(operands, dtype) as blocks:
        for *inputs, output in blocks:
            output[...] = compute(*inputs)
        return blocks.operands[-1][()]


def dot(a: ArrayLike, b: ArrayLike) -> Any:
    """
    Sum of the products of the fields: the dot product of records as vectors.

    Parameters
    ----------
    a, b : (...) array_like of records
        They broadcast against each other. Fields are matched by name, as in
        `numpy_ext.records.multiply`.

    Returns
    -------
    ndarray or scalar, shape (...)
        The sums, in the common dtype of the products of all fields.

    Raises
    ------
    TypeError
        An argument is no array of records or is masked, a field has no arithmetic, or the records do not have
        the same names.
    ValueError
        The shapes do not broadcast.

    See Also
    --------
    norm : The root of the dot product of a record with itself.
    numpy.vecdot : The same for arrays; it conjugates complex numbers, this does not.

    Notes
    -----
    .. math:: out = \\sum_f a_f b_f

    Products round once, then they are added from the first number of the first field of `a` to the last one,
    each time rounding, so the error is at most `k` units in the last place of the sum of their absolute
    values for `k` numbers in a record. Integers wrap around.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> a = np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("x", "f8"), ("y", "f8")])
    >>> records.dot(a, a[0])
    array([ 5., 11.])
    """
    first, second = as_records(a, "a", "dot"), as_records(b, "b", "dot")
    products = _ufuncs.record_ufuncs["multiply"](*(np.empty(0, one.dtype) for one in (first, second))).dtype

    def sums(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        columns = _columns(_ufuncs.record_ufuncs["multiply"](x, y))
        total = columns[0].astype(dtype) if columns else np.zeros(len(x), dtype)
        for column in columns[1:]:
            total += column
        return total

    dtype = np.result_type(*(field.dtype for _, field in leaves(np.empty(1, products))))
    return _in_blocks(sums, [first, second], dtype)


def norm(records: ArrayLike) -> Any:
    """
    Length of records as vectors: the root of the sum of the squares of the fields.

    Parameters
    ----------
    records : (...) array_like of records
        Fields of bool, of any integer, floating or complex dtype, nested or in subarrays.

    Returns
    -------
    ndarray or scalar, shape (...)
        The lengths, in the common floating dtype of the fields: float64 for integers.

    Raises
    ------
    TypeError
        `records` is no array of records or is masked, or a field has no arithmetic.

    See Also
    --------
    dot : Products of two records.
    numpy.linalg.norm : The same for arrays.

    Notes
    -----
    .. math:: out = \\sqrt{\\sum_f |r_f|^2}

    Squares are added from the first number to the last one. Where they would overflow or underflow they
    are scaled by a power of two first, so the length is infinite only where it is out of range. The
    relative error is below ``k + 1`` units in the last place for `k` numbers in a record.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> velocity = np.array([(3.0, 4.0), (3e200, 4e200)], dtype=[("x", "f8"), ("y", "f8")])
    >>> records.norm(velocity)
    array([5.e+000, 5.e+200])
    """
    array = as_records(records, "records", "norm")
    common = np.result_type(*(field.dtype for _, field in leaves(array[..., None])))
    real = np.empty(0, common).real.dtype if common.kind in "fc" else np.dtype(np.float64)
    inner = np.result_type(real, np.float32)

    def lengths(block: np.ndarray) -> np.ndarray:
        parts: list[np.ndarray] = []
        for column in _columns(block):
            parts += [column.real, column.imag] if column.dtype.kind == "c" else [column]
        numbers = [part.astype(inner) for part in parts]
        return _root_of_squares(numbers) if numbers else np.zeros(len(block), inner)

    return _in_blocks(lengths, [array], real)


def _root_of_squares(numbers: list[np.ndarray]) -> np.ndarray:
    limits = np.finfo(numbers[0].dtype)
    with np.errstate(over="ignore", under="ignore"):
        total = numbers[0] * numbers[0]
        for x in numbers[1:]:
            _ufuncs.axpy(x, x, total, out=total)
    rough = (total < limits.tiny / limits.eps) | (total == np.inf)
    length = np.sqrt(total)
    if rough.any():
        some = np.abs([x[rough] for x in numbers])
        _, exponent = np.frexp(np.where(np.isfinite(some.max(axis=0)), some.max(axis=0), 1))
        with np.errstate(under="ignore"):
            scaled = np.ldexp(some, -exponent)
            squares = (scaled * scaled).sum(axis=0)
        length[rough] = np.ldexp(np.sqrt(squares), exponent)
    return length


def _dtype_of_mean(dtype: np.dtype) -> np.dtype:
    if dtype.subdtype is not None:
        return np.dtype((_dtype_of_mean(dtype.subdtype[0]), dtype.shape))
    if dtype.names is not None:
        return np.dtype([(name, _dtype_of_mean(dtype[name])) for name in dtype.names])
    return np.zeros(1, dtype.newbyteorder("=")).mean().dtype


def mean(records: ArrayLike, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Any:
    """
    Mean of every field.

    Parameters
    ----------
    records : array_like of records
        Fields of bool, of any integer, floating or complex dtype, nested or in subarrays.
    axis : int or tuple of int, optional
        The axes of the array of records to take the mean over, by default all.
    keepdims : bool, optional
        Whether these axes stay, with length one.

    Returns
    -------
    ndarray of records or numpy.void
        The means, under the same names: float64 for integers, else the dtype of the field.

    Raises
    ------
    TypeError
        `records` is no array of records or is masked, or a field has no arithmetic.
    numpy.exceptions.AxisError
        An axis is out of bounds.

    See Also
    --------
    numpy.mean : What computes each field.

    Notes
    -----
    Each field is what `numpy.mean` gives for it: sums of floats are pairwise; the mean of no records is
    NaN, with a RuntimeWarning.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> a = np.array([(1, 0.5), (2, 4.0)], dtype=[("t", "u8"), ("x", "f8")])
    >>> records.mean(a).tolist()
    (1.5, 2.25)
    """
    array = as_records(records, "records", "mean")
    np.zeros((1,) * array.ndim).sum(axis=axis)  # the errors of NumPy for an axis that is none
    axes = range(array.ndim) if axis is None else [one % array.ndim for one in np.atleast_1d(axis)]
    lengths = [(1 if i in axes else length) for i, length in enumerate(array.shape)]
    shape = [length for i, length in enumerate(lengths) if keepdims or i not in axes]
    result = np.empty(shape, _dtype_of_mean(array.dtype))
    for (_, target), (_, field) in zip(leaves(result), leaves(array[...]), strict=True):
        target[...] = field.mean(axis=tuple(axes), keepdims=keepdims)
    return result[()]
