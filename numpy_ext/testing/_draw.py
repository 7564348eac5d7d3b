"""Cases drawn by Hypothesis, which makes a case that fails as small as it can."""

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._calls import CONTIGUOUS, Case, Layout, Sizes, special_values
from ._subject import Subject

Layouts = Callable[[int, np.dtype], st.SearchStrategy[Layout]]

MOST_ELEMENTS = 4096
SIZES = st.sampled_from([0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129])


def shapes(
    dimensions: list[int], sizes: st.SearchStrategy[int] = SIZES
) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sampled_from(dimensions).flatmap(lambda n: st.tuples(*[sizes] * n))


SHAPES = shapes([0, 1, 1, 1, 2, 2, 3])


def contiguous(_dimensions: int, _dtype: np.dtype) -> st.SearchStrategy[Layout]:
    return st.just(CONTIGUOUS)


def in_any_order(dimensions: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.just(()) | st.permutations(range(dimensions)).map(tuple)


def strided(dimensions: int, dtype: np.dtype) -> st.SearchStrategy[Layout]:
    """Aligned; the strides of complex numbers may be no multiple of their size."""
    steps = st.tuples(*[st.sampled_from([1, -1, 2, -2, 3])] * dimensions)
    gaps = st.sampled_from([0, dtype.alignment])
    return st.builds(Layout, steps=steps, order=in_any_order(dimensions), gap=gaps)


def repeated(dimensions: int, _dtype: np.dtype) -> st.SearchStrategy[Layout]:
    """Strides of zero."""
    steps = st.tuples(*[st.sampled_from([0, 1, 0, -1])] * dimensions)
    return st.builds(Layout, steps=steps, order=in_any_order(dimensions))


def unaligned(dimensions: int, _dtype: np.dtype) -> st.SearchStrategy[Layout]:
    steps = st.tuples(*[st.sampled_from([1, -1, 2])] * dimensions)
    return st.builds(Layout, steps=steps, gap=st.integers(0, 3), offset=st.integers(1, 7))


def swapped(dimensions: int, _dtype: np.dtype) -> st.SearchStrategy[Layout]:
    steps = st.tuples(*[st.sampled_from([1, -1, 2])] * dimensions)
    return st.builds(Layout, steps=steps, swapped=st.just(True))


def wild(dimensions: int, _dtype: np.dtype) -> st.SearchStrategy[Layout]:
    return st.builds(Layout, order=in_any_order(dimensions), wild=st.just(True))


def most_of_an_operand(sizes: Sizes) -> int:
    """One with a dimension of size 0 has no element, but another may be without that dimension."""
    return prod(max(size, 1) for size in sizes.values())


def sizes_in_bounds(sizes: Sizes) -> Sizes:
    while most_of_an_operand(sizes) > MOST_ELEMENTS:
        sizes = {name: size // 2 for name, size in sizes.items()}
    return sizes


def outer_in_bounds(outer: tuple[int, ...], sizes: Sizes, most: int) -> tuple[int, ...]:
    while outer and prod(outer) * most_of_an_operand(sizes) > most:
        outer = outer[:-1]
    return outer


@st.composite
def special(draw: Any, subject: Subject, loop: str) -> tuple[tuple[int, int, str], ...]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        operand = draw(st.integers(0, subject.func.nin - 1))
        names = list(special_values(Case(loop).dtype(operand)))
        found.append((operand, draw(st.integers(0, 130)), draw(st.sampled_from(names))))
    return tuple(found)


@st.composite
def cases(
    draw: Any,
    subject: Subject,
    inputs: Layouts = contiguous,
    outputs: Layouts = contiguous,
    *,
    variants: int = 1,
    outer: st.SearchStrategy[tuple[int, ...]] = SHAPES,
    sizes: st.SearchStrategy[int] = SIZES,
    most: int = MOST_ELEMENTS,
) -> Case:
    """
    Cases of a subject.

    Parameters
    ----------
    inputs, outputs : callable
        Give the layouts of operands by their number of dimensions and their dtype.
    variants : int
        How many variants the check has.
    outer : strategy
        The shapes outside the core dimensions.
    sizes : strategy
        The sizes of core dimensions.
    most : int
        How many elements an operand may have.
    """
    loop = draw(st.sampled_from(subject.loops))
    core_sizes = sizes_in_bounds({name: draw(sizes) for name in subject.signature.names})
    case = Case(
        loop,
        outer=outer_in_bounds(draw(outer), core_sizes, most),
        sizes=core_sizes,
        seed=draw(st.integers(0, 2**16)),
        special=draw(special(subject, loop)),
        variant=draw(st.integers(0, variants - 1)),
    )
    layouts = []
    for operand, core in enumerate(subject.signature.operands):
        of = inputs if operand < subject.func.nin else outputs
        # The dtype of an output that the caller did not name counts for nothing here.
        letters = loop.replace("->", "")
        dtype = case.dtype(operand) if operand < len(letters) else np.dtype(float)
        layouts.append(draw(of(len(case.outer) + len(core), dtype)))
    while layouts and layouts[-1] == CONTIGUOUS:
        layouts.pop()
    return replace(case, layouts=tuple(layouts))
