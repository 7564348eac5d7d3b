import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
IN_LANES = [np.float32, np.float64]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
PARAMETERS = [0.9, 0.5, 1.0, 1.5, -0.3, 0.0, np.nan, np.inf]


def oracle(x, rise=0.9, fall=0.5, state=0.0):
    """The recurrence, one Python step a value, in the precision of the result; float16 by way of float32."""
    dtype = x.dtype.newbyteorder("=").type if x.dtype.kind == "f" else np.float64
    rise, fall, s = dtype(rise), dtype(fall), dtype(state)
    if dtype == np.float64:
        rise, fall, s = float(rise), float(fall), float(s)  # faster, and the same
    if dtype == np.float16:
        rise, fall, s = np.float32(rise), np.float32(fall), np.float32(s)
    out = np.empty(len(x), dtype)
    with np.errstate(all="ignore"):
        values = x.astype(np.float32 if dtype == np.float16 else dtype)
        for i, v in enumerate(values.tolist() if dtype == np.float64 else values):
            s = s * rise + v if v > s else s * fall
            out[i] = s
            if dtype == np.float16:
                s = np.float32(out[i])
        return out, dtype(s)


def scores(x, *parameters):
    return oracle(x, *parameters)[0]


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(size=shape).astype(dtype)
    return (random.normal(size=shape) * 40).astype(np.int64).astype(dtype)


def any_floats(dtype):
    return st.floats(width=min(np.dtype(dtype).itemsize * 8, 64))


def with_dips(random, n):
    """A level with pairs of dips, which move the score to the other phase of its period from any state."""
    x = np.full(n, 100.0)
    places = np.cumsum(random.integers(300, 1500, n // 300 + 1))
    for offset in (0, 1):
        x[places[places + offset < n] + offset] = 80.0
    return x


def with_specials(random, n):
    x = random.normal(size=n)
    specials = np.array([np.nan, -np.inf, -0.0, 0.0, 5e-324, -5e-324])
    return np.where(random.random(n) < 0.05, random.choice(specials, n), x)


KINDS = {
    "normal": lambda random, n: random.normal(size=n),
    "uniform": lambda random, n: random.random(n),
    "constant": lambda _, n: np.full(n, 100.0),
    "zeros": lambda _, n: np.zeros(n),
    "minus zeros": lambda _, n: np.full(n, -0.0),
    "rising": lambda _, n: np.arange(n) * 1.5,
    "falling": lambda _, n: np.arange(n) * -1.5,
    "sorted": lambda random, n: np.sort(random.normal(size=n)),
    "alternating": lambda _, n: np.where(np.arange(n) % 2, 1.0, -1.0),
    "weekly": lambda _, n: 10 + np.array([5, 4, 4, 3, 6, 1, 0])[np.arange(n) % 7],
    "prices": lambda random, n: 100 + np.cumsum(random.normal(size=n)),
    "prices around zero": lambda random, n: np.cumsum(random.normal(size=n)),
    "dips": with_dips,
    "specials": with_specials,
    "bursts": lambda _, n: np.where(np.arange(n) % 1300 < 3, 1.0, -1.0),
    "growing": lambda _, n: 1.001 ** (np.arange(n) % 60_000),
    "tiny": lambda random, n: random.normal(size=n) * 5e-324,
    "huge": lambda random, n: random.normal(size=n) * 1e307,
}


def of_kind(kind, n, dtype, seed=0):
    with np.errstate(over="ignore", under="ignore"):
        x = KINDS[kind](np.random.default_rng(seed), n)
        if dtype == np.float32 and kind == "huge":
            x *= 1e-269
        return x.astype(dtype)


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


# Around the lengths from which a series is cut into segments, and of those segments.
LONG_LENGTHS = [927, 928, 929, 1055, 1056, 1057, 1823, 1824, 1825, 2079, 2080, 2081, 3000, 5408, 5409, 40_001]


@pytest.mark.parametrize("dtype", IN_LANES)
@pytest.mark.parametrize("kind", KINDS)
def test_long_series_of_any_kind(dtype, kind):
    x = of_kind(kind, max(LONG_LENGTHS), dtype)
    expected = scores(x)
    for n in LONG_LENGTHS:
        with np.errstate(all="ignore"):
            actual, state = nx.rolling_score_resume(x[:n], dtype(0.9), dtype(0.5), dtype(0))
            assert_same_bits(actual, expected[:n])
            assert_same_bits(state, expected[n - 1])
            assert_same_bits(nx.rolling_score(x[:n]), expected[:n])


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, *INTEGERS])
@pytest.mark.parametrize("kind", ["normal", "constant", "prices", "dips"])
def test_long_series_of_every_dtype(dtype, kind):
    with np.errstate(invalid="ignore"):
        x = of_kind(kind, 9000, float).astype(dtype)
    assert_same_bits(nx.rolling_score(x), scores(x))


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_long_series_of_every_layout(dtype, layout):
    x = (100 * of_kind("normal", 7000, float)).astype(dtype)
    expected = scores(x)
    assert_same_bits(nx.rolling_score(layout(x)), expected)
    out = layout(np.zeros(7000, expected.dtype))
    nx.rolling_score(layout(x), out=out)
    assert_same_bits(out.astype(expected.dtype), expected)


