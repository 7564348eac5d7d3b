"""The rolling score of series that are cut: all chunks at once from guesses, then seam by seam."""

import math
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np
from dask.highlevelgraph import HighLevelGraph

from .. import _ufuncs
from ._blocks import (
    as_array,
    core_back,
    core_last,
    is_column,
    key_of,
    new_array,
    per_series,
    places,
    plain,
    refuse_dtypes,
)

# How many values the walk runs before it looks whether two runs have met; mostly they do within a hundred.
FIRST = 256

# Then four times as many, and so on, up to what stays in cache.
MOST = 1 << 16

# Where a run has found its orbit; even, see _guess.
SETTLED = 64


class Run(NamedTuple):
    """A run over the series of a chunk: its state at the end of each span, and at the end of the chunk."""

    ends: list[Any]
    last: Any


def _spans(x: np.ndarray) -> Iterator[np.ndarray]:
    """The values of a chunk, span after span, the first ones short."""
    most = max(MOST // max(math.prod(x.shape[:-1]), 1), FIRST)
    start, step = 0, FIRST
    while start < x.shape[-1]:
        yield x[..., start : start + step]
        start, step = start + step, min(4 * step, most)


def _same(a: Any, b: Any) -> Any:
    """Equal bit for bit; but NaNs count as different, since their payloads may be."""
    return (a == b) & (np.signbit(a) == np.signbit(b))


def _run(x: np.ndarray, rise: Any, fall: Any, state: Any, other: Run | None = None) -> Run:
    """The run from a state, as far as it differs from the other one."""
    ends: list[Any] = []
    for span in _spans(x):
        _, state = _ufuncs.rolling_score_resume(span, rise, fall, state)
        ends.append(state)
        if other is not None and np.all(_same(state, other.ends[len(ends) - 1])):
            return Run(ends, other.last)
    return Run(ends, state)


def _guess(x: Any, rise: Any, fall: Any) -> list[Run]:
    """
    Two runs over a chunk whose state is not known yet, one of which the true run mostly meets soon.

    Runs over random values meet. Those over constant values, and over prices, end in an orbit of two
    scores, high and low in turns; a run in the other phase never meets. So the second run starts from a
    score of the first at an even position, which is in the other phase. Flags of guesses say nothing.
    """
    x = plain(x)
    settled = x[..., : (min(x.shape[-1], SETTLED + 1) + 1) // 2 * 2 - 1]
    zeros = np.zeros(x.shape[:-1], rise.dtype)
    with np.errstate(all="ignore"):
        first = _run(x, rise, fall, zeros)
        _, opposite = _ufuncs.rolling_score_resume(settled, rise, fall, zeros)
        return [first, _run(x, rise, fall, opposite, first)]


def _walk(x: Any, guesses: list[Run], rise: Any, fall: Any, state: Any) -> np.ndarray:
    """
    The states behind a chunk, from those before it: the true run up to where it has met a guess, in each
    series.

    This alone is serial. Nothing past that place is read, however long the chunk is.
    """
    x = plain(x)
    last = np.array(np.broadcast_to(state, x.shape[:-1]))
    rise, fall = np.broadcast_to(rise, last.shape), np.broadcast_to(fall, last.shape)
    left = np.ones(last.shape, bool)
    with np.errstate(all="ignore"):
        for i, span in enumerate(_spans(x)):
            _, last[left] = _ufuncs.rolling_score_resume(span[left], rise[left], fall[left], last[left])
            for guess in guesses:
                if i < len(guess.ends):
                    met = left & _same(last, guess.ends[i])
                    last = np.where(met, guess.last, last)
                    left = left & ~met
            if not np.any(left):
                break
    return last


def _score(x: Any, rise: Any, fall: Any, state: Any) -> tuple[Any, Any]:
    x = plain(x)
    return _ufuncs.rolling_score_resume(x, rise, fall, np.broadcast_to(state, x.shape[:-1]))


def _scores(x: Any, rise: Any, fall: Any, state: Any) -> Any:
    return _score(x, rise, fall, state)[0]


def _part_of_column(scores: np.ndarray, part: Any) -> Any:
    return type(part)(scores, index=part.index, name=part.name)


def _as_column(scores: da.Array, x: Any) -> Any:
    """The scores as a column with the index and the divisions of `x`."""
    import dask.dataframe as dd
    from dask.delayed import Delayed

    parts = x.to_delayed()
    name = f"column-{scores.name}"
    graph = {f"{name}-{i}": (_part_of_column, (scores.name, i), part.key) for i, part in enumerate(parts)}
    layered = HighLevelGraph.from_collections(name, graph, dependencies=[scores, *parts])
    delayed = [Delayed(key, layered, layer=name) for key in graph]
    meta = _part_of_column(np.empty(0, scores.dtype), x._meta)
    return dd.from_delayed(
        delayed, meta=meta, divisions=x.divisions, prefix="rolling-score", verify_meta=False
    )


def rolling_score(
    x: Any,
    rise: Any = 0.9,
    fall: Any = 0.5,
    state: Any = 0.0,
    axis: int = -1,
    return_state: bool = False,
) -> Any:
    """
    Conditional rolling score of series that are cut into chunks: lazy, parallel and exact.

    Parameters
    ----------
    x : (..., n) dask.array.Array, or column of a Dask DataFrame
        The values, in any chunks, whose sizes may be unknown; one series along `axis`.
    rise, fall : (...) array_like or dask.array.Array, optional
        The factor of the score when the value is above it, and when it is not.
    state : (...) array_like or dask.array.Array, optional
        The score before the first value, such as the state that another call returned.
    axis : int, optional
        The axis of the series; the last by default.
    return_state : bool, optional
        Whether to return the last scores too.

    Returns
    -------
    scores : (..., n) dask.array.Array, or column of a Dask DataFrame
        The score after every value, with the chunks of `x`; a column has its index, name and divisions, and a
        dtype of NumPy.
    state : (...) dask.array.Array
        The last scores; only with `return_state`.

    Raises
    ------
    TypeError
        `x` is no collection of Dask, or its dtype has no score, such as text; then nothing has run yet.
    ValueError
        A parameter does not broadcast to the series. When it runs: a partition of a nullable or Arrow dtype
        has null values.
    numpy.exceptions.AxisError
        `axis` is out of bounds.

    See Also
    --------
    numpy_ext.rolling_score_resume : The same in memory.
    numpy_ext.rolling_score_repair : What makes a guess right.

    Notes
    -----
    The result is that of `numpy_ext.rolling_score_resume` bit for bit, for any chunks, any scheduler and
    any number of workers. First all chunks are run at once from two guesses, of which only some states are
    kept. Then the true state walks from chunk to chunk: each is run until it has met a guess, mostly after
    less than a hundred values, and goes on as that guess went. Then all chunks are scored at once from
    their true states. So a chunk is run twice or three times, but in parallel, and only states move between
    workers, one number for each series.

    Where runs never meet, as with factors of 1, the walk is a serial run over the chunk; so it is behind a
    score that is infinite or NaN. The chunks of `x` stay in memory, or are made again, until the walk has
    passed.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy_ext.dask
    >>> x = da.from_array([1.0, 3.0, 2.0, 5.0], chunks=2)
    >>> scores, state = numpy_ext.dask.rolling_score(x, return_state=True)
    >>> scores.compute()
    array([1.   , 3.9  , 1.95 , 6.755])
    >>> float(state)
    6.755
    """
    array = core_last(as_array(x, "x", "rolling_score"), axis)
    series = array.chunks[:-1]
    dtype = _dtype_of_scores(array.dtype, rise, fall, state)
    rise, fall, state = (
        per_series(value, name, "rolling_score", series, dtype)
        for name, value in (("rise", rise), ("fall", fall), ("state", state))
    )
    name = f"rolling-score-{dask.base.tokenize(array, rise, fall, state)}"
    graph: dict[Any, Any] = {}
    for place in places(series):
        _score_series(graph, name, place, array, rise, fall, state)
    operands = [array, rise, fall, state]
    scores = new_array(graph, name, operands, array.chunks, dtype)
    result = _as_column(scores, x) if is_column(x) else core_back(scores, axis)
    if not return_state:
        return result
    last = array.numblocks[-1] - 1
    states = {(f"{name}-last", *place): (f"{name}-state", *place, last) for place in places(series)}
    return result, new_array(states, f"{name}-last", [scores], series, dtype)


def _dtype_of_scores(dtype: np.dtype, rise: Any, fall: Any, state: Any) -> np.dtype:
    """What NumPy makes of the same call in memory."""
    parameters = [np.empty((1,), p.dtype) if np.ndim(p) else p for p in (rise, fall, state)]
    try:
        return _ufuncs.rolling_score_resume(np.empty((1, 0), dtype), *parameters)[0].dtype
    except TypeError as error:
        given = {"x": np.empty(0, dtype), "rise": rise, "fall": fall, "state": state}
        raise refuse_dtypes("rolling_score", error, **given) from None


def _score_series(
    graph: dict[Any, Any],
    name: str,
    place: tuple[int, ...],
    x: da.Array,
    rise: Any,
    fall: Any,
    state: Any,
) -> None:
    """The tasks for the chunks of some series: guesses, the walk over the seams, scores."""
    rise, fall, state = (key_of(value, place) for value in (rise, fall, state))
    for k in range(x.numblocks[-1]):
        at = (*place, k)
        chunk, after = (x.name, *at), (f"{name}-state", *at)
        if k == 0:
            start = (f"{name}-start", *at)
            graph[start] = (_score, chunk, rise, fall, state)
            graph[(name, *at)] = (operator.getitem, start, 0)
            graph[after] = (operator.getitem, start, 1)
        else:
            guess = (f"{name}-guess", *at)
            graph[guess] = (_guess, chunk, rise, fall)
            graph[after] = (_walk, chunk, guess, rise, fall, state)
            graph[(name, *at)] = (_scores, chunk, rise, fall, state)
        state = after
