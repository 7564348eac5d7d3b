"""What type checkers say of every call; test_types.py runs the same lines and compares what NumPy gives."""

from typing import Any, Literal, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import numpy_ext as nx

Series64: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]
Series32: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]

# Arrays whose rank no type checker knows, of two rows or one.
half: NDArray[np.float16] = np.ones((2, 3), np.float16)
single: NDArray[np.float32] = np.ones((2, 3), np.float32)
double: NDArray[np.float64] = np.ones((2, 3))
double_row: NDArray[np.float64] = np.ones(3)
longest: NDArray[np.longdouble] = np.ones((2, 3), np.longdouble)
small: NDArray[np.int8] = np.ones((2, 3), np.int8)
whole: NDArray[np.int64] = np.ones((2, 3), np.int64)
unsigned: NDArray[np.uint64] = np.ones(3, np.uint64)
true: NDArray[np.bool_] = np.ones((2, 3), np.bool_)
complex64: NDArray[np.complex64] = np.ones((2, 3), np.complex64)
complex128: NDArray[np.complex128] = np.ones((2, 3), np.complex128)
records: NDArray[np.void] = np.ones(3, dtype=[("x", "f8"), ("y", "f4")])
record: np.void = records[0]

# Arrays of known rank.
series: Series64 = np.ones(3)
series32: Series32 = np.ones(3, np.float32)
series16: np.ndarray[tuple[int], np.dtype[np.float16]] = np.ones(3, np.float16)
counts: np.ndarray[tuple[int], np.dtype[np.int64]] = np.ones(3, np.int64)
waves: np.ndarray[tuple[int], np.dtype[np.complex64]] = np.ones(3, np.complex64)
table: np.ndarray[tuple[int, int], np.dtype[np.float64]] = np.ones((2, 3))
table32: np.ndarray[tuple[int, int], np.dtype[np.float32]] = np.ones((2, 3), np.float32)

# axpy: the common dtype
assert_type(nx.axpy(2, 3, 4), np.int_)
assert_type(nx.axpy(2.0, 3, 4), np.float64)
assert_type(nx.axpy(np.float64(2), 3, 4.0), np.float64)
assert_type(nx.axpy(np.float32(2), 3, 4.0), np.float32)
assert_type(nx.axpy(2.0, single, single), NDArray[np.float32])
assert_type(nx.axpy(2, half, 1.0), NDArray[np.float16])
assert_type(nx.axpy(2.0, longest, longest), NDArray[np.longdouble])
assert_type(nx.axpy(double, double, double), NDArray[np.float64])
assert_type(nx.axpy(2, small, small), NDArray[np.int8])
assert_type(nx.axpy(2, [1, 2, 3], 4), NDArray[np.int_])
assert_type(nx.axpy(2.0, [1, 2, 3], 4), NDArray[np.float64])
assert_type(nx.axpy(2.0, [1.0, 2.0, 3.0], 4), NDArray[np.float64])
assert_type(nx.axpy(0.5, small, true), NDArray[np.float64])
assert_type(nx.axpy(2.0, complex64, 1), NDArray[np.complex64])
assert_type(nx.axpy(2j, complex128, complex128), NDArray[np.complex128])
assert_type(nx.axpy(0.5, records, records), NDArray[np.void])
assert_type(nx.axpy(single, double, small), Any)
assert_type(nx.axpy(np.float64(2), single, single), Any)
assert_type(nx.axpy(2, small, small, dtype=np.float32), Any)
assert_type(nx.axpy(2.0, double, double, where=True), NDArray[np.float64])
assert_type(nx.axpy(2.0, double, double, out=table), np.ndarray[tuple[int, int], np.dtype[np.float64]])
assert_type(nx.axpy(2.0, double, double, double), NDArray[np.float64])
assert_type(nx.axpy(2.0, half, 1.0, out=(double,), casting="same_kind"), NDArray[np.float64])

