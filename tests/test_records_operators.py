"""Operators on records: NumPy's own functions, which refuse records before and after as they always did."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from layouts import assert_same_bits
from made_records import BINARY, LETTERS, NUMPY_2, assert_fields, expected_fields, fields, fill, values

from numpy_ext import records

needs_numpy_2 = pytest.mark.skipif(not NUMPY_2, reason="operators need NumPy 2")
TESTS = Path(__file__).parent
XYT = np.dtype([("x", "f8"), ("t", "i4"), ("y", ">f4")])
FUNCTIONS = [*BINARY, "negative"]


@pytest.fixture
def operators():
    records.enable_operators()
    yield
    records.disable_operators()


def sample(n=50, dtype=XYT, seed=1):
    """Small whole numbers, none of them zero."""
    dtype = np.dtype(dtype)
    return fill(np.empty(n, dtype), seed, lambda t, shape, s: (values("i8", shape, s) % 7 + 1).astype(t))


def assert_same_records(actual, expected):
    """Equal in dtype and in every number."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    for (_, one), (_, other) in zip(fields(actual[None]), fields(expected[None]), strict=True):
        assert_same_bits(one, other)


def test_numpy_1_has_none():
    if NUMPY_2:
        pytest.skip("this is NumPy 2")
    for switch in (records.enable_operators, records.disable_operators):
        with pytest.raises(NotImplementedError, match="need NumPy 2"):
            switch()


# ---- What they compute ----


@needs_numpy_2
@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "dtype",
    [
        XYT,
        [("x", "f8"), ("y", "f8")],
        [("p", [("q", ">i2"), ("r", "e")], (2,)), ("z", "D")],
        {"names": ["b", "a"], "formats": ["u1", "g"], "offsets": [40, 3], "itemsize": 50},
    ],
)
def test_numpys_functions_are_those_of_records(name, dtype):
    a, b = sample(dtype=dtype), sample(dtype=dtype, seed=2)
    b = b[list(b.dtype.names[::-1])]
    numpys, own = getattr(np, name), getattr(records, name)
    many = [(a,)] if name == "negative" else [(a, b), (b, a), (a, a), (a, b[:1]), (a, 2), (3, a), (a, 2.5)]
    many += [] if name == "negative" else [(1j, a), (a, np.arange(1, 51)), (np.float32(2), a), (a, True)]
    for operands in many:
        assert_fields(numpys(*operands), expected_fields(name, *operands), assert_same_bits)
        assert_same_records(numpys(*operands), own(*operands))


@needs_numpy_2
@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize(
    "number",
    [2, 0.5, 2j, True, np.uint8(3), np.float32(0.5), np.int64(-3), np.longdouble(0.5), np.clongdouble(2j)],
)
def test_numbers_adapt_to_the_fields(letter, number):
    a = sample(5, [("x", letter), ("y", "i1"), ("z", "f4")])
    for operands in ((a, number), (number, a)):
        assert_fields(np.add(*operands), expected_fields("add", *operands), assert_same_bits)


@needs_numpy_2
@pytest.mark.usefixtures("operators")
def test_pythons_operators():
    a, b = sample(), sample(seed=2)
    assert_same_records(a + b, records.add(a, b))
    assert_same_records(a - b, records.subtract(a, b))
    assert_same_records(2.0 * a, records.multiply(2.0, a))
    assert_same_records(a * 2, records.multiply(a, 2))
    assert_same_records(a / 2, records.divide(a, 2))
    assert_same_records(-a, records.negative(a))
    assert (a[0] + a[1]).item() == records.add(a[0], a[1]).item()
    once = a.copy()
    once += b
    assert_same_records(once, records.add(a, b, out=a.copy()))
    once[["x", "y"]] *= 2
    assert_same_records(once[["t"]], records.add(a, b)[["t"]])
    np.testing.assert_array_equal(once["x"], 2 * (a["x"] + b["x"]))
    table = a.reshape(5, 10)
    assert_same_records(table.sum(axis=0), records.add.reduce(table, axis=0))
    assert_same_records(np.sum(table, axis=1), records.add.reduce(table, axis=1))
    assert_same_records(a.cumsum(), records.add.accumulate(a))
    assert sum(a.tolist()[0]) == sum(a[0].item())
    assert np.sum(a).item() == records.add.reduce(a).item()
    assert_same_records(a.prod(), records.multiply.reduce(a))


