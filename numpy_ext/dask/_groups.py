"""Totals of groups: of each chunk a total per label, exact, merged in a fixed tree."""

import functools
import operator
from typing import Any

import dask
import dask.array as da
import numpy as np

from .. import _ufuncs
from . import _sums
from ._blocks import (
    align,
    as_array,
    core_last,
    key_of,
    merge_in_tree,
    new_array,
    operand,
    places,
    plain,
    refuse_dtypes,
    refuse_other_frames,
)

# A total of integers is high * 2**32 + low, which no sum of fewer than 2**31 values passes.
HALF = 32
LOW = (1 << HALF) - 1

Total = tuple[np.ndarray, np.ndarray]


def _group_sum(x: np.ndarray, labels: np.ndarray, n_groups: int, dtype: Any) -> np.ndarray:
    return _ufuncs.group_sum(x, labels, np.zeros(n_groups, dtype))


def _in_chunk(compute: Any, labels: Any, n_groups: int, position: int, *values: Any) -> Total:
    """compute(*values, labels, n_groups); a label that is out of range is told with its chunk."""
    try:
        return compute(*map(plain, values), plain(labels), n_groups)
    except IndexError as error:
        raise IndexError(f"chunk {position}: {error}") from None


def _total_of_floats(x: np.ndarray, labels: np.ndarray, n_groups: int) -> Total:
    """
    Totals in two floats.

    Values are cut at a power of two so that the upper parts add up without rounding, in any order, then
    what is left is cut again (S. M. Rump, T. Ogita, S. Oishi, "Accurate Floating-Point Summation", 2008).
    """
    plain_sum = _group_sum(x, labels, n_groups, np.float64)
    is_finite = np.isfinite(plain_sum)
    rest = np.where(np.isfinite(x), x, 0).astype(np.float64)
    exact: list[Any] = []
    spare = (x.shape[-1] + 1).bit_length()
    while largest := np.abs(rest).max(initial=0.0):
        exponent = int(np.frexp(largest)[1]) + spare
        if exponent > np.finfo(np.float64).maxexp - 1:
            exact = []
            break
        cut = np.ldexp(1.0, exponent)
        upper = (cut + rest) - cut
        rest -= upper
        exact.append((_group_sum(upper, labels, n_groups, np.float64), 0.0))
    if not exact:
        return plain_sum, np.zeros_like(plain_sum)
    total, error = _sums.merge(exact)
    return np.where(is_finite, total, plain_sum), np.where(is_finite, error, 0.0)


def _total_of_integers(x: np.ndarray, labels: np.ndarray, n_groups: int) -> Total:
    if x.dtype.itemsize < 8:
        return _carried(np.zeros(1, np.int64), _group_sum(x, labels, n_groups, np.int64))
    high, low = (x >> HALF).astype(np.int64), (x & LOW).astype(np.int64)
    return _carried(_group_sum(high, labels, n_groups, np.int64), _group_sum(low, labels, n_groups, np.int64))


def _count(labels: np.ndarray, n_groups: int) -> Total:
    counts = _ufuncs.group_count(labels, np.zeros(n_groups, np.int64))
    return _carried(np.zeros(1, np.int64), counts)


def _carried(high: np.ndarray, low: np.ndarray) -> Total:
    return high + (low >> HALF), low & LOW


def _merge_integers(totals: list[Total]) -> Total:
    return _carried(np.sum([high for high, _ in totals], axis=0), np.sum([low for _, low in totals], axis=0))


def _finish_integers(totals: list[Total], dtype: np.dtype) -> np.ndarray:
    high, low = _merge_integers(totals)
    limits = np.iinfo(dtype)
    wrong = (high < limits.min >> HALF) | (high > limits.max >> HALF)
    if wrong.any():
        label = int(np.argwhere(wrong)[0][-1])
        raise OverflowError(
            f"the total of label {label} passes the limits of {np.dtype(dtype)}; x.astype('float64') has none"
        )
    return (high.astype(dtype) << np.array(HALF, dtype)) | low.astype(dtype)


