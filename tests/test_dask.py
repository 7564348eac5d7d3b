"""What all functions for Dask share: graphs, columns, errors, and a cluster that loses a worker."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
from dask.callbacks import Callback
from dask.core import get_dependencies

import numpy_ext as nx
import numpy_ext.dask as nxd

ROWS = 1000


def values(n=ROWS, seed=0):
    return np.random.default_rng(seed).normal(size=n)


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


CALLS = {
    "rolling_score": lambda x, _: nxd.rolling_score(x),
    "pow_sum": lambda x, _: nxd.pow_sum(x, 1.5),
    "abs_pow_sum": lambda x, _: nxd.abs_pow_sum(x, 1.5),
    "weighted_sum": lambda x, _: nxd.weighted_sum(x, x),
    "group_sum": lambda x, k: nxd.group_sum(x, k, 7),
    "group_count": lambda _, k: nxd.group_count(k, 7),
    "group_mean": lambda x, k: nxd.group_mean(x, k, 7),
}
EXPECTED = {
    "rolling_score": lambda x, _: nx.rolling_score(x),
    "pow_sum": lambda x, _: nx.pow_sum(x, 1.5),
    "abs_pow_sum": lambda x, _: nx.abs_pow_sum(x, 1.5),
    "weighted_sum": lambda x, _: nx.weighted_sum(x, x),
    "group_sum": lambda x, k: nx.group_sum(x, k, np.zeros(7)),
    "group_count": lambda _, k: nx.group_count(k, np.zeros(7)),
    "group_mean": lambda x, k: nx.group_mean(x, k, 7),
}
each_call = pytest.mark.parametrize("name", CALLS)


def labels():
    return np.arange(ROWS) % 7


def test_every_function_is_called_here():
    assert sorted(CALLS) == sorted(nxd.__all__)


@each_call
def test_a_docstring_has_the_sections_of_numpydoc(name):
    doc = getattr(nxd, name).__doc__
    for section in ("Parameters", "Returns", "Raises", "See Also", "Notes", "Examples"):
        assert f"\n    {section}\n    {'-' * len(section)}\n" in doc


def test_the_package_does_not_import_dask():
    code = "import sys, numpy_ext; assert not {'dask', 'pandas'} & set(sys.modules)"
    tests = Path(__file__).parent  # in the folder above may stand a numpy_ext without its extension
    subprocess.run([sys.executable, "-c", code], cwd=tests, check=True)


def test_a_missing_dask_is_named_with_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "dask"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith("numpy_ext.dask")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r"pip install 'numpy-ext-ufuncs\[dask\]'"):
        import numpy_ext.dask  # noqa: F401


@each_call
@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_bits_do_not_depend_on_the_scheduler(name, scheduler):
    x, k = da.from_array(values(), chunks=13), da.from_array(labels(), chunks=13)
    expected = CALLS[name](x, k).compute()
    again = CALLS[name](x, k).compute(scheduler=scheduler)
    assert np.asarray(expected).tobytes() == np.asarray(again).tobytes()
    np.testing.assert_allclose(again, EXPECTED[name](values(), labels()), rtol=1e-12)


@each_call
def test_the_graph_grows_with_the_number_of_chunks_and_no_faster(name):
    def size(chunks):
        x, k = da.ones(10 * chunks, chunks=10), da.zeros(10 * chunks, chunks=10, dtype=int)
        return len(dict(CALLS[name](x, k).__dask_graph__()))

    assert size(320) - size(160) <= 1.05 * 2 * (size(160) - size(80))
    assert size(320) <= 9 * 320


def count(result):
    """How many numbers the arrays of a result hold."""
    if isinstance(result, (tuple, list)):
        return sum(map(count, result))
    return getattr(result, "size", 1)


@each_call
def test_no_task_gives_more_than_its_chunk(name):
    chunk, sizes = 5_000, []
    x = da.random.default_rng(0).normal(size=20 * chunk, chunks=chunk)
    collection = CALLS[name](x, (x > 0).astype(int))
    with Callback(posttask=lambda _, result, *__: sizes.append(count(result))):
        blocks = collection.to_delayed().ravel()
        dask.compute([block.sum() for block in blocks])
    assert len(sizes) >= 20
    assert max(sizes) <= chunk + 1


def test_guesses_of_all_chunks_wait_for_no_other_chunk():
    """Also after Dask has fused tasks: else the chunks would run one after the other."""
    (scores,) = dask.optimize(nxd.rolling_score(da.random.random(600, chunks=100) + 1))
    graph = dict(scores.__dask_graph__())

    def ancestors(key):
        found = set(get_dependencies(graph, key))
        return found.union(*map(ancestors, found))

    guesses = [key for key in graph if "-guess" in key[0]]
    assert len(guesses) == 4  # none for the first chunk, whose state is known, nor for the last one
    for guess in guesses:
        assert not any("-state" in key[0] or "-start" in key[0] for key in ancestors(guess))
        assert {key[-1] for key in ancestors(guess)} == {guess[-1]}


@each_call
@pytest.mark.parametrize("dtype", ["float64", "Float64", "double[pyarrow]"])
def test_columns_of_a_frame(name, dtype):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    index = pd.date_range("2024-01-01", periods=ROWS, freq="h", name="time")
    frame = pd.DataFrame({"price": pd.array(values(), dtype=dtype), "key": labels()}, index=index)
    chunked = dd.from_pandas(frame, npartitions=4)
    actual, expected = CALLS[name](chunked["price"], chunked["key"]), EXPECTED[name](values(), labels())
    if name != "rolling_score":
        assert isinstance(actual, da.Array)
        np.testing.assert_allclose(actual.compute(), expected, rtol=1e-12)
        return
    assert isinstance(actual, dd.Series)
    assert actual.divisions == chunked.divisions
    assert actual.name == "price"
    assert actual.dtype == np.float64
    found = actual.compute()
    assert found.index.equals(index)
    assert found.tolist() == expected.tolist()
    assert (actual + chunked["key"]).compute().tolist() == (expected + labels()).tolist()


def test_columns_with_partitions_that_are_empty():
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    chunked = dd.from_pandas(pd.DataFrame({"price": values(), "row": np.arange(ROWS)}), npartitions=6)
    some = chunked[(chunked["row"] < 100) | (chunked["row"] >= 700)]["price"]
    scores, state = nxd.rolling_score(some, 0.8, 0.3, 1.0, return_state=True)
    kept = np.delete(values(), np.s_[100:700])
    expected, last = nx.rolling_score_resume(kept, 0.8, 0.3, 1.0)
    assert scores.compute().tolist() == expected.tolist()
    assert state.compute() == last
    assert nxd.weighted_sum(some, some).compute() == pytest.approx(nx.weighted_sum(kept, kept), rel=1e-15)


@pytest.mark.parametrize("dtype", ["Float64", "double[pyarrow]"])
def test_nulls_are_refused_with_their_partition(dtype):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"price": pd.array([1.0, 2.0, None, 3.0], dtype=dtype)})
    price = dd.from_pandas(frame, npartitions=2)["price"]
    with pytest.raises(ValueError, match=r"column 'price', has 1 null values in partition 1; .*fillna"):
        nxd.rolling_score(price).compute()
    with pytest.raises(ValueError, match="null values in partition 1"):
        nxd.pow_sum(price, 2.0).compute()
    assert nxd.rolling_score(price.fillna(0.0)).compute().tolist() == nx.rolling_score([1, 2, 0, 3]).tolist()
    assert nxd.rolling_score(price.dropna()).compute().tolist() == nx.rolling_score([1, 2, 3]).tolist()
    as_nan = nxd.rolling_score(price.astype("float64")).compute()
    assert as_nan.tolist() == nx.rolling_score([1, 2, np.nan, 3]).tolist()


def test_columns_that_are_no_numbers_are_refused_by_name():
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame({"text": ["a", "b"], "kind": pd.Categorical(["a", "b"]), "x": [1.0, 2.0]})
    chunked = dd.from_pandas(frame, npartitions=1)
    for column in ("text", "kind"):
        with pytest.raises(TypeError, match=f"column '{column}', is of dtype .*, which is no number"):
            nxd.rolling_score(chunked[column])
    with pytest.raises(TypeError, match="neither a Dask array nor a column"):
        nxd.rolling_score(chunked)
    other = dd.from_pandas(frame.set_axis([7, 8]), npartitions=1)
    with pytest.raises(ValueError, match="other divisions"):
        nxd.weighted_sum(chunked["x"], other["x"])


@pytest.mark.parametrize("name", [name for name in CALLS if name != "group_count"])
def test_what_is_in_memory_is_refused(name):
    with pytest.raises(TypeError, match=rf"is of .*numpy.ndarray.*, neither .* goes to numpy_ext\.{name}$"):
        CALLS[name](np.ones(3), np.zeros(3, int))


@pytest.mark.parametrize("dtype", [object, "U3", "M8[s]"])
@pytest.mark.parametrize("name", [name for name in CALLS if name != "group_count"])
def test_dtypes_that_are_no_numbers_are_refused_at_once(name, dtype):
    x = da.zeros(4, chunks=2, dtype=int).astype(dtype)
    with pytest.raises(TypeError, match=rf"numpy_ext\.dask\.{name} does not take .* of dtype "):
        CALLS[name](x, da.zeros(4, chunks=2, dtype=int))


@pytest.mark.parametrize(
    "call",
    [nxd.rolling_score, lambda x, **k: nxd.pow_sum(x, 2, **k), lambda x, **k: nxd.weighted_sum(x, x, **k)],
)
def test_axes_that_are_none(call):
    for axis in (1, -2):
        with pytest.raises(ValueError, match=f"axis {axis} is out of bounds"):
            call(da.ones(4), axis=axis)
    with pytest.raises(ValueError, match="without dimensions"):
        call(da.ones(()))


def test_masked_chunks_are_refused():
    with pytest.raises(TypeError, match=r"MaskedArrays, .*da\.ma\.filled"):
        nxd.rolling_score(da.ma.masked_equal(da.zeros(3), 0))
    hidden = da.ones(4, chunks=2).map_blocks(np.ma.array, meta=np.empty(0))
    with pytest.raises(TypeError, match="a chunk is a masked array"):
        nxd.pow_sum(hidden, 2.0).compute()


def test_shapes_and_chunks_that_do_not_fit():
    with pytest.raises(ValueError, match="differ in length: 3 and 4"):
        nxd.weighted_sum(da.ones(3), da.ones(4))
    with pytest.raises(ValueError, match="x and labels differ in length: 3 and 2"):
        nxd.group_sum(da.ones(3), [0, 0], 1)
    with pytest.raises(ValueError, match=r"rise of shape \(2,\) does not broadcast"):
        nxd.rolling_score(da.ones((3, 4)), rise=np.ones(2))
    with pytest.raises(ValueError, match="n_groups is -1"):
        nxd.group_sum(da.ones(3), [0, 0, 0], -1)
    x = da.ones(8, chunks=4)
    unknown = x[x > 0]
    with pytest.raises(ValueError, match=r"compute_chunk_sizes\(\)"):
        nxd.weighted_sum(unknown, da.ones(8, chunks=4))
    assert nxd.weighted_sum(unknown, unknown).compute() == 8
    shorter = da.concatenate([x[:4][x[:4] > 0], x[4:][x[4:] > 1]])
    with pytest.raises(ValueError, match="mismatch in its core dimension"):
        nxd.weighted_sum(unknown, shorter).compute()


@contextlib.contextmanager
def new_cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def cluster():
    with new_cluster() as client:
        yield client


def bytes_received(dask_worker):
    """What a worker got from the other one: pairs of keys and sizes."""
    return [pair for transfer in dask_worker.transfer_incoming_log for pair in transfer["keys"].items()]


def test_on_a_cluster_the_walk_moves_states_alone(cluster):
    from distributed import wait

    with cluster.as_current():
        x = cluster.persist(da.random.default_rng(1).normal(size=400_000, chunks=20_000))
        wait(x)
        cluster.run(lambda dask_worker: dask_worker.transfer_incoming_log.clear())
        scores = cluster.persist(nxd.rolling_score(x))
        wait(scores)
    moved = [pair for pairs in cluster.run(bytes_received).values() for pair in pairs]
    states = [size for key, size in moved if "-state" in str(key)]
    assert states
    assert max(states) <= 32  # a number, as a Python object
    assert sum(size for _, size in moved) < x.nbytes / 4  # the scheduler may move a chunk to an idle worker
    expected = nx.rolling_score(cluster.compute(x).result())
    assert cluster.compute(scores).result().tobytes() == expected.tobytes()


def kill_the_first(block, marker, block_id=None):
    """Kills the process that runs it, but only once."""
    if block_id == (7,):
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return block
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def result_despite_death(name, marker):
    """None if none comes: on a busy machine distributed may lose a task with a worker, and wait for good."""
    import distributed

    x = da.from_array(values(), chunks=100).map_blocks(kill_the_first, str(marker), dtype=float)
    k = da.from_array(labels(), chunks=100).map_blocks(kill_the_first, str(marker), dtype=int)
    with new_cluster() as cluster:
        try:
            return cluster.compute(CALLS[name](x, k)).result(timeout=60)
        except distributed.TimeoutError:
            return None


@each_call
def test_a_worker_that_dies_changes_nothing(name, tmp_path):
    markers = [tmp_path / f"attempt {i}" for i in range(3)]
    found = next(result for marker in markers if (result := result_despite_death(name, marker)) is not None)
    assert markers[0].exists()
    sure = CALLS[name](da.from_array(values(), chunks=100), da.from_array(labels(), chunks=100)).compute()
    assert np.asarray(found).tobytes() == np.asarray(sure).tobytes()
