"""
The rolling score of one series on a cluster of worker processes, beside what else one would do.

Making the chunks, some 10 to 20 ns a value, stands for reading them, and is part of every figure; the scores
stay on the workers. Every figure is the best of several.
The last lines estimate a larger cluster from the cost of a seam and of a chunk.
"""

import argparse
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

import numpy_ext as nx
import numpy_ext.dask as nxd
from numpy_ext.dask import _score

if __package__:  # asv imports every file of this folder, as a package
    from .data import KINDS
else:
    from data import KINDS

HEAD = f"{'kind':10}{'workers':>8}  {'way':34}{'seconds':>9}{'wrong':>9}{'moved, bytes':>15}"


@contextmanager
def cluster_of(workers: int) -> Iterator[Client]:
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def make_chunk(kind: str, length: int, run: int, block_id: tuple[int, ...]) -> Any:
    """A chunk of a series, each from another place of the same data; `run` alone makes the task a new one."""
    return np.roll(KINDS[kind](length), 977 * block_id[0] + 0 * run)


def best(client: Client, make: Callable[[int], da.Array], repeats: int) -> tuple[float, da.Array, int]:
    """The seconds of the best run, the result of the last one, and what workers moved in it."""
    seconds, result = [], None
    for run in range(repeats):
        del result
        client.run(lambda dask_worker: dask_worker.transfer_incoming_log.clear())
        begin = time.perf_counter()
        result = client.persist(make(run))
        wait(result)
        seconds.append(time.perf_counter() - begin)
    moved = client.run(lambda dask_worker: sum(t["total"] for t in dask_worker.transfer_incoming_log))
    return min(seconds), result, sum(moved.values())


WAYS: dict[str, Callable[[da.Array], da.Array]] = {
    "no score, x + 0.0": lambda x: x + 0.0,
    "numpy_ext.dask.rolling_score": nxd.rolling_score,
    "map_blocks(nx.rolling_score), wrong": lambda x: da.map_blocks(nx.rolling_score, x, dtype=float),
    "one chunk: x.rechunk(-1)": lambda x: nx.rolling_score(x.rechunk(-1, method="tasks")),
}


def compare(workers: int, options: argparse.Namespace) -> None:
    chunks = ((options.length,) * options.chunks,)
    with cluster_of(workers) as client:
        for kind in options.kinds:
            parts = [make_chunk(kind, options.length, 0, (i,)) for i in range(options.chunks)]
            expected = nx.rolling_score(np.concatenate(parts))
            for name, way in WAYS.items():

                def make(run: int, kind: str = kind, way: Callable[[da.Array], da.Array] = way) -> da.Array:
                    run += 1000 * list(WAYS.values()).index(way)
                    x = da.map_blocks(make_chunk, kind, options.length, run, chunks=chunks, dtype=float)
                    return way(x)

                seconds, found, moved = best(client, make, options.repeats)
                wrong = int((client.compute(found).result() != expected).sum())
                del found
                wrong = 0 if "no score" in name else wrong
                print(f"{kind:10}{workers:8}  {name:34}{seconds:9.3f}{wrong:9}{moved:15,}", flush=True)


def seconds_per_chunk(x: np.ndarray, repeats: int) -> tuple[float, float]:
    """What all workers do at once: the guesses, and the scores from the true states."""
    factors = np.array(0.9), np.array(0.5)
    guess = min(timeit.repeat(lambda: _score._guess(x, *factors), number=1, repeat=repeats))
    score = min(timeit.repeat(lambda: _score._scores(x, *factors, np.array(0.0)), number=1, repeat=repeats))
    return guess, score


def seconds_per_seam(options: argparse.Namespace) -> float:
    """What one more seam adds to the walk: chunks so short that they cost nothing but their tasks."""
    with cluster_of(2) as client:
        seconds = []
        for seams in (100, 400):
            x = client.persist(da.random.default_rng(0).normal(size=1000 * seams, chunks=1000))
            wait(x)
            seconds.append(
                best(
                    client,
                    lambda run, x=x: nxd.rolling_score(x, state=float(run), return_state=True)[1],
                    options.repeats,
                )[0]
            )
        return (seconds[1] - seconds[0]) / 300


def estimate(options: argparse.Namespace) -> None:
    """1000 chunks on 100 workers: ten chunks each, in parallel, and 1000 seams, one after the other."""
    seam = seconds_per_seam(options)
    print(f"\na seam: {seam * 1e3:.2f} ms, 8 bytes moved; 1000 chunks:")
    for kind in options.kinds:
        x = KINDS[kind](options.length)
        guess, score = seconds_per_chunk(x, options.repeats)
        make = min(timeit.repeat(lambda: make_chunk(kind, options.length, 0, (1,)), number=1, repeat=3))  # noqa: B023
        print(
            f"{kind:10} a chunk: made in {make * 1e3:.1f} ms, guesses {guess * 1e3:.1f} ms, scores "
            f"{score * 1e3:.1f} ms; one worker {1000 * (make + score):.1f} s, 100 workers "
            f"{10 * (make + guess + score):.1f} s and a walk of {1000 * seam:.1f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--chunks", type=int, default=16)
    parser.add_argument("--length", type=int, default=5_000_000, help="values in a chunk")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=["normal", "prices", "constant"])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    print(HEAD)
    for workers in options.workers:
        compare(workers, options)
    estimate(options)


if __name__ == "__main__":
    main()
