"""The extension module itself: CPU levels, tables, and that nothing leaks."""

import gc
import os
import subprocess
import sys
import tracemalloc

import calls
import numpy as np
import pytest

import numpy_ext as nx

HERE = nx._ufuncs


def in_new_process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=os.path.dirname(__file__),
    )


def test_levels_end_with_the_baseline():
    assert HERE.cpu_levels[-1] == "baseline"
    assert HERE.cpu_level in HERE.cpu_levels


@pytest.mark.parametrize("level", HERE.cpu_levels)
def test_a_level_can_be_forced(level):
    result = in_new_process("import numpy_ext; print(numpy_ext._ufuncs.cpu_level)", NUMPY_EXT_CPU=level)
    assert result.stdout.strip() == level


def test_the_highest_level_is_the_default():
    result = in_new_process("import numpy_ext; print(numpy_ext._ufuncs.cpu_level)", NUMPY_EXT_CPU="")
    assert result.stdout.strip() == HERE.cpu_levels[0]


@pytest.mark.parametrize("level", ["v9", "V3", "avx2", " "])
def test_a_missing_level_is_an_import_error_that_lists_the_levels(level):
    result = in_new_process("import numpy_ext", NUMPY_EXT_CPU=level)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last == f"ImportError: NUMPY_EXT_CPU is '{level}'; the levels this CPU runs are {HERE.cpu_levels}"


SAME_BITS = """
import hashlib, numpy as np, numpy_ext as nx
random = np.random.default_rng(1)
digest = hashlib.sha256()
for dtype in (np.float32, np.float64):
    x = random.normal(size=(7, 3001)).astype(dtype)
    x[:, ::50] = np.inf
    with np.errstate(all="ignore"):
        results = [nx.axpy(dtype(0.3), x, x), nx.rolling_score(x)]
        results += [nx.pow_sum(x, p) for p in (0.5, 1.5, 2, 2.37)]
    for result in results:
        digest.update(result.tobytes())
print(digest.hexdigest())
"""


def test_every_level_gives_the_same_bits():
    digests = {level: in_new_process(SAME_BITS, NUMPY_EXT_CPU=level).stdout for level in HERE.cpu_levels}
    assert all(digests.values())
    assert len(set(digests.values())) == 1


def test_a_ufunc_is_made_when_it_is_asked_for():
    result = in_new_process("""
import numpy_ext as nx
assert "group_sum" not in vars(nx) | vars(nx._ufuncs), "it was made by the import"
assert nx.group_sum is nx._ufuncs.group_sum is nx.group_sum
assert "group_sum" in vars(nx) and "group_sum" in vars(nx._ufuncs)
from numpy_ext import *
assert group_sum is nx.group_sum and pow_sum is nx._ufuncs.pow_sum
""")
    assert result.stderr == ""


def test_threads_that_ask_at_once_get_the_same_ufunc():
    result = in_new_process("""
import sys, threading
import numpy_ext as nx
sys.setswitchinterval(1e-6)
barrier, found = threading.Barrier(8), []
def ask():
    barrier.wait()
    found.append(nx._ufuncs.weighted_sum)
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8 and len(set(map(id, found))) == 1, found
""")
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["no_such_ufunc", "add_power", "", "p\N{OGHAM SPACE MARK}w", "\ud800"])
def test_what_is_no_ufunc_is_no_attribute(name):
    with pytest.raises((AttributeError, UnicodeEncodeError)):
        getattr(HERE, name)
    with pytest.raises(TypeError):
        HERE.__getattr__(3)


def test_a_ufunc_that_goes_frees_its_tables():
    """The module can be made and dropped again and again, as a reload does."""
    code = """
import gc, importlib.machinery, importlib.util, resource
import numpy_ext
path = numpy_ext._ufuncs.__file__
def load():
    loader = importlib.machinery.ExtensionFileLoader("numpy_ext._ufuncs", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.axpy([1.0], 1.0, 2.0)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(200):
    load()
gc.collect(); before = peak()
for _ in range(1000):
    load()
gc.collect(); print(peak() - before)
"""
    result = in_new_process(code)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 1024  # KiB; the tables of the smallest ufunc, lost a thousand times, are more


def bad_calls(ufunc, operands, out):
    """What must not be: the error, and a call that raises it."""
    yield TypeError, lambda: ufunc("text", *operands[1:])
    yield TypeError, lambda: ufunc(*operands, nonsense=1)
    yield ValueError, lambda: ufunc(*operands, out=(out[..., :0], *[None] * (ufunc.nout - 1)))
    if "(g)" in (ufunc.signature or ""):
        # Numbers that Python does not keep, or none would be seen to be lost.
        labels = [x + x.dtype.type(1000) if x.dtype.kind in "iu" else x for x in operands]
        yield IndexError, lambda: ufunc(*labels)
        if integers := [types for types in ufunc.types if types.endswith(("l->l", "q->q"))]:
            full = calls.inputs(ufunc, integers[-1], 2, 5)
            full[-1][...] = np.iinfo(np.int64).max
            yield OverflowError, lambda: ufunc(*full)


def blocks_kept_by(call, times):
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(times):
        call()
    gc.collect()
    return sys.getallocatedblocks() - before


def rejected(error, call):
    try:
        call()
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


@pytest.mark.parametrize("ufunc", calls.UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_a_thousand_calls_lose_nothing(ufunc):
    types = next((types for types in reversed(ufunc.types) if types.startswith("d")), ufunc.types[-1])
    operands = calls.inputs(ufunc, types, 2, 5)
    results = ufunc(*operands, signature=types)
    out = results[0] if isinstance(results, tuple) else results
    things = [*operands, *(x.dtype for x in operands), out.dtype, ufunc]
    gc.collect()  # what other tests left holds dtypes too
    before = [sys.getrefcount(thing) for thing in things]
    all_calls = [lambda: ufunc(*operands, signature=types)]
    all_calls += [lambda e=e, bad=bad: rejected(e, bad) for e, bad in bad_calls(ufunc, operands, out)]
    for call in all_calls:
        blocks_kept_by(call, 100)
        assert blocks_kept_by(call, 1_000) < 100
    after = [sys.getrefcount(thing) for thing in things]
    assert all(abs(b - a) < 50 for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(("name", "is_copied"), [("rolling_score", True), ("axpy", False)])
def test_numpy_copies_what_overlaps_for_gufuncs_alone(name, is_copied):
    """A gufunc that looks back or ahead would read what it wrote, if NumPy took it for element-wise."""
    x = np.ones(100_000)
    inputs = [2.0, x, x] if name == "axpy" else [x]
    tracemalloc.start()
    getattr(nx, name)(*inputs, out=x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (peak >= x.nbytes) == is_copied
