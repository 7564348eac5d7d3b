"""Columns of records, in NumPy and in Arrow, against plain Python lists, field by field."""

import array as buffers
import gc
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib import recfunctions

from numpy_ext.records import from_arrow, from_columns, to_arrow, to_columns

PARTICLE = [("t", "u8"), ("at", [("x", "f8"), ("y", "f4")]), ("cov", "f4", (2, 2)), ("name", "U4")]


def some(n=5, dtype=PARTICLE):
    """Records whose bytes are all small and different."""
    records = np.zeros(n, dtype)
    for k, field in enumerate(flat(to_columns(records)).values()):
        field[...] = np.arange(field.size).reshape(field.shape) * 3 + k
    return records


def flat(columns, path=""):
    """A dict of columns without nesting, by dotted names."""
    found = {}
    for name, column in columns.items():
        found |= flat(column, f"{path}{name}.") if isinstance(column, dict) else {path + name: column}
    return found


def listed(columns):
    return {name: column.tolist() for name, column in flat(columns).items()}


def plain(value, dtype):
    """A record as Python's lists and dicts, by a loop over the fields: the oracle."""
    if dtype.subdtype is not None:
        inner = np.dtype((dtype.base, dtype.shape[1:]))
        return [plain(one, inner if dtype.shape[1:] else dtype.base) for one in value]
    if dtype.names is not None:
        return {name: plain(value[name], dtype[name]) for name in dtype.names}
    if dtype.kind in "mM":
        return None if np.isnat(value) else int(value.astype("i8"))
    item = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return "nan" if item != item else item


def rows(records):
    return [plain(record, records.dtype) for record in records]


NUMBERS = ["?", *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)), "f2", "f4", "f8"]
TIMES = ["M8[s]", "M8[ms]", "M8[us]", "M8[ns]", "m8[s]", "m8[ms]", "m8[us]", "m8[ns]"]


def scalars(numbers=NUMBERS, times=TIMES):
    orders = st.sampled_from("<>")
    number = st.builds(
        lambda code, order: np.dtype(code).newbyteorder(order), st.sampled_from([*numbers, *times]), orders
    )
    text = st.builds(lambda kind, size: np.dtype(f"{kind}{size}"), st.sampled_from("SU"), st.integers(1, 5))
    return number | text


def structs(leaves):
    """Structured dtypes: nested, with subarrays, packed, aligned or with other gaps."""

    def fields(inner):
        shaped = st.builds(
            lambda d, shape: np.dtype((d, shape)), inner, st.sampled_from([(), (), (2,), (2, 3), (1,)])
        )
        return st.builds(struct, st.lists(shaped, min_size=1, max_size=4), st.booleans(), st.integers(0, 3))

    def struct(formats, align, gap):
        names = ["x", "y", "a name", "größe"][: len(formats)]
        dtype = np.dtype(list(zip(names, formats, strict=True)), align=align)
        if align or not gap:
            return dtype
        offsets = [dtype.fields[name][1] + gap for name in names]
        return np.dtype(
            {"names": names, "formats": formats, "offsets": offsets, "itemsize": dtype.itemsize + 2 * gap}
        )

    return fields(st.recursive(leaves, fields, max_leaves=5))


def canonical(dtype):
    """Packed, in native byte order."""
    if dtype.subdtype is not None:
        return np.dtype((canonical(dtype.base), dtype.shape))
    if dtype.names is not None:
        return np.dtype([(name, canonical(dtype[name])) for name in dtype.names])
    return dtype.newbyteorder("=")


@st.composite
def arrays(draw, leaves=None):
    dtype = draw(structs(scalars() if leaves is None else leaves))
    records = np.zeros(draw(st.integers(0, 6)), dtype)
    for field in flat(to_columns(records)).values():
        if field.dtype.kind in "SU":
            low, high = (1, 127) if field.dtype.kind == "S" else (1, 0xD7FF)
            texts = st.text(st.characters(min_codepoint=low, max_codepoint=high), max_size=5)
            make = texts if field.dtype.kind == "U" else texts.map(lambda text: text.encode("ascii"))
            for index in np.ndindex(field.shape):
                field[index] = draw(make)
        else:
            parts = {"F": 2, "D": 2, "g": 2}.get(field.dtype.char, 1)  # a long double is made of two doubles
            size = 8 if field.dtype.char == "g" else field.dtype.itemsize // parts
            values = draw(hnp.arrays(f"u{size}", (*field.shape, parts)))
            kind = {"c": "f", "b": "u"}.get(field.dtype.kind, field.dtype.kind)
            times = f"[{np.datetime_data(field.dtype)[0]}]" if kind in "mM" else ""
            numbers = values.view(f"{kind}{size}{times}")
            if kind == "f":
                numbers = np.where(np.isnan(numbers), np.nan, numbers)  # signalling ones do not survive casts
            if field.dtype.char == "g":
                field[...] = np.where(np.isfinite(numbers), numbers, 1.5).astype("g").prod(axis=-1)
            elif field.dtype.kind == "c":
                field.real, field.imag = numbers[..., 0], numbers[..., 1]
            else:
                field[...] = numbers[..., 0] % 2 if field.dtype.kind == "b" else numbers[..., 0]
    return records[
        draw(st.sampled_from([slice(None), slice(1, None), slice(None, None, 2), slice(None, None, -1)]))
    ]


