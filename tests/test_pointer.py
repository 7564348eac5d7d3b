"""Functions of C as ufuncs: every type and mixture of types, every kind of owner, every mistake."""

import ctypes
import gc
import itertools
import os
import pickle
import random
import shutil
import subprocess
import sys
import weakref

import numpy as np
import pytest

import numpy_ext as nx
from numpy_ext.testing import check_ufunc

COMPILER = os.environ.get("CC", "cc").split()
HAS_COMPILER = shutil.which(COMPILER[0]) is not None
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="no C compiler")

C_TYPES = {
    "?": "_Bool", "b": "signed char", "B": "unsigned char", "h": "short", "H": "unsigned short", "i": "int",
    "I": "unsigned", "l": "long", "L": "unsigned long", "q": "long long", "Q": "unsigned long long",
    "e": "unsigned short", "f": "float", "d": "double", "g": "long double", "F": "float _Complex",
    "D": "double _Complex", "G": "long double _Complex",
}  # fmt: skip
X86 = os.uname().machine == "x86_64"
LENGTHS = [0, 1, 127, 128, 129, 300]


def random_types(count):
    """Types of functions, each with two to seven inputs of any types that fit into registers."""
    draw = random.Random(20)
    found = []
    while len(found) < count:
        inputs, output = draw.choices(list(C_TYPES), k=draw.randint(1, 7)), draw.choice(list(C_TYPES))
        reals = sum({"f": 1, "d": 1, "D": 2, "F": 1 if X86 else 2}.get(letter, 0) for letter in inputs)
        longs = sum({"g": 1, "G": 2}.get(letter, 0) for letter in inputs)
        integers = sum(letter not in "fdgFDG" for letter in inputs)
        if reals <= 8 and integers <= 6 and longs <= (4 if X86 else 0) and (X86 or output not in "gG"):
            found.append(("".join(inputs), output))
    return found


SAME = [(letter * count, letter) for letter in C_TYPES for count in (1, 2, 3, 4)]
MIXED = random_types(60)


def selector(inputs, output, j, data=False):
    """C of a function that returns its argument j, and its name."""
    name = f"take_{j}_{'data_' * data}" + "".join(f"{ord(letter):x}" for letter in inputs + output)
    arguments = ", ".join(f"{C_TYPES[letter]} a{i}" for i, letter in enumerate(inputs))
    value = f"a{j}" if not data else f"a{j} + *({C_TYPES[output]} *)data"
    text = f"{C_TYPES[output]} {name}({arguments}{', void *data' * data}) {{ return {value}; }}\n"
    return text.replace(
        "{ return",
        "".join(f"{{ (void)a{i}; " if i == 0 else f"(void)a{i}; " for i in range(len(inputs))) + "return",
    ), name


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("functions")
    text = "#include <stdint.h>\n"
    for inputs, output in {*SAME, *MIXED}:
        for j, data in itertools.product(range(len(inputs)), (False, True)):
            text += selector(inputs, output, j, data)[0]
    text += """
    void parts(double x, float f, double *half, float *twice, short *sign)
    {
        *half = x / 2, *twice = 2 * f, *sign = x < 0 ? -1 : 1;
    }
    void running(const double *x, const double *start, double *out, double *last, intptr_t n, intptr_t dx,
                 intptr_t dout)
    {
        double sum = *start;
        for (intptr_t i = 0; i < n; i++)
            out[i * dout] = sum += x[i * dx];
        *last = sum;
    }
    void product(const double _Complex *a, const double _Complex *b, double _Complex *out, intptr_t m,
                 intptr_t n, intptr_t p, intptr_t da, intptr_t ea, intptr_t db, intptr_t eb, intptr_t dout,
                 intptr_t eout)
    {
        for (intptr_t i = 0; i < m; i++)
            for (intptr_t k = 0; k < p; k++) {
                double _Complex sum = 0;
                for (intptr_t j = 0; j < n; j++)
                    sum += a[i * da + j * ea] * b[j * db + k * eb];
                out[i * dout + k * eout] = sum;
            }
    }
    void scaled(const float *x, float *out, intptr_t n, intptr_t dx, intptr_t dout, void *factor)
    {
        for (intptr_t i = 0; i < n; i++)
            out[i * dout] = *(float *)factor * x[i * dx];
    }
    double mixed(long n, double x) { return n * x; }
    double add(double x, double y) { return x + y; }
    """
    (folder / "functions.c").write_text(text)
    target = folder / "functions.so"
    options = ["-std=gnu11", "-O2", "-shared", "-fPIC", "-ffp-contract=off"]
    subprocess.run([*COMPILER, *options, folder / "functions.c", "-o", target], check=True)
    return ctypes.CDLL(str(target))


