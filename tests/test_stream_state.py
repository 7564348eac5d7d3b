import json
import math
import os
from datetime import date, datetime, time, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")

from layouts import assert_same_bits

from numpy_ext.stream import State, scan

KEYS = {
    "text": pa.array(["a", "", None, "grün \U0001f40d \u2028", '"\\']),
    "large text": pa.array(["a", None], pa.large_string()),
    "dictionary": pa.array(["a", None, "b"]).dictionary_encode(),
    "int8": pa.array([-1, 0, None], pa.int8()),
    "int64": pa.array([-(2**63), 2**63 - 1, None]),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "float32": pa.array([0.1, math.nan, math.inf, -math.inf, None], pa.float32()),
    "float64": pa.array([0.1, 5e-324, 1.7976931348623157e308, math.nan, None]),
    "bool": pa.array([True, False, None]),
    "date32": pa.array([date(1, 1, 1), date(9999, 12, 31), None]),
    "date64": pa.array([0, 86_400_000, None], pa.date64()),
    "timestamp": pa.array([0, -(2**62), 2**62, None], pa.timestamp("ns")),
    "time zone": pa.array(
        [datetime(2024, 1, 1, tzinfo=timezone.utc), None], pa.timestamp("us", "Europe/Berlin")
    ),
    "time": pa.array([time(1, 2, 3, 4), None]),
    "duration": pa.array([1, None], pa.duration("ms")),
    "bytes": pa.array([b"", b"\xff\x00", None]),
    "null": pa.nulls(1),
}


def key_table(keys):
    return pa.table({"key": keys, "x": np.arange(1.0, len(keys) + 1)})


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_every_type_come_back_from_the_file(tmp_path, name):
    table, path, state = key_table(KEYS[name]), tmp_path / "state.json", State()
    scan(table).score("x", by="key", state=state).to_arrow()
    state.save(path)
    loaded = State.load(path)
    assert loaded.snapshot.keys.equals(state.snapshot.keys) or name in ("float32", "float64")
    assert loaded.snapshot.keys.to_string(window=1000) == state.snapshot.keys.to_string(window=1000)
    # The same keys again: none is new, and each has its own score.
    again = scan(table).score("x", by="key", state=loaded).to_numpy("score")
    expected = [s * 0.9 + v if v > s else s * 0.5 for v in np.arange(1.0, len(table) + 1) for s in [v]]
    assert_same_bits(again, np.array(expected))
    assert len(loaded.snapshot.keys) == len(table)


@given(st.floats(), st.sampled_from(["f4", "f8"]))
def test_every_float_comes_back_to_the_bit(tmp_path_factory, number, dtype):
    path, state = tmp_path_factory.mktemp("state") / "state.json", State()
    with np.errstate(over="ignore"):
        values = np.array([number], dtype)
    scan(values).score(rise=1.0, fall=1.0, state=state).to_arrow()
    state.save(path)
    loaded = State.load(path).snapshot.numbers["score"]
    assert_same_bits(loaded, state.snapshot.numbers["score"])


def test_other_types_of_the_same_kind_continue():
    state = State()
    scan({"k": pa.array([1, 2], pa.int16()), "x": [1.0, 2.0]}).score("x", by="k", state=state).to_arrow()
    scan({"k": pa.array([2, 2**40]), "x": [4.0, 1.0]}).score("x", by="k", state=state).to_arrow()
    assert state.value == {1: 1.0, 2: 5.8, 2**40: 1.0}
    state = State()
    scan({"k": pa.nulls(1), "x": [1.0]}).score("x", by="k", state=state).to_arrow()
    scan({"k": ["a", None], "x": [2.0, 2.0]}).score("x", by="k", state=state).to_arrow()
    scan({"k": pa.nulls(1), "x": [0.0]}).score("x", by="k", state=state).to_arrow()
    assert state.value == {None: 1.45, "a": 2.0}


