"""The command line as a user meets it: in a process of its own."""

import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")
pytest.importorskip("rich")


from pyarrow import csv, feather, parquet

from numpy_ext.__main__ import SHIPPED_DATA


def run(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "numpy_ext", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def entries(stdout):
    """The printed summary as a dict."""
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in stdout.splitlines())


@pytest.fixture
def prices(tmp_path):
    table = pa.table(
        {"x": 100 + np.cumsum(np.random.default_rng(0).normal(size=500)), "name": ["a", "b"] * 250}
    )
    parquet.write_table(table, tmp_path / "prices.parquet")
    return table


def test_the_shipped_data_equals_the_plain_python_loop_bit_for_bit(tmp_path):
    result = run("score", "--output", "out.parquet", "--plot", "plot.png", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.drop_columns("score").equals(parquet.read_table(SHIPPED_DATA))
    states, expected = {}, []
    for name, v in zip(table["index"].to_pylist(), table["close"].to_pylist(), strict=True):
        s = states.get(name, 0.0)
        states[name] = s * 0.9 + v if v > s else s * 0.5
        expected.append(states[name])
    assert table["score"].to_pylist() == expected
    printed = entries(result.stdout)
    assert printed["rows"] == printed["count"] == "10,062"
    for name, state in states.items():
        assert printed[f"last state of {name}"] == repr(state)
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["prices.parquet", "prices.csv", "prices.feather"])
def test_prints_a_short_summary_and_nothing_else_in_a_pipe(tmp_path, prices, name):
    csv.write_csv(prices, tmp_path / "prices.csv")
    feather.write_feather(prices, tmp_path / "prices.feather")
    result = run("score", name, "--column", "x", "--rise", "0.8", "--fall", "0.4", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    s = 0.0
    for v in prices["x"].to_pylist():
        s = s * 0.8 + v if v > s else s * 0.4
    printed = entries(result.stdout)
    assert list(printed) == [
        "input",
        "column",
        "rows",
        "seconds",
        "rows per second",
        "count",
        "pow-sum (p = 1.5)",
        "last state",
    ]
    assert printed["last state"] == repr(s)


def on_a_terminal(*arguments, cwd):
    """What the command prints to a terminal."""
    try:
        leader, follower = pty.openpty()
    except OSError:
        pytest.skip("this system gives no terminal (/dev/pts is not mounted)")
    process = subprocess.Popen(
        [sys.executable, "-m", "numpy_ext", *arguments],
        cwd=cwd,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    printed = b""
    try:
        while data := os.read(leader, 4096):
            printed += data
    except OSError:  # the other side is closed
        pass
    os.close(leader)
    assert process.wait() == 0
    return printed.decode()


@pytest.mark.usefixtures("prices")
def test_a_bar_shows_the_progress_on_a_terminal(tmp_path):
    printed = on_a_terminal("score", "prices.parquet", "--column", "x", cwd=tmp_path)
    assert "scoring" in printed
    assert "100%" in printed
    assert "last state" in printed


def make_bad_files(folder):
    parquet.write_table(pa.table({"x": [1.0, 2.0], "word": ["a", "b"]}), folder / "good.parquet")
    whole = (folder / "good.parquet").read_bytes()
    (folder / "truncated.parquet").write_bytes(whole[:-20])
    (folder / "cut.parquet").write_bytes(whole[:10])
    (folder / "text.parquet").write_text("this is no Parquet")
    (folder / "empty.parquet").write_bytes(b"")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "header.csv").write_text("x,y\n")
    (folder / "ragged.csv").write_text("x,y\n1,2\n3\n")
    (folder / "word.csv").write_text("x\n1\ntwo\n")
    (folder / "late.csv").write_text("x\n" + "1\n" * 5_000_000 + "two\n")
    (folder / "noise.feather").write_bytes(b"ARROW1" + bytes(100))
    (folder / "noise.arrow").write_bytes(bytes(range(100)))
    (folder / "table.xlsx").write_text("x")
    (folder / "folder.parquet").mkdir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.parquet", "--column", "x"], "No such file or directory"),
        (["folder.parquet", "--column", "x"], "folder.parquet"),
        (["table.xlsx", "--column", "x"], "has the suffix '.xlsx'; known are .parquet, .pq, .csv"),
        (["empty.parquet", "--column", "x"], "'empty.parquet' is empty"),
        (["empty.csv", "--column", "x"], "'empty.csv' is empty"),
        (["header.csv", "--column", "x"], "has no rows: there is nothing to score"),
        (["ragged.csv", "--column", "x"], "Expected 2 columns, got 1"),
        (["word.csv", "--column", "x"], "'x' is of type string"),
        (["late.csv", "--column", "x"], "invalid value 'two'"),
        (["truncated.parquet", "--column", "x"], "truncated.parquet"),
        (["cut.parquet", "--column", "x"], "cut.parquet"),
        (["text.parquet", "--column", "x"], "text.parquet"),
        (["noise.feather", "--column", "x"], "noise.feather"),
        (["noise.arrow", "--column", "x"], "noise.arrow"),
        (["good.parquet", "--column", "word"], "'word' is of type string"),
        (["good.parquet", "--column", "z"], "has no column 'z'; it has 'x', 'word'"),
        (["good.parquet", "--column", "x", "--group", "z"], "--group: 'good.parquet' has no column 'z'"),
        (["good.parquet", "--column", "x", "--output", "good.parquet"], "are the same file"),
        (["good.parquet", "--column", "x", "--output", "./good.parquet"], "are the same file"),
        (["good.parquet", "--column", "x", "--plot", "good.parquet"], "are the same file"),
        (
            ["good.parquet", "--column", "x", "--output", "none/out.parquet"],
            "the folder of 'none/out.parquet' does not",
        ),
        (["good.parquet", "--column", "x", "--output", "folder.parquet"], "exists and is not a file"),
        (["good.parquet", "--column", "x", "--output", "/proc/out.parquet"], "/proc/out.parquet"),
        (["good.parquet", "--column", "x", "--output", "out.xlsx"], "has the suffix '.xlsx'"),
        (
            ["good.parquet", "--column", "x", "--into", "word", "--output", "o.csv"],
            "has a column 'word' already",
        ),
        (
            ["good.parquet", "--column", "x", "--plot", "plot.txt"],
            "'plot.txt' has a suffix that cannot be drawn",
        ),
        (
            ["good.parquet", "--column", "x", "--output", "a.csv", "--plot", "a.csv"],
            "is named for two outputs",
        ),
    ],
)
def test_bad_input_ends_in_one_clear_line(tmp_path, arguments, message):
    make_bad_files(tmp_path)
    before = sorted(os.listdir(tmp_path))
    result = run("score", *arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("python -m numpy_ext: error: ")
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    "arguments", [[], ["score", "x.parquet"], ["score", "--rise", "much"], ["dance"], ["score", "a", "b"]]
)
def test_wrong_usage_prints_the_usage(tmp_path, arguments):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: python -m numpy_ext")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_no_half_file(tmp_path, number, code):
    with (tmp_path / "long.csv").open("w") as file:
        file.write("x,word\n")
        for _ in range(30):
            file.write("1.5,some words\n2.25,others\n" * 200_000)
    size = (tmp_path / "long.csv").stat().st_size
    (tmp_path / "out.csv").write_text("old")
    process = subprocess.Popen(
        [sys.executable, "-m", "numpy_ext", "score", "long.csv", "--column", "x", "--output", "out.csv"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start what runs in the background with interrupts ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not any(path.stat().st_size > 100_000 for path in tmp_path.glob(".out-*")):
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.005)
    process.send_signal(number)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == code
    assert len(printed.splitlines()) == 1
    assert printed.endswith("ted; unfinished files are removed\n")
    assert sorted(os.listdir(tmp_path)) == ["long.csv", "out.csv"]
    assert (tmp_path / "out.csv").read_text() == "old"
    assert (tmp_path / "long.csv").stat().st_size == size


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.feather"])
def test_a_disk_that_is_full_is_told(tmp_path, name):
    pa.parquet.write_table(
        pa.table({"x": np.random.default_rng(0).normal(size=200_000)}), tmp_path / "in.parquet"
    )
    result = subprocess.run(
        [sys.executable, "-m", "numpy_ext", "score", "in.parquet", "--column", "x", "--output", name],
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "File too large" in result.stderr
    assert os.listdir(tmp_path) == ["in.parquet"]


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(("library", "extra"), [("pyarrow", "arrow"), ("matplotlib", "plot")])
def test_a_missing_library_names_the_extra(tmp_path, library, extra):
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{library!r}] = None\n")
    arguments = ["score", "prices.parquet", "--column", "x", "--plot", "plot.png"]
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    result = run(*arguments, cwd=tmp_path, PYTHONPATH=path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"{library} is not installed: pip install 'numpy-ext-ufuncs[" in result.stderr
    assert extra in result.stderr


def test_a_name_that_the_terminal_cannot_spell(tmp_path):
    pa.parquet.write_table(pa.table({"prix \u20ac": [1.0, 2.0]}), tmp_path / "in.parquet")
    result = run("score", "in.parquet", "--column", "prix \u20ac", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert entries(result.stdout)["column"] == r"prix \u20ac"


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_outputs_are_no_error(tmp_path, closed):
    command = f"{sys.executable} -m numpy_ext score prices.parquet --column x --output out.parquet {closed}"
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert pa.parquet.read_table(tmp_path / "out.parquet").num_rows == 500


@pytest.mark.usefixtures("prices")
def test_a_closed_pipe_is_no_error(tmp_path):
    command = f"{sys.executable} -m numpy_ext score prices.parquet --column x --output out.parquet | true"
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr
    assert parquet.read_table(tmp_path / "out.parquet").num_rows == 500


def days(folder, suffix):
    """One table, and the same in two files."""
    random = np.random.default_rng(0)
    table = pa.table(
        {
            "key": pa.array([None if k == 3 else "abc"[k] for k in random.integers(0, 4, 1000)]),
            "x": pa.array(random.normal(size=1000), mask=random.random(1000) < 0.1),
        }
    )
    writers = {"csv": csv.write_csv, "feather": feather.write_feather, "parquet": parquet.write_table}
    for name, part in (("whole", table), ("day1", table.slice(0, 333)), ("day2", table.slice(333))):
        writers[suffix](part, folder / f"{name}.{suffix}")
    return table


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather"])
@pytest.mark.parametrize("group", [[], ["--group", "key"]])
def test_the_second_day_goes_on_where_the_first_one_stopped(tmp_path, suffix, group):
    days(tmp_path, suffix)
    same = ["--column", "x", *group, "--rise", "0.8"]
    whole = run("score", f"whole.{suffix}", *same, "--output", "whole_out.feather", cwd=tmp_path)
    first = run(
        "score", f"day1.{suffix}", *same, "--output", "1.feather", "--save-state", "day1.json", cwd=tmp_path
    )
    assert (first.returncode, first.stderr) == (0, "")
    assert entries(first.stdout)["state"] == "day1.json"
    states = ["--state", "day1.json", "--save-state", "day2.json"]
    second = run("score", f"day2.{suffix}", *same, "--output", "2.feather", *states, cwd=tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    parts = [feather.read_table(tmp_path / f"{day}.feather")["score"] for day in (1, 2)]
    expected = feather.read_table(tmp_path / "whole_out.feather")["score"]
    assert (
        pa.chunked_array([*parts[0].chunks, *parts[1].chunks]).combine_chunks() == expected.combine_chunks()
    )
    lasts = [
        {name: value for name, value in entries(out).items() if name.startswith("last state")}
        for out in (second.stdout, whole.stdout)
    ]
    assert lasts[0] == lasts[1] != {}


def test_a_state_may_be_replaced_by_the_next(tmp_path):
    days(tmp_path, "parquet")
    for _ in range(2):
        options = ["--state", "s.json"] * (tmp_path / "s.json").exists() + ["--save-state", "s.json"]
        assert run("score", "day1.parquet", "--column", "x", *options, cwd=tmp_path).returncode == 0
    values = parquet.read_table(tmp_path / "day1.parquet")["x"].to_pylist() * 2
    s = 0.0
    for v in values:
        if v is not None:
            s = s * 0.9 + v if v > s else s * 0.5
    assert repr(s) in (tmp_path / "s.json").read_text()


def test_reduce_prints_sums(tmp_path):
    csv.write_csv(pa.table({"w": [1, 2, None, 4], "x": [-1.5, 4.0, 9.0, None]}), tmp_path / "in.csv")
    result = run("reduce", "in.csv", "--column", "x", "--power", "0.5", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    printed = entries(result.stdout)
    assert list(printed) == ["input", "column", "seconds", "count", "pow-sum (p = 0.5)"]
    assert (printed["count"], printed["pow-sum (p = 0.5)"]) == ("3", "5.0")
    result = run("reduce", "in.csv", "--column", "x", "--power", "2", "--absolute", cwd=tmp_path)
    assert entries(result.stdout)["absolute pow-sum (p = 2.0)"] == repr(1.5**2 + 16 + 81)
    printed = entries(run("reduce", "in.csv", "--column", "x", "--weights", "w", cwd=tmp_path).stdout)
    assert (printed["count"], printed["sum weighted by w"]) == ("2", repr(-1.5 + 8.0))


def test_sums_without_a_number_print_no_warning(tmp_path):
    table = pa.table({"k": [1, 1], "x": [np.inf, -np.inf]})
    parquet.write_table(table, tmp_path / "in.parquet")
    result = run("group", "in.parquet", "--column", "x", "--by", "k", cwd=tmp_path)
    assert (result.stderr, entries(result.stdout)["mean of 1"]) == ("", "nan")
    result = run("reduce", "in.parquet", "--column", "x", "--weights", "x", cwd=tmp_path)
    assert (result.stderr, entries(result.stdout)["sum weighted by x"]) == ("", "inf")


@pytest.mark.parametrize(
    "command",
    [
        ["reduce", "--column", "x", "--power", "1.5"],
        ["reduce", "--column", "x", "--power", "1.5", "--absolute"],
        ["reduce", "--column", "x", "--weights", "x"],
        ["group", "--column", "x", "--by", "key"],
    ],
    ids=" ".join,
)
def test_totals_go_on_the_next_day(tmp_path, command):
    days(tmp_path, "feather")
    kind, *options = command
    whole = run(kind, "whole.feather", *options, cwd=tmp_path)
    first = run(kind, "day1.feather", *options, "--save-state", "s.json", cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert entries(first.stdout)["state"] == "s.json"
    states = ["--state", "s.json", "--save-state", "s.json"]
    second = run(kind, "day2.feather", *options, *states, cwd=tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    what = [name for name in entries(whole.stdout) if "sum" in name or "mean" in name]
    assert what
    assert [entries(second.stdout)[name] for name in what] == [entries(whole.stdout)[name] for name in what]
    before = (tmp_path / "s.json").read_text()
    other = run("reduce", "day2.feather", "--column", "x", "--power", "3", *states, cwd=tmp_path)
    assert (other.returncode, other.stdout) == (1, "")
    assert "it cannot continue pow_sum(p=3.0, absolute=False)" in other.stderr
    assert (tmp_path / "s.json").read_text() == before


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather"])
def test_group_prints_and_writes_means(tmp_path, suffix):
    table = days(tmp_path, suffix)
    result = run(
        "group", f"whole.{suffix}", "--column", "x", "--by", "key", "--output", "out.feather", cwd=tmp_path
    )
    assert (result.returncode, result.stderr) == (0, "")
    sums, counts = {}, {}
    for key, x in zip(table["key"].to_pylist(), table["x"].to_pylist(), strict=True):
        if suffix == "csv" and key is None:
            key = ""
        sums[key] = sums.get(key, 0.0) + (x or 0.0)
        counts[key] = counts.get(key, 0) + (x is not None)
    written = feather.read_table(tmp_path / "out.feather")
    assert written.to_pydict() == {
        "key": list(sums),
        "mean": [sums[key] / counts[key] for key in sums],
        "sum": list(sums.values()),
        "count": list(counts.values()),
    }
    printed = entries(result.stdout)
    assert printed["groups"] == "4"
    assert printed["count"] == f"{sum(counts.values()):,}"
    assert printed["mean of a"] == repr(sums["a"] / counts["a"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reduce", "missing.parquet", "--column", "x", "--power", "2"], "No such file or directory"),
        (
            ["reduce", "good.parquet", "--column", "z", "--power", "2"],
            "--column: 'good.parquet' has no column 'z'",
        ),
        (
            ["reduce", "good.parquet", "--column", "word", "--power", "2"],
            "--column: 'word' is of type string",
        ),
        (
            ["reduce", "good.parquet", "--column", "x", "--weights", "z"],
            "--weights: 'good.parquet' has no column",
        ),
        (
            ["reduce", "good.parquet", "--column", "x", "--weights", "word"],
            "--weights: 'word' is of type string",
        ),
        (["group", "good.parquet", "--column", "x", "--by", "z"], "--by: 'good.parquet' has no column 'z'"),
        (["group", "good.parquet", "--column", "word", "--by", "x"], "--column: 'word' is of type string"),
        (
            ["group", "good.parquet", "--column", "x", "--by", "word", "--output", "good.parquet"],
            "are the same file",
        ),
        (
            ["group", "good.parquet", "--column", "x", "--by", "word", "--output", "o.txt"],
            "has the suffix '.txt'",
        ),
        (["score", "good.parquet", "--column", "x", "--state", "none.json"], "none.json: No such file"),
        (["score", "good.parquet", "--column", "x", "--state", "header.csv"], "'header.csv' holds no state"),
        (["score", "good.parquet", "--column", "x", "--save-state", "good.parquet"], "are the same file"),
        (
            ["score", "good.parquet", "--column", "x", "--save-state", "none/s.json"],
            "the folder of 'none/s.json'",
        ),
        (
            ["reduce", "good.parquet", "--column", "x", "--power", "2", "--save-state", "good.parquet"],
            "are the same file",
        ),
        (
            ["reduce", "good.parquet", "--column", "x", "--power", "2", "--state", "header.csv"],
            "'header.csv' holds no state",
        ),
        (
            [
                "group",
                "good.parquet",
                "--column",
                "x",
                "--by",
                "word",
                "--output",
                "o.csv",
                "--save-state",
                "o.csv",
            ],
            "'o.csv' is named for two outputs",
        ),
    ],
)
def test_bad_input_of_the_other_commands_ends_in_one_clear_line(tmp_path, arguments, message):
    make_bad_files(tmp_path)
    before = sorted(os.listdir(tmp_path))
    result = run(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("python -m numpy_ext: error: ")
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["reduce", "in.csv"],
        ["reduce", "in.csv", "--column", "x"],
        ["reduce", "in.csv", "--column", "x", "--power", "2", "--weights", "w"],
        ["reduce", "in.csv", "--column", "x", "--weights", "w", "--absolute"],
        ["group", "in.csv", "--column", "x"],
    ],
)
def test_wrong_usage_of_the_other_commands_prints_their_usage(tmp_path, arguments):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"usage: python -m numpy_ext {arguments[0]}")


def test_a_killed_run_leaves_what_stood_there(tmp_path):
    parquet.write_table(
        pa.table({"x": np.random.default_rng(0).normal(size=20_000_000)}), tmp_path / "in.parquet"
    )
    (tmp_path / "out.csv").write_text("old")
    arguments = ["score", "in.parquet", "--column", "x", "--output", "out.csv", "--save-state", "s.json"]
    process = subprocess.Popen([sys.executable, "-m", "numpy_ext", *arguments], cwd=tmp_path)
    while not any(path.stat().st_size > 100_000 for path in tmp_path.glob(".out-*")):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert (tmp_path / "out.csv").read_text() == "old"
    assert not (tmp_path / "s.json").exists()
