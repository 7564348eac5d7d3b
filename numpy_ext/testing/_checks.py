"""The checks. Each runs one case of a subject and raises Mismatch if something is wrong with it."""

import copy
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from . import _draw as draw
from ._calls import NUMBERS, Case, Layout, Place, Placed, Unsuitable, special_values
from ._registry import Cases, binary_ufunc, check, elementwise, generalized, one_case, ufunc
from ._subject import Mismatch, Outcome, Subject

# ---- What the checks share ----


def place_inputs(subject: Subject, case: Case) -> list[Placed]:
    return [Placed(values, case.layout(i)) for i, values in enumerate(subject.inputs(case))]


def place_outputs(subject: Subject, case: Case, expected: Outcome, fill: int = 77) -> list[Placed]:
    """Arrays for the results, which hold something else as yet."""
    if expected.error:
        raise Unsuitable
    return [
        Placed(np.full(result.shape, fill).astype(result.dtype), case.layout(subject.func.nin + i))
        for i, result in enumerate(expected.results)
    ]


def arrays(placed: Iterable[Placed]) -> tuple[np.ndarray, ...]:
    return tuple(each.array for each in placed)


def must_be_unchanged(inputs: Iterable[Placed]) -> None:
    for i, each in enumerate(inputs):
        if not each.is_unchanged():
            raise Mismatch(f"input {i} was written to")


def must_write_elements_alone(outputs: Iterable[Placed]) -> None:
    for i, each in enumerate(outputs):
        if not each.others_are_unchanged():
            raise Mismatch(f"bytes that are no element of output {i} were written to")


def strides_of(placed: Iterable[Placed]) -> str:
    return ", ".join(f"{each.array.shape} by {each.array.strides}" for each in placed)


def call_one(subject: Subject, inputs: Iterable[np.ndarray], i: int) -> Outcome:
    """One element alone; the results have an axis of size 1 for it."""
    one = [np.array(values[i]) for values in inputs]
    if goes_by_value(one):
        return subject.call(*(values[np.newaxis] for values in one))
    outcome = subject.call(*one)
    return replace(outcome, results=tuple(results[np.newaxis] for results in outcome.results))


def goes_by_value(inputs: list[np.ndarray]) -> bool:
    """NumPy 1 takes the dtype of arrays without dimensions from their values, and so perhaps another loop."""
    several = len({values.dtype for values in inputs}) > 1
    return several and any(values.ndim == 0 for values in inputs) and np.__version__.startswith("1.")


def layouts_one_by_one(case: Case, nin: int) -> Iterator[Case]:
    """The case, then each input in its layout beside contiguous others: a loop may look at some alone."""
    yield case
    for one in range(nin if nin > 1 else 0):
        layouts = (case.layout(i) if i == one else Layout() for i in range(nin))
        yield replace(case, layouts=tuple(layouts))


def agrees_in_any_layout(subject: Subject, case: Case) -> None:
    for each in layouts_one_by_one(case, subject.func.nin):
        inputs = place_inputs(subject, each)
        actual = subject.call(*arrays(inputs))
        try:
            subject.must_agree(actual, subject.expected(each), f"inputs of {strides_of(inputs)} bytes")
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), each) from None
        must_be_unchanged(inputs)


# ---- Values ----


@check(
    "is what the reference gives, element by element",
    draw.cases,
    lambda subject: subject.reference is not None,
)
def reference(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    actual = subject.expected(case)
    for index in np.ndindex(*case.outer):
        wanted = subject.call(*(values[index] for values in inputs), func=subject.reference)
        if wanted.error:  # one element is enough for the call to fail
            subject.must_agree(actual, wanted, f"where the reference fails at {index}")
            return
        element = [np.asarray(results[index]) for results in actual.results]
        with np.errstate(all="ignore"):
            right = [one.astype(got.dtype) for one, got in zip(wanted.results, element, strict=False)]
        subject.must_agree(replace(actual, results=tuple(element)), Outcome(tuple(right)), f"element {index}")


MOST = 65


def most_cases(subject: Subject) -> Iterator[Case]:
    for loop in subject.loops:
        for seed in (0, 1):
            yield Case(loop, (MOST,), dict.fromkeys(subject.signature.names, 5), seed)


@check("each element as if it were alone, among any number of others", most_cases)
def lengths(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    (most,) = case.outer
    alone = [call_one(subject, inputs, i) for i in range(most)]
    if any(each.error for each in alone):
        raise Unsuitable
    together = [np.concatenate(results) for results in zip(*(each.results for each in alone), strict=True)]
    for n in range(1, most + 1) if most == MOST else [most]:
        actual = subject.expected(case, [values[:n] for values in inputs])
        try:
            subject.must_agree(actual, Outcome(tuple(results[:n] for results in together)), f"{n} elements")
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), replace(case, outer=(n,))) from None


