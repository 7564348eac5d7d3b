"""Records: every field is as NumPy computes it from contiguous native copies, to the bit."""

import contextlib
import copy
import gc
import pickle
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import assert_same_bits, read_only
from made_records import (
    BINARY,
    LAYOUTS,
    LETTERS,
    NUMPY_2,
    assert_fields,
    columns,
    compute,
    draw_array,
    draw_dtype,
    draw_schema,
    expected_fields,
    fields,
    fill,
    function,
    named_bytes,
    place,
    values,
)

import numpy_ext as nx
from numpy_ext import records

FUNCTIONS = [*BINARY, "negative", "axpy"]
SHAPES = [(), (0,), (1,), (2,), (7,), (200,), (3, 4), (4, 0), (2, 3, 2)]
RANDOM = st.randoms(use_true_random=False)

# ---- Any records ----


def draw_plain(rng, shape):
    """A number or an array of numbers: they go to every field."""
    letter, seed = rng.choice(LETTERS), rng.randint(0, 10**6)
    numbers = [True, 3, 100, 0.5, -2.0, 1 - 2j, np.float32(3), np.int8(-3), np.uint64(7), np.longdouble(2)]
    kinds = [rng.choice(numbers), values(letter, (), seed), values(letter, shape, seed)]
    return rng.choice([*kinds, values(letter, shape, seed).astype(np.dtype(letter).newbyteorder("S"))])


def draw_operands(rng, count, shape, schema):
    """At least one of them holds records."""
    sure = rng.randrange(count)
    operands = []
    for i in range(count):
        if i == sure or rng.random() < 0.6:
            extra = rng.choice([(), (), ("U3", "i2")])
            dtype = draw_dtype(rng, schema, lambda kind: rng.choice([kind, kind, rng.choice(LETTERS)]), extra)
            operands.append(draw_array(rng, dtype, shape, list(schema) if extra else None))
        else:
            operands.append(draw_plain(rng, shape))
    return operands


def draw_call(rng):
    name, shape, schema = rng.choice(FUNCTIONS), rng.choice(SHAPES), draw_schema(rng)
    operands = draw_operands(rng, function(name).nin, shape, schema)
    return name, schema, operands


def expected_or_error(name, operands):
    try:
        return expected_fields(name, *operands)
    except (TypeError, OverflowError) as error:
        with pytest.raises(type(error)):
            function(name)(*operands)
        return None


@settings(max_examples=200)
@given(rng=RANDOM)
def test_any_records_and_numbers(rng):
    name, _, operands = draw_call(rng)
    expected = expected_or_error(name, operands)
    if expected is None:
        return
    with np.errstate(all="ignore"):
        actual = function(name)(*operands)
    assert_fields(actual, expected, assert_same_bits)
    first = next(operand for operand in operands if getattr(operand, "dtype", np.dtype("?")).names)
    assert actual.dtype.names == first.dtype.names
    assert [actual.dtype.fields[n][2:] for n in actual.dtype.names] == [
        first.dtype.fields[n][2:] for n in first.dtype.names
    ]


def draw_out(rng, schema, expected, casting):
    """The dtype of an output that the result casts to."""

    def castable(value):
        return [letter for letter in LETTERS if np.can_cast(value.dtype, letter, casting)]

    def formats(of, path):
        return {
            name: (
                formats(kind, (*path, name))
                if isinstance(kind, dict)
                else rng.choice(castable(expected[(*path, name)])),
                shape,
            )
            for name, (kind, shape) in of.items()
        }

    return draw_dtype(rng, formats(schema, ()), None, rng.choice([(), ("U3", "i2", "f4")]))


@settings(max_examples=200)
@given(rng=RANDOM)
def test_any_output_keeps_every_other_byte(rng):
    name, schema, operands = draw_call(rng)
    expected = expected_or_error(name, operands)
    if expected is None:
        return
    shape = np.broadcast_shapes(*(np.shape(operand) for operand in operands))
    dtype, layout = draw_out(rng, schema, expected, "same_kind"), rng.choice(LAYOUTS)
    names = rng.sample(list(schema), len(schema))
    array, memory = place(dtype, shape, layout, 0xA5)
    out = fill(array[names], 3)
    where = True if rng.random() < 0.5 else values("?", shape, 5)
    before, old = memory.copy(), columns(out[None])
    with np.errstate(all="ignore"):
        assert function(name)(*operands, out=out, where=where) is out
        for path, value in expected.items():
            mask = np.reshape(where, np.shape(where) + (1,) * (value.ndim - len(shape)))
            expected[path] = np.where(mask, value.astype(old[path].dtype), old[path][0])
    found = {path: value[0] for path, value in columns(out[None]).items()}
    assert found.keys() == expected.keys()
    for path, value in found.items():
        assert_same_bits(value, expected[path])
    other = ~named_bytes(dtype, shape, layout, names)
    np.testing.assert_array_equal(memory[other], before[other])


@pytest.mark.parametrize("first", LETTERS)
def test_every_pair_of_types(first):
    for second in LETTERS:
        dtype, other = np.dtype([("x", first), ("y", second)]), np.dtype([("y", first), ("x", second)])
        a, b = fill(np.empty(70, dtype), 1), fill(np.empty(70, other), 2)
        for name in ("add", "multiply", "divide"):
            with np.errstate(all="ignore"):
                assert_fields(function(name)(a, b), expected_fields(name, a, b), assert_same_bits)
                assert_fields(function(name)(a, b["y"]), expected_fields(name, a, b["y"]), assert_same_bits)
                assert_fields(function(name)(b["x"], a), expected_fields(name, b["x"], a), assert_same_bits)


