"""What lift must give, by plain loops over lists with None."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st

import numpy_ext as nx

POLICIES = ("propagate", "skip", "error")


class Case(NamedTuple):
    """A function, its loop, and what it is called with beside columns; `kind` is rows, scan or number."""

    func: Any
    columns: int
    kind: str
    loop: Callable[..., Any]
    before: tuple = ()
    after: tuple = ()


def scores(x):
    state, found = 0.0, []
    for value in x:
        state = state * 0.9 + value if value > state else state * 0.5
        found.append(state)
    return found


def running_maxima(x):
    return [max(x[: place + 1]) for place in range(len(x))]


CASES = {
    "axpy": Case(
        nx.axpy, 2, "rows", lambda x, y: [3 * a + b for a, b in zip(x, y, strict=True)], before=(3,)
    ),
    "multiply": Case(np.multiply, 2, "rows", lambda x, y: [a * b for a, b in zip(x, y, strict=True)]),
    "greater": Case(np.greater, 2, "rows", lambda x, y: [a > b for a, b in zip(x, y, strict=True)]),
    "rolling_score": Case(nx.rolling_score, 1, "scan", scores),
    "pow_sum": Case(nx.pow_sum, 1, "number", lambda x: math.fsum(v**2 for v in x if v > 0), after=(2.0,)),
    "weighted_sum": Case(
        nx.weighted_sum, 2, "number", lambda w, x: math.fsum(a * b for a, b in zip(w, x, strict=True))
    ),
}


def expected(case: Case, columns: list[list[Any]], nulls: str) -> Any:
    """The result with None for null, or the error."""
    rows = list(zip(*columns, strict=True))
    is_whole = [None not in row for row in rows]
    if nulls == "error" and not all(is_whole):
        return ValueError
    if nulls == "propagate" and case.kind == "number" and not all(is_whole):
        return None
    if nulls == "propagate" and case.kind == "scan" and not all(is_whole):
        first = is_whole.index(False)
        is_whole = [place < first for place in range(len(rows))]
    kept = [row for row, whole in zip(rows, is_whole, strict=True) if whole]
    result = case.loop(*([row[k] for row in kept] for k in range(len(columns))))
    if case.kind == "number":
        return result
    rest = iter(result)
    return [next(rest) if whole else None for whole in is_whole]


def lists(count: int, max_size: int = 12) -> st.SearchStrategy:
    """Columns of small whole numbers and nulls, all of one length: exact in every dtype."""
    values = st.one_of(st.none(), st.integers(0, 7))
    return st.integers(0, max_size).flatmap(
        lambda size: st.lists(st.lists(values, min_size=size, max_size=size), min_size=count, max_size=count)
    )


def check(
    case: Case, columns: list[list[Any]], nulls: str, make: Callable, back: Callable, number: Callable
) -> None:
    """The lifted function on containers gives what the loop gives; no flag is raised for what is null."""
    lifted = nx.lift(case.func, nulls=nulls)
    wanted = expected(case, columns, nulls)
    containers = [make(column) for column in columns]
    with np.errstate(all="raise"):
        if wanted is ValueError:
            with pytest.raises(ValueError, match="null"):
                lifted(*case.before, *containers, *case.after)
            return
        result = lifted(*case.before, *containers, *case.after)
    found = number(result) if case.kind == "number" else back(result)
    assert found == wanted, (found, wanted)


class Recorder:
    """A stand-in for a ufunc that keeps what it is called with."""

    nin, nout, signature = 1, 1, "(n)->(n)"
    __name__ = "recorder"

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def __call__(self, x):
        self.seen.append(x)
        return x + 1