# Columns of NumPy


@pytest.mark.parametrize("view", [np.ndarray, np.recarray])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_columns_are_views_of_the_fields(view, step):
    records = some().view(view)[::step]
    columns = to_columns(records)
    assert list(columns) == ["t", "at", "cov", "name"]
    ends = {"t": (), "at.x": (), "at.y": (), "cov": (2, 2), "name": ()}
    assert {name: column.shape[1:] for name, column in flat(columns).items()} == ends
    for column in flat(columns).values():
        assert type(column) is np.ndarray
        assert np.shares_memory(column, records)
    columns["at"]["y"][1] = -7
    assert np.asarray(records)[1]["at"]["y"] == -7


def test_columns_of_one_record_write_into_it():
    records = some()
    for one in (records[3], records.view(np.recarray)[3]):
        columns = to_columns(one)
        assert columns["t"].shape == ()
        columns["t"][...] = columns["t"].item() + 1000
        assert columns["cov"].shape == (2, 2)
    assert records["t"][3] == 9 + 2000


def test_columns_keep_the_dimensions_of_records():
    records = some(12).reshape(3, 4)
    assert to_columns(records)["cov"].shape == (3, 4, 2, 2)
    back = from_columns(to_columns(records), records.dtype)
    assert np.shares_memory(back, records)
    assert rows(back.reshape(-1)) == rows(records.reshape(-1))
    assert not np.shares_memory(from_columns(to_columns(records[:, :2])), records)


def test_columns_have_no_titles():
    records = np.zeros(2, [(("A title", "x"), "f8"), ("y", "i4")])
    assert list(to_columns(records)) == ["x", "y"]
    assert from_columns(to_columns(records)).dtype.names == ("x", "y")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(3), "to_columns: records has dtype float64, which has no fields"),
        ([(1, 2.0)], "has no fields"),
        (np.ma.zeros(2, [("x", "f8")]), "is a masked array; fill it first"),
    ],
)
def test_columns_of_what_has_none(value, words):
    with pytest.raises(TypeError, match=words):
        to_columns(value)


@given(arrays(scalars([*NUMBERS, "c8", "c16", "g"])))
def test_columns_come_back_as_the_same_memory_or_the_same_values(records):
    columns = to_columns(records)
    result = from_columns(columns, records.dtype)
    assert result.dtype == records.dtype
    assert listed_equal(to_columns(result), columns)
    assert np.shares_memory(result, records) == (len(records) > 0)
    assert listed_equal(to_columns(from_columns(columns)), columns)
    aligned = from_columns(columns, align=True)
    assert aligned.dtype.isalignedstruct
    assert listed_equal(to_columns(aligned), columns)


def listed_equal(a, b):
    return {k: v.tobytes() for k, v in flat(a).items()} == {k: v.tobytes() for k, v in flat(b).items()}


@given(arrays(), st.randoms())
def test_a_copy_has_the_values_and_a_packed_dtype(records, random):
    columns = {name: column.copy() for name, column in flat(to_columns(records)).items()}
    names = random.sample(list(columns), len(columns))
    result = from_columns({name: columns[name] for name in names})
    assert result.dtype.itemsize == sum(result.dtype[name].itemsize for name in names)
    assert list(result.dtype.names) == names
    for name in names:
        assert result[name].dtype == columns[name].dtype
        assert result[name].tobytes() == columns[name].tobytes()
    assert len(columns) == 1 or not any(np.shares_memory(result, column) for column in columns.values())


def dropped(columns):
    return {name: columns[name] for name in ("name", "t")}


def inner_dropped(columns):
    return {"at": {"y": columns["at"]["y"]}, "cov": columns["cov"]}


def lifted(columns):
    return {"y": columns["at"]["y"], "t": columns["t"], "x": columns["at"]["x"]}


def renested(columns):
    return {"t": columns["t"], "more": {"cov": columns["cov"], "name": columns["name"]}}


def renamed(columns):
    return {f"new {name}": column for name, column in flat(columns).items()}


@pytest.mark.parametrize("choose", [dict, dropped, inner_dropped, lifted, renested, renamed])
@pytest.mark.parametrize("step", [1, 3, -1, -2])
@pytest.mark.parametrize("align", [False, True])
def test_fields_of_one_block_are_shared(choose, step, align):
    records = some(7, np.dtype(PARTICLE, align=align))[::step]
    before, columns = rows(records), choose(to_columns(records))
    result = from_columns(columns)
    assert listed(to_columns(result)) == listed(columns)
    for name, column in flat(to_columns(result)).items():
        assert np.shares_memory(column, flat(columns)[name])
        assert column.ctypes.data == flat(columns)[name].ctypes.data
    assert result.flags.writeable
    result[0] = result[1]  # fields that were left out keep their values
    used = {column.ctypes.data for column in flat(columns).values()}
    for k, (name, field) in enumerate(flat(to_columns(records)).items()):
        value = [row["at"][name[3:]] if "." in name else row[name] for row in before]
        assert field.tolist() == ([value[1], *value[1:]] if field.ctypes.data in used else value), (k, name)


