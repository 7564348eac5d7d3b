import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

FLOATS = [np.float32, np.float64]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
PARAMETERS = [0.9, 0.5, 1.0, 1.5, -0.3, 0.0, np.nan, np.inf]


def oracle(x, rise=0.9, fall=0.5, state=0.0):
    """The recurrence, one Python step a value, in the precision of the result."""
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    rise, fall, s = dtype(rise), dtype(fall), dtype(state)
    out = np.empty(len(x), dtype)
    with np.errstate(all="ignore"):
        for i, v in enumerate(x.astype(dtype)):
            s = s * rise + v if v > s else s * fall
            out[i] = s
    return out, s


def scores(x, *parameters):
    return oracle(x, *parameters)[0]


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(size=shape).astype(dtype)
    return (random.normal(size=shape) * 40).astype(np.int64).astype(dtype)


def any_floats(dtype):
    return st.floats(width=np.dtype(dtype).itemsize * 8)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_length_and_layout(dtype, layout):
    for n in LENGTHS:
        x = sample(dtype, n)
        assert_same_bits(nx.rolling_score(layout(x)), scores(x))
        assert_same_bits(nx.rolling_score_resume(layout(x), 0.8, 0.4, 1.0)[0], scores(x, 0.8, 0.4, 1.0))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_out_of_every_layout(dtype, layout):
    x = sample(dtype, 77)
    out = layout(np.zeros(77, dtype))
    assert nx.rolling_score(x, out=out) is out
    assert_same_bits(out.astype(dtype), scores(x))


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
def test_any_values_parameters_and_state(dtype, data):
    x = data.draw(npst.arrays(dtype, st.integers(0, 200), elements=any_floats(dtype)))
    rise, fall, state = (data.draw(st.sampled_from(PARAMETERS) | any_floats(dtype)) for _ in range(3))
    with np.errstate(all="ignore"):
        rise, fall, state = (dtype(value) for value in (rise, fall, state))
        actual, last = nx.rolling_score_resume(x, rise, fall, state)
    expected, expected_last = oracle(x, rise, fall, state)
    assert_same_bits(actual, expected)
    assert_same_bits(last, expected_last)


@pytest.mark.parametrize("dtype", ["b", "Q", "q"])
@given(data=st.data())
def test_any_integers(dtype, data):
    x = data.draw(npst.arrays(dtype, st.integers(0, 100)))
    assert_same_bits(nx.rolling_score(x), scores(x))


@pytest.mark.parametrize("dtype", FLOATS)
@given(cuts=st.lists(st.integers(0, 500), max_size=8), seed=st.integers(0, 1000))
def test_chunks_give_the_bits_of_one_call(dtype, cuts, seed):
    x = sample(dtype, 500, seed=seed)
    state, parts = dtype(0), []
    for part in np.split(x, sorted(cuts)):
        out, state = nx.rolling_score_resume(part, dtype(0.9), dtype(0.5), state)
        parts.append(out)
    assert_same_bits(np.concatenate(parts), scores(x))
    assert_same_bits(state, scores(x)[-1])


@pytest.mark.parametrize("kind", ["constant", "rising", "falling", "alternating", "prices", "tiny", "huge"])
def test_kinds_of_data(kind):
    n = 3000
    x = {
        "constant": np.full(n, 100.0),
        "rising": np.arange(n) * 1.5,
        "falling": -np.arange(n) * 1.5,
        "alternating": np.where(np.arange(n) % 2, 1.0, -1.0),
        "prices": 100 + np.cumsum(sample(float, n)),
        "tiny": sample(float, n) * 5e-324,
        "huge": sample(float, n) * 1e307,
    }[kind]
    with np.errstate(over="ignore"):
        assert_same_bits(nx.rolling_score(x), scores(x))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_any_axis(order, axis):
    x = np.array(sample(float, 5, 6, 7), order=order)
    expected = np.apply_along_axis(scores, axis, x)
    assert_same_bits(nx.rolling_score(x, axis=axis), expected)
    out, state = nx.rolling_score_resume(x, 0.9, 0.5, 0.0, axes=[axis, (), (), (), axis, ()])
    assert_same_bits(out, expected)
    assert_same_bits(state, np.take(expected, -1, axis))


