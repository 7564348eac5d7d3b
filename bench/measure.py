"""Checking and timing one case."""

import statistics
import time
import timeit
from typing import Any

import numpy as np

from .cases.case import OURS, Case


def deviation(actual: Any, expected: Any) -> float:
    """How many units in the last place the results are apart at most; infinite for another shape or a NaN."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        return np.inf
    if actual.tobytes() == expected.tobytes():
        return 0.0
    if actual.dtype.names or expected.dtype.names:
        return np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.abs(actual - expected) / np.spacing(np.abs(expected))
    apart = np.where(np.isnan(actual) & np.isnan(expected), 0, apart)
    return float(np.max(np.where(np.isnan(apart), np.inf, apart)))


def check(case: Case) -> dict[str, float]:
    """The deviation of every peer."""
    expected, found = case.expected(), {}
    for name, call in case.peers.items():
        case.reset()
        found[name] = deviation(case.values(call()), expected)
    return found


def measure(case: Case, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds a call, one figure for every round, of each peer."""
    repeats = {}
    for name, call in case.peers.items():
        began = time.perf_counter()
        call()
        repeats[name] = max(1, int(seconds / max(time.perf_counter() - began, 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in case.peers}
    for _ in range(rounds):
        for name, call in case.peers.items():
            began = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.perf_counter() - began) / repeats[name])
    return times


def compare(family: str, case: Case, rounds: int, seconds: float) -> dict[str, Any]:
    """What `--json` keeps of a case: see README.md."""
    deviations = check(case)
    times = measure(case, rounds, seconds)
    nanoseconds = 1e9 / case.elements

    def row(name: str) -> dict[str, Any]:
        return {
            "time": min(times[name]) * nanoseconds,
            "median": statistics.median(times[name]) * nanoseconds,
            "right": bool(deviations[name] <= case.ulps),
            "ulps": deviations[name] if np.isfinite(deviations[name]) else None,
        }

    ours = row(OURS)
    mistakes = [name for name in case.peers if not deviations[name] <= case.ulps and name not in case.differ]
    result = {
        "family": family,
        "name": case.name,
        "n": case.elements,
        "unit": "ns/element",
        "ours": ours["time"],
        "ours median": ours["median"],
        "mistakes": mistakes,
        "peers": {name: row(name) for name in case.peers if name != OURS},
    }
    if case.copy:
        copying = min(timeit.repeat(case.copy, number=1, repeat=rounds))
        result["share of copy bandwidth"] = copying / min(times[OURS])
    return result
