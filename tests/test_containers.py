"""lift: policies on masked and plain arrays, what it takes and refuses. Libraries have files of their own."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from null_reference import CASES, POLICIES, check, lists

import numpy_ext as nx


def masked(values, dtype=float):
    mask = [value is None for value in values]
    return np.ma.array([99 if value is None else value for value in values], mask=mask, dtype=dtype)


def unmasked(result):
    return result.tolist()


def number(result):
    return None if result is np.ma.masked else float(result)


@pytest.mark.parametrize("nulls", POLICIES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["f8", "i8", "u8", "i1"])
@settings(max_examples=40)
@given(data=st.data())
def test_masked_arrays_give_what_a_loop_gives(name, nulls, dtype, data):
    columns = data.draw(lists(CASES[name].columns))
    check(CASES[name], columns, nulls, lambda v: masked(v, dtype), unmasked, number)


SERIES = masked([1, None, 3, None] * 6).reshape(3, 8)
SERIES[1] = np.arange(8.0)
SERIES[2] = np.ma.masked


@pytest.mark.parametrize("nulls", ["propagate", "skip"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_masked_arrays_of_several_series(nulls, axis):
    lifted = nx.lift(nx.rolling_score, nulls=nulls)
    sums = nx.lift(nx.pow_sum, nulls=nulls)
    options = {} if axis is None else {"axis": axis}
    found, totals = lifted(SERIES, **options), sums(SERIES, 2.0, **options)
    columns = SERIES.T if axis == 0 else SERIES  # of which the second has no null, and the third nothing else
    found = found.T if axis == 0 else found
    for series, scores, total in zip(columns, found, totals, strict=True):
        assert scores.tolist() == lifted(series).tolist()
        assert number(total) == number(sums(series, 2.0))


def test_masked_states_and_parameters():
    x, y = masked([1, 2, 3]), masked([5, None])
    scores, states = nx.lift(nx.rolling_score_by)(x, [0, 0, 1], 0.9, 0.5, y)
    assert scores.tolist() == [None] * 3
    assert states.tolist() == [None] * 2
    with pytest.raises(ValueError, match=r"argument 5 has a null.*give it values"):
        nx.lift(nx.rolling_score_by, nulls="skip")(x, [0, 0, 1], 0.9, 0.5, y)
    assert nx.lift(nx.pow_sum)(x, None) is np.ma.masked
    assert nx.lift(nx.axpy)(np.ma.masked, x, 1.0).tolist() == [None] * 3
    assert nx.lift(nx.axpy)(None, x, 1.0).dtype == np.float64


def test_two_core_dimensions():
    rows = np.ma.array(np.arange(6.0).reshape(2, 3), mask=[[0, 1, 0], [0, 0, 0]])
    weights = np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1])
    matvec = getattr(np, "matvec", None) or np.matmul
    assert nx.lift(matvec, nulls="skip")(rows.filled(7.0), weights).tolist() == [14.0, 13.0 - 2.0]
    assert nx.lift(matvec)(rows.filled(7.0), weights).mask.all()


def test_several_outputs_of_numpy():
    quotient, rest = nx.lift(np.divmod)(masked([7, None, 9], int), masked([2, 0, None], int))
    assert quotient.tolist() == [3, None, None]
    assert rest.tolist() == [1, None, None]


def test_what_lies_under_a_null_is_not_computed():
    x = np.ma.array([1.0, -1.0, np.inf, 4.0], mask=[0, 1, 1, 0])
    with np.errstate(all="raise"):
        assert nx.lift(np.sqrt)(x).tolist() == [1.0, None, None, 2.0]
        assert nx.lift(np.divide)(1.0, np.ma.array([0.0, 2.0], mask=[1, 0])).tolist() == [None, 0.5]
        assert nx.lift(np.log)(np.ma.array([0.0, -1.0], mask=True)).tolist() == [None, None]


def test_integers_of_64_bits_stay_exact():
    big = np.ma.array([2**53 + 1, 0, 2**63 + 1], mask=[0, 1, 0], dtype="u8")
    assert nx.lift(np.add)(big, np.uint64(1)).tolist() == [2**53 + 2, None, 2**63 + 2]
    sums = nx.lift(nx.group_sum, nulls="skip")(big, [0, 0, 0], np.zeros(1, "u8"))
    assert sums.tolist() == [2**53 + 2**63 + 2]


def test_plain_arrays_go_to_the_function_unchanged():
    x = np.array([1.0, np.nan, 3.0])
    out = np.empty(3)
    assert nx.lift(nx.axpy)(2.0, x, 1.0, out=out) is out
    assert nx.lift(nx.pow_sum)(np.ones((2, 3)), 2.0, axis=0).tolist() == [2.0] * 3
    assert np.array_equal(nx.lift(nx.rolling_score)(x), nx.rolling_score(x))
    with pytest.raises(TypeError):
        nx.lift(nx.axpy)(2.0, x)


def test_nan_as_null():
    x = np.array([1.0, np.nan, 3.0])
    lifted = nx.lift(nx.rolling_score, nulls="skip", nan_as_null=True)
    assert np.array_equal(lifted(x), [1.0, np.nan, 3.9], equal_nan=True)
    assert lifted(np.ma.array(x)).tolist() == [1.0, None, 3.9]
    assert nx.lift(nx.rolling_score, nulls="skip")(np.ma.array(x)).tolist() == nx.rolling_score(x).tolist()
    with pytest.raises(ValueError, match="no place for it"):
        nx.lift(np.isfinite, nan_as_null=True)(x)
    times = np.array(["2020-01-01", "NaT"], "M8[D]")
    found = nx.lift(np.subtract, nan_as_null=True)(times, times)
    assert np.isnat(found).tolist() == [False, True]


def test_keywords_go_to_the_function():
    x = masked([1, None, 3])
    assert nx.lift(np.add)(x, 1, dtype="f4").dtype == np.float32
    for name in ("out", "where", "axes", "keepdims"):
        with pytest.raises(TypeError, match=f"no {name}="):
            nx.lift(np.add)(x, 1, **{name: None})
    with pytest.raises(TypeError, match="no single core"):
        nx.lift(np.add)(x, 1, axis=0)
    for name in ("columns", "into", "core_dim", "dask", "return_dtype"):
        with pytest.raises(TypeError, match=f"no {name}="):
            nx.lift(np.add)(x, 1, **{name: "x"})
        with pytest.raises(TypeError, match=f"no {name}="):
            nx.lift(np.add)(1, 1, **{name: "x"})


def test_wrong_arguments():
    with pytest.raises(TypeError, match="no ufunc"):
        nx.lift(np.sum)
    with pytest.raises(TypeError, match="no ufunc"):
        nx.lift(3)
    with pytest.raises(ValueError, match='"propagate", "skip" and "error"'):
        nx.lift(np.add, nulls="drop")
    with pytest.raises(TypeError, match="takes 2 arguments, and 1 are given"):
        nx.lift(np.add)(masked([1]))
    with pytest.raises(TypeError, match="argument 1 is a masked array of"):
        nx.lift(np.add)(np.ma.array(["a"]), 1)
    with pytest.raises(TypeError, match="argument 2 is a str"):
        nx.lift(np.add)(masked([1]), "1")
    with pytest.raises(ValueError, match=r"argument 2 has 1 null.*choose"):
        nx.lift(np.add, nulls="error")(1, masked([1, None]))


def test_what_is_lifted_has_a_name_and_is_pickled():
    lifted = nx.lift(nx.rolling_score, nulls="skip", nan_as_null=True)
    assert repr(lifted) == "lift(rolling_score, nulls='skip', nan_as_null=True)"
    assert lifted.__name__ == "rolling_score"
    assert "score" in lifted.__doc__
    again = pickle.loads(pickle.dumps(lifted))
    assert repr(again) == repr(lifted)
    assert again(masked([1, None, 3])).tolist() == [1.0, None, 3.9]


def test_what_is_no_ufunc_but_has_its_attributes():
    made = np.vectorize(lambda x: x + 1, otypes=[float])
    made.nout = 1
    with pytest.raises(TypeError, match="no ufunc"):
        nx.lift(made)
    special = pytest.importorskip("scipy.special")
    assert nx.lift(special.expit)(masked([0, None])).tolist() == [0.5, None]


def test_no_library_is_imported():
    code = (
        "import sys, numpy as np, numpy_ext as nx; nx.lift(nx.rolling_score)(np.ma.array([1.0], mask=True));"
        "sys.exit(bool({'pandas', 'polars', 'pyarrow', 'xarray', 'dask'} & set(sys.modules)))"
    )
    tests = Path(__file__).parent  # in the folder above stands a numpy_ext without its extension
    assert subprocess.run([sys.executable, "-c", code], cwd=tests, check=False).returncode == 0


def test_optional_core_dimensions():
    rows = np.ma.array(np.arange(6.0).reshape(2, 3), mask=[[0, 1, 0], [0, 0, 0]])
    skip, propagate = nx.lift(np.matmul, nulls="skip"), nx.lift(np.matmul)
    assert skip(rows[0], np.ones(3)) == 2.0
    assert propagate(rows[0], np.ones(3)) is np.ma.masked
    assert propagate(rows[1], np.ones(3)) == 12.0
    assert skip(np.ma.stack([rows, rows[::-1]]), np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1])).shape == (2, 2)


def test_columns_longer_than_a_block():
    n = 300_000
    x = np.ma.array(np.arange(n) % 7.0, mask=np.arange(n) % 10 == 3)
    valid = ~x.mask
    scores = nx.lift(nx.rolling_score, nulls="skip")(x)
    assert np.array_equal(scores.data[valid], nx.rolling_score(x.data[valid]))
    assert np.array_equal(scores.mask, x.mask)
    sums = nx.lift(np.add)(x, x)
    assert np.array_equal(sums.data[valid], 2 * x.data[valid])
    assert np.array_equal(sums.mask, x.mask)