@pytest.mark.parametrize("number", [True, 2, 0.5, 2j, np.uint8(3), np.float16(0.5), np.clongdouble(1j)])
@pytest.mark.parametrize("letter", LETTERS)
def test_numbers_promote_as_beside_each_field(letter, number):
    a = fill(np.empty(5, [("x", letter), ("y", "i1"), ("z", "f4")]), 1)
    for operands in ((a, number), (number, a)):
        for _ in range(2):  # NumPy remembers the first call
            with np.errstate(all="ignore"):
                actual = records.add(*operands)
            assert_fields(actual, expected_fields("add", *operands), assert_same_bits)
    for operands in ((number, a, a), (a, number, 2), (2.5, number, a), (3, a, np.uint8([7]))):
        with np.errstate(all="ignore"):
            actual = nx.axpy(*operands)
        assert_fields(actual, expected_fields("axpy", *operands), assert_same_bits)


def test_numbers_of_one_type_and_many_values():
    """NumPy 1 promotes single numbers by value; a plan serves the next call only where that is the same."""
    a = fill(np.empty(5, [("x", "u1"), ("y", "f2"), ("z", "f4")]), 1)
    numbers = [np.float64(v) for v in (2, 1e6, 2, 1e300, 1e6)] + [np.int64(v) for v in (3, 300, 3, -1, 70000)]
    numbers += [number.astype(number.dtype.newbyteorder("S")) for number in map(np.asarray, numbers)]
    numbers += [np.clongdouble(v) for v in (1, 1e300j, 1)] + [2, 200, 2, 1e6, 1e300, 2.0, np.int32(3)]
    for one in (a, a[0], np.ones((), [("x", "u8"), ("b", "?", (2,))])):
        for number in numbers:
            with np.errstate(all="ignore"):
                actual = records.add(one, number)
            assert_fields(actual, expected_fields("add", one, number), assert_same_bits)


@pytest.mark.parametrize("letter", "iIlLfdgFDh")
def test_negative_at_every_distance(letter):
    size = np.dtype(letter).itemsize
    for gap in range(0, 80, size):
        parts = {"names": ["x"], "formats": [letter], "offsets": [0], "itemsize": size + gap}
        a = fill(np.empty(37, np.dtype(parts)), 1)
        expected = expected_fields("negative", a)
        out = np.empty(37, [("before", letter, (2,)), ("x", letter)])[["x"]]
        for target in (None, out, a):
            actual = records.negative(a, out=target)
            assert_fields(np.asarray(actual), expected, assert_same_bits)


# ---- In place, overlap, casting ----


def sample(n=100, dtype=(("x", "f8"), ("y", "i4"), ("z", "f8")), seed=1):
    """Small whole numbers."""
    return fill(np.empty(n, list(dtype)), seed, lambda t, shape, s: (values("i8", shape, s) % 7).astype(t))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply"])
def test_in_place(name):
    a, b = sample(), sample(seed=2)
    expected = expected_fields(name, a, b)
    onto_a, onto_b = a.copy(), b.copy()
    assert function(name)(onto_a, b, out=onto_a) is onto_a
    function(name)(a, onto_b, out=onto_b)
    assert_fields(onto_a, expected, assert_same_bits)
    assert_fields(onto_b, expected, assert_same_bits)


@pytest.mark.parametrize(
    "dtype", [[("x", "f8"), ("y", "f8")], [("x", "f8"), ("y", "i4")], [("x", ">f8", (3,))]]
)
@pytest.mark.parametrize("shift", [-2, -1, 1, 2])
def test_overlap_shifted_by_records(shift, dtype):
    b = sample(100, dtype, 3)
    for step in (1, -1):
        for swap in (False, True):
            memory = sample(110, dtype, 2)
            part, out = memory[5:105][::step], memory[5 + shift : 105 + shift]
            operands = (b, part) if swap else (part, b)
            expected = columns(records.add(*(operand.copy() for operand in operands)))
            records.add(*operands, out=out)
            assert {path: value.tolist() for path, value in columns(out).items()} == {
                path: value.tolist() for path, value in expected.items()
            }


def test_a_view_beside_the_same_fields_in_another_order():
    a = sample()
    expected = expected_fields("add", a[["z", "x"]], 1)
    kept = a["y"].copy()
    records.add(a[["z", "x"]], 1, out=a[["x", "z"]])
    assert_fields(a[["z", "x"]], expected, assert_same_bits)
    np.testing.assert_array_equal(a["y"], kept)


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_names_that_change_places_in_one_memory(n):
    memory = np.arange(2.0 * n)
    a, b = memory.view([("x", "f8"), ("y", "f8")]), memory.view([("y", "f8"), ("x", "f8")])
    records.add(a, 0, out=b)
    np.testing.assert_array_equal(memory.reshape(n, 2), np.arange(2.0 * n).reshape(n, 2)[:, ::-1])


@pytest.mark.parametrize("n", [1, 2, 1000])
@pytest.mark.parametrize("field", ["x", "y", "z"])
def test_a_field_of_the_output_as_a_number_for_all(field, n):
    dtype = [("x", "f8"), ("y", "f8"), ("t", "u1"), ("z", ">f8")]
    for names in (["x", "y", "z"], ["z", "y", "x"], ["y", "z"]):
        for name in BINARY:
            a = sample(n, dtype)
            other = a.copy()
            with np.errstate(all="ignore"):
                for part in (a, other):
                    number = part[field] if part is a else part[field].copy()
                    function(name)(part[names], number, out=part[names])
                expected = expected_fields(name, sample(n, dtype)[names], sample(n, dtype)[field])
            assert_fields(a[names], {p: v.astype(a.dtype[p[0]]) for p, v in expected.items()}, same_numbers)
            assert a.tobytes() == other.tobytes()
            assert (a["t"] == sample(n, dtype)["t"]).all()


