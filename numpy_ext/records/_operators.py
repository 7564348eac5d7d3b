"""Python's operators on structured arrays."""

from .. import _ufuncs


def enable_operators() -> None:
    """
    Let NumPy's own ufuncs take records: ``a + b``, ``2.0 * a``, ``a += b``.

    From this call on `numpy.add`, `numpy.subtract`, `numpy.multiply`, `numpy.divide` and
    `numpy.negative` compute structured arrays by the rules of `numpy_ext.records`, in this process and in
    every thread. All else that they do, and every error, stays as it was.

    Raises
    ------
    NotImplementedError
        NumPy is older than 2.0.
    TypeError
        Another library has taught these ufuncs records already.

    See Also
    --------
    disable_operators : The way back.

    Notes
    -----
    It is off by default, since it changes what other code in the same process may see. An
    output that a field does not fit into without loss of kind is refused by NumPy without the name of the
    field; `numpy_ext.records.add` and its kin name it.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> a = np.array([(1, 0.5), (2, 4.0)], dtype=[("t", "u8"), ("x", "f8")])
    >>> records.enable_operators()
    >>> (a + a).tolist()
    [(2, 1.0), (4, 8.0)]
    >>> a[["x"]] *= 2.0
    >>> a.tolist()
    [(1, 1.0), (2, 8.0)]
    >>> records.disable_operators()
    """
    _ufuncs.set_operators(True)


def disable_operators() -> None:
    """
    Let NumPy's own ufuncs refuse records again, as before `enable_operators`.

    Raises
    ------
    NotImplementedError
        NumPy is older than 2.0.

    See Also
    --------
    enable_operators : Where this is needed.

    Notes
    -----
    NumPy cannot take a loop back, so the loops stay and refuse. The functions of `numpy_ext.records` are not
    concerned.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext import records
    >>> records.disable_operators()
    >>> a = np.zeros(2, dtype=[("t", "u8"), ("x", "f8")])
    >>> a + a  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    numpy._core._exceptions._UFuncNoLoopError: ufunc 'add' did not contain a loop with ...
    """
    _ufuncs.set_operators(False)
