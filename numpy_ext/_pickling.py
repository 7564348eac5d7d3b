"""How ufuncs are pickled that NumPy would not find by their names."""

import copyreg
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _ufuncs
from ._power import remake


def _record_ufunc(name: str) -> np.ufunc:
    return _ufuncs.record_ufuncs[name]  # type: ignore[literal-required]


def _teach_copyreg() -> None:
    """Let copyreg, where NumPy says how a ufunc is pickled, know of those with parameters or namesakes."""
    by_name: Callable[[np.ufunc], Any] = copyreg.dispatch_table[np.ufunc]

    def reduce(ufunc: np.ufunc) -> Any:
        made = _ufuncs.parameters_of(ufunc)
        if made is not None:
            return remake, (made[1].hex(), bool(made[2]))
        if _ufuncs.record_ufuncs.get(ufunc.__name__) is ufunc:
            return _record_ufunc, (ufunc.__name__,)
        return by_name(ufunc)

    copyreg.pickle(np.ufunc, reduce)


_teach_copyreg()
