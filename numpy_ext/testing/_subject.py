"""The function under test: its loops, how it is called, and whether two calls came to the same."""

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ._calls import NUMBERS, Case, Domain, Signature, bounds_of, values_of


class Mismatch(AssertionError):
    """What a check found, and where it ran several calls, the one that failed."""

    def __init__(self, message: str, case: Case | None = None, is_crash: bool = False) -> None:
        super().__init__(message)
        self.case = case
        self.is_crash = is_crash


@dataclass(frozen=True)
class Outcome:
    """What a call came to: its results or its error, and the floating-point flags it raised."""

    results: tuple[np.ndarray, ...] = ()
    error: Exception | None = None
    flags: frozenset[str] = frozenset()


def outcome_of(func: Callable[..., Any], *inputs: Any, **keywords: Any) -> Outcome:
    try:
        results = func(*inputs, **keywords)
    except MemoryError:
        raise
    except Exception as error:
        return Outcome(error=error)
    return Outcome(tuple(map(np.asarray, results if isinstance(results, tuple) else (results,))))


class Subject:
    """
    A ufunc under test.

    Parameters
    ----------
    func : callable
        With the attributes of a ufunc: `nin`, `nout`, `signature` and `types`.
    reference : callable or None
        What it must give for one element, or for the core arrays of one.
    dtypes : sequence or None
        Loops such as ``"dd->d"``, or dtypes that all inputs have.
    domain : sequence or None
        Bounds for each input.
    ulps : float
        How many units in the last place a result may be from another that should be the same.
    """

    def __init__(
        self,
        func: Any,
        reference: Callable[..., Any] | None = None,
        dtypes: Any = None,
        domain: Domain | None = None,
        ulps: float = 0,
    ) -> None:
        inner = getattr(func, "ufunc", None)  # Numba's guvectorize wraps one
        self.func = inner if isinstance(inner, np.ufunc) else func
        for name in ("nin", "nout"):
            if not isinstance(getattr(self.func, name, None), int):
                raise TypeError(f"func is {func!r}; it must be a ufunc, with attributes nin, nout and types")
        if domain is not None and len(domain) != self.func.nin:
            raise ValueError(f"domain has {len(domain)} entries; {self.name} has {self.func.nin} inputs")
        self.reference = reference
        self.domain = domain
        self.ulps = ulps
        self.signature = Signature.of(self.func)
        self.loops = self._loops(dtypes)

    @property
    def name(self) -> str:
        return getattr(self.func, "__name__", "func")

    @property
    def path(self) -> str:
        """The name with its module, where that is known."""
        for place in (getattr(self.func, "__module__", None), "numpy", "scipy.special", "numpy_ext"):
            if getattr(sys.modules.get(place or ""), self.name, None) is self.func:
                return f"{place}.{self.name}"
        return self.name

    @property
    def keywords(self) -> str:
        """What `replay` must be given too; what Python cannot read back goes by the name of its parameter."""
        said = ""
        if self.reference is not None:
            name = getattr(self.reference, "__name__", "")
            said += f", reference={name if name.isidentifier() else 'reference'}"
        if self.domain is not None:
            said += f", domain={'domain' if any(map(callable, self.domain)) else repr(self.domain)}"
        return said + (f", ulps={self.ulps!r}" if self.ulps else "")

    @property
    def is_elementwise(self) -> bool:
        return self.signature.is_elementwise

    def _loops(self, dtypes: Any) -> list[str]:
        nin = self.func.nin
        types = list(getattr(self.func, "types", []))
        if dtypes is None:
            loops = [loop for loop in types if all(letter in NUMBERS for letter in loop.replace("->", ""))]
        else:
            loops = []
            for wanted in [dtypes] if isinstance(dtypes, str | type | np.dtype) else dtypes:
                if isinstance(wanted, str) and "->" in wanted:
                    loops.append(wanted)
                    continue
                letters = np.dtype(wanted).char * nin
                found = [loop for loop in types if loop.startswith(letters + "->")]
                loops += found or [letters + "->"]
        if not loops:
            raise ValueError(
                f"{self.name} lists no loop for numbers: name its dtypes, such as dtypes=['dd->d']"
            )
        return loops

    def inputs(self, case: Case) -> list[np.ndarray]:
        """The inputs of a case, C-contiguous."""
        return [
            values_of(case, operand, case.outer + case.core(core), self.domain)
            for operand, core in enumerate(self.signature.inputs)
        ]

    def call(self, *inputs: Any, func: Callable[..., Any] | None = None, **keywords: Any) -> Outcome:
        """Calls, and tells what came of it. Results are as they come, no copies."""
        flags: set[str] = set()
        with warnings.catch_warnings(), np.errstate(all="call", call=lambda kind, _: flags.add(kind)):
            warnings.simplefilter("ignore")
            outcome = outcome_of(func or self.func, *inputs, **keywords)
        return replace(outcome, flags=frozenset(flags))

    def expected(self, case: Case, inputs: Sequence[np.ndarray] | None = None) -> Outcome:
        """Of copies that stand in memory one element after the other."""
        return self.call(*(np.array(values) for values in inputs or self.inputs(case)))

    def must_agree(self, actual: Outcome, expected: Outcome, how: str) -> None:
        """Raises if the two did not come to the same; `how` tells what was special about the first."""
        if type(actual.error) is not type(expected.error):
            came = [repr(one.error) if one.error else "a result" for one in (actual, expected)]
            raise Mismatch(f"{how}: {came[0]}, not {came[1]}")
        if actual.error:
            return
        for i, (got, wanted) in enumerate(zip(actual.results, expected.results, strict=True)):
            different = difference(got, wanted, self.ulps)
            if different:
                which = "the result" if len(actual.results) == 1 else f"output {i}"
                raise Mismatch(f"{how}: {which} {different}")

    def is_allowed(self, value: Any, operand: int, case: Case) -> bool:
        """Whether the domain holds the value."""
        bounds = bounds_of(self.domain, operand, case)
        return bounds is None or bool(bounds[0] <= value <= bounds[1])


# ---- Comparing ----


def difference(actual: np.ndarray, expected: np.ndarray, ulps: float) -> str | None:
    """The first place where two arrays differ by more; one NaN is as good as another."""
    if actual.shape != expected.shape:
        return f"has the shape {actual.shape}, not {expected.shape}"
    if actual.dtype.newbyteorder("=") != expected.dtype.newbyteorder("="):
        return f"has the dtype {actual.dtype}, not {expected.dtype}"
    same = same_numbers(actual, expected)
    if ulps and actual.dtype.kind in "fc":
        with np.errstate(all="ignore"):
            same |= np.abs(actual - expected) <= ulps * np.spacing(np.abs(expected))
    if same.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~same)[0])
    where = f" at {place}" if place else ""
    return f"is {actual[place]!r}{where}, not {expected[place]!r}"


def same_numbers(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    if actual.dtype.kind == "c":
        return same_numbers(actual.real, expected.real) & same_numbers(actual.imag, expected.imag)
    with np.errstate(all="ignore"):
        same = actual == expected
        if actual.dtype.kind == "f":
            same &= np.signbit(actual) == np.signbit(expected)
            same |= np.isnan(actual) & np.isnan(expected)
    return np.asarray(same)
