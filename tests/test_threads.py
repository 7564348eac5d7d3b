"""Threads change no bit, no flag and no error; and they end well, whatever the process does meanwhile."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from layouts import assert_same_bits

import numpy_ext as nx

THREADS = [2, 3, 8]
MANY = 300_014
TESTS = Path(__file__).parent
HAS_THREADS = nx._ufuncs.thread_library != "none"
needs_threads = pytest.mark.skipif(not HAS_THREADS, reason="this build has no OpenMP")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture(autouse=True)
def threads_as_before():
    before = nx.get_num_threads()
    yield
    nx.set_num_threads(before)


@pytest.fixture
def many_processors():
    """As many threads as a test asks for, whatever this machine has."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with threadpoolctl.threadpool_limits(8, user_api="openmp"):
        yield


def sample(*shape, dtype=np.float64, seed=0):
    values = np.random.default_rng(seed).normal(size=shape) * 100
    return values.astype(dtype)


def run_python(code, **environment):
    """Runs in a process of its own, which must end by itself."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=TESTS,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def calls(dtype):
    """One call of every kind that threads share."""
    x, y = sample(MANY, dtype=dtype, seed=1), sample(MANY, dtype=dtype, seed=2)
    table, tall = sample(40, 8_000, dtype=dtype), sample(9_001, 33, dtype=dtype)
    states = sample(40)
    return {
        "element-wise": lambda: nx.axpy(dtype(3), x, y),
        "strided": lambda: nx.axpy(x[::2], y[::2], y[1::2]),
        "in place": lambda: nx.axpy(dtype(3), x, y.copy(), out=y.copy()),
        "broadcast": lambda: nx.axpy(tall[:, :1], tall, tall[:1]),
        "divisor zero": lambda: nx.safe_divide(x, np.trunc(y / 100)),
        "fill": lambda: nx.divide_or(x, np.trunc(y / 100), y),
        "long series": lambda: nx.rolling_score(x),
        "its last state": lambda: nx.rolling_score_resume(x, 0.9, 0.5, 3.0),
        "series backwards": lambda: nx.rolling_score(x[::-1]),
        "slow to meet": lambda: nx.rolling_score_resume(x, 0.9999, 0.999, 3.0),
        "many series": lambda: nx.rolling_score_resume(table, 0.9, 0.5, states),
        "series in columns": lambda: nx.rolling_score(tall, axis=0),
        "mended scores": lambda: nx.rolling_score_repair(table, table, 0.9, 0.5, 0.0),
        "long sum": lambda: nx.pow_sum(x, 1.5),
        "long sum, any power": lambda: nx.pow_sum(x, 2.37),
        "sum from a total": lambda: nx.abs_pow_sum_resume(x, 0.5, 1.0, 1e-20),
        "sums of rows": lambda: nx.abs_pow_sum(table, 3.0),
        "sums of columns": lambda: nx.pow_sum(tall, 0.5, axes=[(0,), (), ()]),
        "running sums": lambda: nx.cum_pow_sum(table, 2.0),
        "products": lambda: nx.weighted_sum(x, y),
        "products of rows": lambda: nx.weighted_sum(table, table[0]),
        "made on demand": lambda: nx.add_power(1.5).reduce(x),
        "made, of columns": lambda: nx.add_power(1.5).reduce(tall, axis=0),
        "made, element-wise": lambda: nx.add_power(0.5)(x.astype(float), x),
        "labels": lambda: nx.group_sum(x, np.arange(MANY) % 7, np.zeros(7)),
    }


@needs_threads
@pytest.mark.usefixtures("many_processors")
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_bits_do_not_depend_on_the_number_of_threads(dtype):
    for name, call in calls(dtype).items():
        with np.errstate(all="ignore"):
            expected = call()
            for threads in THREADS:
                with nx.num_threads(threads):
                    actual = call()
                pairs = (
                    zip(actual, expected, strict=True)
                    if isinstance(expected, tuple)
                    else [(actual, expected)]
                )
                for one, other in pairs:
                    try:
                        assert_same_bits(one, other)
                    except AssertionError as error:
                        raise AssertionError(f"{name}, {threads} threads: {error}") from None


def loop(x, rise, fall, state):
    scores = []
    for value in x.tolist():
        state = state * rise + value if value > state else state * fall
        scores.append(state)
    return scores


@needs_threads
@pytest.mark.usefixtures("many_processors")
@pytest.mark.parametrize(
    ("rise", "fall", "state"), [(1.0, 1.0, -1e9), (0.9, 0.5, 0.0), (0.99999, 0.99999, 1e9)]
)
def test_parts_of_a_series_are_those_of_the_loop(rise, fall, state):
    """With factors of 1 no two runs meet, so every part but the first starts from a wrong state."""
    x = sample(MANY)
    with nx.num_threads(3):
        scores, last = nx.rolling_score_resume(x, rise, fall, state)
    assert scores.tolist() == loop(x, rise, fall, state)
    assert last == scores[-1]


@needs_threads
@pytest.mark.usefixtures("many_processors")
@pytest.mark.parametrize("place", [0, MANY // 2, MANY - 1])
def test_flags_of_all_threads_are_told(place):
    x = np.ones(MANY)
    x[place] = 1e308
    with nx.num_threads(3), np.errstate(all="raise"):
        nx.axpy(1.0, x, 0.0)
        for overflows in (
            lambda: nx.axpy(10.0, x, 0.0),
            lambda: nx.safe_divide(x, 0.1),
            lambda: nx.pow_sum(x, 2.0),
            lambda: nx.rolling_score_resume(x, 1e308, 1.0, 0.0) if place else nx.axpy(x, x, 0.0),
        ):
            with pytest.raises(FloatingPointError, match="overflow"):
                overflows()


@needs_threads
@pytest.mark.usefixtures("many_processors")
def test_no_thread_raises_a_flag_of_a_wrong_guess():
    """The guess for the second part is the first state times what the values grew by, which overflows."""
    x = np.ones(MANY)
    x[MANY // 6 :] = 1e10
    with np.errstate(all="raise"), nx.num_threads(3):
        scores, _ = nx.rolling_score_resume(x, 0.9, 0.99, 1e300)
    assert scores.tolist() == loop(x, 0.9, 0.99, 1e300)


@needs_threads
@pytest.mark.usefixtures("many_processors")
def test_overlapping_operands_are_read_before_they_are_written():
    values = sample(MANY + 5)
    with nx.num_threads(3):
        for shift in (-5, -1, 1, 5):
            memory = values.copy()
            first, out = memory[5:-5], memory[5 + shift : memory.size - 5 + shift]
            expected = 2.0 * first + 1.0
            nx.axpy(2.0, first, 1.0, out=out)
            assert_same_bits(out, expected)
        memory = values.copy()
        expected = 2.0 * memory[::-1] + memory
        nx.axpy(2.0, memory[::-1], memory, out=memory)
        assert_same_bits(memory, expected)
        memory = values.copy()
        expected = memory[7] * memory + 1.0
        nx.axpy(memory[7:8], memory, 1.0, out=memory)
        assert_same_bits(memory, expected)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.float64, np.longdouble])
@pytest.mark.usefixtures("many_processors")
def test_outputs_may_begin_anywhere_in_a_cache_line(dtype, threads):
    for n in (1023, 1024, 1100, MANY):
        x, y = sample(n, dtype=dtype, seed=1), sample(n, dtype=dtype, seed=2)
        expected = dtype(2) * x + y
        for first in (0, 1, 2, 7, 64 // expected.itemsize):
            room = np.full(n + 128, 77, dtype)
            with nx.num_threads(threads):
                nx.axpy(dtype(2), x, y, out=room[first : first + n])
            assert_same_bits(room[first : first + n], expected)
            assert (room[:first] == 77).all()
            assert (room[first + n :] == 77).all()


def test_running_results_of_a_made_ufunc_stay_in_order():
    x = np.abs(sample(MANY))
    add, expected = nx.add_power(1.0), np.add.accumulate(x)
    with nx.num_threads(2):
        for _ in range(20):
            assert_same_bits(add.accumulate(x), expected)


@pytest.mark.parametrize("row", [0, 17, 39])
def test_a_label_out_of_range_is_told_from_any_row(row):
    values, labels = np.ones((40, 10_000)), np.zeros((40, 10_000), int)
    labels[row, -1] = 3
    with nx.num_threads(2):
        with pytest.raises(IndexError, match=r"labels\[9999\] is 3"):
            nx.group_sum(values, labels, np.zeros(3))
        with pytest.raises(IndexError, match=r"labels\[9999\] is 3"):
            nx.group_count(labels, np.zeros(3, int))
        with pytest.raises(IndexError, match=r"labels\[9999\] is 3"):
            nx.rolling_score_by(values, labels, 0.9, 0.5, np.zeros(3))


def test_numbers_of_threads():
    nx.set_num_threads(3)
    assert nx.get_num_threads() == 3
    with nx.num_threads(5):
        assert nx.get_num_threads() == 5
        with nx.num_threads(np.int64(2)):
            assert nx.get_num_threads() == 2
        assert nx.get_num_threads() == 5
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(nx.get_num_threads).result() == 3
    assert nx.get_num_threads() == 3
    assert nx.show_config(mode="dicts")["threads"]["number"] == 3
    nx.set_num_threads(1024)


def test_the_number_is_restored_after_an_error():
    before = nx.get_num_threads()
    with pytest.raises(KeyError), nx.num_threads(before + 1):
        raise KeyError
    assert nx.get_num_threads() == before


@pytest.mark.parametrize("function", [nx.set_num_threads, nx.num_threads])
@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (0, ValueError, "n is 0; it must be from 1 to 1024"),
        (-1, ValueError, "n is -1; it must be from 1 to 1024"),
        (1025, ValueError, "n is 1025; it must be from 1 to 1024"),
        (2**70, ValueError, f"n is {2**70}; it must be from 1 to 1024"),
        (1.5, TypeError, "n is 1.5; it must be an integer"),
        ("2", TypeError, "n is '2'; it must be an integer"),
        (None, TypeError, "n is None; it must be an integer"),
    ],
)
def test_bad_numbers_of_threads(function, number, error, message):
    before = nx.get_num_threads()
    with pytest.raises(error) as raised:
        function(number)
    assert str(raised.value) == message
    assert nx.get_num_threads() == before


@pytest.mark.parametrize("text", ["", "1", " 3 "])
def test_the_environment_gives_the_number_at_import(text):
    result = run_python("import numpy_ext as nx; print(nx.get_num_threads())", NUMPY_EXT_NUM_THREADS=text)
    assert (result.returncode, result.stdout.strip()) == (0, text.strip() or "1")


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "9999", "²"])
def test_a_bad_number_in_the_environment_is_told_at_import(text):
    result = run_python("import numpy_ext", NUMPY_EXT_NUM_THREADS=text)
    assert result.returncode == 1
    assert "ValueError: NUMPY_EXT_NUM_THREADS is " in result.stderr
    assert "from 1 to 1024" in result.stderr


def test_many_python_threads_at_once():
    """16 threads of Python call and set the number of threads all the time."""
    x, table = sample(200_000), sample(20, 10_000)
    expected = [nx.axpy(2.0, x, 1.0), nx.pow_sum(x, 1.5), nx.rolling_score(x), nx.rolling_score(table)]
    functions = [
        lambda: nx.axpy(2.0, x, 1.0),
        lambda: nx.pow_sum(x, 1.5),
        lambda: nx.rolling_score(x),
        lambda: nx.rolling_score(table),
    ]

    def work(seed):
        for i in range(1000):
            which = (i + seed) % 40
            if which < len(functions):
                assert_same_bits(functions[which](), expected[which])
            else:
                nx.set_num_threads(which % 3 + 1)
                nx.axpy(2.0, x[:1000], 1.0)

    with ThreadPoolExecutor(16) as pool:
        for result in [pool.submit(work, seed) for seed in range(16)]:
            result.result()


def test_python_goes_on_while_a_loop_runs():
    x = sample(20_000_000)

    def counted_meanwhile():
        started, done, counted = threading.Event(), threading.Event(), 0

        def work():
            started.set()
            nx.rolling_score(x, out=x)
            done.set()

        thread = threading.Thread(target=work)
        thread.start()
        while not started.is_set():
            pass
        while not done.is_set():
            counted += 1
        thread.join()
        return counted

    # A busy machine may let this thread wait until the loop is done.
    assert max(counted_meanwhile() for _ in range(5)) > 1000


@needs_threads
def test_no_more_threads_than_openmp_allows():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    x = sample(4_000_000)
    code = f"""