def test_the_layout_of_a_dtype_decides_whether_memory_is_shared():
    records = some()
    columns = to_columns(records)
    assert np.shares_memory(from_columns(columns, records.dtype), records)
    swapped = [("name", "U4"), *PARTICLE[:3]]
    for dtype in (
        swapped,
        np.dtype(PARTICLE, align=True),
        records.dtype.newbyteorder(),
        [(n, *f) for n, *f in PARTICLE[::-1]],
    ):
        result = from_columns(columns, dtype)
        assert not np.shares_memory(result, records)
        assert result.dtype == np.dtype(dtype)
        assert listed(to_columns(from_columns(to_columns(result), PARTICLE))) == listed(columns)
    assert not np.shares_memory(from_columns(columns, align=True), records)
    aligned = some(dtype=np.dtype(PARTICLE, align=True))
    assert np.shares_memory(from_columns(to_columns(aligned), align=True), aligned)
    multiple = records[["t", "name"]]
    assert from_columns(to_columns(multiple), multiple.dtype).dtype == multiple.dtype


def test_columns_of_a_matrix_are_records_without_a_copy():
    matrix = np.arange(12.0).reshape(4, 3)
    points = from_columns({"z": matrix[:, 2], "xy": matrix[:, :2]})
    assert points.dtype["xy"] == np.dtype(("f8", (2,)))
    points["z"] = -1
    assert matrix[:, 2].tolist() == [-1] * 4
    assert not np.shares_memory(from_columns({"x": matrix.T.copy()[0], "y": matrix[:, 1]}), matrix)


def blocks():
    """Columns that look much like fields of one block and are none."""
    a, b = np.zeros(6), np.zeros(6)
    wide = np.zeros((4, 4))
    record = some()
    yield "two arrays", {"x": a, "y": b}
    yield "one after the other", {"x": wide.reshape(-1)[:8], "y": wide.reshape(-1)[8:]}
    yield "twice the same", {"x": a, "y": a}
    yield "overlapping", {"x": wide[:, 0], "y": wide[:, :2]}
    yield "other strides", {"x": wide[::2, 0], "y": wide[:2, 1]}
    yield "opposite ways", {"x": wide[:, 0], "y": wide[::-1, 1]}
    yield "other rows", {"x": wide[:-1, 0], "y": wide[1:, 1]}
    yield "one value", {"x": np.broadcast_to(a[:1], 6), "y": np.broadcast_to(a[1:2], 6)}
    yield "a gap in a subarray", {"x": wide[:, ::2], "y": wide[:, 1]}
    yield "reversed subarray", {"x": wide[:, 1::-1], "y": wide[:, 2]}
    yield "around a neighbour", {"p": {"x": wide[:, 0], "z": wide[:, 2]}, "y": wide[:, 1]}
    yield "no records", to_columns(record[:0])
    yield "objects", to_columns(np.zeros(2, [("x", "O"), ("y", "f8")]))
    yield "beside objects", {"y": np.zeros(2, [("x", "O"), ("y", "f8"), ("z", "f8")])["y"]}


