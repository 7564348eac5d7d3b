"""
Every case of the cookbook beside plain Python: lists, loops and dicts.

The results are compared first. Each case prints its best time on arrays of `--size` values; arguments choose
cases by a part of their names. `--check` only compares, on short arrays.
"""

import argparse
import math
import operator
import timeit
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import numpy_ext as nx

SEED = 1


@dataclass(frozen=True)
class Case:
    """One task: what both sides work on, and the call of each."""

    name: str
    arrays: Callable[[int], Any]
    call: Callable[[Any], Any]
    lists: Callable[[Any], Any]
    """The same as plain Python has it."""
    loop: Callable[[Any], Any]
    error: float = 0.0
    """How far the result of plain Python may be from that of the call, as a part of it."""


def values(n: int) -> np.ndarray:
    return np.random.default_rng(SEED).normal(size=n)


def positive(n: int) -> np.ndarray:
    return np.abs(values(n))


def two(n: int) -> tuple[np.ndarray, np.ndarray]:
    return values(n), np.random.default_rng(SEED + 1).integers(-5, 5, n).astype(float)


def as_list(x: np.ndarray) -> list:
    return x.tolist()


def as_lists(arrays: Any) -> list[list]:
    return [array.tolist() for array in arrays]


# ---- Arrays ----


def in_batches(x: np.ndarray, size: int = 10_000) -> np.ndarray:
    return np.concatenate([x[start : start + size] * 2.0 for start in range(0, len(x), size)])


def loop_in_batches(x: list[float], size: int = 10_000) -> list[float]:
    result, rest = [], iter(x)
    while batch := list(islice(rest, size)):
        result += [value * 2.0 for value in batch]
    return result


def square(n: int) -> tuple[np.ndarray, np.ndarray]:
    side = max(2, math.isqrt(n) // 8)
    return values(side * side).reshape(side, side), values(side * side).reshape(side, side)


def loop_matmul(matrices: list[list[list[float]]]) -> list[list[float]]:
    left, right = matrices
    columns = list(zip(*right, strict=True))
    return [[sum(map(operator.mul, row, column)) for column in columns] for row in left]


def in_threads(x: np.ndarray) -> np.ndarray:
    with nx.num_threads(2):
        return nx.axpy(x, x, -0.0)


def transform(x: np.ndarray, size: int = 4096) -> np.ndarray:
    """sqrt(x*x + x) on two threads, in chunks that stay in the cache."""
    out = np.empty_like(x)

    def run(part: np.ndarray, result: np.ndarray) -> None:
        for start in range(0, len(part), size):
            chunk, root = part[start : start + size], result[start : start + size]
            np.multiply(chunk, chunk, out=root)
            np.add(root, chunk, out=root)
            np.sqrt(root, out=root)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, np.array_split(x, 2), np.array_split(out, 2)))
    return out


def loop_divide(pair: list[list[float]]) -> list[float]:
    return [x / y if y else math.nan for x, y in zip(*pair, strict=True)]


ARRAYS = [
    Case("the sum of an array", values, np.sum, as_list, sum, 1e-9),
    Case("multiply by a scalar", values, lambda x: x * 2.0, as_list, lambda x: [v * 2.0 for v in x]),
    Case("times 2, in batches", values, in_batches, as_list, loop_in_batches),
    Case(
        "a range and zeros",
        lambda n: n,
        lambda n: np.arange(n, dtype=np.int32) + np.zeros(n, np.int32),
        lambda n: n,
        lambda n: [i + 0 for i in range(n)],
    ),
    Case(
        "transpose",
        lambda n: square(n)[0],
        lambda x: np.ascontiguousarray(x.T),
        as_list,
        lambda x: list(map(list, zip(*x, strict=True))),
    ),
    Case("matrix product", square, lambda pair: pair[0] @ pair[1], as_lists, loop_matmul, 1e-9),
    Case("2x + 1", values, lambda x: nx.axpy(2.0, x, 1.0), as_list, lambda x: [2.0 * v + 1.0 for v in x]),
    Case("x squared, on two threads", values, in_threads, as_list, lambda x: [v * v for v in x]),
    Case(
        "sqrt(x*x + x), in chunks on two threads",
        positive,
        transform,
        as_list,
        lambda x: [math.sqrt(v * v + v) for v in x],
    ),
    Case(
        "x *= -1, in place",  # and back, since a call may be repeated
        values,
        lambda x: np.multiply(np.multiply(x, -1.0, out=x), -1.0, out=x),
        as_list,
        lambda x: [v * -1.0 * -1.0 for v in x],
    ),
    Case(
        "a*x + y in place, three dimensions",
        lambda n: [each.reshape(2, -1, 5) for each in (values(n), np.zeros(n))],
        lambda pair: nx.axpy(2.0, *pair, out=np.zeros_like(pair[1])),
        lambda pair: [each.ravel().tolist() for each in pair],
        lambda pair: [2.0 * x + y for x, y in zip(*pair, strict=True)],
    ),
    Case("safe_divide", two, lambda pair: nx.safe_divide(*pair), as_lists, loop_divide),
]


# ---- Recurrences and sums ----


def loop_score(x: list[float]) -> list[float]:
    score, scores = 0.0, []
    for value in x:
        score = score * 0.9 + value if value > score else score * 0.5
        scores.append(score)
    return scores


def loop_power_sum(x: list[float]) -> float:
    return math.fsum(value**1.5 for value in x if value > 0)


