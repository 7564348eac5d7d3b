"""Streams against plain Python loops over rows, for every cut into batches."""

import itertools
import math
import os
import subprocess
import sys
import threading
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")

import pyarrow.compute as pc
import pyarrow.dataset as ds
from layouts import assert_same_bits
from pyarrow import csv, feather, parquet

import numpy_ext as nx
from numpy_ext import stream

floats = st.none() | st.floats(allow_subnormal=False) | st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf])
plain_floats = st.none() | st.floats(-1e100, 1e100)
keys = st.none() | st.sampled_from(["a", "b", "", "long key"])
cuts = st.lists(st.integers(0, 40), max_size=6)


def pieces(table, places):
    """The table in batches that end at some places, some of them empty, all of them slices."""
    edges = [0, *sorted(min(place, len(table)) for place in places), len(table)]
    (whole,) = table.combine_chunks().to_batches() or [
        pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in table.schema], schema=table.schema)
    ]
    return [whole.slice(start, stop - start) for start, stop in itertools.pairwise(edges)]


def table_of(rows):
    return pa.table(
        {
            "key": pa.array([row[0] for row in rows], pa.string()),
            "x": pa.array([row[1] for row in rows], pa.float64()),
        }
    )


def scored(values, labels, states=None, rise=0.9, fall=0.5):
    """The score row by row, and the last states."""
    states, out = dict(states or {}), []
    for v, key in zip(values, labels, strict=True):
        if v is None:
            out.append(None)
            continue
        s = states.get(key, 0.0)
        states[key] = s * rise + v if v > s else s * fall
        out.append(states[key])
    return out, states


def assert_same_column(actual, expected):
    actual, expected = list(actual), list(expected)
    assert [v is None for v in actual] == [v is None for v in expected]
    values = [[v for v in side if v is not None] for side in (actual, expected)]
    assert_same_bits(np.array(values[0], float), np.array(values[1], float))


# Steps.


@given(st.lists(st.tuples(keys, floats), max_size=40), cuts, st.booleans())
def test_a_score_is_the_loop_over_rows_for_any_cut(rows, places, by_key):
    batches = pieces(table_of(rows), places)
    labels = [row[0] if by_key else 0 for row in rows]
    with np.errstate(all="ignore"):
        result = stream.scan(batches).score("x", by="key" if by_key else None).to_arrow()
    assert_same_column(result["score"].to_pylist(), scored([row[1] for row in rows], labels)[0])
    assert result["key"].to_pylist() == [row[0] for row in rows]


@given(st.lists(st.tuples(keys, floats), max_size=40), cuts, st.integers(0, 40), st.booleans())
def test_a_saved_state_continues_a_score_bit_for_bit(tmp_path_factory, rows, places, split, by_key):
    path = tmp_path_factory.mktemp("state") / "state.json"
    by = "key" if by_key else None
    parts = []
    state = stream.State()
    for part in (rows[:split], rows[split:]):
        result = stream.scan(pieces(table_of(part), places)).score("x", by=by, state=state).to_arrow()
        parts += result["score"].to_pylist()
        state.save(path)
        state = stream.State.load(path)
    labels = [row[0] if by_key else None for row in rows]
    expected, states = scored([row[1] for row in rows], labels)
    assert_same_column(parts, expected)
    if by_key:
        assert list(state.value) == list(states)
        assert_same_column(state.value.values(), states.values())
    else:
        assert_same_column([state.value], [states.get(None, 0.0)])


@given(st.lists(st.tuples(keys, floats), max_size=40), cuts)
def test_filters_are_the_loop_over_rows_for_any_cut(rows, places):
    source = stream.scan(pieces(table_of(rows), places))
    expected = [row for row in rows if row[1] is not None and row[1] > 0.5]
    for condition in (
        source.filter(("x", ">", 0.5)),
        source.filter([("x", ">", 0.5), ("x", ">=", -1)]),
        source.filter(pc.field("x") > 0.5),
        source.filter(lambda x: x > 0.5, column="x"),
        source.filter(lambda x, y: (x > 0.5) & (y == y), column=["x", "x"]),
    ):
        result = condition.to_arrow()
        assert result["key"].to_pylist() == [row[0] for row in expected]
        assert_same_column(result["x"].to_pylist(), [row[1] for row in expected])


@given(st.lists(st.tuples(plain_floats, plain_floats), max_size=40), cuts)
def test_a_map_sees_the_rows_that_have_all_values(rows, places):
    table = pa.table({name: pa.array([row[i] for row in rows], pa.float64()) for i, name in enumerate("ab")})
    seen = []

    def difference(a, b):
        assert len(a) == len(b)
        seen.extend(zip(a.tolist(), b.tolist(), strict=True))
        return a - b

    result = stream.scan(pieces(table, places)).map(difference, ["a", "b"], into="c").to_arrow()
    whole = [row for row in rows if None not in row]
    assert seen == whole
    assert_same_column(result["c"].to_pylist(), [None if None in row else row[0] - row[1] for row in rows])
    assert result.column_names == ["a", "b", "c"]


def test_a_list_of_floats_goes_through_filter_map_and_to_numpy():
    result = stream.scan([0.5, 4.0, 1.0, 9.0]).filter(lambda x: x > 0.75).map(np.sqrt).to_numpy()
    assert_same_bits(result, np.array([2.0, 1.0, 3.0]))


