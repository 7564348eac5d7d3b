import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS, LENGTHS, assert_same_bits
from test_rolling_score import FLOATS, INTEGERS, KINDS, any_floats, of_kind, sample
from test_rolling_score import oracle as score_of_one_series

import numpy_ext as nx

LABELS = ["b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]


def oracle(x, labels, rise, fall, states):
    """The recurrence over the values of each label, one label after the other."""
    dtype = np.result_type(x.dtype, np.float16 if x.dtype.kind == "f" else float)
    out, last = np.full(len(x), np.nan, dtype), np.array(states, dtype)
    for label in range(len(last)):
        mine = labels == label
        out[mine], last[label] = score_of_one_series(x[mine], rise, fall, last[label])
    return out, last


def draw_labels(n, groups, dtype="q", seed=0):
    random = np.random.default_rng(seed)
    return random.integers(-1 if np.dtype(dtype).kind == "i" else 0, groups, n).astype(dtype)


def check(x, labels, rise=0.9, fall=0.5, states=(0.0, 1.0, -1.0)):
    dtype = np.result_type(x.dtype, np.float16 if x.dtype.kind == "f" else float).type
    with np.errstate(all="ignore"):
        rise, fall, states = dtype(rise), dtype(fall), np.array(states, dtype)
        actual, last = nx.rolling_score_by(x, labels, rise, fall, states)
    expected, expected_last = oracle(x, labels, rise, fall, states)
    assert_same_bits(actual, expected)
    assert_same_bits(last, expected_last)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("labels", LABELS)
def test_every_dtype(dtype, labels):
    for n in (0, 1, 2, 511, 512, 513, 1300):
        check(sample(dtype, n), draw_labels(n, 3, labels))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "h"])
def test_every_length_and_layout(layout, dtype):
    for n in LENGTHS:
        states = layout(np.array([0.0, 1.0, 2.0]))
        check(layout(sample(dtype, n)), layout(draw_labels(n, 3, "i")), states=states)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_out_of_every_layout(layout):
    x, labels, states = sample(float, 700), draw_labels(700, 3), np.zeros(3)
    out, last = layout(np.zeros(700)), layout(np.zeros(3))
    nx.rolling_score_by(x, labels, 0.9, 0.5, states, out=(out, last))
    expected, expected_last = oracle(x, labels, 0.9, 0.5, states)
    assert_same_bits(out.astype(float), expected)
    assert_same_bits(last.astype(float), expected_last)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["mixed", "sorted", "in turns", "all skipped", "one"])
def test_kinds_of_data_and_of_orders(kind, dtype, order):
    labels = {
        "mixed": draw_labels(5000, 3),
        "sorted": np.sort(draw_labels(5000, 3)),
        "in turns": np.arange(5000) % 3,
        "all skipped": np.full(5000, -1),
        "one": np.full(5000, 1),
    }[order]
    check(of_kind(kind, 5000, dtype), labels)


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
def test_any_values_labels_and_states(dtype, data):
    values = data.draw(st.lists(st.tuples(any_floats(dtype), st.integers(-1, 2)), max_size=60))
    parameters = st.sampled_from([0.9, 0.5, 1.0, 1.5, -0.3, 0.0, np.nan, np.inf]) | any_floats(dtype)
    rise, fall, *states = (data.draw(parameters) for _ in range(5))
    with np.errstate(all="ignore"):
        x = np.array([value for value, _ in values], dtype)
    check(x, np.array([label for _, label in values], int), rise, fall, states)


@given(cuts=st.lists(st.integers(0, 3000), max_size=6), seed=st.integers(0, 99))
def test_chunks_give_the_bits_of_one_call(cuts, seed):
    x, labels = sample(float, 3000, seed=seed), draw_labels(3000, 5, seed=seed)
    states, parts = np.zeros(5), []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), 3000], strict=True):
        out, states = nx.rolling_score_by(x[start:stop], labels[start:stop], 0.9, 0.5, states)
        parts.append(out)
    expected, last = oracle(x, labels, 0.9, 0.5, np.zeros(5))
    assert_same_bits(np.concatenate(parts), expected)
    assert_same_bits(states, last)


def test_many_series_and_parameters_at_once():
    x, labels = sample(float, 4, 600), draw_labels(600, 3)
    rise, states = np.array([[0.9], [0.7]]), np.arange(12.0).reshape(4, 3)
    out, last = nx.rolling_score_by(x, labels, rise, 0.5, states)
    assert out.shape == (2, 4, 600)
    assert last.shape == (2, 4, 3)
    for i, j in np.ndindex(2, 4):
        expected, expected_last = oracle(x[j], labels, rise[i, 0], 0.5, states[j])
        assert_same_bits(out[i, j], expected)
        assert_same_bits(last[i, j], expected_last)


def test_down_the_columns():
    x, labels = sample(float, 600, 4), draw_labels(600, 3)
    axes = [0, 0, (), (), 0, 0, 0]
    out, last = nx.rolling_score_by(x, labels, 0.9, 0.5, np.zeros(3), axes=axes)
    for j in range(4):
        expected, expected_last = oracle(x[:, j], labels, 0.9, 0.5, np.zeros(3))
        assert_same_bits(out[:, j], expected)
        assert_same_bits(last[:, j], expected_last)


