"""What a stream carries from batch to batch and from run to run: keys, and their numbers."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ._columns import ColumnTypeError, plain, plain_type
from ._files import check_output, written_beside

FORMAT = "numpy_ext.stream.State"
VERSION = 1
TIME_ZONE = re.compile(r"timestamp\[(\w+), tz=(.+)\]")
# The names of the numbers that each kind keeps; the first is its value.
NUMBERS = {
    "score": ["score"],
    "pow_sum": ["sum", "error"],
    "weighted_sum": ["sum", "error"],
    "group_sum": ["sum", "count"],
    "group_mean": ["sum", "count"],
    "count": ["count"],
}


def key_type(dtype: pa.DataType, argument: str, name: str) -> pa.DataType:
    """The type in which keys are kept: one for all that compare, so that a state fits another file."""
    dtype = plain_type(dtype)
    if pa.types.is_nested(dtype) or isinstance(dtype, pa.BaseExtensionType):
        raise ColumnTypeError(argument, f"{name!r} is of type {dtype}; a key is a plain value")
    if pa.types.is_integer(dtype) and dtype != pa.uint64():
        return pa.int64()
    if pa.types.is_floating(dtype):
        return pa.float64()
    for text in (pa.string(), pa.binary()):
        if str(dtype) in (f"large_{text}", f"{text}_view"):
            return text
    return dtype


class Keys:
    """Numbers the keys that it meets, from 0 in the order of their first appearance; null is a key too."""

    def __init__(self, dtype: pa.DataType, known: pa.Array | None = None) -> None:
        self._pieces = [pa.array([], dtype) if known is None else known]
        self._places = {key: place for place, key in enumerate(_hashable(self._pieces[0]))}

    def __len__(self) -> int:
        return len(self._places)

    @property
    def known(self) -> pa.Array:
        """All keys, in the order of their numbers."""
        self._pieces = [pa.concat_arrays(self._pieces)]
        return self._pieces[0]

    def numbers(self, keys: pa.Array) -> npt.NDArray[np.int64]:
        """The number of each key."""
        keys = plain(keys).cast(self._pieces[0].type)
        if pa.types.is_floating(keys.type):
            # One key for all NaN, and one for both zeros.
            keys = pc.if_else(pc.is_nan(keys), np.nan, pc.add(keys, 0.0))
        encoded = pc.dictionary_encode(keys, null_encoding="encode")
        known = len(self._places)
        # A dict, whose work grows with this batch alone: Arrow's index_in would hash all known keys again.
        places = [self._places.setdefault(key, len(self._places)) for key in _hashable(encoded.dictionary)]
        numbers = np.array(places, np.int64)
        if len(self._places) > known:
            self._pieces.append(encoded.dictionary.filter(pa.array(numbers >= known)))
        return numbers[encoded.indices.to_numpy()]


def _hashable(keys: pa.Array) -> list[Any]:
    """The keys as Python's numbers, text and bytes: times and floats as integers, so that NaN equals NaN."""
    if _is_time(keys.type) or pa.types.is_floating(keys.type):
        keys = keys.view(_integer_of(keys.type))
    return keys.to_pylist()


def key_names(keys: pa.Array) -> list[str]:
    """The keys as text."""
    try:
        return keys.cast(pa.string()).fill_null("null").to_pylist()
    except pa.ArrowException:  # bytes that are no text
        return [str(key) for key in keys]


@dataclass(frozen=True)
class Snapshot:
    """The numbers of a computation between two rows."""

    kind: str
    parameters: dict[str, Any]
    keys: pa.Array | None
    """None when all rows belong together; then there is one of each number."""
    numbers: dict[str, npt.NDArray]

    @property
    def title(self) -> str:
        return f"{self.kind}({', '.join(f'{name}={value!r}' for name, value in self.parameters.items())})"