@needs_numpy_2
@pytest.mark.usefixtures("operators")
def test_methods_are_those_of_records():
    a, view = sample(), sample()[["y", "x"]]
    for one in (a, view):
        for method, rest in [
            ("reduce", {}),
            ("reduce", {"keepdims": True}),
            ("reduce", {"initial": 5}),
            ("reduce", {"where": values("?", (50,), 1)}),
            ("accumulate", {}),
        ]:
            for numpys, own in ((np.add, records.add), (np.multiply, records.multiply)):
                with np.errstate(all="ignore"):
                    actual, expected = (getattr(f, method)(one, **rest) for f in (numpys, own))
                assert_same_records(np.asarray(actual), np.asarray(expected))
        assert_same_records(np.add.reduceat(one, [0, 7, 3]), records.add.reduceat(one, [0, 7, 3]))
        assert_same_records(np.add.outer(one, one[:3]), records.add.outer(one, one[:3]))
    for identity, function in ((0, np.add), (1, np.multiply)):
        assert function.reduce(a[:0]).item() == (identity,) * 3
        assert function.reduce(view[:0]).item() == (identity,) * 2
    ours, numpys = a.copy(), a.copy()
    records.add.at(ours, [0, 0, 5], a[:3])
    np.add.at(numpys, [0, 0, 5], a[:3])
    assert_same_records(numpys, ours)
    out, mask = np.zeros(50, [("x", "f4"), ("name", "U3"), ("y", "f8")]), values("?", (50,), 2)
    out["name"] = "abc"
    np.add(view, 1, out=out[["x", "y"]], where=mask)
    np.testing.assert_array_equal(out["x"], np.where(mask, view["x"] + 1, 0))
    assert set(out["name"]) == {"abc"}


@needs_numpy_2
@pytest.mark.usefixtures("operators")
def test_a_field_as_a_number_for_all():
    a, other = sample(), sample()
    view, same = a[["x", "y"]], other[["x", "y"]]
    view /= view["x"]
    same /= same["x"].copy()
    assert a.tobytes() == other.tobytes()


@needs_numpy_2
@pytest.mark.usefixtures("operators")
def test_errors_are_those_of_records():
    a, text = sample(), np.zeros(50, [("x", "f8"), ("t", "U2"), ("y", "f4")])
    with pytest.raises(TypeError, match=r"add: field 't' of input 0 has dtype .*leave it out"):
        text + text
    with pytest.raises(TypeError, match="must be the same"):
        a + a[["x"]]
    with pytest.raises(OverflowError, match="out of bounds for field 't'"):
        a + 2**40
    with pytest.raises(TypeError, match="subtract: field 'b' of input 0 has no loop"):
        np.subtract(*[np.zeros(2, [("b", "?")])] * 2)
    with pytest.raises(ValueError, match="broadcast"):
        a + a[:3]
    with pytest.raises(TypeError):
        np.add(a, 0.5, out=np.zeros(50, [("x", "i8"), ("t", "i8"), ("y", "i8")]))


@needs_numpy_2
@pytest.mark.usefixtures("operators")
def test_what_is_no_record_is_as_before():
    assert (np.arange(3) + 1).tolist() == [1, 2, 3]
    assert (np.array(["a"], "U1").astype(object) + "b").tolist() == ["ab"]
    assert np.array("2020-01-01", "M8[D]") + np.timedelta64(1, "D") == np.datetime64("2020-01-02")
    assert np.float32(1) + 2 == 3
    assert np.sum([1.5, 2.5]) == 4
    assert np.timedelta64(3, "s") + np.timedelta64(4, "s") == np.timedelta64(7, "s")


