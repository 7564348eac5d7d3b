"""Ufuncs of the loops in broken_loops.c, and functions in Python that stand in for one: a fault each."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SOURCE = Path(__file__).parent / "broken_loops.c"
COMPILER = os.environ.get("CC", "cc").split()
HAS_COMPILER = shutil.which(COMPILER[0]) is not None

# The dtypes and the signature of each loop; most take two numbers and give one.
BINARY, UNARY = ("dd->d", None), ("d->d", None)
KINDS = {
    "saturates_in_one_lane": ("l->l", None),
    **dict.fromkeys(
        [
            "spreads_nan",
            "loses_the_sign_of_zero",
            "flushes_subnormals",
            "divides_in_lanes_thrown_away",
            "takes_roots_thrown_away",
            "compares_nan_aloud",
            "always_compares_nan_aloud",
        ],
        UNARY,
    ),
    **dict.fromkeys(
        [
            "right_total",
            "reads_the_first_of_none",
            "leaves_out_the_total_of_none",
            "ignores_gaps_in_a_series",
        ],
        ("d->d", "(n)->()"),
    ),
    **dict.fromkeys(["right_running_total", "reverses"], ("d->d", "(n)->(n)")),
}


@cache
def made(name: str) -> Any:
    """The ufunc of a loop, or the stand-in of this name."""
    return StandIn(name) if name in FAULTS else ufunc_of_loop(name, *KINDS.get(name, BINARY))


# ---- Ufuncs ----


@cache
def library() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "broken_loops.so"
        options = ["-O2", "-shared", "-fPIC", "-ffp-contract=off"]
        subprocess.run([*COMPILER, *options, SOURCE, "-o", target, "-lm"], check=True)
        return ctypes.CDLL(str(target))


@cache
def ufunc_maker() -> Callable[..., np.ufunc]:
    """PyUFunc_FromFuncAndDataAndSignature, from NumPy's table of C functions."""
    core = np._core if hasattr(np, "_core") else np.core
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    functions = pointer_of(core._multiarray_umath._UFUNC_API, None)
    tables, counts, texts = [ctypes.c_void_p] * 3, [ctypes.c_int] * 4, [ctypes.c_char_p] * 2
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, *tables, *counts, *texts, ctypes.c_int, ctypes.c_char_p)
    return prototype(ctypes.cast(functions, ctypes.POINTER(ctypes.c_void_p))[31])


kept: list[Any] = []  # NumPy keeps the pointers, not what they point at


def ufunc_of_loop(name: str, dtypes: str, signature: str | None) -> np.ufunc:
    nin, nout = map(len, dtypes.split("->"))
    letters = bytes(np.dtype(letter).num for letter in dtypes.replace("->", ""))
    loops = (ctypes.c_void_p * 1)(ctypes.cast(getattr(library(), name), ctypes.c_void_p).value)
    take, of = ctypes.pythonapi.Py_IncRef, id(np.dtype(float))
    if name == "keeps_an_object":
        take, of = ctypes.pythonapi.PyList_New, 0
    reference = (ctypes.c_void_p * 2)(ctypes.cast(take, ctypes.c_void_p).value, of)
    data = (ctypes.c_void_p * 1)(ctypes.addressof(reference))
    types = ctypes.create_string_buffer(letters)
    texts = name.encode(), b"", signature.encode() if signature else None
    kept.extend([loops, reference, data, types, texts])
    tables = map(ctypes.addressof, (loops, data, types))
    return ufunc_maker()(*tables, 1, nin, nout, -1, *texts[:2], 0, texts[2])


# ---- Stand-ins, for faults that a loop cannot have ----


class StandIn:
    """Calls a right ufunc in a wrong way."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        right, self.fault = FAULTS[name]
        self.right = made(right)
        for attribute in ("nin", "nout", "signature", "types"):
            setattr(self, attribute, getattr(self.right, attribute))

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        return self.fault(self.right, *inputs, **keywords)


FAULTS: dict[str, tuple[str, Callable[..., Any]]] = {}


def instead_of(right: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(fault: Callable[..., Any]) -> Callable[..., Any]:
        FAULTS[fault.__name__] = right, fault
        return fault

    return register


@instead_of("right_sum")
def ignores_out(right, *inputs, out=None, **keywords):  # noqa: ARG001
    return right(*inputs, **keywords)


@instead_of("right_sum")
def returns_a_copy_of_out(right, *inputs, **keywords):
    return right(*inputs, **keywords).copy()


@instead_of("right_sum")
def writes_to_a_copy_of_foreign_out(right, *inputs, out=None, **keywords):
    if out is not None:
        right(*inputs, out=tuple(np.require(each, each.dtype.newbyteorder("="), "A") for each in out))
        return out[0]
    return right(*inputs, **keywords)


@instead_of("right_sum")
def makes_out_writeable(right, *inputs, out=(), **keywords):
    for each in out:
        each.flags.writeable = True
    return right(*inputs, out=out or None, **keywords)


@instead_of("right_sum")
def casts_to_anything(right, *inputs, **keywords):
    return right(*inputs, casting="unsafe", **keywords)


@instead_of("right_sum")
def ignores_where(right, *inputs, where=True, **keywords):  # noqa: ARG001
    return right(*inputs, **keywords)


@instead_of("right_sum")
def ignores_byte_order(right, *inputs, **keywords):
    native = (np.asarray(x).view(np.asarray(x).dtype.newbyteorder("=")) for x in inputs)
    return right(*native, **keywords)


@instead_of("right_sum")
def refuses_unaligned(right, *inputs, **keywords):
    if not all(x.flags.aligned for x in inputs):
        raise ValueError("unaligned")
    return right(*inputs, **keywords)


@instead_of("right_sum")
def adds_up_strides(right, *inputs, **keywords):
    for x in map(np.asarray, inputs):
        if sum(size * abs(stride) for size, stride in zip(x.shape, x.strides, strict=True)) > 2**48:
            raise ValueError("too large")
    return right(*inputs, **keywords)


@instead_of("right_sum")
def repeats_instead_of_broadcasting(right, *inputs, **keywords):
    largest = max(map(np.asarray, inputs), key=np.size)
    return right(*(np.resize(x, largest.shape) for x in inputs), **keywords)


@instead_of("right_sum")
def makes_a_dimension_of_none(right, *inputs, **keywords):
    return right(*map(np.atleast_1d, inputs), **keywords)


@instead_of("right_sum")
def mixes_up_orders(right, *inputs, order="K", **keywords):
    result = right(*inputs, **keywords)
    return result.ravel().reshape(result.shape, order=order) if order == "F" else result


@instead_of("right_sum")
def adds_zero_to_one_input(right, x, y=0.0, **keywords):
    return right(x, y, **keywords)


@instead_of("right_sum")
def depends_on_the_number_of_threads(right, *inputs, **keywords):
    import numpy_ext

    return right(*inputs, **keywords) + numpy_ext.get_num_threads()


@instead_of("right_total")
def takes_the_first_axis_for_the_last(right, x, axis=-1):
    return right(x, axis=axis or -1)


@instead_of("right_running_total")
def ignores_axes(right, x, axes=None):  # noqa: ARG001
    return right(x)


@instead_of("right_total")
def ignores_keepdims(right, x, keepdims=False):  # noqa: ARG001
    return right(x)
