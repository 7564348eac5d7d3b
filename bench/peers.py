"""
Every operation beside what else one would pick for it, in one run.

Each peer's result is checked first; then the peers take turns, round after round, so that a machine that
slows down slows all of them. Printed are nanoseconds an element and how many times longer than numpy_ext a
peer took: above 1, numpy_ext is faster. Everything runs on one thread but what says so, and every peer
allocates its output, unless the case is in place. C and Rust are called through ctypes, which costs some
microseconds: compare them on long arrays.
"""

import argparse
import ctypes
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy and SciPy load it
os.environ["POLARS_MAX_THREADS"] = "1"

import numpy as np

import numpy_ext as nx

if __package__:  # asv imports every file of this folder, as a package
    from .data import KINDS, SEED, normal, track, with_zeros
else:
    from data import KINDS, SEED, normal, track, with_zeros

try:
    import numba
except ImportError:
    numba = None
try:
    import numexpr
except ImportError:
    numexpr = None
try:
    import pandas
except ImportError:
    pandas = None
try:
    import pyarrow
except ImportError:
    pyarrow = None
try:
    import polars
except ImportError:
    polars = None
try:
    import numbagg
except ImportError:
    numbagg = None
try:
    from scipy.linalg import blas
except ImportError:
    blas = None

HERE = Path(__file__).parent
C_NAMES = {np.dtype(np.float32): "float", np.dtype(np.float64): "double"}
C_TYPES = {np.dtype(np.float32): ctypes.c_float, np.dtype(np.float64): ctypes.c_double}
OURS = "numpy_ext"

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One operation on one input. A result may be `ulps` from the expected one: 0 asks for the same bits."""

    name: str
    elements: int
    expected: Call
    ulps: float
    peers: dict[str, Call]
    reset: Call = lambda: None
    """Called before each check, for peers that change their input."""
    copy: Call | None = None
    """Copies as many bytes as the operation reads and writes at least: what memory allows at best."""


# ---- Peers that must be compiled ----


def compile_libraries(folder: Path) -> dict[tuple[str, np.dtype], ctypes.CDLL]:
    """C and Rust by language and dtype, as far as their compilers are there."""
    libraries = {}
    for dtype, name in C_NAMES.items():
        if shutil.which("gcc"):
            library = folder / f"c_{name}.so"
            options = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", f"-DT={name}"]
            subprocess.run(["gcc", *options, "-o", library, HERE / "peers.c", "-lm"], check=True)
            libraries["C", dtype] = ctypes.CDLL(str(library))
        if shutil.which("rustc"):
            library = folder / "rust.so"
            if not library.exists():
                options = ["--crate-type=cdylib", "-Copt-level=3", "-Ctarget-cpu=native"]
                subprocess.run(["rustc", *options, "-o", library, HERE / "peers.rs"], check=True)
            libraries["Rust", dtype] = ctypes.CDLL(str(library))
    return libraries


def address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.__array_interface__["data"][0])


def least_gufunc(libraries: dict) -> np.ufunc | None:
    """A gufunc of signature (n)->(n) for float64 that copies, made by NumPy's own C API."""
    library = libraries.get(("C", np.dtype(np.float64)))
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


kept: list[Any] = []  # NumPy keeps the pointers, not what they point at


def compiled_peers(
    libraries: dict, function: str, dtype: np.dtype, make: Callable[[Any, Any], Call]
) -> dict[str, Call]:
    """A peer for each language that has `function`; `make` gets it and the C type of an element."""
    peers = {}
    for language in ("C", "Rust"):
        library = libraries.get((language, dtype))
        if library is None:  # no compiler, or no such type in these files
            continue
        name = function if language == "C" else f"{function}_{C_NAMES[dtype]}"
        if hasattr(library, name):
            peers[language] = make(getattr(library, name), C_TYPES[dtype])
    return peers