@needs_numpy_2
@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("name", ["subtract", "divide"])
def test_a_reduction_from_the_first_record_wants_fields_in_order(name):
    """NumPy copies the first record by position; a call in place, which looks the same, goes by name."""
    ufunc, a, other = getattr(np, name), sample(), sample(seed=2)
    turned = np.zeros((), [("y", "f4"), ("x", "f8"), ("t", "f8")])
    with pytest.raises(TypeError, match=f"{name}: output 0 has its fields in another order than"):
        ufunc.reduce(a, out=turned)
    with pytest.raises(TypeError, match=f"{name}: output 0 has its fields in another order than"):
        ufunc.reduce(a, out=turned[None], keepdims=True)
    assert turned.tolist() == (0, 0, 0)
    expected = {field: ufunc(a[field], other[field]) for field in ("x", "y")}
    ufunc(a, other[["y", "x", "t"]], out=a, casting="unsafe")
    for field, numbers in expected.items():
        np.testing.assert_array_equal(a[field], numbers)


# ---- Before and after ----

ERRORS = """
import numpy as np
from numpy_ext import records

def message(call):
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def outcomes(with_records):
    plain, record = np.zeros(2, "V8"), np.zeros(2, [("x", "f8")])
    others = [1, 2.5, 2j, True, "text", b"bytes", None, np.datetime64("2020"), np.timedelta64(1, "s"),
              np.array(["a", "b"]), np.array([1, None], object), np.float32(2), np.arange(2), plain]
    seen = []
    for function in (np.add, np.subtract, np.multiply, np.divide):
        for x in others:
            for y in others + [record] * with_records:
                pairs = [(x, y), (y, x)] if y is record else [(x, y)]
                seen += [message(lambda: function(*pair)) for pair in pairs]
                seen += [message(lambda: function(*pair, out=np.zeros(2))) for pair in pairs]
        seen += [message(lambda: function.reduce(plain)), message(lambda: function.at(plain, [0], 1))]
        seen += [message(lambda: function(plain, 1, dtype="f8"))]
        if with_records:
            seen += [message(lambda: function(record, record)), message(lambda: function.reduce(record))]
            seen += [message(lambda: function(record, record, out=record))]
            seen += [message(lambda: function.accumulate(record))]
    seen += [message(lambda: np.negative(x)) for x in others + [record] * with_records]
    return seen

def compare(before, after, when):
    assert len(before) == len(after) > 500
    for one, other in zip(before, after):
        assert one == other, (when, one, other)

numbers, everything = outcomes(False), outcomes(True)
records.enable_operators()
compare(numbers, outcomes(False), "enabled")
assert len([x for x in outcomes(True) if x not in everything]) > 8
records.disable_operators()
compare(everything, outcomes(True), "disabled")
records.enable_operators()
compare(numbers, outcomes(False), "enabled again")
print("fine")
"""


@needs_numpy_2
def test_every_other_error_is_the_same_before_and_while_and_after():
    ended = subprocess.run(
        [sys.executable, "-c", ERRORS], cwd=TESTS, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "fine\n"), ended.stderr


@needs_numpy_2
def test_after_disabling_records_are_refused():
    a = sample()
    records.enable_operators()
    records.enable_operators()
    assert_same_records(a + a, records.add(a, a))
    records.disable_operators()
    for call in (lambda: a + a, lambda: a + 1, lambda: -a, lambda: a.sum(), lambda: np.multiply(2.0, a)):
        with pytest.raises(TypeError, match="ufunc '"):
            call()
    assert records.add(a, a)["x"][0] == 2 * a["x"][0]
    records.disable_operators()