import sys; sys.path.insert(0, {str(TESTS)!r})
import numpy as np, numpy_ext as nx, threadpoolctl
x = np.ones({x.size})
task = "/proc/self/task"
import os
nx.set_num_threads(8)
before = len(os.listdir(task))
with threadpoolctl.threadpool_limits(1, user_api="openmp"):
    nx.axpy(2.0, x, 1.0)
    assert len(os.listdir(task)) == before
with threadpoolctl.threadpool_limits(3, user_api="openmp"):
    nx.axpy(2.0, x, 1.0)
    assert len(os.listdir(task)) == before + 2, (before, os.listdir(task))
assert any("numpy_ext" in i["filepath"] or "omp" in i["filepath"] for i in threadpoolctl.threadpool_info())
"""
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("threads are counted in /proc")
    assert threadpoolctl
    result = run_python(code)
    assert result.returncode == 0, result.stderr


@needs_fork
@pytest.mark.parametrize("first", ["x", "x[:10]"])
def test_a_forked_child_computes_and_ends(first):
    code = f"""
import os, warnings, numpy as np, numpy_ext as nx
warnings.simplefilter("ignore")
x = np.random.default_rng(0).normal(size=1_000_000)
nx.set_num_threads(2)
nx.axpy(2.0, {first}, 1.0)
expected = nx.axpy(2.0, x, 1.0).tobytes(), nx.pow_sum(x, 1.5), nx.rolling_score(x).tobytes()
child = os.fork()
if not child:
    right = expected == (nx.axpy(2.0, x, 1.0).tobytes(), nx.pow_sum(x, 1.5), nx.rolling_score(x).tobytes())
    os._exit(0 if right else 3)
