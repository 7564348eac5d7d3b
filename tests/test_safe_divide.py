import pickle
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from layouts import (
    LAYOUTS,
    LENGTHS,
    assert_same_bits,
    between_others,
    contiguous,
    read_only,
    reversed_,
    sample,
    strided,
)

import numpy_ext as nx

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
COMPLEX = [np.complex64, np.complex128, np.clongdouble]
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
INEXACT = [np.dtype(t) for t in [*FLOATS, *COMPLEX]]
DTYPES = [*map(np.dtype, INTEGERS), *INEXACT]
STRIDES = [contiguous, strided, reversed_, between_others]


def smith(x, y):
    """
    The quotient of complex numbers by the method of Smith, on the parts. No step is taken for nothing, so its
    flags are those of the method too.
    """
    x, y = np.broadcast_arrays(x, y)
    by_real = np.abs(y.real) >= np.abs(y.imag)
    large, small = np.where(by_real, y.real, y.imag), np.where(by_real, y.imag, y.real)
    first, second = np.where(by_real, x.real, x.imag), np.where(by_real, x.imag, x.real)
    ratio = small / large
    scale = np.ones_like(large) / (large + small * ratio)
    product = first * ratio
    out = np.empty(x.shape, x.dtype)
    out.real = (first + second * ratio) * scale
    out.imag = (np.where(by_real, second, product) - np.where(by_real, product, second)) * scale
    return out


def result_dtype(x, y, *fill):
    """The common dtype, but a real quotient of integers is float64 at least."""
    common = np.result_type(x, y, *fill)
    return common if common.kind == "c" or np.result_type(x, y).kind == "f" else np.result_type(common, float)


def oracle(x, y, *fill):
    """NumPy's own division in the dtype of the result, or Smith's; then what stands where `y` is zero."""
    operands = [np.asarray(operand) for operand in (x, y, *fill)]
    dtype = result_dtype(*[operand.dtype for operand in operands])
    nothing = np.array(complex(np.nan, np.nan) if dtype.kind == "c" else np.nan, dtype)
    x, y, *fill = np.broadcast_arrays(*[operand.astype(dtype) for operand in operands])
    with np.errstate(all="ignore"):
        quotient = smith(x, y) if dtype.kind == "c" else np.divide(x, y)
    return np.where(y == 0, fill[0] if fill else nothing, quotient)


def zeros_of_both_signs(dtype, shape):
    """In an order that no pattern of places repeats."""
    signs = {"f": [0.0, -0.0, 0.0], "c": [complex(a, b) for a in (0.0, -0.0) for b in (0.0, -0.0)] + [0j]}
    return np.resize(np.array(signs.get(dtype.kind, [0]), dtype), shape)


def divisors(dtype, zero, seed=0):
    """Numbers that are zero where `zero` says so, and nowhere else."""
    y = sample(dtype, *zero.shape, seed=seed)
    y[y == 0] = 1
    return np.where(zero, zeros_of_both_signs(y.dtype, y.shape), y)


def here_and_there(n):
    return np.random.default_rng(n).random(n) < 0.3


def patterns(n):
    """Zeros nowhere, everywhere, at every other place, here and there, at the last place only."""
    place = np.arange(n)
    return np.array([place < 0, place >= 0, place % 2 == 0, here_and_there(n), place == n - 1])


def special_values(dtype, n):
    """What divided by zero raises a flag or could: `n` of them."""
    if dtype.kind == "b":
        return np.resize([True, False], n)
    if dtype.kind in "iu":
        return np.resize(np.array([0, 1, np.iinfo(dtype).min, np.iinfo(dtype).max], dtype), n)
    limits = np.finfo(dtype)
    smallest = limits.tiny * limits.eps
    reals = [np.nan, np.inf, -np.inf, 0.0, -0.0, limits.max, limits.min, limits.tiny, smallest, 1.0]
    values = np.empty(n, dtype)
    values.real = np.resize(np.array(reals, limits.dtype), n)
    if dtype.kind == "c":
        values.imag = np.resize(np.array(reals[:-1], limits.dtype), n)
    return values


