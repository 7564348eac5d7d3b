"""Plug-ins that are really built: their modules, their errors, and how they are found."""

import importlib
import os
import pickle

import numpy as np
import pytest
from made_plugins import compile_plugin, describe, in_new_process, patched_headers
from made_ufuncs import HAS_COMPILER

import numpy_ext as nx
from numpy_ext.testing import check_ufunc

needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="no C compiler")
LEVELS = [level for level in nx._ufuncs.cpu_levels if level != "baseline"]
KNOWN = ["v4", "v3"] if LEVELS else []


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with a plug-in of every level."""
    folder = compile_plugin(tmp_path_factory.mktemp("installed"), levels=KNOWN)
    describe(folder, "made", "1.5", made_plugin="made_plugin")
    return folder


@pytest.fixture
def made_plugin(installed, monkeypatch):
    monkeypatch.syspath_prepend(installed)
    return importlib.import_module("made_plugin")


# ---- Its ufuncs ----


def number(x):
    """What the C computes in, and what it gives."""
    if x.dtype.kind in "iub":
        return np.float64(x), np.float64
    return (np.float32(x) if x.dtype == np.float16 else x), x.dtype.type


def square(x):
    value, result = number(x)
    return result(value * value)


def quotient(x, y):
    (value, result), (divisor, _) = number(x), number(y)
    return result(value / divisor)


def between(x, low, high):
    (value, result), (start, _), (stop, _) = map(number, (x, low, high))
    return result(start if value < start else stop if value > stop else value)


@needs_compiler
@pytest.mark.parametrize("reference", [square, quotient, between])
def test_the_loops_of_elementwise_h_pass_every_check(made_plugin, reference):
    check_ufunc(getattr(made_plugin, reference.__name__), reference, max_examples=20)


@needs_compiler
def test_a_constant_and_work_in_place_take_paths_of_their_own(made_plugin):
    x, y = np.linspace(-3, 3, 37), np.linspace(1, 2, 37)
    expected = x / y
    assert np.array_equal(made_plugin.quotient(x, y, out=x.copy()), expected)
    assert np.array_equal(made_plugin.quotient(x, 2.0), x / 2)
    assert np.array_equal(made_plugin.quotient(2.0, y), 2 / y)
    for inputs in [(x, 2.0), (2.0, y)]:
        out = next(each for each in inputs if isinstance(each, np.ndarray)).copy()
        expected = made_plugin.quotient(*inputs)
        same = [out if isinstance(each, np.ndarray) else each for each in inputs]
        assert np.array_equal(made_plugin.quotient(*same, out=out), expected)
    for inputs in [(0.5, x, y), (0.5, x, 1.0), (x, -1.0, 1.0), (x, x[::-1], y), (0.5, x[::2], 1.0)]:
        expected = [
            between(*map(np.float64, each)) for each in zip(*np.broadcast_arrays(*inputs), strict=True)
        ]
        assert made_plugin.between(*inputs).tolist() == expected
        for which, operand in enumerate(inputs):
            if isinstance(operand, np.ndarray):
                out = operand.copy()
                same = [*inputs[:which], out, *inputs[which + 1 :]]
                assert made_plugin.between(*same, out=out).tolist() == expected


@needs_compiler
def test_a_reduction_and_an_accumulation_run_in_order(made_plugin):
    x = np.array([64.0, 2.0, 4.0, 8.0])
    assert made_plugin.quotient.reduce(x) == 1.0
    assert made_plugin.quotient.accumulate(x).tolist() == [64.0, 32.0, 8.0, 1.0]


@needs_compiler
def test_a_module_lists_its_ufuncs_and_its_level(made_plugin):
    assert made_plugin.__all__ == ["square", "quotient", "between", "above_zero", "parts", "given"]
    assert made_plugin.__doc__ == "Ufuncs of a test."
    assert made_plugin.cpu_level == nx._ufuncs.cpu_level
    assert isinstance(made_plugin.square, np.ufunc)
    assert "The square." in made_plugin.square.__doc__


@needs_compiler
def test_the_module_is_set_where_numpy_lets_it_be(made_plugin):
    try:
        nx.axpy.__module__ = "numpy_ext"
    except AttributeError:
        pytest.skip("NumPy before 2.3: attributes of a ufunc cannot be set")
    assert made_plugin.square.__module__ == "made_plugin"


@needs_compiler
def test_pickles_by_name(made_plugin, installed):
    data = pickle.dumps(made_plugin.square)
    assert len(data) < 100
    assert pickle.loads(data) is made_plugin.square
    done = in_new_process(f"import pickle; print(pickle.loads({data!r})(3.0))", installed)
    assert (done.stdout, done.stderr) == ("9.0\n", "")


@needs_compiler
def test_threads_share_a_call_and_a_series(made_plugin):
    x = np.linspace(-3, 3, 400_000)
    alone = made_plugin.square(x)
    assert made_plugin.parts(x) == 1
    with nx.num_threads(2):
        assert np.array_equal(made_plugin.square(x), alone)
        threads = made_plugin.parts(x)
    # OpenMP allows no more than there are processors.
    assert threads == min(2, len(os.sched_getaffinity(0))) or nx._ufuncs.thread_library == "none"


@needs_compiler
def test_an_exception_of_a_loop_reaches_the_caller(made_plugin):
    x = np.ones(100_000)
    x[70_000:] = 0
    with nx.num_threads(4), pytest.raises(ValueError, match="x has a value that is not above zero"):
        made_plugin.above_zero(x)
    assert made_plugin.above_zero(x[:70_000]).all()


# ---- Levels ----


@needs_compiler
@pytest.mark.parametrize("level", nx._ufuncs.cpu_levels)
def test_a_plugin_takes_the_level_that_is_wanted(installed, level):
    done = in_new_process("import made_plugin; print(made_plugin.cpu_level)", installed, NUMPY_EXT_CPU=level)
    assert (done.stdout, done.stderr) == (f"{level}\n", "")


@needs_compiler
@pytest.mark.parametrize("level", nx._ufuncs.cpu_levels)
def test_a_plugin_of_the_baseline_alone_runs_whatever_is_wanted(tmp_path, level):
    compile_plugin(tmp_path, "-O0")
    done = in_new_process("import made_plugin; print(made_plugin.cpu_level)", tmp_path, NUMPY_EXT_CPU=level)
    assert (done.stdout, done.stderr) == ("baseline\n", "")


@needs_compiler
def test_a_level_that_does_not_exist_is_told(installed):
    done = in_new_process("import made_plugin", installed, NUMPY_EXT_CPU="v9")
    assert "ImportError: NUMPY_EXT_CPU is 'v9'; the levels this CPU runs are" in done.stderr


@needs_compiler
def test_a_plugin_of_no_level_that_runs_here(tmp_path):
    include = patched_headers(
        tmp_path,
        interface=("#define NX_EACH_LEVEL(X) X(baseline)", "#define NX_EACH_LEVEL(X) X(v9)"),
        ufunc=("#define NX_LEVEL_HERE baseline", "#define NX_LEVEL_HERE v9"),
    )
    done = in_new_process("import made_plugin", compile_plugin(tmp_path, "-O0", include=include))
    assert last_line(done) == "ImportError: made_plugin was compiled for no level that this CPU runs"


# ---- What is refused at import ----


def last_line(done):
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


@needs_compiler
def test_another_version_of_the_interface_is_refused(tmp_path):
    include = patched_headers(tmp_path, interface=("NX_INTERFACE_VERSION = 1", "NX_INTERFACE_VERSION = 7"))
    done = in_new_process("import made_plugin", compile_plugin(tmp_path, "-O0", include=include))
    assert last_line(done) == (
        "ImportError: made_plugin was built for version 7 of the interface of numpy_ext, and numpy_ext "
        f"{nx.__version__} has version 1: build made_plugin again"
    )


@needs_compiler
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (['-DTYPES="d"'], "given: a row of its table has types 'd'; it has 1 inputs and 1 outputs"),
        (['-DTYPES="dd->d"'], "given: a row of its table has types 'dd->d'; it has 1 inputs and 1 outputs"),
        (['-DTYPES="d->dd"'], "given: a row of its table has types 'd->dd'; it has 1 inputs and 1 outputs"),
        (['-DTYPES="j->d"'], ""),
        (['-DSIGNATURE=""'], "given: its signature is empty; that of an element-wise function is NULL"),
        (["-DNIN=70"], "given has 70 inputs and 1 outputs; at least one output is needed, and at most"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, options, error):
    done = in_new_process("import made_plugin", compile_plugin(tmp_path, "-O0", *options))
    assert last_line(done).startswith(f"ValueError: {error}")


@needs_compiler
def test_an_unrelated_numpy_ext_is_told(installed):
    code = "import sys, types; sys.modules['numpy_ext'] = types.ModuleType('numpy_ext'); import made_plugin"
    assert last_line(in_new_process(code, installed)) == (
        "ImportError: made_plugin needs numpy-ext-ufuncs, and the numpy_ext that is imported here has no "
        "interface for plug-ins"
    )


@needs_compiler
def test_no_numpy_ext_at_all_is_told(installed):
    code = "import sys; sys.modules['numpy_ext'] = None; import made_plugin"
    assert last_line(in_new_process(code, installed)).startswith("ModuleNotFoundError: ")


@needs_compiler
def test_headers_compile_for_the_limited_api_too(tmp_path):
    compile_plugin(tmp_path, "-O0", "-DPy_LIMITED_API=0x030a0000")
    done = in_new_process("import made_plugin; print(made_plugin.square(3.0))", tmp_path)
    assert (done.stdout, done.stderr) == ("9.0\n", "")


# ---- How they are found ----


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Modules of Python, which may stand in for those of C where only finding them matters."""
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text(f"name = {name!r}\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    describe(tmp_path, "some", "2.0", first="first", broken="broken", lost="no_such_module")
    describe(tmp_path, "other", "3.1", second="second")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_names_are_sorted():
    assert [name for name in nx.plugins.names() if name != "made_plugin"] == [
        "broken",
        "first",
        "lost",
        "second",
    ]
    assert dir(nx.plugins)[-1] == "second"


def test_nothing_is_imported_to_list_names(folder):
    code = "import sys, numpy_ext; assert 'numpy_ext.plugins' not in sys.modules; "
    code += "print(numpy_ext.plugins.names(), {'first', 'broken', 'importlib.metadata'} & set(sys.modules))"
    done = in_new_process(code, folder)
    assert (done.stdout, done.stderr) == (
        "['broken', 'first', 'lost', 'second'] {'importlib.metadata'}\n",
        "",
    )


@pytest.mark.usefixtures("folder")
def test_load_imports_the_module_and_so_does_the_attribute():
    first = nx.plugins.load("first")
    assert first.name == "first"
    assert nx.plugins.first is first
    assert nx.plugins.second.name == "second"


@pytest.mark.usefixtures("folder")
def test_an_unknown_name_lists_what_is_installed():
    with pytest.raises(
        ModuleNotFoundError, match="no plug-in is named 'third'; installed are broken, first, "
    ) as told:
        nx.plugins.load("third")
    assert told.value.name == "third"
    with pytest.raises(AttributeError, match=r"'numpy_ext\.plugins' has no attribute 'third'"):
        nx.plugins.third  # noqa: B018


def test_without_plugins_it_says_so(monkeypatch):
    monkeypatch.setattr(nx.plugins, "entry_points", lambda **_: ())
    with pytest.raises(ModuleNotFoundError, match="no plug-in is named 'third'; installed are none"):
        nx.plugins.load("third")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("name", "cause"), [("broken", ZeroDivisionError), ("lost", ModuleNotFoundError)])
