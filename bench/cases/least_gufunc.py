"""The least gufunc there can be, (n)->(n) for float64: what a call of any gufunc costs."""

import ctypes
from typing import Any

import numpy as np

from .compiled import c_library

kept: list[Any] = []  # NumPy keeps the pointers, not what they point at


def least_gufunc() -> np.ufunc | None:
    """A gufunc that copies, made by NumPy's own C API; None without a C compiler."""
    library = c_library("double")
    if library is None:
        return None
    core = np._core if hasattr(np, "_core") else np.core
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    api = ctypes.cast(pointer_of(core._multiarray_umath._UFUNC_API, None), ctypes.POINTER(ctypes.c_void_p))
    from_loops = ctypes.PYFUNCTYPE(
        ctypes.py_object, *[ctypes.c_void_p] * 3, *[ctypes.c_int] * 4, *[ctypes.c_char_p] * 2, ctypes.c_int,
        ctypes.c_char_p,
    )(api[31])  # PyUFunc_FromFuncAndDataAndSignature  # fmt: skip
    loop = ctypes.cast(library.copy_series, ctypes.c_void_p).value
    double = np.dtype(np.float64).num
    tables = [(ctypes.c_void_p * 1)(loop), (ctypes.c_void_p * 1)(), (ctypes.c_char * 2)(double, double)]
    kept.extend(tables)
    return from_loops(*map(ctypes.addressof, tables), 1, 1, 1, -1, b"copy_series", b"", 0, b"(n)->(n)")