def groups(n: int) -> tuple[np.ndarray, np.ndarray]:
    return values(n), np.random.default_rng(SEED).integers(0, 100, n)


def loop_group_mean(pair: list[list]) -> list[float]:
    sums: dict[int, float] = {}
    counts: dict[int, int] = {}
    for value, key in zip(*pair, strict=True):
        sums[key] = sums.get(key, 0.0) + value
        counts[key] = counts.get(key, 0) + 1
    return [sums[key] / counts[key] for key in sorted(sums)]


def features(x: np.ndarray) -> np.ndarray:
    """What a model is fed: the last score of each series, and its sum of powers."""
    return np.stack([nx.rolling_score(x)[:, -1], nx.pow_sum(x, 1.5)], axis=1)


SUMS = [
    Case("the conditional rolling score", values, nx.rolling_score, as_list, loop_score),
    Case(
        "the same of int64, without a copy",
        lambda n: groups(n)[1],
        nx.rolling_score,
        as_list,
        loop_score,
    ),
    Case("the sum of v**1.5 for v > 0", values, lambda x: nx.pow_sum(x, 1.5), as_list, loop_power_sum, 1e-15),
    Case(
        "the sum of squares",
        values,
        lambda x: nx.abs_pow_sum(x, 2.0),
        as_list,
        lambda x: math.fsum(v * v for v in x),
        1e-15,
    ),
    Case("the mean of each group", groups, lambda pair: nx.group_mean(*pair), as_lists, loop_group_mean),
    Case(
        "features for a model",
        lambda n: values(n).reshape(10, -1),
        features,
        as_list,
        lambda rows: [[loop_score(row)[-1], loop_power_sum(row)] for row in rows],
        1e-15,
    ),
]


# ---- Tables ----

RECORD = [("time", "u8"), ("x", "f8"), ("y", "f8"), ("z", "f8")]


def records(n: int) -> np.ndarray:
    track = np.zeros(n, RECORD)
    track["time"] = np.arange(n)
    for name in "xyz":
        track[name] = values(n)
    return track


def loop_records(track: list[tuple]) -> list[tuple]:
    return [(t + t, x + x, y + y, z + z) for t, x, y, z in track]


def arrow_table(n: int) -> pa.Table:
    return pa.table({"a": np.arange(n), "b": values(n)})


def arrow_sum(table: pa.Table) -> float:
    total = (0.0, 0.0)
    for batch in table.to_batches(max_chunksize=100_000):
        total = nx.weighted_sum_resume(batch["a"], batch["b"], *total)
    return total[0]


def arrow_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column("doubled", pa.array(batch["value"].to_numpy() * 2.0))


TABLES = [
    Case(
        "a column of a DataFrame, times 2",
        lambda n: pd.DataFrame({"a": np.arange(n), "b": values(n), "c": ["text"] * n}),
        lambda frame: frame["a"] * 2,
        lambda frame: frame["a"].tolist(),
        lambda column: [value * 2 for value in column],
    ),
    Case(
        "rows of a Polars frame above a threshold",
        lambda n: pl.DataFrame({"id": np.arange(n), "value": values(n)}),
        lambda frame: frame.filter(pl.col("value") > 0.5)["id"].to_numpy(),
        lambda frame: frame.rows(),
        lambda rows: [key for key, value in rows if value > 0.5],
    ),
    Case(
        "an Arrow record batch, a column times 2",
        lambda n: pa.record_batch({"id": np.arange(n, dtype=np.int32), "value": values(n)}),
        lambda batch: arrow_batch(batch)["doubled"].to_numpy(),
        lambda batch: batch["value"].to_pylist(),
        lambda column: [value * 2.0 for value in column],
    ),
    Case(
        "the sum of a*b over record batches",
        arrow_table,
        arrow_sum,
        lambda table: [table[name].to_pylist() for name in "ab"],
        lambda pair: math.fsum(map(operator.mul, *pair)),
        1e-13,
    ),
    Case("records, added field by field", records, lambda a: nx.records.add(a, a), as_list, loop_records),
]


def compare(case: Case, n: int) -> tuple[Any, Any]:
    """The two sides, once they agree."""
    arrays = case.arrays(n)
    lists = case.lists(arrays)
    actual, expected = np.asarray(case.call(arrays)), case.loop(lists)
    if actual.dtype.names:
        assert actual.tolist() == expected, case.name
    else:
        np.testing.assert_allclose(
            actual.ravel(), np.ravel(expected), rtol=case.error, atol=0, err_msg=case.name
        )
    return arrays, lists


def best(call: Callable[[], Any]) -> float:
    timer = timeit.Timer(call)
    number = max(1, int(0.05 / max(timer.timeit(1), 1e-9)))
    return min(timer.repeat(5, number)) / number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    print(f"{'case':45}{'plain Python':>14}{'here':>12}{'ratio':>9}")
    for case in [*ARRAYS, *SUMS, *TABLES]:
        if options.cases and not any(part in case.name for part in options.cases):
            continue
        arrays, lists = compare(case, 1000 if options.check else options.size)
        if options.check:
            continue
        loop, call = best(lambda: case.loop(lists)), best(lambda: case.call(arrays))  # noqa: B023
        print(f"{case.name:45}{loop * 1e3:>11.3f} ms{call * 1e3:>9.3f} ms{loop / call:>8.0f} x", flush=True)


if __name__ == "__main__":
    main()
