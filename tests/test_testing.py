"""The conformance kit catches what is broken, passes what is right, and tells what it found."""

import copyreg
import platform
import sys

import made_ufuncs
import numpy as np
import pytest
from made_ufuncs import made

import numpy_ext as nx
from numpy_ext import testing
from numpy_ext.testing import (
    Case,
    Layout,
    Report,
    _guard,
    _many_calls,
    check_names,
    check_ufunc,
    checks,
    replay,
)

pytestmark = [
    pytest.mark.skipif(not made_ufuncs.HAS_COMPILER, reason="there is no C compiler"),
    pytest.mark.skipif(
        nx._ufuncs.cpu_level != nx._ufuncs.cpu_levels[0], reason="nothing here depends on the CPU level"
    ),
]

RIGHT = ["right_sum", "right_total", "right_running_total"]

# Each function that is broken, and the checks that must say so. A crash ends all others.
BROKEN = {
    "ignores_stride_of_input": ["guard"],
    "ignores_stride_of_output": ["guard"],
    "ignores_gaps_of_input": ["strides", "order"],
    "ignores_gaps_of_output": ["out"],
    "ignores_gaps_of_input_beside_another_without": ["strides"],
    "takes_the_strides_of_inputs_for_all": ["guard"],
    "ignores_gaps_of_output_beside_inputs_without": ["out"],
    "ignores_gaps_in_a_series": ["strides", "axes", "axis"],
    "rounds_otherwise_when_contiguous": ["strides", "lengths", "scalars"],
    "rounds_otherwise_when_repeated": ["zero_strides"],
    "reads_past_the_end": ["guard"],
    "reads_before_the_start": ["guard"],
    "writes_past_the_end": ["guard"],
    "reads_the_first_of_none": ["guard"],
    "loads_from_aligned_addresses": ["guard"],
    "moves_its_pointers": ["guard"],
    "never_ends": ["guard"],
    "writes_between_elements": ["out"],
    "writes_to_its_input": ["repeat"],
    "leaves_out_the_last": ["out"],
    "leaves_out_the_total_of_none": ["empty"],
    "reads_four_before_it_stores": ["accumulate"],
    "reverses": ["overlap"],
    "errs_at_the_ninth": ["lengths"],
    "errs_at_the_end_of_a_buffer": ["casting"],
    "saturates_in_one_lane": ["special"],
    "spreads_nan": ["special"],
    "loses_the_sign_of_zero": ["special"],
    "flushes_subnormals": ["special"],
    "divides_in_lanes_thrown_away": ["flags"],
    "takes_roots_thrown_away": ["flags"],
    "compares_nan_aloud": ["flags"],
    "counts_its_calls": ["repeat", "outer", "at"],
    "shares_a_variable": ["threads"],
    "keeps_a_reference": ["references"],
    "keeps_an_object": ["references"],
    "keeps_memory": ["references"],
    "ignores_out": ["out"],
    "returns_a_copy_of_out": ["out"],
    "writes_to_a_copy_of_foreign_out": ["foreign_out"],
    "makes_out_writeable": ["refused_out"],
    "casts_to_anything": ["cast_out"],
    "ignores_where": ["where"],
    "ignores_byte_order": ["byte_order"],
    "refuses_unaligned": ["unaligned"],
    "adds_up_strides": ["wild_strides"],
    "repeats_instead_of_broadcasting": ["broadcasting"],
    "makes_a_dimension_of_none": ["scalars"],
    "mixes_up_orders": ["order"],
    "adds_zero_to_one_input": ["wrong_calls"],
    "takes_the_first_axis_for_the_last": ["axis"],
    "ignores_axes": ["axes"],
    "ignores_keepdims": ["keepdims"],
}
# These need something else to be broken, or right: each has a test below.
OTHERS = ["reference", "pickling", "own_threads"]


def report_of(name, *names, **options):
    """The report of some checks alone."""
    skip = [check for check in check_names() if check not in names]
    return check_ufunc(made(name), raises=False, skip=skip, **options)


def must_fail_again(name, failure, **keywords):
    with pytest.raises(AssertionError):
        replay(made(name), failure.check, failure.case, **keywords)


# ---- What is right ----


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name):
    report = check_ufunc(made(name), skip=["pickling"], max_examples=10)
    assert report.ok


NUMPYS_OWN = {
    "add": {},
    "hypot": {},
    "maximum": {},
    "divmod": {"dtypes": ["dd->dd"]},
    "matmul": {"domain": [(0.5, 2)] * 2, "ulps": 50},
}