def same_numbers(actual, expected):
    assert_same_bits(
        actual.astype(actual.dtype.newbyteorder("=")), expected.astype(expected.dtype.newbyteorder("="))
    )


@pytest.mark.parametrize("shift", range(-9, 10))
def test_overlap_shifted_by_numbers(shift):
    for dtype in (
        [("x", "f8", (3,))],
        [("x", "f8"), ("y", "i8"), ("z", "f8")],
        [("x", ">f8"), ("y", "f8", (2,))],
    ):
        for step in (1, -1):
            memory = np.arange(9.0, 2000.0)[:321]
            part, out = memory[9:309].view(dtype)[::step], memory[9 + shift : 309 + shift].view(dtype)
            expected = records.multiply(part.copy(), 1).astype(dtype)
            records.multiply(part, 1, out=out)
            assert out.tobytes() == expected.tobytes()


def test_columns_of_one_table():
    for order in (slice(None), slice(None, None, -1)):
        table = sample(300).reshape(100, 3)[order]
        expected = expected_fields("add", table[:, 0], table[:, 2])
        kept = table[:, 2].copy()
        records.add(table[:, 0], table[:, 2], out=table[:, 1])
        assert_fields(table[:, 1], expected, assert_same_bits)
        np.testing.assert_array_equal(table[:, 2], kept)


def test_fields_at_other_places_in_one_memory():
    memory = np.arange(20.0)
    parts = {"names": ["x"], "formats": ["f8"], "itemsize": 16}
    a, b = (memory.view(np.dtype(parts | {"offsets": [offset]})) for offset in (0, 8))
    records.add(a, b, out=b)
    np.testing.assert_array_equal(memory, [x if x % 2 == 0 else 2 * x - 1 for x in range(20)])


def test_casting_rules_are_those_of_every_field():
    a = sample()
    same, narrow = np.empty(100, a.dtype), np.empty(100, [("x", "f4"), ("y", "i4"), ("z", "f8")])
    whole = np.empty(100, [("x", "i8"), ("y", "i1"), ("z", "u2")])
    records.add(a, a, out=same, casting="no")
    records.add(a, a, out=narrow)
    with pytest.raises(
        TypeError, match=r"add: cannot cast field 'x' of output 0 from dtype\('float64'\) to "
    ):
        records.add(a, a, out=narrow, casting="safe")
    with pytest.raises(TypeError, match="casting rule 'same_kind'"):
        records.add(a, a, out=whole)
    records.add(a, a, out=whole, casting="unsafe")
    assert_fields(whole, {p: v.astype(whole.dtype[p[0]]) for p, v in columns(same).items()}, assert_same_bits)
    with pytest.raises(TypeError, match="casting rule 'no'"):
        records.add(a, a.astype([("x", ">f8"), ("y", "i4"), ("z", "f8")]), casting="no")
    records.add(a[["x"]].astype([("x", "f4")]), np.float32(2), casting="no")


@pytest.mark.parametrize("first", ["f8", ">f8"])
@pytest.mark.parametrize("target", ["f8", ">f8", "f4"])
def test_every_call_is_held_to_its_own_casting_rule(first, target):
    a, out = sample(5, [("x", first)]), np.empty(5, [("x", target)])
    rules = ["no", "equiv", "safe", "same_kind", "unsafe"]
    for rule in [*rules, *rules[::-1], "unsafe", "no", "unsafe"]:
        if np.can_cast(first, "=f8", rule) and np.can_cast("=f8", target, rule):
            records.add(a, a, out=out, casting=rule)
            np.testing.assert_array_equal(out["x"], 2 * a["x"])
        else:
            with pytest.raises(TypeError, match=f"casting rule '{rule}'"):
                records.add(a, a, out=out, casting=rule)


# ---- Totals ----

TYPES = [
    [("x", "i4"), ("y", "u1"), ("b", "?")],
    [("x", ">i2"), ("y", "f4"), ("z", ">f8")],
    {"names": ["x", "y"], "formats": ["f8", ("i8", (2,))], "offsets": [20, 3], "itemsize": 33},
    [("x", [("p", ">f4"), ("q", "F")], (2,)), ("y", "e")],
    [("x", ">f8", (3,))],
    [("x", "f8"), ("y", "f8")],
]


def total_of(method, field, inner, axis, **rest):
    """NumPy's, in the type of the field; the last `inner` axes are no axes of records."""
    outer = field.ndim - inner
    if axis is None:
        axis = tuple(range(outer))
    elif not isinstance(axis, tuple):
        axis %= outer
    if rest.get("where") is not None:
        rest["where"] = np.reshape(rest["where"], rest["where"].shape + (1,) * inner)
    return np.asarray(method(field, axis=axis, dtype=field.dtype, **rest))


def expected_totals(method, a, axis, *args, **rest):
    first = {path: np.asarray(field).ndim - a.ndim for path, field in fields(a)}
    return {path: total_of(method, c, first[path], axis, *args, **rest) for path, c in columns(a).items()}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", ["add", "multiply"])
