"""How many threads a call may use."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from operator import index

from . import _ufuncs


def _check(n: int, name: str = "n") -> int:
    try:
        number = index(n)
    except TypeError:
        raise TypeError(f"{name} is {n!r}; it must be an integer") from None
    if not 1 <= number <= _ufuncs.most_threads:
        raise ValueError(f"{name} is {number}; it must be from 1 to {_ufuncs.most_threads}")
    return number


def set_num_threads(n: int) -> None:
    """
    Set how many threads a call may use, in this process.

    Parameters
    ----------
    n : int
        From 1, which it is unless the environment says otherwise, to 1024.

    Raises
    ------
    TypeError
        `n` is no integer.
    ValueError
        `n` is out of that range.

    See Also
    --------
    num_threads : For a block of code, and this thread of Python alone.
    get_num_threads : Tells what holds.

    Notes
    -----
    The threads are those of OpenMP. A call uses no more of them than OpenMP allows (by default one for each
    processor, see ``OMP_NUM_THREADS`` and the package threadpoolctl), one for every 65,536 elements at most,
    and one alone while another call uses several, or in a child of fork. No result depends on how many.

    The environment variable ``NUMPY_EXT_NUM_THREADS``, read at import, sets the same.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> nx.set_num_threads(4)
    >>> nx.get_num_threads()
    4
    >>> nx.set_num_threads(1)
    """
    _ufuncs.set_threads(_check(n))


def get_num_threads() -> int:
    """
    Tell how many threads a call from here may use.

    Returns
    -------
    int
        What the innermost `num_threads` around says, or else `set_num_threads`.

    Notes
    -----
    A call may use fewer; the notes of `set_num_threads` say when.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> nx.get_num_threads()
    1
    """
    return _ufuncs.get_threads()


def num_threads(n: int) -> AbstractContextManager[None]:
    """
    Let calls in a block of code use up to `n` threads.

    Parameters
    ----------
    n : int
        From 1 to 1024.

    Returns
    -------
    context manager
        For ``with``, or as a decorator. It holds for calls from this thread of Python alone.

    Raises
    ------
    TypeError
        `n` is no integer.
    ValueError
        `n` is out of that range.

    See Also
    --------
    set_num_threads : For the whole process.

    Notes
    -----
    The notes of `set_num_threads` say what threads do. Blocks nest; each restores what was before.

    Examples
    --------
    >>> import numpy as np
    >>> import numpy_ext as nx
    >>> x = np.arange(1_000_000.0)
    >>> with nx.num_threads(2):
    ...     y = nx.axpy(2.0, x, 1.0)
    """
    return _num_threads(_check(n))


@contextmanager
def _num_threads(n: int) -> Iterator[None]:
    before = _ufuncs.set_own_threads(n)
    try:
        yield
    finally:
        _ufuncs.set_own_threads(before)


def _read_environment(name: str = "NUMPY_EXT_NUM_THREADS") -> None:
    text = os.environ.get(name, "").strip()
    if text:
        if not text.isdecimal():
            raise ValueError(f"{name} is {text!r}; it must be an integer from 1 to {_ufuncs.most_threads}")
        _ufuncs.set_threads(_check(int(text), name))


_read_environment()
