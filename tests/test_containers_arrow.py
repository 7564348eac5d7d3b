"""lift on pyarrow: arrays, chunked arrays, record batches, tables."""

import datetime
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from null_reference import CASES, POLICIES, Recorder, check, lists, scores

import numpy_ext as nx

pa = pytest.importorskip("pyarrow")

TYPES = [pa.float64(), pa.int64(), pa.uint64(), pa.int8()]
SKIP = nx.lift(nx.rolling_score, nulls="skip")


def sliced(values, kind, start):
    """An array that begins and ends inside a longer one."""
    one = True if kind == pa.bool_() else 1
    around = [None if place % 3 else one for place in range(start)]
    return pa.array(around + values + around, kind).slice(start, len(values))


def number(value):
    assert isinstance(value, pa.Scalar)
    return value.as_py()


@pytest.mark.parametrize("nulls", POLICIES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", TYPES, ids=str)
@settings(max_examples=25)
@given(data=st.data(), start=st.integers(0, 20))
def test_arrays_give_what_a_loop_gives(name, nulls, kind, data, start):
    columns = data.draw(lists(CASES[name].columns, max_size=20))
    check(CASES[name], columns, nulls, lambda v: sliced(v, kind, start), pa.Array.to_pylist, number)


@pytest.mark.parametrize("name", ["axpy", "rolling_score", "pow_sum"])
@settings(max_examples=25)
@given(data=st.data(), cut=st.integers(0, 5))
def test_chunked_arrays_give_what_a_loop_gives(name, data, cut):
    columns = data.draw(lists(CASES[name].columns))

    def make(values):
        return pa.chunked_array([values[:cut], [], values[cut:]], pa.float64())

    for nulls in POLICIES:
        check(CASES[name], columns, nulls, make, pa.ChunkedArray.to_pylist, number)


@settings(max_examples=60)
@given(values=st.lists(st.sampled_from([True, False, None]), max_size=40), start=st.integers(0, 20))
def test_bools_are_bits(values, start):
    found = nx.lift(np.logical_not)(sliced(values, pa.bool_(), start))
    assert found.type == pa.bool_()
    found.validate(full=True)
    assert found.to_pylist() == [None if value is None else not value for value in values]


def test_types_stay_and_integers_are_exact():
    x = pa.array([2**53 + 1, None, 2**62 + 1])
    found = nx.lift(np.add)(x, 1)
    found.validate(full=True)
    assert found.type == pa.int64()
    assert found.to_pylist() == [2**53 + 2, None, 2**62 + 2]
    assert nx.lift(np.subtract)(pa.array([2**64 - 1, None], pa.uint64()), 1).to_pylist() == [2**64 - 2, None]
    assert SKIP(pa.array([1, None], pa.float32())).type == pa.float32()
    half = nx.lift(np.add)(pa.array([np.float16(1.5), None], pa.float16()), np.float16(1))
    assert half.type == pa.float16()
    assert half.to_pylist() == [2.5, None]
    assert nx.lift(nx.axpy)(2.0, pa.nulls(2), 1.0).to_pylist() == [None, None]
    assert nx.lift(nx.axpy)(2.0, x, pa.scalar(None, pa.float64())).to_pylist() == [None] * 3
    assert nx.lift(nx.axpy)(2, x, pa.scalar(None)).to_pylist() == [None] * 3
    assert nx.lift(np.add)(x, pa.scalar(1, pa.int64())).to_pylist() == [2**53 + 2, None, 2**62 + 2]
    for empty in (pa.array([], pa.float64()), pa.chunked_array([], pa.float64()), pa.nulls(0)):
        assert SKIP(empty).to_pylist() == []
        assert nx.lift(np.logical_not)(pa.array([], pa.bool_())).to_pylist() == []


def test_nan_is_a_value():
    x = pa.array([1.0, float("nan"), None, 4.0])
    found = SKIP(x).to_pylist()
    assert [found[0], found[1], found[3]] == nx.rolling_score([1.0, np.nan, 4.0]).tolist()
    found = nx.lift(nx.rolling_score, nulls="skip", nan_as_null=True)(x).to_pylist()
    assert found == [1.0, None, None, nx.rolling_score([1.0, 4.0])[1]]


def test_what_lies_under_a_null_is_not_computed():
    data = np.array([1.0, -1.0, np.inf])
    x = pa.Array.from_buffers(pa.float64(), 3, [pa.py_buffer(b"\x01"), pa.py_buffer(data)])
    with np.errstate(all="raise"):
        assert nx.lift(np.sqrt)(x).to_pylist() == [1.0, None, None]
        assert nx.lift(np.divide)(x, x).to_pylist() == [1.0, None, None]


def test_times():
    for kind in (pa.timestamp("us"), pa.date32(), pa.date64()):
        x = pa.array([datetime.datetime(2020, 1, 1), None, datetime.datetime(2020, 1, 3)], kind)
        if kind == pa.date32():
            found = nx.lift(np.maximum)(x, x)
            assert found.to_pylist() == [datetime.date(2020, 1, 1), None, datetime.date(2020, 1, 3)]
        else:
            assert nx.lift(np.subtract)(x, x).to_pylist() == [
                datetime.timedelta(0),
                None,
                datetime.timedelta(0),
            ]
    days = pa.array([datetime.date(2020, 1, 3), None])
    between = nx.lift(np.subtract)(days, np.datetime64("2020-01-01"))
    assert between.type == pa.duration("s")
    assert between.to_pylist() == [datetime.timedelta(2), None]
    with pytest.raises(TypeError, match=r"timestamp.*time zone"):
        nx.lift(np.subtract)(pa.array([0], pa.timestamp("us", "UTC")), 1)


def table(make=pa.table):
    fields = [
        pa.field("w", pa.int64(), metadata={"unit": "kg"}),
        pa.field("x", pa.float64()),
        ("name", pa.string()),
    ]
    columns = {"w": [1, 2, 3], "x": [1.0, None, 3.0], "name": ["u", "v", "w"]}
    return make(columns, schema=pa.schema(fields, metadata={"source": "here"}))


@pytest.mark.parametrize("make", [pa.table, pa.RecordBatch.from_pydict])
def test_tables_and_record_batches(make):
    frame = table(make)
    numbers = frame.select(["w", "x"])
    found = SKIP(numbers)
    assert type(found) is type(frame)
    assert found.to_pydict() == {"w": scores([1, 2, 3]), "x": [1.0, None, 3.9]}
    assert found.schema.metadata == {b"source": b"here"}
    assert found.schema.field("w").metadata == {b"unit": b"kg"}
    found = SKIP(frame, columns="x", into="score")
    assert found.schema.names == ["w", "x", "name", "score"]
    assert found.to_pydict()["score"] == [1.0, None, 3.9]
    assert found.schema.metadata == {b"source": b"here"}
    assert SKIP(frame, columns="x", into="x").to_pydict()["x"] == [1.0, None, 3.9]
    assert nx.lift(nx.pow_sum)(numbers, 2.0).to_pydict() == {"w": [14.0], "x": [None]}
    assert nx.lift(nx.weighted_sum, nulls="skip")(frame, columns=["w", "x"]).as_py() == 10.0
    assert nx.lift(nx.axpy)(2, numbers, frame.select(["x", "w"])).to_pydict()["w"] == [3, 6, 9]
    with pytest.raises(TypeError, match=r"column 'name'.*string"):
        SKIP(frame)
    with pytest.raises(KeyError, match="'y'"):
        SKIP(frame, columns="y")


def test_unfit_types_are_refused():
    for values, kind in [
        (["a"], None),
        ([[1]], None),
        ([1], pa.decimal128(5)),
        ([{"a": 1}], None),
        ([1], pa.time32("s")),
    ]:
        with pytest.raises(TypeError, match="argument 1 has the Arrow type"):
            SKIP(pa.array(values, kind))
    with pytest.raises(TypeError, match="argument 1 has the Arrow type dictionary"):
        SKIP(pa.array(["a"]).dictionary_encode())
    with pytest.raises(TypeError, match="which Arrow cannot hold"):
        nx.lift(np.add)(pa.array([1.0]), 1j)
    with pytest.raises(ValueError, match="different lengths"):
        nx.lift(np.add)(pa.array([1.0]), pa.array([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"RecordBatchReader of pyarrow, .*numpy_ext\.stream reads it"):
        SKIP(pa.table({"x": [1.0]}).to_reader())


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_nothing_is_copied_without_nulls(kind):
    recorder = Recorder()
    x = pa.array(np.arange(100_000) % 100, kind).slice(7)
    lifted = nx.lift(recorder)
    tracemalloc.start()
    found = lifted(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(recorder.seen[0], x.to_numpy())
    assert peak < 1.2 * found.nbytes + 100_000