@pytest.mark.parametrize(
    ("name", "columns"), list(blocks()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_no_block_of_fields_is_copied(name, columns):
    result = from_columns(columns)
    assert listed(to_columns(result)) == listed(columns), name
    assert not any(np.shares_memory(result, column) for column in flat(columns).values())


def test_a_dtype_that_reaches_beyond_the_memory_is_copied():
    x = np.arange(4.0)
    for offset, part in ((0, x[::2]), (8, x[1::2])):
        dtype = np.dtype({"names": ["x"], "formats": ["f8"], "offsets": [offset], "itemsize": 16})
        result = from_columns({"x": part}, dtype)
        assert result["x"].tolist() == part.tolist()
        assert np.shares_memory(result, x)
        beyond = np.dtype({"names": ["x"], "formats": ["f8"], "offsets": [8 - offset], "itemsize": 16})
        result = from_columns({"x": part}, beyond)
        assert result["x"].tolist() == part.tolist()
        assert not np.shares_memory(result, x)


def test_memory_lives_as_long_as_its_records():
    records = some(1000)
    expected = listed(dropped(to_columns(records)))
    result = from_columns(dropped(to_columns(records)))
    del records
    gc.collect()
    others = [np.full(1000, 255, np.dtype(PARTICLE).itemsize * [("", "u1")]) for _ in range(20)]
    assert listed(to_columns(result)) == expected
    again = from_columns(to_columns(result))
    assert np.shares_memory(again, result)
    del result, others
    gc.collect()
    assert listed(to_columns(again)) == expected


def test_memory_of_others_is_shared_too(tmp_path):
    stored = some().tobytes()
    records = np.frombuffer(stored, PARTICLE)
    result = from_columns(to_columns(records))
    assert np.shares_memory(result, records)
    assert not result.flags.writeable
    (tmp_path / "records").write_bytes(stored)
    mapped = np.memmap(tmp_path / "records", PARTICLE, mode="r+")
    result = from_columns(to_columns(mapped))
    assert np.shares_memory(result, mapped)
    result["t"] = 9
    assert mapped["t"].tolist() == [9] * 5


def test_one_read_only_column_makes_read_only_records():
    columns = to_columns(some())
    columns["t"].flags.writeable = False
    result = from_columns(columns)
    assert np.shares_memory(result, columns["name"])
    assert not result.flags.writeable
    assert from_columns(columns, align=True).flags.writeable


def test_dimensions_of_records():
    assert from_columns({"x": [[1, 2], [3, 4]], "y": [5, 6]}).dtype == np.dtype(
        [("x", "i8", (2,)), ("y", "i8")]
    )
    deep = from_columns({"x": [[1, 2], [3, 4]], "y": [[5, 6], [7, 8]]}, [("x", "i4"), ("y", "i4")])
    assert deep.tolist() == [[(1, 5), (2, 6)], [(3, 7), (4, 8)]]
    one = from_columns({"x": 1, "y": np.array("a")}, [("y", "U1"), ("x", "f8")])
    assert one.shape == ()
    assert one.item() == ("a", 1.0)
    record = some()[2]
    same = from_columns(to_columns(record), record.dtype)
    assert np.shares_memory(same, record)
    assert plain(same[()], same.dtype) == plain(record, record.dtype)


def test_a_subarray_of_records():
    dtype = np.dtype([("t", "u8"), ("hits", [("x", "f8"), ("n", "i4")], (3,))])
    records = some(4, dtype)
    columns = to_columns(records)
    assert columns["hits"]["x"].shape == (4, 3)
    assert np.shares_memory(from_columns(columns, dtype), records)
    apart = from_columns(columns)
    assert apart.dtype == np.dtype([("t", "u8"), ("hits", [("x", "f8", (3,)), ("n", "i4", (3,))])])
    assert rows(from_columns({"t": columns["t"], "hits": records["hits"]}, dtype)) == rows(records)
    assert from_columns({"t": columns["t"], "hits": records["hits"]}).dtype == dtype


def test_nested_columns_match_by_name():
    points = np.array([(1, 2), (3, 4)], [("x", "i4"), ("y", "i4")])
    result = from_columns({"p": points}, [("p", [("y", "f8"), ("x", "f8")])])
    assert result["p"].tolist() == [(2, 1), (4, 3)]


def test_lists_of_python():
    dtype = [("t", "u8"), ("x", "f4"), ("name", "U5")]
    result = from_columns({"name": ["a", "bc"], "t": [0, 2**64 - 1], "x": [1, 2.5]}, dtype)
    assert result.tolist() == [(0, 1.0, "a"), (2**64 - 1, 2.5, "bc")]
    assert from_columns({"t": [1, 2]}, [("t", "u1")]).tolist() == [(1,), (2,)]
    assert from_columns({"t": [], "x": [], "name": []}, dtype).shape == (0,)
    assert from_columns({"x": [1, None]})["x"].tolist() == [1, None]


def test_other_containers():
    unmasked, buffer = np.ma.array([1, 2], mask=False), buffers.array("f", [0.5, 1.5])
    result = from_columns(
        {"m": unmasked, "b": buffer, "r": range(2)}, [("r", "u2"), ("b", "f8"), ("m", "i8")]
    )
    assert result.tolist() == [(0, 0.5, 1), (1, 1.5, 2)]


RULE = r"cannot be cast to {} by the rule 'same_kind'"


@pytest.mark.parametrize(
    ("columns", "dtype", "error", "words"),
    [
        (
            [1, 2],
            None,
            TypeError,
            "columns is a list, which is no mapping of names to columns; from_arrow takes",
        ),
        ({}, None, ValueError, "from_columns: the mapping is empty"),
        ({"x": {}}, None, ValueError, "column 'x' is empty"),
        ({1: [2]}, None, TypeError, "column 1 is named by a int; names are text"),
        ({"x": [1]}, "f8", TypeError, "dtype is float64, which has no fields"),
        ({"x": [1]}, [("y", "f8")], TypeError, r"the mapping has the names \['x'\], dtype has \['y'\]; they"),
        (
            {"p": {"x": [1]}},
            [("p", [("y", "f8")])],
            TypeError,
            r"column 'p' has the names \['x'\], dtype has",
        ),
        (
            {"p": {"x": [1.5]}},
            [("p", [("x", "i4")])],
            TypeError,
            "'p.x' of dtype float64 " + RULE.format("int32"),
        ),
        ({"x": np.array([1])}, [("x", "u8")], TypeError, RULE.format("uint64")),
        ({"x": [-1]}, [("x", "u8")], TypeError, RULE.format("uint64")),
        ({"x": [1j]}, [("x", "f8")], TypeError, RULE.format("float64")),
        ({"x": np.zeros(2, "V8")}, [("x", "V4")], TypeError, RULE.format(".*V4")),
        (
            {"x": {"y": [1]}},
            [("x", "f8")],
            TypeError,
            "column 'x' is a mapping, which dtype float64 cannot hold",
        ),
        ({"x": [1]}, [("x", [("y", "f8")])], TypeError, "column 'x' of dtype int64 cannot be cast"),
        (
            {"x": np.array([1, 300])},
            [("x", "i1")],
            ValueError,
            "column 'x' holds 300, which int8 cannot hold",
        ),
        ({"x": np.array([2**63], "u8")}, [("x", "i8")], ValueError, "column 'x' holds 9223372036854775808"),
        ({"x": ["abc", "de", "fgh"]}, [("x", "U2")], ValueError, "column 'x' holds 2 texts longer than <U2"),
        ({"x": [b"\xff"]}, [("x", "U2")], ValueError, "column 'x': .*ascii"),
        (
            {"x": np.array(["NaT", 2**40], "M8[s]")},
            [("x", "M8[ns]")],
            ValueError,
            "'x' holds times beyond the",
        ),
        ({"x": [12345]}, [("x", "U3")], ValueError, "column 'x' holds 1 texts longer"),
        (
            {"x": [1, 2], "y": [1]},
            None,
            ValueError,
            r"'y' has shape \(1,\), not \(2,\), as column 'x' has \(2,\)",
        ),
        (
            {"x": [1], "y": 1},
            None,
            ValueError,
            "column 'y' has no dimensions; with dtype such columns make one",
        ),
        (
            {"x": [1, 2]},
            [("x", "f8", (2, 2))],
            ValueError,
            r"column 'x' has shape \(2,\), its field \(2, 2\)",
        ),
        (
            {"x": [[1, 2]]},
            [("x", "f8", (3,))],
            ValueError,
            r"has shape \(1, 2\), not \(1, 3\), as dtype says",
        ),
        ({"x": [[1], [2, 3]]}, None, ValueError, "column 'x': .*inhomogeneous"),
        (
            {"x": [-1, 2**63]},
            None,
            ValueError,
            "column 'x' holds -1 beside numbers with which it has no exact",
        ),
        ({"x": [2**53 + 1, 0.5]}, None, ValueError, "column 'x' holds 9007199254740993 beside numbers"),
        (
            {"x": np.ma.array([1, 2], mask=[0, 1])},
            None,
            ValueError,
            "column 'x' has 1 null, which records cannot",
        ),
    ],
)
def test_errors_name_the_column(columns, dtype, error, words):
    with pytest.raises(error, match=words):
        from_columns(columns, dtype)


# Arrow


def test_without_pyarrow_the_error_tells_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    class Speaker:
        def __arrow_c_stream__(self):
            raise AssertionError

    for call in (
        lambda: to_arrow(some()),
        lambda: from_arrow(Speaker()),
        lambda: from_columns({"x": Speaker()}),
    ):
        with pytest.raises(ImportError, match=r"needs pyarrow: pip install 'numpy-ext-ufuncs\[arrow\]'"):
            call()


def test_what_does_not_speak_arrow():
    with pytest.raises(TypeError, match="data is a ndarray, which has neither __arrow_c_array__ nor"):
        from_arrow(some())


@pytest.fixture
def pa():
    return pytest.importorskip("pyarrow")


@pytest.fixture
def pl():
    pytest.importorskip("pyarrow")
    return pytest.importorskip("polars")


def arrow_rows(array):
    """What Arrow says it holds, times as counts, NaN made comparable: not by our code."""
    import pyarrow as pa

    def one(value):
        if not value.is_valid:
            return None
        if isinstance(value, pa.StructScalar):
            return {name: one(value[name]) for name in value}
        if isinstance(value, pa.FixedSizeListScalar):
            return [one(item) for item in value]
        if pa.types.is_temporal(value.type):
            return value.value
        item = value.as_py()
        return "nan" if item != item else item

    return [one(value) for value in array]


@given(arrays(scalars(times=[*TIMES, "M8[s]"])))
def test_arrow_holds_every_value_and_gives_it_back(records):
    pytest.importorskip("pyarrow")
    array = to_arrow(records)
    array.validate(full=True)
    assert arrow_rows(array) == rows(records)
    back = from_arrow(array, canonical(records.dtype))
    assert back.dtype == canonical(records.dtype)
    assert rows(back) == rows(records)
    assert rows(from_arrow(array)) == rows(records)
    assert rows(from_arrow(array, records.dtype)) == rows(records)


@given(arrays(scalars(times=[])), st.data())
def test_chunks_and_slices_of_arrow(records, data):
    pa = pytest.importorskip("pyarrow")
    array = to_arrow(records)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    parts = [array[a:b] for a, b in itertools.pairwise([0, *cuts, len(records)])]
    chunked = pa.chunked_array(parts, type=array.type)
    assert rows(from_arrow(chunked)) == rows(records)
    for part, (a, b) in zip(parts, itertools.pairwise([0, *cuts, len(records)]), strict=True):
        assert rows(from_arrow(part)) == rows(records[a:b])
    table = pa.Table.from_batches([pa.RecordBatch.from_struct_array(part) for part in parts])
    assert rows(from_arrow(table)) == rows(records)


def test_arrow_and_polars_hold_dates_and_the_largest_integers(pl):
    dtype = [("t", "u8"), ("i", "i8"), ("day", "M8[D]")]
    records = np.array([(2**64 - 1, -(2**63), "2024-02-29"), (2**53 + 1, 2**63 - 1, "NaT")], dtype)
    array = to_arrow(records)
    assert array.to_pylist()[0]["t"] == 2**64 - 1
    assert str(array.type) == "struct<t: uint64, i: int64, day: date32[day]>"
    for data in (array, pl.Series(array), pl.Series(array).struct.unnest()):
        assert from_arrow(data).dtype == records.dtype
        assert rows(from_arrow(data)) == rows(records)


# Of seconds Polars makes milliseconds, so they are left out here.
@given(arrays(scalars(times=["M8[ms]", "M8[us]", "M8[ns]", "m8[ms]", "m8[us]", "m8[ns]"])))
def test_polars_gives_back_every_value(records):
    pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    array = to_arrow(records)
    wanted = rows(records)
    for series in (pl.Series(array), pl.from_arrow(array)):
        assert rows(from_arrow(series, canonical(records.dtype))) == wanted
        assert rows(from_arrow(series)) == wanted
        assert rows(from_arrow(series.struct.unnest())) == wanted


def test_seconds_in_polars(pl):
    records = np.array([("2024-01-01T00:00:01", 5), ("NaT", "NaT")], [("t", "M8[s]"), ("d", "m8[s]")])
    back = from_arrow(pl.Series(to_arrow(records)))
    assert back.dtype == np.dtype([("t", "M8[ms]"), ("d", "m8[ms]")])
    assert rows(from_arrow(pl.Series(to_arrow(records)), records.dtype)) == rows(records)


@pytest.mark.usefixtures("pa")
def test_arrow_memory_is_its_own():
    records = np.zeros(3, [("x", "f8")])
    array = to_arrow(records)
    records["x"] = 5
    assert array.to_pylist() == [{"x": 0.0}] * 3
    back = from_arrow(array)
    back["x"] = 7
    assert array.to_pylist() == [{"x": 0.0}] * 3


@pytest.mark.usefixtures("pa")
def test_layouts_of_records_in_arrow():
    records = some(6, [("flag", "u1"), ("x", ">f8"), ("p", [("n", ">i2"), ("m", "i8")], (2,))])
    for part in (
        records,
        records[::-1],
        records[1::2],
        records[["p", "flag"]],
        records.view(np.recarray),
        records[:0],
    ):
        back = from_arrow(to_arrow(part))
        assert back.dtype == canonical(np.dtype([(name, part.dtype[name]) for name in part.dtype.names]))
        assert rows(back) == rows(part)


@pytest.mark.usefixtures("pa")
def test_titles_and_long_names_of_integers_in_arrow():
    records = np.ones(2, [(("A title", "x"), np.longlong), ("y", np.ulonglong), ("z", np.intp)])
    assert to_arrow(records).to_pylist() == [{"x": 1, "y": 1, "z": 1}] * 2


@pytest.mark.usefixtures("pa")
def test_bytes_that_are_true():
    records = np.array([0, 1, 2, 255], "u1").view([("b", "?")])
    assert to_arrow(records).to_pylist() == [{"b": b} for (b,) in records.tolist()]


def test_text_of_any_length():
    if not hasattr(np, "dtypes") or not hasattr(np.dtypes, "StringDType"):
        return  # NumPy before 2.0
    text = np.array([["a", "bcd"], ["", "ef"]], np.dtypes.StringDType(na_object=None))
    assert from_columns({"x": text})["x"].tolist() == [["a", "bcd"], ["", "ef"]]
    assert from_columns({"x": text}).dtype == np.dtype([("x", "U3", (2,))])
    text[0, 0] = None
    with pytest.raises(ValueError, match="column 'x' has 1 null"):
        from_columns({"x": text})


@pytest.mark.usefixtures("pa")
def test_zeros_inside_bytes_stay():
    records = np.array([(b"a\0b",), (b"",)], [("s", "S4")])
    assert to_arrow(records).to_pylist() == [{"s": b"a\0b"}, {"s": b""}]
    assert from_arrow(to_arrow(records)).tolist() == [(b"a\0b",), (b"",)]


@pytest.mark.parametrize(
    ("dtype", "error", "words"),
    [
        (
            [("x", "f8"), ("z", "c16")],
            TypeError,
            r"field 'z' has dtype complex128, .* such as records\[\['x'\]\]",
        ),
        (
            [("x", "f8"), ("p", [("z", "c8", (2,))])],
            TypeError,
            r"field 'p.z' has dtype complex64, .*records\[\['x'\]\]",
        ),
        ([("x", "f8"), ("z", "g")], TypeError, "field 'z' has dtype float"),
        ([("x", "O")], TypeError, "field 'x' has dtype object, which Arrow cannot hold"),
        ([("x", "V3")], TypeError, "field 'x' has dtype .*V3"),
        (
            [("x", "M8[h]")],
            TypeError,
            r"field 'x' has dtype datetime64\[h\], .*cast it to one of s, ms, us, ns or D",
        ),
        ([("x", "M8[25s]")], TypeError, r"field 'x' has dtype datetime64\[25s\]"),
        (
            [("x", "m8[D]")],
            TypeError,
            r"field 'x' has dtype timedelta64\[D\], .*cast it to one of s, ms, us, ns$",
        ),
    ],
)
@pytest.mark.usefixtures("pa")
def test_errors_to_arrow_name_the_field(dtype, error, words):
    with pytest.raises(error, match=words):
        to_arrow(np.zeros(3, dtype))


@pytest.mark.usefixtures("pa")
def test_other_errors_to_arrow():
    with pytest.raises(TypeError, match="to_arrow: records has dtype float64, which has no fields"):
        to_arrow(np.zeros(3))
    for records, words in ((some().reshape(1, 5), "2 dimensions, not one"), (some()[0], "0 dimensions")):
        with pytest.raises(ValueError, match=words):
            to_arrow(records)
    with pytest.raises(ValueError, match="field 'day' holds dates outside"):
        to_arrow(np.array([(2**31,)], [("day", "M8[D]")]))
    with pytest.raises(ValueError, match=r"field 'p.name': .*surrogate"):
        to_arrow(np.array([(("\ud800",),)], [("p", [("name", "U1")])]))


@pytest.mark.parametrize(
    "kind", ["bool_", "int8", "uint64", "float16", "float64", "string", "large_string", "binary"]
)
def test_nulls_are_refused(pa, kind):
    kind = getattr(pa, kind)()
    column = pa.nulls(3, kind)
    table = pa.table({"t": [1, 2, 3], "x": column})
    with pytest.raises(
        ValueError,
        match=r"from_arrow: field 'x' has 3 nulls, which .*; fill them first, .*fill_null",
    ):
        from_arrow(table)
    with pytest.raises(ValueError, match="from_columns: column 'x' has 3 nulls"):
        from_columns({"x": column})


def test_one_null_deep_inside(pa, pl):
    deep = pa.array(
        [{"p": {"x": [1, 2]}}, {"p": {"x": [3, None]}}],
        pa.struct([("p", pa.struct([("x", pa.list_(pa.int8(), 2))]))]),
    )
    with pytest.raises(ValueError, match=r"field 'p.x' has 1 null, which"):
        from_arrow(deep)
    assert from_arrow(deep[:1])["p"]["x"].tolist() == [[1, 2]]
    with pytest.raises(ValueError, match="field 'x' has 1 null, which"):
        from_arrow(pl.DataFrame({"x": [1, None, 3]}))
    with pytest.raises(ValueError, match="column 'x' has 1 null, which"):
        from_columns({"x": pl.Series([1, None, 3])})


def test_null_structs_and_lists_are_refused(pa, pl):
    rows_ = [{"x": 1}, None]
    for data in (pa.array(rows_), pl.Series(rows_)):
        with pytest.raises(ValueError, match="from_arrow: data has 1 null, which"):
            from_arrow(data)
    with pytest.raises(ValueError, match="field 'p' has 1 null"):
        from_arrow(pa.table({"p": rows_}))
    with pytest.raises(ValueError, match="field 'p' has 1 null"):
        from_arrow(pa.table({"p": pa.array([[1], None], pa.list_(pa.int8(), 1))}))


def test_null_times_are_nat(pa):
    long, short = pa.array([None, 86400000], pa.int64()), pa.array([None, 1], pa.int32())
    columns = [long.cast(pa.timestamp("us")), long.cast(pa.duration("ns")), short.cast(pa.date32())]
    result = from_arrow(pa.table([*columns, long.cast(pa.date64())], names=list("abcd")))
    assert result.dtype == np.dtype([("a", "M8[us]"), ("b", "m8[ns]"), ("c", "M8[D]"), ("d", "M8[ms]")])
    assert [np.isnat(result[name]).tolist() for name in "abcd"] == [[True, False]] * 4
    assert [int(result[name][1].astype("i8")) for name in "abcd"] == [86400000, 86400000, 1, 86400000]


def types_without_dtype(pa):
    yield pa.array([[1], [2]]), r"list<item: int64>"
    yield pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())), r"map<string, int8>"
    yield pa.array([1], pa.decimal128(5)), r"decimal128\(5, 0\)"
    yield pa.array([1], pa.time64("us")), r"time64\[us\]"
    yield pa.array([b"ab"], pa.binary(2)), r"fixed_size_binary\[2\]"
    yield pa.array([], pa.null()), "null"


