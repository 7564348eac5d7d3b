"""Sums of powers as a ufunc, one for every power."""

from functools import lru_cache

import numpy as np

from . import _ufuncs
from ._signatures import introduce


def add_power(p: float, absolute: bool = False) -> np.ufunc:
    """
    The ufunc that adds a power: ``acc + x**p`` where ``x > 0``, else ``acc``.

    Its ``reduce`` is a sum of powers with all that `numpy.sum` takes: ``axis=`` tuples,
    ``keepdims=``, ``where=``, ``initial=``, ``out=`` and ``dtype=``.

    Parameters
    ----------
    p : float
        The exponent, any real number.
    absolute : bool, optional
        Add ``abs(x)**p`` for every ``x`` instead.

    Returns
    -------
    numpy.ufunc
        A ufunc of two arguments, `acc` and `x`. The same object for the same
        arguments, as long as it is in use or among the last 256.

    Raises
    ------
    TypeError
        `p` is no real number.

    See Also
    --------
    pow_sum : The same along one axis, within 4 units in the last place.
    cum_pow_sum : Running sums.
    numpy.sum, numpy.ufunc.reduce : What takes the same options.

    Notes
    -----
    .. math:: acc + \\sum_{i\\,:\\,x_i > 0} x_i^{\\,p}

    Integers are added to a float64, floats to their own dtype. NumPy chooses the order
    of a reduction: along the last axis of an array in C order, every run of values is
    added up as in `pow_sum`; over other axes, rows are added to rows, as in `numpy.sum`.

    ``accumulate`` and ``reduceat`` of NumPy start from the first value itself, not from
    its power; use `cum_pow_sum`, or ``reduce`` of slices.

    The ufunc is pickled by `p` and `absolute`, so it travels to other processes.

    Examples
    --------
    >>> import numpy as np
    >>> import numpy_ext as nx
    >>> x = np.array([[1.0, 4.0], [-1.0, 9.0]])
    >>> nx.add_power(0.5).reduce(x, axis=1)
    array([3., 3.])
    >>> float(nx.add_power(2, absolute=True).reduce(x, axis=(0, 1), where=x < 5))
    18.0
    """
    if isinstance(p, str | bytes | bytearray):  # float() would read them
        raise TypeError(f"p is {p!r}; a power is a real number")
    return _cached(float(p).hex(), bool(absolute))


def _make(p: str, absolute: bool) -> np.ufunc:
    exponent = float.fromhex(p)
    name = f"add_power({exponent!r}, absolute=True)" if absolute else f"add_power({exponent!r})"
    ufunc = _ufuncs.make("add_power", exponent, float(absolute), name)
    introduce(ufunc, __package__)
    return ufunc


_cached = lru_cache(maxsize=256)(_make)


def remake(p: str, absolute: bool) -> np.ufunc:
    return add_power(float.fromhex(p), absolute)