# safe_divide and divide_or: integers give float64
assert_type(nx.safe_divide(1, 2), np.float64)
assert_type(nx.safe_divide(True, 2.0), np.float64)
assert_type(nx.safe_divide(np.float16(1), 2), np.float16)
assert_type(nx.safe_divide(np.complex64(1), 2), np.complex64)
assert_type(nx.safe_divide(small, small), NDArray[np.float64])
assert_type(nx.safe_divide(small, double), NDArray[np.float64])
assert_type(nx.safe_divide([1, 2], [3.0, 0.0]), NDArray[np.float64])
assert_type(nx.safe_divide(single, 2), NDArray[np.float32])
assert_type(nx.safe_divide(single, single), NDArray[np.float32])
assert_type(nx.safe_divide(complex64, 2.0), NDArray[np.complex64])
assert_type(nx.safe_divide(single, double), Any)
assert_type(nx.safe_divide(single, [1.0, 2.0, 3.0]), Any)
assert_type(nx.safe_divide(double, double, out=double), NDArray[np.float64])
assert_type(nx.safe_divide.reduce(series32, axis=None), np.float32)
assert_type(nx.safe_divide.reduce(single), Any)
assert_type(nx.safe_divide.accumulate(single), NDArray[np.float32])
assert_type(nx.safe_divide.outer(double, double), NDArray[np.float64])
assert_type(nx.divide_or(1, 2, 0), np.float64)
assert_type(nx.divide_or(np.float32(1), 2, 0.0), np.float32)
assert_type(nx.divide_or(single, single, 0.0), NDArray[np.float32])
assert_type(nx.divide_or(small, 2, 0), NDArray[np.float64])
assert_type(nx.divide_or(complex64, 2, 0.0), NDArray[np.complex64])
assert_type(nx.divide_or(single, double, 0), Any)
assert_type(nx.divide_or(single, 1, 0, out=double), NDArray[np.float64])

# rolling_score and its kin: shapes stay
assert_type(nx.rolling_score(series32), Series32)
assert_type(nx.rolling_score(counts), Series64)
assert_type(nx.rolling_score(single, axis=0), NDArray[np.float32])
assert_type(nx.rolling_score(small), NDArray[np.float64])
assert_type(nx.rolling_score(true), NDArray[np.float64])
assert_type(nx.rolling_score([1, 2]), NDArray[np.float64])
assert_type(nx.rolling_score(series32, dtype=np.float64), Any)
assert_type(nx.rolling_score(single, out=double), NDArray[np.float64])
assert_type(nx.rolling_score_resume(series32, 0.9, 0.5, 0.0), tuple[NDArray[np.float32], np.float32])
assert_type(nx.rolling_score_resume(counts, 0.9, 0.5, 0), tuple[NDArray[np.float64], np.float64])
assert_type(nx.rolling_score_resume([1.0, 2.0], 0.9, 0.5, 0), tuple[NDArray[np.float64], np.float64])
assert_type(nx.rolling_score_resume(single, 0.9, 0.5, 0.0, axis=0), tuple[NDArray[np.float32], Any])
assert_type(nx.rolling_score_resume(double_row, 0.9, 0.5, 0.0), tuple[NDArray[np.float64], Any])
assert_type(nx.rolling_score_resume(small, 0.9, 0.5, 0.0), tuple[NDArray[np.float64], Any])
assert_type(nx.rolling_score_resume(table32, 0.9, 0.5, 0), tuple[NDArray[np.float32], NDArray[np.float32]])
assert_type(
    nx.rolling_score_resume(table, 0.9, 0.5, np.zeros(2)), tuple[NDArray[np.float64], NDArray[np.float64]]
)
assert_type(
    nx.rolling_score_resume(single, 0.9, 0.5, 0, out=(double, np.zeros(2))),
    tuple[NDArray[np.float64], Series64],
)
assert_type(nx.rolling_score_repair(single, single, 0.9, 0.5, 0.0), tuple[NDArray[np.float32], Any])
assert_type(nx.rolling_score_repair(small, double, 0.9, 0.5, 0.0), tuple[NDArray[np.float64], Any])
assert_type(
    nx.rolling_score_by(series32, [0, 1, 0], 0.9, 0.5, np.zeros(2, np.float32)),
    tuple[NDArray[np.float32], NDArray[np.float32]],
)
assert_type(
    nx.rolling_score_by(counts, counts, 0.9, 0.5, np.zeros(2)),
    tuple[NDArray[np.float64], NDArray[np.float64]],
)