def test_a_stream_does_not_change_and_is_read_anew_each_time():
    numbers = stream.scan([3, 1, 2])
    large = numbers.filter(lambda x: x > 1)
    assert large.to_numpy().tolist() == large.to_numpy().tolist() == [3, 2]
    assert numbers.to_numpy().tolist() == [3, 1, 2]


def test_nothing_is_read_before_a_result_is_asked_for():
    def never():
        raise AssertionError("it was read")
        yield

    stream.scan(never()).filter(lambda x: x > 0).map(np.sqrt).score()


def test_what_a_function_fills_again_is_not_what_stands_in_the_result():
    buffer = np.empty(2)

    def doubled(x):
        np.multiply(x, 2.0, out=buffer)
        return buffer

    assert stream.scan([[1.0, 2.0], [3.0, 4.0]]).map(doubled).to_numpy().tolist() == [2.0, 4.0, 6.0, 8.0]


def test_what_an_iterator_fills_again_is_not_what_stands_in_the_result():
    def batches():
        buffer = np.empty(2)
        for start in (1.0, 3.0):
            buffer[:] = start, start + 1
            yield buffer

    assert stream.scan(batches()).to_numpy().tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_function_cannot_change_the_source():
    def changed(x):
        x *= 2
        return x

    source = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        stream.scan(source).map(changed).to_numpy()
    assert source.tolist() == [1.0, 2.0]


def test_a_map_may_give_nulls_of_its_own():
    source = stream.scan({"x": [1.0, None, 3.0, 4.0]}, batch_rows=2)
    for function in (
        lambda x: np.ma.masked_greater(x, 3),
        lambda x: pa.array(x.tolist(), mask=x > 3),
        lambda x: pa.chunked_array([pa.array(x.tolist(), mask=x > 3)]),
    ):
        assert source.map(function).to_arrow()["x"].to_pylist() == [1.0, None, 3.0, None]


@pytest.mark.parametrize("rows", [1000, 5_000_000])
def test_an_expression_keeps_the_order_of_the_rows(rows):
    numbers = stream.scan(np.arange(5_000_000), batch_rows=rows)
    kept = numbers.filter(pc.bit_wise_and(pc.field("value"), 3) == 0).to_numpy()
    assert_same_bits(kept, np.arange(0, 5_000_000, 4))


@pytest.mark.parametrize("value", [np.float64(2.5), np.int8(2), 2, True + 1])
def test_a_comparison_takes_any_number(value):
    assert stream.scan([1, 2, 3]).filter(("value", ">", value)).to_numpy().tolist() == [3]


def test_a_dataset_of_several_files_is_read_in_order(tmp_path):
    for number in range(5):
        part = pa.table({"x": np.arange(1000.0) + 1000 * number})
        parquet.write_table(part, tmp_path / f"{number}.parquet", row_group_size=100)
    source = stream.scan(ds.dataset(tmp_path))
    assert_same_bits(source.score("x").to_numpy("score"), nx.rolling_score(np.arange(5000.0)))
    assert_same_bits(source.filter(("x", ">=", 1234)).to_numpy("x"), np.arange(1234.0, 5000.0))


def test_a_map_over_text_and_into_a_column_that_is_there():
    source = stream.scan({"word": ["a", None, "ccc"], "x": [1, 2, 3]})
    result = source.map(lambda words: [len(word) for word in words], "word", into="x").to_arrow()
    assert result.to_pydict() == {"word": ["a", None, "ccc"], "x": [1, None, 3]}


# Results.


@given(st.lists(plain_floats, max_size=40), cuts, st.sampled_from([1.0, 2.0, 0.5]), st.booleans())
def test_a_sum_of_powers_is_within_an_ulp_for_any_cut(values, places, p, absolute):
    table = pa.table({"x": pa.array(values, pa.float64())})
    result = stream.scan(pieces(table, places)).pow_sum("x", p, absolute=absolute)
    bases = [abs(v) if absolute else v for v in values if v is not None and (absolute or v > 0)]
    powers = [float(np.power(v, p)) for v in bases]
    if not math.isinf(math.fsum(map(float, powers)) if np.isfinite(powers).all() else math.inf):
        exact = math.fsum(powers)
        assert abs(result - exact) <= 2 * math.ulp(exact)


@given(st.lists(st.tuples(st.none() | st.integers(-(2**62), 2**62), plain_floats), max_size=40), cuts)
def test_a_weighted_sum_is_within_an_ulp_for_any_cut(rows, places):
    table = pa.table(
        {
            "w": pa.array([row[0] for row in rows], pa.int64()),
            "x": pa.array([row[1] for row in rows], pa.float64()),
        }
    )
    result = stream.scan(pieces(table, places)).weighted_sum("w", "x")
    whole = [row for row in rows if None not in row]
    exact = sum((w * Fraction(x) for w, x in whole), Fraction(0))
    largest = sum((abs(w * Fraction(x)) for w, x in whole), Fraction(0))
    # As if in twice the precision: terms that cancel leave an error of their size squared.
    assert abs(Fraction(result) - exact) <= Fraction(math.ulp(float(exact))) + largest / 2**100