def of(library, name, types, **options):
    return nx.from_pointer(getattr(library, name), types, **options)


def values(letter, n, rng, output=""):
    """Numbers that every type holds, but for the sign; those of a float16 are bits."""
    if letter == "e":
        return rng.integers(0, 100, n).astype("u2").view("e")
    # What a negative float becomes without a sign is the processor's affair.
    lowest = 0 if letter in "?BHILQ" or (output in [*"BHILQe"] and letter in "fdgFDG") else -100
    numbers = rng.integers(lowest, 2 if letter == "?" else 100, n)
    return numbers.astype(letter) if letter not in "FDG" else (numbers + 3j).astype(letter)


def as_c_converts(x, letter):
    """What C makes of these where it returns them as another type."""
    x = x.view("u2") if x.dtype == "e" else x
    x = x.real if x.dtype.kind == "c" and letter not in "FDG?" else x
    return (x.astype("u2").view("e") if letter == "e" else x.astype(letter)) if letter != "?" else x != 0


def assert_same(actual, expected):
    assert actual.dtype == expected.dtype
    bits = "u2" if expected.dtype == "e" else expected.dtype
    np.testing.assert_array_equal(actual.view(bits), expected.view(bits))


# ---- Single numbers ----


@needs_compiler
@pytest.mark.parametrize(("inputs", "output"), SAME + MIXED, ids="->".join)
def test_every_argument_of_every_type_arrives(library, inputs, output):
    rng = np.random.default_rng(len(inputs))
    for n in LENGTHS:
        arrays = [values(letter, n, rng, output) for letter in inputs]
        strided = [np.repeat(x, 3)[::-3][::-1] for x in arrays]
        for j, given in itertools.product(range(len(inputs)), (arrays, strided)):
            take = of(library, selector(inputs, output, j)[1], f"{inputs}->{output}")
            assert_same(take(*given), as_c_converts(arrays[j], output))


@needs_compiler
@pytest.mark.parametrize(
    ("inputs", "output"), SAME[::5] + [each for each in MIXED if len(each[0]) < 6], ids="->".join
)
def test_data_is_the_last_argument(library, inputs, output):
    rng = np.random.default_rng(7)
    arrays = [values(letter, 150, rng) for letter in inputs]
    data = np.array([1], "u2").view("e") if output == "e" else np.ones(1, output)
    j = len(inputs) - 1
    take = of(library, selector(inputs, output, j, data=True)[1], f"{inputs}->{output}", data=data)
    x = arrays[j].view("u2") if inputs[j] == "e" else arrays[j]
    if output == "?":
        expected = (x.astype("D") + 1) != 0
    else:
        expected = (x.real if output not in "FDG" and x.dtype.kind == "c" else x).astype("G") + 1
        expected = as_c_converts(expected if output in "FDG" else expected.real, output)
    assert_same(take(*arrays), expected)


@needs_compiler
def test_negative_numbers_of_every_size_keep_their_sign(library):
    for letter, count in itertools.product("bhilq", (1, 2)):
        lowest = np.array([np.iinfo(letter).min, -1], letter)
        take = of(library, selector(letter * count, letter, 0)[1], f"{letter * count}->{letter}")
        np.testing.assert_array_equal(take(*[lowest] * count), lowest)


@needs_compiler
def test_a_scalar_is_taken_for_all(library):
    mixed = of(library, "mixed", "ld->d")
    assert mixed(3, 0.5) == 1.5
    np.testing.assert_array_equal(mixed(3, np.arange(300) / 4), 3 * np.arange(300) / 4)
    np.testing.assert_array_equal(
        mixed(np.arange(300)[:, None], [0.5, 2.0]), np.arange(300)[:, None] * [0.5, 2.0]
    )


