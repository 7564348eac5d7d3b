"""Sums along a dimension that is cut: of each chunk a total in two floats, merged in a fixed tree."""

import functools
from typing import Any

import dask
import dask.array as da
import numpy as np

from .. import _ufuncs
from ._blocks import (
    Chunks,
    align,
    as_array,
    core_last,
    key_of,
    merge_in_tree,
    new_array,
    operand,
    per_series,
    places,
    plain,
    refuse_dtypes,
    refuse_other_frames,
)

# The rounded total, and what rounding has lost.
Total = tuple[Any, Any]


def _add(total: Total, other: Total) -> Total:
    """The sum of two totals. What rounding takes is known exactly (Knuth's two-sum)."""
    rounded = total[0] + other[0]
    part = rounded - total[0]
    lost = (total[0] - (rounded - part)) + (other[0] - part)
    return rounded, total[1] + other[1] + lost


def merge(totals: list[Total]) -> Total:
    """Totals brought together in their order; past the limits the error says nothing (inf - inf)."""
    with np.errstate(invalid="ignore"):
        total = totals[0]
        for other in totals[1:]:
            total = _add(total, other)
        rounded, error = _add((total[0], 0.0), (total[1], 0.0))
        is_finite = np.isfinite(rounded)
        return np.where(is_finite, rounded, total[0]), np.where(is_finite, error, 0.0)


def _finish(totals: list[Total], dtype: np.dtype) -> Any:
    return merge(totals)[0].astype(dtype)


def _part_of_powers(x: Any, p: Any, function: np.ufunc) -> Total:
    return function(plain(x), p, 0.0, 0.0)


def _part_of_products(w: Any, x: Any) -> Total:
    return _ufuncs.weighted_sum_resume(plain(w), plain(x), 0.0, 0.0)


def _sum(graph: dict[Any, Any], name: str, operands: list[Any], chunks: Chunks, dtype: np.dtype) -> da.Array:
    merge_in_tree(graph, name, chunks, merge, functools.partial(_finish, dtype=dtype))
    return new_array(graph, name, operands, chunks[:-1], dtype)


def _sum_powers(function: str, x: Any, p: Any, axis: int) -> da.Array:
    in_memory, resume = getattr(_ufuncs, function), getattr(_ufuncs, f"{function}_resume")
    array = core_last(as_array(x, "x", function), axis)
    try:
        probe = np.empty(1, p.dtype) if np.ndim(p) else p
        dtype = in_memory(np.empty((1, 0), array.dtype), probe).dtype
    except TypeError as error:
        raise refuse_dtypes(function, error, x=array, p=p) from None
    power = per_series(p, "p", function, array.chunks[:-1], dtype)
    name = f"{function.replace('_', '-')}-{dask.base.tokenize(array, power)}"
    graph: dict[Any, Any] = {
        (f"{name}-part", *place): (_part_of_powers, (array.name, *place), key_of(power, place[:-1]), resume)
        for place in places(array.chunks)
    }
    return _sum(graph, name, [array, power], array.chunks, dtype)


def pow_sum(x: Any, p: Any, axis: int = -1) -> da.Array:
    """
    Sum of ``x**p`` over the elements above zero, along a dimension that may be cut.

    Parameters
    ----------
    x : (..., n) dask.array.Array, or column of a Dask DataFrame
        The values, in any chunks, whose sizes may be unknown.
    p : (...) array_like or dask.array.Array
        The exponent, any real number; broadcasts to the series.
    axis : int, optional
        The axis to sum along; the last by default.

    Returns
    -------
    dask.array.Array, shape (...)
        The sums, of the dtypes of `numpy_ext.pow_sum`; of no dimensions for one series.

    Raises
    ------
    TypeError
        `x` is no collection of Dask, or its dtype has no powers, such as text.
    ValueError
        `p` does not broadcast to the series. When it runs: a partition of a nullable or Arrow dtype has null
        values.
    numpy.exceptions.AxisError
        `axis` is out of bounds.

    See Also
    --------
    abs_pow_sum : The same of absolute values.
    numpy_ext.pow_sum : The same in memory.

    Notes
    -----
    Each chunk has a total in two floats (`numpy_ext.pow_sum_resume`). Totals are merged in their order,
    sixteen at a time, in a tree that depends on the number of chunks alone: the bits do not depend on the
    scheduler or the workers. The result has the accuracy of `numpy_ext.pow_sum`; its last bit may differ
    from it, since chunks are rounded elsewhere.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> x = da.from_array([1.0, -5.0, 2.0, 3.0], chunks=3)
    >>> float(numpy_ext.dask.pow_sum(x, 2.0))
    14.0
    """
    return _sum_powers("pow_sum", x, p, axis)


