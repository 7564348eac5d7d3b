"""Lets each allocation of the extension fail once: in its import, in every function, ufunc and error.

Each must be a MemoryError, lose nothing, and leave the next call right.
"""

import contextlib
import ctypes
import gc
import importlib.machinery
import importlib.util
import io
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import calls

import numpy_ext as nx

EXTENSION = nx._ufuncs
IN_EXTENSION = ctypes.cast(ctypes.PyDLL(EXTENSION.__file__).PyInit__ufuncs, ctypes.c_void_p)


def address_of(name):
    return ctypes.cast(getattr(ctypes.CDLL("libm.so.6"), name), ctypes.c_void_p).value


def load():
    """A second module of the extension. NumPy's import prints what failed, then raises an ImportError."""
    loader = importlib.machinery.ExtensionFileLoader(EXTENSION.__name__, EXTENSION.__file__)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    with contextlib.redirect_stderr(io.StringIO()):
        loader.exec_module(module)
    return module


def what_is_called():
    """Pairs of a name and a call that allocates the same each time."""
    made = nx.add_power(1.5)
    yield "import", load
    yield "make", lambda: EXTENSION.make("add_power", 1.5, 0.0, "add_power(1.5)")
    yield "make of no name", lambda: EXTENSION.make("no name", 1.5, 0.0, "")
    yield "make of too little", lambda: EXTENSION.make("add_power")
    yield "ufunc on demand", lambda: EXTENSION.__getattr__("pow_sum")
    yield "no ufunc on demand", lambda: EXTENSION.__getattr__("no name")
    yield "parameters_of", lambda: EXTENSION.parameters_of(made)
    yield "get_threads", EXTENSION.get_threads
    yield "set_threads", lambda: EXTENSION.set_threads(1)
    yield "set_own_threads", lambda: EXTENSION.set_own_threads(0)
    column, valid, null = np.arange(20.0), np.arange(20) % 3 > 0, np.array(0.0)
    rows = column[valid]
    yield "compress", lambda: EXTENSION.compress(column, valid)
    yield "compress of others", lambda: EXTENSION.compress(column, valid[1:])
    yield "expand", lambda: EXTENSION.expand(rows, valid, null)
    yield "expand of others", lambda: EXTENSION.expand(column, valid, null)
    yield "cover", lambda: EXTENSION.cover(column.copy(), valid, null)
    yield "from_pointer", lambda: nx.from_pointer(address_of("jn"), "id->d", name="jn")
    yield "from_pointer of too much", lambda: nx.from_pointer(address_of("jn"), "iiiiiii->d", name="jn")
    yield (
        "from_pointer of cores",
        lambda: nx.from_pointer(address_of("bcopy"), "d->d", signature="(n)->()", name="first"),
    )
    for ufunc, types in calls.every_row():
        operands = calls.inputs(ufunc, types, 2, 5)
        yield ufunc.__name__, lambda ufunc=ufunc, operands=operands: ufunc(*operands)
    yield from calls.record_calls()
    for letter in "bBhHiIlLqQ":
        bad = np.full(3, 100, letter)
        yield "bad labels", lambda bad=bad: nx.group_sum(np.ones(3), bad, np.zeros(3))
    too_large = np.full(3, 2**62)
    yield (
        "group_sum of too large totals",
        lambda: nx.group_sum(too_large, np.zeros(3, int), np.zeros(1, int)),
    )


def bits(result):
    """Without the bytes between fields, which mean nothing."""
    if isinstance(result, tuple):
        return [bits(each) for each in result]
    array = np.asarray(result)
    if array.dtype.names:
        return [bits(array[name]) for name in array.dtype.names]
    return array.tobytes()


def outcome(call):
    """What a call gives, to be compared: bits of arrays, the message of an error."""
    try:
        result = call()
    except (ValueError, IndexError, OverflowError, TypeError, NotImplementedError, AttributeError) as error:
        return repr(error)
    return bits(result) if isinstance(result, np.ndarray | np.generic | tuple) else type(result)


def fail_each(shim, name, call):
    """Returns how many allocations there are; all of them have failed once."""
    expected = outcome(call)
    which = 0
    while True:
        error = None
        shim.fail_allocation(IN_EXTENSION, which)
        try:
            call()
        except BaseException as raised:
            error = raised
        reached = shim.fail_no_more()
        if not reached:
            return which
        expected_errors = (MemoryError, ImportError) if call is load else MemoryError
        assert isinstance(error, expected_errors), f"{name}: allocation {which} fails, and there is {error!r}"
        del error
        assert outcome(call) == expected, f"{name}: other results after allocation {which} failed"
        which += 1


def blocks_kept_by(shim, name, call):
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(1 if call is load else 10):
        fail_each(shim, name, call)
    gc.collect()
    return sys.getallocatedblocks() - before


def main():
    np.seterr(all="ignore")
    shim = ctypes.PyDLL(sys.argv[1])
    count = tried = 0
    for name, call in what_is_called():
        failures = fail_each(shim, name, call)
        # What is lost is lost again every time; what Python keeps once is not.
        is_lost = failures and all(blocks_kept_by(shim, name, call) >= 8 for _ in range(32))
        assert not is_lost, f"{name}: blocks are lost every time"
        count += failures
        tried += 1
    print(f"{count} failed, in {tried} calls")


if __name__ == "__main__":
    main()
