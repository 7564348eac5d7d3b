"""
Streams over a Parquet file of ten times the largest size, beside what else reads it.

Peers run on one thread. A stream has one more, which reads a batch ahead: it cannot be turned off.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..data import normal
from .case import OURS, Call, Case, duckdb, installed, numba, polars, pyarrow
from .group_sum import add_at
from .pow_sum import ROUNDING, pow_sum_reference
from .rolling_score import score_reference
from .rolling_score_by import score_by_reference

compute = installed("pyarrow.compute")
parquet = installed("pyarrow.parquet")

KEYS = 1000

if numba:
    from .rolling_score import numba_score
    from .rolling_score_by import numba_score_by


def cases(sizes: list[int]) -> Iterator[Case]:
    if not pyarrow:
        return
    rows = 10 * max(sizes)
    x, keys = normal(rows), np.arange(rows) % KEYS
    connection = duckdb.connect(config={"threads": 1}) if duckdb else None
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "in.parquet"), Path(folder, "out.parquet")
        parquet.write_table(pyarrow.table({"key": keys, "x": x}), path)
        yield pow_sum(path, x, connection)
        yield group_mean(path, x, keys, connection)
        yield count(path, x, connection)
        yield score(path, out, x)
        yield score_by(path, out, x, keys)


def file_of(path: Path) -> Any:
    from numpy_ext import stream

    return stream.scan(path)


def pow_sum(path: Path, x: np.ndarray, connection: Any) -> Case:
    def arrow() -> Any:
        values = parquet.read_table(path, columns=["x"], use_threads=False)["x"]
        return compute.sum(compute.power(values.filter(compute.greater(values, 0.0)), 1.5)).as_py()

    peers: dict[str, Call] = {OURS: lambda: file_of(path).pow_sum("x", 1.5), "pyarrow, whole file": arrow}
    if duckdb:
        query = f"SELECT sum(pow(x, 1.5)) FROM '{path}' WHERE x > 0"
        peers["DuckDB"] = lambda: connection.execute(query).fetchall()[0][0]
    if polars:
        column = polars.col("x")
        positive = polars.scan_parquet(path).filter(column > 0).select((column**1.5).sum())
        peers["Polars"] = lambda: positive.collect(engine="streaming").item()
    name = f"stream pow_sum p=1.5 n={x.size}"
    return Case(name, x.size, lambda: pow_sum_reference(x, 1.5), ROUNDING, peers)


def in_order(keys: Any, means: Any) -> np.ndarray:
    return np.asarray(means)[np.argsort(np.asarray(keys))]


def group_mean(path: Path, x: np.ndarray, keys: np.ndarray, connection: Any) -> Case:
    def ours() -> Any:
        table = file_of(path).group_mean("x", by="key")
        return in_order(table["key"], table["mean"])

    def arrow() -> Any:
        table = parquet.read_table(path, use_threads=False)
        means = table.group_by("key", use_threads=False).aggregate([("x", "mean")])
        return in_order(means["key"], means["x_mean"])

    peers: dict[str, Call] = {OURS: ours, "pyarrow, whole file": arrow}
    if duckdb:
        query = f"SELECT avg(x) AS mean FROM '{path}' GROUP BY key ORDER BY key"
        peers["DuckDB"] = lambda: connection.execute(query).fetchnumpy()["mean"]
    if polars:
        means = polars.scan_parquet(path).group_by("key").agg(polars.col("x").mean())
        peers["Polars"] = lambda: in_order(*means.collect(engine="streaming"))
    counts = np.bincount(keys, minlength=min(KEYS, x.size))
    expected = lambda: add_at(x, keys, np.zeros(KEYS)) / counts  # noqa: E731
    # The mean of values that cancel: plain sums may be off by rounding.
    return Case(f"stream group_mean {KEYS} keys n={x.size}", x.size, expected, 1e6, peers)


def count(path: Path, x: np.ndarray, connection: Any) -> Case:
    def arrow() -> Any:
        return parquet.read_table(path, columns=["x"], filters=[("x", ">", 1)], use_threads=False).num_rows

    peers: dict[str, Call] = {
        OURS: lambda: file_of(path).filter(("x", ">", 1)).count("x"),
        "pyarrow, whole file": arrow,
    }
    if duckdb:
        query = f"SELECT count(*) FROM '{path}' WHERE x > 1"
        peers["DuckDB"] = lambda: connection.execute(query).fetchall()[0][0]
    if polars:
        above = polars.scan_parquet(path).filter(polars.col("x") > 1).select(polars.len())
        peers["Polars"] = lambda: above.collect(engine="streaming").item()
    return Case(f"stream filter and count n={x.size}", x.size, lambda: np.sum(x > 1), 0, peers)


def scores_in(path: Path) -> np.ndarray:
    return parquet.read_table(path, columns=["score"])["score"].to_numpy()


def score(path: Path, out: Path, x: np.ndarray) -> Case:
    """Reads the column, writes the file with its scores. No query has the recurrence: peers call Numba."""
    peers: dict[str, Call] = {OURS: lambda: (file_of(path).score("x").write(out), out)[1]}
    if numba:
        peers |= whole_files(path, out, lambda x, _keys: numba_score(x, 0.9, 0.5, 0.0))
    expected = lambda: score_reference(x)  # noqa: E731
    return Case(f"stream score to a file n={x.size}", x.size, expected, 0, peers, values=scores_in)


def score_by(path: Path, out: Path, x: np.ndarray, keys: np.ndarray) -> Case:
    peers: dict[str, Call] = {OURS: lambda: (file_of(path).score("x", by="key").write(out), out)[1]}
    if numba:
        states = np.zeros(KEYS)
        peers |= whole_files(path, out, lambda x, keys: numba_score_by(x, keys, 0.9, 0.5, states))
    expected = lambda: score_by_reference(x, keys, KEYS)  # noqa: E731
    name = f"stream score by {KEYS} keys to a file n={x.size}"
    return Case(name, x.size, expected, 0, peers, values=scores_in)


def whole_files(path: Path, out: Path, scores: Callable[[Any, Any], Any]) -> dict[str, Call]:
    """What reads the file into memory, calls Numba and writes it."""

    def arrow() -> Path:
        table = parquet.read_table(path, use_threads=False)
        column = scores(table["x"].to_numpy(), table["key"].to_numpy())
        parquet.write_table(table.append_column("score", pyarrow.array(column)), out)
        return out

    def in_polars() -> Path:
        frame = polars.read_parquet(path)
        column = polars.Series("score", scores(frame["x"].to_numpy(), frame["key"].to_numpy()))
        frame.with_columns(column).write_parquet(out, compression="snappy")
        return out

    peers: dict[str, Call] = {"pyarrow and Numba": arrow}
    return peers | ({"Polars and Numba": in_polars} if polars else {})