def column_scores(x, rise=0.9, fall=0.5, state=0.0):
    """The recurrence down all columns at once, in NumPy."""
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    x, out = x.astype(dtype), np.empty(x.shape, dtype)
    rise, fall, s = (np.broadcast_to(value, x.shape[1:]).astype(dtype) for value in (rise, fall, state))
    with np.errstate(all="ignore"):
        for i, v in enumerate(x):
            s = np.where(v > s, s * rise + v, s * fall)
            out[i] = s
    return out, s


# On both sides of the tile of series and of the steps that the C computes at once.
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("series", [63, 64, 65, 130])
def test_series_side_by_side(dtype, series):
    for n in (0, 1, 2, 31, 32, 33, 100):
        x = sample(dtype, n, series, seed=n)
        if np.dtype(dtype).kind == "f":
            x[1::7], x[2::11], x[3::13], x[4::17] = np.nan, np.inf, -np.inf, -0.0
        expected, _ = column_scores(x)
        assert_same_bits(nx.rolling_score(x, axis=0), expected)
        assert_same_bits(nx.rolling_score(x, axis=0, out=np.empty_like(expected)), expected)
        assert_same_bits(nx.rolling_score(x[::-1], axis=0), column_scores(x[::-1])[0])
        assert_same_bits(nx.rolling_score(np.asfortranarray(x), axis=0), expected)
        assert_same_bits(nx.rolling_score(x[:, ::-1], axis=0), expected[:, ::-1])


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
def test_series_side_by_side_with_parameters_of_their_own(dtype, data):
    n, series = data.draw(st.integers(0, 40)), data.draw(st.integers(60, 70))
    x = data.draw(npst.arrays(dtype, (n, series), elements=any_floats(dtype), fill=any_floats(dtype)))
    rise, fall, state = (
        np.resize(np.array(data.draw(st.lists(any_floats(dtype), min_size=1, max_size=5)), dtype), series)
        for _ in range(3)
    )
    with np.errstate(all="ignore"):
        actual, last = nx.rolling_score_resume(x, rise, fall, state, axes=[0, (), (), (), 0, ()])
    expected, expected_last = column_scores(x, rise, fall, state)
    assert_same_bits(actual, expected)
    assert_same_bits(last, expected_last)


@pytest.mark.parametrize("dtype", FLOATS)
def test_series_side_by_side_raise_no_stray_flags(dtype):
    largest = np.finfo(dtype).max
    x = np.repeat(np.array([np.nan, 1.0, np.inf, -np.inf, -0.0, 2.0], dtype)[:, None], 70, axis=1)
    axes = [0, (), (), (), 0, ()]
    with np.errstate(all="raise"):
        nx.rolling_score(x, axis=0)
        nx.rolling_score_resume(np.full((9, 70), -largest), dtype(10), dtype(1), largest, axes=axes)
        nx.rolling_score_resume(np.full((9, 70), dtype(-1)), dtype(np.inf), dtype(0.5), dtype(0), axes=axes)
        with pytest.raises(FloatingPointError, match="overflow"):
            nx.rolling_score_resume(np.full((9, 70), largest), dtype(2), dtype(1), largest / 2, axes=axes)


def test_parameters_broadcast_against_series():
    x, rise = sample(float, 3, 20), np.array([[0.9], [0.7]])
    state = np.array([0.0, 1.0, -1.0])
    out, last = nx.rolling_score_resume(x, rise, 0.5, state)
    for i, j in np.ndindex(2, 3):
        assert_same_bits(out[i, j], scores(x[j], rise[i, 0], 0.5, state[j]))
        assert last[i, j] == out[i, j, -1]


def test_one_series_broadcast_by_zero_strides():
    x = np.broadcast_to(sample(float, 9), (4, 9))
    assert_same_bits(nx.rolling_score(x), np.tile(scores(x[0]), (4, 1)))
    constant = np.broadcast_to(2.5, 9)
    assert_same_bits(nx.rolling_score(constant), scores(constant))


def test_nothing_to_score():
    assert nx.rolling_score(np.empty(0)).shape == (0,)
    assert nx.rolling_score(np.empty((3, 0))).shape == (3, 0)
    assert nx.rolling_score(np.empty((0, 3))).shape == (0, 3)
    out, state = nx.rolling_score_resume(np.empty((2, 0)), 0.9, 0.5, [3.0, np.nan])
    assert out.shape == (2, 0)
    assert_same_bits(state, np.array([3.0, np.nan]))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 64, 65, 2000])