def test_reduce(name, dtype):
    numpys, own = getattr(np, name), function(name)
    a = sample_of(dtype, (3, 4, 5))
    where = values("?", (3, 4, 5), 1)
    with np.errstate(all="ignore"):
        for axis in (0, 1, -1, (0, 2), (0, 1, 2), None, ()):
            for rest in ({}, {"keepdims": True}, {"initial": 3}, {"where": where}):
                actual = own.reduce(a, axis=axis, **rest)
                assert_fields(actual, expected_totals(numpys.reduce, a, axis, **rest), assert_same_bits)
        assert_fields(own.reduce(a[:0]), expected_totals(numpys.reduce, a[:0], 0), assert_same_bits)


def sample_of(dtype, shape, layout="C"):
    array, _ = place(np.dtype(dtype), shape, layout)
    return fill(array, 4, lambda t, shape, s: (values("i8", shape, s) % 4).astype(t))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES)
def test_accumulate_and_reduceat(dtype, layout):
    a = sample_of(dtype, (5, 6), layout)
    with np.errstate(all="ignore"):
        for axis in (0, 1):
            for name in ("add", "multiply"):
                numpys, own = getattr(np, name), function(name)
                expected = expected_totals(numpys.accumulate, a, axis)
                assert_fields(own.accumulate(a, axis=axis), expected, assert_same_bits)

                def at(field, numpys=numpys, **rest):
                    return numpys.reduceat(field, [0, 3, 1, 4], **rest)

                actual = own.reduceat(a, [0, 3, 1, 4], axis=axis)
                assert_fields(actual, expected_totals(at, a, axis), assert_same_bits)


def test_subtract_and_divide_reduce_in_order():
    a = sample()[["x", "z"]]
    a["x"] += 1
    a["z"] += 1
    for name in ("subtract", "divide"):
        assert_fields(
            function(name).reduce(a), expected_totals(getattr(np, name).reduce, a, 0), assert_same_bits
        )


def test_reduce_into_an_output():
    a = sample(50)[["y", "x"]]
    out = np.zeros((), [("t", "U3"), ("x", ">f8"), ("y", "i8")])
    out["t"] = "abc"
    records.add.reduce(a, out=out[["x", "y"]])
    assert out.item() == ("abc", a["x"].sum(), a["y"].sum())
    running = np.zeros(50, a.dtype)
    records.add.accumulate(a, out=running)
    np.testing.assert_array_equal(running["y"], a["y"].cumsum())


@pytest.mark.parametrize("name", ["subtract", "divide"])
@pytest.mark.parametrize("shape", [(1,), (5,), (5, 4)])
def test_reduce_from_the_first_record_wants_fields_in_order(name, shape):
    """NumPy copies the first record by position."""
    ufunc, dtype = function(name), [("p", [("x", "f4"), ("y", "f8")], (2,)), ("z", "f8")]
    other = np.dtype([("p", [("y", "f8"), ("x", "f8")], (2,)), ("z", "f8")])
    a = sample_of(dtype, shape)
    with np.errstate(all="ignore"):
        expected = np.asarray(ufunc.reduce(a))
        assert_fields(ufunc.reduce(a, out=np.zeros(shape[1:], dtype)), columns(expected), assert_same_bits)
        with pytest.raises(TypeError, match=rf"{name}: output 0 has its fields in another order than"):
            ufunc.reduce(a, out=np.zeros(shape[1:], other))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 5)])
def test_in_place_with_any_casting_goes_by_name(name, shape):
    a, b = sample(10).reshape(2, 5), sample(10, seed=2)[["z", "y", "x"]].reshape(2, 5)[0]
    a, b = (a, b) if len(shape) == 2 else (a[0, : shape[0]], b[: shape[0]]) if shape else (a[0, 0], b[0])
    a = np.array(a)
    with np.errstate(all="ignore"):
        expected = {
            path: value.astype(a.dtype[path[0]]) for path, value in expected_fields(name, a, b).items()
        }
        function(name)(a, b, out=a, casting="unsafe")
    assert_fields(a, expected, assert_same_bits)


def test_sums_of_floats_do_not_depend_on_the_layout():
    numbers = np.random.default_rng(1).normal(size=20_001)
    dtypes = [
        np.dtype([("x", letter)])
        if not rest
        else np.dtype([("t", "u1"), ("x", letter), ("y", "i2")], align=rest == "aligned")
        for letter in ("f8", ">f8")
        for rest in ("", "packed", "aligned")
    ]
    totals = set()
    for dtype in dtypes:
        for layout in ("C", "strided", "unaligned"):
            for n in (20_001, 8192, 8193, 1025):
                a, _ = place(dtype, (n,), layout)
                a["x"] = numbers[:n]
                out = np.zeros((), [("x", ">f8")])
                records.add.reduce(a[["x"]], out=out)
                totals |= {
                    (n, records.add.reduce(a)["x"].item()),
                    (n, records.add.reduce(a[["x"]])["x"].item()),
                    (n, out["x"].item()),
                }
    assert len(totals) == 4


def test_outer():
    a, b = sample(7), sample(5, seed=2)[["z", "y", "x"]]
    assert_fields(
        records.multiply.outer(a, b), expected_fields("multiply", a[:, None], b[None]), assert_same_bits
    )
    assert_fields(
        records.add.outer(a, [1.0, 2.0]), expected_fields("add", a[:, None], [1.0, 2.0]), assert_same_bits
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES)
def test_at_counts_repeated_indices(dtype, layout):
    a, b = sample_of(dtype, (6,), layout), sample_of(dtype, (5,), "strided")
    index = [0, 3, 3, 0, -1]
    expected = columns(a)
    for path, column in columns(b).items():
        np.add.at(expected[path], index, column)
    records.add.at(a, index, b)
    assert {p: v.tolist() for p, v in columns(a).items()} == {p: v.tolist() for p, v in expected.items()}
    records.add.at(a, [1, 1], 1)
    for column in expected.values():
        np.add.at(column, [1, 1], np.asarray(1, column.dtype))
    assert {p: v.tolist() for p, v in columns(a).items()} == {p: v.tolist() for p, v in expected.items()}
    records.negative.at(a[["x"]], [2])