class State:
    """
    Where a computation stands: handed to a method of `Stream`, it is continued and moved on.

    A new one begins at zero. When a run is complete, the state has moved to its end; a run that
    fails leaves it as it was. Saved to a file, it continues in another process what this one
    began: the parts of a series, scored one after the other, have the bits of the whole.

    Attributes
    ----------
    value : float, int, dict or None
        The last score or the total; with keys, a dict of them; None before the first run.

    See Also
    --------
    Stream.score, Stream.pow_sum, Stream.weighted_sum, Stream.group_sum, Stream.group_mean : Take a state.

    Notes
    -----
    One state belongs to one computation with its parameters: another is refused. The file is JSON, names its
    format and version, and holds every number exactly. Keys may be text, integers, floats, booleans, dates,
    times, bytes and null.

    Examples
    --------
    >>> from numpy_ext import stream
    >>> state = stream.State()
    >>> stream.scan([1.0, 3.0]).score(state=state).to_numpy("score")
    array([1. , 3.9])
    >>> state.save("monday.json")
    >>> state = stream.State.load("monday.json")
    >>> stream.scan([2.0, 5.0]).score(state=state).to_numpy("score")
    array([1.95 , 6.755])
    >>> state.value
    6.755
    """

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None

    def __repr__(self) -> str:
        if self.snapshot is None:
            return "<State: new>"
        keys = "" if self.snapshot.keys is None else f" of {len(self.snapshot.keys):,} keys"
        return f"<State: {self.snapshot.title}{keys}>"

    @property
    def value(self) -> Any:
        """The last score or the total; with keys, a dict of them; None before the first run."""
        if self.snapshot is None:
            return None
        values = self.snapshot.numbers[NUMBERS[self.snapshot.kind][0]].tolist()
        if self.snapshot.keys is None:
            return values[0]
        return dict(zip(self.snapshot.keys.to_pylist(), values, strict=True))

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Write the state to a file, beside it first and moved into place when complete.

        Parameters
        ----------
        path : str or Path
            The file to write.

        Raises
        ------
        OSError
            The file cannot be written.
        ValueError
            There is nothing to save yet, or the keys are of a type that no file keeps, such as decimals.
        """
        if self.snapshot is None:
            raise ValueError("the state is new: there is nothing to save before a run is complete")
        text = json.dumps(_to_json(self.snapshot), indent=1, allow_nan=False)
        path = Path(path)
        check_output(path, [])
        with written_beside(path) as beside:
            beside.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> State:
        """
        Read a state that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file to read.

        Returns
        -------
        State
            The same as was saved.

        Raises
        ------
        OSError
            The file cannot be read.
        ValueError
            The file holds no state, is damaged, or is of a newer version.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{str(path)!r} holds no state: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"{str(path)!r} holds no state: its format is not {FORMAT!r}")
        if content.get("version") != VERSION:
            version = content.get("version")
            raise ValueError(f"{str(path)!r} is of version {version!r}; this release reads version {VERSION}")
        state = cls()
        try:
            state.snapshot = _from_json(content)
        except (KeyError, TypeError, ValueError, AttributeError, pa.ArrowException, OverflowError) as error:
            raise ValueError(f"{str(path)!r} is a damaged state: {error!r}") from error
        return state


def start_of(state: State | None, kind: str, parameters: dict[str, Any]) -> Snapshot | None:
    """Where a computation begins: None for zero. A state of another one is refused."""
    if state is None:
        return None
    if not isinstance(state, State):
        raise TypeError(f"state is {state!r}; it must be a State, such as State.load(path) gives")
    if state.snapshot is None:
        return None
    wanted = Snapshot(kind, parameters, None, {}).title
    if state.snapshot.title != wanted:
        raise ValueError(f"the state is of {state.snapshot.title}; it cannot continue {wanted}")
    return state.snapshot


def keys_of(start: Snapshot | None, dtype: pa.DataType, argument: str, name: str) -> Keys:
    """The keys of a column, behind those of the start."""
    dtype = key_type(dtype, argument, name)
    known = start.keys if start else None
    if known is None or known.type == dtype:
        return Keys(dtype, known)
    if pa.types.is_null(dtype):
        return Keys(known.type, known)
    if pa.types.is_null(known.type):
        return Keys(dtype, known.cast(dtype))
    raise ColumnTypeError(
        argument, f"{name!r} holds keys of type {dtype}; the state has keys of type {known.type}"
    )