def _finish_floats(totals: list[Total]) -> np.ndarray:
    return _sums.merge(totals)[0]


def _as_floats(totals: list[Total]) -> np.ndarray:
    high, low = _merge_integers(totals)
    return np.ldexp(high.astype(np.float64), HALF) + low


def _check_groups(n_groups: Any) -> int:
    n = operator.index(n_groups)
    if n < 0:
        raise ValueError(f"n_groups is {n}; there cannot be fewer than 0 groups")
    return n


def _totals(
    function: str, operands: list[da.Array], chunks: Any, n_groups: int, compute: Any, merge: Any, finish: Any
) -> da.Array:
    """The Dask array of the totals; the labels are the last of the operands."""
    name = f"{function.replace('_', '-')}-{dask.base.tokenize(operands, n_groups, finish)}"
    graph: dict[Any, Any] = {}
    for place in places(chunks):
        *values, labels = (key_of(one, place) for one in operands)
        graph[(f"{name}-part", *place)] = (_in_chunk, compute, labels, n_groups, place[-1], *values)
    merge_in_tree(graph, name, chunks, merge, finish, core=(0,))
    dtype = finish.keywords["dtype"] if isinstance(finish, functools.partial) else np.dtype(np.float64)
    return new_array(graph, name, operands, (*chunks[:-1], (n_groups,)), dtype)


def _values_and_labels(function: str, x: Any, labels: Any) -> tuple[da.Array, da.Array, Any, np.dtype]:
    """Both in the same chunks, those chunks, and the dtype of the totals."""
    refuse_other_frames(x, labels, "x and labels")
    values = core_last(as_array(x, "x", function), -1)
    groups = core_last(operand(labels, "labels", function), -1)
    dtype = np.dtype({"b": "i8", "i": "i8", "u": "u8"}.get(values.dtype.kind, "f8"))
    try:
        _group_sum(np.empty(0, values.dtype), np.empty(0, groups.dtype), 0, dtype)
    except TypeError as error:
        raise refuse_dtypes(function, error, x=values, labels=groups) from None
    values, groups, chunks = align(values, groups, "x and labels")
    return values, groups, chunks, dtype


def group_sum(x: Any, labels: Any, n_groups: int) -> da.Array:
    """
    Sum of the values of each label, over all chunks.

    Parameters
    ----------
    x : (..., n) dask.array.Array, or column of a Dask DataFrame
        The values, in any chunks, whose sizes may be unknown.
    labels : (..., n) dask.array.Array, column of a Dask DataFrame, or array_like of integers
        The group of each value, from 0 to ``n_groups - 1``; -1 leaves the value out.
    n_groups : int
        The number of groups, g.

    Returns
    -------
    dask.array.Array, shape (..., g)
        The totals: int64 for signed integers and bools, uint64 for unsigned ones, float64 otherwise.

    Raises
    ------
    TypeError
        `x` is no collection of Dask, or a dtype does not fit, such as text or labels that are floats.
    ValueError
        The shapes do not fit, chunks of unknown sizes are not cut alike, or `n_groups` is negative. When it
        runs: a partition of a nullable or Arrow dtype has null values.
    IndexError
        When it runs: a label is neither -1 nor from 0 to g - 1; the message names its chunk, position and
        value.
    OverflowError
        When it runs: a total of integers passes the limits of its dtype.

    See Also
    --------
    group_count, group_mean : Its kin.
    numpy_ext.group_sum : The same in memory.

    Notes
    -----
    Floats are added as if in twice the precision, so a total is within one unit in the last place of the
    exact one, unless it cancels to nearly nothing, and better than that of `numpy_ext.group_sum`, which
    adds in float64. When a sum in a chunk overflows, the total is that of the plain sum. Integers are
    exact: only the total must fit, not the totals on the way. The bits do not depend on the scheduler or
    the workers. Columns are matched by position, so both must come from one frame.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> x = da.from_array([0.5, 1.0, 2.0, 4.0], chunks=2)
    >>> numpy_ext.dask.group_sum(x, [0, 1, 0, -1], 2).compute()
    array([2.5, 1. ])
    """
    n_groups = _check_groups(n_groups)
    values, groups, chunks, dtype = _values_and_labels("group_sum", x, labels)
    if dtype.kind == "f":
        rules: Any = (_total_of_floats, _sums.merge, _finish_floats)
    else:
        rules = (_total_of_integers, _merge_integers, functools.partial(_finish_integers, dtype=dtype))
    return _totals("group_sum", [values, groups], chunks, n_groups, *rules)