def test_types_of_arrow_that_numpy_lacks(pa):
    for column, words in types_without_dtype(pa):
        with pytest.raises(
            TypeError, match=rf"from_arrow: field 'x' has the Arrow type {words}, for which NumPy has no"
        ):
            from_arrow(pa.table({"x": column}))
        with pytest.raises(TypeError, match=rf"from_arrow: field 'p.x' has the Arrow type {words}"):
            from_arrow(pa.table({"p": pa.StructArray.from_arrays([column], ["x"])}))
    with pytest.raises(
        TypeError, match=r"field 'x' is a timestamp.*, and NumPy's times have no time zone; drop it first"
    ):
        from_arrow(pa.table({"x": pa.array([1], pa.timestamp("s", "Europe/Berlin"))}))


def test_other_errors_from_arrow(pa):
    with pytest.raises(TypeError, match="data has the Arrow type int64, which has no fields"):
        from_arrow(pa.array([1]))
    with pytest.raises(TypeError, match=r"from_arrow: the mapping has the names \['x'\], dtype has \['y'\]"):
        from_arrow(pa.table({"x": [1]}), [("y", "i8")])
    with pytest.raises(TypeError, match="dtype is int64, which has no fields"):
        from_arrow(pa.table({"x": [1]}), "i8")
    with pytest.raises(TypeError, match="field 'x' of dtype float64 " + RULE.format("int64")):
        from_arrow(pa.table({"x": [1.5]}), [("x", "i8")])
    with pytest.raises(ValueError, match="field 'x' holds 1 texts longer than <U2"):
        from_arrow(pa.table({"x": ["abc", "de"]}), [("x", "U2")])
    with pytest.raises(ValueError, match="field 'x' holds text that ends in a zero character"):
        from_arrow(pa.table({"x": ["a\0"]}))
    with pytest.raises(ValueError, match="field 'x' holds 300, which uint8 cannot hold"):
        from_arrow(pa.table({"x": pa.array([300], pa.uint64())}), [("x", "u1")])
    with pytest.raises(ValueError, match="field 'x' stands twice"):
        from_arrow(pa.table([[1], [2]], names=["x", "x"]))


