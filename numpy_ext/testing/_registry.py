"""The list of checks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from ._calls import Case
from ._subject import Subject

Cases = st.SearchStrategy[Case] | Iterable[Case]
Run = Callable[[Subject, Case], None]
R = TypeVar("R", bound=Run)


@dataclass(frozen=True)
class Check:
    """What is checked, the cases it is checked on, and how."""

    name: str
    title: str
    cases: Callable[[Subject], Cases]
    applies: Callable[[Subject], bool]
    run: Run


CHECKS: dict[str, Check] = {}


def anything(_subject: Subject) -> bool:
    return True


def check(
    title: str, cases: Callable[[Subject], Cases], applies: Callable[[Subject], bool] = anything
) -> Callable[[R], R]:
    def register(run: R) -> R:
        CHECKS[run.__name__] = Check(run.__name__, title, cases, applies, run)
        return run

    return register


# ---- What a check may apply to ----


def elementwise(subject: Subject) -> bool:
    return subject.is_elementwise


def ufunc(subject: Subject) -> bool:
    return isinstance(subject.func, np.ufunc)


def generalized(subject: Subject) -> bool:
    return not subject.is_elementwise


def binary_ufunc(subject: Subject) -> bool:
    return ufunc(subject) and elementwise(subject) and subject.func.nin == 2 and subject.func.nout == 1


# ---- Cases ----


def one_case(subject: Subject) -> list[Case]:
    return [Case(subject.loops[0], (3,), dict.fromkeys(subject.signature.names, 3))]