# Sums of powers: a number from one series
assert_type(nx.pow_sum(series, 1.5), np.float64)
assert_type(nx.pow_sum(series32, 2), np.float32)
assert_type(nx.pow_sum(series16, 2.0), np.float16)
assert_type(nx.pow_sum(counts, 1.5), np.float64)
assert_type(nx.pow_sum([1, 2], 1.5), np.float64)
assert_type(nx.pow_sum(table, 1.5), NDArray[np.float64])
assert_type(nx.pow_sum(table32, 1.5, axis=0), NDArray[np.float32])
assert_type(nx.pow_sum(series32, np.ones(2, np.float32)), NDArray[np.float32])
assert_type(nx.pow_sum([[1, 2], [3, 4]], 1.5), NDArray[np.float64])
assert_type(nx.pow_sum(double, 1.5), Any)
assert_type(nx.pow_sum(double_row, 1.5), Any)
assert_type(nx.pow_sum(table32, 1.5, out=np.zeros(2)), Series64)
assert_type(nx.abs_pow_sum(series32, 3.0), np.float32)
assert_type(nx.abs_pow_sum(waves, 3.0), np.float32)
assert_type(nx.abs_pow_sum(waves.astype(np.complex128), 3.0), np.float64)
assert_type(nx.abs_pow_sum(table, 3.0), NDArray[np.float64])
assert_type(nx.abs_pow_sum(complex64, 3.0), Any)
assert_type(nx.cum_pow_sum(single, 2), NDArray[np.float32])
assert_type(nx.cum_pow_sum(small, 2, axis=0), NDArray[np.float64])
assert_type(nx.cum_pow_sum([1, 2], 0.5), NDArray[np.float64])
assert_type(nx.pow_sum_resume(series32, 2.0, 0.0, 0.0), tuple[np.float64, np.float64])
assert_type(nx.pow_sum_resume([1, 2], 2.0, 0.0, 0.0), tuple[np.float64, np.float64])
assert_type(nx.pow_sum_resume(table32, 2.0, 0.0, 0.0), tuple[NDArray[np.float64], NDArray[np.float64]])
assert_type(nx.pow_sum_resume(double, 2.0, 0.0, 0.0), tuple[Any, Any])
assert_type(nx.abs_pow_sum_resume(series, 2.0, 0.0, 0.0), tuple[np.float64, np.float64])
assert_type(nx.abs_pow_sum_resume(waves, 2.0, 0.0, 0.0), tuple[np.float64, np.float64])
power = nx.add_power(2.0)
assert_type(power(1, 2), np.float64)
assert_type(power(np.float32(1), np.float32(2)), np.float32)
assert_type(power(single, single), NDArray[np.float32])
assert_type(power(0, single), NDArray[np.float32])
assert_type(power(single, 2.0), NDArray[np.float32])
assert_type(power(small, small), NDArray[np.float64])
assert_type(power(single, small), Any)
assert_type(power.reduce(single, axis=None), np.float32)
assert_type(power.reduce(double, axis=(0, 1), keepdims=True), NDArray[np.float64])
assert_type(power.reduce(double), Any)
assert_type(power.reduceat(double_row, [0, 2]), NDArray[np.float64])
assert_type(power.at(double_row, [0, 2], 1.0), None)

# Weighted sums
assert_type(nx.weighted_sum(series32, series16), np.float32)
assert_type(nx.weighted_sum(series32, series), np.float64)
assert_type(nx.weighted_sum(counts, [0.5, 1.0, 2.0]), np.float64)
assert_type(nx.weighted_sum(table32, series32), NDArray[np.float32])
assert_type(nx.weighted_sum(table32, table), NDArray[np.float64])
assert_type(nx.weighted_sum(double_row, series), Any)
assert_type(nx.weighted_sum(series, double), Any)
assert_type(nx.weighted_sum(single, single, axis=0, keepdims=True), NDArray[np.float32])
assert_type(nx.weighted_sum(whole, double, keepdims=True), NDArray[np.float64])
assert_type(nx.weighted_sum_resume(series, counts, 0.0, 0.0), tuple[np.float64, np.float64])
assert_type(
    nx.weighted_sum_resume(table32, series, 0.0, 0.0), tuple[NDArray[np.float64], NDArray[np.float64]]
)
assert_type(nx.weighted_sum_resume(series, double, 0.0, 0.0), tuple[Any, Any])

