"""Every ufunc passes the conformance kit, found so that none can be left out; and calls that go on long."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from calls import UFUNCS

import numpy_ext as nx
from numpy_ext.testing import checks

MOST_LOOPS = 4
TESTS = Path(__file__).parent


def labels_below_groups(sizes):
    return 0, sizes["g"] - 1


def labels_and_none(sizes):
    return -1, sizes["g"] - 1


DOMAINS = {
    "group_count": [labels_and_none, None],
    "group_sum": [None, labels_and_none, None],
    "rolling_score_by": [None, labels_below_groups, None, None, None],
}


def loops(ufunc):
    """Some of all its loops, others at each CPU level: the tests of the families take every one."""
    stride = -(-len(ufunc.types) // MOST_LOOPS)
    first = nx._ufuncs.cpu_levels.index(nx._ufuncs.cpu_level) * 5 % stride
    return ufunc.types[first::stride]


def all_checks():
    for ufunc in UFUNCS:
        for check in checks(
            ufunc,
            dtypes=loops(ufunc),
            domain=DOMAINS.get(ufunc.__name__),
            max_examples=10,
            seed=len(ufunc.types),
            # Those that are made travel by their parameters: as another one, if many were made meanwhile.
            skip=["pickling"] if nx._ufuncs.parameters_of(ufunc) else [],
        ):
            yield pytest.param(check, id=f"{ufunc.__name__}-{check.__name__}")


@pytest.mark.parametrize("check", list(all_checks()))
def test_ufunc(check):
    check()


def test_no_ufunc_is_left_out():
    ufuncs = {value.__name__ for value in vars(nx).values() if isinstance(value, np.ufunc)}
    checked = {param.id.rsplit("-", 1)[0] for param in all_checks()}
    assert ufuncs < checked


def memory_in_use():
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not tell its memory")
def test_a_million_calls_take_no_memory():
    x, labels, states = np.ones(3), np.zeros(3, int), np.zeros(2)
    out = np.empty(3)
    calls = [
        lambda: nx.axpy(2.0, x, x, out=out),
        lambda: nx.rolling_score(x, out=out),
        lambda: nx.rolling_score_by(x, labels, 0.9, 0.5, states),
        lambda: nx.pow_sum(x, 1.5),
    ]

    def call_all(times):
        for _ in range(times):
            for call in calls:
                call()

    call_all(10_000)
    before = memory_in_use()
    call_all(250_000)
    assert memory_in_use() - before < 1_000_000  # one byte a call


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send to oneself alone")
def test_an_interrupt_during_a_long_call_leaves_all_as_it_should_be():
    code = """
import os, signal, threading
import numpy as np, numpy_ext as nx
x = np.broadcast_to(np.float64(2.0), 1_000_000_000)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins without
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    nx.pow_sum(x, 2.37)
    raise SystemExit("no interrupt")
except KeyboardInterrupt:
    pass
for n in (1, 2):
    with nx.num_threads(n):
        assert nx.pow_sum(np.full(300_000, 2.0), 2.0) == 1_200_000.0
        assert nx.rolling_score([1.0, 3.0]).tolist() == [1.0, 3.9]
print("fine")
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=TESTS, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "fine\n"), ended.stderr


@pytest.mark.parametrize("stride", [2**62, -(2**62)])
def test_strides_that_lead_out_of_memory_are_not_followed(stride):
    one = np.lib.stride_tricks.as_strided(np.full(1, 3.0), (1, 1), (stride, stride))
    assert nx.axpy(2.0, one, one).tolist() == [[9.0]]
    assert nx.rolling_score(one).tolist() == [[3.0]]
    assert nx.rolling_score(one, axis=0).tolist() == [[3.0]]
    assert nx.pow_sum(one, 2.0).tolist() == [9.0]
    assert nx.weighted_sum(one, one).tolist() == [9.0]
    assert nx.group_sum(one, [[0]], [0.0]).tolist() == [[3.0]]