@contextmanager
def raised_flags():
    """What NumPy reports of the floating-point flags of each call."""
    seen = []
    with np.errstate(all="call", call=lambda kind, _: seen.append(kind)):
        yield seen


def flags_of(function, *operands):
    with raised_flags() as seen:
        function(*operands)
    return seen


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@np.errstate(all="ignore")
def test_every_length_and_layout(dtype, layout):
    result = result_dtype(dtype, dtype)
    for n in LENGTHS:
        zero = patterns(n)
        x, y, fill = (
            sample(dtype, *zero.shape, seed=1),
            divisors(dtype, zero),
            sample(result, *zero.shape, seed=2),
        )
        operands = layout(x), layout(y), layout(fill)
        quotients = [nx.safe_divide(x, y) for x, y, _ in zip(*operands, strict=True)]
        assert_same_bits(np.array(quotients), oracle(x, y))
        filled = [nx.divide_or(*row) for row in zip(*operands, strict=True)]
        assert_same_bits(np.array(filled), oracle(x, y, fill))
        out = layout(np.zeros_like(fill))
        for *row, row_out in zip(x, y, operands[2], out, strict=True):
            assert nx.divide_or(*row, out=row_out) is row_out
        assert_same_bits(out.astype(result), oracle(x, y, fill))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", STRIDES)
@np.errstate(all="ignore")
def test_numbers_beside_arrays(dtype, layout):
    result = result_dtype(dtype, dtype)
    one, nothing, default = dtype.type(1), dtype.type(0), sample(result, seed=5)[()]
    for n in [0, 1, 3, 16, 65, 513, 1100]:
        x, fill = sample(dtype, n, seed=1), sample(result, n, seed=2)
        y = divisors(dtype, here_and_there(n))
        assert_same_bits(nx.safe_divide(one, layout(y)), oracle(one, y))
        assert_same_bits(nx.divide_or(one, layout(y), default), oracle(one, y, default))
        assert_same_bits(nx.divide_or(layout(x), layout(y), default), oracle(x, y, default))
        for divisor in (one, nothing, -nothing if result == dtype else nothing):
            assert_same_bits(nx.safe_divide(layout(x), divisor), oracle(x, divisor))
            assert_same_bits(nx.divide_or(layout(x), divisor, layout(fill)), oracle(x, divisor, fill))
            assert_same_bits(nx.divide_or(x, divisor, default), oracle(x, divisor, default))


def draw(data, dtype, shape):
    """Any values; hypothesis has no long double, so these come from narrower ones."""
    narrow = {np.dtype("g"): "d", np.dtype("G"): "D"}.get(dtype, dtype)
    return data.draw(npst.arrays(narrow, shape)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=40)
@given(data=st.data())
def test_any_values_and_shapes(dtype, data):
    shapes = data.draw(npst.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=0))
    x, y, fill = (draw(data, dtype, shape) for shape in shapes.input_shapes)
    with raised_flags() as seen:
        quotient = nx.safe_divide(x, y)
    assert_same_bits(quotient, oracle(x, y))
    if not np.isnan(y).any():
        zero = y == 0
        # NumPy's own loop for complex numbers is fused on some processors, and then has other flags.
        divide = smith if dtype.kind == "c" else np.true_divide
        with raised_flags() as expected:
            divide(np.where(zero, dtype.type(1), x), np.where(zero, dtype.type(1), y))
        assert set(seen) == set(expected)
    with np.errstate(all="ignore"):
        assert_same_bits(nx.divide_or(x, y, fill), oracle(x, y, fill))


