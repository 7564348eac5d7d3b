"""Operands whose memory ends, or begins, where a page begins that must not be touched."""

import ctypes
import faulthandler
import mmap
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from ._calls import Case, Layout, Place, Unsuitable
from ._registry import check
from ._subject import Mismatch, Subject

ROOM = 1 << 17
SECONDS = 60
PYTHON_ERROR = 70
FORWARDS, APART, BACKWARDS = Layout(), Layout(steps=(2, 2, 2)), Layout(steps=(-1, -1, -1))

Call = tuple[list[Layout], bool, bool]


def calls_of(subject: Subject) -> list[Call]:
    """The layouts, whether the operands end at the page or begin there, whether where= leaves some out."""
    operands = range(len(subject.signature.operands))
    layouts = [[FORWARDS for _ in operands], [APART for _ in operands]]
    # Each backwards in its turn beside others forwards: NumPy would turn them round if all were backwards.
    layouts += [[BACKWARDS if i == one else FORWARDS for i in operands] for one in operands]
    return list(product(layouts, (False, True), (False, True) if subject.is_elementwise else (False,)))


def can_guard(_subject: Subject) -> bool:
    return hasattr(os, "fork") and sys.platform != "darwin" and hasattr(ctypes.CDLL(None), "mprotect")


def guard_cases(subject: Subject) -> Iterator[Case]:
    for loop in subject.loops:
        yield Case(loop)


def lengths(subject: Subject, case: Case) -> Iterator[Case]:
    """From the shortest on."""
    names = subject.signature.names
    for n in range(67):
        yield replace(case, outer=(n,), sizes=dict.fromkeys(names, 3))
        if names:
            yield replace(case, outer=(2,), sizes=dict.fromkeys(names, n))


class GuardedRoom:
    """Memory between two pages that must not be touched."""

    def __init__(self) -> None:
        page = mmap.PAGESIZE
        self.room = mmap.mmap(-1, ROOM + 2 * page)
        self.bytes = np.frombuffer(self.room, np.uint8)[page : page + ROOM]
        protect = ctypes.CDLL(None).mprotect
        for start in (self.bytes.ctypes.data - page, self.bytes.ctypes.data + ROOM):
            if protect(ctypes.c_void_p(start), ctypes.c_size_t(page), 0) != 0:
                raise OSError("mprotect failed")

    def place(self, values: np.ndarray, layout: Layout, at_end: bool) -> np.ndarray | None:
        """The values flush with one of the pages; None if there is no room."""
        place = Place.of(values.shape, values.dtype, layout)
        if place.end - place.lowest > ROOM:
            return None
        first = ROOM - place.end if at_end else -place.lowest
        array = np.ndarray(values.shape, values.dtype, self.bytes, first, place.strides)
        array[...] = values
        return array


def run_all(subject: Subject, cases: list[Case], progress: mmap.mmap) -> None:
    """What the child does: tells before each call which it is."""

    def begin(number: int, call: int) -> None:
        progress[:] = number.to_bytes(4, "little") + call.to_bytes(4, "little")

    nin, calls = subject.func.nin, calls_of(subject)
    rooms = [GuardedRoom() for _ in subject.signature.operands]
    for number, case in enumerate(cases):
        try:
            inputs = subject.inputs(case)
        except Unsuitable:
            continue
        begin(number, len(calls))
        operands = *inputs, *subject.expected(case, inputs).results
        for call, (layouts, at_end, masked) in enumerate(calls):
            arrays = [
                room.place(values, layout, at_end)
                for room, values, layout in zip(rooms, operands, layouts, strict=False)
            ]
            if any(array is None for array in arrays):
                continue
            begin(number, call)
            keywords: dict[str, Any] = {"where": np.arange(case.outer[0]) % 4 < 2} if masked else {}
            subject.call(*arrays[:nin], out=tuple(arrays[nin:]) or None, **keywords)


def told(call: Call | None) -> str:
    if call is None:
        return "in ordinary memory"
    layouts, at_end, masked = call
    page = f"the guarded page {'after the last' if at_end else 'before the first'} element"
    steps = ", ".join(str(layout.step(0)) for layout in layouts)
    return f"{page}, steps {steps}{', under a mask' if masked else ''}"


def wait_for(child: int, progress: mmap.mmap) -> int | None:
    """The status that the child ends with; None if one call takes too long."""
    last, ends = b"", 0.0
    while last != progress[:] or time.monotonic() < ends:
        if last != progress[:]:
            last, ends = progress[:], time.monotonic() + SECONDS
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@check(
    "no byte before the first element or after the last is touched, at every length", guard_cases, can_guard
)
def guard(subject: Subject, case: Case) -> None:
    cases = [case] if case.variant else [replace(each, variant=1) for each in lengths(subject, case)]
    progress = mmap.mmap(-1, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # threads of other libraries do not matter: the child starts none
        child = os.fork()
    if child == 0:
        ended = PYTHON_ERROR
        try:
            faulthandler.disable()
            run_all(subject, cases, progress)
            ended = 0
        finally:
            os._exit(ended)
    status = wait_for(child, progress)
    if status == 0:
        return
    number, call = np.frombuffer(progress, "<i4").tolist()
    what = told(dict(enumerate(calls_of(subject))).get(call))
    if status is None:
        raise Mismatch(f"{what}: no end within {SECONDS} s", cases[number], is_crash=True)
    code = os.waitstatus_to_exitcode(status)
    if code == PYTHON_ERROR:
        raise RuntimeError(f"the child of the guard check failed at {cases[number]}")
    how = signal.Signals(-code).name if code < 0 else f"exit status {code}"  # a sanitizer exits by itself
    raise Mismatch(f"{what}: ended by {how}", cases[number], is_crash=True)