def abs_pow_sum(x: Any, p: Any, axis: int = -1) -> da.Array:
    """
    Sum of ``abs(x)**p`` along a dimension that may be cut.

    Parameters
    ----------
    x : (..., n) dask.array.Array, or column of a Dask DataFrame
        The values, real or complex, in any chunks, whose sizes may be unknown.
    p : (...) array_like or dask.array.Array
        The exponent, any real number; broadcasts to the series.
    axis : int, optional
        The axis to sum along; the last by default.

    Returns
    -------
    dask.array.Array, shape (...)
        The sums, of the dtypes of `numpy_ext.abs_pow_sum`; of no dimensions for one series.

    Raises
    ------
    TypeError, ValueError, numpy.exceptions.AxisError
        As for `pow_sum`.

    See Also
    --------
    pow_sum : The same of the values above zero.
    numpy_ext.abs_pow_sum : The same in memory.

    Notes
    -----
    As for `pow_sum`.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> x = da.from_array([1.0, -5.0, 2.0, 3.0], chunks=3)
    >>> float(numpy_ext.dask.abs_pow_sum(x, 2.0))
    39.0
    """
    return _sum_powers("abs_pow_sum", x, p, axis)


def weighted_sum(w: Any, x: Any, axis: int = -1) -> da.Array:
    """
    Sum of ``w*x`` as if in twice the precision, along a dimension that may be cut.

    Parameters
    ----------
    w : (..., n) dask.array.Array, column of a Dask DataFrame, or array_like
        The weights.
    x : (..., n) dask.array.Array, column of a Dask DataFrame, or array_like
        The values. One of the two must be a collection of Dask; the other may have other chunks.
    axis : int, optional
        The axis of both to sum along; the last by default.

    Returns
    -------
    dask.array.Array, shape (...)
        The sums, of the dtypes of `numpy_ext.weighted_sum`; of no dimensions for one series.

    Raises
    ------
    TypeError
        Neither is a collection of Dask, or a dtype has no products, such as text.
    ValueError
        The shapes do not fit, or chunks of unknown sizes are not cut alike. When it runs: chunks of unknown
        sizes differ in length, or a partition of a nullable or Arrow dtype has null values.
    numpy.exceptions.AxisError
        `axis` is out of bounds.

    See Also
    --------
    numpy_ext.weighted_sum : The same in memory.

    Notes
    -----
    As for `pow_sum`. Integers of 64 bits are taken exactly. Columns are matched by position, so both must
    come from one frame.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> w = da.from_array([3, 1, 2], chunks=2)
    >>> x = da.from_array([0.5, 2.0, 1.5], chunks=1)
    >>> float(numpy_ext.dask.weighted_sum(w, x))
    6.5
    """
    function = "weighted_sum"
    refuse_other_frames(w, x, "w and x")
    first, second = (as_array, operand) if not dask.is_dask_collection(x) else (operand, operand)
    weights = core_last(first(w, "w", function), axis)
    values = core_last(second(x, "x", function), axis)
    try:
        dtype = _ufuncs.weighted_sum(np.empty((1, 0), weights.dtype), np.empty((1, 0), values.dtype)).dtype
    except TypeError as error:
        raise refuse_dtypes(function, error, w=weights, x=values) from None
    weights, values, chunks = align(weights, values, "w and x")
    name = f"weighted-sum-{dask.base.tokenize(weights, values)}"
    graph: dict[Any, Any] = {
        (f"{name}-part", *place): (_part_of_products, key_of(weights, place), key_of(values, place))
        for place in places(chunks)
    }
    return _sum(graph, name, [weights, values], chunks, dtype)