@needs_compiler
def test_several_outputs(library):
    parts = of(library, "parts", "df->dfh")
    x, f = np.linspace(-1, 1, 300), np.arange(300, dtype="f")
    half, twice, sign = parts(x, f)
    np.testing.assert_array_equal(half, x / 2)
    np.testing.assert_array_equal(twice, 2 * f)
    np.testing.assert_array_equal(sign, np.where(x < 0, -1, 1))
    assert sign.dtype == "h"
    out = np.zeros(600)[::2]
    parts(x[::-1], f, out=(out, None, None))
    np.testing.assert_array_equal(out, x[::-1] / 2)


@needs_compiler
def test_it_is_a_ufunc_as_any_other(library):
    add = of(library, "add", "dd->d")
    assert isinstance(add, np.ufunc)
    assert add.__name__ == "add"
    x = np.random.default_rng(1).normal(size=(30, 40))
    assert add.reduce(x[0]) == list(itertools.accumulate(x[0]))[-1]
    np.testing.assert_array_equal(add.accumulate(x, axis=1)[3], list(itertools.accumulate(x[3])))
    np.testing.assert_array_equal(add.outer(x[0], x[1]), np.add.outer(x[0], x[1]))
    np.testing.assert_array_equal(add(x, 1.0, where=x > 0, out=x.copy()), np.where(x > 0, x + 1, x))


@needs_compiler
def test_several_loops_are_tried_in_their_order(library):
    functions = [getattr(library, selector(letter * 2, letter, 1)[1]) for letter in "lfd"]
    second = nx.from_pointer(functions, ["ll->l", "ff->f", "dd->d"], name="second")
    assert second.types == ["ll->l", "ff->f", "dd->d"]
    for dtype, result in {"i4": "i8", "i8": "i8", "f2": "f4", "f4": "f4", "f8": "f8"}.items():
        x = np.array([1, 2], dtype)
        assert second(x, 2 * x).dtype == result
        np.testing.assert_array_equal(second(x, 2 * x), 2 * x)


@needs_compiler
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_share_a_call(library, threads):
    x = np.random.default_rng(2).normal(size=300_001)
    mixed, add = of(library, "mixed", "ld->d"), of(library, "add", "dd->d")
    with nx.num_threads(threads):
        np.testing.assert_array_equal(add(x, x[::-1]), x + x[::-1])
        np.testing.assert_array_equal(mixed(np.arange(300_001), x), np.arange(300_001) * x)
    running = of(library, "running", "dd->dd", signature="(n),()->(n),()")
    rows = x[:300_000].reshape(300, 1000)
    with nx.num_threads(threads):
        np.testing.assert_array_equal(running(rows, 0.0)[0], np.add.accumulate(rows, axis=1))


@needs_compiler
@pytest.mark.parametrize(
    ("name", "types", "reference"),
    [("add", "dd->d", np.add), ("mixed", "ld->d", None)],
)
def test_conformance_of_single_numbers(library, name, types, reference):
    check_ufunc(of(library, name, types), reference, dtypes=[types], max_examples=15, skip=["pickling"])


# ---- Whole cores ----


@needs_compiler
def test_a_scan_with_a_state(library):
    running = of(library, "running", "dd->dd", signature="(n),()->(n),()")
    x = np.random.default_rng(3).normal(size=(5, 60))
    for given, axis in ((x, -1), (x[:, ::-3], -1), (x.T, 0), (x[::2], 0)):
        sums, last = running(given, 1.5, axes=[axis, (), axis, ()])
        expected = [list(itertools.accumulate(row, initial=1.5))[1:] for row in np.moveaxis(given, axis, -1)]
        np.testing.assert_array_equal(np.moveaxis(sums, axis, -1), expected)
        np.testing.assert_array_equal(last, [row[-1] for row in expected])
    sums, last = running(np.empty((2, 0)), 3.0)
    assert sums.shape == (2, 0)
    assert last.tolist() == [3.0, 3.0]


@needs_compiler
def test_a_scan_over_itself_is_copied(library):
    running = of(library, "running", "dd->dd", signature="(n),()->(n),()")
    x = np.arange(10.0)
    running(x, 0.0, out=(x[::-1], None))
    np.testing.assert_array_equal(x[::-1], np.cumsum(np.arange(10.0)))


