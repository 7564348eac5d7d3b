"""
The cases of `peers.py`, a module for every family of numpy_ext and for each other part of it.

Each has `cases(sizes)`, and beside it the peers and references that its cases need.
"""

from collections.abc import Callable, Iterator

from . import (
    add_power,
    axpy,
    containers,
    dask,
    group_sum,
    pointer,
    pow_sum,
    records,
    rolling_score,
    rolling_score_by,
    safe_divide,
    stream,
    threads,
    weighted_sum,
)
from .case import Case

FAMILIES: dict[str, Callable[[list[int]], Iterator[Case]]] = {
    module.__name__.rpartition(".")[2]: module.cases
    for module in (
        axpy,
        safe_divide,
        rolling_score,
        rolling_score_by,
        pow_sum,
        add_power,
        weighted_sum,
        group_sum,
        records,
        containers,
        stream,
        dask,
        pointer,
        threads,
    )
}
