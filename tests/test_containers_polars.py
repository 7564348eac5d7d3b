"""lift on Polars: Series, frames, expressions."""

import datetime
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from null_reference import CASES, POLICIES, Recorder, check, lists, scores

import numpy_ext as nx

pl = pytest.importorskip("polars")

DTYPES = [pl.Float64, pl.Int64, pl.UInt64, pl.Int8]
FRAME = pl.DataFrame({"key": ["u", "w", "u", "w"], "w": [1, 2, 3, 4], "x": [1.0, 3.0, None, 5.0]})
NUMBERS = FRAME.select("w", "x")
SKIP = nx.lift(nx.rolling_score, nulls="skip")
infers = pytest.mark.skipif(
    not hasattr(pl, "dtype_of"), reason="Polars that cannot tell a dtype from a dtype"
)


@pytest.mark.parametrize("nulls", POLICIES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@settings(max_examples=25)
@given(data=st.data(), cut=st.integers(0, 5))
def test_series_give_what_a_loop_gives(name, nulls, dtype, data, cut):
    def make(values):
        series = pl.Series("x", values, dtype=dtype)
        return pl.concat([series[:cut], series[cut:]], rechunk=False)

    columns = data.draw(lists(CASES[name].columns))
    check(CASES[name], columns, nulls, make, pl.Series.to_list, lambda value: value)


def test_names_and_dtypes():
    x = pl.Series("x", [1, None, 2**53 + 1])
    found = nx.lift(np.add)(x, x.alias("y"))
    assert found.name == "x"
    assert found.dtype == pl.Int64
    assert found.to_list() == [2, None, 2**54 + 2]
    assert SKIP(x.cast(pl.Float32)).dtype == pl.Float32
    flags = nx.lift(np.logical_not)(pl.Series([True, None, False]))
    assert flags.dtype == pl.Boolean
    assert flags.to_list() == [False, None, True]
    big = pl.Series([2**64 - 1, None], dtype=pl.UInt64)
    assert nx.lift(np.subtract)(big, 1).to_list() == [2**64 - 2, None]
    nothing = nx.lift(nx.axpy)(pl.Series([None, None]), 2.0, 1.0)
    assert nothing.dtype == pl.Float64
    assert nothing.to_list() == [None, None]
    assert nx.lift(nx.axpy)(2.0, x, None).to_list() == [None] * 3
    assert SKIP(pl.Series("x", [], dtype=pl.Float64)).to_list() == []


def test_nan_is_a_value():
    x = pl.Series([1.0, float("nan"), None, 4.0])
    wanted = nx.rolling_score([1.0, np.nan, 4.0]).tolist()
    found = SKIP(x).to_list()
    assert [found[0], found[1], found[3]] == wanted
    assert found[2] is None
    found = nx.lift(nx.rolling_score, nulls="skip", nan_as_null=True)(x).to_list()
    assert found == [1.0, None, None, nx.rolling_score([1.0, 4.0])[1]]


def test_times():
    x = pl.Series("t", [datetime.datetime(2020, 1, 1), None, datetime.datetime(2020, 1, 3)])
    found = nx.lift(np.subtract)(x, x)
    assert found.to_list() == [datetime.timedelta(0), None, datetime.timedelta(0)]
    days = pl.Series("d", [datetime.date(2020, 1, 3), None])
    for start in (np.datetime64("2020-01-01"), np.datetime64("2020-01-01", "s")):
        between = nx.lift(np.subtract)
        assert between(days, start).to_list() == [datetime.timedelta(2), None]
        assert between(days.drop_nulls(), start).to_list() == [datetime.timedelta(2)]
    with pytest.raises(TypeError, match=r"'t'.*time zone"):
        nx.lift(np.subtract)(x.dt.replace_time_zone("UTC"), x)


def test_what_lies_under_a_null_is_not_computed():
    x = pl.Series([1.0, -1.0, 4.0]).zip_with(
        pl.Series([True, False, True]), pl.Series([None], dtype=pl.Float64)
    )
    with np.errstate(all="raise"):
        assert nx.lift(np.sqrt)(x).to_list() == [1.0, None, 2.0]
        assert nx.lift(np.divide)(1, pl.Series([None, 2])).to_list() == [None, 0.5]


def test_unfit_dtypes_are_refused_by_name():
    lifted = nx.lift(nx.rolling_score)
    unfit = {
        "text": pl.Series(["a"]),
        "category": pl.Series(["a"], dtype=pl.Categorical),
        "list": pl.Series([[1.0]]),
        "struct": pl.Series([{"a": 1.0}]),
        "decimal": pl.Series([1], dtype=pl.Int64).cast(pl.Decimal(10, 2)),
        "time": pl.Series([datetime.time(1)]),
        "object": pl.Series([object()], dtype=pl.Object),
    }
    if hasattr(pl, "Int128"):
        unfit["wide"] = pl.Series([1], dtype=pl.Int128)
    for name, series in unfit.items():
        with pytest.raises(TypeError, match=f"column '{name}'.*columns="):
            lifted(pl.DataFrame({name: series}))
    with pytest.raises(TypeError, match="which Polars cannot hold"):
        nx.lift(np.add)(pl.Series([1.0]), 1j)


def test_frames():
    found = NUMBERS.pipe(SKIP)
    assert found.to_dict(as_series=False) == {
        "w": scores([1, 2, 3, 4]),
        "x": [*scores([1, 3]), None, scores([1, 3, 5])[2]],
    }
    totals = NUMBERS.pipe(nx.lift(nx.pow_sum), 2.0)
    assert totals.rows() == [(30.0, None)]
    assert totals.dtypes == [pl.Float64, pl.Float64]
    assert FRAME.pipe(nx.lift(nx.weighted_sum, nulls="skip"), columns=["w", "x"]) == 27.0
    found = FRAME.pipe(SKIP, columns="x", into="score")
    assert found.columns == ["key", "w", "x", "score"]
    assert found["score"].to_list() == [*scores([1, 3]), None, scores([1, 3, 5])[2]]
    assert nx.lift(nx.axpy)(2, NUMBERS, NUMBERS.select("x", "w"))["w"].to_list() == [3, 6, 9, 12]
    with pytest.raises(ValueError, match=r"\['w', 'x'\].*\['x'\]"):
        nx.lift(nx.axpy)(2, NUMBERS, NUMBERS.select("x"))
    with pytest.raises(TypeError, match="column 'key'"):
        FRAME.pipe(SKIP)
    with pytest.raises(KeyError, match="'y'"):
        FRAME.pipe(SKIP, columns="y")
    with pytest.raises(ValueError, match=r"different lengths.*'x'\): 4.*'w'\): 3"):
        nx.lift(np.add)(FRAME["x"], FRAME["w"][:3])


SCORES = [*scores([1, 3]), None, scores([1, 3, 5])[2]]


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_expressions(engine):
    query = FRAME.lazy().select(
        plain=pl.col("x").pipe(SKIP),
        group=SKIP(pl.col("x")).over("key"),
        both=nx.lift(nx.axpy)(2.0, pl.col("w"), pl.col("x")),
    )
    try:
        found = query.collect(engine=engine)
    except (TypeError, ValueError):  # Polars before 1.23
        found = query.collect()
    assert found["plain"].to_list() == SCORES
    assert found["group"].to_list() == [1.0, 3.0, None, scores([3, 5])[1]]
    assert found["both"].to_list() == [3.0, 7.0, None, 13.0]
    assert query.collect_schema().dtypes() == [pl.Float64] * 3


def test_expressions_in_groups():
    total = nx.lift(nx.pow_sum, nulls="skip")(pl.col("x"), 2.0).alias("total")
    both = nx.lift(nx.weighted_sum)(pl.col("w"), pl.col("x")).alias("both")
    found = FRAME.group_by("key").agg(total, both).sort("key")
    assert found.rows() == [("u", 1.0, None), ("w", 34.0, 26.0)]
    found = FRAME.group_by("key").agg(SKIP(pl.col("x"))).sort("key")
    assert found["x"].to_list() == [[1.0, None], [3.0, scores([3, 5])[1]]]
    assert FRAME.select(total).rows() == [(35.0,)]
    assert FRAME.lazy().select(total).collect_schema() == {"total": pl.Float64}


@infers
def test_a_query_knows_the_dtype_before_it_runs():
    frame = FRAME.lazy()
    add, score = nx.lift(np.add), nx.lift(nx.rolling_score)
    query = frame.select(
        a=add(pl.col("w"), 1),
        b=add(pl.col("w").cast(pl.Float32), 1.0),
        c=score(pl.col("w").cast(pl.Float32)),
        d=nx.lift(np.greater)(pl.col("x"), pl.lit(2.0)),
        e=add(pl.col("w"), np.arange(4)),
        f=nx.lift(nx.pow_sum)(pl.col("w"), pl.lit(2.0)),
        g=add(pl.col("w").cast(pl.Float32), pl.lit(1.0)),
        h=add(pl.col("w"), pl.Series([1, None, 1, 1])),
        i=nx.lift(np.subtract)(pl.col("x"), pl.col("x").mean()),
    )
    assert query.collect_schema().dtypes() == query.collect().dtypes
    assert query.collect_schema().dtypes()[:4] == [pl.Int64, pl.Float32, pl.Float32, pl.Boolean]
    assert query.collect_schema()["g"] == pl.Float32
    assert query.collect()["h"].to_list() == [2, None, 4, 5]
    assert query.collect()["i"].to_list() == [-2.0, 0.0, None, 2.0]
    assert query.collect()["e"].to_list() == [1, 3, 5, 7]
    assert query.collect()["f"].to_list() == [30.0] * 4


@infers
def test_expressions_of_several_columns():
    found = NUMBERS.lazy().select(pl.all().pipe(SKIP))
    assert found.collect_schema() == {"w": pl.Float64, "x": pl.Float64}
    assert found.collect()["x"].to_list() == SCORES
    sums = NUMBERS.select(nx.lift(nx.pow_sum, nulls="skip")(pl.col("w", "x"), 2.0))
    assert sums.rows() == [(30.0, 35.0)]
    assert NUMBERS.select(nx.lift(np.add)(pl.all(), 1)).dtypes == [pl.Int64, pl.Float64]
    with pytest.raises(TypeError, match="one column each"):
        nx.lift(np.add)(pl.all(), pl.col("w"))


def test_an_expression_that_gives_another_dtype_than_declared():
    expression = nx.lift(np.add)(pl.col("w"), 1, return_dtype=pl.Int64)
    assert FRAME.select(expression)["w"].to_list() == [2, 3, 4, 5]
    with pytest.raises((TypeError, pl.exceptions.ComputeError), match=r"say return_dtype=pl\.Int64"):
        FRAME.select(nx.lift(np.add)(pl.col("w"), 1, return_dtype=pl.Float32))


def test_map_batches_hands_the_declared_dtype_on():
    column = pl.col("x").map_batches(SKIP, return_dtype=pl.Float64)
    expected = [*scores([1, 3]), None, scores([1, 3, 5])[2]]
    assert FRAME.select(column)["x"].to_list() == expected
    assert FRAME.lazy().select(column).collect()["x"].to_list() == expected
    with pytest.raises((TypeError, pl.exceptions.ComputeError), match=r"say return_dtype=pl\.Float64"):
        FRAME.select(pl.col("x").map_batches(SKIP, return_dtype=pl.Float32))


@infers
def test_an_expression_names_the_column_that_is_unfit():
    for frame in (FRAME, FRAME.lazy()):
        with pytest.raises((TypeError, pl.exceptions.ComputeError), match="column 'key'"):
            frame.select(SKIP(pl.col("key"))).lazy().collect()


def test_selectors_name_columns():
    numbers = pytest.importorskip("polars.selectors").numeric()
    assert FRAME.pipe(SKIP, columns=numbers).equals(NUMBERS.pipe(SKIP))
    assert FRAME.pipe(nx.lift(nx.weighted_sum, nulls="skip"), columns=numbers) == 27.0
    scored = FRAME.pipe(SKIP, columns=pl.col("x"), into="score")
    assert scored["score"].to_list() == FRAME.pipe(SKIP, columns="x")["x"].to_list()


def test_what_is_no_column_yet_is_told():
    with pytest.raises(TypeError, match=r"LazyFrame of polars.*collect\(\) it, or call .* with_columns\(\)"):
        FRAME.lazy().pipe(SKIP, columns="x", into="score")
    with pytest.raises(TypeError, match=r"GroupBy of polars.*its agg\(\)"):
        SKIP(FRAME.group_by("key"))


def test_expressions_with_several_results_are_refused():
    with pytest.raises(TypeError, match="gives 2 results"):
        nx.lift(np.divmod)(pl.col("w"), 2)
    with pytest.raises(TypeError, match="expression is one column"):
        nx.lift(nx.group_sum)(pl.col("w"), pl.col("w"), np.zeros(1))
    with pytest.raises(TypeError, match="takes 3 arguments"):
        nx.lift(nx.axpy)(pl.col("w"), 2)
    with pytest.raises(TypeError, match="takes no into="):
        SKIP(pl.col("x"), into="y")


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_no_engine_cuts_a_series_into_pieces(engine):
    """What is declared elementwise is cut into morsels: not a scan, and no array beside a column."""
    n = 300_000
    x = np.random.default_rng(0).normal(size=n)
    query = (
        pl.LazyFrame({"x": x})
        .with_columns(y=pl.col("x") + 0.5)
        .filter(pl.col("x") > -100)
        .select(
            score=nx.lift(nx.rolling_score)(pl.col("y")),
            beside=nx.lift(nx.axpy)(2.0, pl.col("y"), np.arange(float(n))),
            each=nx.lift(nx.axpy)(2.0, pl.col("y"), 1.0),
        )
    )
    try:
        found = query.collect(engine=engine)
    except (TypeError, ValueError):  # Polars before 1.23
        found = query.collect()
    assert np.array_equal(found["score"].to_numpy(), nx.rolling_score(x + 0.5))
    assert np.array_equal(found["beside"].to_numpy(), 2.0 * (x + 0.5) + np.arange(float(n)))
    assert np.array_equal(found["each"].to_numpy(), 2.0 * (x + 0.5) + 1.0)


def test_a_lifted_function_is_pickled():
    assert pickle.loads(pickle.dumps(SKIP))(FRAME["x"]).to_list() == SCORES


def test_nothing_is_copied_without_nulls():
    recorder = Recorder()
    x = pl.Series(np.arange(100_000.0))
    lifted = nx.lift(recorder)
    lifted(x)
    tracemalloc.start()
    lifted(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(recorder.seen[0], recorder.seen[1])
    assert np.shares_memory(recorder.seen[0], x.to_numpy())
    assert peak < 1.2 * x.len() * 8