assert os.waitpid(child, 0)[1] == 0
assert nx.axpy(2.0, x, 1.0).tobytes() == expected[0]
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_the_interpreter_ends_while_loops_run():
    code = """
import threading, numpy as np, numpy_ext as nx
nx.set_num_threads(2)
x = np.ones(3_000_000)
def work():
    while True:
        nx.rolling_score(x)
        nx.axpy(2.0, x, x)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
nx.pow_sum(x, 2.0)
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_inside_workers_of_dask():
    distributed = pytest.importorskip("distributed")
    code = f"""
import sys; sys.path.insert(0, {str(TESTS)!r})
import dask, numpy as np, numpy_ext as nx
from distributed import Client, LocalCluster

def work(seed):
    nx.set_num_threads(2)
    x = np.random.default_rng(seed).normal(size=500_000)
    return nx.pow_sum(x, 1.5), nx.rolling_score(x)[-1]

if __name__ == "__main__":
    dask.config.set({{"distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": 2}})  # else Dask makes it 1
    with LocalCluster(2, threads_per_worker=2, dashboard_address=None) as cluster, Client(cluster) as client:
        for seed, result in enumerate(client.gather(client.map(work, range(8)))):
            assert result == work(seed), seed
"""
    assert distributed
    script = Path(os.environ.get("TMPDIR", "/tmp")) / f"numpy_ext_dask_{os.getpid()}.py"
    script.write_text(code)
    try:
        result = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, timeout=120, check=False, cwd=TESTS
        )
    finally:
        script.unlink()
    assert result.returncode == 0, result.stderr
