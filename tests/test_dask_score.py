"""The rolling score of cut series equals that in memory bit for bit, whatever the chunks."""

import numpy as np
import pytest

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import assert_same_bits

import numpy_ext as nx
import numpy_ext.dask as nxd
from numpy_ext.dask import _score


@pytest.fixture(autouse=True, scope="module")
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def loop(x, rise, fall, state):
    scores = []
    for value in x.tolist():
        state = state * rise + value if value > state else state * fall
        scores.append(state)
    return scores


def with_inf_and_nan(random, n):
    return random.choice([np.inf, -np.inf, np.nan, 1.0, 2.0, -3.0], n, p=[0.001, 0.1, 0.1, 0.2, 0.3, 0.299])


KINDS = {
    "normal": lambda random, n: random.normal(size=n) * 50,
    "constant": lambda _, n: np.full(n, 100.0),
    "prices": lambda random, n: 100 + np.cumsum(random.normal(scale=0.1, size=n)),
    "dips": lambda random, n: np.where(random.random(n) < 0.01, 80.0, 100.0),
    "falling": lambda _, n: -np.arange(n, dtype=float),
    "levels and noise": lambda random, n: np.where(np.arange(n) % 2000 < 1000, 100.0, random.normal(size=n)),
    "zeros of both signs": lambda random, n: random.choice([0.0, -0.0, 5e-324, -5e-324], n),
    "infinite and NaN": with_inf_and_nan,
}
FACTORS = [(0.9, 0.5), (1.0, 1.0), (0.9, -0.5), (0.999, 0.99), (1.1, 0.3), (0.0, 0.0)]


@st.composite
def cuts(draw, n):
    places = sorted(draw(st.lists(st.integers(0, n), max_size=6)))
    return tuple(np.diff([0, *places, n]).tolist())


@st.composite
def calls(draw):
    ndim = draw(st.integers(1, 3))
    axis = draw(st.integers(-ndim, ndim - 1))
    shape = [draw(st.integers(0, 4)) for _ in range(ndim)]
    shape[axis] = draw(st.sampled_from([0, 1, 2, 255, 256, 257, 700, 3000]))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    dtype = np.dtype(draw(st.sampled_from(["?", "i1", "u8", "f2", "f4", "f8", "g"])))
    x = KINDS[draw(st.sampled_from(list(KINDS)))](random, int(np.prod(shape))).reshape(shape)
    if dtype.kind in "biu":
        x = np.nan_to_num(np.abs(x), posinf=9) % 100
    chunks = tuple(draw(cuts(n)) for n in shape)
    state = draw(st.sampled_from([0.0, -0.0, 7.0, -1e4, np.nan]))
    if draw(st.booleans()):
        state = random.normal(size=np.delete(shape, axis))
    return x.astype(dtype), chunks, axis, *draw(st.sampled_from(FACTORS)), state


@settings(max_examples=150)
@given(calls())
def test_it_is_that_in_memory(call):
    x, chunks, axis, rise, fall, state = call
    with np.errstate(all="ignore"):
        expected, last = nx.rolling_score_resume(np.moveaxis(x, axis, -1), rise, fall, state)
        lazy = da.from_array(x, chunks=chunks)
        scores, states = nxd.rolling_score(lazy, rise, fall, state, axis=axis, return_state=True)
        assert scores.chunks == lazy.chunks
        assert (scores.dtype, states.dtype) == (expected.dtype, expected.dtype)
        found, found_last = dask.compute(scores, states)
        alone = nxd.rolling_score(lazy, rise, fall, state, axis=axis).compute()
    assert_same_bits(found, np.ascontiguousarray(np.moveaxis(expected, -1, axis)))
    assert_same_bits(alone, found)
    assert_same_bits(np.asarray(found_last), np.asarray(last))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rise", "fall"), FACTORS)
def test_it_is_the_plain_loop(kind, rise, fall):
    x = KINDS[kind](np.random.default_rng(3), 3000)
    for chunks in (1000, 333, (1, 2, 997, 0, 2000)):
        with np.errstate(invalid="ignore"):
            found = nxd.rolling_score(da.from_array(x, chunks=chunks), rise, fall, -2.0).compute()
        assert_same_bits(found, np.array(loop(x, rise, fall, -2.0)))


def test_on_threads():
    x = np.random.default_rng(4).normal(size=(5, 20_000))
    found = nxd.rolling_score(da.from_array(x, chunks=(2, 700))).compute(scheduler="threads")
    assert found.tolist() == [loop(row, 0.9, 0.5, 0.0) for row in x]


def test_chunks_of_unknown_sizes():
    x = np.random.default_rng(5).normal(size=2000)
    lazy = da.from_array(x, chunks=300)
    some = lazy[lazy > 0]
    scores, state = nxd.rolling_score(some, return_state=True)
    expected = loop(x[x > 0], 0.9, 0.5, 0.0)
    assert scores.compute().tolist() == expected
    assert float(state) == expected[-1]


def test_parameters_of_each_series_may_be_lazy_and_states_go_on():
    x = np.random.default_rng(6).normal(size=(4, 600))
    rise = np.array([0.9, 0.8, 1.0, 0.5])
    lazy = da.from_array(x, chunks=(2, 100))
    first, state = nxd.rolling_score(lazy[:, :250], da.from_array(rise, chunks=3), return_state=True)
    second = nxd.rolling_score(lazy[:, 250:], rise, state=state)
    found = da.concatenate([first, second], axis=1).compute()
    assert found.tolist() == [loop(row, r, 0.5, 0.0) for row, r in zip(x, rise, strict=True)]


@pytest.mark.parametrize("kind", ["normal", "constant", "prices", "dips", "falling", "levels and noise"])
def test_the_walk_looks_at_few_values(kind, monkeypatch):
    """However long a chunk is, and whatever the phase of its beginning: few spans are asked for."""
    n, looked = 20_000, []
    x = KINDS[kind](np.random.default_rng(7), 4 * n)
    scores = np.array(loop(x, 0.9, 0.5, 0.0))
    rise, fall, spans = np.array(0.9), np.array(0.5), _score._spans

    def counted(chunk):
        for span in spans(chunk):
            looked.append(span.size)
            yield span

    for start in range(n, n + 20):
        chunk = x[start : start + n]
        guesses = _score._guess(chunk, rise, fall)
        with monkeypatch.context() as patch:
            patch.setattr(_score, "_spans", counted)
            last = _score._walk(chunk, guesses, rise, fall, scores[start - 1])
        assert last == scores[start + n - 1]
        assert sum(looked) <= n / 10
        looked.clear()


def test_flags_are_those_of_the_true_run_alone():
    """A guess from 0 would lift each value by 1e250, past the limits; the true score is above them all."""
    x = 1e150 * np.arange(1, 1001)
    lazy = da.from_array(x, chunks=100)
    with np.errstate(all="raise"):
        found = nxd.rolling_score(lazy, 1e250, 1.0, 1e300).compute()
        with pytest.raises(FloatingPointError, match="overflow"):
            nxd.rolling_score(lazy, 1e250, 1.0, 0.0).compute()
    assert found.tolist() == [1e300] * 1000