def test_categories_are_decoded(pa, pl):
    text = pa.array(["b", "a", "b"]).dictionary_encode()
    number = pa.array([2**64 - 1, 5, 5], pa.uint64()).dictionary_encode()
    expected = [("b", 2**64 - 1), ("a", 5), ("b", 5)]
    assert from_arrow(pa.table({"x": text, "n": number})).tolist() == expected
    frame = pl.DataFrame(
        {
            "x": pl.Series(["b", "a", "b"], dtype=pl.Categorical),
            "e": pl.Series(["a"] * 3, dtype=pl.Enum(["a"])),
        }
    )
    assert from_arrow(frame).tolist() == [("b", "a"), ("a", "a"), ("b", "a")]
    with pytest.raises(ValueError, match="field 'n' has 1 null,"):
        from_arrow(pa.table({"n": pa.array([1, None]).dictionary_encode()}))


def test_no_chunks(pa, pl):
    kind = pa.struct(
        [("x", pa.uint64()), ("name", pa.string()), ("p", pa.list_(pa.struct([("y", pa.float32())]), 2))]
    )
    result = from_arrow(pa.chunked_array([], kind))
    assert result.dtype == np.dtype([("x", "u8"), ("name", "U1"), ("p", [("y", "f4")], (2,))])
    assert result.shape == (0,)
    assert from_arrow(pl.DataFrame({"x": []}, schema={"x": pl.UInt8})).dtype == np.dtype([("x", "u1")])


