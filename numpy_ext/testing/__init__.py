"""The conformance kit: checks any ufunc or gufunc in every way in which one goes wrong."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

try:
    import hypothesis
except ImportError as _error:
    raise ImportError("numpy_ext.testing needs hypothesis: pip install 'numpy-ext-ufuncs[test]'") from _error

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.strategies import SearchStrategy

# Each adds its checks to the list. What _guard finds may be a crash, of a child alone: it stands first.
from . import _guard, _checks, _many_calls  # isort: skip  # noqa: F401
from ._calls import Case, Domain, Layout, Unsuitable
from ._registry import CHECKS, Check
from ._report import Failure, Report, Result, written_out
from ._subject import Mismatch, Subject

__all__ = ["Case", "Failure", "Layout", "Report", "Result", "check_names", "check_ufunc", "checks", "replay"]


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]


def check_names() -> list[str]:
    """
    List the names of all checks, as `check_ufunc` takes them for `skip`.

    Returns
    -------
    list of str
        In the order in which they run.

    Examples
    --------
    >>> from numpy_ext.testing import check_names
    >>> "overlap" in check_names()
    True
    """
    return list(CHECKS)


def check_ufunc(
    func: Any,
    reference: Callable[..., Any] | None = None,
    *,
    dtypes: Any = None,
    domain: Domain | None = None,
    ulps: float = 0,
    seed: int = 0,
    max_examples: int = 50,
    skip: Iterable[str] = (),
    raises: bool = True,
) -> Report:
    """
    Check a ufunc or gufunc in every way in which one goes wrong.

    Parameters
    ----------
    func : ufunc
        From NumPy, SciPy, Numba, any other library, or your own.
    reference : callable, optional
        What is right: called with the NumPy scalars of one element or, for a gufunc, with the core arrays of
        one. Without it the function is held against itself, called with contiguous copies.
    dtypes : sequence, optional
        The loops to check: ``"dd->d"``, or a dtype that all inputs have; one or several. All for numbers that
        ``func.types`` lists, if it is left out.
    domain : sequence, optional
        For each input the bounds ``(low, high)`` of its values, a function that gives them when called with
        the sizes of the core dimensions (a dict by name), or None for any value.
    ulps : float, optional
        How many units in the last place a result may be from the reference's, or from its own in another
        layout. 0 asks for the same number and sign; one NaN is as good as another.
    seed : int, optional
        Of the cases drawn at random.
    max_examples : int, optional
        How many cases are drawn for each check that draws.
    skip : iterable of str, optional
        The names of checks to leave out, see `check_names`.
    raises : bool, optional
        Whether a failure raises.

    Returns
    -------
    Report
        With `ok`, `failures` and `results`; prints as a table.

    Raises
    ------
    AssertionError
        A check failed, and `raises` is true. The message is the report.
    TypeError
        `func` has not the attributes of a ufunc.
    ValueError
        `func` has no loop for numbers, `domain` not one entry for each input, or `skip` names no check.

    See Also
    --------
    checks : The same, as one test each for pytest.
    replay : Run one check on one case again.

    Notes
    -----
    The first check calls the function in a child process, beside pages of memory that must not be touched.
    If that process crashes, no other check is run, since it could take this one along.

    Cases are drawn by Hypothesis, which makes a case that fails as small as it can. The line that is printed
    with it replays it.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext.testing import check_ufunc
    >>> report = check_ufunc(np.add, dtypes=["dd->d"], max_examples=10)
    >>> report.ok
    True
    """
    subject = Subject(func, reference, dtypes, domain, ulps)
    left_out = checked_names(skip)
    results: list[Result] = []
    for check in CHECKS.values():
        if check.name in left_out:
            results.append(Result(check.name, check.title, "skipped"))
        elif any(result.failure and result.failure.is_crash for result in results):
            results.append(Result(check.name, check.title, "not run"))
        else:
            results.append(run_check(subject, check, seed, max_examples))
    report = Report(subject.path, subject.loops, results)
    if raises and not report.ok:
        raise AssertionError(str(report))
    return report


def checked_names(skip: Iterable[str]) -> set[str]:
    names = {skip} if isinstance(skip, str) else set(skip)
    unknown = names - set(CHECKS)
    if unknown:
        raise ValueError(f"skip names {sorted(unknown)}; the checks are {', '.join(CHECKS)}")
    return names


def run_check(subject: Subject, check: Check, seed: int, max_examples: int) -> Result:
    if not check.applies(subject):
        return Result(check.name, check.title, "does not apply")
    began, tried = time.perf_counter(), 0
    failed: tuple[Case, Mismatch] | None = None

    def run(case: Case) -> None:
        nonlocal tried, failed
        tried += 1
        try:
            check.run(subject, case)
        except Unsuitable:
            pass
        except Mismatch as mismatch:
            failed = mismatch.case or case, mismatch
            raise

    cases = check.cases(subject)
    try:
        if isinstance(cases, SearchStrategy):
            draw_cases(run, cases, seed, max_examples)
        else:
            for case in cases:
                run(case)
    except (Mismatch, hypothesis.errors.Flaky):  # flaky: a race, which does not come each time
        pass
    seconds = time.perf_counter() - began
    if failed is None:
        return Result(check.name, check.title, "passed", tried, seconds)
    case, mismatch = failed
    call = written_out(subject, case)
    failure = Failure(
        check.name, str(mismatch), case, call, subject.path, mismatch.is_crash, subject.keywords
    )
    return Result(check.name, check.title, "failed", tried, seconds, failure)


def draw_cases(
    run: Callable[[Case], None], cases: SearchStrategy[Case], seed: int, max_examples: int
) -> None:
    """Runs cases, and of those that fail the smallest found last."""
    options = settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    hypothesis.seed(seed)(options(given(cases)(run)))()


@dataclass(frozen=True)
class OneCheck:
    """One check of a function, to be called; pytest takes its name for the name of the test."""

    subject: Subject
    check: Check
    seed: int
    max_examples: int

    @property
    def __name__(self) -> str:
        return self.check.name

    def __call__(self) -> None:
        result = run_check(self.subject, self.check, self.seed, self.max_examples)
        if result.failure:
            raise AssertionError(str(result.failure))


def checks(
    func: Any,
    reference: Callable[..., Any] | None = None,
    *,
    dtypes: Any = None,
    domain: Domain | None = None,
    ulps: float = 0,
    seed: int = 0,
    max_examples: int = 50,
    skip: Iterable[str] = (),
) -> list[OneCheck]:
    """
    Give the checks that apply to a function one by one, as tests.

    Parameters
    ----------
    func : ufunc
        From NumPy, SciPy, Numba, any other library, or your own.
    reference : callable, optional
        What is right. This and all that follow are as in `check_ufunc`.
    dtypes : sequence, optional
        The loops to check.
    domain : sequence, optional
        The bounds of each input.
    ulps : float, optional
        How far a result may be from what is right.
    seed : int, optional
        Of the cases drawn at random.
    max_examples : int, optional
        How many cases are drawn for each check that draws.
    skip : iterable of str, optional
        The names of checks to leave out.

    Returns
    -------
    list of callables
        Each runs one check and raises AssertionError if it fails. Their `__name__` is that of the check.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext.testing import checks
    >>> for check in checks(np.hypot, dtypes=["dd->d"], max_examples=5):
    ...     check()

    With pytest, each becomes a test of its own::

        @pytest.mark.parametrize("check", checks(np.hypot))
        def test_hypot(check):
            check()
    """
    subject = Subject(func, reference, dtypes, domain, ulps)
    left_out = checked_names(skip)
    return [
        OneCheck(subject, check, seed, max_examples)
        for check in CHECKS.values()
        if check.name not in left_out and check.applies(subject)
    ]


def replay(
    func: Any,
    check: str,
    case: Case,
    reference: Callable[..., Any] | None = None,
    *,
    domain: Domain | None = None,
    ulps: float = 0,
) -> None:
    """
    Run one check on one case again, as a failure prints it.

    Parameters
    ----------
    func : ufunc
        What was checked.
    check : str
        The name of the check.
    case : Case
        The call.
    reference : callable, optional
        What is right. This and all that follow are as they were given to `check_ufunc`.
    domain : sequence, optional
        The bounds of each input.
    ulps : float, optional
        How far a result may be from what is right.

    Raises
    ------
    AssertionError
        It fails again.
    ValueError
        There is no check of this name.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy_ext.testing import Case, Layout, replay
    >>> replay(np.add, "strides", Case(loop="dd->d", outer=(2,), layouts=(Layout(steps=(-1,)),)))
    """
    checked_names([check])
    with suppress(Unsuitable):
        CHECKS[check].run(Subject(func, reference, [case.loop], domain, ulps), case)
