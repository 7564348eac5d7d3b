"""What is varied in a call: its loop, shapes, values, and the memory of its operands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from math import prod
from typing import Any

import numpy as np

NUMBERS = "?bBhHiIlLqQefdgFDG"

Sizes = dict[str, int]
Bounds = tuple[Any, Any]
Domain = Sequence[Bounds | Callable[[Sizes], Bounds] | None]


class Unsuitable(Exception):
    """There is no such call: the check has nothing to do."""


@dataclass(frozen=True)
class Signature:
    """The core dimensions of each operand: names, or sizes as digits."""

    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, func: Any) -> "Signature":
        text = getattr(func, "signature", None)
        if text is None:
            return cls(((),) * func.nin, ((),) * func.nout)
        sides = []
        for side in text.split("->"):
            cores = (core.split(",") for core in re.findall(r"\(([^)]*)\)", side))
            sides.append(tuple(tuple(name.strip(" ?") for name in core if name.strip()) for core in cores))
        return cls(*sides)

    @property
    def operands(self) -> tuple[tuple[str, ...], ...]:
        return self.inputs + self.outputs

    @property
    def is_elementwise(self) -> bool:
        return not any(self.operands)

    @property
    def names(self) -> list[str]:
        """The dimensions whose size is free, in order."""
        return list(dict.fromkeys(name for core in self.inputs for name in core if not name.isdigit()))


def only_what_is_said(instance: Any) -> str:
    """The call that makes the instance, without what is as it is by default."""
    said = [
        f"{each.name}={value!r}"
        for each in fields(instance)
        if (value := getattr(instance, each.name)) != each.default and value != {}
    ]
    return f"{type(instance).__name__}({', '.join(said)})"


@dataclass(frozen=True, repr=False)
class Layout:
    """
    Where the elements of an array stand in memory.

    Parameters
    ----------
    steps : tuple of int
        For each axis how many places one element is from the next: negative for backwards, 0 where all
        elements along the axis are one. Axes that are not named have 1.
    order : tuple of int
        The axes from the one that varies slowest in memory to the fastest; C order if it is empty.
    gap : int
        Bytes between two places.
    offset : int
        Bytes from an aligned address to the first place.
    swapped : bool
        Whether the bytes of an element stand in the order that is not the machine's.
    wild : bool
        Whether axes of size 1 have a stride that leads far out of memory.
    """

    steps: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    gap: int = 0
    offset: int = 0
    swapped: bool = False
    wild: bool = False

    __repr__ = only_what_is_said

    def step(self, axis: int) -> int:
        """
        Find the step along an axis.

        Parameters
        ----------
        axis : int
            The axis.

        Returns
        -------
        int
            How many places one element is from the next.
        """
        return self.steps[axis] if axis < len(self.steps) else 1


CONTIGUOUS = Layout()


@dataclass(frozen=True, repr=False)
class Case:
    """
    One call, told by what must be known to make it again.

    Parameters
    ----------
    loop : str
        The dtypes of inputs and outputs, such as ``"dd->d"``.
    outer : tuple of int
        The shape outside the core dimensions.
    sizes : dict
        The size of each core dimension by its name.
    seed : int
        Of the values; 0 gives 1, 2, 3 and so on.
    special : tuple
        Single values that are others: the input, the place in it, and the name of the value.
    layouts : tuple of Layout
        Of inputs, then outputs; contiguous where none stands.
    variant : int
        What else the check varies.
    """

    loop: str
    outer: tuple[int, ...] = ()
    sizes: Sizes = field(default_factory=dict)
    seed: int = 0
    special: tuple[tuple[int, int, str], ...] = ()
    layouts: tuple[Layout, ...] = ()
    variant: int = 0

    __repr__ = only_what_is_said

    def layout(self, operand: int) -> Layout:
        """
        Find the layout of an operand.

        Parameters
        ----------
        operand : int
            Its place, inputs before outputs.

        Returns
        -------
        Layout
            The one that is named, or the contiguous one.
        """
        return self.layouts[operand] if operand < len(self.layouts) else CONTIGUOUS

    def dtype(self, operand: int) -> np.dtype:
        """
        Find the dtype of an operand.

        Parameters
        ----------
        operand : int
            Its place, inputs before outputs.

        Returns
        -------
        numpy.dtype
            As the loop has it.
        """
        return np.dtype(self.loop.replace("->", "")[operand])

    def core(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """
        Find the core shape of an operand.

        Parameters
        ----------
        names : tuple of str
            The names of its core dimensions, or their fixed sizes.

        Returns
        -------
        tuple of int
            A size for each name.
        """
        return tuple(int(name) if name.isdigit() else self.sizes[name] for name in names)


# ---- Values ----


def special_values(dtype: np.dtype) -> dict[str, Any]:
    """The values at which loops go wrong, by name."""
    if dtype.kind == "b":
        return {"true": True, "false": False}
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return {"zero": 0, "least": limits.min, "largest": limits.max}
    number = np.finfo(dtype)
    return {
        "zero": 0.0,
        "minus zero": -0.0,
        "nan": np.nan,
        "inf": np.inf,
        "minus inf": -np.inf,
        "subnormal": number.tiny / 4,
        "largest": number.max,
        "least": -number.max,
    }


def ordinary_values(dtype: np.dtype, count: int, seed: int, bounds: Bounds | None) -> np.ndarray:
    """1, 2, 3 and so on for the seed 0, else random numbers of many magnitudes; within the bounds."""
    # Each has numbers of its own, so that fewer values are the first of more.
    random, other = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    if bounds is not None:
        low, high = bounds
        if dtype.kind in "iu":
            low, high = max(low, np.iinfo(dtype).min), min(high, np.iinfo(dtype).max)
        if low > high and count:
            raise Unsuitable
        if dtype.kind in "biu":
            steps = np.arange(count) if seed == 0 else random.integers(0, 2**31, count)
            return (low + steps % (high - low + 1)).astype(dtype)
        shares = np.arange(count) % 8 / 8 if seed == 0 else random.random(count)
        return (low + (high - low) * shares).astype(dtype)
    if seed == 0:
        return np.arange(1, count + 1).astype(dtype)
    if dtype.kind == "b":
        return random.random(count) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        wide = random.integers(limits.min, limits.max, count, dtype.type, endpoint=True).astype(dtype)
        return np.where(other.random(count) < 0.5, wide, wide % 16).astype(dtype)
    values = random.normal(size=(count, 2)) @ [1, 1j] if dtype.kind == "c" else random.normal(size=count)
    return (values * 10.0 ** other.integers(-3, 4, count)).astype(dtype)


def bounds_of(domain: Domain | None, operand: int, case: Case) -> Bounds | None:
    bounds = domain[operand] if domain is not None else None
    return bounds(case.sizes) if callable(bounds) else bounds


def values_of(case: Case, operand: int, shape: tuple[int, ...], domain: Domain | None) -> np.ndarray:
    """The values of one input, C-contiguous."""
    dtype, layout = case.dtype(operand), case.layout(operand)
    bounds = bounds_of(domain, operand, case)
    own = tuple(size if layout.step(axis) else min(size, 1) for axis, size in enumerate(shape))
    seed = case.seed and 1_000 * case.seed + operand
    with np.errstate(over="ignore"):  # float16 does not count to 100,000
        flat = ordinary_values(dtype, prod(own), seed, bounds)
    for where, place, name in case.special:
        value = special_values(dtype).get(name)
        if where != operand or not flat.size or value is None:
            continue
        if bounds is None or bounds[0] <= value <= bounds[1]:
            flat[place % flat.size] = value
    return np.ascontiguousarray(np.broadcast_to(flat.reshape(own), shape)).reshape(shape)


# ---- Memory ----

FILL = 0xA5
MARGIN = 64


@dataclass(frozen=True)
class Place:
    """The strides of an array, and the first and the last byte that it takes, from its first element."""

    strides: tuple[int, ...]
    lowest: int
    end: int

    @classmethod
    def of(cls, shape: tuple[int, ...], dtype: np.dtype, layout: Layout) -> "Place":
        order = [axis for axis in layout.order if axis < len(shape)]
        order += [axis for axis in range(len(shape)) if axis not in order]
        strides, extent = [0] * len(shape), dtype.itemsize + layout.gap
        lowest, end = 0, dtype.itemsize if prod(shape) else 0
        for axis in reversed(order):
            size, step = shape[axis], layout.step(axis)
            strides[axis] = extent * step
            reach = strides[axis] * max(size - 1, 0)
            lowest, end = lowest + min(reach, 0), end + max(reach, 0)
            extent *= max(abs(step) * size, 1)
            if layout.wild and size == 1:
                strides[axis] = 2**62 - 8 * axis
        return cls(tuple(strides), lowest, end)


class Placed:
    """
    An array in a layout, in memory that may hold others too.

    Parameters
    ----------
    values : array
        What it holds.
    layout : Layout
        Where the elements stand.
    memory : array of uint8, optional
        Where it stands; memory of its own, with a margin on both sides, if it is left out.
    start : int
        The place of its first byte in `memory`.
    """

    def __init__(
        self,
        values: np.ndarray,
        layout: Layout = CONTIGUOUS,
        memory: np.ndarray | None = None,
        start: int = MARGIN,
    ) -> None:
        dtype = values.dtype.newbyteorder("S") if layout.swapped else values.dtype
        place = Place.of(values.shape, dtype, layout)
        start += layout.offset
        if memory is None:
            memory = aligned_bytes(start + place.end - place.lowest + MARGIN)
            memory[...] = FILL
        self.memory = memory
        first = start - place.lowest
        self.array = np.ndarray(values.shape, dtype, memory, first, place.strides)
        self.own = np.zeros(memory.size, bool)
        for byte in range(dtype.itemsize):
            np.ndarray(values.shape, bool, self.own, first + byte, place.strides)[...] = True
        self.array[...] = values
        self.before = memory.copy()

    def is_unchanged(self) -> bool:
        return np.array_equal(self.memory, self.before)

    def others_are_unchanged(self) -> bool:
        """The bytes that are no element's."""
        return np.array_equal(self.memory[~self.own], self.before[~self.own])


def aligned_bytes(size: int) -> np.ndarray:
    """Begins at a multiple of 64."""
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size]