if numba:

    @numba.njit
    def numba_axpy(a, x, y):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = a * x[i] + y[i]
        return out

    @numba.njit
    def numba_axpy_in_place(a, x, y):
        for i in range(x.size):
            y[i] = a * x[i] + y[i]

    @numba.vectorize
    def numba_axpy_vectorize(a, x, y):
        return a * x + y

    @numba.njit(parallel=True)
    def numba_axpy_parallel(a, x, y):
        for i in numba.prange(x.size):
            y[i] = a * x[i] + y[i]

    @numba.njit(parallel=True)
    def numba_pow_sum_parallel(x, p):
        total = 0.0
        for i in numba.prange(x.size):
            if x[i] > 0:
                total += x[i] ** p
        return total

    @numba.njit(error_model="numpy")  # else it looks for zeros once more, to raise ZeroDivisionError
    def numba_divide_or(x, y, fill):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = x[i] / y[i] if y[i] != 0 else fill
        return out

    @numba.vectorize
    def numba_divide_or_vectorize(x, y, fill):
        return x / y if y != 0 else fill

    @numba.njit
    def numba_score_into(x, rise, fall, zero, out):
        s = zero
        for i in range(x.size):
            v = x[i]
            s = s * rise + v if v > s else s * fall
            out[i] = s

    @numba.njit
    def numba_score(x, rise, fall, zero):
        out = np.empty_like(x)
        numba_score_into(x, rise, fall, zero, out)
        return out

    @numba.guvectorize(["f4[:],f4,f4,f4,f4[:]", "f8[:],f8,f8,f8,f8[:]"], "(n),(),(),()->(n)")
    def numba_score_guvectorize(x, rise, fall, zero, out):
        numba_score_into(x, rise, fall, zero, out)

    @numba.njit
    def numba_score_by(x, labels, rise, fall, states):
        out, states = np.empty_like(x), states.copy()
        for i in range(x.size):
            label = labels[i]
            if not 0 <= label < states.size:
                raise IndexError
            v, s = x[i], states[label]
            states[label] = out[i] = s * rise + v if v > s else s * fall
        return out

    def pow_sum_loop(x, p):
        total = 0.0
        for i in range(x.size):
            if x[i] > 0:
                total += x[i] ** p
        return total

    numba_pow_sum = numba.njit(pow_sum_loop)
    numba_pow_sum_fastmath = numba.njit(fastmath=True)(pow_sum_loop)

    def multiplied_sum(product):
        """The power written as a product, as one does for speed."""

        @numba.njit(fastmath=True)
        def loop(x):
            total = 0.0
            for i in range(x.size):
                if x[i] > 0:
                    total += product(x[i])
            return total

        return loop

    numba_multiplied = {
        0.5: multiplied_sum(numba.njit(lambda v: np.sqrt(v))),
        1.5: multiplied_sum(numba.njit(lambda v: v * np.sqrt(v))),
        2.0: multiplied_sum(numba.njit(lambda v: v * v)),
        3.0: multiplied_sum(numba.njit(lambda v: v * v * v)),
    }

    def weighted_sum_loop(w, x):
        total = 0.0
        for i in range(x.size):
            total += w[i] * x[i]
        return total

    numba_weighted_sum = numba.njit(weighted_sum_loop)
    numba_weighted_sum_fastmath = numba.njit(fastmath=True)(weighted_sum_loop)

    @numba.njit
    def numba_group_sum(x, labels, groups):
        totals = np.zeros(groups, x.dtype)
        for i in range(x.size):
            totals[labels[i]] += x[i]
        return totals


# ---- The cases ----