# ---- Flags ----


def flags_of(call):
    """What the call reports, by name."""
    seen = []
    with np.errstate(all="call", call=lambda kind, _: seen.append(kind)):
        call()
    return sorted(seen)


@pytest.mark.parametrize("letter", ["f2", "f4", ">f4", "f8", "g", "F", "D"])
def test_flags_are_those_of_the_fields(letter):
    parts = {"names": ["x"], "formats": [letter], "offsets": [3], "itemsize": 40}
    native = np.dtype(letter).newbyteorder("=")
    for first, second in ((1, 0), (0, 0), (1, 3), (np.inf, np.inf), (60000, 60000), (np.nan, 1), (-0.0, 5)):
        for n in (1, 3, 17, 300):
            for dtype in (np.dtype([("x", letter)]), np.dtype(parts)):
                a, b = np.zeros(n, dtype), np.zeros(n, dtype)
                a["x"], b["x"] = first, second
                x, y = (np.ascontiguousarray(c["x"].astype(native)) for c in (a, b))
                for name in ("add", "subtract", "divide"):

                    def plain(name=name, x=x, y=y):
                        return getattr(np, name)(x, y)

                    def ours(name=name, a=a, b=b):
                        return function(name)(a, b)

                    assert flags_of(ours) == flags_of(plain), (name, first, second, n)


def test_warnings_and_errors_are_those_of_numpy():
    a = np.zeros(5, [("x", "f8"), ("y", "i4")])
    with pytest.warns(RuntimeWarning, match="invalid value encountered in divide"):
        records.divide(a, a)
    a["x"], a["y"] = 1, 1
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in divide"):
        records.divide(a, 0)
    with np.errstate(all="raise"):
        records.divide(a, 2)
        with pytest.raises(FloatingPointError, match="divide by zero"):
            records.divide(a, 0)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
        records.multiply(np.full(3, 1e300, [("x", "f8")]), 1e300)


def test_a_handler_of_errors_may_use_records_itself():
    signalling = np.full(3, 0x7FA00000, "u4").view("f4")
    others = np.ones(3, [(f"x{i}", "f8", (7,)) for i in range(50)])
    a = np.ones(3, [("x", "f8")])
    with np.errstate(all="call", call=lambda *_: records.add(others, 1)):
        for _ in range(3):
            assert np.isnan(records.add(a, signalling)["x"]).all()
            assert np.isnan(nx.axpy(signalling, a, a.astype([("x", "f4")]))["x"]).all()


# ---- Errors ----

XY = np.dtype([("x", "f8"), ("y", "f8")])
NO_ARITHMETIC = ["U3", "S3", "M8[s]", "m8[s]", "m8", "O", "V4"]


def names_all(*words):
    """A pattern for all of these words, in this order."""
    return ".*".join(re.escape(word) for word in words)


@pytest.mark.parametrize("letter", NO_ARITHMETIC)
def test_fields_without_arithmetic_are_named(letter):
    a = np.zeros(3, [("x", "f8"), ("no", letter), ("y", "i2")])
    words = names_all("add: field 'no' of input 0 has dtype", "no arithmetic; leave it out", "a[['x', 'y']]")
    for call in (
        lambda: records.add(a, a),
        lambda: records.add(a, 1),
        lambda: records.add.reduce(a),
        lambda: records.add(a[:0], a[:0]),
    ):
        with pytest.raises(TypeError, match=words):
            call()
    with pytest.raises(TypeError, match="axpy: field 'no' of input 1 has"):
        nx.axpy(2, a, a)
    with pytest.raises(TypeError, match="negative: field 'no' of input 0 has"):
        records.negative(a)
    with pytest.raises(TypeError, match="field 'no' of output 0 has"):
        records.add(a[["x"]].astype([("no", "f8")]), 1, out=a[["no"]])
    assert records.add(a[["x", "y"]], 1)["y"].tolist() == [1, 1, 1]
    nested = np.zeros(3, [("p", [("x", "f8"), ("no", letter, (2,))])])
    with pytest.raises(TypeError, match=r"field 'p.no' of input 0 has dtype .*no arithmetic; leave it out"):
        records.add(nested, nested)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([("x", "f8")], XY, ["input 0 has fields ('x',), input 1 has ('x', 'y')", "must be the same"]),
        ([("x", "f8"), ("z", "f8")], XY, ["has fields ('x', 'z'), input 1 has ('x', 'y')"]),
        ([("x", "f8", (2,))], [("x", "f8", (3,))], ["field 'x' of input 0 has shape (2,), ", "has (3,)"]),
        ([("x", "f8", (2,))], [("x", "f8")], ["field 'x' of input 0 has shape (2,), ", "has None"]),
        ([("x", "f8")], [("x", "f8", (1,))], ["field 'x' of input 0 has shape None, ", "has (1,)"]),
        ([("x", XY)], [("x", "f8")], ["field 'x' of input 1 has dtype float64, which has no fields"]),
        ([("p", XY)], [("p", [("x", "f8")])], ["field 'p' of input 0 has fields ('x', 'y')"]),
        ([(("title", "x"), "f8")], [("title", "f8")], ["has fields ('x',), input 1 has ('title',)"]),
        ([], [], ["input 0 has dtype [], which has no fields"]),
        ("V8", "V8", ["input 0 has dtype", "V8, which has no fields"]),
        (XY, "V8", ["input 1 has dtype", "V8, which has no fields"]),
    ],
)
def test_records_that_do_not_match(first, second, words):
    a, b = np.zeros(2, np.dtype(first)), np.zeros(2, np.dtype(second))
    with pytest.raises(TypeError, match=names_all("add: ", *words)):
        records.add(a, b)
    with pytest.raises(TypeError, match="axpy: "):
        nx.axpy(b, 1, a)
    if np.dtype(first).names and first is not XY:
        with pytest.raises(TypeError, match="negative: "):
            records.negative(a, out=b)