def group_count(labels: Any, n_groups: int) -> da.Array:
    """
    How many values each label has, over all chunks.

    Parameters
    ----------
    labels : (..., n) dask.array.Array or column of a Dask DataFrame
        The group of each value, from 0 to ``n_groups - 1``, of any integer dtype; -1 is left out.
    n_groups : int
        The number of groups, g.

    Returns
    -------
    dask.array.Array of int64, shape (..., g)
        The counts.

    Raises
    ------
    TypeError, ValueError, IndexError
        As for `group_sum`.

    See Also
    --------
    group_sum : The sum of the values of each label.
    numpy_ext.group_count : The same in memory.

    Notes
    -----
    As for `group_sum`, of ones.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> numpy_ext.dask.group_count(da.from_array([0, 1, 0, -1], chunks=2), 3).compute()
    array([2, 1, 0])
    """
    n_groups, function = _check_groups(n_groups), "group_count"
    groups = core_last(as_array(labels, "labels", function), -1)
    try:
        _ufuncs.group_count(np.empty(0, groups.dtype), np.zeros(0, np.int64))
    except TypeError as error:
        raise refuse_dtypes(function, error, labels=groups) from None
    finish = functools.partial(_finish_integers, dtype=np.dtype(np.int64))
    return _totals(function, [groups], groups.chunks, n_groups, _count, _merge_integers, finish)


def group_mean(x: Any, labels: Any, n_groups: int) -> da.Array:
    """
    Mean of the values of each label, over all chunks.

    Parameters
    ----------
    x : (..., n) dask.array.Array, or column of a Dask DataFrame
        The values, in any chunks, whose sizes may be unknown.
    labels : (..., n) dask.array.Array, column of a Dask DataFrame, or array_like of integers
        The group of each value, from 0 to ``n_groups - 1``; -1 leaves the value out.
    n_groups : int
        The number of groups, g.

    Returns
    -------
    dask.array.Array of float64, shape (..., g)
        The means; NaN for a group without values, and no warning.

    Raises
    ------
    TypeError, ValueError, IndexError
        As for `group_sum`.

    See Also
    --------
    group_sum, group_count : What it divides.
    numpy_ext.group_mean : The same in memory.

    Notes
    -----
    The totals are those of `group_sum`, rounded to float64, and divided once. Integers are totalled exactly
    and do not overflow.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> x = da.from_array([1.0, 2.0, 4.0, 8.0], chunks=2)
    >>> numpy_ext.dask.group_mean(x, [0, 2, 2, -1], 3).compute()
    array([ 1., nan,  3.])
    """
    n_groups = _check_groups(n_groups)
    values, groups, chunks, dtype = _values_and_labels("group_mean", x, labels)
    if dtype.kind == "f":
        rules: Any = (_total_of_floats, _sums.merge, _finish_floats)
    else:
        rules = (_total_of_integers, _merge_integers, _as_floats)
    totals = _totals("group_mean", [values, groups], chunks, n_groups, *rules)
    return da.map_blocks(_divide, totals, group_count(groups, n_groups), dtype=np.float64)


def _divide(totals: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts > 0)