@needs_compiler
def test_several_core_dimensions_in_the_order_of_the_signature(library):
    product = of(library, "product", "DD->D", signature="(m,n),(n,p)->(m,p)")
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(4, 3, 5)) + 2j, rng.normal(size=(5, 2)) - 1j
    np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-14)
    np.testing.assert_allclose(
        product(a[:, ::-1, ::2], b.copy("F")[::2]), a[:, ::-1, ::2] @ b[::2], rtol=1e-14
    )


@needs_compiler
def test_complex_fields_of_records_stand_at_no_multiple_of_their_size(library):
    product = of(library, "product", "DD->D", signature="(m,n),(n,p)->(m,p)")
    rows = np.zeros((3, 4), [("time", "f8"), ("z", "c16")])
    rows["z"] = np.arange(12).reshape(3, 4) * (1 - 2j)
    b = np.arange(8.0).reshape(4, 2) + 1j
    out = np.zeros((3, 2), rows.dtype)
    product(rows["z"], b, out=out["z"])
    np.testing.assert_allclose(out["z"], rows["z"].copy() @ b, rtol=1e-14)
    assert not out["time"].any()


@needs_compiler
def test_data_of_a_function_of_cores(library):
    factor = ctypes.c_float(2.5)
    scaled = of(library, "scaled", "f->f", signature="(n)->(n)", data=factor)
    x = np.arange(7, dtype="f")
    np.testing.assert_array_equal(scaled(x[::-2]), 2.5 * x[::-2])
    factor.value = 3
    np.testing.assert_array_equal(scaled(x), 3 * x)


@needs_compiler
def test_conformance_of_cores(library):
    running = of(library, "running", "dd->dd", signature="(n),()->(n),()")
    check_ufunc(running, dtypes=["dd->dd"], max_examples=15, skip=["pickling"])


# ---- Owners ----


def test_ctypes_of_the_c_library():
    hypot = ctypes.CDLL("libm.so.6").hypot
    plain = nx.from_pointer(ctypes.cast(hypot, ctypes.c_void_p), "dd->d", name="plain")
    number = nx.from_pointer(ctypes.cast(hypot, ctypes.c_void_p).value, "dd->d", name="number")
    hypot.argtypes, hypot.restype = [ctypes.c_double] * 2, ctypes.c_double
    declared = nx.from_pointer(hypot, "dd->d")
    for function in (plain, number, declared):
        assert function(3.0, 4.0) == 5.0
    assert declared.__name__ == "hypot"


def test_a_function_in_python_stays_alive_as_long_as_the_ufunc():
    class Callable:
        def __call__(self, x):
            return 2 * x

    callable_ = Callable()
    alive = weakref.ref(callable_)
    double = nx.from_pointer(
        ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(callable_), "d->d", name="double"
    )
    del callable_
    gc.collect()
    np.testing.assert_array_equal(double(np.arange(3.0)), [0, 2, 4])
    assert alive() is not None
    del double
    gc.collect()
    assert alive() is None


def test_keep_and_data_stay_alive_as_long_as_the_ufunc():
    class Owner:
        pass

    owner = Owner()
    alive = weakref.ref(owner)
    data = np.zeros(3)
    before = sys.getrefcount(data)
    function = nx.from_pointer(ctypes.CDLL("libm.so.6").sin, "d->d", keep=owner, data=data)
    del owner
    gc.collect()
    assert alive() is not None
    assert sys.getrefcount(data) > before
    del function
    gc.collect()
    assert alive() is None
    assert sys.getrefcount(data) == before


def test_an_owner_that_keeps_the_ufunc_is_found_by_the_garbage_collector():
    class Owner:
        pass

    owner = Owner()
    alive = weakref.ref(owner)
    owner.function = nx.from_pointer(ctypes.CDLL("libm.so.6").sin, "d->d", keep=owner)
    del owner
    gc.collect()
    assert alive() is None