class Incomparable:
    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = object.__hash__


@pytest.mark.parametrize("title", [np.array([1, 2]), Incomparable(), ("x",), 5, "x"])
def test_any_object_may_be_a_title(title):
    a = np.ones(3, np.dtype({"names": ["y"], "formats": ["f4"], "titles": [title]}))
    for result in (records.add(a, a), records.add.reduce(a[:2]), records.add(a, 1, out=a)):
        assert np.asarray(result)["y"].flat[0] == 2
        assert result.dtype.fields["y"][2] is title
    if isinstance(title, str):
        with pytest.raises(TypeError, match=names_all("input 0 has fields ('x',), input 1 has ('y',)")):
            records.add(np.ones(3, [("x", "f8")]), a)


def test_an_output_with_fields_that_overlap():
    overlapping = np.dtype({"names": ["x", "y"], "formats": ["f8", "f8"], "offsets": [4, 0], "itemsize": 16})
    a, out = np.ones(3, XY), np.zeros(3, overlapping)
    with pytest.raises(TypeError, match=r"add: output 0 has fields that overlap, .*cannot be all of them"):
        records.add(a, a, out=out)
    nested = np.zeros(3, [("p", overlapping)])
    with pytest.raises(TypeError, match="field 'p' of output 0 has fields that overlap"):
        records.add(nested, 1, out=nested)
    assert records.add(out, 1).dtype == XY
    assert records.add(nested, 1).dtype == [("p", XY)]
    empty = np.ones(3, [("none", "f8", (0,)), ("x", "f8")])
    records.add(empty, 1, out=empty[["x", "none"]])
    assert empty["x"].tolist() == [2, 2, 2]


def test_outputs_that_cannot_be():
    a = np.ones(3, XY)
    with pytest.raises(ValueError, match="read-only"):
        records.add(a, a, out=read_only(a.copy()))
    for plain in (np.zeros(3), np.zeros(3, "i2"), np.zeros(3, "?")):
        with pytest.raises(TypeError, match=r"add: output 0 has dtype .*, which has no fields"):
            records.add(a, a, out=plain)
    with pytest.raises(ValueError, match=r"broadcast together with shapes \(3,\) \(2,\)"):
        records.add(a, a[:2])
    with pytest.raises(ValueError, match=r"non-broadcastable output|could not be broadcast"):
        records.add(a, a, out=np.zeros(2, XY))


@pytest.mark.parametrize(
    "number",
    ["text", b"bytes", None, {}, np.datetime64("2020"), np.timedelta64(1, "s"), np.array([1, "a"], object)],
)
def test_numbers_that_are_none(number):
    a = np.ones(2, XY)
    for position in (0, 1):
        operands = [a, a]
        operands[position] = number
        words = names_all(f"add: input {position} has dtype ", ", which has no arithmetic with records")
        with pytest.raises(TypeError, match=words):
            records.add(*operands)
    with pytest.raises(TypeError, match=r"axpy: input 0 has dtype .* no arithmetic with records"):
        nx.axpy(number, a, a)


def test_bools_are_neither_subtracted_nor_negated():
    a = np.zeros(2, [("x", "f8"), ("b", "?")])
    with pytest.raises(TypeError, match="subtract: field 'b' of input 0 has no loop: numpy boolean subtract"):
        records.subtract(a, a)
    with pytest.raises(TypeError, match="negative: field 'b' of input 0 has no loop: The numpy boolean neg"):
        records.negative(a)


@pytest.mark.skipif(not NUMPY_2, reason="Python numbers go by value in NumPy 1")
def test_python_integers_out_of_range_name_the_field():
    a = np.zeros(2, [("wide", "i8"), ("narrow", "u1"), ("real", "f4")])
    for number in (256, -1, 2**40, -(2**63), 2**63 - 1):
        for call in (lambda n: records.add(a, n), lambda n: records.add(n, a), lambda n: nx.axpy(a, n, a)):
            for _ in range(2):
                with pytest.raises(OverflowError, match=f"integer {number} out of bounds for field 'narrow'"):
                    call(number)
    assert records.add(a, 255)["narrow"].tolist() == [255, 255]
    assert records.add(a[["real"]], -(2**63)).item(0) == (-(2.0**63),)
    assert records.add(a[["wide"]], -(2**63)).item(0) == (-(2**63),)
    for number in (2**63, 2**64, 10**30, -(2**63) - 1):
        with pytest.raises(OverflowError):
            records.add(a[["wide"]], number)


def test_dtype_and_signature_are_refused():
    a = np.ones(2, XY)
    for call in (
        lambda: records.add(a, a, dtype="f4"),
        lambda: records.add(a, 1, dtype=object),
        lambda: records.add.reduce(a, dtype="f8"),
        lambda: nx.axpy(a, a, a, dtype="f8"),
    ):
        for _ in range(2):
            with pytest.raises(TypeError, match=r"dtype=\w+ is not for records"):
                call()
    assert records.add(a, a, signature="VV->V").dtype == XY


# ---- Large and empty records ----


