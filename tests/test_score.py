import itertools
import math
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")

from layouts import assert_same_bits
from pyarrow import csv, feather, parquet

from numpy_ext import stream
from numpy_ext._score import Job, score_file
from numpy_ext.stream._state import key_names, keys_of


def oracle(values, keys=None, rise=0.9, fall=0.5, dtype=float):
    """Row by row, one state a key; None where the value is None."""
    keys = [None] * len(values) if keys is None else keys
    rise, fall, states, out = dtype(rise), dtype(fall), {}, []
    with np.errstate(all="ignore"):
        for v, key in zip(values, keys, strict=True):
            if v is None:
                out.append(None)
                continue
            s, v = states.get(key, dtype(0)), dtype(v)
            states[key] = s * rise + v if v > s else s * fall
            out.append(states[key])
    return out, states


def same(actual, expected, dtype=float):
    assert [value is None for value in actual] == [value is None for value in expected]
    pick = [[value for value in side if value is not None] for side in (actual, expected)]
    assert_same_bits(np.array(pick[0], dtype), np.array(pick[1], dtype))


def write(table, path):
    writers = {
        ".parquet": parquet.write_table,
        ".csv": csv.write_csv,
        ".feather": feather.write_feather,
    }
    writers[path.suffix](table, path)
    return path


def read(path):
    if path.suffix == ".parquet":
        return parquet.read_table(path)
    return csv.read_csv(path) if path.suffix == ".csv" else feather.read_table(path)


def market(rows=1000, nulls=True, seed=0):
    random = np.random.default_rng(seed)
    closes = 100 + np.cumsum(random.normal(size=rows))
    closes[::97] = np.nan
    names = np.array(["AAA", "BBB", "CCC", "DDD"])[random.integers(0, 4, rows)]
    missing = random.random(rows) < 0.1 if nulls else np.zeros(rows, bool)
    return pa.table(
        {
            "when": pa.array(np.arange(rows).astype("M8[s]")),
            "name": names,
            "close": pa.array(closes, mask=missing),
        }
    )


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather"])
@pytest.mark.parametrize("to", [".parquet", ".csv", ".feather"])
@pytest.mark.parametrize("group", [None, "name"])
def test_any_format_to_any_format(tmp_path, suffix, to, group):
    table = market()
    job = Job(write(table, tmp_path / f"in{suffix}"), "close", group, output=tmp_path / f"out{to}")
    summary = score_file(job)
    values = table["close"].to_pylist()
    expected, states = oracle(values, table["name"].to_pylist() if group else None)
    result = read(job.output)
    assert result.column_names == ["when", "name", "close", "score"]
    same(result["score"].to_pylist(), expected)
    assert result["name"].to_pylist() == table["name"].to_pylist()
    assert summary.rows == 1000
    assert summary.count == 1000 - values.count(None)
    assert dict(summary.states) == (states if group else {"close": states[None]})
    powers = [v**1.5 for v in values if v is not None and v > 0]
    assert math.isclose(summary.pow_sum, math.fsum(powers), rel_tol=1e-15)


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i1", "u1", "i8", "u8", "?"])
def test_every_numeric_type(tmp_path, dtype):
    values = (np.random.default_rng(0).normal(size=500) * 9).astype(dtype)
    path = write(pa.table({"x": values}), tmp_path / "in.parquet")
    score_file(Job(path, "x", output=tmp_path / "out.parquet"))
    result = read(tmp_path / "out.parquet")
    expects = np.float32 if dtype in ("f2", "f4") else np.float64
    assert result["score"].type == pa.from_numpy_dtype(expects)
    same(result["score"].to_pylist(), oracle(values.astype(expects), dtype=expects)[0], expects)
    assert result["x"].type == pa.from_numpy_dtype(np.dtype(dtype))