def test_cffi():
    cffi = pytest.importorskip("cffi")
    ffi = cffi.FFI()
    ffi.cdef("double atan2(double, double); void sincos(double, double *, double *); int abs(int);")
    library = ffi.dlopen("libm.so.6")
    atan2 = nx.from_pointer(ffi.addressof(library, "atan2"), "dd->d", name="atan2")
    np.testing.assert_array_equal(atan2([1.0, -2.0], 3.0), np.arctan2([1.0, -2.0], 3.0))
    both = nx.from_pointer(ffi.addressof(library, "sincos"), "d->dd", name="both")
    np.testing.assert_allclose(both(0.5), (np.sin(0.5), np.cos(0.5)), rtol=1e-15)
    address = int(ffi.cast("uintptr_t", ffi.addressof(library, "atan2")))
    assert nx.from_pointer(ffi.cast("void *", address), "dd->d", name="atan2")(0.0, 1.0) == 0.0
    with pytest.raises(ValueError, match=r"must be float64 \(float64\); it is declared as int32 \(int32\)"):
        nx.from_pointer(ffi.addressof(ffi.dlopen(None), "abs"), "d->d", name="abs")
    with pytest.raises(ValueError, match=r"declared as void \(float64, float64 \*, float64 \*\)"):
        nx.from_pointer(ffi.addressof(library, "sincos"), "d->ff", name="both")
    for no_function in (ffi.new("struct { int x; } *")[0], ffi.new("double *"), ffi.cast("double", 1.0)):
        with pytest.raises(TypeError, match="address is"):
            nx.from_pointer(no_function, "d->d", name="x")


def test_numba():
    numba = pytest.importorskip("numba")
    types = numba.types

    @numba.cfunc(types.float64(types.float64, types.float64))
    def larger(x, y):
        return x if x > y else y

    ufunc = nx.from_pointer(larger, "dd->d")
    assert ufunc.__name__ == "larger"
    assert ufunc.reduce([1.0, 5.0, 2.0]) == 5.0

    pointer = types.CPointer(types.float64)

    @numba.cfunc(types.void(pointer, pointer, pointer, types.intp, types.intp, types.intp))
    def score(x, rise, out, n, dx, dout):
        s = 0.0
        for i in range(n):
            v = x[i * dx]
            s = s * rise[0] + v if v > s else s * 0.5
            out[i * dout] = s

    gufunc = nx.from_pointer(score, "dd->d", signature="(n),()->(n)")
    x = np.random.default_rng(5).normal(size=(4, 50))
    np.testing.assert_array_equal(gufunc(x[:, ::-2], 0.9), nx.rolling_score(x[:, ::-2]))
    with pytest.raises(
        ValueError, match=r"must be void \(float32 \*, float32 \*, float32 \*, int64, int64, int64\)"
    ):
        nx.from_pointer(score, "ff->f", signature="(n),()->(n)")
    with pytest.raises(ValueError, match="must be float64"):
        nx.from_pointer(larger, "ddd->d")


def test_complex_numbers_of_numba():
    numba = pytest.importorskip("numba")
    for letter, type_ in (("F", numba.types.complex64), ("D", numba.types.complex128)):
        second = numba.cfunc(type_(type_, type_))(lambda _, y: y)
        x = np.array([1 + 2j, 3 - 4j], letter)
        if letter == "F" and X86:
            with pytest.raises(NotImplementedError, match="returns complex64, which Numba passes otherwise"):
                nx.from_pointer(second, "FF->F", name="second")
        else:
            np.testing.assert_array_equal(nx.from_pointer(second, f"{letter * 2}->{letter}")(x + 1, x), x)


def test_scipy():
    scipy = pytest.importorskip("scipy")
    special = pytest.importorskip("scipy.special.cython_special")
    j1 = nx.from_pointer(scipy.LowLevelCallable.from_cython(special, "j1"), "d->d", name="j1")
    x = np.linspace(0, 5, 20)
    np.testing.assert_array_equal(j1(x), scipy.special.j1(x))
    from_capsule = nx.from_pointer(special.__pyx_capi__["j1"], "d->d", name="j1")
    np.testing.assert_array_equal(from_capsule(x), scipy.special.j1(x))
    hypot = ctypes.CDLL("libm.so.6").hypot
    hypot.argtypes, hypot.restype = [ctypes.c_double] * 2, ctypes.c_double
    assert nx.from_pointer(scipy.LowLevelCallable(hypot), "dd->d")(3.0, 4.0) == 5.0
    with pytest.raises(ValueError, match="must be float32"):
        nx.from_pointer(scipy.LowLevelCallable(hypot), "ff->f")


