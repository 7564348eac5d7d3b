"""
Calls every benchmark of asv once, in one process and on short arrays: that it runs, not how fast.

`asv run --quick` starts a process for each, and takes half an hour.
"""

import itertools
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: `bench` is the package that asv makes of this folder
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from bench import data

HERE, SHORT = Path(__file__).resolve().parent, 1000


def combinations(suite: type) -> Iterator[tuple[Any, ...]]:
    params = getattr(suite, "params", ())
    one = params and not isinstance(params[0], list | tuple)
    return itertools.product(*([params] if one else params))


def run(suite: type) -> int:
    """How many benchmarks were called."""
    called = 0
    for combination in combinations(suite):
        benchmark = suite()
        try:
            if hasattr(benchmark, "setup"):
                benchmark.setup(*combination)
        except NotImplementedError:  # asv's way to leave a combination out
            continue
        for name in dir(suite):
            if name.startswith(("time_", "peakmem_")):
                getattr(benchmark, name)(*combination)
                called += 1
        if hasattr(benchmark, "teardown"):
            benchmark.teardown(*combination)
    return called


def main() -> None:
    data.LARGE, data.SIZES = SHORT, [1, SHORT]  # before the suites read them
    for path in sorted(HERE.glob("bench_*.py")):
        module = import_module(f"bench.{path.stem}")
        suites = [
            each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__
        ]
        print(f"{path.stem}: {sum(run(suite) for suite in suites if isinstance(suite, type))} called")


if __name__ == "__main__":
    main()