def a_x_plus_y(a: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return a * x + y


def axpy_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    for dtype in map(np.dtype, (np.float32, np.float64, np.int64)):
        for n in sizes:
            x, a = (100 * normal(n)).astype(dtype), dtype.type(3.3)
            y = x[::-1].copy()

            def compiled(function: Any, c_type: Any, a=a, x=x, y=y, n=n) -> Call:
                def call() -> np.ndarray:
                    out = np.empty_like(x)
                    function(c_type(a), address(x), address(y), address(out), ctypes.c_size_t(n))
                    return out

                return call

            peers: dict[str, Call] = {
                OURS: lambda a=a, x=x, y=y: nx.axpy(a, x, y),
                "NumPy a*x + y": lambda a=a, x=x, y=y: a * x + y,
            }
            if numba:
                peers["Numba njit"] = lambda a=a, x=x, y=y: numba_axpy(a, x, y)
                peers["Numba vectorize"] = lambda a=a, x=x, y=y: numba_axpy_vectorize(a, x, y)
            if numexpr:
                peers["numexpr"] = lambda a=a, x=x, y=y: numexpr.evaluate("a*x + y", {"a": a, "x": x, "y": y})
            peers |= compiled_peers(libraries, "axpy", dtype, compiled)
            yield Case(f"axpy {dtype} n={n}", n, partial(a_x_plus_y, a, x, y), 0, peers)


def axpy_in_place_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    for dtype in map(np.dtype, (np.float32, np.float64)):
        for n in sizes:
            x, a = normal(n).astype(dtype), dtype.type(0.3)
            start = x[::-1].copy()
            y, product = start.copy(), np.empty_like(x)

            def compiled(function: Any, c_type: Any, a=a, x=x, y=y, n=n) -> Call:
                def call() -> np.ndarray:
                    function(c_type(a), address(x), address(y), address(y), ctypes.c_size_t(n))
                    return y

                return call

            def in_numpy(a=a, x=x, y=y, product=product) -> np.ndarray:
                np.multiply(a, x, out=product)
                return np.add(product, y, out=y)

            peers: dict[str, Call] = {
                OURS: lambda a=a, x=x, y=y: nx.axpy(a, x, y, out=y),
                "NumPy two steps": in_numpy,
            }
            if blas:
                routine = blas.saxpy if dtype == np.float32 else blas.daxpy
                peers["BLAS"] = lambda a=a, x=x, y=y, routine=routine: routine(x, y, a=a)
            if numba:
                peers["Numba njit"] = lambda a=a, x=x, y=y: (numba_axpy_in_place(a, x, y), y)[1]
            if numexpr:
                peers["numexpr"] = lambda a=a, x=x, y=y: numexpr.evaluate(
                    "a*x + y", {"a": a, "x": x, "y": y}, out=y
                )
            peers |= compiled_peers(libraries, "axpy", dtype, compiled)
            reset = lambda y=y, start=start: np.copyto(y, start)  # noqa: E731
            expected = partial(a_x_plus_y, a, x, start)
            yield Case(f"axpy in place {dtype} n={n}", n, expected, 0, peers, reset)


def quotients(x: np.ndarray, y: np.ndarray, fill: Any) -> np.ndarray:
    out = np.full_like(x, fill)
    out[y != 0] = x[y != 0] / y[y != 0]
    return out


def numpy_silenced_divide(x: np.ndarray, y: np.ndarray, fill: Any) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y != 0, x / y, fill)


def safe_divide_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    for dtype in map(np.dtype, (np.float32, np.float64)):
        for n in sizes:
            x, y = normal(n).astype(dtype), with_zeros(n).astype(dtype)
            for ours, fill in ((nx.safe_divide, dtype.type(np.nan)), (nx.divide_or, dtype.type(0))):

                def compiled(function: Any, c_type: Any, x=x, y=y, fill=fill, n=n) -> Call:
                    def call() -> np.ndarray:
                        out = np.empty_like(x)
                        function(address(x), address(y), c_type(fill), address(out), ctypes.c_size_t(n))
                        return out

                    return call

                operands = (x, y, fill)[: ours.nin]
                peers: dict[str, Call] = {
                    OURS: lambda ours=ours, operands=operands: ours(*operands),
                    "NumPy where=": lambda x=x, y=y, fill=fill: np.divide(
                        x, y, out=np.full_like(x, fill), where=y != 0
                    ),
                    "NumPy errstate": lambda x=x, y=y, fill=fill: numpy_silenced_divide(x, y, fill),
                }
                if numba:
                    peers["Numba njit"] = lambda x=x, y=y, fill=fill: numba_divide_or(x, y, fill)
                    peers["Numba vectorize"] = lambda x=x, y=y, fill=fill: numba_divide_or_vectorize(
                        x, y, fill
                    )
                if numexpr:
                    peers["numexpr"] = lambda x=x, y=y, fill=fill: numexpr.evaluate(
                        "where(y != 0, x / y, fill)", {"x": x, "y": y, "fill": fill}
                    )
                peers |= compiled_peers(libraries, "divide_or", dtype, compiled)
                expected = partial(quotients, x, y, fill)
                yield Case(f"{ours.__name__} {dtype} n={n}", n, expected, 0, peers)


def python_score(x: np.ndarray) -> np.ndarray:
    """The recurrence as one writes it in Python; float64."""
    s, out = 0.0, []
    for v in x.tolist():
        s = s * 0.9 + v if v > s else s * 0.5
        out.append(s)
    return np.array(out)