@given(st.lists(st.tuples(keys, floats), max_size=40), cuts)
def test_group_sums_and_means_are_the_loop_over_rows_for_any_cut(rows, places):
    sums, counts = {}, {}
    for key, value in rows:
        sums.setdefault(key, 0.0)
        counts.setdefault(key, 0)
        if value is not None:
            sums[key] += value
            counts[key] += 1
    source = stream.scan(pieces(table_of(rows), places))
    with np.errstate(all="ignore"):
        result, means = source.group_sum("x", by="key"), source.group_mean("x", by="key")
    assert result.column_names == ["key", "sum", "count"]
    assert result["key"].to_pylist() == list(sums)
    assert_same_column(result["sum"].to_pylist(), sums.values())
    assert result["count"].to_pylist() == list(counts.values())
    assert means.column_names == ["key", "mean", "sum", "count"]
    expected = [sums[key] / counts[key] if counts[key] else math.nan for key in sums]
    assert_same_column(means["mean"].to_pylist(), expected)


def test_groups_of_integers_are_exact():
    source = stream.scan({"k": [1, 1, 2], "x": [2**62, 1, 5]}, batch_rows=1)
    assert source.group_sum("x", by="k").to_pydict() == {"k": [1, 2], "sum": [2**62 + 1, 5], "count": [2, 1]}
    with pytest.raises(OverflowError):
        stream.scan({"k": [1, 1], "x": [2**62, 2**62]}).group_sum("x", by="k")


@pytest.mark.parametrize("split", [0, 1, 2, 3, 4])
def test_every_result_continues_from_a_state(tmp_path, split):
    table = pa.table({"k": ["a", "b", "a", None], "w": [1, 2, 3, 4], "x": [0.1, 0.2, None, 0.4]})
    calls = {
        "count": lambda source, state: source.count("x", state=state),
        "pow_sum": lambda source, state: source.pow_sum("x", 1.5, state=state),
        "absolute": lambda source, state: source.pow_sum("x", 1.5, absolute=True, state=state),
        "weighted_sum": lambda source, state: source.weighted_sum("w", "x", state=state),
        "group_sum": lambda source, state: source.group_sum("x", by="k", state=state),
        "group_mean": lambda source, state: source.group_mean("x", by="k", state=state),
    }
    for name, call in calls.items():
        state = stream.State()
        call(stream.scan(table.slice(0, split)), state)
        state.save(tmp_path / name)
        state = stream.State.load(tmp_path / name)
        assert call(stream.scan(table.slice(split)), state) == call(stream.scan(table), None), name


def test_several_results_from_one_reading():
    batches = iter([np.array([1.0, 2.0]), np.array([3.0])])
    result = stream.scan(batches).reduce(
        count=("count", "value"), total=("pow_sum", "value", 1.0), squares=("pow_sum", "value", 2.0, True)
    )
    assert result == {"count": 3, "total": 6.0, "squares": 14.0}


@pytest.mark.parametrize(
    ("reduction", "error"),
    [("count", ValueError), ((), ValueError), (("median", "x"), ValueError), (("pow_sum", "x"), TypeError)],
)
def test_a_reduction_that_is_none_is_told(reduction, error):
    with pytest.raises(error):
        stream.scan({"x": [1.0]}).reduce(result=reduction)


def test_arguments_of_a_reduction_are_those_of_its_method():
    with pytest.raises(TypeError, match="pow_sum takes column, p, absolute, state: missing a required"):
        stream.scan([1.0]).reduce(total=("pow_sum", "value"))
    with pytest.raises(TypeError, match="count takes column, state: too many"):
        stream.scan([1.0]).reduce(total=("count", "value", None, 3))


def test_a_sum_that_is_too_large_names_its_key():
    table = {"k": ["a", None, None], "x": [1, 2**62, 2**62]}
    with pytest.raises(OverflowError, match=r"'x' over 'k' = None passes the limits of int64; .*map\(\)"):
        stream.scan(table).group_mean("x", "k")


def test_to_numpy_refuses_to_lose_a_null():
    source = stream.scan({"i": [2**53 + 1, None], "b": [True, None], "x": [1.5, None]})
    for column in ("i", "b"):
        with pytest.raises(ValueError, match=f"column: '{column}' has 1 nulls"):
            source.to_numpy(column)
    assert_same_bits(source.to_numpy("x"), np.array([1.5, np.nan]))
    assert source.filter(pc.field("i").is_valid()).to_numpy("i").tolist() == [2**53 + 1]


# Sources.