def test_a_thousand_fields():
    dtype = np.dtype([(f"x{i}", LETTERS[i % len(LETTERS)]) for i in range(1000)])
    a, b = sample_of(dtype, (5,)), sample_of(dtype, (5,), "unaligned")
    backwards = b[list(dtype.names[::-1])]
    for name in ("add", "multiply", "axpy"):
        operands = (a, backwards, a)[: function(name).nin]
        assert_fields(function(name)(*operands), expected_fields(name, *operands), assert_same_bits)


def test_arrays_in_arrays_in_arrays():
    dtype = np.dtype("f4")
    for _ in range(25):
        dtype = np.dtype([("x", dtype, (1,)), ("y", "i1")])
    a = sample_of(dtype, (3,))
    assert_fields(records.add(a, a), expected_fields("add", a, a), assert_same_bits)
    for _ in range(15):
        dtype = np.dtype([("x", dtype, (1,))])
    with pytest.raises(TypeError, match="nested too deep"):
        records.add(np.zeros(1, dtype), 1)


@pytest.mark.parametrize("dtype", [[("x", "f8", (0,))], [("x", [("y", "i4")], (2, 0)), ("z", ">f4", (0, 3))]])
def test_records_of_no_bytes(dtype):
    a = np.zeros((2, 3), dtype)
    assert a.dtype.itemsize == 0
    for result in (records.add(a, a), records.add(a, 1), nx.axpy(2, a, a), records.add.accumulate(a)):
        assert result.shape == (2, 3)
        assert result.dtype.names == a.dtype.names
    assert records.add.reduce(a).shape == (3,)
    records.add(a, a, out=a)


def test_the_largest_field():
    parts = {"names": ["all", "last"], "formats": [("u1", (2**31 - 2,)), "u1"], "offsets": [0, 2**31 - 2]}
    none = np.empty(0, parts)
    assert records.add(none, none).dtype == none.dtype
    if sys.platform == "linux":  # memory that is not touched is not there
        one = np.empty(1, parts)[["last"]]
        one["last"] = 3
        assert records.add(one, one)["last"] == 6
        records.multiply(one, 5, out=one)
        assert one["last"] == 15


# ---- Memory, threads ----


def test_references_are_given_back():
    name = "a name of its own"
    dtype = np.dtype([(name, "f8"), ("y", "i4", (2,))])
    a, out, other = np.ones(3, dtype), np.ones(3, dtype), np.ones(3, [(name, ">f8")])
    text = np.ones(3, [("name", "U3"), ("y", "i4")])

    def calls():
        records.add(a, a)
        records.add(a, 2)
        records.add(other, 0, out=other)
        nx.axpy(2, a, a, out=out)
        records.add.reduce(other)
        records.add.accumulate(other)
        for bad in (
            lambda: records.add(a, text),
            lambda: records.add(text, 1),
            lambda: records.add(a, "x"),
            lambda: records.add(a, a, out=text),
            lambda: records.add(a, other),
        ):
            with contextlib.suppress(TypeError):
                bad()
        with contextlib.suppress(OverflowError):
            records.add(a, 2**40)

    objects = [name, dtype, other.dtype, text.dtype, np.dtype("f8"), np.dtype("i4"), dtype["y"], records.add]
    calls()
    gc.collect()
    before = [sys.getrefcount(one) for one in objects]
    for _ in range(8500):  # a hundred thousand calls
        calls()
    gc.collect()
    after = [sys.getrefcount(one) for one in objects]
    assert max(abs(x - y) for x, y in zip(before, after, strict=True)) < 20
    result = records.add(other, other)
    records.add(a, a)  # until then the plan of this thread is kept for a call like the last
    assert sys.getrefcount(result.dtype) <= 3


def test_threads_that_come_and_go_do_not_fill_the_memory():
    resource = pytest.importorskip("resource")

    def run(number):
        a = np.ones(3, [(f"x{i}", "f8" if i % 2 else "i4") for i in range(200 + number % 3)])
        assert records.add(a, a)["x0"][0] == 2

    def many(count):
        for number in range(count):
            thread = threading.Thread(target=run, args=(number,))
            thread.start()
            thread.join()

    many(300)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    many(700)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024  # a plan has 50 KB


def test_threads_with_dtypes_of_their_own():
    without_gaps = LETTERS.translate({ord("g"): None, ord("G"): None})

    def run(number):
        letters = [without_gaps[(number + i) % len(without_gaps)] for i in range(number + 2)]
        dtype = np.dtype([(f"x{i}", letter, (i % 3 + 1,)) for i, letter in enumerate(letters)])
        a, b = sample_of(dtype, (200,)), sample_of(dtype, (200,), "unaligned")
        expected = records.add(a, b).tobytes(), records.multiply(a, 3).tobytes()
        for _ in range(150):
            assert (records.add(a, b).tobytes(), records.multiply(a, 3).tobytes()) == expected
        assert_fields(records.add(a, b), expected_fields("add", a, b), assert_same_bits)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(16)))


@pytest.mark.parametrize(
    "dtype", [[("x", "f8"), ("y", "f8")], [("x", ">f4"), ("t", "i2"), ("y", "f8", (2,))]]
)
def test_bits_do_not_depend_on_the_number_of_threads(dtype):
    n = 300_000
    a, b = (np.zeros(n, dtype) for _ in range(2))
    for seed, array in enumerate((a, b)):
        array["x"] = np.random.default_rng(seed).normal(size=n)
        array["y"] += 0.1 + seed
    results = set()
    for threads in (1, 2, 3):
        with nx.num_threads(threads):
            shifted = a.copy()
            records.add(shifted[:-1], b[1:], out=shifted[1:])
            made = [records.add(a, b), nx.axpy(0.3, a, b[0]), records.add.reduce(a), shifted]
            made += [records.multiply(a, b["x"]), records.add.accumulate(a[::2])]
            results.add(b"".join(np.ascontiguousarray(one).tobytes() for one in made))
    assert len(results) == 1