@pytest.mark.parametrize(
    "keys",
    [
        pa.array([3, 1, None, 3, 1, None, 2, 3]),
        pa.array(["b", "a", None, "b", "a", None, "", "b"]),
        pa.array(["b", "a", None, "b", "a", None, "", "b"]).dictionary_encode(),
        pa.array([0.5, np.nan, None, 0.5, np.nan, None, 1.0, 0.5]),
        pa.array([1, 2, None, 1, 2, None, 3, 1], pa.timestamp("ns")),
        pa.array([True, False, None, True, False, None, True, True]),
        pa.array([b"\xff", b"a", None, b"\xff", b"a", None, b"", b"\xff"]),
    ],
    ids=["int", "string", "dictionary", "float", "timestamp", "bool", "bytes"],
)
def test_keys_of_every_type_keep_their_number_over_batches(keys):
    met = keys_of(None, keys.type, "by", "key")
    numbers = [int(met.numbers(keys.slice(i, n))[j]) for i, n in ((0, 3), (3, 5)) for j in range(n)]
    seen = {}
    keys = keys.view(pa.int64()) if pa.types.is_timestamp(keys.type) else keys
    assert numbers == [seen.setdefault(str(key), len(seen)) for key in keys.to_pylist()]
    assert len(set(key_names(met.known))) == len(seen)


@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.floats(width=32)), max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    grouped=st.booleans(),
)
def test_any_batches_give_the_bits_of_the_row_by_row_loop(rows, cuts, grouped):
    table = pa.table(
        {
            "key": pa.array([r[0] for r in rows], pa.string()),
            "x": pa.array([r[1] for r in rows], pa.float64()),
        }
    )
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    batches = (table.slice(start, stop - start).combine_chunks() for start, stop in itertools.pairwise(edges))
    scored = stream.scan(batches).score("x", by="key" if grouped else None)
    scores = scored.to_arrow()["score"].to_pylist()
    expected, _ = oracle([r[1] for r in rows], [r[0] for r in rows] if grouped else None)
    same(scores, expected)


@pytest.mark.parametrize("group", [None, "key"])
def test_many_batches_and_many_groups(tmp_path, group):
    rows = 300_000
    random = np.random.default_rng(0)
    table = pa.table({"key": random.integers(0, 5000, rows), "x": random.normal(size=rows)})
    path = write(table, tmp_path / "in.parquet")
    summary = score_file(Job(path, "x", group, rise=0.8, fall=-0.1, output=tmp_path / "out.parquet"))
    keys = table["key"].to_pylist() if group else None
    expected, states = oracle(table["x"].to_pylist(), keys, 0.8, -0.1)
    same(read(tmp_path / "out.parquet")["score"].to_pylist(), expected)
    if group:
        assert summary.states == [(str(key), state) for key, state in states.items()]


def test_csv_whose_columns_change_their_type_far_down(tmp_path):
    path = tmp_path / "in.csv"
    with path.open("w") as file:
        file.write("id,x\n" + "1,2\n" * 2_000_000 + "one,2.5\n")
    summary = score_file(Job(path, "x", output=tmp_path / "out.parquet"))
    result = read(tmp_path / "out.parquet")
    assert summary.rows == 2_000_001
    assert result["x"][-1].as_py() == 2.5
    assert result["id"][-1].as_py() == "one"


