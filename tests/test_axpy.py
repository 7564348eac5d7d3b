import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits

import numpy_ext as nx

DTYPES = [np.float32, np.float64]


def oracle(a, x, y):
    """Two roundings, in NumPy's own loops."""
    with np.errstate(all="ignore"):
        return a * x + y


def sample(dtype, *shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_length_and_layout(dtype, layout):
    for n in LENGTHS:
        x, y = sample(dtype, n, seed=1), sample(dtype, n, seed=2)
        a = sample(dtype, n, seed=3)
        assert_same_bits(nx.axpy(dtype(0.3), layout(x), y), oracle(dtype(0.3), x, y))
        assert_same_bits(nx.axpy(dtype(0.3), x, layout(y)), oracle(dtype(0.3), x, y))
        assert_same_bits(nx.axpy(layout(a), layout(x), layout(y)), oracle(a, x, y))
        assert_same_bits(nx.axpy(dtype(0.3), layout(x), dtype(0.7)), oracle(dtype(0.3), x, dtype(0.7)))
        out = layout(np.zeros(n, dtype))
        assert nx.axpy(dtype(0.3), x, y, out=out) is out
        assert_same_bits(out.astype(dtype), oracle(dtype(0.3), x, y))


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_any_values_and_shapes(dtype, data):
    shapes = data.draw(npst.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=0))
    elements = st.floats(width=np.dtype(dtype).itemsize * 8)
    a, x, y = (data.draw(npst.arrays(dtype, shape, elements=elements)) for shape in shapes.input_shapes)
    with np.errstate(all="ignore"):
        assert_same_bits(nx.axpy(a, x, y), np.asarray(oracle(a, x, y)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", LENGTHS)
def test_in_place(dtype, n):
    x, y = sample(dtype, n, seed=1), sample(dtype, n, seed=2)
    expected = oracle(dtype(2.5), x, y)
    onto_x, onto_y = x.copy(), y.copy()
    nx.axpy(dtype(2.5), x, onto_y, out=onto_y)
    nx.axpy(dtype(2.5), onto_x, y, out=onto_x)
    assert_same_bits(onto_y, expected)
    assert_same_bits(onto_x, expected)
    nx.axpy(dtype(2.5), onto_y, dtype(0.5), out=onto_y)
    assert_same_bits(onto_y, oracle(dtype(2.5), expected, dtype(0.5)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shift", [-9, -8, -1, 1, 3, 8, 9])
def test_shifted_and_reversed_overlap(dtype, shift):
    other = sample(dtype, 100, seed=4)
    for step in (1, -1):
        for operands in ((lambda part: (part, other)), (lambda part: (other, part))):
            memory = sample(dtype, 200)
            part, out = memory[10:110][::step], memory[10 + shift : 110 + shift]
            expected = oracle(dtype(2), *operands(part.copy()))
            nx.axpy(dtype(2), *operands(part), out=out)
            assert_same_bits(out, expected)


def test_factor_in_the_output():
    y = sample(np.float64, 10)
    x = sample(np.float64, 10, seed=1)
    expected = oracle(y[3], x, y)
    assert_same_bits(nx.axpy(y[3:4], x, y, out=y), expected)


def test_where_leaves_the_rest():
    x, out = sample(np.float64, 100), np.full(100, 7.0)
    chosen = x > 0
    nx.axpy(2.0, x, 1.0, out=out, where=chosen)
    assert_same_bits(out, np.where(chosen, 2.0 * x + 1.0, 7.0))


@pytest.mark.parametrize("n", range(66))
def test_no_stray_flags(n):
    x = np.resize([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.0], n)
    with np.errstate(all="raise"):
        nx.axpy(2.0, x, 1.0)
        nx.axpy(2.0, np.abs(x), np.abs(x))
        nx.axpy(x, 2.0, np.float64(0))
    if n:
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
            nx.axpy(1e308, np.full(n, 10.0), 1.0)


def test_result_dtypes():
    f4, f8 = np.ones(2, np.float32), np.ones(2)
    assert nx.axpy(2.0, f4, f4).dtype == np.float32
    assert nx.axpy(2.0, f4, f8).dtype == np.float64
    assert nx.axpy(2, np.ones(2, np.int64), 1).dtype == np.float64
    assert isinstance(nx.axpy(2.0, 3.0, 1.0), np.float64)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.axpy(1j, 1.0, 1.0), TypeError),
        (lambda: nx.axpy("a", 1.0, 1.0), TypeError),
        (lambda: nx.axpy(1.0, np.array("2020", "M8[Y]"), 1.0), TypeError),
        (lambda: nx.axpy(1.0, [None], 1.0), TypeError),
        (lambda: nx.axpy(1.0, 1.0), TypeError),
        (lambda: nx.axpy(1.0, [1.0, 2.0], [1.0, 2.0, 3.0]), ValueError),
        (lambda: nx.axpy(1.0, [1.0, 2.0], 1.0, out=np.zeros(3)), ValueError),
        (lambda: nx.axpy(1.0, 1.0, 1.0, out=np.zeros(3, int)), TypeError),
        (lambda: nx.axpy(1.0, 1.0, 1.0, out=read_only(np.zeros(3))), ValueError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


def read_only(array):
    array.setflags(write=False)
    return array


def test_is_a_ufunc_and_travels():
    assert isinstance(nx.axpy, np.ufunc)
    assert pickle.loads(pickle.dumps(nx.axpy)) is nx.axpy
    assert (nx.axpy.nin, nx.axpy.nout, nx.axpy.signature) == (3, 1, None)