def test_in_place_and_overlapping(n):
    x = sample(float, n)
    same = x.copy()
    assert_same_bits(nx.rolling_score(same, out=same), scores(x))
    backwards = x.copy()
    nx.rolling_score(backwards, out=backwards[::-1])
    assert_same_bits(backwards[::-1], scores(x))
    memory = np.zeros(n + 1)
    memory[:n] = x
    nx.rolling_score(memory[:n], out=memory[1:])
    assert_same_bits(memory[1:], scores(x))


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_the_last_state_in_place_of_the_first(value):
    x = sample(float, 5, 70)
    x[2] = value
    state = np.linspace(-1, 1, 70)
    expected, last = column_scores(x, state=state)
    out, _ = nx.rolling_score_resume(x, 0.9, 0.5, state, out=(None, state), axes=[0, (), (), (), 0, ()])
    assert_same_bits(out, expected)
    assert_same_bits(state, last)


def test_input_is_left_alone():
    x = sample(float, 100)
    before = x.copy()
    nx.rolling_score(x)
    assert_same_bits(x, before)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", range(66))
def test_no_stray_flags(dtype, n):
    x = np.resize(np.array([np.nan, 1.0, np.inf, -np.inf, -0.0, 2.0], dtype), n)
    with np.errstate(all="raise"):
        nx.rolling_score(x)
        # The step not taken would overflow, or multiply 0 by infinity.
        largest = np.finfo(dtype).max
        nx.rolling_score_resume(np.full(n, -largest), dtype(10), dtype(1), largest)
        nx.rolling_score_resume(np.full(n, dtype(-1)), dtype(np.inf), dtype(0.5), dtype(0))
    if n > 1:
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
            nx.rolling_score_resume(np.full(n, largest), dtype(2), dtype(1), largest / dtype(2))


def test_result_dtypes():
    assert nx.rolling_score(np.ones(2, np.float32)).dtype == np.float32
    for letter in INTEGERS:
        assert nx.rolling_score(np.ones(2, letter)).dtype == np.float64
    out, state = nx.rolling_score_resume(np.ones(2, np.float32), 0.9, 0.5, 0.0)
    assert out.dtype == state.dtype == np.float32


def test_more_elements_than_32_bits_count():
    n = 2**31 + 5
    total = nx.rolling_score_resume(
        np.broadcast_to(np.int8(1), n), 0.9, 0.5, 0.0, out=(zero_stride(n), None)
    )[1]
    # From 0 the score of ones settles into an orbit of period two; so far in, only the parity counts.
    settled = scores(np.ones(2000 + n % 2))
    assert total == settled[-1]


def zero_stride(n):
    """An output of n elements in the memory of one."""
    return np.lib.stride_tricks.as_strided(np.zeros(1), (n,), (0,))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.rolling_score(np.ones(3, complex)), TypeError),
        (lambda: nx.rolling_score(["a"]), TypeError),
        (lambda: nx.rolling_score([None]), TypeError),
        (lambda: nx.rolling_score(1.0), ValueError),
        (lambda: nx.rolling_score(np.ones(3), out=np.zeros(4)), ValueError),
        (lambda: nx.rolling_score(np.ones(3), out=np.zeros(3, int)), TypeError),
        (lambda: nx.rolling_score(np.ones(3), out=np.broadcast_to(0.0, 3)), ValueError),
        (lambda: nx.rolling_score(np.ones(3), axis=1), ValueError),
        (lambda: nx.rolling_score_resume(np.ones(3), 0.9, 0.5), TypeError),
        (lambda: nx.rolling_score_resume(np.ones((2, 3)), 0.9, 0.5, np.zeros(3)), ValueError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


def test_are_gufuncs_and_travel():
    for function, signature in (
        (nx.rolling_score, "(n)->(n)"),
        (nx.rolling_score_resume, "(n),(),(),()->(n),()"),
    ):
        assert isinstance(function, np.ufunc)
        assert function.signature == signature
        assert pickle.loads(pickle.dumps(function)) is function
