"""The types of the stubs are those of the results: NumPy runs what the type checkers read."""

import inspect
import re
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

import numpy_ext as nx

TYPED = Path(__file__).parent / "typed" / "calls.py"
NUMPY_2 = int(np.__version__.split(".")[0]) >= 2
SETTABLE = tuple(map(int, np.__version__.split(".")[:2])) >= (2, 3)


def assert_type(value, expected):
    """What type checkers are told is so."""
    if expected is Any:
        return
    origin, parameters = get_origin(expected), get_args(expected)
    if hasattr(origin, "__value__"):  # NDArray of NumPy 2.5 and newer
        assert_type(value, origin.__value__[parameters])
    elif expected is None or origin is Literal:
        assert value == (None if expected is None else parameters[0])
    elif origin is tuple:
        assert type(value) is tuple
        assert len(value) == len(parameters)
        for part, of_part in zip(value, parameters, strict=True):
            assert_type(part, of_part)
    elif origin is np.ndarray:
        assert type(value) is np.ndarray
        shape, dtype = parameters
        assert np.dtype(value.dtype.type) == np.dtype(get_args(dtype)[0])
        if get_args(shape) and get_args(shape)[-1] is int:
            assert value.ndim == len(get_args(shape))
    else:
        assert type(value) is expected


@pytest.mark.skipif(not NUMPY_2, reason="the types are those of NumPy 2")
def test_numpy_gives_the_types_that_the_stubs_tell(monkeypatch):
    checked = []

    def check(value, expected):
        __tracebackhide__ = True
        assert_type(value, expected)
        checked.append(expected)

    module = ModuleType("typing_extensions")
    module.assert_type = check
    monkeypatch.setitem(sys.modules, "typing_extensions", module)
    runpy.run_path(str(TYPED))
    assert len(checked) == TYPED.read_text().count("assert_type(")


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (np.float64(1), np.float32),
        (np.ones(2), np.ndarray[tuple[Any, ...], np.dtype[np.float32]]),
        (np.ones(2), np.ndarray[tuple[int, int], np.dtype[np.float64]]),
        (np.float64(1), np.ndarray[tuple[Any, ...], np.dtype[np.float64]]),
        ((np.float64(1),), tuple[np.float64, np.float64]),
        (3, Literal[2]),
        (3, None),
    ],
)
def test_a_wrong_type_is_told(value, wrong):
    with pytest.raises(AssertionError):
        assert_type(value, wrong)


@pytest.mark.skipif(not NUMPY_2, reason="the types are those of NumPy 2")
def test_what_the_types_refuse_numpy_refuses():
    source = re.search(r"def refused\(\).*?\n(.*)", TYPED.read_text(), re.DOTALL)[1]
    lines = [line.split("#")[0].strip() for line in source.strip().splitlines()]
    assert len(lines) >= 10
    for line in lines:
        with pytest.raises((TypeError, ValueError, RuntimeError)):
            eval(line, {"nx": nx, "double": np.ones((2, 3)), "true": np.ones((2, 3), bool)})


UFUNCS = [getattr(nx, name) for name in nx._ufuncs.__all__] + [
    *nx._ufuncs.record_ufuncs.values(),
    nx.add_power(0.5),
]


@pytest.mark.skipif(not SETTABLE, reason="attributes of a ufunc cannot be set before NumPy 2.3")
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_a_signature_has_the_names_of_the_docstring(ufunc):
    parameters = inspect.signature(ufunc).parameters.values()
    operands = [one.name for one in parameters if one.kind is inspect.Parameter.POSITIONAL_ONLY]
    assert f"({', '.join(operands)}, /, ...)\n" in ufunc.__doc__
    assert len(operands) == ufunc.nin


@pytest.mark.skipif(not SETTABLE, reason="attributes of a ufunc cannot be set before NumPy 2.3")
def test_signatures_tell_the_keywords_that_numpy_takes():
    assert str(inspect.signature(nx.axpy)).startswith("(a, x, y, /, out=None, *, where=True, casting=")
    assert "where" not in inspect.signature(nx.rolling_score).parameters
    assert {"axis", "axes"} <= set(inspect.signature(nx.rolling_score).parameters)