def test_a_key_of_an_earlier_run_may_be_too_large_for_the_type_of_this_one():
    state = State()
    scan({"k": [2**40], "x": [1.0]}).group_sum("x", by="k", state=state)
    result = scan({"k": pa.array([1], pa.int8()), "x": [2.0]}).group_sum("x", by="k", state=state)
    assert result.to_pydict() == {"k": [2**40, 1], "sum": [1.0, 2.0], "count": [1, 1]}


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            lambda s, state: s.score("x", rise=0.8, state=state).to_arrow(),
            "rise=0.9.*cannot continue.*rise=0.8",
        ),
        (lambda s, state: s.score("x", by="k", state=state).to_arrow(), "by_key=False.*by_key=True"),
        (lambda s, state: s.score("f", state=state).to_arrow(), "dtype='float64'.*dtype='float32'"),
        (lambda s, state: s.pow_sum("x", 2.0, state=state), "is of score"),
    ],
)
def test_another_computation_is_refused(use, message):
    state, source = State(), scan({"k": ["a"], "x": [1.0], "f": pa.array([1.0], pa.float32())})
    source.score("x", state=state).to_arrow()
    with pytest.raises(ValueError, match=message):
        use(source, state)
    assert state.value == 1.0


def test_keys_of_another_type_are_refused():
    state = State()
    scan({"k": ["a"], "x": [1.0]}).score("x", by="k", state=state).to_arrow()
    with pytest.raises(
        TypeError, match="by: 'k' holds keys of type int64; the state has keys of type string"
    ):
        scan({"k": [1], "x": [1.0]}).score("x", by="k", state=state).to_arrow()


def test_what_cannot_be_saved_is_told(tmp_path):
    with pytest.raises(ValueError, match="nothing to save"):
        State().save(tmp_path / "state.json")
    state = State()
    scan(key_table(pa.array([Decimal("1.5")]))).score("x", by="key", state=state).to_arrow()
    with pytest.raises(ValueError, match=r"decimal128\(2, 1\) cannot be saved; cast the column to text"):
        state.save(tmp_path / "state.json")
    state = State()
    scan([1.0]).count(state=state)
    with pytest.raises(FileNotFoundError):
        state.save(tmp_path / "none" / "state.json")
    assert os.listdir(tmp_path) == []


def saved(path):
    state = State()
    scan(key_table(pa.array(["a", "b"]))).score("x", by="key", state=state).to_arrow()
    state.save(path)
    return json.loads(path.read_text())


def damage(content, *places, value):
    for place in places[:-1]:
        content = content[place]
    content[places[-1]] = value


@pytest.mark.parametrize(
    ("places", "value", "message"),
    [
        (["format"], "other", "holds no state"),
        (["version"], 2, "is of version 2; this release reads version 1"),
        (["kind"], "median", "damaged"),
        (["keys"], None, "damaged"),
        (["keys", "type"], "no type", "damaged"),
        (["keys", "values"], ["a"], "damaged"),
        (["keys", "values"], ["a", "a"], "damaged.*twice"),
        (["keys", "values"], [1, 2], "damaged"),
        (["numbers"], {}, "damaged"),
        (["numbers", "score", "values"], [1.0], "damaged"),
        (["numbers", "score", "values"], [1.0, "much"], "damaged"),
        (["numbers", "score", "dtype"], "object", "damaged"),
        (["parameters"], [], "damaged"),
    ],
)
def test_a_file_that_is_no_state_is_told(tmp_path, places, value, message):
    path = tmp_path / "state.json"
    content = saved(path)
    damage(content, *places, value=value)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        State.load(path)


@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"[]", b"3", b"\xff\xfe", b'{"format"'])
def test_any_other_file_is_told(tmp_path, content):
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="holds no state"):
        State.load(path)


def test_a_state_that_is_cut_off_anywhere_is_told(tmp_path):
    path = tmp_path / "state.json"
    saved(path)
    whole = path.read_text().rstrip()
    for length in range(len(whole)):
        path.write_text(whole[:length])
        with pytest.raises(ValueError, match=r"state\.json"):
            State.load(path)


def test_the_representation_tells_what_it_is():
    state = State()
    assert repr(state) == "<State: new>"
    assert state.value is None
    scan([2.0]).pow_sum("value", 2.0, state=state)
    assert repr(state) == "<State: pow_sum(p=2.0, absolute=False)>"
    assert state.value == 4.0
    state = State()
    scan(key_table(pa.array(["a", "b"]))).score("x", by="key", state=state).to_arrow()
    assert repr(state).endswith(" of 2 keys>")