@check("the same again, and nothing is written to the inputs", draw.cases)
def repeat(subject: Subject, case: Case) -> None:
    inputs = place_inputs(subject, case)
    subject.must_agree(subject.call(*arrays(inputs)), subject.expected(case), "called twice")
    must_be_unchanged(inputs)


def special_cases(subject: Subject) -> Iterator[Case]:
    for loop in subject.loops:
        outer = (67,) if subject.is_elementwise else (3,)
        ordinary = Case(loop, outer, dict.fromkeys(subject.signature.names, 19))
        names = [list(special_values(ordinary.dtype(i))) for i in range(subject.func.nin)]
        for operand in range(subject.func.nin):
            for name in names[operand]:
                yield replace(ordinary, special=((operand, -1, name),))
        if not subject.is_elementwise:
            continue
        for first, second in combinations(range(subject.func.nin), 2):
            for name, other in product(names[first], names[second]):
                yield replace(ordinary, special=((first, 33, name), (second, 33, other)))


@check("NaN, infinities, zeros, subnormal and extreme numbers in every place", special_cases)
def special(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(replace(case, special=()))
    ordinary = subject.expected(case, inputs)
    values = {operand: special_values(case.dtype(operand))[name] for operand, _, name in case.special}
    if not all(subject.is_allowed(value, operand, case) for operand, value in values.items()):
        raise Unsuitable
    changed, only, _ = case.special[0]
    places = inputs[changed].size
    for place in range(places) if only < 0 else [only]:
        operands = [each.copy() for each in inputs]
        for operand, value in values.items():
            operands[operand].flat[place] = value
        row = place * case.outer[0] // places
        actual = subject.call(*operands)
        alone = call_one(subject, operands, row)
        wanted = [results.copy() for results in ordinary.results]
        for results, own in zip(wanted, alone.results, strict=False):
            if own.shape != results[row : row + 1].shape:
                raise Mismatch(f"one element alone: the result has the shape {own.shape}")
            results[row] = own[0]
        at_place = tuple((operand, place, name) for operand, _, name in case.special)
        how = f"{', '.join(name for _, _, name in at_place)} at place {place}"
        try:
            subject.must_agree(actual, replace(alone, results=tuple(wanted)), how)
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), replace(case, special=at_place)) from None


# ---- Layouts ----


def with_layouts(inputs: draw.Layouts, **more: Any) -> Callable[[Subject], Cases]:
    return lambda subject: draw.cases(subject, inputs, **more)


@check("gaps, negative strides, axes in any order in memory", with_layouts(draw.strided))
def strides(subject: Subject, case: Case) -> None:
    agrees_in_any_layout(subject, case)


@check("strides of zero", with_layouts(draw.repeated))
def zero_strides(subject: Subject, case: Case) -> None:
    agrees_in_any_layout(subject, case)


@check(
    "axes of size 1 whose strides lead out of memory",
    with_layouts(
        draw.wild,
        outer=st.lists(st.sampled_from([1, 1, 2, 5]), max_size=3).map(tuple),
        sizes=st.integers(0, 3),
    ),
)
def wild_strides(subject: Subject, case: Case) -> None:
    agrees_in_any_layout(subject, case)


@check("addresses and strides that are no multiple of the alignment", with_layouts(draw.unaligned))
def unaligned(subject: Subject, case: Case) -> None:
    agrees_in_any_layout(subject, case)


@check("bytes in the other order than the machine's", with_layouts(draw.swapped))
def byte_order(subject: Subject, case: Case) -> None:
    agrees_in_any_layout(subject, case)


def smaller(values: np.ndarray, outer: int, how: int, axis: int) -> np.ndarray:
    """All of it, or one element of an axis, or that without the axis and those before."""
    if how == 0 or axis >= outer or values.shape[axis] == 0:
        return values
    if how == 1:
        return values[(slice(None),) * axis + (slice(0, 1),)]
    return values[(0,) * (axis + 1)] if 0 not in values.shape[:axis] else values


