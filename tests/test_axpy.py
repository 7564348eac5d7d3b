import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import LAYOUTS, LENGTHS, assert_same_bits, read_only, sample

import numpy_ext as nx

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
COMPLEX = [np.complex64, np.complex128, np.clongdouble]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
DTYPES = [np.dtype(t) for t in [*INTEGERS, *FLOATS, *COMPLEX]]


def oracle(a, x, y, common=None):
    """NumPy's own loops on the common dtype. Complex products by the textbook, on the parts."""
    common = np.dtype(common or np.result_type(a, x, y))
    a, x, y = (np.asarray(operand).astype(common) for operand in (a, x, y))
    with np.errstate(all="ignore"):
        if common.kind != "c":
            return a * x + y
        out = np.empty(np.broadcast_shapes(a.shape, x.shape, y.shape), common)
        out.real = a.real * x.real - a.imag * x.imag + y.real
        out.imag = a.real * x.imag + a.imag * x.real + y.imag
        return out


def draw(data, dtype, shape):
    """Any values; hypothesis has no long double, so these come from narrower ones."""
    narrow = {np.dtype("g"): "d", np.dtype("G"): "D"}.get(dtype, dtype)
    return data.draw(npst.arrays(narrow, shape)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_length_and_layout(dtype, layout):
    scale, shift = sample(dtype, seed=4)[()], sample(dtype, seed=5)[()]
    for n in LENGTHS:
        a, x, y = sample(dtype, n, seed=3), sample(dtype, n, seed=1), sample(dtype, n, seed=2)
        expected = oracle(scale, x, y)
        assert_same_bits(nx.axpy(scale, layout(x), y), expected)
        assert_same_bits(nx.axpy(scale, x, layout(y)), expected)
        assert_same_bits(nx.axpy(layout(a), layout(x), layout(y)), oracle(a, x, y))
        assert_same_bits(nx.axpy(scale, layout(x), shift), oracle(scale, x, shift))
        out = layout(np.zeros(n, dtype))
        assert nx.axpy(scale, x, y, out=out) is out
        assert_same_bits(out.astype(dtype), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_any_values_and_shapes(dtype, data):
    shapes = data.draw(npst.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=0))
    a, x, y = (draw(data, dtype, shape) for shape in shapes.input_shapes)
    with np.errstate(all="ignore"):
        assert_same_bits(nx.axpy(a, x, y), oracle(a, x, y, dtype))


@pytest.mark.parametrize("second", DTYPES)
@pytest.mark.parametrize("first", DTYPES)
def test_every_pair_of_dtypes(first, second):
    a, x, y = sample(first, 70, seed=1), sample(second, 70, seed=2), sample(second, 70, seed=3)
    for operands in (a, x, y), (x, a, y), (x, y, a):
        with np.errstate(all="ignore"):
            assert_same_bits(nx.axpy(*operands), oracle(*operands))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scalar", [True, 2, 0.5, 2j])
def test_python_scalars_give_the_dtype_of_numpys_own_expression(scalar, dtype):
    x = sample(dtype, 3)
    with np.errstate(all="ignore"):
        assert nx.axpy(scalar, x, x).dtype == (scalar * x + x).dtype
        assert nx.axpy(x, x, scalar).dtype == (x * x + scalar).dtype


def test_half_precision_rounds_after_each_step():
    assert nx.axpy(np.float16(1025), np.float16(3), np.float16(-3072)) == 4.0  # 3075 is between 3074 and 3076
    with np.errstate(over="ignore"):
        assert nx.axpy(np.float16(300), np.float16(300), np.float16(-60000)) == np.inf


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 3, 16, 65, 1000])
def test_in_place(dtype, n):
    x, y = sample(dtype, n, seed=1), sample(dtype, n, seed=2)
    scale, shift = sample(dtype, seed=4)[()], sample(dtype, seed=5)[()]
    expected = oracle(scale, x, y)
    onto_x, onto_y = x.copy(), y.copy()
    nx.axpy(scale, x, onto_y, out=onto_y)
    nx.axpy(scale, onto_x, y, out=onto_x)
    assert_same_bits(onto_y, expected)
    assert_same_bits(onto_x, expected)
    nx.axpy(scale, onto_y, shift, out=onto_y)
    assert_same_bits(onto_y, oracle(scale, expected, shift))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shift", [-9, -8, -1, 1, 3, 8, 9])
def test_shifted_and_reversed_overlap(dtype, shift):
    other, scale = sample(dtype, 100, seed=4), sample(dtype, seed=5)[()]
    for step in (1, -1):
        for operands in ((lambda part: (part, other)), (lambda part: (other, part))):
            memory = sample(dtype, 200)
            part, out = memory[10:110][::step], memory[10 + shift : 110 + shift]
            expected = oracle(scale, *operands(part.copy()))
            nx.axpy(scale, *operands(part), out=out)
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
    assert nx.axpy(2, np.ones(2, np.int8), 1).dtype == np.int8
    assert nx.axpy(2, np.ones(2, np.int64), np.uint64([1, 2])).dtype == np.float64
    assert nx.axpy(1j, f4, f4).dtype == np.complex64
    assert isinstance(nx.axpy(2.0, 3.0, 1.0), np.float64)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.axpy(1j, 1.0, 1.0, dtype=float), TypeError),
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


def test_is_a_ufunc_and_travels():
    assert isinstance(nx.axpy, np.ufunc)
    assert pickle.loads(pickle.dumps(nx.axpy)) is nx.axpy
    assert (nx.axpy.nin, nx.axpy.nout, nx.axpy.signature) == (3, 1, None)


@pytest.mark.parametrize("a", [0.5, 0.25, 0.75, -0.5, 2**-11])
def test_subnormal_halves_round_as_in_numpy(a):
    """Half way between two of them, too, for every one."""
    x, a, zero = np.arange(4096, dtype=np.uint16).view(np.float16), np.float16(a), np.float16(0)
    with np.errstate(under="ignore"):
        assert_same_bits(nx.axpy(a, x, zero), a * x + zero)
