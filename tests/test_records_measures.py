"""norm, dot and mean of records, against exact arithmetic and NumPy's own mean of each field."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpy_ext import records

VECTOR = np.dtype([("x", "f8"), ("y", "f8"), ("z", "f8")])
NESTED = np.dtype([("t", "u2"), ("p", [("q", ">f8", (2,)), ("w", "c8")], (3,)), ("v", "f4")])


def filled(dtype, shape, seed=0):
    """Records of numbers between -50 and 50, halves among them."""
    random = np.random.default_rng(seed)
    out = np.zeros(shape, dtype)
    for field in numbers_of(out):
        part = random.integers(-100, 101, field.shape) / 2
        field[...] = np.abs(part) if field.dtype.kind == "u" else part
        if field.dtype.kind == "c":
            field[...] += 1j * part[..., ::-1]
    return out


def numbers_of(array):
    """The fields of numbers, depth first."""
    for name in array.dtype.names:
        field = array[name]
        if field.dtype.names:
            yield from numbers_of(field)
        else:
            yield field


def squares_of(record):
    """The exact sum of the squares of one record."""
    total = Fraction(0)
    for field in numbers_of(np.asarray(record)):
        for value in field.reshape(-1).tolist():
            total += Fraction(value.real) ** 2 + Fraction(value.imag) ** 2
    return total


# ---- norm ----


DTYPES = [VECTOR, NESTED, VECTOR.newbyteorder(), [("n", "i8")], [("b", "?"), ("h", "u1")]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3), (0,), (10_000,)])
def test_norm_is_the_root_of_the_sum_of_squares(dtype, shape):
    array = filled(dtype, shape)
    norms = records.norm(array)
    assert norms.shape == shape
    assert norms.dtype == np.float64
    for index in list(np.ndindex(shape))[:20]:
        assert norms[index] == pytest.approx(math.sqrt(squares_of(array[index])), rel=1e-14)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("e", "e"), ("f", "f"), ("F", "f"), ("D", "d"), ("g", "g"), ("G", "g"), ("?", "d")],
)
def test_norm_has_the_floating_dtype_of_the_fields(dtype, expected):
    array = np.ones(3, [("x", dtype), ("y", dtype)])
    assert records.norm(array).dtype == np.dtype(expected)
    assert records.norm(array) == pytest.approx(np.full(3, math.sqrt(2)), rel=1e-3)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_norm_neither_overflows_nor_underflows_on_the_way(values):
    array = np.array([tuple(values)], VECTOR)
    exact = squares_of(array[0])
    with np.errstate(over="ignore", under="ignore"):
        norm = records.norm(array)[0]
    if exact >= Fraction(np.finfo(float).max) ** 2:
        assert norm == np.inf or norm == pytest.approx(np.finfo(float).max, rel=1e-14)
    else:
        # Squares, since a Fraction has no exact root: 4 units in the last place, and the least number.
        low, high = Fraction(norm) * (1 - Fraction(1, 2**50)), Fraction(norm) * (1 + Fraction(1, 2**50))
        least = Fraction(5e-324)
        assert max(low - least, 0) ** 2 <= exact <= (high + least) ** 2


def test_norm_of_what_is_not_finite():
    array = np.array([(np.inf, 1, 2), (np.nan, 1, 2), (0, -0.0, 0)], VECTOR)
    norms = records.norm(array)
    assert norms[0] == np.inf
    assert np.isnan(norms[1])
    assert norms[2] == 0


def test_norm_raises_no_flag_that_the_result_does_not():
    with np.errstate(all="raise"):
        assert records.norm(np.array((3e200, 4e200, 1e-200), VECTOR)) == pytest.approx(5e200, rel=1e-15)
        assert records.norm(np.array((3e-200, 4e-200, 0), VECTOR)) == pytest.approx(5e-200, rel=1e-15)


@pytest.mark.parametrize("layout", [lambda a: a[::2], lambda a: a[::-1], lambda a: a.reshape(4, 5).T])
@pytest.mark.parametrize("measure", [records.norm, lambda a: records.dot(a, a)])
def test_measures_take_any_layout(layout, measure):
    array = layout(filled(NESTED, 20))
    assert np.array_equal(measure(array), measure(array.copy()))


@pytest.mark.parametrize("dtype", [[("x", "f4", (0,))], [("x", "f4", (0,)), ("y", [("z", "f4", (2, 0))])]])
def test_measures_of_records_that_hold_no_number(dtype):
    for measure in (records.norm, lambda a: records.dot(a, a)):
        lengths = measure(np.zeros((2, 3), dtype))
        assert lengths.dtype == np.float32
        assert lengths.tolist() == [[0.0] * 3] * 2


# ---- dot ----


def test_dot_is_the_sum_of_products_in_order():
    a, b = filled(VECTOR, 50), filled(VECTOR, 50, seed=1)
    expected = (a["x"] * b["x"] + a["y"] * b["y"]) + a["z"] * b["z"]
    assert np.array_equal(records.dot(a, b), expected)


def test_dot_matches_fields_by_name_and_broadcasts():
    a = filled(VECTOR, (4, 1))
    b = np.array([(1, 2, 3), (4, 5, 6)], [("z", ">i2"), ("x", "f4"), ("y", "u1")])
    expected = (a["x"] * b["x"] + a["y"] * b["y"]) + a["z"] * b["z"]
    assert np.array_equal(records.dot(a, b), expected)
    assert records.dot(a[0, 0], b[0]) == expected[0, 0]


@pytest.mark.parametrize(
    "shapes", [((2, 5), (5,)), ((5,), (2, 5)), ((), (2, 5)), ((3, 2, 1), (4,)), ((0, 5), (5,)), ((1,), (5,))]
)
def test_dot_broadcasts_as_numpy_does(shapes):
    a, b = filled(VECTOR, shapes[0]), filled(VECTOR, shapes[1], seed=1)
    expected = (a["x"] * b["x"] + a["y"] * b["y"]) + a["z"] * b["z"]
    assert np.array_equal(records.dot(a, b), expected)


def test_dot_takes_subarrays_and_nested_records_and_does_not_conjugate():
    array = np.array([((1 + 2j, 3), [1, 2])], [("p", [("c", "c16"), ("r", "f8")]), ("v", "i4", (2,))])
    assert records.dot(array, array).tolist() == [(1 + 2j) ** 2 + 9 + 1 + 4]


def test_dot_of_integers_is_an_integer():
    array = np.array([(2**62, 3)], [("x", "i8"), ("y", "i8")])
    assert records.dot(array, np.array((1, 2), array.dtype)).tolist() == [2**62 + 6]


def test_dot_of_nothing():
    assert records.dot(filled(VECTOR, 0), filled(VECTOR, 0)).shape == (0,)


# ---- mean ----


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (-1, 0), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_mean_is_that_of_each_field(axis, keepdims):
    array = filled([("t", "u8"), ("x", ">f4"), ("c", "c8"), ("b", "?"), ("h", "f2")], (3, 4))
    mean = records.mean(array, axis, keepdims=keepdims)
    for name in array.dtype.names:
        expected = array[name].mean(axis=axis, keepdims=keepdims)
        assert np.array_equal(mean[name], expected)
        assert mean[name].dtype == expected.dtype


def test_mean_of_nested_records_and_subarrays_leaves_their_axes_alone():
    array = filled(NESTED, (5, 2))
    mean = records.mean(array, axis=-1)
    assert mean.shape == (5,)
    assert np.array_equal(mean["p"]["q"], array["p"]["q"].mean(axis=1))
    assert mean["p"]["q"].shape == (5, 3, 2)


def test_mean_of_one_record_is_a_record():
    mean = records.mean(filled(VECTOR, ())[()])
    assert isinstance(mean, np.void)
    assert mean.dtype.names == VECTOR.names


def test_mean_of_nothing_is_nan_with_a_warning():
    with pytest.warns(RuntimeWarning):
        mean = records.mean(filled([("t", "u8")], 0))
    assert np.isnan(mean["t"])


# ---- errors ----

MEASURES = [records.norm, records.mean, lambda a: records.dot(a, a)]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", ["U3", "S2", "M8[s]", "O", "V4"])
def test_a_field_without_arithmetic_is_named(measure, kind):
    array = np.zeros(2, [("name", kind), ("x", "f8"), ("y", "f8")])
    with pytest.raises(TypeError, match=r"field 'name' of \w+ has dtype .*\[\['x', 'y'\]\]"):
        measure(array)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("value", [np.zeros(3), 1.0, "text", np.zeros(3, "V8"), np.zeros(3, [])])
def test_what_has_no_fields_is_refused(measure, value):
    with pytest.raises(TypeError, match="which has no fields"):
        measure(value)


@pytest.mark.parametrize("measure", MEASURES)
def test_masked_records_are_refused(measure):
    array = np.ma.array(filled(VECTOR, 2), mask=[(0, 1, 0), (0, 0, 0)])
    with pytest.raises(TypeError, match=r"is a masked array; fill it first: \w+\.filled\(\)"):
        measure(array)


def test_dot_of_other_names_names_both():
    with pytest.raises(TypeError, match=r"\('x', 'y', 'z'\).*\('x', 'y'\)"):
        records.dot(filled(VECTOR, 2), filled(VECTOR, 2)[["x", "y"]])


def test_dot_of_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match="broadcast"):
        records.dot(filled(VECTOR, 2), filled(VECTOR, 3))


def test_mean_over_no_axis_of_the_array():
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        records.mean(filled(VECTOR, (2, 3)), axis=2)