def test_columns_of_arrow_and_polars_in_numpy_records(pa, pl):
    columns = {
        "a": pa.array([2**64 - 1, 1], pa.uint64()),
        "b": pa.chunked_array([["x"], [], ["yz"]], pa.string()),
        "c": pl.Series([True, False]),
        "d": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)),
        "e": pl.Series([{"x": 1.5}, {"x": 2.5}]),
        "f": np.array([1, 2], ">i2"),
    }
    result = from_columns(columns)
    fields = [("a", "u8"), ("b", "U2"), ("c", "?"), ("d", "i1", (2,)), ("e", [("x", "f8")]), ("f", ">i2")]
    assert result.dtype == np.dtype(fields)
    assert rows(result) == [
        {"a": 2**64 - 1, "b": "x", "c": True, "d": [1, 2], "e": {"x": 1.5}, "f": 1},
        {"a": 1, "b": "yz", "c": False, "d": [3, 4], "e": {"x": 2.5}, "f": 2},
    ]
    assert from_columns({"e": columns["e"]}, [("e", [("x", "f4")])]).tolist() == [((1.5,),), ((2.5,),)]


def test_one_column_of_arrow_is_shared_and_read_only(pa):
    array = pa.array([1.5, 2.5])
    result = from_columns({"x": array})
    assert np.shares_memory(result, array.to_numpy())
    assert not result.flags.writeable
    assert from_arrow(pa.table({"x": array})).flags.writeable


