"""What check_ufunc found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._calls import Case
from ._subject import Subject

MOST_SHOWN = 8


@dataclass(frozen=True)
class Failure:
    """
    A check that failed.

    Parameters
    ----------
    check : str
        Its name.
    message : str
        What was wrong.
    case : Case
        The smallest call found that fails.
    call : str
        The same, for reading: the operands with their values.
    function : str
        The function that was checked.
    is_crash : bool, optional
        Whether it ended a process.
    keywords : str, optional
        What else its replay is called with.
    """

    check: str
    message: str
    case: Case
    call: str
    function: str
    is_crash: bool = False
    keywords: str = ""

    @property
    def replay(self) -> str:
        """The line of Python that makes the check fail again."""
        return f"replay({self.function}, {self.check!r}, {self.case!r}{self.keywords})"

    def __str__(self) -> str:
        return f"{self.check}: {self.message}\n  {self.call}\n  {self.replay}"


@dataclass(frozen=True)
class Result:
    """
    What came of one check.

    Parameters
    ----------
    check : str
        Its name.
    title : str
        What it checks.
    outcome : str
        ``"passed"``, ``"failed"``, ``"skipped"`` on demand, ``"does not apply"``, or ``"not run"``
        after a crash.
    tried : int, optional
        How many cases were run.
    seconds : float, optional
        How long that took.
    failure : Failure, optional
        What went wrong, if something did.
    """

    check: str
    title: str
    outcome: str
    tried: int = 0
    seconds: float = 0.0
    failure: Failure | None = None


@dataclass(frozen=True)
class Report:
    """
    What `check_ufunc` found; prints as a table.

    Parameters
    ----------
    function : str
        The function that was checked.
    loops : sequence of str
        Its loops that were.
    results : sequence of Result
        One for each check.
    """

    function: str
    loops: Sequence[str]
    results: Sequence[Result]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    @property
    def failures(self) -> list[Failure]:
        """Those of the checks that failed."""
        return [result.failure for result in self.results if result.failure]

    @property
    def tried(self) -> int:
        """How many cases were run."""
        return sum(result.tried for result in self.results)

    def __str__(self) -> str:
        rows = [
            f"  {result.check:<14} {result.outcome:<15} {result.tried or '':>6}  {result.title}"
            for result in self.results
        ]
        head = f"{self.function}: {self.tried} cases, {len(self.loops)} loops, {len(self.failures)} failed"
        return "\n".join([head, *rows, *(f"\n{failure}" for failure in self.failures)])

    __repr__ = __str__


def written_out(subject: Subject, case: Case) -> str:
    """The call of a case with its values, for reading."""
    try:
        inputs = subject.inputs(case)
    except Exception:
        return f"{subject.name}(...)"
    shown: list[Any] = []
    for i, values in enumerate(inputs):
        with np.printoptions(threshold=MOST_SHOWN, edgeitems=3, linewidth=10_000):
            text = " ".join(np.array2string(values, separator=", ").split())
        layout = "" if case.layout(i).step(0) == 1 and not case.layout(i).order else f" {case.layout(i)!r}"
        shown.append(f"{text} {values.dtype}{layout}")
    return f"{subject.name}({'; '.join(shown)})"
