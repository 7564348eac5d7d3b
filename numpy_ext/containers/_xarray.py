"""xarray: data arrays and, variable by variable, datasets. NaN is the only null there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._masked import with_nan
from ._nulls import Operand, dtypes_of

ADVICE = {"GroupBy": "hand the function to its map()"}


def is_frame(value: Any) -> bool:
    import xarray as xr

    return isinstance(value, xr.Dataset)


def is_column(value: Any) -> bool:
    import xarray as xr

    return isinstance(value, xr.DataArray)


def is_container(value: Any) -> bool:
    return is_column(value) or is_frame(value)


def is_scalar(_value: Any) -> bool:
    return False


def labels(frame: Any) -> list[Any]:
    return list(frame.data_vars)


def column(frame: Any, place: int) -> Any:
    return frame[labels(frame)[place]]


def join(frame: Any, places: Sequence[int], columns: Sequence[Any]) -> Any:
    import xarray as xr

    names = labels(frame)
    chosen = {names[place]: each for place, each in zip(places, columns, strict=True)}
    return xr.Dataset(chosen, attrs=frame.attrs)


join_numbers = join


def put(frame: Any, names: Sequence[Any], columns: Sequence[Any]) -> Any:
    return frame.assign(dict(zip(names, columns, strict=True)))


def apply(lifted: Any, args: Sequence[Any], core_dim: Any, dask: str | None, **keywords: Any) -> list[Any]:
    """The results of a call on data arrays, by xarray.apply_ufunc."""
    import xarray as xr

    for place, arg in enumerate(args):
        if is_column(arg) and arg.dtype.kind not in "biufcmM":
            name = "" if arg.name is None else f" (variable {arg.name!r})"
            raise TypeError(
                f"argument {place + 1}{name} has the dtype {arg.dtype}; numbers, bools and times are taken: "
                "choose others with columns=, or cast it"
            )
        if not is_column(arg) and type(arg).__module__.startswith("xarray"):
            raise TypeError(f"argument {place + 1} is a {type(arg).__name__}; make a DataArray of it")
    cores = lifted.cores.fitted(args)
    dims = _dimensions(lifted, cores, args, core_dim)
    places = [place for place, arg in enumerate(args) if is_column(arg) or np.ndim(arg)]

    def block(*arrays: Any) -> Any:
        values = list(args)
        for place, array in zip(places, arrays, strict=True):
            values[place] = array
        operands = [_operand(lifted, value, place, place in columns) for place, value in enumerate(values)]
        results = [
            with_nan(result.values, result.valid, f"a result of {lifted.__name__}")
            for result in lifted.compute(operands, keywords)
        ]
        return tuple(results) if len(results) > 1 else results[0]

    columns = {place for place in places if is_column(args[place])}
    named = [[dims[name] for name in core] for core in cores.inputs]
    options: dict[str, Any] = {"dask": dask or "forbidden"}
    if dask == "parallelized":
        options["output_dtypes"] = dtypes_of(lifted.func, cores, args, keywords)
        sizes = _sizes(named, args)
        options["dask_gufunc_kwargs"] = {
            "output_sizes": {dims[name]: sizes[dims[name]] for core in cores.outputs for name in core}
        }
    results = xr.apply_ufunc(
        block,
        *(args[place] for place in places),
        input_core_dims=[named[place] for place in places],
        output_core_dims=[[dims[name] for name in core] for core in cores.outputs],
        join="exact",
        keep_attrs=True,
        **options,
    )
    results = results if isinstance(results, tuple) else (results,)
    like = next(args[place] for place in places if place in columns)
    return [_ordered(result, like) for result in results]


def _ordered(result: Any, like: Any) -> Any:
    """The dimensions in the order of the first argument."""
    return result.transpose(*(dim for dim in like.dims if dim in result.dims), ...)


def _operand(lifted: Any, value: Any, place: int, is_container: bool) -> Operand:
    if not is_container:
        return lifted.plain(value, place)
    valid = None if lifted.nan_as_null is False else lifted.nan_valid(value)
    return Operand(np.asarray(value), valid, f"argument {place + 1}")


def _dimensions(lifted: Any, cores: Any, args: Sequence[Any], core_dim: Any) -> dict[str, Any]:
    """The dimension of xarray for each of the signature."""
    dims: dict[str, Any] = {}
    rows = cores.rows
    if core_dim is not None:
        if rows is None:
            raise ValueError(f"{lifted.__name__} has no core dimension; leave core_dim={core_dim!r} out")
        dims[rows] = core_dim
    for place, (arg, core) in enumerate(zip(args, cores.inputs, strict=True)):
        if not core or not is_column(arg):
            continue
        for name in core:
            if name not in dims:
                if arg.ndim != 1:
                    raise ValueError(
                        f"argument {place + 1} has the dimensions {arg.dims}; say along which one "
                        f"{lifted.__name__} runs: core_dim={arg.dims[-1] if arg.dims else 'time'!r}"
                    )
                dims[name] = arg.dims[0]
            if dims[name] not in arg.dims:
                raise ValueError(
                    f"argument {place + 1} has the dimensions {arg.dims}, and no {dims[name]!r} to run along"
                )
    for core in cores.inputs + cores.outputs:
        for name in core:
            dims.setdefault(name, name)
    return dims


def _sizes(named: Sequence[Sequence[Any]], args: Sequence[Any]) -> dict[Any, int]:
    sizes: dict[Any, int] = {}
    for arg, core in zip(args, named, strict=True):
        for axis, dim in enumerate(core, -len(core)):
            sizes[dim] = arg.sizes[dim] if is_column(arg) else np.shape(arg)[axis]
    return sizes