def test_a_broken_plugin_is_reported_by_name_and_harms_no_other(name, cause):
    with pytest.raises(ImportError, match=f"the plug-in '{name}' of some 2.0 cannot be imported: ") as told:
        nx.plugins.load(name)
    assert isinstance(told.value.__cause__, cause)
    with pytest.raises(ImportError, match=f"the plug-in '{name}' of some 2.0"):
        getattr(nx.plugins, name)
    assert nx.plugins.first.name == "first"


def test_two_distributions_with_one_name_are_both_named(folder):
    describe(folder, "rival", "0.1", first="second")
    assert nx.plugins.names().count("first") == 1
    with pytest.raises(ImportError, match=r"rival 0\.1 and some 2\.0 both have a plug-in named 'first'"):
        nx.plugins.load("first")


@needs_compiler
def test_a_plugin_in_c_is_found(made_plugin):
    assert "made_plugin" in nx.plugins.names()
    assert nx.plugins.made_plugin is made_plugin


@needs_compiler
def test_a_plugin_of_another_version_is_reported_with_its_distribution(tmp_path):
    include = patched_headers(tmp_path, interface=("VERSION = 1", "VERSION = 7"))
    describe(compile_plugin(tmp_path, "-O0", include=include), "made", "1.6", made_plugin="made_plugin")
    done = in_new_process("import numpy_ext as nx; nx.plugins.made_plugin", tmp_path)
    assert last_line(done).startswith(
        "ImportError: the plug-in 'made_plugin' of made 1.6 cannot be imported: made_plugin was built for"
    )