def score_reference(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """The recurrence along an axis, step by step, in the precision of x, all series at once."""
    if x.ndim == 1 and x.dtype == np.float64:
        return python_score(x)
    rise, fall = x.dtype.type(0.9), x.dtype.type(0.5)
    values, out = np.moveaxis(x, axis, 0), np.empty_like(x)
    scores, s = np.moveaxis(out, axis, 0), np.zeros(values.shape[1:], x.dtype)
    for i, v in enumerate(values):
        scores[i] = s = np.where(v > s, s * rise + v, s * fall)
    return out


def score_by_reference(x: np.ndarray, labels: np.ndarray, groups: int) -> np.ndarray:
    """The recurrence of every group at once: all first values, then all second ones, and so on."""
    rise, fall = x.dtype.type(0.9), x.dtype.type(0.5)
    rows, sizes = np.argsort(labels, kind="stable"), np.bincount(labels, minlength=groups)
    starts = np.cumsum(sizes) - sizes
    out, states = np.empty_like(x), np.zeros(groups, x.dtype)
    for i in range(sizes.max()):
        alive = np.flatnonzero(sizes > i)
        row, s = rows[starts[alive] + i], states[alive]
        out[row] = states[alive] = np.where(x[row] > s, s * rise + x[row], s * fall)
    return out


def rolling_score_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    for dtype in map(np.dtype, (np.float32, np.float64)):
        for kind, make in KINDS.items():
            for n in sizes:
                x = make(n).astype(dtype)
                parameters = (dtype.type(0.9), dtype.type(0.5), dtype.type(0))

                def compiled(function: Any, _type: Any, x=x, n=n) -> Call:
                    def call() -> np.ndarray:
                        out = np.empty_like(x)
                        function(address(x), address(out), ctypes.c_size_t(n))
                        return out

                    return call

                peers: dict[str, Call] = {OURS: lambda x=x: nx.rolling_score(x)}
                if numba:
                    peers["Numba njit"] = lambda x=x, p=parameters: numba_score(x, *p)
                    peers["Numba guvectorize"] = lambda x=x, p=parameters: numba_score_guvectorize(x, *p)
                peers |= compiled_peers(libraries, "rolling_score", dtype, compiled)
                if dtype == np.float64 and n <= 1000:
                    peers["Python"] = lambda x=x: python_score(x)
                name, copy = f"rolling_score {kind} {dtype} n={n}", x.copy if n >= 1_000_000 else None
                yield Case(name, n, partial(score_reference, x), 0, peers, copy=copy)


def rolling_score_2d_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    rows, columns = 1000, max(sizes) // 100
    for dtype in map(np.dtype, (np.float32, np.float64)):
        x = normal(rows * columns).reshape(rows, columns).astype(dtype)
        parameters = (dtype.type(0.9), dtype.type(0.5), dtype.type(0))
        for axis in (1, 0):

            def compiled(function: Any, _type: Any, x=x) -> Call:
                def call() -> np.ndarray:
                    out = np.empty_like(x)
                    function(
                        address(x), address(out), ctypes.c_size_t(x.shape[0]), ctypes.c_size_t(x.shape[1])
                    )
                    return out

                return call

            peers: dict[str, Call] = {OURS: lambda x=x, axis=axis: nx.rolling_score(x, axis=axis)}
            if numba:
                axes = [axis, (), (), (), axis]
                peers["Numba guvectorize"] = lambda x=x, p=parameters, axes=axes: numba_score_guvectorize(
                    x, *p, axes=axes
                )
            function = "rolling_score_rows" if axis == 1 else "rolling_score_columns"
            peers |= compiled_peers(libraries, function, dtype, compiled)
            name = f"rolling_score {rows}x{columns} {dtype} axis={axis}"
            yield Case(name, x.size, partial(score_reference, x, axis), 0, peers, copy=x.copy)


def rolling_score_by_cases(_libraries: dict, sizes: list[int]) -> Iterator[Case]:
    n, random = max(sizes), np.random.default_rng(SEED)
    for dtype in map(np.dtype, (np.float32, np.float64)):
        x, parameters = normal(n).astype(dtype), (dtype.type(0.9), dtype.type(0.5))
        for groups in (4, 500, n):
            for order in ("mixed", "sorted"):
                labels = random.integers(0, groups, n)
                labels = np.sort(labels) if order == "sorted" else labels
                states = np.zeros(groups, dtype)
                expected = partial(score_by_reference, x, labels, groups)
                peers: dict[str, Call] = {
                    OURS: lambda x=x, labels=labels, p=parameters, s=states: nx.rolling_score_by(
                        x, labels, *p, s
                    )[0]
                }
                if numba:
                    peers["Numba njit"] = lambda x=x, labels=labels, p=parameters, s=states: numba_score_by(
                        x, labels, *p, s
                    )
                yield Case(f"rolling_score_by {groups} groups {order} {dtype} n={n}", n, expected, 0, peers)


def pow_sum_reference(x: np.ndarray, p: Any, axis: int | None = None) -> Any:
    """In long double."""
    powers = np.maximum(x, 0).astype(np.longdouble) ** np.longdouble(p)
    return np.sum(powers, axis=axis).astype(x.dtype)


def pow_sum_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    for dtype in map(np.dtype, (np.float32, np.float64)):
        for p in (0.5, 1.5, 2.0, 2.37, 3.0):
            for n in sizes:
                x, exponent = normal(n).astype(dtype), dtype.type(p)
                tiny = np.finfo(dtype).tiny

                def compiled(function: Any, _type: Any, x=x, p=float(exponent), n=n) -> Call:
                    function.restype = ctypes.c_double
                    return lambda: function(address(x), ctypes.c_double(p), ctypes.c_size_t(n))

                peers: dict[str, Call] = {
                    OURS: lambda x=x, p=exponent: nx.pow_sum(x, p),
                    "NumPy masked": lambda x=x, p=exponent: np.sum(x[x > 0] ** p),
                    "NumPy maximum": lambda x=x, p=exponent, tiny=tiny: np.sum(np.maximum(x, tiny) ** p),
                }
                if numba:
                    peers["Numba njit"] = lambda x=x, p=exponent: numba_pow_sum(x, p)
                    peers["Numba fastmath"] = lambda x=x, p=exponent: numba_pow_sum_fastmath(x, p)
                    if p in numba_multiplied:
                        peers["Numba product"] = lambda x=x, p=p: numba_multiplied[p](x)
                if p == 2.0:
                    peers["NumPy dot"] = lambda x=x: (lambda y: np.dot(y, y))(np.maximum(x, 0))
                peers |= compiled_peers(libraries, "pow_sum", dtype, compiled)
                expected = partial(pow_sum_reference, x, exponent)
                # Plain sums may be off by rounding; a peer that is off by more computes something else.
                name, copy = f"pow_sum p={p} {dtype} n={n}", x[: n // 2].copy if n >= 1_000_000 else None
                yield Case(name, n, expected, 4096, peers, copy=copy)


def pow_sum_2d_cases(_libraries: dict, sizes: list[int]) -> Iterator[Case]:
    rows = columns = 4000 if max(sizes) >= 1_000_000 else 400
    x = normal(rows * columns).reshape(rows, columns)
    for p in (1.5, 2.0, 2.37, 3.0):
        for axis in (1, 0):
            peers: dict[str, Call] = {
                OURS: lambda p=p, axis=axis: nx.pow_sum(x, p, axis=axis),
                "NumPy maximum": lambda p=p, axis=axis: np.sum(np.maximum(x, 1e-30) ** p, axis=axis),
            }
            expected = partial(pow_sum_reference, x, p, axis)
            yield Case(f"pow_sum {rows}x{columns} p={p} axis={axis}", x.size, expected, 1e9, peers)


def weighted_sum_reference(w: np.ndarray, x: np.ndarray) -> float:
    return float(np.sum(w.astype(np.longdouble) * x))


def weighted_sum_cases(_libraries: dict, sizes: list[int]) -> Iterator[Case]:
    for dtype in ("int64", "float64", "int8"):
        for n in sizes:
            w, x = (normal(n)[::-1] * 100).astype(dtype), normal(n)
            peers: dict[str, Call] = {
                OURS: lambda w=w, x=x: nx.weighted_sum(w, x),
                "NumPy dot": lambda w=w, x=x: np.dot(w, x),
            }
            if numba:
                peers["Numba njit"] = lambda w=w, x=x: numba_weighted_sum(w, x)
                peers["Numba fastmath"] = lambda w=w, x=x: numba_weighted_sum_fastmath(w, x)
            expected = partial(weighted_sum_reference, w, x)
            yield Case(f"weighted_sum {dtype} x float64 n={n}", n, expected, 1e6, peers)


def group_sum_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    n, random = max(sizes), np.random.default_rng(SEED)
    for dtype in map(np.dtype, (np.float64, np.int64)):
        x = (normal(n) * 100).astype(dtype)
        for groups in (10, 1000, 1_000_000):
            for order in ("mixed", "sorted"):
                labels = random.integers(0, groups, n)
                labels = np.sort(labels) if order == "sorted" else labels
                start = np.zeros(groups, dtype)

                def compiled(function: Any, _type: Any, x=x, labels=labels, groups=groups, n=n) -> Call:
                    def call() -> np.ndarray:
                        out = np.zeros(groups)
                        function(address(x), address(labels), address(out), ctypes.c_size_t(n))
                        return out

                    return call

                peers: dict[str, Call] = {
                    OURS: lambda x=x, labels=labels, s=start: nx.group_sum(x, labels, s),
                    "np.add.at": lambda x=x, labels=labels, s=start: add_at(x, labels, s),
                }
                if dtype == np.float64:
                    peers["np.bincount"] = lambda x=x, labels=labels, groups=groups: np.bincount(
                        labels, weights=x, minlength=groups
                    )
                    peers |= compiled_peers(libraries, "group_sum", dtype, compiled)
                if pandas:
                    peers["pandas"] = lambda x=x, labels=labels, groups=groups: scattered(
                        *pandas_totals(x, labels), groups
                    )
                if pyarrow:
                    table = pyarrow.table({"label": labels, "x": x})
                    peers["pyarrow"] = lambda table=table, groups=groups: scattered(
                        *arrow_totals(table), groups
                    )
                if polars:
                    frame = polars.DataFrame({"label": labels, "x": x})
                    peers["polars"] = lambda frame=frame, groups=groups: scattered(
                        *frame.group_by("label").agg(polars.col("x").sum()), groups
                    )
                if numbagg:
                    peers["numbagg"] = lambda x=x, labels=labels, groups=groups: numbagg.group_nansum(
                        x, labels, num_labels=groups
                    )
                if numba:
                    peers["Numba njit"] = lambda x=x, labels=labels, groups=groups: numba_group_sum(
                        x, labels, groups
                    )
                expected = partial(add_at, x, labels, start)
                yield Case(f"group_sum {groups} groups {order} {dtype} n={n}", n, expected, 0, peers)


def scattered(labels: Any, totals: Any, groups: int) -> np.ndarray:
    """Totals in the order of their labels; 0 for a group without values."""
    totals = np.asarray(totals)
    out = np.zeros(groups, totals.dtype)
    out[np.asarray(labels)] = totals
    return out


def pandas_totals(x: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
    totals = pandas.Series(x).groupby(labels, sort=False).sum()
    return totals.index, totals


def arrow_totals(table: Any) -> tuple[Any, Any]:
    totals = table.group_by("label", use_threads=False).aggregate([("x", "sum")])
    return totals["label"], totals["x_sum"]


def add_at(x: np.ndarray, labels: np.ndarray, start: np.ndarray) -> np.ndarray:
    totals = start.copy()
    np.add.at(totals, labels, x)
    return totals


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


def records_cases(libraries: dict, sizes: list[int]) -> Iterator[Case]:
    """Records of 32 bytes; the elements that are counted are records."""
    position = ["x", "y", "z"]
    for n in sizes:
        x, y = track(n), track(n)[::-1].copy()
        moved = y.copy()

        def compiled(name: str, *arguments: Any, out: Any = None, n=n, x=x) -> dict[str, Call]:
            def make(function: Any, _type: Any) -> Call:
                def call() -> np.ndarray:
                    result = np.empty(n, x.dtype) if out is None else out
                    pointers = [address(a) if isinstance(a, np.ndarray) else a for a in arguments]
                    function(*pointers, address(result), ctypes.c_size_t(n))
                    return result

                return call

            return compiled_peers(libraries, name, np.dtype(np.float64), make)

        peers: dict[str, Call] = {
            OURS: lambda x=x, y=y: nx.records.add(x, y),
            "NumPy by field": lambda x=x, y=y: by_fields(np.add, x, y, out=np.empty_like(x)),
            **compiled("add_records", x, y),
        }
        expected = partial(by_fields, np.add, x, y, out=np.empty_like(x))
        half = np.concatenate([x, x[: n // 2]]).view(np.uint64)  # NumPy copies records field by field
        copy = partial(np.copyto, half.copy(), half) if n >= 1_000_000 else None
        yield Case(f"records.add u8, 3 x f8 n={n}", n, expected, 0, peers, copy=copy)
        peers = {
            OURS: lambda x=x, y=y: nx.axpy(2, x, y),
            "NumPy by field": lambda x=x, y=y: by_fields(axpy_in_two_steps, 2, x, y, out=np.empty_like(x)),
            **compiled("axpy_records", ctypes.c_int64(2), x, y),
        }
        expected = partial(by_fields, axpy_in_two_steps, 2, x, y, out=np.empty_like(x))
        yield Case(f"axpy records u8, 3 x f8 n={n}", n, expected, 0, peers, copy=copy)
        view, velocity = moved[position], x[position]
        peers = {
            OURS: lambda v=velocity, view=view, moved=moved: (nx.axpy(0.5, v, view, out=view), moved)[1],
            "NumPy by field": lambda v=velocity, view=view, moved=moved: (
                by_fields(axpy_in_two_steps, 0.5, v, view, out=view),
                moved,
            )[1],
            **compiled("move_records", ctypes.c_double(0.5), x, out=moved),
        }
        expected = partial(moved_track, x, y)
        reset = lambda moved=moved, y=y: np.copyto(moved, y)  # noqa: E731
        yield Case(f"axpy records in place, x y z of 4 fields n={n}", n, expected, 0, peers, reset, copy)
    one = track(1)
    plain = np.ones(1)
    peers = {OURS: lambda: nx.records.add(one, one), "np.add of a number": lambda: np.add(plain, plain)}
    expected = partial(by_fields, np.add, one, one, out=np.empty_like(one))
    yield Case("records.add call n=1", 1, expected, np.inf, peers)


def moved_track(velocity: np.ndarray, start: np.ndarray) -> np.ndarray:
    out = start.copy()
    for name in ("x", "y", "z"):
        out[name] += 0.5 * velocity[name]
    return out


def call_cases(libraries: dict, _sizes: list[int]) -> Iterator[Case]:
    """What a call costs: a single element."""
    one = np.ones(1)
    out = np.empty(1)
    peers: dict[str, Call] = {OURS: lambda: nx.axpy(2.0, one, one, out=out)}
    peers["np.add twice"] = lambda: np.add(np.add(one, one, out=out), one, out=out)
    if numba:
        peers["Numba vectorize"] = lambda: numba_axpy_vectorize(2.0, one, one)
    yield Case("axpy call n=1", 1, lambda: np.array([3.0]), 0, peers)
    trivial = least_gufunc(libraries)
    for n in (1, 4, 16):
        x = normal(n)
        peers = {OURS: lambda x=x: nx.rolling_score(x)}
        if trivial:
            peers["least gufunc"] = lambda x=x: trivial(x)
        if numba:
            peers["Numba guvectorize"] = lambda x=x: numba_score_guvectorize(x, 0.9, 0.5, 0.0)
        yield Case(f"rolling_score call n={n}", 1, partial(score_reference, x), np.inf, peers)


def threads_cases(_libraries: dict, sizes: list[int]) -> Iterator[Case]:
    """Two threads, beside one thread, Numba's two, and two threads that copy as many bytes."""
    if numba:
        numba.set_num_threads(2)
    for n in sizes:
        x = normal(n)
        start, y, out = x[::-1].copy(), x[::-1].copy(), np.empty_like(x)
        # Ours, Numba's, what is right to how many ulp, and the bytes of an element that are read or written.
        calls: dict[str, tuple[Call, Call | None, Call, float, int]] = {
            "axpy in place": (
                lambda x=x, y=y: nx.axpy(0.3, x, y, out=y),
                lambda x=x, y=y: (numba_axpy_parallel(0.3, x, y), y)[1],
                partial(a_x_plus_y, 0.3, x, start),
                0,
                24,
            ),
            "rolling_score into out": (
                lambda x=x, out=out: nx.rolling_score(x, out=out),
                None,
                partial(score_reference, x),
                0,
                16,
            ),
            "pow_sum p=1.5": (
                lambda x=x: nx.pow_sum(x, 1.5),
                lambda x=x: numba_pow_sum_parallel(x, 1.5),
                partial(pow_sum_reference, x, 1.5),
                1e4,
                8,
            ),
        }
        reset = lambda y=y, start=start: np.copyto(y, start)  # noqa: E731
        for name, (ours, numbas, expected, ulps, moved) in calls.items():
            peers: dict[str, Call] = {OURS: on_threads(2, ours), "numpy_ext, 1 thread": on_threads(1, ours)}
            if numba and numbas:
                peers["Numba parallel"] = numbas
            copy = partial(copy_on_two_threads, np.zeros(n * moved // 16), np.zeros(n * moved // 16))
            yield Case(f"2 threads {name} n={n}", n, expected, ulps, peers, reset, copy)


two_threads = ThreadPoolExecutor(2)


def copy_on_two_threads(source: np.ndarray, target: np.ndarray) -> None:
    middle = source.size // 2
    for half in [
        two_threads.submit(np.copyto, target[part], source[part])
        for part in (slice(middle), slice(middle, None))
    ]:
        half.result()


def on_threads(n: int, call: Call) -> Call:
    def on() -> Any:
        nx.set_num_threads(n)
        try:
            return call()
        finally:
            nx.set_num_threads(1)

    return on


FAMILIES = [
    axpy_cases,
    axpy_in_place_cases,
    safe_divide_cases,
    rolling_score_cases,
    rolling_score_2d_cases,
    rolling_score_by_cases,
    pow_sum_cases,
    pow_sum_2d_cases,
    weighted_sum_cases,
    group_sum_cases,
    records_cases,
    threads_cases,
    call_cases,
]


# ---- Checking and timing ----


def deviation(actual: Any, expected: Any) -> float:
    """How many units in the last place the results are apart at most; infinite for another shape or dtype."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        return np.inf
    if actual.tobytes() == expected.tobytes():
        return 0.0
    if actual.dtype.names or expected.dtype.names:
        return np.inf
    with np.errstate(over="ignore"):
        return float(np.max(np.abs(actual - expected) / np.spacing(np.abs(expected))))


def check(case: Case) -> dict[str, float]:
    """The deviation of every peer."""
    expected, found = case.expected(), {}
    for name, call in case.peers.items():
        case.reset()
        found[name] = deviation(call(), expected)
    return found


def measure(case: Case, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds a call, one figure for every round, of each peer."""
    repeats = {}
    for name, call in case.peers.items():
        began = time.perf_counter()
        call()
        repeats[name] = max(1, int(seconds / max(time.perf_counter() - began, 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in case.peers}
    for _ in range(rounds):
        for name, call in case.peers.items():
            began = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.perf_counter() - began) / repeats[name])
    return times


def compare(case: Case, rounds: int, seconds: float) -> dict[str, Any]:
    deviations = check(case)
    times = measure(case, rounds, seconds)
    ours = min(times[OURS])
    copying = min(timeit.repeat(case.copy, number=1, repeat=rounds)) if case.copy else None
    rows = [
        {
            "peer": name,
            "ns": min(taken) / case.elements * 1e9,
            "median ns": statistics.median(taken) / case.elements * 1e9,
            "ratio": min(taken) / ours,
            "ulps": deviations[name],
            "right": deviations[name] <= case.ulps,
        }
        for name, taken in times.items()
    ]
    result = {"case": case.name, "elements": case.elements, "rows": rows}
    return result if copying is None else result | {"share of copy bandwidth": copying / ours}


def print_result(result: dict[str, Any]) -> None:
    right = [row for row in result["rows"] if row["right"] and row["peer"] != OURS]
    best = min(right, key=lambda row: row["ns"], default=None)
    print(f"\n{result['case']}")
    for row in result["rows"]:
        remarks = []
        if row is best:
            remarks.append("best peer")
        if row["ratio"] < 1 and (row is best or not row["right"]):
            remarks.append("faster than numpy_ext")
        if not row["right"]:
            remarks.append("wrong" if row["ulps"] == np.inf else f"not the same: {row['ulps']:.3g} ulp")
        times = f"{row['ns']:9.3f} ns  median {row['median ns']:9.3f}  {row['ratio']:7.2f} x"
        print(f"  {row['peer']:<18} {times}  {', '.join(remarks)}".rstrip())
    if "share of copy bandwidth" in result:
        print(f"  share of copy bandwidth: {result['share of copy bandwidth']:.2f}")


# ---- The command ----


def version_of(command: list[str]) -> str:
    if not shutil.which(command[0]):
        return "not installed"
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def environment() -> dict[str, str]:
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.split(": ")[1] for line in lines if line.startswith("model name")), processor)
    return {
        "processor": processor,
        "numpy_ext": f"{nx.__version__}, level {nx.show_config(mode='dicts')['cpu']['level']}, 1 thread",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": getattr(numba, "__version__", "not installed"),
        "numexpr": getattr(numexpr, "__version__", "not installed"),
        "scipy BLAS": "installed" if blas else "not installed",
        "C": version_of(["gcc", "--version"]),
        "Rust": version_of(["rustc", "--version"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help="only cases whose name holds every word")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], metavar="N")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each case (7)")
    parser.add_argument("--seconds", type=float, default=0.02, help="for a peer in a round (0.02)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same figures as JSON")
    options = parser.parse_args()

    if numexpr:
        numexpr.set_num_threads(1)
    about = environment()
    for name, value in about.items():
        print(f"{name:<12} {value}")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        libraries = compile_libraries(Path(folder))
        for cases in FAMILIES:
            for case in cases(libraries, options.sizes):
                if all(word in case.name for word in options.words):
                    results.append(compare(case, options.rounds, options.seconds))
                    print_result(results[-1])
    won = sum(all(row["ratio"] >= 1 for row in result["rows"] if row["right"]) for result in results)
    print(f"\nnumpy_ext is as fast as the best right peer, or faster, in {won} of {len(results)} cases.")
    other = [row for result in results for row in result["rows"] if not row["right"] and row["ratio"] < 1]
    print(f"In {len(other)} cases a peer is faster whose result is not the same.")
    if options.json:
        options.json.write_text(json.dumps({"environment": about, "results": results}, indent=1))


if __name__ == "__main__":
    main()
