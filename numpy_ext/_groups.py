"""Means of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _ufuncs

if TYPE_CHECKING:  # slow to import
    from numpy.typing import ArrayLike


def group_mean(x: ArrayLike, labels: ArrayLike, n_groups: int | None = None) -> Any:
    """
    Mean of the values of each label.

    Parameters
    ----------
    x : (..., n) array_like
        The values: integers, float16, float32 or float64.
    labels : (..., n) array_like of integers
        The group of each value, from 0 to g - 1, of any integer dtype; -1 leaves the
        value out. Rows may be in any order.
    n_groups : int, optional
        The number of groups, g. By default the highest label and 1.

    Returns
    -------
    ndarray of float64, shape (..., g)
        The means; NaN for a group without values, and no warning.

    Raises
    ------
    IndexError
        A label is neither -1 nor from 0 to g - 1; the message names its position and
        value.
    TypeError
        `x` is not real, or `labels` are no integers.
    ValueError
        `n_groups` is negative, or the shapes do not fit.

    See Also
    --------
    group_sum, group_count : The totals it divides, which can be carried from chunk to chunk.

    Notes
    -----
    .. math:: out_k = \\frac{1}{n_k} \\sum_{i\\,:\\,labels_i = k} x_i

    Values are added in float64, in the order of the rows, and the total is divided once. NaN
    propagates.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> nx.group_mean([1.0, 2.0, 4.0, 8.0], [0, 2, 2, -1])
    array([ 1., nan,  3.])
    """
    x, labels = np.asarray(x), np.asarray(labels)
    if n_groups is None:
        n_groups = max(int(labels.max()) + 1, 0) if labels.size else 0
    elif n_groups < 0:
        raise ValueError(f"n_groups is {n_groups}; there cannot be fewer than 0 groups")
    totals = _ufuncs.group_sum(x, labels, np.zeros(n_groups))
    counts = _ufuncs.group_count(labels, np.zeros(n_groups))
    return np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts > 0)
