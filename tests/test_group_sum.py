import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
LABELS = ["b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
FLOATS = ["e", "f", "d"]


def oracle(x, labels, start):
    """Value after value, in plain Python: its integers have no limits."""
    integers = np.result_type(x).kind in "biu" and start.dtype.kind in "biu"
    totals = [int(v) if integers else float(v) for v in start]
    for value, label in zip(x.tolist(), labels.tolist(), strict=True):
        if label != -1:
            totals[label] += int(value) if integers else float(value)
    return np.array(totals, dtype=(start.dtype if start.dtype.kind == "u" else int) if integers else float)


def sample(dtype, *shape, seed=0):
    random = np.random.default_rng(seed)
    if dtype in FLOATS:
        return random.normal(size=shape).astype(dtype)
    return random.integers(0, 2 if dtype == "?" else 100, shape).astype(dtype)


def mixed(n, groups=7, seed=0):
    return np.random.default_rng(seed).integers(-1, groups, n)


def sorted_(n, groups=7, seed=0):
    return np.sort(mixed(n, groups, seed))


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
@pytest.mark.parametrize("total", ["l", "L", "d"])
@pytest.mark.parametrize("order", [mixed, sorted_])
def test_every_dtype_against_plain_python(dtype, total, order):
    for n in LENGTHS:
        x, labels, start = sample(dtype, n), order(n), np.arange(7).astype(total)
        expected = oracle(x, labels, start)
        assert_same_bits(nx.group_sum(x, labels, start), expected)
        assert_same_bits(nx.group_count(labels, start), oracle(np.ones(n, int), labels, start))


@pytest.mark.parametrize("of_labels", LABELS)
def test_labels_of_every_dtype(of_labels):
    x = sample("d", 1500)
    for labels in (mixed(1500, 100), sorted_(1500, 100)):
        if np.dtype(of_labels).kind == "u":
            labels = np.abs(labels)
        expected = oracle(x, labels, np.zeros(100))
        assert_same_bits(nx.group_sum(x, labels.astype(of_labels), np.zeros(100)), expected)
        counts = nx.group_count(labels.astype(of_labels), np.zeros(100, int))
        np.testing.assert_array_equal(counts, np.bincount(labels[labels >= 0], minlength=100))


@pytest.mark.parametrize("dtype", ["d", "f", "q", "b"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_do_not_depend_on_the_layout(dtype, layout):
    for n in LENGTHS:
        x, labels, start = sample(dtype, n), mixed(n), sample("d", 7)
        expected = nx.group_sum(x, labels, start)
        assert_same_bits(nx.group_sum(layout(x), labels, start), expected)
        assert_same_bits(nx.group_sum(x, layout(labels), start), expected)
        assert_same_bits(nx.group_sum(x, labels, layout(start)), expected)
        out = layout(np.empty(7))
        assert nx.group_sum(x, labels, start, out=out) is out
        assert_same_bits(out.astype(float), expected)
        assert_same_bits(nx.group_count(layout(labels), start), nx.group_count(labels, start))


@given(cuts=st.lists(st.integers(0, 3000), max_size=6), data=st.data())
def test_totals_of_chunks_are_those_of_one_call(cuts, data):
    dtype, total = data.draw(st.sampled_from(["d", "f", "q"])), data.draw(st.sampled_from(["d", "q"]))
    order = data.draw(st.sampled_from([mixed, sorted_]))
    x, labels, cuts = sample(dtype, 3000), order(3000), sorted(cuts)
    totals, counts = np.zeros(7, total), np.zeros(7, int)
    for part, of_part in zip(np.split(x, cuts), np.split(labels, cuts), strict=True):
        totals, counts = nx.group_sum(part, of_part, totals), nx.group_count(of_part, counts)
    assert_same_bits(totals, nx.group_sum(x, labels, np.zeros(7, total)))
    assert_same_bits(counts, nx.group_count(labels, np.zeros(7, int)))


def test_a_start_in_place():
    x, labels, totals = sample("d", 1000), mixed(1000), sample("d", 7)
    expected = nx.group_sum(x, labels, totals)
    nx.group_sum(x, labels, totals, out=totals)
    assert_same_bits(totals, expected)


def test_many_series_at_once():
    x, labels, start = sample("d", 3, 4, 50), mixed(50), sample("d", 4, 7)
    totals = nx.group_sum(x, labels, start)
    assert totals.shape == (3, 4, 7)
    for i, j in np.ndindex(3, 4):
        assert_same_bits(totals[i, j], oracle(x[i, j], labels, start[j]))
    columns = nx.group_sum(x[0].T, labels, start.T, axes=[0, 0, 0, 0])
    assert_same_bits(columns, np.array(totals[0].T))


def test_nothing_to_add():
    assert_same_bits(nx.group_sum([], np.zeros(0, int), np.arange(3.0)), np.arange(3.0))
    assert nx.group_sum([1.0], [-1], np.zeros(0)).shape == (0,)
    assert nx.group_count([-1, -1], np.zeros(2, int)).tolist() == [0, 0]


def test_values_left_out_raise_no_flag():
    x = np.array([np.inf, -np.inf, 1e308, 1e308, 1e308, np.nan, 2.0])
    labels = np.array([-1, -1, -1, -1, -1, -1, 0])
    for repeat in (1, 100):
        with np.errstate(all="raise"):
            for order in (slice(None), np.argsort(np.repeat(labels, repeat), kind="stable")):
                total = nx.group_sum(np.repeat(x, repeat)[order], np.repeat(labels, repeat)[order], [0.0])
                assert total == 2.0 * repeat
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        nx.group_sum([1e308, 1e308], [0, 0], [0.0])
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match="invalid"):
        nx.group_sum([np.inf, -np.inf], [0, 0], [0.0])


def test_result_dtypes():
    labels = [0, 0]
    assert nx.group_sum([1, 2], labels, np.zeros(1, int)).dtype == np.int64
    assert nx.group_sum([1, 2], labels, np.zeros(1, np.int8)).dtype == np.int64
    assert nx.group_sum([1, 2], labels, np.zeros(1, np.uint64)).dtype == np.uint64
    assert nx.group_sum([1, 2], labels, np.zeros(1, np.float32)).dtype == np.float64
    assert nx.group_sum([1.0, 2.0], labels, np.zeros(1, int)).dtype == np.float64
    assert nx.group_sum(np.ones(2, np.float16), labels, np.zeros(1)).dtype == np.float64
    assert type(nx.group_sum([1, 2], labels, np.zeros(1, int))[0]) is np.int64
    assert nx.group_count(labels, np.zeros(1, int)).dtype == np.int64
    assert nx.group_count(labels, np.zeros(1)).dtype == np.float64


def test_integers_are_exact_to_their_limits():
    assert nx.group_sum([2**63 - 1, -(2**63), 2**62], [0, 0, 1], np.zeros(2, int)).tolist() == [-1, 2**62]
    assert nx.group_sum([2**62, 2**62], [0, 0], np.zeros(1, np.uint64)).tolist() == [2**63]
    assert nx.group_sum(np.array([2**64 - 1], np.uint64), [0], np.zeros(1, np.uint64)).tolist() == [2**64 - 1]
    assert nx.group_sum([-3], [0], np.array([5], np.uint64)).tolist() == [2]


@pytest.mark.parametrize(
    ("x", "start", "dtype"),
    [
        ([2**62, 2**62], [0], np.int64),
        ([-(2**63), -1], [0], np.int64),
        (np.array([1, 2**64 - 1], np.uint64), [0], np.uint64),
        (np.array([0, 2**63], np.uint64), [0], np.int64),
        ([1, -2], [0], np.uint64),
        ([0, 1], [2**63 - 1], np.int64),
    ],
)
@pytest.mark.parametrize("before", [0, 600])
def test_integers_raise_instead_of_wrapping(x, start, dtype, before):
    x = np.concatenate([np.zeros(before, np.asarray(x).dtype), x])
    name = np.dtype(dtype).name
    message = f"^the total of label 0 passes the limits of {name} at position {before + 1}; a float64 start"
    with pytest.raises(OverflowError, match=message):
        nx.group_sum(x, np.zeros(x.size, int), np.array(start, dtype))
    labels = np.tile([1, 0], x.size)
    spread = np.ravel(np.column_stack([np.zeros_like(x), x]))
    with pytest.raises(OverflowError, match="the total of label 0"):
        nx.group_sum(spread, labels, np.array([*start, 0], dtype))


def test_a_count_raises_instead_of_wrapping():
    with pytest.raises(OverflowError, match="the total of label 0 passes the limits of int64 at position 1"):
        nx.group_count([0, 0], np.array([2**63 - 2]))


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        ([0, -2], 3, r"^labels\[1\] is -2; a label is -1 or from 0 up to 2 here$"),
        ([0, 3], 3, r"^labels\[1\] is 3; a label is -1 or from 0 up to 2 here$"),
        (np.array([0, 200], np.uint8), 3, r"^labels\[1\] is 200; "),
        (np.array([0, -128], np.int8), 3, r"^labels\[1\] is -128; "),
        (np.array([0, 2**64 - 1], np.uint64), 3, r"^labels\[1\] is 18446744073709551615; "),
        (np.array([0, 2**63 + 7], np.uint64), 3, r"^labels\[1\] is 9223372036854775815; "),
        ([-1, 0], 0, r"^labels\[1\] is 0; there are no groups, so a label can only be -1$"),
    ],
)
def test_a_label_out_of_range(labels, groups, message):
    with pytest.raises(IndexError, match=message):
        nx.group_sum([1.0, 2.0], labels, np.zeros(groups))
    with pytest.raises(IndexError, match=message):
        nx.group_sum([1, 2], labels, np.zeros(groups, int))
    with pytest.raises(IndexError, match=message):
        nx.group_count(labels, np.zeros(groups, int))


