"""Checks that make many calls: of references and memory, and from several threads at once."""

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import numpy_ext

from .. import _ufuncs
from ._calls import Case
from ._registry import check, one_case
from ._subject import Mismatch, Subject, outcome_of

CALLS = 10_000
THREADS = 8


def allocated_bytes() -> int:
    """What malloc has given out and not got back, where the C library tells; else 0."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return 0
    fields = [(name, ctypes.c_size_t) for name in (*"abcdefg", "in_use", *"ij")]
    mallinfo.restype = type("mallinfo2", (ctypes.Structure,), {"_fields_": fields})
    return int(mallinfo().in_use)


@check(f"{CALLS:,} calls, right and wrong, keep no reference and no memory", one_case)
def references(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    expected = subject.expected(case, inputs)
    outputs = tuple(np.empty_like(result) for result in expected.results)
    frozen = tuple(np.empty_like(result) for result in expected.results)
    for each in frozen:
        each.flags.writeable = False
    calls: list[Callable[[], Any]] = [
        lambda: subject.func(*inputs),
        lambda: subject.func(*inputs, out=outputs),
        lambda: subject.func(*inputs, out=frozen),
        lambda: subject.func(*inputs[:-1]),
        lambda: subject.func(*inputs, out=outputs, dtype="M8[s]"),
    ]
    held = [
        *inputs,
        *outputs,
        *frozen,
        *{id(each.dtype): each.dtype for each in (*inputs, *outputs)}.values(),
    ]

    def call_all(times: int) -> None:
        with np.errstate(all="ignore"):
            for _ in range(times // len(calls)):
                for call in calls:
                    try:
                        call()
                    except Exception:
                        continue

    def count() -> list[int]:
        gc.collect()
        return [sys.getallocatedblocks(), allocated_bytes(), *map(sys.getrefcount, held)]

    call_all(500)
    before = count()
    call_all(CALLS)
    growth = [after - one for after, one in zip(count(), before, strict=True)]
    blocks, size, *counts = growth
    if max(counts) > CALLS // 100:
        which = held[counts.index(max(counts))]
        raise Mismatch(f"{CALLS:,} calls keep {max(counts)} references to {which!r}")
    if blocks > CALLS // 100:
        raise Mismatch(f"{CALLS:,} calls keep {blocks} blocks of Python's memory")
    if size > 8 * CALLS:
        raise Mismatch(f"{CALLS:,} calls keep {size} bytes of memory")


def long_cases(subject: Subject) -> Iterator[Case]:
    for loop in subject.loops:
        sizes = dict.fromkeys(subject.signature.names, 40)
        yield Case(loop, (20_000,) if subject.is_elementwise else (400,), sizes, seed=1)


@check(f"{THREADS} threads of Python at once, each with its own operands", long_cases)
def threads(subject: Subject, case: Case) -> None:
    inputs = [subject.inputs(Case(case.loop, case.outer, case.sizes, case.seed + i)) for i in range(THREADS)]
    expected = [subject.expected(case, each) for each in inputs]

    def call(i: int) -> None:
        for _ in range(5):
            with np.errstate(all="ignore"):
                actual = outcome_of(subject.func, *inputs[i])
            subject.must_agree(actual, expected[i], f"in thread {i} of {THREADS}")

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(call, i) for i in range(THREADS)]:
            done.result()


def is_ours(subject: Subject) -> bool:
    return getattr(numpy_ext, subject.name, None) is subject.func or bool(
        isinstance(subject.func, np.ufunc) and _ufuncs.parameters_of(subject.func)
    )


def very_long_cases(subject: Subject) -> Iterator[Case]:
    for loop in subject.loops:
        if subject.is_elementwise:
            yield Case(loop, (200_000,), seed=1)
            continue
        yield Case(loop, (1,), dict.fromkeys(subject.signature.names, 140_000), seed=1)
        yield Case(loop, (3_000,), dict.fromkeys(subject.signature.names, 50), seed=1)


@check("numpy_ext.num_threads: the same on any number of threads", very_long_cases, is_ours)
def own_threads(subject: Subject, case: Case) -> None:
    inputs = subject.inputs(case)
    with numpy_ext.num_threads(1):
        expected = subject.call(*inputs)
    for n in (2, 3):
        with numpy_ext.num_threads(n):
            subject.must_agree(subject.call(*inputs), expected, f"on {n} threads")