def grown(numbers: npt.NDArray, length: int) -> npt.NDArray:
    """The numbers with zeros behind them, `length` or more."""
    missing = length - len(numbers)
    if missing <= 0:
        return numbers
    # At least doubled, or many new keys a batch would copy them each time.
    return np.concatenate([numbers, np.zeros(max(missing, len(numbers)), numbers.dtype)])


def check_keys_can_be_saved(schema: pa.Schema, name: str) -> None:
    """Refuse a column of keys before the run whose state is to be saved; the run tells if it is missing."""
    if schema.names.count(name) == 1:
        _keys_to_json(pa.nulls(0, key_type(schema.field(name).type, "by", name)))


# The file. JSON has no NaN and no infinities: they are text.


def _number_to_json(number: Any) -> Any:
    return repr(number) if isinstance(number, float) and not np.isfinite(number) else number


def _number_from_json(number: Any) -> Any:
    return float(number) if isinstance(number, str) else number


def _keys_to_json(keys: pa.Array) -> list[Any]:
    if pa.types.is_floating(keys.type):
        return [_number_to_json(key) for key in keys.to_pylist()]
    if pa.types.is_binary(keys.type):
        return [None if key is None else key.hex() for key in keys.to_pylist()]
    if _is_time(keys.type):
        return keys.view(_integer_of(keys.type)).to_pylist()
    if keys.type in (pa.string(), pa.int64(), pa.uint64(), pa.bool_(), pa.null()):
        return keys.to_pylist()
    raise ValueError(f"keys of type {keys.type} cannot be saved; cast the column to text")


def _is_time(dtype: pa.DataType) -> bool:
    return pa.types.is_temporal(dtype) and not pa.types.is_interval(dtype)


def _integer_of(dtype: pa.DataType) -> pa.DataType:
    return pa.int32() if dtype.bit_width == 32 else pa.int64()


def _keys_from_json(name: str, keys: list[Any]) -> pa.Array:
    zoned = TIME_ZONE.fullmatch(name)
    dtype = pa.timestamp(zoned[1], zoned[2]) if zoned else pa.type_for_alias(name)
    if pa.types.is_floating(dtype):
        array = pa.array([_number_from_json(key) for key in keys], dtype)
    elif pa.types.is_binary(dtype):
        array = pa.array([None if key is None else bytes.fromhex(key) for key in keys], dtype)
    elif _is_time(dtype):
        array = pa.array(keys, _integer_of(dtype)).view(dtype)
    else:
        array = pa.array(keys, dtype)
    if len(array.unique()) != len(array):
        raise ValueError("a key stands twice")
    return array


def _to_json(snapshot: Snapshot) -> dict[str, Any]:
    keys = snapshot.keys
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": snapshot.kind,
        "parameters": {
            # As text, a float would be read back as a str parameter.
            name: {"float": repr(value)} if isinstance(value, float) else value
            for name, value in snapshot.parameters.items()
        },
        "keys": None if keys is None else {"type": str(keys.type), "values": _keys_to_json(keys)},
        "numbers": {
            name: {"dtype": values.dtype.name, "values": [_number_to_json(v) for v in values.tolist()]}
            for name, values in snapshot.numbers.items()
        },
    }


def _from_json(content: dict[str, Any]) -> Snapshot:
    parameters = {
        name: float(value["float"]) if isinstance(value, dict) else value
        for name, value in content["parameters"].items()
    }
    stored = content["keys"]
    keys = None if stored is None else _keys_from_json(stored["type"], stored["values"])
    numbers = {
        name: np.array([_number_from_json(v) for v in stored["values"]], stored["dtype"])
        for name, stored in content["numbers"].items()
    }
    if list(numbers) != NUMBERS[content["kind"]]:
        raise ValueError(f"its numbers are {list(numbers)}")
    for name, values in numbers.items():
        if values.dtype.kind not in "iuf" or values.shape != (1 if keys is None else len(keys),):
            raise ValueError(f"the numbers {name!r} do not fit the keys")
    return Snapshot(content["kind"], parameters, keys, numbers)