@pytest.mark.parametrize("name", NUMPYS_OWN)
def test_numpys_own_ufuncs_pass(name):
    options = {"dtypes": ["dd->d"], "max_examples": 8} | NUMPYS_OWN[name]
    assert check_ufunc(getattr(np, name), **options).ok


@pytest.mark.parametrize("name", ["erf", "expit", "gamma"])
def test_scipys_ufuncs_pass_but_for_masks(name):
    special = pytest.importorskip("scipy.special")
    options = {"dtypes": ["d->d"], "max_examples": 8}
    assert check_ufunc(getattr(special, name), skip=["guard", "where"], **options).ok


@pytest.mark.parametrize(
    ("name", "loop"), [("anp", "d->d"), ("epj", "dd->d"), ("pdp", "dd->d"), ("rxp", "dd->d")]
)
def test_pyerfas_ufuncs_pass(name, loop):
    erfa = pytest.importorskip("erfa")
    assert check_ufunc(getattr(erfa.ufunc, name), dtypes=[loop], max_examples=8).ok


# ---- What is broken ----


def can_be_seen(name):
    """Whether this system shows what the function does."""
    if name == "keeps_memory":
        return _many_calls.allocated_bytes() > 0
    if name == "keeps_a_reference":
        return sys.getrefcount(np.dtype(float)) < 2**30  # NumPy 2.5 counts none for its own dtypes
    if name == "loads_from_aligned_addresses" and platform.machine() not in ("x86_64", "AMD64"):
        return False
    return "guard" not in BROKEN[name] or _guard.can_guard(None)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_caught(name, monkeypatch):
    if not can_be_seen(name):
        pytest.skip("it cannot be seen on this system")
    monkeypatch.setattr(_guard, "SECONDS", 2)
    report = report_of(name, *BROKEN[name])
    assert sorted(failure.check for failure in report.failures) == sorted(BROKEN[name])
    for failure in report.failures:
        assert failure.is_crash == (failure.check == "guard")
        must_fail_again(name, failure)


def test_every_check_can_fail():
    assert {*sum(BROKEN.values(), OTHERS)} == {*check_names()}


def test_a_crash_ends_the_checks():
    report = check_ufunc(made("writes_past_the_end"), raises=False)
    assert [failure.check for failure in report.failures] == ["guard"]
    assert {result.outcome for result in report.results[1:]} == {"not run"}


@pytest.mark.parametrize("check", ["reference", "lengths"])
def test_the_smallest_call_that_fails_is_told(check):
    (failure,) = report_of("errs_at_the_ninth", check, reference=np.add).failures
    assert np.prod(failure.case.outer) == 9
    assert failure.case == Case("dd->d", failure.case.outer)
    must_fail_again("errs_at_the_ninth", failure, reference=np.add)


def test_the_reference_is_the_judge_of_flags():
    name = "always_compares_nan_aloud"
    assert report_of(name, "flags").ok
    (failure,) = report_of(name, "flags", reference=lambda x: np.float64(np.greater(x, 0))).failures
    assert failure.case.outer == (1,)


def test_a_function_made_at_run_time_does_not_pickle():
    (failure,) = report_of("right_sum", "pickling").failures
    must_fail_again("right_sum", failure)


def another_function():
    return np.negative


def test_a_copy_that_is_another_function_is_caught(monkeypatch):
    monkeypatch.setitem(copyreg.dispatch_table, np.ufunc, lambda _: (another_function, ()))
    report = check_ufunc(np.sqrt, skip=set(check_names()) - {"pickling"}, raises=False)
    assert [failure.message for failure in report.failures] == ["pickle gives another function"]


def test_a_function_of_ours_that_depends_on_the_number_of_threads_is_caught(monkeypatch):
    name = "depends_on_the_number_of_threads"
    assert report_of(name, "own_threads").ok  # it does not apply
    monkeypatch.setattr(nx, name, made(name), raising=False)
    (failure,) = report_of(name, "own_threads").failures
    must_fail_again(name, failure)


# ---- What is told ----

