"""lift on xarray: dimensions, coordinates, attributes, datasets, Dask."""

import numpy as np
import pytest
from null_reference import scores

import numpy_ext as nx

xr = pytest.importorskip("xarray")

SKIP = nx.lift(nx.rolling_score, nulls="skip")
GRID = xr.DataArray(
    np.array([[1.0, np.nan, 3.0, 5.0], [4.0, 2.0, 6.0, 1.0], [np.nan] * 4]),
    dims=("place", "time"),
    coords={"place": ["a", "b", "c"], "time": [10, 20, 30, 40]},
    name="depth",
    attrs={"unit": "m"},
)
SERIES = GRID.isel(place=0)


def wanted(values, nulls):
    """Scores with NaN for null, of one series."""
    values = list(values)
    if nulls == "propagate":
        end = next((k for k, v in enumerate(values) if np.isnan(v)), len(values))
        return scores(values[:end]) + [np.nan] * (len(values) - end)
    rest = iter(scores([v for v in values if not np.isnan(v)]))
    return [np.nan if np.isnan(v) else next(rest) for v in values]


@pytest.mark.parametrize("nulls", ["propagate", "skip"])
@pytest.mark.parametrize("dims", [("place", "time"), ("time", "place")])
def test_scans_keep_dimensions_coordinates_and_attributes(nulls, dims):
    grid = GRID.transpose(*dims)
    with np.errstate(all="raise"):
        found = nx.lift(nx.rolling_score, nulls=nulls)(grid, core_dim="time")
    assert found.dims == dims
    assert found.name == "depth"
    assert found.attrs == {"unit": "m"}
    assert found.coords.equals(grid.coords)
    for place in "abc":
        series = found.sel(place=place).to_numpy()
        np.testing.assert_array_equal(series, wanted(GRID.sel(place=place).to_numpy(), nulls))


def test_reductions():
    found = nx.lift(nx.pow_sum, nulls="skip")(GRID, 2.0, core_dim="time")
    assert found.dims == ("place",)
    assert found.values.tolist() == [35.0, 57.0, 0.0]
    found = nx.lift(nx.pow_sum)(GRID, 2.0, core_dim="time")
    np.testing.assert_array_equal(found, [np.nan, 57.0, np.nan])
    weights = xr.DataArray([1.0, 2.0, 3.0, 4.0], dims="time", coords={"time": GRID.time})
    found = nx.lift(nx.weighted_sum, nulls="skip")(weights, GRID, core_dim="time")
    assert found.values.tolist() == [30.0, 30.0, 0.0]


def test_elementwise():
    found = nx.lift(nx.axpy)(2.0, GRID, GRID.isel(time=0, drop=True))
    np.testing.assert_array_equal(found, 2.0 * GRID + GRID.isel(time=0, drop=True))
    assert found.attrs == {"unit": "m"}
    with pytest.raises(ValueError, match="no place for it"):
        nx.lift(np.greater)(GRID, 2.0)
    assert nx.lift(np.greater, nan_as_null=False)(GRID, 2.0).dtype == bool
    assert nx.lift(np.add)(xr.DataArray([2**53 + 1]), 1).item() == 2**53 + 2
    with pytest.raises(ValueError, match="align"):
        nx.lift(np.add)(GRID, GRID.isel(time=slice(2)))


def test_one_dimension_needs_no_name():
    np.testing.assert_array_equal(SKIP(SERIES), wanted(SERIES.to_numpy(), "skip"))
    with pytest.raises(ValueError, match=r"core_dim='time'"):
        SKIP(GRID)
    with pytest.raises(ValueError, match="no 'depth' to run along"):
        SKIP(GRID, core_dim="depth")
    with pytest.raises(ValueError, match="no core dimension"):
        nx.lift(np.add)(GRID, 1, core_dim="time")
    with pytest.raises(ValueError, match="argument 1 has 1 null"):
        nx.lift(nx.rolling_score, nulls="error")(SERIES)


def test_states_of_labels_have_a_dimension_of_their_own():
    labels = xr.DataArray([0, 1, 0, 1], dims="time")
    lifted = nx.lift(nx.rolling_score_by, nulls="skip")
    found, states = lifted(SERIES.drop_vars("time"), labels, 0.9, 0.5, np.zeros(2))
    assert found.dims == ("time",)
    np.testing.assert_array_equal(found, [1.0, np.nan, scores([1, 3])[1], 5.0])
    assert states.dims == ("g",)
    assert states.values.tolist() == [scores([1, 3])[1], 5.0]


def test_datasets():
    data = xr.Dataset({"x": SERIES, "w": ("time", [1, 2, 3, 4])}, attrs={"from": "here"})
    found = SKIP(data)
    assert list(found) == ["x", "w"]
    assert found.attrs == {"from": "here"}
    np.testing.assert_array_equal(found["x"], wanted(SERIES.to_numpy(), "skip"))
    assert found["w"].values.tolist() == scores([1, 2, 3, 4])
    assert nx.lift(nx.pow_sum)(data, 2.0)["w"].item() == 30.0
    assert nx.lift(nx.weighted_sum, nulls="skip")(data).item() == 30.0
    found = SKIP(data, columns="x", into="score")
    assert list(found) == ["x", "w", "score"]
    found, state = nx.lift(nx.rolling_score_resume, nulls="skip")(
        data, 0.9, 0.5, 0.0, columns="x", into="score"
    )
    assert state.item() == found["score"].values[-1]
    with pytest.raises(TypeError, match="variable 'name'"):
        SKIP(data.assign(name=("time", list("abcd"))))
    with pytest.raises(KeyError, match="'y'"):
        SKIP(data, columns="y")
    with pytest.raises(TypeError, match="make a DataArray of it"):
        nx.lift(np.add)(SERIES, SERIES.variable)
    groups = SERIES.groupby("time")
    with pytest.raises(TypeError, match=r"DataArrayGroupBy of xarray, .*its map\(\)"):
        SKIP(groups)


def test_dask():
    pytest.importorskip("dask.array")
    lazy = GRID.chunk(place=2)
    found = SKIP(lazy, core_dim="time", dask="parallelized")
    assert found.chunks is not None
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found.compute(), SKIP(GRID, core_dim="time"))
    narrow = SKIP(lazy.astype("f4"), core_dim="time", dask="parallelized")
    assert narrow.dtype == narrow.compute().dtype == np.float32
    total = nx.lift(nx.pow_sum, nulls="skip")(lazy, 2.0, core_dim="time", dask="parallelized")
    assert total.compute().values.tolist() == [35.0, 57.0, 0.0]
    counts = nx.lift(nx.group_sum, nulls="skip")(
        lazy, np.array([0, 1, 0, 1]), np.zeros(2), core_dim="time", dask="parallelized"
    )
    assert counts.compute().values.tolist() == [[4.0, 5.0], [10.0, 3.0], [0.0, 0.0]]
    with pytest.raises(ValueError, match="multiple chunks"):
        SKIP(GRID.chunk(time=2), core_dim="time", dask="parallelized")
    with pytest.raises(ValueError, match="dask"):
        SKIP(lazy, core_dim="time")