@pytest.mark.parametrize("second", DTYPES)
@pytest.mark.parametrize("first", DTYPES)
@np.errstate(all="ignore")
def test_every_pair_of_dtypes(first, second):
    x, y = sample(first, 70, seed=1), divisors(second, here_and_there(70))
    quotient = nx.safe_divide(x, y)
    assert quotient.dtype == np.true_divide(x, y).dtype
    assert_same_bits(quotient, oracle(x, y))
    for fill in (sample(first, 70, seed=2), sample(second, 70, seed=3)):
        assert_same_bits(nx.divide_or(x, y, fill), oracle(x, y, fill))
        assert_same_bits(nx.divide_or(x, divisors(first, y == 0), y), oracle(x, divisors(first, y == 0), y))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scalar", [True, 2, 0.5, 2j])
def test_python_scalars_give_the_dtype_of_numpys_own_expression(scalar, dtype):
    x = np.ones(3, dtype)
    assert nx.safe_divide(x, scalar).dtype == np.true_divide(x, scalar).dtype
    assert nx.safe_divide(scalar, x).dtype == np.true_divide(scalar, x).dtype
    assert nx.divide_or(x, x, scalar).dtype == (np.true_divide(x, x) + scalar).dtype


@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex_quotients_are_numpys_to_rounding(dtype):
    x, y = sample(dtype, 1000, seed=1), sample(dtype, 1000, seed=2)
    expected = np.divide(x, y)
    assert np.all(np.abs(nx.safe_divide(x, y) - expected) <= 8 * np.finfo(dtype).eps * np.abs(expected))


@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex_numbers_are_zero_where_both_parts_are(dtype):
    parts = [0.0, -0.0, 2.0]
    y = np.array([complex(a, b) for a in parts for b in parts], dtype)
    expected = np.full(9, 7 - 1j, dtype)
    expected[y != 0] = (4 + 8j) / y[y != 0]
    with np.errstate(all="raise"):
        for _ in range(3):
            np.testing.assert_array_equal(nx.divide_or(dtype(4 + 8j), y, dtype(7 - 1j)), expected)
            y, expected = np.tile(y, 3), np.tile(expected, 3)


@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex_divisors_whose_parts_are_equal_but_for_the_sign(dtype):
    corners = np.array([1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j], dtype)
    assert_same_bits(nx.safe_divide(corners, corners[:, None]), oracle(corners, corners[:, None]))


def test_complex_numbers_that_a_plain_division_cannot_do():
    """The square of the absolute value overflows, and falls below the smallest number."""
    for size in (1e300, 1e-300):
        assert abs(nx.safe_divide(complex(size, size), complex(size, size)) - 1) < 1e-15


