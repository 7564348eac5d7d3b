"""lift on pandas: three families of dtypes, alignment, frames."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from null_reference import CASES, POLICIES, Recorder, check, lists

import numpy_ext as nx

pd = pytest.importorskip("pandas")

DTYPES = ["float64", "Float64", "Float32", "Int64", "UInt64", "Int8", "boolean"]
try:
    import pyarrow as pa

    DTYPES += ["double[pyarrow]", "int64[pyarrow]", "uint8[pyarrow]"]
except ImportError:
    pa = None


def back(series):
    return [None if missing else value for value, missing in zip(series.tolist(), series.isna(), strict=True)]


def number(value):
    return None if pd.isna(value) else float(value)


@pytest.mark.parametrize("nulls", POLICIES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=15)
@given(data=st.data())
def test_series_give_what_a_loop_gives(name, nulls, dtype, data):
    if (name, dtype) == ("rolling_score", "Float32"):
        pytest.skip("the loop has float64")
    if dtype == "boolean" and name != "weighted_sum":
        pytest.skip("other results for bools than for numbers")
    columns = data.draw(lists(CASES[name].columns))
    if dtype == "boolean":
        columns = [[None if v is None else v > 3 for v in column] for column in columns]

    def make(values):
        return pd.Series(values, dtype=dtype, index=[f"row {k}" for k in range(len(values))])

    check(CASES[name], columns, nulls, make, back, number)


@pytest.mark.parametrize("dtype", DTYPES)
def test_index_name_and_family_come_back(dtype):
    index = pd.Index(["a", "a", "b"], name="key")
    x = pd.Series([1, None, 1], index=index, name="x", dtype="float64").astype(dtype)
    found = nx.lift(nx.rolling_score, nulls="skip")(x)
    assert found.index is index or found.index.equals(index)
    assert found.index.name == "key"
    assert found.name == "x"
    family = type(x.dtype) if "pyarrow" in dtype else None
    if family:
        assert isinstance(found.dtype, family)
    elif dtype == "float64":
        assert found.dtype == np.float64
    else:
        assert str(found.dtype) in ("Float64", "Float32")
    assert nx.lift(nx.axpy)(2.0, x, x.rename("y")).name is None
    assert nx.lift(nx.axpy)(2.0, x, x).name == "x"


def test_families_that_meet():
    plain = pd.Series([1.0, 2.0])
    nullable = pd.Series([1, None], dtype="Int64")
    assert str(nx.lift(np.add)(plain, nullable).dtype) == "Float64"
    assert str(nx.lift(np.add)(nullable, nullable).dtype) == "Int64"
    if pa is not None:
        arrow = pd.Series([None, 2], dtype="int64[pyarrow]")
        assert str(nx.lift(np.add)(nullable, arrow).dtype) == "int64[pyarrow]"


def test_integers_stay_exact_and_numpy_columns_become_nullable_for_nulls():
    big = pd.Series([2**53 + 1, None, 2**62 + 1], dtype="Int64")
    assert back(nx.lift(np.add)(big, 1)) == [2**53 + 2, None, 2**62 + 2]
    plain = pd.Series([2**53 + 1, 2**62 + 1])
    found = nx.lift(np.add)(plain, pd.NA)
    assert str(found.dtype) == "Int64"
    assert back(found) == [None, None]
    found = nx.lift(np.greater)(pd.Series([1.0, np.nan]), 0.0)
    assert str(found.dtype) == "boolean"
    assert back(found) == [True, None]


def test_different_indexes_align_as_for_plus():
    x = pd.Series([2**53 + 1, 2, 3], index=["a", "b", "c"])
    y = pd.Series([10, 20], index=["c", "z"])
    found = nx.lift(np.add)(x, y)
    assert found.index.tolist() == (x + y).index.tolist()
    assert back(found) == [None, None, 13, None]
    again = nx.lift(nx.axpy)(x, y, x)
    assert again.index.tolist() == found.index.tolist()
    assert back(again) == [None, None, 33, None]
    floats = nx.lift(nx.axpy)(1.5, x, y)
    assert floats.dtype == np.float64
    assert np.isnan(floats["a"])
    repeated = pd.Series([1.0, 2.0], index=["a", "a"])
    assert nx.lift(np.add)(repeated, pd.Series([10.0], index=["a"])).tolist() == [11.0, 12.0]
    # States have an index of their own.
    _, states = nx.lift(nx.rolling_score_by)(x, [0, 1, 0], 0.9, 0.5, pd.Series([0.0, 0.0], index=["u", "w"]))
    assert states.shape == (2,)


def test_nan_is_a_value_in_nullable_columns():
    values = pd.arrays.FloatingArray(np.array([1.0, np.nan, 3.0, 4.0]), np.array([False, False, True, False]))
    x = pd.Series(values)
    found = nx.lift(nx.rolling_score, nulls="skip")(x).array
    assert np.asarray(found.isna()).tolist()[2]
    assert found[3] == nx.rolling_score([1.0, np.nan, 4.0])[2]
    found = nx.lift(nx.rolling_score, nulls="skip", nan_as_null=True)(x).array
    assert found[3] == nx.rolling_score([1.0, 4.0])[1]
    x = pd.Series([1.0, np.nan, 3.0])
    found = nx.lift(nx.rolling_score, nulls="skip", nan_as_null=False)(x)
    assert found.tolist() == nx.rolling_score(x.to_numpy()).tolist()


def test_what_lies_under_a_null_is_not_computed():
    x = pd.Series(pd.arrays.FloatingArray(np.array([1.0, -1.0, np.inf]), np.array([False, True, True])))
    with np.errstate(all="raise"):
        assert back(nx.lift(np.sqrt)(x)) == [1.0, None, None]
        assert back(nx.lift(np.divide)(1.0, pd.Series([0, 2], dtype="Int64").mask([True, False]))) == [
            None,
            0.5,
        ]


def test_times():
    x = pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-03"]))
    found = nx.lift(np.subtract)(x, pd.Timestamp("2020-01-01"))
    assert found.tolist()[0] == pd.Timedelta(0)
    assert found.isna().tolist() == [False, True, False]
    with pytest.raises(TypeError, match=r"'t'.*time zone"):
        nx.lift(np.subtract)(x.dt.tz_localize("UTC").rename("t"), x)


FRAME = pd.DataFrame({"w": [1, 2, 3], "x": [1.0, np.nan, 3.0], "name": ["u", "v", "w"]}, index=list("abc"))
NUMBERS = FRAME[["w", "x"]]


def test_frames_column_by_column():
    lifted = nx.lift(nx.rolling_score, nulls="skip")
    found = NUMBERS.pipe(lifted)
    assert found.columns.tolist() == ["w", "x"]
    assert found.index.tolist() == list("abc")
    for name in found:
        assert back(found[name]) == back(lifted(NUMBERS[name]))
    totals = NUMBERS.pipe(nx.lift(nx.pow_sum, nulls="skip"), 2.0)
    assert totals.to_dict() == {"w": 14.0, "x": 10.0}
    assert nx.lift(nx.axpy)(2.0, NUMBERS, NUMBERS[["x", "w"]])["w"].tolist() == [3.0, 6.0, 9.0]
    assert nx.lift(nx.axpy)(2.0, NUMBERS, NUMBERS["w"])["w"].tolist() == [3, 6, 9]
    assert nx.lift(np.divmod)(NUMBERS, 2)[1]["w"].tolist() == [1, 0, 1]
    assert nx.lift(nx.group_sum, nulls="skip")(NUMBERS, [0, 1, 0], np.zeros(2)).tolist() == [[4, 2], [4, 0]]
    assert nx.lift(nx.rolling_score)(FRAME[[]]).shape == (3, 0)
    assert nx.lift(nx.pow_sum)(FRAME[[]], 2.0).to_dict() == {}


def test_reductions_of_frames_stay_exact():
    frame = pd.DataFrame({"big": pd.Series([2**53 + 1]), "x": pd.Series([0.5])})
    assert nx.lift(np.vecdot)(frame, [1])["big"] == 2**53 + 1
    nullable = frame.astype({"big": "Int64"})[["big"]]
    found = nx.lift(np.vecdot)(nullable, [1])
    assert str(found.dtype) == "Int64"
    assert found["big"] == 2**53 + 1
    found = nx.lift(nx.pow_sum)(pd.DataFrame({"x": [1, None], "y": [1, 2]}, dtype="Float64"), 2.0)
    assert str(found.dtype) == "Float64"
    assert back(found) == [None, 5.0]


test_reductions_of_frames_stay_exact = pytest.mark.skipif(not hasattr(np, "vecdot"), reason="NumPy before 2")(
    test_reductions_of_frames_stay_exact
)


def test_a_frame_for_several_arguments():
    lifted = nx.lift(nx.weighted_sum, nulls="skip")
    assert NUMBERS.pipe(lifted) == 10.0
    assert FRAME.pipe(lifted, columns=["w", "x"]) == 10.0
    with pytest.raises(ValueError, match=r"takes 2 columns of the frame, which has 3.*name 2 with columns="):
        FRAME.pipe(lifted)
    with pytest.raises(ValueError, match="columns= names 1"):
        FRAME.pipe(lifted, columns="x")
    with pytest.raises(KeyError, match="'y'; the frame has"):
        FRAME.pipe(lifted, columns=["w", "y"])
    with pytest.raises(TypeError, match="2 of them frames"):
        nx.lift(nx.axpy)(NUMBERS, NUMBERS)


def test_an_index_names_columns():
    frame = pd.DataFrame({"key": ["u", "w"], "w": [1, 2], "x": [1.0, 3.0]})
    numbers = frame.select_dtypes("number").columns
    scored = nx.lift(nx.rolling_score)(frame, columns=numbers)
    assert scored.to_dict("list") == {"w": [1.0, 2.9], "x": [1.0, 3.9]}
    assert nx.lift(nx.rolling_score)(frame, columns=numbers.to_numpy()).equals(scored)
    assert nx.lift(nx.rolling_score)(frame, columns=numbers, into=numbers + "_score")["x_score"].tolist() == [
        1,
        3.9,
    ]


def test_into():
    lifted = nx.lift(nx.rolling_score, nulls="skip")
    found = FRAME.pipe(lifted, columns="x", into="score")
    assert found.columns.tolist() == ["w", "x", "name", "score"]
    assert back(found["score"]) == [1.0, None, 3.9]
    assert "score" not in FRAME
    found = FRAME.pipe(lifted, columns=["x", "w"], into=["x", "w"])
    assert back(found["x"]) == [1.0, None, 3.9]
    assert FRAME["x"].tolist()[2] == 3.0
    scored, state = nx.lift(nx.rolling_score_resume, nulls="skip")(
        FRAME, 0.9, 0.5, 0.0, columns="x", into="score"
    )
    assert scored["score"].tolist()[2] == state == 3.9
    with pytest.raises(ValueError, match="2 columns"):
        FRAME.pipe(lifted, columns="x", into=["a", "b"])
    with pytest.raises(ValueError, match="no result for each row"):
        FRAME.pipe(nx.lift(nx.pow_sum), 2.0, columns="x", into="total")
    with pytest.raises(ValueError, match="stands twice"):
        FRAME.pipe(lifted, columns=["x", "w"], into=["a", "a"])
    with pytest.raises(TypeError, match="takes no into= with columns"):
        lifted(FRAME["x"], into="a")


def test_columns_that_are_unfit_are_refused_by_name():
    lifted = nx.lift(nx.rolling_score)
    with pytest.raises(TypeError, match=r"'name'.*dtype (object|str).*columns="):
        lifted(FRAME)
    unfit = {
        "category": pd.Series([1, 2], dtype="category"),
        "object": pd.Series([1, None], dtype=object),
        "zone": pd.Series(pd.to_datetime(["2020", "2021"])).dt.tz_localize("UTC"),
        "period": pd.Series(pd.period_range("2020", periods=2)),
        "sparse": pd.Series(pd.arrays.SparseArray([1.0, 2.0])),
    }
    if pa is not None:
        unfit["text"] = pd.Series(["a", "b"], dtype=pd.ArrowDtype(pa.string()))
        unfit["decimal"] = pd.Series([1, 2], dtype=pd.ArrowDtype(pa.decimal128(5)))
    for name, column in unfit.items():
        with pytest.raises(TypeError, match=f"column '{name}'"):
            lifted(pd.DataFrame({name: column}))
    with pytest.raises(TypeError, match="convert_dtypes"):
        lifted(unfit["object"])
    with pytest.raises(TypeError, match="make a Series of it"):
        nx.lift(np.add)(FRAME["w"], FRAME["w"].array)
    with pytest.raises(TypeError, match="make a Series of it"):
        nx.lift(np.add)(FRAME["w"], FRAME.index)
    with pytest.raises(TypeError, match="argument 1 is a Index of pandas"):
        nx.lift(np.add)(FRAME.index, 1)


def test_names_of_columns_of_every_kind():
    lifted = nx.lift(np.add)
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])
    assert lifted(frame, 1).to_numpy().tolist() == [[2, 3], [4, 5]]
    assert lifted(frame, 1).columns.tolist() == ["x", "x"]
    with pytest.raises(ValueError, match="stands 2 times"):
        lifted(frame, 1, columns="x")
    with pytest.raises(ValueError, match="stand twice"):
        lifted(frame, frame)
    several = frame.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["k", "l"]), axis=1)
    assert lifted(several, 1).columns.equals(several.columns)
    assert lifted(several, 1, columns=("a", 2)).to_numpy().tolist() == [[3], [5]]
    assert lifted(several, 1, columns=("a", 2), into=("b", 1))[("b", 1)].tolist() == [3, 5]
    numbers = frame.set_axis([0, 1.5], axis=1)
    assert lifted(numbers, 1, columns=0).columns.tolist() == [0]
    assert lifted(numbers, 1, columns=[1.5], into=7)[7].tolist() == [3, 5]
    with pytest.raises(ValueError, match="matched by the names"):
        lifted(numbers, several)


def test_lengths_and_libraries_that_do_not_fit():
    x = pd.Series([1.0, 2.0])
    with pytest.raises(ValueError, match="shape"):
        nx.lift(np.add)(x, np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"different lengths: argument 1 \(column 'x'\): 2, argument 2: 3"):
        nx.lift(np.add)(x.rename("x"), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="different lengths: argument 1: 2, argument 2: 1"):
        nx.lift(nx.weighted_sum)(x, [1.0])
    assert nx.lift(np.add)(x, [1.0]).tolist() == [2.0, 3.0]
    with pytest.raises(ValueError, match="parameters are scalars"):
        nx.lift(nx.pow_sum)(x, pd.Series([1.0, 2.0]))
    with pytest.raises(TypeError, match="one library only"):
        nx.lift(np.add)(x, np.ma.array([1.0, 2.0]))


def test_groups():
    table = pd.DataFrame({"key": ["u", "w", "u", "w"], "w": [1, 2, 3, 4], "x": [1.0, 3.0, None, 5.0]})
    score, power = nx.lift(nx.rolling_score, nulls="skip"), nx.lift(nx.pow_sum, nulls="skip")
    groups = table.groupby("key")
    assert back(groups["x"].transform(score)) == [1.0, 3.0, None, 7.7]
    assert groups.transform(score)["w"].tolist() == [1.0, 2.0, 3.9, 5.8]
    assert groups["x"].agg(power, 2.0).to_dict() == {"u": 1.0, "w": 34.0}
    for grouped in (groups, groups["x"]):
        with pytest.raises(TypeError, match=r"GroupBy of pandas, .*transform\(\) or agg\(\)"):
            score(grouped)


def test_partitions_of_dask_are_no_columns():
    dask = pytest.importorskip("dask.dataframe")
    column = dask.from_pandas(pd.Series([1.0, None, 3.0]), npartitions=2)
    with pytest.raises(TypeError, match=r"argument 1 is a Series of Dask, .*numpy_ext\.dask"):
        nx.lift(nx.pow_sum)(column, 2.0)
    with pytest.raises(TypeError, match=r"map_partitions\(\)"):
        nx.lift(nx.axpy, nulls="error")(2.0, column, 1.0)
    assert back(nx.lift(nx.axpy)(2.0, column, 1.0).compute()) == [3.0, None, 7.0]


def test_null_scalars():
    for null in (None, pd.NA, pd.NaT, np.ma.masked):
        assert back(nx.lift(nx.axpy)(null, pd.Series([1.0, 2.0]), 1.0)) == [None, None]
        assert pd.isna(nx.lift(nx.pow_sum)(pd.Series([1.0, 2.0]), null))


def test_a_subclass_comes_back():
    class Prices(pd.Series):
        @property
        def _constructor(self):
            return Prices

    assert type(nx.lift(nx.rolling_score)(Prices([1.0, 2.0]))) is Prices


@pytest.mark.parametrize("dtype", ["float64", "Float64", "int64", "Int32", "double[pyarrow]"])
def test_nothing_is_copied_without_nulls(dtype):
    if "pyarrow" in dtype and pa is None:
        pytest.skip("no pyarrow")
    recorder = Recorder()
    x = pd.Series(np.arange(100_000)).astype(dtype)
    lifted = nx.lift(recorder)
    lifted(x)
    tracemalloc.start()
    found = lifted(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(recorder.seen[0], recorder.seen[1])
    assert peak < 1.4 * found.memory_usage(index=False, deep=True) + 100_000