# Groups: `start` decides
assert_type(nx.group_sum(series32, [0, 1, 0], np.zeros(2)), NDArray[np.float64])
assert_type(nx.group_sum(series32, [0, 1, 0], np.zeros(2, np.int64)), NDArray[np.float64])
assert_type(nx.group_sum(counts, [0, 1, 0], np.zeros(2, np.float32)), NDArray[np.float64])
assert_type(nx.group_sum(counts, [0, 1, 0], np.zeros(2, np.int32)), NDArray[np.int64])
assert_type(nx.group_sum(unsigned, [0, 1, 0], np.zeros(2, np.uint64)), NDArray[np.uint64])
assert_type(nx.group_sum([1, 2], [0, 1], [0.0, 0.0]), NDArray[np.float64])
assert_type(nx.group_sum(series, counts, [0, 0], out=np.zeros(2)), Series64)
assert_type(nx.group_count([0, 1], np.zeros(2)), NDArray[np.float64])
assert_type(nx.group_count([0, 1], np.zeros(2, np.int64)), NDArray[np.int64])
assert_type(nx.group_count(counts, np.zeros(2, np.uint64)), NDArray[np.uint64])
assert_type(nx.group_count(counts, [0, 0], casting="unsafe"), Any)

# Records
assert_type(nx.records.add(records, 1.0), NDArray[np.void])
assert_type(nx.records.add(record, record), np.void)
assert_type(nx.records.subtract(records, records), NDArray[np.void])
assert_type(nx.records.multiply(2, records), NDArray[np.void])
assert_type(nx.records.multiply(2, record), np.void)
assert_type(nx.records.divide(records, 2, out=records), NDArray[np.void])
assert_type(nx.records.negative(records), NDArray[np.void])
assert_type(nx.records.negative(record), np.void)
assert_type(nx.records.add.reduce(records), Any)

# Attributes
assert_type(nx.axpy.nin, Literal[3])
assert_type(nx.axpy.nargs, Literal[4])
assert_type(nx.axpy.signature, None)
assert_type(nx.safe_divide.nin, Literal[2])
assert_type(nx.safe_divide.identity, None)
assert_type(power.identity, Literal[0])
assert_type(nx.records.add.identity, Literal[0])
assert_type(nx.records.multiply.identity, Literal[1])
assert_type(nx.divide_or.nin, Literal[3])
assert_type(nx.rolling_score.signature, Literal["(n)->(n)"])
assert_type(nx.rolling_score_resume.nout, Literal[2])
assert_type(nx.rolling_score_resume.signature, Literal["(n),(),(),()->(n),()"])
assert_type(nx.rolling_score_repair.signature, Literal["(n),(n),(),(),()->(n),()"])
assert_type(nx.rolling_score_by.signature, Literal["(n),(n),(),(),(g)->(n),(g)"])
assert_type(nx.pow_sum.signature, Literal["(n),()->()"])
assert_type(nx.cum_pow_sum.signature, Literal["(n),()->(n)"])
assert_type(nx.pow_sum_resume.signature, Literal["(n),(),(),()->(),()"])
assert_type(nx.weighted_sum.signature, Literal["(n),(n)->()"])
assert_type(nx.weighted_sum_resume.signature, Literal["(n),(n),(),()->(),()"])
assert_type(nx.group_sum.signature, Literal["(n),(n),(g)->(g)"])
assert_type(nx.group_count.signature, Literal["(n),(g)->(g)"])
assert_type(nx.records.negative.nargs, Literal[2])

# What a word chooses
levels: list[str] = nx.show_config(mode="dicts")["cpu"]["levels"]
lifted = nx.lift(nx.rolling_score, nulls="skip")


# What is refused
def refused() -> NoReturn:
    nx.axpy(1, 2)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    nx.axpy("1", 2, 3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType, reportCallIssue]
    nx.axpy(a=1, x=2, y=3)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    nx.axpy(1, 2, 3, axis=0)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    nx.rolling_score(double, where=true)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    nx.rolling_score(double, keepdims=True)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    nx.group_count([0.5], double)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType, reportCallIssue]
    nx.group_sum([1], [0], [0], axis=0)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    nx.axpy(1, 2, 3, casting="never")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
    nx.lift(nx.axpy, nulls="skipped")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    nx.show_config("json")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
    nx.pow_sum.reduce(double)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