@check(
    "inputs of fewer dimensions or of size 1, as if they were repeated",
    lambda subject: draw.cases(
        subject,
        outer=draw.shapes([1, 2, 2, 3], st.sampled_from([0, 1, 2, 3, 8, 17])),
        variants=6 * 3**subject.func.nin,
    ),
)
def broadcasting(subject: Subject, case: Case) -> None:
    axis, hows = case.variant % 6 % len(case.outer or "1"), case.variant // 6
    inputs = [
        smaller(values, len(case.outer), hows // 3**i % 3, axis)
        for i, values in enumerate(subject.inputs(case))
    ]
    cores = [case.core(core) for core in subject.signature.inputs]
    outers = [values.shape[: values.ndim - len(core)] for values, core in zip(inputs, cores, strict=True)]
    outer = np.broadcast_shapes(*outers)
    full = [np.broadcast_to(values, outer + core) for values, core in zip(inputs, cores, strict=True)]
    if goes_by_value(inputs):
        raise Unsuitable
    actual = subject.call(*inputs)
    subject.must_agree(
        actual, subject.expected(case, full), f"inputs of shapes {[each.shape for each in inputs]}"
    )


@check(
    "no element, and core dimensions of size 0",
    lambda subject: draw.cases(
        subject,
        outer=st.lists(st.sampled_from([0, 1, 3]), max_size=3).map(tuple),
        sizes=st.sampled_from([0, 0, 1, 3]),
    ),
)
def empty(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    for fill in (0, 77):
        outputs = place_outputs(subject, case, expected, fill)
        actual = subject.call(*subject.inputs(case), out=arrays(outputs))
        subject.must_agree(actual, expected, f"into outputs that held {fill}")


@check(
    "single elements: scalars and arrays of no dimension",
    lambda subject: draw.cases(subject, outer=st.just(())),
)
def scalars(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    expected = subject.expected(case, [values[np.newaxis] for values in inputs])
    firsts = Outcome(tuple(each[0] for each in expected.results), expected.error)
    if goes_by_value(inputs):
        raise Unsuitable
    for kind, arguments in (
        ("arrays of no dimension", inputs),
        ("NumPy scalars", [values[()] for values in inputs]),
    ):
        subject.must_agree(subject.call(*arguments), firsts, kind)


# ---- Outputs ----


@check(
    "out= in any layout: it alone is written to, every element, and it is returned",
    with_layouts(draw.strided, outputs=draw.strided),
)
def out(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    contiguous = replace(case, layouts=(Layout(),) * subject.func.nin + case.layouts[subject.func.nin :])
    # A loop may look at the inputs alone. What is not written may happen to hold one of the numbers.
    for each, fill in product((case, contiguous), (0, 77)):
        inputs, outputs = place_inputs(subject, each), place_outputs(subject, each, expected, fill)
        actual = subject.call(*arrays(inputs), out=arrays(outputs))
        how = f"of {strides_of(inputs)} bytes into outputs of {strides_of(outputs)} bytes that held {fill}"
        subject.must_agree(actual, expected, how)
        if any(result is not out.array for result, out in zip(actual.results, outputs, strict=True)):
            raise Mismatch("what is returned is not the array given as out")
        must_be_unchanged(inputs)
        must_write_elements_alone(outputs)


@check(
    "out= that is unaligned, or whose bytes are in the other order",
    lambda subject: draw.cases(
        subject, outputs=lambda n, dtype: draw.unaligned(n, dtype) | draw.swapped(n, dtype)
    ),
)
def foreign_out(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    outputs = place_outputs(subject, case, expected)
    actual = subject.call(*subject.inputs(case), out=arrays(outputs))
    subject.must_agree(actual, expected, f"into outputs of {strides_of(outputs)} bytes")
    must_write_elements_alone(outputs)


@check("out= of another dtype, with casting", lambda subject: draw.cases(subject, variants=len(NUMBERS)))
def cast_out(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    if expected.error:
        raise Unsuitable
    dtypes = [np.dtype(NUMBERS[case.variant])] * subject.func.nout
    outputs = [
        Placed(np.full(result.shape, 77).astype(dtype))
        for result, dtype in zip(expected.results, dtypes, strict=True)
    ]
    actual = subject.call(*subject.inputs(case), out=arrays(outputs))
    castable = [
        np.can_cast(result.dtype, dtype, "same_kind")
        for result, dtype in zip(expected.results, dtypes, strict=True)
    ]
    if not all(castable):
        if not isinstance(actual.error, TypeError):
            raise Mismatch(f"out of dtype {dtypes[0]}: {actual.error!r}, not a TypeError")
        if any(not each.is_unchanged() for each in outputs):
            raise Mismatch(f"out of dtype {dtypes[0]} was refused, but written to")
        return
    with np.errstate(all="ignore"):
        cast = tuple(result.astype(dtype) for result, dtype in zip(expected.results, dtypes, strict=True))
    subject.must_agree(actual, Outcome(cast), f"out of dtype {dtypes[0]}")


@check("an out= that is read-only or of another shape is refused, and left as it is", draw.cases)
def refused_out(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    outputs = place_outputs(subject, case, expected)
    outputs[-1].array.flags.writeable = False
    inputs = subject.inputs(case)
    outcome = subject.call(*inputs, out=arrays(outputs))
    if not isinstance(outcome.error, ValueError):
        raise Mismatch(f"out is read-only: {outcome.error or 'a result'!r}, not a ValueError")
    if any(not each.is_unchanged() for each in outputs):
        raise Mismatch("out is read-only, but was written to")
    wrong = tuple(np.empty([n + (n > 1) for n in each.shape], each.dtype) for each in expected.results)
    if any(each.shape != result.shape for each, result in zip(wrong, expected.results, strict=True)):
        outcome = subject.call(*inputs, out=wrong)
        if not isinstance(outcome.error, ValueError):
            raise Mismatch(
                f"out of shape {wrong[0].shape}: {outcome.error or 'a result'!r}, not a ValueError"
            )


@check(
    "where=: elements that it leaves out keep what out held",
    lambda subject: draw.cases(subject, draw.strided, draw.strided, variants=2**10),
    elementwise,
)
def where(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    inputs, outputs = place_inputs(subject, case), place_outputs(subject, case, expected)
    mask = np.random.default_rng(case.variant).random(case.outer) < (case.variant % 5) / 4
    actual = subject.call(*arrays(inputs), out=arrays(outputs), where=mask)
    left = [np.where(mask, result, np.full_like(result, 77)) for result in expected.results]
    left = [each.astype(result.dtype) for each, result in zip(left, expected.results, strict=True)]
    subject.must_agree(actual, Outcome(tuple(left)), f"where={mask.tolist()}")
    must_write_elements_alone(outputs)


# ---- Operands that share memory ----

OVERLAPS = 96


@check(
    "out= that is an input or overlaps it in any way, as if it did not",
    lambda subject: draw.cases(
        subject, draw.strided, draw.strided, variants=OVERLAPS * subject.func.nin * subject.func.nout
    ),
)
def overlap(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    if expected.error:
        raise Unsuitable
    rest, shift = divmod(case.variant, OVERLAPS)
    which, of = divmod(rest, subject.func.nin)
    values, result = subject.inputs(case)[of], expected.results[which]
    before, after = case.layout(of), case.layout(subject.func.nin + which)
    kind, moved = shift % 4, (shift // 4 - 8) * result.dtype.alignment
    if kind < 2:
        after = before  # the very same strides, where the dtypes are as wide
    if kind == 0:
        moved = 0
    taken = Place.of(values.shape, values.dtype, before), Place.of(result.shape, result.dtype, after)
    room = sum(place.end - place.lowest for place in taken)
    memory = np.zeros(2 * room + 64 * 32, np.uint8)
    start = -memory.ctypes.data % 64 + 64 * 8 + room // 2 // 64 * 64
    target = Placed(np.full(result.shape, 77).astype(result.dtype), after, memory, start + moved)
    source = Placed(values, before, memory, start)
    inputs = subject.inputs(case)
    inputs[of] = source.array
    outs = [np.empty_like(each) for each in expected.results]
    outs[which] = target.array
    how = (
        f"out {which} {moved} bytes from input {of}, {strides_of([target])} and {strides_of([source])} bytes"
    )
    subject.must_agree(subject.call(*inputs, out=tuple(outs)), expected, how)
    changed = memory != source.before
    if changed[~target.own].any():
        raise Mismatch(f"{how}: bytes that are no element of the output were written to")


# ---- Keywords ----


@check("order= changes no number", with_layouts(draw.strided, outer=draw.shapes([0, 1, 2, 2, 3])))
def order(subject: Subject, case: Case) -> None:
    inputs, expected = place_inputs(subject, case), subject.expected(case)
    for keyword in "CFAK":
        subject.must_agree(subject.call(*arrays(inputs), order=keyword), expected, f"order={keyword!r}")


def some_axes(core: tuple[str, ...], dimensions: int, variant: int) -> tuple[int, ...]:
    """As many different axes as there are core dimensions, the same for equal arguments."""
    found = np.random.default_rng([variant, dimensions]).permutation(dimensions)[: len(core)]
    return tuple(int(axis) - (dimensions if variant % 2 else 0) for axis in found)


@check(
    "axes=: core dimensions anywhere",
    lambda subject: draw.cases(subject, variants=64),
    generalized,
)
def axes(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    chosen = [
        some_axes(core, len(case.outer) + len(core), case.variant) for core in subject.signature.operands
    ]
    moved = [
        np.moveaxis(values, range(-len(where), 0), where).copy()
        for values, where in zip([*subject.inputs(case), *expected.results], chosen, strict=False)
    ]
    nin = subject.func.nin
    actual = subject.call(*moved[:nin], axes=chosen)
    subject.must_agree(actual, replace(expected, results=tuple(moved[nin:])), f"axes={chosen}")


def one_shared_dimension(subject: Subject) -> bool:
    cores = [core for core in subject.signature.operands if core]
    return generalized(subject) and all(core == cores[0] and len(core) == 1 for core in cores)


@check(
    "axis=: the one core dimension anywhere",
    lambda subject: draw.cases(subject, variants=4),
    one_shared_dimension,
)
def axis(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    to = case.variant % (len(case.outer) + 1)
    operands = [
        np.moveaxis(values, -1, to).copy() if core else values
        for values, core in zip(
            [*subject.inputs(case), *expected.results], subject.signature.operands, strict=False
        )
    ]
    nin = subject.func.nin
    actual = subject.call(*operands[:nin], axis=to)
    subject.must_agree(actual, replace(expected, results=tuple(operands[nin:])), f"axis={to}")


def keeps_dimensions(subject: Subject) -> bool:
    counts = {len(core) for core in subject.signature.inputs}
    return generalized(subject) and len(counts) == 1 and not any(subject.signature.outputs)


@check("keepdims=True", draw.cases, keeps_dimensions)
def keepdims(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    ones = (1,) * len(subject.signature.inputs[0])
    kept = tuple(result.reshape(result.shape + ones) for result in expected.results)
    subject.must_agree(
        subject.call(*subject.inputs(case), keepdims=True), replace(expected, results=kept), "keepdims=True"
    )


@check(
    "inputs of narrower dtypes, through the buffers of NumPy",
    lambda subject: draw.cases(
        subject,
        draw.strided,
        outer=st.sampled_from([(8193,), (3, 5461)]) | draw.SHAPES,
        sizes=st.integers(0, 5),
        variants=2**10,
        most=2**14,
    ),
    ufunc,
)
def casting(subject: Subject, case: Case) -> None:
    random = np.random.default_rng(case.variant)
    narrow = [
        random.choice([letter for letter in NUMBERS if np.can_cast(letter, case.dtype(i), "safe")])
        for i in range(subject.func.nin)
    ]
    loop = case.loop
    small = replace(case, loop="".join(narrow) + "->" + loop.split("->")[1])
    inputs = place_inputs(subject, small)
    full = [each.array.astype(case.dtype(i)) for i, each in enumerate(inputs)]
    actual = subject.call(*arrays(inputs), signature=loop)
    expected = subject.call(*full, signature=loop)
    subject.must_agree(actual, expected, f"inputs of the dtypes {', '.join(narrow)}")
    must_be_unchanged(inputs)


# ---- Methods ----


@check("outer(), as the call on inputs with more dimensions", draw.cases, binary_ufunc)
def outer(subject: Subject, case: Case) -> None:
    x, y = (values[:40] if values.ndim else values for values in subject.inputs(case))
    actual = subject.call(x, y, func=subject.func.outer)
    expected = subject.expected(case, [x.reshape(x.shape + (1,) * y.ndim), y])
    subject.must_agree(actual, expected, "outer")


@check(
    "accumulate(), as one call after the other",
    lambda subject: draw.cases(subject, draw.strided, outer=draw.SIZES.map(lambda n: (n,))),
    lambda subject: binary_ufunc(subject) and any(len(set(loop) - {"-", ">"}) == 1 for loop in subject.loops),
)
def accumulate(subject: Subject, case: Case) -> None:
    if len(set(case.loop)) != 3:
        raise Unsuitable
    x = Placed(subject.inputs(case)[0], case.layout(0))
    wanted = x.array.astype(x.array.dtype)
    for i in range(1, wanted.size):
        step = subject.call(wanted[i - 1], x.array[i])
        if step.error:
            raise Unsuitable
        wanted[i] = step.results[0]
    actual = subject.call(x.array, func=subject.func.accumulate, dtype=wanted.dtype)
    subject.must_agree(actual, Outcome((wanted,)), "accumulate")


@check("at(), as the call on the elements named", draw.cases, binary_ufunc)
def at(subject: Subject, case: Case) -> None:
    expected = subject.expected(case)
    x, y = subject.inputs(case)
    if expected.error or not x.ndim or expected.results[0].dtype != x.dtype:
        raise Unsuitable
    places = np.arange(x.shape[0])[::2]
    wanted, target = x.copy(), x.copy()
    wanted[places] = expected.results[0][places]
    outcome = subject.call(target, places, y[places], func=subject.func.at)
    if outcome.error:
        raise Mismatch(f"at: {outcome.error!r}")
    subject.must_agree(Outcome((target,)), Outcome((wanted,)), "at")


# ---- Floating-point flags ----


COPIES = 64  # a multiple of the width of every vector


def flag_cases(subject: Subject) -> Iterator[Case]:
    for loop in subject.loops:
        sizes = dict.fromkeys(subject.signature.names, 5)
        for seed in (0, 1):
            yield Case(loop, (MOST,), sizes, seed)
            if sizes:
                for n in range(MOST + 1):
                    yield Case(loop, (1,), dict.fromkeys(sizes, n), seed)
        for operand in range(subject.func.nin):
            for name in special_values(Case(loop).dtype(operand)):
                yield Case(loop, (MOST,), sizes, 1, special=((operand, 0, name),))


def flags_of_element(subject: Subject, element: list[np.ndarray]) -> frozenset[str]:
    """
    Those of the reference. Without one, those that it raises both alone and among others like it: alone, what
    fills up its vector may raise others.
    """
    if subject.reference is not None:
        return subject.call(*(values[0] for values in element), func=subject.reference).flags
    copies = (np.repeat(values, COPIES, axis=0) for values in element)
    return call_one(subject, element, 0).flags & subject.call(*copies).flags


@check("no floating-point flag that no single element raises, at every length", flag_cases)
def flags(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    (most,) = case.outer
    elements = [flags_of_element(subject, [values[i : i + 1] for values in inputs]) for i in range(most)]
    for n in range(most + 1) if most == MOST else [most]:
        allowed = frozenset().union(*elements[:n])
        for layout in (Layout(), Layout(steps=(2, 2)), Layout(steps=(-1, -1))):
            placed = [Placed(values[:n], layout) for values in inputs]
            stray = subject.call(*arrays(placed)).flags - allowed
            if stray:
                raise Mismatch(
                    f"inputs of {strides_of(placed)} bytes raise {', '.join(sorted(stray))}",
                    replace(case, outer=(n,)),
                )


# ---- What else a ufunc is ----


@check("pickles and copies to itself", one_case, ufunc)
def pickling(subject: Subject, _case: Case) -> None:
    ways: dict[str, Callable[[Any], Any]] = {
        "pickle": lambda func: pickle.loads(pickle.dumps(func)),
        "copy": copy.copy,
        "deepcopy": copy.deepcopy,
    }
    for how, make in ways.items():
        try:
            made = make(subject.func)
        except Exception as error:
            raise Mismatch(f"{how}: {error!r}") from error
        if made is not subject.func:
            raise Mismatch(f"{how} gives another function")


@check("wrong calls are errors: shapes that do not fit, too few inputs", one_case)
def wrong_calls(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    outcome = subject.call(*inputs[:-1])
    if not isinstance(outcome.error, TypeError | ValueError):
        raise Mismatch(f"{len(inputs) - 1} inputs: {outcome.error or 'a result'!r}, not a TypeError")
    cores = [core for core in subject.signature.inputs if core]
    if cores:
        few = [
            np.zeros((), values.dtype) if core else values
            for values, core in zip(inputs, subject.signature.inputs, strict=True)
        ]
        outcome = subject.call(*few)
        if not isinstance(outcome.error, ValueError):
            raise Mismatch(f"no core dimension: {outcome.error or 'a result'!r}, not a ValueError")
    if len(inputs) > 1:
        outcome = subject.call(np.repeat(inputs[0], 2, axis=0)[:5], *inputs[1:])
        if not isinstance(outcome.error, ValueError):
            raise Mismatch(f"5 and 3 elements: {outcome.error or 'a result'!r}, not a ValueError")