def test_a_csv_column_that_begins_with_nothing(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,x\n" + "1,\n" * 2_000_000 + "1,2.5\n")
    summary = score_file(Job(path, "x"))
    assert (summary.rows, summary.count, summary.states) == (2_000_001, 1, [("x", 2.5)])


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather"])
def test_other_columns_may_share_a_name(tmp_path, suffix):
    table = pa.Table.from_arrays(
        [pa.array([1, 2]), pa.array([3, 4]), pa.array([1.5, 2.5])], ["a.b", "a.b", "x"]
    )
    path = tmp_path / f"in{suffix}"
    if suffix == ".feather":  # its writer takes no such table
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    else:
        write(table, path)
    score_file(Job(path, "x", output=tmp_path / "out.arrow"))
    result = pa.ipc.open_file(tmp_path / "out.arrow").read_all()
    assert result.column_names == ["a.b", "a.b", "x", "score"]
    assert [result.column(i).to_pylist() for i in range(4)] == [[1, 2], [3, 4], [1.5, 2.5], [1.5, 3.85]]
    with pytest.raises(ValueError, match=r"has 2 columns 'a\.b'"):
        score_file(Job(path, "a.b"))


def test_a_group_column_of_nulls_is_one_group(tmp_path):
    path = write(pa.table({"g": pa.nulls(3), "x": [1.0, 3.0, 2.0]}), tmp_path / "in.parquet")
    assert score_file(Job(path, "x", "g")).states == [("null", 1.95)]


def test_the_sum_of_powers_of_float32_is_as_exact_as_of_float64(tmp_path):
    values = np.random.default_rng(0).random(300_000, np.float32)
    path = write(pa.table({"x": values}), tmp_path / "in.parquet")
    exact = math.fsum(v**1.5 for v in values.tolist())
    assert math.isclose(score_file(Job(path, "x")).pow_sum, exact, rel_tol=1e-15)


def test_the_metadata_of_the_file_stay(tmp_path):
    table = market().replace_schema_metadata({"source": "here"})
    score_file(Job(write(table, tmp_path / "in.parquet"), "close", output=tmp_path / "out.parquet"))
    assert read(tmp_path / "out.parquet").schema.metadata[b"source"] == b"here"


def test_a_score_that_grows_to_infinity_is_no_error(tmp_path):
    path = write(pa.table({"x": np.full(10, np.float32(3e38))}), tmp_path / "in.parquet")
    summary = score_file(Job(path, "x", rise=1e300, output=tmp_path / "out.parquet"))
    expected, states = oracle([3e38] * 10, rise=np.inf, dtype=np.float32)
    same(read(tmp_path / "out.parquet")["score"].to_pylist(), expected, np.float32)
    assert not np.isfinite(summary.states[0][1])
    assert not np.isfinite(states[None])


def test_the_picture_is_drawn(tmp_path):
    for group in (None, "name"):
        job = Job(write(market(), tmp_path / "in.parquet"), "close", group, plot=tmp_path / "plot.png")
        score_file(job)
        assert job.plot.read_bytes().startswith(b"\x89PNG")
        job.plot.unlink()


def test_keys_that_no_state_keeps_are_told_before_the_run(tmp_path):
    table = pa.table({"x": [1.0], "g": pa.array([Decimal("1.5")])})
    job = Job(write(table, tmp_path / "in.parquet"), "x", "g", output=tmp_path / "out.parquet")
    with pytest.raises(ValueError, match="cannot be saved; cast the column to text"):
        score_file(replace(job, save_state=tmp_path / "state.json"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.parquet"]
    assert score_file(job).states == [("1.5", 1.0)]


PEAK = """
import resource, sys
from pathlib import Path
import matplotlib, pyarrow.csv, pyarrow.parquet, pyarrow.compute
from numpy_ext._score import Job, score_file
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
score_file(Job(Path(sys.argv[1]), "x", output=Path(sys.argv[2])))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_is_bounded_by_a_batch_and_not_by_the_file(tmp_path):
    """A file of 320 MB in a single row group takes less than 150 MB above the imports."""
    path, rows = tmp_path / "in.parquet", 10_000_000
    random = np.random.default_rng(0)
    columns = {name: random.normal(size=rows) for name in "xyzw"}
    parquet.write_table(
        pa.table(columns), path, row_group_size=rows, compression="none", use_dictionary=False
    )
    command = [sys.executable, "-c", PEAK, str(path), str(tmp_path / "out.parquet")]
    megabytes = int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout)
    assert path.stat().st_size > 320_000_000
    assert megabytes < 150


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        ({"x": ["a"]}, {}, "column: 'x' is of type string; a score needs integers or floating point"),
        ({"y": [1]}, {}, "column: .* has no column 'x'; it has 'y'"),
        ({"x": [1.0]}, {"group": "g"}, "by: .* has no column 'g'; it has 'x'"),
        ({"x": [1.0], "g": [[1]]}, {"group": "g"}, "by: 'g' is of type list.*; a key is a plain value"),
        ({"x": [1.0], "score": [1]}, {}, "has a column 'score' already; name another"),
        ({"x": pa.array([], pa.float64())}, {}, "has no rows: there is nothing to score"),
    ],
)
def test_bad_tables_are_told_by_name_and_leave_no_output(tmp_path, table, changes, message):
    path = write(pa.table(table), tmp_path / "in.parquet")
    job = Job(path, **{"column": "x", "output": tmp_path / "out.parquet", **changes})
    with pytest.raises((ValueError, TypeError), match=message):
        score_file(job)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.parquet"]
