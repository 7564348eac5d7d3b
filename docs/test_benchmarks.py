"""The page about performance holds the figures of the run, all of them and no others."""

import copy
import re
from pathlib import Path

import benchmarks
import pytest

PAGE = Path(__file__).parent / "performance.rst"


def case(family, name, ours, **peers):
    return {
        "family": family,
        "name": name,
        "n": 16,
        "unit": "ns/element",
        "ours": ours,
        "peers": {peer: {"time": time, "right": right} for peer, (time, right) in peers.items()},
    }


RUN = {
    "machine": {"processor": "abacus", "cores": "13"},
    "versions": {"numpy": "17.19"},
    "method": {"sizes": [31, 37], "rounds": 23},
    "cases": [
        case("one", "a_case n=16", 2.0, slow=(6.0, True), wrong=(0.5, False)),
        case("one", "lost n=16", 400.0, fast=(100.0, True)),
        case("other", "alone n=16", 29.0),
    ],
}


def text(part, run=RUN):
    return "\n".join(benchmarks.PARTS[part](run))


def test_a_row_holds_ours_and_every_peer_fastest_first():
    assert benchmarks.case_row(RUN["cases"][0]) == [
        r"a\_case n=16",
        "2.00",
        "| wrong: 0.500, 0.250 x, *not the same result*\n| slow: 6.00, 3.00 x",
        "**won**, 3.00 x",
    ]
    assert benchmarks.case_row(RUN["cases"][1])[1:] == ["400", "| fast: 100, 0.250 x", "**lost**, 0.250 x"]
    assert benchmarks.case_row(RUN["cases"][2])[1:] == ["29.0", "none", "no such peer"]


def test_the_summary_counts_the_cases_with_a_right_peer():
    assert "**1 of 2** cases" in text("summary")


def test_the_tables_hold_all_of_the_run_and_no_other_figure():
    tables = text("machine") + text("families")
    for value in ("abacus", "13", "17.19", "31, 37", "23"):
        assert f"- {value}\n" in tables
    shown = set(re.findall(r"(?<![\w.=])\d[\d.]*(?!\w)", tables)) - {"1"}  # of :header-rows:
    assert shown == {
        "13",
        "17.19",
        "31",
        "37",
        "23",
        "2.00",
        "6.00",
        "3.00",
        "0.500",
        "0.250",
        "400",
        "100",
        "29.0",
    }


def test_the_times_of_the_page_are_those_of_the_run():
    slower = copy.deepcopy(RUN)
    slower["cases"][0]["ours"] = 12.0
    assert benchmarks.case_row(slower["cases"][0])[1] == "12.0"
    assert "**0 of 2** cases" in text("summary", slower)


def test_the_summary_counts_for_each_family():
    rows = re.findall(r"\* - (.*)\n +- (.*)\n", text("summary"))
    assert rows == [("Family", "as fast or faster"), ("one", "1 of 2"), ("other", "0 of 0")]


def test_every_family_has_its_plot_and_its_table():
    for family in ("one", "other"):
        assert f"benchmarks.draw({family!r})" in text("families")
        assert f".. dropdown:: Every peer of {family}\n" in text("families")


def test_a_bar_is_as_long_as_the_ratio(monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(benchmarks, "read", lambda: RUN)
    benchmarks.draw("one")
    (axis,) = pyplot.gcf().axes
    assert [bar.get_x() + bar.get_width() for bar in axis.patches] == [3.0, 0.25]
    pyplot.close()


def test_without_a_run_the_error_tells_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="make bench-report"):
        benchmarks.read(tmp_path / "benchmarks.json")


def test_no_figure_of_speed_is_typed_into_the_page():
    prose = PAGE.read_text()
    for part in benchmarks.PARTS:
        assert f".. benchmarks:: {part}\n" in prose
    typed = re.findall(
        r"\d+(?:[.,]\d+)*(?: (?:times|ns|nanoseconds?|[mµu]?s|seconds?|x|per cent|GB)\b| ?%)", prose
    )
    assert not typed