def test_columns_of_pandas():
    pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "a": pd.array([2**64 - 1, 1], "UInt64"),
            "b": pd.Series(["x", "yz"], dtype="string"),
            "c": [0.5, np.nan],
        }
    )
    result = from_columns(dict(frame.items()))
    assert result.dtype == np.dtype([("a", "u8"), ("b", "U2"), ("c", "f8")])
    assert rows(result) == [{"a": 2**64 - 1, "b": "x", "c": 0.5}, {"a": 1, "b": "yz", "c": "nan"}]
    assert rows(from_arrow(frame[["a", "b"]])) == [{"a": 2**64 - 1, "b": "x"}, {"a": 1, "b": "yz"}]
    with pytest.raises(ValueError, match="column 'a' has 1 null"):
        from_columns({"a": pd.Series([1, None], dtype="Int64")})
    with pytest.raises(TypeError, match="from_arrow takes tables"):
        from_columns(frame)


def test_arrow_agrees_with_recfunctions_on_the_columns(pa):
    records = some(4, [("x", "f8"), ("y", "f8")])
    matrix = recfunctions.structured_to_unstructured(records)
    table = pa.RecordBatch.from_struct_array(to_arrow(records))
    assert np.array([column.to_pylist() for column in table.columns]).T.tolist() == matrix.tolist()
