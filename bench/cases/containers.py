"""`lift` on columns with a tenth of nulls, beside what one writes with the library itself and Numba."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import numpy_ext as nx

from ..data import normal, uniform
from .case import OURS, Call, Case, installed, numba, pandas, polars, pyarrow
from .pow_sum import ROUNDING, pow_sum_reference
from .rolling_score import score_reference

compute = installed("pyarrow.compute")

if numba:
    from .rolling_score import numba_score


def as_floats(result: Any) -> np.ndarray:
    """What a library gave back, with NaN for its nulls."""
    if isinstance(result, np.ma.MaskedArray):
        return result.filled(np.nan)
    if pyarrow and isinstance(result, pyarrow.Scalar):
        return np.asarray(result.as_py(), float)
    if pyarrow and isinstance(result, pyarrow.Array):
        return result.to_numpy(zero_copy_only=False)
    if pandas and isinstance(result, pandas.Series):
        return result.to_numpy(float, na_value=np.nan)
    return np.asarray(result, float)


def columns(x: np.ndarray) -> dict[str, Any]:
    """A column of every library; NaN marks the nulls."""
    is_null = np.isnan(x)
    found: dict[str, Any] = {"numpy.ma": np.ma.array(x, mask=is_null)}
    if pandas:
        found["pandas"] = pandas.Series(x)
        found["pandas nullable"] = pandas.Series(pandas.arrays.FloatingArray(x.copy(), is_null.copy()))
    if polars:
        found["polars"] = polars.Series(x, nan_to_null=True)
    if pyarrow:
        found["pyarrow"] = pyarrow.array(x, mask=is_null)
    return found


def cases(sizes: list[int]) -> Iterator[Case]:
    for n in sorted({min(sizes), max(sizes)}):
        x, y = np.where(uniform(n) < 0.1, np.nan, normal(n)), normal(n)[::-1].copy()
        others = columns(y)
        for library, column in columns(x).items():
            yield axpy(library, column, others[library], x, y)
            yield pow_sum(library, column, x)
            yield rolling_score(library, column, x)


def axpy(library: str, column: Any, other: Any, x: np.ndarray, y: np.ndarray) -> Case:
    ours = nx.lift(nx.axpy)

    def operators() -> Any:
        if library == "pyarrow":
            return compute.add(compute.multiply(2.0, column), other)
        return 2.0 * column + other

    peers: dict[str, Call] = {OURS: lambda: ours(2.0, column, other), f"{library} 2*x + y": operators}
    if library.startswith("pandas"):
        peers["nulls as 0"] = lambda: 2.0 * column.fillna(0) + other.fillna(0)
    name, differ = f"lift(axpy) {library} n={x.size}", frozenset({"nulls as 0"})
    return Case(name, x.size, lambda: 2.0 * x + y, 0, peers, differ=differ, values=as_floats)


def pow_sum(library: str, column: Any, x: np.ndarray) -> Case:
    ours = nx.lift(nx.pow_sum, nulls="skip")

    def filtered() -> Any:
        if library == "pyarrow":
            return compute.sum(compute.power(column.filter(compute.greater(column, 0.0)), 1.5))
        positive = column.filter(column > 0) if library == "polars" else column[column > 0]
        return (positive**1.5).sum()

    peers: dict[str, Call] = {OURS: lambda: ours(column, 1.5), f"{library} filter": filtered}
    name, values = f"lift(pow_sum) nulls=skip {library} n={x.size}", x[~np.isnan(x)]
    return Case(name, x.size, lambda: pow_sum_reference(values, 1.5), ROUNDING, peers, values=as_floats)


def rolling_score(library: str, column: Any, x: np.ndarray) -> Case:
    ours, valid = nx.lift(nx.rolling_score, nulls="skip"), ~np.isnan(x)

    def expected() -> np.ndarray:
        out = np.full(x.size, np.nan)
        out[valid] = score_reference(x[valid])
        return out

    peers: dict[str, Call] = {OURS: lambda: ours(column)}
    if numba:
        put_back, filled = PUT_BACK[library], FILLED[library]
        peers["Numba, nulls put back"] = lambda: put_back(column)
        peers["Numba, nulls as 0"] = lambda: numba_score(filled(column), 0.9, 0.5, 0.0)
    name, differ = f"lift(rolling_score) nulls=skip {library} n={x.size}", frozenset({"Numba, nulls as 0"})
    return Case(name, x.size, expected, 0, peers, differ=differ, values=as_floats)


def scores_where(valid: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The scores of the values, at the places that are valid; NaN elsewhere."""
    out = np.full(valid.size, np.nan)
    out[valid] = numba_score(values, 0.9, 0.5, 0.0)
    return out


def put_back_in_masked(column: Any) -> Any:
    return np.ma.masked_invalid(scores_where(~column.mask, column.compressed()))


def put_back_in_pandas(column: Any) -> Any:
    values = column.dropna()
    scores = numba_score(values.to_numpy(float), 0.9, 0.5, 0.0)
    return pandas.Series(scores, values.index).reindex(column.index)


def put_back_in_polars(column: Any) -> Any:
    scores = scores_where(column.is_not_null().to_numpy(), column.drop_nulls().to_numpy())
    return polars.Series(scores, nan_to_null=True)


def put_back_in_arrow(column: Any) -> Any:
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return pyarrow.array(scores_where(valid, column.drop_null().to_numpy()), from_pandas=True)


PUT_BACK: dict[str, Callable[[Any], Any]] = {
    "numpy.ma": put_back_in_masked,
    "pandas": put_back_in_pandas,
    "pandas nullable": put_back_in_pandas,
    "polars": put_back_in_polars,
    "pyarrow": put_back_in_arrow,
}

FILLED: dict[str, Callable[[Any], np.ndarray]] = {
    "numpy.ma": lambda column: column.filled(0.0),
    "pandas": lambda column: column.fillna(0).to_numpy(float),
    "pandas nullable": lambda column: column.fillna(0).to_numpy(float),
    "polars": lambda column: column.fill_null(0.0).to_numpy(),
    "pyarrow": lambda column: column.fill_null(0.0).to_numpy(zero_copy_only=False),
}