@pytest.mark.parametrize("place", [0, 15, 16, 511, 512, 1400])
@pytest.mark.parametrize("order", [mixed, sorted_])
@pytest.mark.parametrize("label", [99, 7, -2])
def test_the_first_label_out_of_range_is_named(place, order, label):
    labels = order(1500)
    labels[[place, 1499]] = label
    with pytest.raises(IndexError, match=rf"^labels\[{place}\] is {label}; "):
        nx.group_sum(np.ones(1500), labels, np.zeros(7))
    with pytest.raises(IndexError, match=rf"^labels\[{place}\] is {label}; "):
        nx.group_sum(np.ones((3, 1500)), labels, np.zeros(7))


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
@pytest.mark.parametrize("of_labels", LABELS)
def test_no_column_is_copied(dtype, of_labels):
    x, labels, start = sample(dtype, 300_000), np.abs(mixed(300_000)).astype(of_labels), np.zeros(7)
    tracemalloc.start()
    try:
        nx.group_sum(x, labels, start)
        nx.group_count(labels, start)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_more_rows_than_32_bits_count():
    n = 2**31 + 5
    labels = np.broadcast_to(np.int8(1), n)
    assert nx.group_count(labels, np.zeros(2, int)).tolist() == [0, n]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.group_sum([1.0], [0.0], np.zeros(1)), TypeError),
        (lambda: nx.group_sum([1j], [0], np.zeros(1)), TypeError),
        (lambda: nx.group_sum(np.ones(1, np.longdouble), [0], np.zeros(1)), TypeError),
        (lambda: nx.group_sum(["a"], [0], np.zeros(1)), TypeError),
        (lambda: nx.group_sum([1.0], [0]), TypeError),
        (lambda: nx.group_sum([1.0, 2.0], [0], np.zeros(1)), ValueError),
        (lambda: nx.group_sum([1.0], [0], 0.0), ValueError),
        (lambda: nx.group_sum([1.0], [0], np.zeros(2), out=np.zeros(3)), ValueError),
        (lambda: nx.group_sum([1.0], [0], np.zeros(2), out=np.zeros(2, int)), TypeError),
        (lambda: nx.group_count([0.5], np.zeros(1)), TypeError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize("ufunc", [nx.group_sum, nx.group_count])
def test_is_a_gufunc_and_travels(ufunc):
    assert isinstance(ufunc, np.ufunc)
    assert ufunc.signature.endswith("(g)->(g)")
    assert pickle.loads(pickle.dumps(ufunc)) is ufunc
