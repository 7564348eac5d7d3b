"""Calls of every ufunc of the extension, from its signature and types alone: nothing here names one."""

import re
from collections.abc import Callable, Iterator

import numpy as np

import numpy_ext as nx

# Labels are any integers beside a dimension of groups; so all integers here are labels in range.
GROUPS = 3

UFUNCS = [
    *(getattr(nx, name) for name in nx._ufuncs.__all__),
    *nx._ufuncs.record_ufuncs.values(),
    nx.add_power(1.5),
    nx.add_power(2.37, absolute=True),
]


def core_dimensions(ufunc: np.ufunc) -> list[list[str]]:
    """The names of the core dimensions of each operand."""
    if ufunc.signature is None:
        return [[] for _ in range(ufunc.nargs)]
    return [re.findall(r"\w+", core) for core in re.findall(r"\(([^)]*)\)", ufunc.signature)]


def values(letter: str, shape: tuple[int, ...]) -> np.ndarray:
    """Positive numbers, and integers below GROUPS."""
    counted = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    dtype = np.dtype(letter)
    return (counted % (2 if letter == "?" else GROUPS) if dtype.kind in "biu" else counted % 7 + 0.5).astype(
        dtype
    )


def inputs(ufunc: np.ufunc, types: str, calls: int, length: int) -> list[np.ndarray]:
    """Arrays for one row of its table, such as "dd->d"."""
    sizes = {"n": length, "g": GROUPS}
    letters = types.split("->")[0]
    cores = core_dimensions(ufunc)[: ufunc.nin]
    return [
        values(letter, (calls, *(sizes[name] for name in core)))
        for letter, core in zip(letters, cores, strict=True)
    ]


def every_row() -> Iterator[tuple[np.ufunc, str]]:
    for ufunc in UFUNCS:
        for types in ufunc.types:
            yield ufunc, types


def record_dtypes() -> dict[str, np.dtype]:
    inner = [("x", "f8", (2,)), ("y", "i2")]
    return {
        "packed": np.dtype([("t", "u8"), ("x", "f8"), ("y", "f8")]),
        "padded": np.dtype([("y", "f4"), ("t", "u1"), ("x", "f8")], align=True),
        "unaligned": np.dtype([("flag", "u1"), ("x", ">f8"), ("y", "i4")]),
        "nested": np.dtype([("n", "c8"), ("p", inner, (3,)), ("q", inner)]),
    }


def record_calls() -> Iterator[tuple[str, Callable[[], object]]]:
    """Calls on records, with errors too. Each makes two plans, so that none is found ready."""
    other = np.ones(2, [("other", "i8")])
    for name, dtype in record_dtypes().items():
        a = np.ones((20, 2), dtype)[:, 1]
        like = a[list(dtype.names[::-1])]
        view = a[list(dtype.names[:2])]
        arguments = {
            "records": (a, like),
            "an integer": (a, 2),
            "a float": (2.5, a),
            "an array": (a, np.arange(20, dtype="f4")),
            "a view": (view, view),
        }
        for kind, operands in arguments.items():
            for function in (nx.records.add, nx.records.divide):
                yield (
                    f"{function.__name__} of {name} and {kind}",
                    lambda f=function, operands=operands: (f(other, other), f(*operands))[1],
                )
        yield f"reduce of {name}", lambda a=a: (nx.records.add(other, 1), nx.records.add.reduce(a))[1]
        yield (
            f"axpy of {name}",
            lambda a=a, like=like: (nx.records.add(other, 1), nx.axpy(a, a, like))[1],
        )
        yield f"{name} and too much", lambda a=a: (nx.records.add(other, 1), nx.records.add(a, 2**40))
        yield f"{name} and others", lambda a=a: (nx.records.add(other, 1), nx.records.add(a, other[:1]))
        yield f"{name} and text", lambda a=a: (nx.records.add(other, 1), nx.records.add(a, "x"))
        text = np.zeros(20, [(n, "U2" if n == dtype.names[-1] else dtype[n]) for n in dtype.names])
        yield (
            f"{name} with text",
            lambda a=a, text=text: (
                nx.records.add(other, 1),
                nx.records.add(a, text),
            ),
        )
