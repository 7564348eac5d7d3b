import os
import stat
from datetime import date

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")


from pyarrow import csv, feather, ipc, parquet

from numpy_ext.stream._files import (
    MOST_BYTES,
    MOST_ROWS,
    ColumnChangesType,
    Writer,
    check_output,
    open_file,
    written_beside,
)


def write_stream(table, path):
    with ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


WRITERS = {
    "table.parquet": parquet.write_table,
    "table.pq": parquet.write_table,
    "table.csv": csv.write_csv,
    "table.feather": feather.write_feather,
    "plain.arrow": lambda table, path: feather.write_feather(table, path, compression="uncompressed"),
    "stream.arrow": write_stream,
}


def table(rows=300_000):
    return pa.table({"x": np.arange(rows) / 4, "label": pa.array(np.arange(rows) % 7).cast(pa.string())})


@pytest.mark.parametrize("name", WRITERS)
def test_batches_are_the_table_in_order_and_bounded(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](table(), path)
    source = open_file(path, {})
    batches = list(source.batches(["label", "x"]))
    assert len(batches) > 1
    assert all(batch.num_rows <= MOST_ROWS for batch in batches)
    read = pa.Table.from_batches(batches).select(["x", "label"])
    assert read.column("x").equals(table().column("x"))
    assert list(map(int, read.column("label").to_pylist()[:20])) == [i % 7 for i in range(20)]
    assert source.position == source.size


def test_wide_rows_make_short_batches(tmp_path):
    rows, path = 1000, tmp_path / "wide.parquet"
    parquet.write_table(pa.table({"x": [os.urandom(100_000) for _ in range(rows)]}), path)
    sizes = [batch.nbytes for batch in open_file(path, {}).batches(["x"])]
    assert sum(sizes) > 100_000 * rows
    assert max(sizes) < 2 * MOST_BYTES


def test_csv_tells_which_column_changes_its_type(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("a,b\n")
        file.write("1,2\n" * 2_000_000)
        file.write("1,late\n")
    source = open_file(path, {})
    with pytest.raises(ColumnChangesType) as caught:
        list(source.batches(["a"]))
    assert caught.value.name == "b"
    assert sum(batch.num_rows for batch in open_file(path, {"b": pa.string()}).batches(["a"])) == 2_000_001


def test_csv_reads_nan_as_a_value_and_nothing_as_null(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("i,x\n0,1.5\n1,NaN\n2,\n3,nan\n4,NULL\n5,inf\n")
    (batch,) = open_file(path, {}).batches(["x"])
    column = batch.column("x")
    assert column.is_valid().to_pylist() == [True, True, False, True, False, True]
    np.testing.assert_array_equal(column.drop_null().to_numpy(), [1.5, np.nan, np.nan, np.inf])


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.feather"])
def test_what_is_written_is_read_back(tmp_path, name):
    source = pa.table(
        {"day": [date(2020, 1, 2), None], "label": pa.array(["a", "b"]).dictionary_encode(), "x": [1.5, None]}
    )
    with Writer(
        tmp_path / name, {".csv": "csv", ".parquet": "parquet"}.get(name[3:], "arrow"), source.schema
    ) as writer:
        for batch in (source.slice(0, 1), source.slice(1, 1)):
            # Each batch with a dictionary of its own, as Parquet gives them.
            (part,) = pa.table(
                {
                    "day": batch["day"],
                    "label": batch["label"].cast(pa.string()).dictionary_encode(),
                    "x": batch["x"],
                }
            ).to_batches()
            writer.write(part)
    read = pa.Table.from_batches(open_file(tmp_path / name, {}).batches(["day", "label", "x"]))
    assert [str(value) for value in read["label"].to_pylist()] == ["a", "b"]
    assert read["x"].to_pylist() == [1.5, None]
    assert read["day"].to_pylist() == [date(2020, 1, 2), None]


def test_an_unknown_suffix_is_told(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_text("x")
    with pytest.raises(ValueError, match=r"has the suffix '\.xlsx'; known are \.parquet, "):
        open_file(path, {})


def test_written_beside_moves_when_complete(tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("old")
    target.chmod(0o640)
    with written_beside(target) as beside:
        beside.write_text("new")
        assert beside.parent == target.parent
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["out.csv"]


def test_written_beside_gives_a_new_file_the_usual_mode(tmp_path):
    mask = os.umask(0o027)
    try:
        with written_beside(tmp_path / "out.csv"):
            pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o640


def half_written(target, error):
    with written_beside(target) as beside:
        beside.write_text("half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_written_beside_leaves_nothing_of_a_failure(tmp_path, error):
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(error):
        half_written(target, error)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_written_beside_keeps_a_symbolic_link(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    with written_beside(tmp_path / "link.csv") as beside:
        beside.write_text("new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def test_an_output_is_not_its_input(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("x\n1\n")
    os.link(source, tmp_path / "hard.csv")
    (tmp_path / "soft.csv").symlink_to(source)
    for same in (source, tmp_path / "hard.csv", tmp_path / "soft.csv", tmp_path / "." / "in.csv"):
        with pytest.raises(ValueError, match="are the same file; the output needs its own"):
            check_output(same, [source])
    check_output(tmp_path / "other.csv", [source])