def test_the_user_data_of_a_low_level_callable():
    scipy = pytest.importorskip("scipy")
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_void_p)

    @prototype
    def scaled(x, data):
        return x * ctypes.cast(data, ctypes.POINTER(ctypes.c_double))[0]

    factor = ctypes.c_double(3.0)
    callable_ = scipy.LowLevelCallable(scaled, ctypes.cast(ctypes.byref(factor), ctypes.c_void_p))
    ufunc = nx.from_pointer(callable_, "d->d", name="scaled")
    np.testing.assert_array_equal(ufunc([1.0, 2.0]), [3.0, 6.0])
    with pytest.raises(ValueError, match="must be float64"):
        nx.from_pointer(scipy.LowLevelCallable(scaled), "d->d", name="scaled")

    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
    capsule = new_capsule(ctypes.addressof(factor), None, None)
    ufunc = nx.from_pointer(scipy.LowLevelCallable(scaled, capsule), "d->d", name="scaled")
    np.testing.assert_array_equal(ufunc([1.0, 2.0]), [3.0, 6.0])


def test_a_low_level_callable_of_cffi_needs_a_name():
    scipy, cffi = pytest.importorskip("scipy"), pytest.importorskip("cffi")
    ffi = cffi.FFI()
    ffi.cdef("double sin(double);")
    callable_ = scipy.LowLevelCallable(ffi.dlopen("libm.so.6").sin)
    assert nx.from_pointer(callable_, "d->d", name="sine")(0.0) == 0.0
    with pytest.raises(ValueError, match="name is None"):
        nx.from_pointer(callable_, "d->d")


# ---- Mistakes ----

