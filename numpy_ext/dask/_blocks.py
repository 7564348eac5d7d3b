"""What the functions share: their operands as Dask arrays, block by block, and the tree of merged totals."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.highlevelgraph import HighLevelGraph
from dask.utils import is_series_like

# How many totals one task merges.
WIDTH = 16

Chunks = tuple[tuple[int, ...], ...]


def is_column(x: Any) -> bool:
    """Whether it is a column of a Dask DataFrame."""
    return bool(dask.is_dask_collection(x) and is_series_like(x))


def as_array(x: Any, argument: str, function: str) -> da.Array:
    """The Dask array that `x` is, or the values of the column that it is, partition by partition."""
    if is_column(x):
        return _values_of(x, argument, function)
    if not isinstance(x, da.Array):
        raise TypeError(
            f"{argument} of numpy_ext.dask.{function} is of {type(x)}, neither a Dask array nor "
            f"a column of a Dask DataFrame; what is in memory goes to numpy_ext.{function}"
        )
    if type(x._meta) is not np.ndarray:
        raise TypeError(
            f"{argument} of numpy_ext.dask.{function} is a Dask array of {type(x._meta).__name__}s, not of "
            "NumPy arrays; convert its chunks by map_blocks, such as da.ma.filled for masked ones"
        )
    return x


def operand(x: Any, argument: str, function: str) -> da.Array:
    """The same for an argument beside the first one: it may be in memory."""
    return as_array(x if dask.is_dask_collection(x) else da.asarray(np.asarray(x)), argument, function)


def _values_of(column: Any, argument: str, function: str) -> da.Array:
    dtype = getattr(column.dtype, "numpy_dtype", column.dtype)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufc":
        raise TypeError(
            f"{argument} of numpy_ext.dask.{function}, column {column.name!r}, is of dtype {column.dtype}, "
            "which is no number; choose another column, or convert it with astype"
        )
    parts = column.to_delayed()
    name = f"values-{dask.base.tokenize(column, function)}"
    label = f"{argument} of numpy_ext.dask.{function}"
    graph = {(name, i): (_plain_values, part.key, dtype, i, label) for i, part in enumerate(parts)}
    graph = HighLevelGraph.from_collections(name, graph, dependencies=parts)
    return da.Array(graph, name, chunks=((math.nan,) * len(parts),), dtype=dtype)


def _plain_values(part: Any, dtype: np.dtype, position: int, label: str) -> np.ndarray:
    """The values of a partition. A NaN of NumPy is a value; a null has none, so it is refused."""
    nulls = 0 if isinstance(part.dtype, np.dtype) else int(part.isna().sum())
    if nulls:
        raise ValueError(
            f"{label}, column {part.name!r}, has {nulls} null values in partition {position}; remove them "
            "first: dropna() leaves them out, fillna(value) fills them, astype('float64') makes them NaN"
        )
    return part.to_numpy(dtype=dtype)


def plain(block: Any) -> np.ndarray:
    """The block as NumPy's own array; what chunks really are shows only here."""
    if isinstance(block, np.ma.MaskedArray):
        raise TypeError("a chunk is a masked array; fill it first: x.map_blocks(np.ma.filled, value)")
    return np.asarray(block)


def core_last(x: da.Array, axis: int) -> da.Array:
    """With the core dimension last, which copies nothing; the error of NumPy for an axis that is none."""
    if x.ndim == 0:
        raise ValueError("an array without dimensions has no series; it needs one dimension at least")
    np.empty((0,) * x.ndim).sum(axis=axis)
    return x if axis % x.ndim == x.ndim - 1 else da.moveaxis(x, axis, -1)


def core_back(x: da.Array, axis: int) -> da.Array:
    """The core dimension from last place back to `axis`."""
    return x if axis % x.ndim == x.ndim - 1 else da.moveaxis(x, -1, axis)


def refuse_dtypes(function: str, error: TypeError, **given: Any) -> TypeError:
    """The error of NumPy, with names."""
    dtypes = (
        f"{name} of dtype {getattr(value, 'dtype', type(value).__name__)}" for name, value in given.items()
    )
    return TypeError(f"numpy_ext.dask.{function} does not take {', '.join(dtypes)}: {error}")


def is_known(chunks: Chunks) -> bool:
    return not any(math.isnan(length) for lengths in chunks for length in lengths)