def test_the_states_given_are_left_alone_and_may_be_the_output():
    x, labels, states = sample(float, 50), draw_labels(50, 3), np.array([1.0, 2.0, 3.0])
    before = states.copy()
    _, last = nx.rolling_score_by(x, labels, 0.9, 0.5, states)
    assert_same_bits(states, before)
    nx.rolling_score_by(x, labels, 0.9, 0.5, states, out=(None, states))
    assert_same_bits(states, last)


def test_in_place():
    x, labels = sample(float, 900), draw_labels(900, 3)
    expected, _ = oracle(x, labels, 0.9, 0.5, np.zeros(3))
    nx.rolling_score_by(x, labels, 0.9, 0.5, np.zeros(3), out=(x, None))
    assert_same_bits(x, expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("n", range(66))
def test_no_stray_flags(dtype, n):
    x = np.resize(np.array([np.nan, 1.0, np.inf, -np.inf, -0.0, 2.0], dtype), n)
    largest = np.finfo(dtype).max
    states = np.array([0, largest], dtype)
    with np.errstate(all="raise"):
        for labels in (np.arange(n) % 2 - 1, np.zeros(n, int), np.full(n, -1)):
            nx.rolling_score_by(x, labels, dtype(0.9), dtype(0.5), states)
            # The step not taken would overflow.
            nx.rolling_score_by(np.full(n, -largest), np.abs(labels), dtype(10), dtype(1), states)
    if n > 1:
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
            nx.rolling_score_by(np.full(n, largest), np.ones(n, int), dtype(2), dtype(1), states / dtype(2))


@pytest.mark.parametrize("dtype", LABELS)
@pytest.mark.parametrize("position", [0, 511, 512, 999])
@pytest.mark.parametrize("bad", ["3", "-2", "smallest", "largest"])
def test_a_label_out_of_range_is_named(dtype, position, bad):
    info = np.iinfo(dtype)
    value = {"smallest": info.min, "largest": info.max}.get(bad) if bad.isalpha() else int(bad)
    if not info.min <= value <= info.max or 0 <= value < 3:
        value = info.max
    labels = np.zeros(1000, dtype)
    labels[position] = value
    message = rf"^labels\[{position}\] is {value}; a label is -1 or from 0 up to 2 here$"
    with pytest.raises(IndexError, match=message):
        nx.rolling_score_by(np.ones(1000), labels, 0.9, 0.5, np.zeros(3))
    with pytest.raises(IndexError, match=message):
        nx.rolling_score_by(np.ones(1000), np.repeat(labels, 2)[::2], 0.9, 0.5, np.zeros(3))


def test_the_first_error_of_many_is_reported():
    # Every other row and column: NumPy calls the loop for each row, also after an error.
    labels = np.zeros((4, 6, 1000), int)[::2, ::2]
    labels[0, 1, 700], labels[0, 2, 3], labels[1, 2, 5] = 8, 9, 10
    with pytest.raises(IndexError, match=r"labels\[700\] is 8"):
        nx.rolling_score_by(np.ones(1000), labels, 0.9, 0.5, np.zeros(3))


def test_without_groups_every_label_skips():
    out, last = nx.rolling_score_by([1.0, 2.0], [-1, -1], 0.9, 0.5, np.empty(0))
    assert np.isnan(out).all()
    assert last.shape == (0,)
    message = r"^labels\[1\] is 0; there are no groups, so a label can only be -1$"
    with pytest.raises(IndexError, match=message):
        nx.rolling_score_by([1.0, 2.0], [-1, 0], 0.9, 0.5, np.empty(0))


def test_without_a_sign_no_label_skips():
    with pytest.raises(IndexError, match=r"labels\[0\] is 18446744073709551615;"):
        nx.rolling_score_by([1.0], np.array([2**64 - 1], np.uint64), 0.9, 0.5, np.zeros(3))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.rolling_score_by(np.ones(3), np.zeros(3), 0.9, 0.5, np.zeros(2)), TypeError),
        (lambda: nx.rolling_score_by(np.ones(3, complex), [0, 0, 0], 0.9, 0.5, np.zeros(2)), TypeError),
        (lambda: nx.rolling_score_by(np.ones(3), ["a", "b", "c"], 0.9, 0.5, np.zeros(2)), TypeError),
        (lambda: nx.rolling_score_by(np.ones(3), [0, 0], 0.9, 0.5, np.zeros(2)), ValueError),
        (lambda: nx.rolling_score_by(np.ones(3), [0, 0, 0], 0.9, 0.5, 0.0), ValueError),
        (lambda: nx.rolling_score_by(np.ones(3), [0, 0, 0], 0.9, 0.5), TypeError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


def test_is_a_gufunc_and_travels():
    assert isinstance(nx.rolling_score_by, np.ufunc)
    assert nx.rolling_score_by.signature == "(n),(n),(),(),(g)->(n),(g)"
    assert pickle.loads(pickle.dumps(nx.rolling_score_by)) is nx.rolling_score_by