MANY = "(a,b,c,d,e,f,g,h,i,j,k,l,m,o)->(a,b,c,d,e,f,g,h,i,j,k,l,m,o)"
SIN = ctypes.cast(ctypes.CDLL("libm.so.6").sin, ctypes.c_void_p).value


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, "d->d"), {}, ValueError, "null pointer"),
        ((ctypes.c_void_p(), "d->d"), {}, ValueError, "null pointer"),
        ((-1, "d->d"), {}, ValueError, "address is -1"),
        ((2**64, "d->d"), {}, ValueError, "address is 18446744073709551616"),
        ((True, "d->d"), {}, TypeError, "address is True"),
        (("sin", "d->d"), {}, TypeError, "address is 'sin'"),
        ((np.sin, "d->d"), {}, TypeError, "address is <ufunc 'sin'>"),
        ((ctypes.pythonapi.PyFloat_AsDouble, "L->d"), {}, ValueError, "needs Python's lock"),
        ((SIN, ""), {}, ValueError, "letters on both sides"),
        ((SIN, "d"), {}, ValueError, "letters on both sides"),
        ((SIN, "d-d"), {}, ValueError, "letters on both sides"),
        ((SIN, "->d"), {}, ValueError, "letters on both sides"),
        ((SIN, "d->"), {}, ValueError, "letters on both sides"),
        ((SIN, "O->O"), {}, ValueError, "letters on both sides"),
        ((SIN, "M->d"), {}, ValueError, "letters on both sides"),
        ((SIN, "d->d\n"), {}, ValueError, "letters on both sides"),
        ((SIN, []), {}, ValueError, "types is empty"),
        ((SIN, [1]), {}, TypeError, "types has 1"),
        ((SIN, None), {}, TypeError, "types is None"),
        ((SIN, ["d->d"]), {}, ValueError, "address must be a list of 1 functions"),
        (([SIN], "d->d"), {}, TypeError, "address is"),
        (([SIN], ["d->d", "f->f"]), {}, ValueError, "address must be a list of 2 functions"),
        (([SIN, SIN], ["d->d", "ff->f"]), {}, ValueError, "as many inputs and outputs"),
        (([SIN, SIN], ["d->d", "d->f"]), {}, ValueError, "same inputs"),
        ((SIN, "d" * 32 + "->d"), {}, ValueError, "32 operands are possible"),
        ((SIN, "d->d"), {"name": None}, ValueError, "name is None"),
        ((SIN, "d->d"), {"name": ""}, ValueError, "name is ''"),
        ((SIN, "d->d"), {"name": 3}, ValueError, "name is 3"),
        ((SIN, "d->d"), {"doc": 3}, TypeError, "doc is 3"),
        ((SIN, "d->d"), {"data": "x"}, TypeError, "data is 'x'"),
        ((SIN, "d->d"), {"data": -1}, ValueError, "data is -1"),
        ((SIN, "d->d"), {"data": 2**64}, ValueError, "data is 18446744073709551616"),
        ((SIN, "d->d"), {"signature": b"(n)->(n)"}, TypeError, "signature is b'"),
        ((SIN, "d->d"), {"signature": "(n)->(n"}, ValueError, "expect"),
        ((SIN, "d->d"), {"signature": "(n),(n)->()"}, ValueError, "expect"),
        ((SIN, "dd->d"), {"signature": "(n?),(n)->()"}, ValueError, "may be missing"),
        ((SIN, "d->d"), {"signature": MANY}, ValueError, "40 are possible"),
        ((SIN, "iiiiiii->d"), {}, NotImplementedError, "more arguments than fit"),
        ((SIN, "d" * 9 + "->d"), {}, NotImplementedError, "more arguments than fit"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_before_anything_is_called(arguments, options, error, message):
    with pytest.raises(error, match=message):
        nx.from_pointer(*arguments, **{"name": "sin", **options})


@pytest.mark.parametrize(
    ("argtypes", "restype", "types", "options"),
    [
        ([ctypes.c_double], ctypes.c_double, "dd->d", {}),
        ([ctypes.c_double], ctypes.c_double, "f->d", {}),
        ([ctypes.c_double], ctypes.c_double, "d->f", {}),
        ([ctypes.c_double], ctypes.c_int, "d->d", {}),  # what ctypes says of a result if nobody does
        ([ctypes.c_double], ctypes.c_double, "d->d", {"data": 0}),
        ([ctypes.c_int], ctypes.c_double, "I->d", {}),
        (None, ctypes.c_float, "d->d", {}),
        (
            [ctypes.POINTER(ctypes.c_float)] * 2 + [ctypes.c_ssize_t] * 3,
            None,
            "d->d",
            {"signature": "(n)->(n)"},
        ),
        ([ctypes.c_void_p] * 2 + [ctypes.c_ssize_t] * 2, None, "d->d", {"signature": "(n)->(n)"}),
    ],
)
def test_what_a_ctypes_function_declares_must_be_what_types_asks_for(argtypes, restype, types, options):
    function = ctypes.CDLL("libm.so.6").sin
    if argtypes is not None:
        function.argtypes = argtypes
    function.restype = restype
    with pytest.raises(ValueError, match=r"so the function must be .*; it is declared as"):
        nx.from_pointer(function, types, **options)


@pytest.mark.parametrize(
    "argtypes",
    [
        [ctypes.POINTER(ctypes.c_double)] * 2 + [ctypes.c_ssize_t] * 3,
        [ctypes.c_void_p] * 2 + [ctypes.c_ssize_t] * 3,
        [np.ctypeslib.ndpointer("f8")] * 2 + [ctypes.c_ssize_t] * 3,
    ],
)
def test_a_ctypes_function_of_cores_may_declare_any_pointers(argtypes):
    function = ctypes.CDLL("libm.so.6").sin
    function.argtypes, function.restype = argtypes, None
    assert nx.from_pointer(function, "d->d", signature="(n)->(n)").signature == "(n)->(n)"


def test_it_cannot_be_pickled():
    with pytest.raises((pickle.PicklingError, AttributeError), match="sin"):
        pickle.dumps(nx.from_pointer(SIN, "d->d", name="sin_of_nobody"))


def test_ufuncs_come_and_go_without_a_trace():
    def make():
        return nx.from_pointer([SIN, SIN], ["d->d", "f->f"], name="sin", doc="The sine.", data=None)

    def references():
        gc.collect()  # what other tests left holds None too
        return np.array([sys.getrefcount(None), sys.getrefcount(SIN)])

    make()
    before = references()
    for _ in range(1000):
        make()
        with pytest.raises(NotImplementedError):
            nx.from_pointer(SIN, "iiiiiii->d", name="sin")
    assert (abs(references() - before) < 100).all()
    assert make().__doc__.endswith("The sine.")
