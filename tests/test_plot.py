import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")

from numpy_ext._plot import Envelope, ScorePlot


def test_few_points_are_kept_as_they_are():
    envelope = Envelope(curves=2)
    curves = np.arange(20.0).reshape(2, 10)
    envelope.add(np.arange(4), curves[:, :4])
    envelope.add(np.arange(4, 10), curves[:, 4:])
    where, low, high = envelope.buckets()
    assert envelope.points_per_bucket == 1
    np.testing.assert_array_equal(where, np.arange(10))
    np.testing.assert_array_equal(low, curves)
    np.testing.assert_array_equal(high, curves)


@pytest.mark.parametrize("chunk", [1, 7, 1000, 5000])
def test_many_points_keep_their_extremes_in_bounded_memory(chunk):
    envelope = Envelope(curves=1, most=50)
    curve = np.random.default_rng(0).normal(size=(1, 5000))
    for start in range(0, 5000, chunk):
        envelope.add(np.arange(start, min(start + chunk, 5000)), curve[:, start : start + chunk])
        where, low, high = envelope.buckets()
        assert len(where) <= 51
    assert len(where) > 25
    # Every bucket holds the extremes of the points from its place to the next, and no bucket is much longer.
    for bucket, (start, stop) in enumerate(zip(where, [*where[1:], 5000], strict=True)):
        assert low[0, bucket] == curve[0, start:stop].min()
        assert high[0, bucket] == curve[0, start:stop].max()
        assert stop - start <= envelope.points_per_bucket <= 256


def test_a_nan_hides_no_neighbour():
    envelope = Envelope(curves=1, most=4)
    envelope.add(np.arange(8), np.array([[1.0, np.nan, 2.0, 3.0, np.nan, np.nan, 5.0, 4.0]]))
    np.testing.assert_array_equal(envelope.buckets()[1][0], [1.0, 2.0, np.nan, 4.0])


@pytest.mark.parametrize("groups", [None, 1, 6])
def test_draws_a_picture(tmp_path, groups):
    numbers = None if groups is None else np.arange(1000) % groups
    values = np.random.default_rng(0).normal(size=1000)
    plot = ScorePlot(tmp_path / "plot.png", "close", "score")
    plot.add(np.arange(1000), values, values * 2, numbers)
    path = tmp_path / "plot.png"
    plot.draw(path, [f"group {i}" for i in range(groups or 1)], "row")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 10_000