# ---- The functions ----


@pytest.mark.parametrize("name", [*BINARY, "negative"])
def test_pickles_and_copies_are_the_function_itself(name):
    ufunc = function(name)
    assert pickle.loads(pickle.dumps(ufunc)) is ufunc
    assert pickle.loads(pickle.dumps(getattr(np, name))) is getattr(np, name)
    assert copy.copy(ufunc) is ufunc
    assert copy.deepcopy(ufunc) is ufunc


@pytest.mark.parametrize("first", LETTERS)
def test_plain_numbers_go_as_in_numpy(first):
    for second in LETTERS:
        x, y = values(first, 9, 1), values(second, 9, 2)
        for name in ("add", "multiply", "divide"):
            with np.errstate(all="ignore"):
                assert_same_bits(function(name)(x, y), compute(name, x, y))
                assert_same_bits(function(name)(x, 2), compute(name, x, 2))


@pytest.mark.parametrize("other", ["text", np.datetime64("2020-01-01"), np.timedelta64(1, "s"), None])
def test_plain_numbers_beside_what_is_none_are_refused(other):
    with pytest.raises(TypeError):
        records.add(1.0, other)
    with pytest.raises(TypeError):
        records.multiply(other, other)


def test_one_record_is_a_record():
    a = np.array([(1.0, 2.0), (3.0, 4.0)], XY)
    one = records.add(a[0], a[1])
    assert isinstance(one, np.void)
    assert one.item() == (4.0, 6.0)
    assert records.add(np.array(a[0]), 1).item() == (2.0, 3.0)
    assert records.add.identity == 0
    assert records.multiply.identity == 1


def test_python_code_of_an_initial_cannot_change_the_plan_of_the_reduction():
    other = np.ones(5, [("name", "f4"), ("more", "i2", (40,))])

    class Initial:
        def __float__(self):
            records.add(other, other)
            return 3.0

    a = np.ones(4, [("x", "f8")])
    with pytest.raises(RuntimeError, match="called by the `initial` or the"):
        records.add.reduce(a, initial=Initial())
    assert records.add.reduce(a, initial=3).tolist() == (7,)
    assert records.add(other, other)["name"].tolist() == [2.0] * 5
    # A reduction that never came to its loop stands in no one's way.
    for _ in range(3):
        records.add.reduce(a, where=np.zeros(4, bool), initial=1)
        assert [records.add(row, row)["x"] for row in a] == [2.0] * 4


@pytest.mark.skipif(NUMPY_2, reason="NumPy 2 has no __array_prepare__")
def test_python_code_of_an_array_prepare_cannot_change_the_plan():
    other, a = np.ones(2000, [(f"x{i}", "f8") for i in range(200)]), np.ones(3, XY)

    class Prepares(np.ndarray):
        def __array_prepare__(self, array, context=None):
            with pytest.raises(RuntimeError, match="called by the `initial` or the `__array_prepare__`"):
                records.add(other, other)
            return array

    class Duck:
        __array_prepare__ = Prepares.__array_prepare__

        def __array__(self, dtype=None):
            return a

    for call in (
        lambda: records.add(a.view(Prepares), a),
        lambda: records.add(a, Duck()),
        lambda: records.add(a, a, out=np.zeros(3, XY).view(Prepares)),
        lambda: nx.axpy(1, a, a.view(Prepares)),
    ):
        assert np.asarray(call()).tolist() == [(2.0, 2.0)] * 3
    assert records.negative(a.view(Prepares))["x"].tolist() == [-1.0] * 3


def test_a_reduction_that_ended_before_its_loop_stands_in_no_ones_way():
    a, other = np.ones(3, XY), np.ones(3, [("name", "f4")])

    def add():
        return records.add(other, 1)["name"].tolist()

    def fails():
        with pytest.raises(ValueError, match="dimensions"):
            records.add.reduce(a, out=np.zeros((4, 4), XY))

    for without_loop, args in [
        (records.subtract.reduce, (a[:1],)),
        (records.add.at, (a, [], 1)),
        (records.add.accumulate, (a[:1],)),
        (fails, ()),
    ]:
        for call, its in [(without_loop, args), (add, ())] * 2:  # from one line of one frame
            result = call(*its)
        assert result == [2.0] * 3
        with ThreadPoolExecutor(1) as pool:
            pool.submit(without_loop, *args).result()
            assert pool.submit(add).result() == [2.0] * 3


@pytest.mark.parametrize("method", [records.add.reduce, records.subtract.reduce, records.multiply.reduce])
@pytest.mark.parametrize("out", [None, np.zeros((), XY)])
def test_python_code_of_an_initial_is_refused_wherever_it_calls_from(method, out):
    other = np.ones(5, [("name", "f4"), ("more", "i2", (40,))])

    def deep(depth):
        return deep(depth - 1) if depth else records.negative(other)

    class Initial:
        def __float__(self):
            method(other[:0], initial=1)  # has no loop
            deep(5)
            return 3.0

    for operand in [np.ones(4, XY), *([] if out is None else [np.ones(4)])]:
        with pytest.raises(RuntimeError, match=r"(subtract|add|multiply): called by the `initial` or"):
            method(operand, initial=Initial(), out=out)
        assert records.negative(other)["name"].tolist() == [-1.0] * 5