ERRORS = {
    "no ufunc": (TypeError, "must be a ufunc", lambda: check_ufunc(len)),
    "the name of one": (TypeError, "must be a ufunc", lambda: checks("add")),
    "unknown check": (
        ValueError,
        "skip names .'speed'.; the checks are",
        lambda: check_ufunc(np.add, skip=["speed"]),
    ),
    "unknown check to replay": (
        ValueError,
        "names .'speed'.",
        lambda: replay(np.add, "speed", Case("dd->d")),
    ),
    "too short a domain": (
        ValueError,
        "1 entries; add has 2 inputs",
        lambda: check_ufunc(np.add, domain=[None]),
    ),
    "no loop for numbers": (ValueError, "isnat lists no loop", lambda: check_ufunc(np.isnat)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_arguments_are_errors(name):
    error, message, call = ERRORS[name]
    with pytest.raises(error, match=message):
        call()


def test_a_failure_raises_unless_told_otherwise():
    skip = set(check_names()) - {"where"}
    with pytest.raises(AssertionError, match="where=") as raised:
        check_ufunc(made("ignores_where"), skip=skip)
    report = check_ufunc(made("ignores_where"), skip=skip, raises=False)
    assert str(report) == str(raised.value)


def test_a_report_is_a_table_of_all_checks():
    report = report_of("ignores_where", "where", "repeat", "axis")
    assert isinstance(report, Report)
    assert not report.ok
    assert [result.check for result in report.results] == check_names()
    outcomes = {result.check: result.outcome for result in report.results}
    told = [outcomes[name] for name in ("where", "repeat", "axis", "strides")]
    assert told == ["failed", "passed", "does not apply", "skipped"]
    text = str(report)
    assert text.startswith(f"ignores_where: {report.tried} cases, 1 loops, 1 failed\n")
    assert all(f"\n  {result.check} " in text and result.title in text for result in report.results)
    (failure,) = report.failures
    assert text.endswith(f"\n\n{failure}")
    assert str(failure) == f"where: {failure.message}\n  {failure.call}\n  {failure.replay}"
    assert "[1.]" in failure.call or "1. float64" in failure.call


def mean(x, y):
    return (x + y) / 2


@pytest.mark.parametrize(
    ("name", "check", "options"),
    [
        ("ignores_gaps_of_input", "strides", {}),
        ("ignores_gaps_of_input", "strides", {"domain": [(0, 1), None], "ulps": 2}),
        ("right_sum", "reference", {"reference": mean}),
        ("reverses", "overlap", {}),
        ("takes_roots_thrown_away", "flags", {}),
    ],
)
def test_the_line_that_is_printed_fails_again(name, check, options):
    (failure,) = report_of(name, check, **options).failures
    with pytest.raises(AssertionError):
        eval(failure.replay, {**vars(testing), name: made(name), "mean": mean})


def test_what_cannot_be_printed_goes_by_the_name_of_its_parameter():
    options = {"reference": lambda x, y: x - y, "domain": [lambda _: (1, 2), None]}
    (failure,) = report_of("right_sum", "reference", **options).failures
    assert failure.replay == (
        "replay(right_sum, 'reference', Case(loop='dd->d'), reference=reference, domain=domain)"
    )
    with pytest.raises(AssertionError):
        eval(failure.replay, {**vars(testing), **options, "right_sum": made("right_sum")})


def test_the_same_seed_gives_the_same_report():
    once, again = (report_of("ignores_gaps_of_input", "strides", "order", seed=5) for _ in range(2))
    assert str(once) == str(again)


def test_one_loop_may_be_named_without_a_list():
    skip = set(check_names()) - {"repeat"}
    for one in ("dd->d", np.float64, np.dtype(float)):
        assert check_ufunc(np.add, dtypes=one, skip=skip).loops == ["dd->d"]


def test_replay_of_what_is_right_is_silent():
    replay(np.add, "strides", Case("dd->d", (3,), layouts=(Layout(steps=(-2,)),)))


def test_checks_are_tests_of_their_names():
    found = checks(made("ignores_where"), skip=["guard"], max_examples=5)
    names = [check.__name__ for check in found]
    assert names == [name for name in check_names() if name in names]
    assert {"guard", "axis", "outer"}.isdisjoint(names)
    by_name = dict(zip(names, found, strict=True))
    by_name["repeat"]()
    with pytest.raises(AssertionError, match=r"where=.*\n.*\n  replay\(ignores_where, 'where', "):
        by_name["where"]()


@pytest.mark.parametrize("check", checks(np.sqrt, dtypes=[float], max_examples=2, skip=["references"]))
def test_pytest_shows_the_names_of_checks(check, request):
    assert request.node.callspec.id == check.__name__
    check()


def test_bounds_that_leave_no_value_are_left_out():
    assert report_of(
        "right_total", "guard", "repeat", domain=[lambda sizes: (5, sizes["n"])], max_examples=10
    ).ok