TABLE = pa.table({"key": ["a", "b", "a"], "x": [1.0, None, 3.0]})
BATCHES = TABLE.to_batches(max_chunksize=1)
SOURCES = {
    "table": lambda: TABLE,
    "batch": lambda: TABLE.to_batches()[0],
    "reader": lambda: pa.RecordBatchReader.from_batches(TABLE.schema, BATCHES),
    "dataset": lambda: ds.dataset(TABLE),
    "list of batches": lambda: BATCHES,
    "iterator of batches": lambda: iter(BATCHES),
    "list of tables": lambda: [TABLE.slice(0, 1), TABLE.slice(1)],
    "dict": lambda: {"key": ["a", "b", "a"], "x": np.ma.array([1.0, 9.0, 3.0], mask=[0, 1, 0])},
    "dicts": lambda: ({"key": batch["key"], "x": batch["x"]} for batch in BATCHES),
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_its_rows(name):
    source = SOURCES[name]
    result = stream.scan(source()).score("x", by="key").to_arrow()
    assert result["key"].to_pylist() == ["a", "b", "a"]
    assert_same_column(result["score"].to_pylist(), [1.0, None, 3.9])
    assert stream.scan(source()).group_sum("x", "key")["count"].to_pylist() == [2, 0]


@pytest.mark.parametrize(
    "source",
    [
        [1.0, 2.5, None],
        (1.0, 2.5, None),
        iter([1.0, 2.5, None]),
        pa.array([1.0, 2.5, None]),
        pa.chunked_array([[1.0], [2.5, None]]),
        [np.array([1.0]), pa.array([2.5, None])],
        [[1.0, 2.5], pa.array([None], pa.float64())],
        [[], [1.0, 2.5, None]][1:],
    ],
    ids=lambda source: type(source).__name__,
)
def test_numbers_become_one_column(source):
    table = stream.scan(source, batch_rows=2).to_arrow()
    assert table.to_pydict() == {"value": [1.0, 2.5, None]}


def test_numbers_of_later_batches_lose_nothing():
    with pytest.raises(TypeError, match="the source gave double after int64; give numbers of one type"):
        stream.scan([1, 2.5], batch_rows=1).to_numpy()
    with pytest.raises(TypeError, match=r"the numbers of the source: .*9007199254740993"):
        stream.scan([1.5, 2**53 + 1], batch_rows=1).to_numpy()
    assert stream.scan([1.5, 2, None], batch_rows=1).pow_sum(None, 1.0) == 3.5
    assert stream.scan([None, 2, 0.5], batch_rows=1).pow_sum(None, 1.0) == 2.5
    assert stream.scan([2**53 + 1, None, 1], batch_rows=1).to_arrow()["value"].to_pylist() == [
        2**53 + 1,
        None,
        1,
    ]


@pytest.mark.parametrize("dtype", [">f8", "<i4", ">u2", "?", "f2"])
def test_arrays_of_any_layout(dtype):
    array = np.arange(12).astype(dtype)[::-2]
    assert stream.scan(array).to_numpy().tolist() == array.tolist()
    assert stream.scan([array, array]).to_numpy().tolist() == array.tolist() * 2


@pytest.mark.parametrize("kind", ["Categorical", "Enum", "String"])
def test_text_of_polars(kind):
    polars = pytest.importorskip("polars")
    dtype = polars.Enum(["a", "b"]) if kind == "Enum" else getattr(polars, kind)
    frame = polars.DataFrame({"key": ["a", "b", None, "a"], "x": [1.0, 2.0, 3.0, 4.0]})
    source = stream.scan(frame.with_columns(polars.col("key").cast(dtype)), batch_rows=2)
    assert source.group_sum("x", by="key").to_pydict() == {
        "key": ["a", "b", None],
        "sum": [5.0, 2.0, 3.0],
        "count": [2, 1, 1],
    }
    assert source.filter(("key", "==", "a")).to_arrow()["key"].to_pylist() == ["a", "a"]


def test_a_mask_may_be_null():
    source = stream.scan([1.0, 2.0, 3.0])
    assert source.filter(lambda _: pa.array([True, None, False])).to_numpy().tolist() == [1.0]
    assert source.filter(lambda x: np.ma.masked_equal(x, 2.0) > 0).to_numpy().tolist() == [1.0, 3.0]


def test_an_array_is_read_where_it_lies():
    array = np.arange(10.0)
    (batch,) = stream.scan(array).batches()
    assert np.shares_memory(batch["value"].to_numpy(), array)


@pytest.mark.parametrize("library", ["polars", "duckdb", "pandas"])
def test_frames_of_other_libraries(library):
    module = pytest.importorskip(library)
    if library == "duckdb":
        source = module.sql("select * from (values ('a', 1.0::double), ('b', null), ('a', 3.0)) t(key, x)")
    else:
        source = module.DataFrame({"key": ["a", "b", "a"], "x": [1.0, None, 3.0]})
    scan = stream.scan(source, columns=["key", "x"])
    assert_same_column(scan.score("x", by="key").to_arrow()["score"].to_pylist(), [1.0, None, 3.9])
    assert scan.filter(("key", "==", "a")).group_sum("x", by="key").to_pydict() == {
        "key": ["a"],
        "sum": [4.0],
        "count": [2],
    }
    if library != "duckdb":
        assert_same_column(stream.scan(source["x"]).to_arrow()["value"].to_pylist(), [1.0, None, 3.0])


def test_a_file_that_pandas_reads_in_chunks(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = write(pa.table({"x": [1.0, None, 3.5], "k": ["a", "b", "c"]}), tmp_path / "in.csv")
    with pandas.read_csv(path, chunksize=2) as chunks:
        assert stream.scan(chunks).score("x").to_arrow()["score"].to_pylist() == [1.0, None, 4.4]


def test_columns_of_objects():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": pandas.Series([1, None, 3], dtype=object)})
    assert stream.scan(frame).to_arrow()["x"].to_pylist() == [1, None, 3]
    frame["y"] = [1, "a", 2]
    with pytest.raises(TypeError, match=r"the source: .*column y.*leave the column out"):
        stream.scan(frame).score("x").to_numpy("score")


def write(table, path):
    writers = {".parquet": parquet.write_table, ".csv": csv.write_csv, ".feather": feather.write_feather}
    writers[path.suffix](table, path)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather"])
@pytest.mark.parametrize("as_text", [False, True])
def test_files_are_read_and_written(tmp_path, suffix, as_text):
    table = pa.table({"key": ["a", "b"] * 50_000, "x": np.arange(100_000) / 4})
    path = write(table, tmp_path / f"in{suffix}")
    out = tmp_path / f"out{suffix}"
    stream.scan(str(path) if as_text else path).score("x", by="key").write(str(out) if as_text else out)
    result = stream.scan(out).to_arrow()
    expected, _ = scored(table["x"].to_pylist(), table["key"].to_pylist())
    assert_same_column(result["score"].to_pylist(), expected)
    assert result["key"].to_pylist() == table["key"].to_pylist()


def test_batches_have_at_most_so_many_rows(tmp_path):
    path = write(pa.table({"x": np.arange(1000.0)}), tmp_path / "in.parquet")
    for source in (path, pa.table({"x": np.arange(1000.0)}), iter(range(1000)), ds.dataset(path)):
        sizes = [batch.num_rows for batch in stream.scan(source, batch_rows=300).batches()]
        assert sum(sizes) == 1000
        assert max(sizes) == 300


def rows_read(plan):
    """How many rows and which columns a stream takes from its source."""
    from numpy_ext.stream._run import Run

    this = Run(plan._plan, {}, needed=lambda names: names.names[:1])
    list(this.batches())
    return this.rows, this._columns()


@pytest.mark.parametrize("sign", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("value", [-1, 0, 2.5, 7, 20, 39, 100])
def test_row_groups_are_left_out_and_no_row_is_lost(tmp_path, sign, value):
    values = np.arange(40.0)
    values[::5] = np.nan
    values[30:] = 7.0
    values[35] = np.nan
    table = pa.table({"x": pa.array(values, mask=np.arange(40) % 7 == 3), "row": np.arange(40)})
    parquet.write_table(table, tmp_path / "in.parquet", row_group_size=5)
    filtered = stream.scan(tmp_path / "in.parquet").filter(("x", sign, value))
    plain = {"==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
    expected = [
        row
        for row, x in enumerate(table["x"].to_pylist())
        if x is not None and getattr(x, plain[sign])(float(value))
    ]
    assert filtered.to_numpy("row").tolist() == expected
    assert filtered.filter(lambda r: r >= 0, column="row").to_numpy("row").tolist() == expected


def test_row_groups_in_which_no_row_can_be_meant_are_not_read(tmp_path):
    table = pa.table({"x": np.arange(1000), "y": np.arange(1000)})
    parquet.write_table(table, tmp_path / "in.parquet", row_group_size=100)
    source = stream.scan(tmp_path / "in.parquet")
    assert rows_read(source) == (1000, ["x"])
    assert rows_read(source.filter(("x", ">=", 950))) == (100, ["x"])
    assert rows_read(source.filter([("x", ">=", 250), ("x", "<", 320)]).score("y")) == (200, ["x", "y"])
    assert rows_read(source.filter(("x", ">=", 250)).filter(("y", "<", 320))) == (200, ["x", "y"])
    # A score needs all rows before the filter.
    assert rows_read(source.score("y").filter(("x", ">=", 950))) == (1000, ["x", "y"])
    last = source.score("y").filter(("x", ">=", 999)).to_numpy("score")
    assert_same_bits(last, nx.rolling_score(np.arange(1000.0))[-1:])


def test_only_the_columns_that_are_needed_are_read(tmp_path):
    table = pa.table({name: np.arange(10.0) for name in "abcd"})
    source = stream.scan(write(table, tmp_path / "in.parquet"))
    assert rows_read(source.filter(pc.field("c") > 2))[1] == ["a", "c"]
    assert rows_read(source.filter(pc.field(3) > 2))[1] == ["a", "b", "c", "d"]
    assert rows_read(source.map(np.sqrt, "b", into="a"))[1] == ["b"]
    assert rows_read(source.map(np.add, ["b", "c"], into="e"))[1] == ["a", "b", "c"]
    assert source.filter(pc.field(3) > 2).pow_sum("a", 1.0) == sum(range(3, 10))
    assert stream.scan(tmp_path / "in.parquet", columns=["d", "b"]).to_arrow().column_names == ["b", "d"]


def test_an_iterator_is_read_once():
    numbers = stream.scan(iter([1.0, 2.0]))
    assert numbers.count() == 2
    with pytest.raises(ValueError, match="the source can be read once, and was"):
        numbers.count()


@pytest.mark.parametrize(
    "source",
    [
        [],
        iter([]),
        np.array([]),
        [np.array([])],
        pa.table({"value": pa.array([], pa.float64())}),
        pa.chunked_array([], pa.float64()),
    ],
    ids=["list", "iterator", "array", "arrays", "table", "chunks"],
)
def test_a_source_without_rows_gives_results_without_rows(tmp_path, source):
    source = source if isinstance(source, list) or not hasattr(source, "__next__") else list(source)
    numbers = stream.scan(source)
    assert numbers.score().map(np.sqrt, "score").to_numpy("score").shape == (0,)
    assert numbers.to_arrow().schema.names == ["value"]
    assert numbers.pow_sum("value", 2.0) == 0.0
    assert numbers.count() == 0
    assert list(numbers.batches()) == []
    assert numbers.map(lambda x: x > 1, into="k").group_mean("value", by="k").num_rows == 0
    numbers.score().write(tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").schema.names == ["value", "score"]


def test_a_column_of_nulls_alone_has_no_values():
    nulls = stream.scan({"k": ["a", "b"], "x": [None, None]})
    assert nulls.score("x", by="k").to_arrow()["score"].to_pylist() == [None, None]
    assert nulls.score("x").to_arrow()["score"].type == pa.float64()
    assert nulls.pow_sum("x", 2.0) == nulls.weighted_sum("x", "x") == 0.0
    assert nulls.group_sum("x", "k").to_pydict() == {"k": ["a", "b"], "sum": [0.0, 0.0], "count": [0, 0]}


def test_a_source_without_rows_that_match():
    assert stream.scan([1.0]).filter(lambda x: x > 1).score().to_numpy("score").shape == (0,)


# What is wrong is told by name.


def test_columns_that_change_are_told(tmp_path):
    batches = [pa.record_batch({"x": [1]}), pa.record_batch({"x": [1.5]})]
    with pytest.raises(ValueError, match="batch 1 has the columns 'x': double; those before have 'x': int64"):
        stream.scan(batches).to_numpy()
    batches = [{"x": [1]}, {"y": [1]}]
    with pytest.raises(ValueError, match="batch 1 has the columns 'y': int64"):
        stream.scan(batches).count()
    batches = [pa.record_batch({"k": ["a"], "x": [1]}), pa.record_batch({"k": ["a"], "x": [1.5]})]
    with pytest.raises(ValueError, match="has the columns 'x': double; those before have 'x': int64; make"):
        stream.scan(batches).to_arrow()
    for name, x in (("a", [1]), ("b", [1.5])):
        parquet.write_table(pa.table({"k": ["a"], "x": x}), tmp_path / f"{name}.parquet")
    dataset = ds.dataset([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    with pytest.raises(
        ValueError, match=r"b\.parquet' has 'x': double, and the dataset 'x': int64; give .*schema="
    ):
        stream.scan(dataset).score("x").to_arrow()
    never_null = pa.schema([pa.field("x", pa.int64(), nullable=False)])
    batches = [pa.record_batch([[1]], schema=never_null), pa.record_batch({"x": [1]})]
    with pytest.raises(ValueError, match="'x': int64; those before have 'x': int64 not null"):
        stream.scan(batches).to_arrow()


def twice():
    return pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["a"])], ["x", "x", "k"])


@pytest.mark.parametrize(
    ("source", "call", "error", "message"),
    [
        (
            {"x": [1]},
            lambda s: s.score("y").to_arrow(),
            ValueError,
            "column: the source has no column 'y'; it has 'x'",
        ),
        (
            {"x": [1]},
            lambda s: s.score("x", by="y").to_arrow(),
            ValueError,
            "by: the source has no column 'y'",
        ),
        (
            {"x": ["a"]},
            lambda s: s.score("x").to_arrow(),
            TypeError,
            "column: 'x' is of type string; a score needs",
        ),
        (
            {"x": ["a"]},
            lambda s: s.pow_sum("x", 2.0),
            TypeError,
            "column: 'x' is of type string; a sum needs",
        ),
        (
            {"x": [1], "y": [1]},
            lambda s: s.score().to_arrow(),
            ValueError,
            "columns 'x', 'y'; name one of them",
        ),
        (
            {"x": [1]},
            lambda s: s.score("x", into="x").to_arrow(),
            ValueError,
            "into: .* has a column 'x' already",
        ),
        ({"x": [1]}, lambda s: s.score(1).to_arrow(), TypeError, "column is 1; a column is named by a str"),
        (twice(), lambda s: s.score("x").to_arrow(), ValueError, "has 2 columns 'x'"),
        (twice(), lambda s: s.map(len, "k", into="x").to_arrow(), ValueError, "several columns 'x'"),
        ({"x": [1], "k": [[1]]}, lambda s: s.group_sum("x", "k"), TypeError, "by: 'k' is of type list"),
        ({"x": [1], "sum": [1]}, lambda s: s.group_sum("x", "sum"), ValueError, "rename the key"),
        (
            {"w": ["a"], "x": [1]},
            lambda s: s.weighted_sum("w", "x"),
            TypeError,
            "weights: 'w' is of type string",
        ),
        ({"x": [1, 2]}, lambda s: s.map(np.sum).to_arrow(), ValueError, r"shape \(\) for 2 values"),
        (
            {"x": [1, 2]},
            lambda s: s.map(lambda x: x[:1]).to_arrow(),
            ValueError,
            r"shape \(1,\) for 2 values",
        ),
        ({"x": [1, 2]}, lambda s: s.map(lambda x: x * 1j).to_arrow(), TypeError, "complex128 is no column"),
        (
            {"x": [1, 2]},
            lambda s: s.filter(lambda x: x).to_arrow(),
            TypeError,
            "gave int64; a mask is boolean",
        ),
        ({"x": [1, 2]}, lambda s: s.filter(lambda x: x[:1] > 0).to_arrow(), ValueError, r"shape \(1,\)"),
        ({"x": [1]}, lambda s: s.filter(pc.field("y") > 0).to_arrow(), TypeError, "filter: .*No match for"),
        (
            {"x": [1]},
            lambda s: s.filter(("y", ">", 0)).to_arrow(),
            ValueError,
            "filter: .* has no column 'y'",
        ),
        ({"x": ["a"]}, lambda s: s.filter(("x", ">", 0)).to_arrow(), TypeError, "filter: .* does not fit"),
        ({"x": [1]}, lambda s: s.filter(("x", "~", 0)), ValueError, "'~' is no operator; known are =="),
        ({"x": [1]}, lambda s: s.filter(("x", "==", None)), ValueError, "is_null"),
        ({"x": [1]}, lambda s: s.filter(("x", ">")), TypeError, "is no condition"),
        ({"x": [1]}, lambda s: s.filter([]), ValueError, "holds no condition"),
        ({"x": [1]}, lambda s: s.filter(3), TypeError, "filter: 3 cannot be called"),
        ({"x": [1]}, lambda s: s.map(None), TypeError, "map: None cannot be called"),
        ({"x": [1]}, lambda s: s.map(abs, []).to_arrow(), ValueError, "column is empty"),
        ({"x": [1]}, lambda s: s.score(state={}).to_arrow(), TypeError, "it must be a State"),
        ({"x": [1]}, lambda s: s.map(abs, into=3).to_arrow(), TypeError, "into is 3; a column is named by"),
        ({"x": [1]}, lambda s: s.score(into=3).to_arrow(), TypeError, "into is 3; a column is named by"),
        ({"x": [1]}, lambda s: s.pow_sum("x", "2"), TypeError, "p is '2'; a power is a real number"),
        ({"x": [1]}, lambda s: s.filter(("x", ">", 2**64)), ValueError, "is no value that a column can hold"),
        ({"x": [1]}, lambda s: s.filter(("x", ">", object())), ValueError, "no value that a column can hold"),
        ({"x": [1]}, lambda s: s.count(state=1), TypeError, "it must be a State"),
        ({"x": [1]}, lambda s: s.write("out.xlsx"), ValueError, "has the suffix '.xlsx'"),
    ],
)
def test_bad_calls_are_told(source, call, error, message):
    with pytest.raises(error, match=message):
        call(stream.scan(source))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (None, TypeError, "source is NoneType; a stream reads"),
        (3.0, TypeError, "source is float"),
        (b"in.parquet", TypeError, "source is bytes"),
        (["a.parquet"], TypeError, "which is no batch.*pyarrow.dataset"),
        ([object()], TypeError, "which is no batch, array or number"),
        (np.zeros(2, complex), TypeError, "an array of complex128 is no column"),
        (np.zeros(2, "longdouble"), TypeError, "is no column: Arrow has no such type"),
        (np.zeros((2, 2)), ValueError, r"shape \(2, 2\) is no column"),
        (np.zeros(2, "f8,i4"), TypeError, "records.to_arrow"),
        ({"x": [1], "y": [1, 2]}, ValueError, "length"),
        (
            {"x": [1], "y": [1, "a"]},
            TypeError,
            "column 'y': .*give values of one type, or leave the column out",
        ),
        ([[1, "a"]], TypeError, "column 'value': Could not convert 'a'"),
        ([1, "a"], TypeError, "the numbers of the source: Could not convert 'a'"),
        ([2**64], TypeError, "the numbers of the source: .*too large"),
        ("table.xlsx", ValueError, "has the suffix '.xlsx'"),
        ("missing.parquet", FileNotFoundError, "missing.parquet"),
    ],
)
def test_bad_sources_are_told(source, error, message):
    with pytest.raises(error, match=message):
        stream.scan(source).to_arrow()


def test_other_arguments_of_scan_are_checked():
    with pytest.raises(ValueError, match="batch_rows is 0"):
        stream.scan([1.0], batch_rows=0)
    with pytest.raises(ValueError, match="columns: the source has no column 'y'"):
        stream.scan({"x": [1]}, columns=["y"]).to_arrow()
    with pytest.raises(TypeError, match="columns is 3; it is the name of a column or a list of names"):
        stream.scan({"x": [1]}, columns=3)
    assert stream.scan({"x": [1], "y": [2]}, columns="y").to_arrow().column_names == ["y"]


def test_a_map_gives_one_type_for_all_batches():
    with pytest.raises(TypeError, match="map: the function gave int64 after double"):
        stream.scan([[1.0], [2.0]]).map(lambda x: x if x[0] == 1 else x.astype(int)).to_numpy()


def test_a_csv_file_whose_columns_change_their_type_far_down(tmp_path):
    path = tmp_path / "in.csv"
    with path.open("w") as file:
        file.write("id,x\n" + "1,2\n" * 2_000_000 + "one,2.5\n")
    table = stream.scan(path).filter(("x", ">", 2)).to_arrow()
    assert table.to_pydict() == {"id": ["one"], "x": [2.5]}
    with pytest.raises(ValueError, match=r"column 'id' changes its type: .*open_csv"):
        list(stream.scan(path).batches())


def test_a_csv_column_that_begins_with_nulls_alone_holds_numbers(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,x\n" + "1,\n" * 2_000_000 + "1,2.5\n")
    *_, last = stream.scan(path).score("x").batches()
    assert last["score"][-1].as_py() == 2.5
    assert stream.scan(path).pow_sum("x", 2.0) == 6.25


# Files stay whole, and states stay where they were.


def failing(batches, error):
    yield from batches
    raise error


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.feather"])
def test_a_source_that_fails_leaves_file_and_state_as_they_were(tmp_path, name, error):
    path, state = tmp_path / name, stream.State()
    stream.scan([1.0]).score(state=state).to_arrow()
    path.write_text("old")
    batches = failing([np.ones(2_000_000)], error)
    with pytest.raises(type(error)):
        stream.scan(batches).score(state=state).write(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [name]
    assert state.value == 1.0


def test_threads_end_with_the_run(tmp_path):
    path = write(pa.table({"x": np.ones(300_000)}), tmp_path / "in.parquet")
    before = threading.active_count()
    batches = stream.scan(path, batch_rows=1000).batches()
    next(batches)
    batches.close()
    with pytest.raises(ZeroDivisionError):
        stream.scan(path, batch_rows=1000).map(lambda x: x * (1 // 0)).write(tmp_path / "out.parquet")
    assert threading.active_count() == before


def test_csv_holds_no_lists(tmp_path):
    lists = stream.scan({"x": [1], "parts": [[1, 2]]})
    with pytest.raises(
        ValueError, match=r"a CSV file cannot hold 'parts', which is of type list<.*leave it out"
    ):
        lists.write(tmp_path / "out.csv")
    assert not any(tmp_path.iterdir())
    lists.write(tmp_path / "out.feather")
    assert stream.scan(tmp_path / "out.feather").to_arrow()["parts"].to_pylist() == [[1, 2]]


def test_the_output_is_not_the_input(tmp_path):
    path = write(pa.table({"x": [1.0]}), tmp_path / "in.parquet")
    with pytest.raises(ValueError, match="are the same file"):
        stream.scan(path).write(path)
    assert parquet.read_table(path).num_rows == 1


def test_a_state_that_is_taken_twice_is_refused():
    state = stream.State()
    twice = stream.scan([1.0]).score(state=state).score("value", into="again", state=state)
    with pytest.raises(ValueError, match="two places"):
        twice.to_arrow()


def test_small_batches_are_written_as_large_row_groups(tmp_path):
    stream.scan(np.arange(100_000.0), batch_rows=100).write(tmp_path / "out.parquet")
    assert parquet.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups == 1


def test_dates_as_keys_and_in_conditions():
    days = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 2)]
    source = stream.scan({"day": days, "x": [1.0, 2.0, 4.0]})
    assert source.group_sum("x", by="day")["sum"].to_pylist() == [5.0, 2.0]
    assert source.filter(("day", "==", date(2024, 1, 2))).to_numpy("x").tolist() == [1.0, 4.0]


def test_keys_that_compare_equal_are_one_key():
    source = stream.scan({"k": [0.0, -0.0, math.nan, -math.nan], "x": [1.0, 2.0, 3.0, 4.0]}, batch_rows=1)
    assert source.group_sum("x", by="k")["sum"].to_pylist() == [3.0, 7.0]


# The module.


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=Path(__file__).parent,  # in the folder above stands a numpy_ext without its extension
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_numpy_ext_alone_imports_no_pyarrow():
    code = """
import sys, numpy_ext
print("pyarrow" in sys.modules)
numpy_ext.stream
print("pyarrow" in sys.modules)
"""
    assert run(code).split() == ["False", "True"]


def test_a_missing_pyarrow_names_the_extra():
    code = """
import sys
sys.modules["pyarrow"] = None
import numpy_ext
for use in (lambda: numpy_ext.stream, lambda: __import__("numpy_ext.stream")):
    try:
        use()
    except ImportError as error:
        print(error)
"""
    message = "numpy_ext.stream needs pyarrow: pip install 'numpy-ext-ufuncs[arrow]'"
    assert run(code).splitlines() == [message, message]


def test_the_module_has_no_other_names():
    with pytest.raises(AttributeError, match="has no attribute 'streams'"):
        nx.streams  # noqa: B018


PEAK = """
import resource, sys
import pyarrow.csv, pyarrow.parquet, pyarrow.compute
from numpy_ext import stream
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stream.scan(sys.argv[1]).filter(("y", ">", 0.1)).map(abs, "z").score("x").write(sys.argv[2])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_is_bounded_by_batches(tmp_path):
    """A file of 240 MB in a single row group takes less than 200 MB above the imports."""
    path, rows = tmp_path / "in.parquet", 10_000_000
    columns = {name: np.random.default_rng(0).random(rows) for name in "xyz"}
    parquet.write_table(
        pa.table(columns), path, row_group_size=rows, compression="none", use_dictionary=False
    )
    assert path.stat().st_size > 240_000_000
    assert int(run(PEAK, path, tmp_path / "out.parquet")) < 200


@pytest.mark.parametrize(
    "name", [*(f"Stream.{name}" for name in vars(stream.Stream) if name[0] != "_"), *stream.__all__]
)
def test_every_public_name_has_an_example_that_runs(name, tmp_path, monkeypatch):
    import doctest
    import operator

    monkeypatch.chdir(tmp_path)
    doc = operator.attrgetter(name)(stream).__doc__
    examples = doctest.DocTestParser().get_doctest(doc, {}, name, None, None)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0
