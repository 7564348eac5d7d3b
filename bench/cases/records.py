"""Records of 32 bytes, field by field; the elements that are counted are records."""

import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import track
from .case import OURS, Call, Case
from .compiled import address, compiled_peers

POSITION = ["x", "y", "z"]


def by_fields(operation: Callable[..., Any], *operands: Any, out: np.ndarray) -> np.ndarray:
    """A NumPy expression for each field of the records."""
    for name in out.dtype.names:
        operation(
            *(operand[name] if isinstance(operand, np.ndarray) else operand for operand in operands),
            out=out[name],
        )
    return out


def axpy_in_two_steps(a: Any, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    np.add(np.multiply(a, x), y, out=out)


def products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a["x"] * b["x"] + a["y"] * b["y"] + a["z"] * b["z"]


def moved_track(velocity: np.ndarray, start: np.ndarray) -> np.ndarray:
    out = start.copy()
    for name in POSITION:
        out[name] += 0.5 * velocity[name]
    return out


def compiled(name: str, n: int, *arguments: Any, out: Any = None) -> dict[str, Call]:
    """Peers that write into `out`, or into new records like the last argument."""

    def make(function: Any, _type: Any) -> Call:
        def call() -> np.ndarray:
            result = np.empty_like(arguments[-1]) if out is None else out
            pointers = [address(a) if isinstance(a, np.ndarray) else a for a in arguments]
            function(*pointers, address(result), ctypes.c_size_t(n))
            return result

        return call

    return compiled_peers(name, np.dtype(np.float64), make)


def cases(sizes: list[int]) -> Iterator[Case]:
    for n in sizes:
        x, y = track(n), track(n)[::-1].copy()
        half = np.concatenate([x, x[: n // 2]]).view(np.uint64)  # NumPy copies records field by field
        copy = partial(np.copyto, half.copy(), half) if n >= 1_000_000 else None
        yield add(x, y, copy)
        yield axpy(x, y, copy)
        yield axpy_in_place(x, y, copy)
    for operation in (np.subtract, np.multiply, np.divide):
        yield position(operation, x[POSITION], y[POSITION])
    yield negative(x[POSITION])
    yield norm(x[POSITION])
    yield dot(x[POSITION], y[POSITION])
    yield mean(x)
    yield call()


def add(x: np.ndarray, y: np.ndarray, copy: Call | None) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.records.add(x, y),
        "NumPy by field": lambda: by_fields(np.add, x, y, out=np.empty_like(x)),
        **compiled("add_records", x.size, x, y),
    }
    expected = partial(by_fields, np.add, x, y, out=np.empty_like(x))
    return Case(f"records.add u8, 3 x f8 n={x.size}", x.size, expected, 0, peers, copy=copy)


def axpy(x: np.ndarray, y: np.ndarray, copy: Call | None) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.axpy(2, x, y),
        "NumPy by field": lambda: by_fields(axpy_in_two_steps, 2, x, y, out=np.empty_like(x)),
        **compiled("axpy_records", x.size, ctypes.c_int64(2), x, y),
    }
    expected = partial(by_fields, axpy_in_two_steps, 2, x, y, out=np.empty_like(x))
    return Case(f"axpy records u8, 3 x f8 n={x.size}", x.size, expected, 0, peers, copy=copy)


def axpy_in_place(x: np.ndarray, y: np.ndarray, copy: Call | None) -> Case:
    moved = y.copy()
    view, velocity = moved[POSITION], x[POSITION]
    peers: dict[str, Call] = {
        OURS: lambda: (nx.axpy(0.5, velocity, view, out=view), moved)[1],
        "NumPy by field": lambda: (by_fields(axpy_in_two_steps, 0.5, velocity, view, out=view), moved)[1],
        **compiled("move_records", x.size, ctypes.c_double(0.5), x, out=moved),
    }
    name, reset = f"axpy records in place, x y z of 4 fields n={x.size}", partial(np.copyto, moved, y)
    return Case(name, x.size, partial(moved_track, x, y), 0, peers, reset, copy)


def position(operation: np.ufunc, a: np.ndarray, b: np.ndarray) -> Case:
    ours, name = getattr(nx.records, operation.__name__), f"records.{operation.__name__} 3 x f8 n={a.size}"
    plain = np.dtype([(field, "f8") for field in POSITION])
    peers: dict[str, Call] = {
        OURS: lambda: ours(a, b),
        "NumPy by field": lambda: by_fields(operation, a, b, out=np.empty(a.shape, plain)),
    }
    expected = partial(by_fields, operation, a, b, out=np.empty(a.shape, plain))
    return Case(name, a.size, expected, 0, peers, values=lambda result: result.astype(plain))


def negative(a: np.ndarray) -> Case:
    plain = np.dtype([(field, "f8") for field in POSITION])
    peers: dict[str, Call] = {
        OURS: lambda: nx.records.negative(a),
        "NumPy by field": lambda: by_fields(np.negative, a, out=np.empty(a.shape, plain)),
    }
    expected = partial(by_fields, np.negative, a, out=np.empty(a.shape, plain))
    name = f"records.negative 3 x f8 n={a.size}"
    return Case(name, a.size, expected, 0, peers, values=lambda result: result.astype(plain))


def norm(a: np.ndarray) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.records.norm(a),
        "NumPy by field": lambda: np.sqrt(products(a, a)),
    }
    return Case(f"records.norm 3 x f8 n={a.size}", a.size, lambda: np.sqrt(products(a, a)), 4, peers)


def dot(a: np.ndarray, b: np.ndarray) -> Case:
    peers: dict[str, Call] = {
        OURS: lambda: nx.records.dot(a, b),
        "NumPy by field": lambda: products(a, b),
    }
    return Case(f"records.dot 3 x f8 n={a.size}", a.size, lambda: products(a, b), 0, peers)


def mean(x: np.ndarray) -> Case:
    fields = x.dtype.names
    peers: dict[str, Call] = {
        OURS: lambda: nx.records.mean(x),
        "NumPy by field": lambda: [x[name].mean() for name in fields],
    }
    name = f"records.mean u8, 3 x f8 n={x.size}"
    exact = lambda: [float(x[name].astype(np.longdouble).mean()) for name in fields]  # noqa: E731
    values = lambda result: np.asarray(result.item() if hasattr(result, "item") else result)  # noqa: E731
    # The mean of values that cancel: plain sums may be off by rounding.
    return Case(name, x.size, exact, 1e6, peers, values=values)


def call() -> Case:
    """What a call costs: a single record, beside a single number."""
    one, plain = track(1), np.ones(1)
    peers: dict[str, Call] = {
        OURS: lambda: nx.records.add(one, one),
        "np.add of a number": lambda: np.add(plain, plain),
    }
    expected = partial(by_fields, np.add, one, one, out=np.empty_like(one))
    return Case("records.add call n=1", 1, expected, np.inf, peers)