def test_half_precision_rounds_once_from_the_exact_quotient():
    x = np.arange(1, 2049, dtype=np.float16)
    for divisor in (3, 7, 1023, 2047):
        expected = (np.arange(1, 2049) / divisor).astype(np.float16)
        assert_same_bits(nx.safe_divide(x, np.float16(divisor)), expected)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_beyond_the_mantissa_are_rounded_before_they_are_divided(dtype):
    x = np.array([2**53 + 1, 2**53 + 3, 2**62 + 1, 2**63 - 1] * 20).astype(dtype)
    y = np.array([3, 0, 2**53 + 1, 2**61 + 7] * 20).astype(dtype)
    expected = [float(a) / float(b) if b else np.nan for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert_same_bits(nx.safe_divide(x, y), np.array(expected))
    if dtype is np.uint64:
        assert nx.safe_divide(dtype(2**64 - 1), dtype(1)) == 2.0**64


def test_the_fill_is_one_number_or_one_for_each_element():
    x, y = np.arange(12.0).reshape(3, 4), np.resize([0.0, 2.0, -0.0], (3, 4))
    quotient = np.where(y == 0, np.nan, x / np.where(y == 0, 1, y))
    row, column = np.arange(4) + 0.5, np.array([[10], [20], [30]])
    for fill in (0.0, -0.0, 7, True, np.inf, np.nan, np.float64(3), row, column, row + column, [1, 2, 3, 4]):
        assert_same_bits(nx.divide_or(x, y, fill), np.where(y == 0, fill, quotient))
    assert nx.divide_or(1.0, 0.0, row).tolist() == row.tolist()
    assert nx.divide_or(1.0, 2.0, column).tolist() == [[0.5], [0.5], [0.5]]
    assert nx.divide_or([1, 2], [0, 4], -1).tolist() == [-1.0, 0.5]
    assert np.signbit(nx.divide_or(1.0, 0.0, -0.0))


@pytest.mark.parametrize("dtype", INEXACT)
@pytest.mark.parametrize("n", [0, 1, 3, 16, 65, 513, 1000])
@np.errstate(all="ignore")
def test_in_place(dtype, n):
    for zero in patterns(n):
        x, y, fill = sample(dtype, n, seed=1), divisors(dtype, zero), sample(dtype, n, seed=2)
        for place in range(2):
            operands = [x.copy(), y.copy()]
            assert nx.safe_divide(*operands, out=operands[place]) is operands[place]
            assert_same_bits(operands[place], oracle(x, y))
        for place in range(3):
            operands = [x.copy(), y.copy(), fill.copy()]
            assert nx.divide_or(*operands, out=operands[place]) is operands[place]
            assert_same_bits(operands[place], oracle(x, y, fill))
        same = y.copy()
        nx.divide_or(same, same, same, out=same)
        assert_same_bits(same, oracle(y, y, y))


@pytest.mark.parametrize("n", [1, 3, 16, 65, 1000])
def test_in_the_memory_of_integers(n):
    y = divisors(np.int64, here_and_there(n))
    x = sample(np.int64, n, seed=1)
    memory = x.copy()
    nx.safe_divide(memory, y, out=memory.view(float))
    assert_same_bits(memory.view(float), oracle(x, y))


@pytest.mark.parametrize("dtype", INEXACT)
@pytest.mark.parametrize("shift", [-9, -8, -1, 1, 3, 8, 9])
@np.errstate(all="ignore")
def test_shifted_and_reversed_overlap(dtype, shift):
    zero = here_and_there(200)
    x, y = sample(dtype, 100, seed=1), divisors(dtype, zero[:100])
    for step in (1, -1):
        for function, operands in (
            (nx.safe_divide, lambda part: (part, y)),
            (nx.safe_divide, lambda part: (x, part)),
            (nx.divide_or, lambda part: (part, y, x)),
            (nx.divide_or, lambda part: (x, part, y)),
            (nx.divide_or, lambda part: (x, y, part)),
            (nx.divide_or, lambda part: (part, part, part)),
        ):
            memory = divisors(dtype, zero, seed=3)
            part, out = memory[10:110][::step], memory[10 + shift : 110 + shift]
            expected = oracle(*operands(part.copy()))
            function(*operands(part), out=out)
            assert_same_bits(out, expected)


def test_number_in_the_output():
    x, y = sample(np.float64, 10), divisors(np.float64, here_and_there(10))
    for function, operands in (
        (nx.safe_divide, lambda array: (array[3:4], y)),
        (nx.safe_divide, lambda array: (x, array[3:4])),
        (nx.divide_or, lambda array: (x, y, array[3:4])),
    ):
        out = sample(np.float64, 10, seed=1)
        expected = oracle(*operands(out.copy()))
        assert_same_bits(function(*operands(out), out=out), expected)


@pytest.mark.parametrize("dtype", INEXACT)
def test_where_leaves_the_rest(dtype):
    n = 100
    x, y, fill = sample(dtype, n, seed=1), divisors(dtype, here_and_there(n)), sample(dtype, n, seed=2)
    for chosen in (sample(np.float64, n) > 0, np.arange(n) % 2 == 0, np.zeros(n, bool)):
        out = np.full(n, 7, dtype)
        assert nx.safe_divide(x, y, out=out, where=chosen) is out
        assert_same_bits(out, np.where(chosen, oracle(x, y), dtype.type(7)))
        nx.divide_or(x, y, fill, out=out, where=chosen)
        assert_same_bits(out, np.where(chosen, oracle(x, y, fill), dtype.type(7)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_zero_divisors_raise_no_flag(dtype, layout):
    result = result_dtype(dtype, dtype)
    with np.errstate(all="raise"):
        for n in range(66):
            x, fill = layout(special_values(dtype, n)), layout(special_values(result, n)[::-1])
            y = layout(zeros_of_both_signs(dtype, n))
            assert np.isnan(nx.safe_divide(x, y)).all()
            assert np.isnan(nx.safe_divide(x, dtype.type(0))).all()
            assert_same_bits(nx.divide_or(x, y, fill), fill.astype(result))
            if n:
                nx.safe_divide(x[-1], y)
                nx.divide_or(x, y, fill[-1])
                nx.divide_or(x, y[0], fill)


@pytest.mark.parametrize("dtype", INEXACT)
@pytest.mark.parametrize("layout", STRIDES)
def test_flags_of_other_elements_are_numpys(dtype, layout):
    """One element that overflows, underflows or is invalid, at each place among zeros and ones."""
    limits = np.finfo(dtype)
    cases = {
        "overflow": (limits.max, 0.25),
        "underflow": (limits.tiny, 3.0),
        "invalid value": (np.inf, np.inf),
    }
    for expected, element in cases.items():
        numerator, denominator = np.array(element, dtype)
        assert flags_of(np.divide, np.array([numerator]), np.array([denominator])) == [expected]
        with raised_flags() as seen:
            for n in range(1, 66):
                x, y = layout(np.ones(n, dtype)), layout(np.resize(np.array([0.0, -0.0, 1.0], dtype), n))
                for place in range(n):
                    before = x[place], y[place]
                    x[place], y[place] = numerator, denominator
                    nx.safe_divide(x, y)
                    nx.divide_or(x, y, x)
                    assert seen == [expected, expected], (n, place)
                    x[place], y[place] = before
                    seen.clear()


@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_and_infinity_raise_no_flag_of_their_own(dtype):
    for n in range(66):
        x, y = np.resize(np.array([np.nan, np.inf, -np.inf, 0.0, 1.0], dtype), n), np.full(n, 2, dtype)
        with np.errstate(all="raise"):
            nx.safe_divide(x, y)
            nx.safe_divide(y, np.where(x == 0, dtype(1), x))
            nx.divide_or(x, y, x)
            nx.safe_divide(np.full(n, np.nan, dtype), x)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_a_complex_divisor_that_is_nan_raises_the_same_at_every_length(dtype):
    numerator, divisor = np.ones(65, dtype), np.full(65, np.nan, dtype)
    for function in (nx.safe_divide, lambda x, y: nx.divide_or(x, y, x)):
        flags = [flags_of(function, numerator[:n], divisor[:n]) for n in range(1, 66)]
        assert flags == flags[:1] * 65


@pytest.mark.parametrize(
    "signalling", [np.uint32(0x7F800001).view("f4"), np.uint64(0x7FF0000000000001).view("f8")]
)
def test_a_signalling_nan_over_zero_raises_no_flag(signalling):
    for n in range(1, 66):
        x = np.full(n, signalling.view(f"u{signalling.itemsize}")).view(signalling.dtype)
        assert flags_of(nx.safe_divide, x, np.zeros_like(x)) == []


def running_quotients(x):
    out = x.astype(result_dtype(x.dtype, x.dtype))
    for i in range(1, len(x)):
        out[i] = oracle(out[i - 1], out.dtype.type(x[i]))
    return out


@pytest.mark.parametrize("dtype", DTYPES)
def test_reduce_divides_one_after_the_other(dtype):
    for n in (2, 3, 16, 65, 600):
        x = np.resize(np.array([1, 3, 1, 1, 2]), n).astype(dtype)
        with np.errstate(under="ignore"):
            assert_same_bits(nx.safe_divide.reduce(x), running_quotients(x)[-1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_accumulate_divides_one_after_the_other(dtype):
    for n in (2, 3, 16, 65, 600):
        x = np.resize(np.array([1, 3, 1, 1, 2]), n).astype(dtype)
        expected = running_quotients(x)
        with np.errstate(all="ignore"):
            assert_same_bits(nx.safe_divide.accumulate(x, out=np.full_like(expected, np.nan)), expected)


def test_at_and_outer():
    x = np.array([8.0, 9.0, 10.0])
    nx.safe_divide.at(x, [0, 0, 1], [2.0, 4.0, 0.0])
    assert_same_bits(x, np.array([1.0, np.nan, 10.0]))
    assert_same_bits(nx.safe_divide.outer([1.0, 2.0], [0.0, 4.0]), np.array([[np.nan, 0.25], [np.nan, 0.5]]))


def test_result_dtypes():
    f4, f8, i4 = np.ones(2, np.float32), np.ones(2), np.ones(2, np.int32)
    assert nx.safe_divide(f4, 2).dtype == np.float32
    assert nx.safe_divide(f4, f8).dtype == np.float64
    assert nx.safe_divide(f4, i4).dtype == np.float64
    assert nx.safe_divide(f4, f4, dtype=np.float64).dtype == np.float64
    assert nx.divide_or(f4, f4, 0).dtype == np.float32
    assert nx.divide_or(f4, f4, np.zeros(2)).dtype == np.float64
    assert nx.divide_or(i4, i4, np.zeros(2, np.float16)).dtype == np.float64
    assert nx.divide_or(f4, f4, 1j).dtype == np.complex64
    assert isinstance(nx.safe_divide(1, 2), np.float64)
    assert isinstance(nx.divide_or(1, 0, 0), np.float64)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nx.safe_divide(1j, 1.0, dtype=float), TypeError),
        (lambda: nx.safe_divide(1, 1, dtype=int), TypeError),
        (lambda: nx.safe_divide("a", 1.0), TypeError),
        (lambda: nx.safe_divide(1.0, np.array("2020", "M8[Y]")), TypeError),
        (lambda: nx.safe_divide(np.array(6, "m8[s]"), np.array(2, "m8[s]")), TypeError),
        (lambda: nx.safe_divide(1.0, [None]), TypeError),
        (lambda: nx.safe_divide(1.0), TypeError),
        (lambda: nx.safe_divide(1.0, 2.0, fill=0.0), TypeError),
        (lambda: nx.safe_divide([1.0, 2.0], [1.0, 2.0, 3.0]), ValueError),
        (lambda: nx.safe_divide([1.0, 2.0], 1.0, out=np.zeros(3)), ValueError),
        (lambda: nx.safe_divide(1.0, 1.0, out=np.zeros(3, int)), TypeError),
        (lambda: nx.safe_divide(1.0, 1.0, out=read_only(np.zeros(3))), ValueError),
        (lambda: nx.divide_or(1.0, 1.0), TypeError),
        (lambda: nx.divide_or(1.0, 1.0, None), TypeError),
        (lambda: nx.divide_or(1.0, 1.0, "a"), TypeError),
        (lambda: nx.divide_or(1.0, 1.0, 1j, dtype=float), TypeError),
        (lambda: nx.divide_or([1.0, 2.0], 1.0, [1.0, 2.0, 3.0]), ValueError),
        (lambda: nx.divide_or(1.0, 1.0, 1j, out=np.zeros(3)), TypeError),
        (lambda: nx.divide_or(1.0, 1.0, 1.0, out=read_only(np.zeros(3))), ValueError),
        (lambda: nx.divide_or.reduce([1.0, 2.0]), ValueError),
    ],
)
def test_bad_input_is_numpys_own_error(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(("ufunc", "inputs"), [(nx.safe_divide, 2), (nx.divide_or, 3)])
def test_is_a_ufunc_and_travels(ufunc, inputs):
    assert isinstance(ufunc, np.ufunc)
    assert pickle.loads(pickle.dumps(ufunc)) is ufunc
    assert (ufunc.nin, ufunc.nout, ufunc.signature, ufunc.identity) == (inputs, 1, None, None)