@pytest.mark.parametrize("dtype", IN_LANES)
@pytest.mark.parametrize("kind", ["normal", "constant", "prices", "specials"])
@pytest.mark.parametrize("rise", PARAMETERS)
@pytest.mark.parametrize("fall", PARAMETERS)
def test_long_series_with_parameters_that_need_not_contract(dtype, kind, rise, fall):
    x, (rise, fall) = of_kind(kind, 3500, dtype), map(dtype, (rise, fall))
    with np.errstate(all="ignore"):
        for state in (dtype(0), dtype(np.nan), dtype(-np.inf)):
            actual, last = nx.rolling_score_resume(x, rise, fall, state)
            expected, expected_last = oracle(x, rise, fall, state)
            assert_same_bits(actual, expected)
            assert_same_bits(last, expected_last)


@st.composite
def pieces(draw, dtype, longest=3000):
    """A series of pieces, each of another kind, length and level."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind, n = draw(st.sampled_from(list(KINDS))), draw(st.integers(0, longest // 2))
        scale = draw(st.sampled_from([1.0, 1e-3, 1e3, -1.0]))
        with np.errstate(all="ignore"):
            parts.append(of_kind(kind, n, dtype, seed=draw(st.integers(0, 99))) * dtype(scale))
    return np.concatenate(parts)[:longest]


@pytest.mark.parametrize("dtype", IN_LANES)
@given(data=st.data())
def test_long_series_of_mixed_kinds(dtype, data):
    x = data.draw(pieces(dtype))
    rise, fall = (dtype(data.draw(st.sampled_from([0.9, 0.5, 0.99, 1.0, -0.3, 0.0]))) for _ in range(2))
    state = dtype(data.draw(st.sampled_from([0.0, -0.0, 1.0, 1e30, -5.0, np.nan, np.inf])))
    with np.errstate(all="ignore"):
        actual, last = nx.rolling_score_resume(x, rise, fall, state)
    expected, expected_last = oracle(x, rise, fall, state)
    assert_same_bits(actual, expected)
    assert_same_bits(last, expected_last)


@pytest.mark.parametrize("dtype", IN_LANES)
def test_zeros_of_either_sign_are_not_the_same(dtype):
    # Behind a positive value the score swings to zero, whose sign depends on how many steps ago that was.
    random = np.random.default_rng(0)
    x = np.full(60_000, -1, dtype)
    x[np.cumsum(random.integers(1200, 2400, 25))] = 1
    with np.errstate(under="ignore"):
        actual, _ = nx.rolling_score_resume(x, dtype(0.9), dtype(-0.5), dtype(0))
    assert np.signbit(actual).any()
    assert_same_bits(actual, scores(x, 0.9, -0.5))


def raises(error, call):
    """Whether `call` raises a floating-point flag."""
    try:
        with np.errstate(all="ignore"), np.errstate(**{error: "raise"}):
            call()
    except FloatingPointError:
        return True
    return False


def step_by_step(x, rise, fall, state):
    """The recurrence in NumPy scalars, which report their flags."""
    for v in x:
        state = state * rise + v if v > state else state * fall


@pytest.mark.parametrize("dtype", IN_LANES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", ["over", "under", "invalid"])
def test_flags_of_long_series_are_those_of_the_recurrence(dtype, kind, error):
    x, parameters = of_kind(kind, 6000, dtype), (dtype(0.9), dtype(0.5), dtype(0))
    assert raises(error, lambda: nx.rolling_score(x)) == raises(error, lambda: step_by_step(x, *parameters))


def test_an_overflow_of_a_wrong_guess_is_none():
    # The state alternates between 1.82 and 0.91 times the level. The first eight values of a segment let the
    # guess be 0.999 times the level, from where the score rises to 1.9 times.
    level = np.finfo(float).max / 1.86
    x = np.full(32 + 16 * 336, level)
    x[32 + 336 + 1 :: 336] *= 1.79
    with np.errstate(all="raise"):
        actual = nx.rolling_score(x)
    assert_same_bits(actual, scores(x))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [20, 33, 100, 900])
def test_an_overflow_of_the_step_not_taken_is_none(dtype, n):
    # Below minus half the largest float a fall would overflow: there only values above the state come.
    random, largest = np.random.default_rng(0), np.finfo(dtype).max
    levels = np.array([-0.6, -0.45, -0.3, -0.1], dtype) * largest
    x, state = [], dtype(-0.1) * largest
    for _ in range(n):
        x.append(random.choice(levels if state > -largest / 2 else levels[levels > state]))
        state = x[-1] if x[-1] > state else state * dtype(2)
    with np.errstate(all="raise"):
        actual, last = nx.rolling_score_resume(np.array(x), dtype(0), dtype(2), dtype(-0.1) * largest)
    expected, expected_last = oracle(np.array(x), 0, 2, dtype(-0.1) * largest)
    assert_same_bits(actual, expected)
    assert_same_bits(last, expected_last)
    assert last == state


@pytest.mark.parametrize("n", [5000, 60_000])
def test_an_overflow_of_the_recurrence_is_reported_wherever_it_is(n):
    for place in (10, n // 2, n - 10):
        x = of_kind("prices", n, float)
        x[place : place + 3] = 1.7e308
        with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
            nx.rolling_score_resume(x, 0.9, 1.0, 1.6e308)
        with np.errstate(over="ignore"):
            assert_same_bits(nx.rolling_score(x), scores(x))


@pytest.mark.parametrize("dtype", IN_LANES)
@given(data=st.data())
def test_chunks_of_long_series_give_the_bits_of_one_call(dtype, data):
    x = of_kind(data.draw(st.sampled_from(list(KINDS))), 9000, dtype)
    cuts = sorted(data.draw(st.lists(st.integers(0, 9000), max_size=5)))
    state, parts = dtype(0), []
    with np.errstate(all="ignore"):
        for part in np.split(x, cuts):
            out, state = nx.rolling_score_resume(part, dtype(0.9), dtype(0.5), state)
            parts.append(out)
        assert_same_bits(np.concatenate(parts), nx.rolling_score(x))
    assert_same_bits(parts[0], scores(x[: len(parts[0])]))


STARTS = [(0, 1), (1, 0), (np.nan, 1), (1, np.nan), (-5, 7), (-0.0, 0.0), (0.0, -0.0), (np.inf, 3), (2, 2)]


@pytest.mark.parametrize("dtype", [*FLOATS, "q", "?"])
@pytest.mark.parametrize("kind", ["normal", "constant", "prices", "dips", "specials", "zeros"])
def test_repair_from_any_wrong_start(dtype, kind):
    with np.errstate(invalid="ignore"):
        x = of_kind(kind, 6000, float).astype(dtype)
    for n in (0, 1, 2, 31, 32, 33, 100, 500, 6000):
        for wrong, right in STARTS:
            result = np.result_type(x.dtype, np.float16 if x.dtype.kind == "f" else np.float64).type
            rise, fall, wrong, right = map(result, (0.9, 0.5, wrong, right))
            guessed, _ = nx.rolling_score_resume(x[:n], rise, fall, wrong)
            actual, last = nx.rolling_score_repair(x[:n], guessed, rise, fall, right)
            expected, expected_last = oracle(x[:n], rise, fall, right)
            assert_same_bits(actual, expected)
            assert_same_bits(last, expected_last)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_repair_in_every_layout_and_in_place(layout):
    x = sample(float, 3, 700)
    guessed, _ = nx.rolling_score_resume(x, 0.9, 0.5, 100.0)
    expected, states = nx.rolling_score_resume(x, 0.9, 0.5, [0.0, 1.0, 2.0])
    for given_x, given_scores in ((layout(x), guessed), (x, layout(guessed)), (layout(x), layout(guessed))):
        actual, last = nx.rolling_score_repair(given_x, given_scores, 0.9, 0.5, [0.0, 1.0, 2.0])
        assert_same_bits(actual, expected)
        assert_same_bits(last, states)
    same = layout(guessed)
    nx.rolling_score_repair(x, same, 0.9, 0.5, [0.0, 1.0, 2.0], out=(same, None))
    assert_same_bits(same.astype(float), expected)


def test_chunks_computed_from_guesses_and_repaired_in_order():
    x = of_kind("prices", 50_000, float)
    chunks = np.split(x, [1, 9000, 9007, 30_000])
    guessed = [nx.rolling_score_resume(chunk, 0.9, 0.5, 0.0)[0] for chunk in chunks]
    state, parts = 0.0, []
    for chunk, guess in zip(chunks, guessed, strict=True):
        out, state = nx.rolling_score_repair(chunk, guess, 0.9, 0.5, state)
        parts.append(out)
    assert_same_bits(np.concatenate(parts), scores(x))


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
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    x, out = x.astype(dtype), np.empty(x.shape, dtype)
    rise, fall, s = (np.broadcast_to(value, x.shape[1:]).astype(dtype) for value in (rise, fall, state))
    with np.errstate(all="ignore"):
        for i, v in enumerate(x):
            s = np.where(v > s, s * rise + v, s * fall)
            out[i] = s
    return out, s


# On both sides of the numbers of series and of values that the C computes at once.
@pytest.mark.parametrize("dtype", [*IN_LANES, np.longdouble, *INTEGERS])
@pytest.mark.parametrize("series", [2, 15, 16, 17, 32, 33, 70, 511, 513])
def test_series_side_by_side(dtype, series):
    for n in (0, 1, 2, 7, 8, 9, 16, 17, 100):
        x = sample(dtype, n, series, seed=n)
        if np.dtype(dtype).kind == "f":
            x[1::7], x[2::11], x[3::13], x[4::17] = np.nan, np.inf, -np.inf, -0.0
        expected, _ = column_scores(x)
        assert_same_bits(nx.rolling_score(x, axis=0), expected)
        assert_same_bits(nx.rolling_score(x, axis=0, out=np.empty_like(expected)), expected)
        assert_same_bits(nx.rolling_score(x[::-1], axis=0), column_scores(x[::-1])[0])
        assert_same_bits(nx.rolling_score(np.asfortranarray(x), axis=0), expected)
        assert_same_bits(nx.rolling_score(x[:, ::-1], axis=0), expected[:, ::-1])
        assert_same_bits(nx.rolling_score(x[:, ::2], axis=0), expected[:, ::2])
        rows = nx.rolling_score(np.ascontiguousarray(x.T), out=np.empty_like(expected).T)
        assert_same_bits(rows, expected.T)


@pytest.mark.parametrize("n", [296, 299])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
def test_series_side_by_side_more_than_a_cache_holds(n, dtype):
    x = (100 * sample(float, n, 15_001)).astype(dtype)
    expected, last = column_scores(x)
    assert_same_bits(nx.rolling_score(x, axis=0), expected)
    out = np.empty_like(expected)[1:]
    assert_same_bits(nx.rolling_score(x[1:], axis=0, out=out), column_scores(x[1:])[0])
    out, states = nx.rolling_score_resume(x, 0.9, 0.5, expected.dtype.type(0), axes=[0, (), (), (), 0, ()])
    assert_same_bits(out, expected)
    assert_same_bits(states, last)


@pytest.mark.parametrize("dtype", ["f8", "h"])
@pytest.mark.parametrize("offset", range(3))
def test_a_series_longer_than_a_cache(dtype, offset):
    x = (100 * of_kind("normal", 2_200_000, float)).astype(dtype)
    expected = scores(x)
    memory = np.empty(len(x) + offset)
    assert_same_bits(nx.rolling_score(x, out=memory[offset:]), expected)


@pytest.mark.parametrize(("dtype", "n"), [("f4", 136_000), ("f4", 136_007), ("f8", 70_000), ("b", 70_003)])
def test_rows_more_than_a_cache_holds(dtype, n):
    x = (9 * sample(float, 33, n)).astype(dtype)
    expected = column_scores(x.T)[0].T
    assert_same_bits(nx.rolling_score(x), expected)
    memory = np.empty(33 * n + 1, expected.dtype)
    assert_same_bits(nx.rolling_score(x, out=memory[1:].reshape(33, n)), expected)


@pytest.mark.parametrize("dtype", IN_LANES)
@pytest.mark.parametrize("n", [5, 130, 1000])
def test_rows_of_every_layout(dtype, n):
    x = sample(dtype, 37, n)
    expected = column_scores(x.T)[0].T
    for layout in LAYOUTS:
        assert_same_bits(nx.rolling_score(layout(x)), expected)
        out = layout(np.zeros_like(expected))
        nx.rolling_score(x, out=out)
        assert_same_bits(out.astype(dtype), expected)


@pytest.mark.parametrize("dtype", IN_LANES)
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
    for dtype in FLOATS:
        assert nx.rolling_score(np.ones(2, dtype)).dtype == dtype
        out, state = nx.rolling_score_resume(np.ones(2, dtype), *map(dtype, (0.9, 0.5, 0.0)))
        assert out.dtype == state.dtype == dtype


@pytest.mark.parametrize("factor", [1.0, 0.5, 0.7, 3.0, 1 / 3, 2.0**-14, 2.0**-24, 1e-3])
def test_every_half_is_read_and_rounded_as_numpy_does(factor):
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    never, factor = np.array([-np.inf], np.float16), np.float16(factor)
    with np.errstate(all="ignore"):
        expected = (halves.astype(np.float32) * np.float32(factor)).astype(np.float16)
        actual, _ = nx.rolling_score_resume(never, factor, factor, halves)
    assert_same_bits(actual[:, 0], expected)
    bits = actual[:, 0].view(np.uint16)[np.isnan(halves)]
    np.testing.assert_array_equal(bits, expected.view(np.uint16)[np.isnan(halves)] | 0x200)


def test_halves_report_overflow_and_underflow():
    largest, factor = np.float16(65504), np.float16(2)
    never = np.array([-np.inf], np.float16)
    assert raises("over", lambda: nx.rolling_score_resume(never, factor, factor, largest))
    assert not raises("over", lambda: nx.rolling_score_resume(never, factor, factor, np.float16(np.inf)))
    smallest, factor = np.float16(2.0**-24), np.float16(0.75)
    assert raises("under", lambda: nx.rolling_score_resume(never, factor, factor, smallest))
    assert not raises("under", lambda: nx.rolling_score_resume(never, factor, factor, np.float16(0)))


def test_more_elements_than_32_bits_count():
    n = 2**31 + 5
    total = nx.rolling_score_resume(
        np.broadcast_to(np.int8(1), n), 0.9, 0.5, 0.0, out=(zero_stride(n), None)
    )[1]
    # From 0 the score of ones settles into an orbit of period two; so far in, only the parity counts.
    settled = scores(np.ones(2000 + n % 2))
    assert total == settled[-1]


def test_all_scores_in_one_place():
    x = of_kind("dips", 9000, float)
    out, state = nx.rolling_score_resume(x, 0.9, 0.5, 0.0, out=(zero_stride(9000), None))
    assert out[0] == state == scores(x)[-1]


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
        (lambda: nx.rolling_score_repair(np.ones(3), np.ones(4), 0.9, 0.5, 0.0), ValueError),
        (lambda: nx.rolling_score_repair(np.ones(3), np.ones(3), 0.9, 0.5), TypeError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


def test_are_gufuncs_and_travel():
    for function, signature in (
        (nx.rolling_score, "(n)->(n)"),
        (nx.rolling_score_resume, "(n),(),(),()->(n),()"),
        (nx.rolling_score_repair, "(n),(n),(),(),()->(n),()"),
    ):
        assert isinstance(function, np.ufunc)
        assert function.signature == signature
        assert pickle.loads(pickle.dumps(function)) is function