def per_series(
    value: Any, argument: str, function: str, chunks: Chunks, dtype: np.dtype
) -> da.Array | np.ndarray:
    """A parameter: a number, or a Dask array of a number for each series, in the chunks of the series."""
    if not dask.is_dask_collection(value) and np.ndim(value) == 0:
        return np.asarray(value).astype(dtype)
    if not is_known(chunks):
        raise ValueError(
            f"{argument} is an array, but the sizes of chunks are unknown; call x.compute_chunk_sizes() first"
        )
    array, shape = operand(value, argument, function), tuple(map(sum, chunks))
    if any(n not in (1, m) for n, m in zip(array.shape[::-1], shape[::-1], strict=False)) or (
        array.ndim > len(shape)
    ):
        raise ValueError(f"{argument} of shape {array.shape} does not broadcast to the series, {shape}")
    return da.broadcast_to(array.astype(dtype), shape).rechunk(chunks)


def key_of(value: Any, place: tuple[int, ...]) -> Any:
    """How a task names one block of an operand; an operand with fewer or broadcast dimensions has fewer."""
    if not isinstance(value, da.Array):
        return value
    last = place[len(place) - value.ndim :]
    return (value.name, *(0 if n == 1 else i for i, n in zip(last, value.numblocks, strict=True)))


def places(chunks: Chunks) -> Iterator[tuple[int, ...]]:
    """The places of all blocks."""
    return itertools.product(*(range(len(lengths)) for lengths in chunks))


def align(first: da.Array, second: da.Array, names: str) -> tuple[da.Array, da.Array, Chunks]:
    """Two operands whose core dimension is last in the same chunks, and those chunks, broadcast."""
    ndim = max(first.ndim, second.ndim)
    if is_known(first.chunks) and is_known(second.chunks):
        if first.shape[-1] != second.shape[-1]:
            raise ValueError(f"{names} differ in length: {first.shape[-1]} and {second.shape[-1]}")
        np.broadcast_shapes(first.shape, second.shape)
        indices = [tuple(range(ndim - array.ndim, ndim)) for array in (first, second)]
        _, (first, second) = da.core.unify_chunks(first, indices[0], second, indices[1])
    elif [*map(str, first.chunks)] != [*map(str, second.chunks)]:
        raise ValueError(
            f"{names} are not cut alike, and the sizes of chunks are unknown: {first.numblocks} and "
            f"{second.numblocks} chunks; call compute_chunk_sizes() on the Dask arrays first"
        )
    padded = [((1,),) * (ndim - array.ndim) + array.chunks for array in (first, second)]
    return first, second, tuple(b if sum(a) == 1 else a for a, b in zip(*padded, strict=True))


def refuse_other_frames(first: Any, second: Any, names: str) -> None:
    """Columns are matched by position, which means nothing across frames."""
    if is_column(first) and is_column(second) and first.divisions != second.divisions:
        raise ValueError(f"{names} are columns of frames with other divisions; put them into one frame first")


def merge_in_tree(
    graph: dict[Any, Any],
    name: str,
    chunks: Chunks,
    merge: Callable[[list[Any]], Any],
    finish: Callable[[list[Any]], Any],
    core: tuple[int, ...] = (),
) -> None:
    """
    Tasks that bring the totals ``(name-part, *place)`` together along the last dimension.

    The tree depends on the number of chunks alone. Its root ``(name, *place, *core)`` is what `finish`
    makes of the last totals.
    """
    for place in places(chunks[:-1]):
        keys: list[Any] = [(f"{name}-part", *place, k) for k in range(len(chunks[-1]))]
        for level in itertools.count():
            if len(keys) <= WIDTH:
                break
            groups = [keys[i : i + WIDTH] for i in range(0, len(keys), WIDTH)]
            keys = [(f"{name}-merge-{level}", *place, i) for i in range(len(groups))]
            graph.update(zip(keys, ((merge, group) for group in groups), strict=True))
        graph[(name, *place, *core)] = (finish, keys)


def new_array(
    graph: dict[Any, Any], name: str, operands: list[Any], chunks: Chunks, dtype: np.dtype
) -> da.Array:
    """The Dask array of the tasks ``(name, *place)``."""
    dependencies = [one for one in operands if dask.is_dask_collection(one)]
    layered = HighLevelGraph.from_collections(name, graph, dependencies=dependencies)
    return da.Array(layered, name, chunks=chunks, meta=np.empty((0,) * len(chunks), dtype))
