"""
The types of the C module: what a call takes, and what it gives for which dtypes.

There is one class for each shape of call. The result is told where the dtypes of the operands settle it;
other valid calls give Any: mixed dtypes, `dtype=`, arrays whose rank no type checker knows where the rank
decides, and containers that answer through `__array_ufunc__`. The rules are those of NumPy 2.
"""

# An overload stands before those that it is a special case of, and their results differ. The final class
# numpy.ufunc is extended in types alone, as NumPy does for its own.
# mypy: disable-error-code="misc, overload-overlap, override"
# pyright: reportGeneralTypeIssues=false, reportOverlappingOverload=false, reportIncompatibleMethodOverride=false
# pyright: reportInvalidTypeVarUse=false

from collections.abc import Sequence
from types import EllipsisType
from typing import (
    Any,
    Generic,
    Literal,
    NoReturn,
    Protocol,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    overload,
    type_check_only,
)

import numpy as np
import numpy.typing as npt
from typing_extensions import Never, TypedDict, Unpack

__all__ = [
    "abs_pow_sum",
    "abs_pow_sum_resume",
    "axpy",
    "cum_pow_sum",
    "divide_or",
    "group_count",
    "group_sum",
    "pow_sum",
    "pow_sum_resume",
    "rolling_score",
    "rolling_score_by",
    "rolling_score_repair",
    "rolling_score_resume",
    "safe_divide",
    "weighted_sum",
    "weighted_sum_resume",
]

# --- Operands

_F = TypeVar("_F", np.float16, np.float32, np.float64, np.longdouble)
_C = TypeVar("_C", np.complex64, np.complex128, np.clongdouble)
_N = TypeVar(
    "_N", np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128, np.clongdouble
)
_I = TypeVar("_I", np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
_T = TypeVar("_T", bound=np.generic)
_ElementT = TypeVar("_ElementT")
_Shape = TypeVar("_Shape", bound=tuple[int, ...])
_O = TypeVar("_O", bound=np.ndarray)
_S = TypeVar("_S", bound=np.ndarray)

# Python's own numbers adapt to the arrays beside them. numpy.float64 is a subclass of float and does not; a
# class that can be set tells them apart.
@type_check_only
class _Float(Protocol):
    @property
    def __class__(self, /) -> type[float]: ...
    @__class__.setter
    def __class__(self, value: type[float], /) -> None: ...

@type_check_only
class _Int(Protocol):
    @property
    def __class__(self, /) -> type[int]: ...
    @__class__.setter
    def __class__(self, value: type[int], /) -> None: ...

_Number: TypeAlias = _Float | _Int

# Numbers side by side, up to three dimensions.
_Row: TypeAlias = Sequence[_ElementT]
_Rows: TypeAlias = Sequence[Sequence[_ElementT] | Sequence[Sequence[_ElementT]]]
_Nested: TypeAlias = _Row[_ElementT] | _Rows[_ElementT]

_Integer: TypeAlias = np.integer | np.bool_
_UpToFloat32: TypeAlias = np.float16 | np.float32
_UpToFloat64: TypeAlias = _UpToFloat32 | np.float64
_Real: TypeAlias = _UpToFloat64 | _Integer

_Array: TypeAlias = np.ndarray[Any, np.dtype[_T]]
# NumPy's arrays of unknown rank, and no others, pass for this one.
_Unknown: TypeAlias = np.ndarray[tuple[Never, Never, Never, Never], np.dtype[_T]]
_Series: TypeAlias = np.ndarray[tuple[int], np.dtype[_T]]

@type_check_only
class _Container(Protocol):
    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, /, *inputs: Any, **kwargs: Any) -> Any: ...

@type_check_only
class _HasArray(Protocol):
    def __array__(self) -> np.ndarray: ...

# One number or many, which keep the dtype of the arrays beside them.
_One: TypeAlias = _T | _Number
_Each: TypeAlias = _Array[_T] | _T | _Number
# What gives float64 where nothing wider stands beside it.
_AsFloat64: TypeAlias = _Array[np.float64 | _Integer] | _Nested[float] | float | _Integer
_Labels: TypeAlias = _Array[np.integer] | _Nested[int] | _Container | _HasArray
_Reals: TypeAlias = _Array[_Real] | _Nested[float]
# Any operand of a valid call.
_Element: TypeAlias = np.number | np.bool_ | np.void | complex
_Any: TypeAlias = _Array[Any] | _Container | _HasArray | _Element | _Nested[_Element | _Array[Any]]

# --- Keyword arguments

@type_check_only
class _Casting(TypedDict, total=False):
    casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"]
    order: Literal["K", "A", "C", "F"] | None
    subok: bool

@type_check_only
class _Dtype(TypedDict, total=False):
    dtype: npt.DTypeLike | None
    signature: str | tuple[npt.DTypeLike | None, ...]

@type_check_only
class _Where(_Casting, total=False):
    where: npt.ArrayLike

@type_check_only
class _Axes(_Casting, total=False):
    axes: Sequence[SupportsIndex | tuple[()] | tuple[SupportsIndex]]

@type_check_only
class _Axis(_Axes, total=False):
    axis: SupportsIndex

@type_check_only
class _WhereDtype(_Where, _Dtype, total=False): ...

@type_check_only
class _AxesDtype(_Axes, _Dtype, total=False): ...

@type_check_only
class _AxisDtype(_Axis, _Dtype, total=False): ...

_Out: TypeAlias = _O | tuple[_O]
_AnyOut: TypeAlias = np.ndarray | tuple[np.ndarray | None, ...] | EllipsisType | None

# --- What all have

_Nin = TypeVar("_Nin", bound=int, covariant=True)
_Nout = TypeVar("_Nout", bound=int, covariant=True)
_Nargs = TypeVar("_Nargs", bound=int, covariant=True)
_Signature = TypeVar("_Signature", bound=str | None, covariant=True)
_Identity = TypeVar("_Identity", covariant=True)

@type_check_only
class _Ufunc(np.ufunc, Generic[_Nin, _Nout, _Nargs, _Signature]):
    @property
    def nin(self) -> _Nin: ...
    @property
    def nout(self) -> _Nout: ...
    @property
    def nargs(self) -> _Nargs: ...
    @property
    def signature(self) -> _Signature: ...

@type_check_only
class _CallOnly(_Ufunc[_Nin, _Nout, _Nargs, _Signature]):
    """The methods of a ufunc are for element-wise ones of two inputs; NumPy refuses all others."""

    def reduce(self, array: Never, /) -> NoReturn: ...
    def accumulate(self, array: Never, /) -> NoReturn: ...
    def reduceat(self, array: Never, /, indices: Never) -> NoReturn: ...
    def outer(self, A: Never, B: Never, /) -> NoReturn: ...
    def at(self, a: Never, indices: Never, b: Never, /) -> NoReturn: ...

@type_check_only
class _Binary(_Ufunc[Literal[2], Literal[1], Literal[3], None], Generic[_Identity]):
    @property
    def identity(self) -> _Identity: ...
    @overload
    def reduce(
        self,
        array: _Array[_N],
        /,
        axis: None,
        dtype: None = None,
        out: None = None,
        keepdims: Literal[False] = False,
        initial: Any = ...,
        where: npt.ArrayLike = True,
    ) -> _N: ...
    @overload
    def reduce(
        self,
        array: _Array[_N],
        /,
        axis: SupportsIndex | tuple[SupportsIndex, ...] | None = 0,
        dtype: None = None,
        out: None = None,
        *,
        keepdims: Literal[True],
        initial: Any = ...,
        where: npt.ArrayLike = True,
    ) -> npt.NDArray[_N]: ...
    @overload
    def reduce(
        self,
        array: _Any,
        /,
        axis: SupportsIndex | tuple[SupportsIndex, ...] | None = 0,
        dtype: npt.DTypeLike | None = None,
        out: _AnyOut = None,
        keepdims: bool = False,
        initial: Any = ...,
        where: npt.ArrayLike = True,
    ) -> Any: ...
    @overload
    def accumulate(
        self, array: _Array[_N], /, axis: SupportsIndex = 0, dtype: None = None, out: None = None
    ) -> npt.NDArray[_N]: ...
    @overload
    def accumulate(
        self, array: _Any, /, axis: SupportsIndex = 0, dtype: npt.DTypeLike | None = None, out: _AnyOut = None
    ) -> Any: ...
    @overload
    def reduceat(
        self,
        array: _Array[_N],
        /,
        indices: npt.ArrayLike,
        axis: SupportsIndex = 0,
        dtype: None = None,
        out: None = None,
    ) -> npt.NDArray[_N]: ...
    @overload
    def reduceat(
        self,
        array: _Any,
        /,
        indices: npt.ArrayLike,
        axis: SupportsIndex = 0,
        dtype: npt.DTypeLike | None = None,
        out: _AnyOut = None,
    ) -> Any: ...
    @overload
    def outer(self, A: _Array[_N], B: _Array[_N], /, **kw: Unpack[_Where]) -> npt.NDArray[_N]: ...
    @overload
    def outer(self, A: _Any, B: _Any, /, *, out: _AnyOut = None, **kw: Unpack[_WhereDtype]) -> Any: ...
    def at(self, a: np.ndarray, indices: Any, b: _Any, /) -> None: ...

# --- Element by element

@type_check_only
class _ScaledAddition(_CallOnly[Literal[3], Literal[1], Literal[4], None]):
    """The common dtype of all; records too."""

    @overload
    def __call__(self, a: _Int, x: _Int, y: _Int, /, **kw: Unpack[_Where]) -> np.int_: ...
    @overload
    def __call__(
        self,
        a: _Number | np.float64,
        x: _Number | np.float64,
        y: _Number | np.float64,
        /,
        **kw: Unpack[_Where],
    ) -> np.float64: ...
    @overload
    def __call__(self, a: _One[_N], x: _One[_N], y: _One[_N], /, **kw: Unpack[_Where]) -> _N: ...
    @overload
    def __call__(
        self, a: _Each[_N], x: _Each[_N], y: _Each[_N], /, **kw: Unpack[_Where]
    ) -> npt.NDArray[_N]: ...
    @overload
    def __call__(
        self, a: _Array[_I] | _Int, x: _Array[_I] | _Int, y: _Array[_I] | _Int, /, **kw: Unpack[_Where]
    ) -> npt.NDArray[_I]: ...
    @overload
    def __call__(
        self,
        a: _Nested[_Int] | _Int,
        x: _Nested[_Int] | _Int,
        y: _Nested[_Int] | _Int,
        /,
        **kw: Unpack[_Where],
    ) -> npt.NDArray[np.int_]: ...
    @overload
    def __call__(
        self,
        a: _Float | np.float64 | _Array[np.float64],
        x: _AsFloat64,
        y: _AsFloat64,
        /,
        **kw: Unpack[_Where],
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(
        self,
        a: _Array[_C] | _C | complex,
        x: _Array[_C] | _C | complex,
        y: _Array[_C] | _C | complex,
        /,
        **kw: Unpack[_Where],
    ) -> npt.NDArray[_C]: ...
    @overload
    def __call__(
        self, a: _Any, x: _Array[np.void], y: _Array[np.void], /, **kw: Unpack[_Where]
    ) -> npt.NDArray[np.void]: ...
    @overload
    def __call__(self, a: _Any, x: _Any, y: _Any, /, out: _Out[_O], **kw: Unpack[_WhereDtype]) -> _O: ...
    @overload
    def __call__(
        self, a: _Any, x: _Any, y: _Any, /, out: _AnyOut = None, **kw: Unpack[_WhereDtype]
    ) -> Any: ...

@type_check_only
class _Division(_Binary[None]):
    """Floats and complex numbers stay what they are, integers give float64."""

    @overload
    def __call__(self, x: float, y: float, /, **kw: Unpack[_Where]) -> np.float64: ...
    @overload
    def __call__(self, x: _One[_N], y: _One[_N], /, **kw: Unpack[_Where]) -> _N: ...
    @overload
    def __call__(self, x: _Each[_N], y: _Each[_N], /, **kw: Unpack[_Where]) -> npt.NDArray[_N]: ...
    @overload
    def __call__(self, x: _AsFloat64, y: _AsFloat64, /, **kw: Unpack[_Where]) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, x: _Any, y: _Any, /, out: _Out[_O], **kw: Unpack[_WhereDtype]) -> _O: ...
    @overload
    def __call__(self, x: _Any, y: _Any, /, out: _AnyOut = None, **kw: Unpack[_WhereDtype]) -> Any: ...

@type_check_only
class _DivisionOr(_CallOnly[Literal[3], Literal[1], Literal[4], None]):
    """The same with a third operand."""

    @overload
    def __call__(self, x: float, y: float, fill: float, /, **kw: Unpack[_Where]) -> np.float64: ...
    @overload
    def __call__(self, x: _One[_N], y: _One[_N], fill: _One[_N], /, **kw: Unpack[_Where]) -> _N: ...
    @overload
    def __call__(
        self, x: _Each[_N], y: _Each[_N], fill: _Each[_N], /, **kw: Unpack[_Where]
    ) -> npt.NDArray[_N]: ...
    @overload
    def __call__(
        self, x: _AsFloat64, y: _AsFloat64, fill: _AsFloat64, /, **kw: Unpack[_Where]
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, x: _Any, y: _Any, fill: _Any, /, out: _Out[_O], **kw: Unpack[_WhereDtype]) -> _O: ...
    @overload
    def __call__(
        self, x: _Any, y: _Any, fill: _Any, /, out: _AnyOut = None, **kw: Unpack[_WhereDtype]
    ) -> Any: ...

@type_check_only
class _PowerTotal(_Binary[Literal[0]]):
    """What `add_power` makes: integers are added to a float64, floats to their own dtype."""

    @overload
    def __call__(self, acc: float, x: float, /, **kw: Unpack[_Where]) -> np.float64: ...
    @overload
    def __call__(self, acc: _F, x: _F, /, **kw: Unpack[_Where]) -> _F: ...
    @overload
    def __call__(self, acc: _Each[_F], x: _Array[_F], /, **kw: Unpack[_Where]) -> npt.NDArray[_F]: ...
    @overload
    def __call__(self, acc: _Array[_F], x: _F | _Float, /, **kw: Unpack[_Where]) -> npt.NDArray[_F]: ...
    @overload
    def __call__(
        self, acc: _AsFloat64, x: _AsFloat64, /, **kw: Unpack[_Where]
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, acc: _Any, x: _Any, /, out: _Out[_O], **kw: Unpack[_WhereDtype]) -> _O: ...
    @overload
    def __call__(self, acc: _Any, x: _Any, /, out: _AnyOut = None, **kw: Unpack[_WhereDtype]) -> Any: ...

# --- Scans

@type_check_only
class _Scan(_CallOnly[Literal[1], Literal[1], Literal[2], Literal["(n)->(n)"]]):
    """Floats stay what they are, integers give float64."""

    @overload
    def __call__(
        self, x: np.ndarray[_Shape, np.dtype[_F]], /, **kw: Unpack[_Axis]
    ) -> np.ndarray[_Shape, np.dtype[_F]]: ...
    @overload
    def __call__(
        self, x: np.ndarray[_Shape, np.dtype[_Integer]], /, **kw: Unpack[_Axis]
    ) -> np.ndarray[_Shape, np.dtype[np.float64]]: ...
    @overload
    def __call__(self, x: _Nested[float], /, **kw: Unpack[_Axis]) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, x: _Any, /, out: _Out[_O], **kw: Unpack[_AxisDtype]) -> _O: ...
    @overload
    def __call__(self, x: _Any, /, out: _AnyOut = None, **kw: Unpack[_AxisDtype]) -> Any: ...

@type_check_only
class _PowerScan(_CallOnly[Literal[2], Literal[1], Literal[3], Literal["(n),()->(n)"]]):
    """The same with a parameter."""

    @overload
    def __call__(self, x: _Array[_F], p: _Each[_F], /, **kw: Unpack[_Axis]) -> npt.NDArray[_F]: ...
    @overload
    def __call__(self, x: _AsFloat64, p: _AsFloat64, /, **kw: Unpack[_Axis]) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, x: _Any, p: _Any, /, out: _Out[_O], **kw: Unpack[_AxisDtype]) -> _O: ...
    @overload
    def __call__(self, x: _Any, p: _Any, /, out: _AnyOut = None, **kw: Unpack[_AxisDtype]) -> Any: ...

@type_check_only
class _ScanFromState(_CallOnly[Literal[4], Literal[2], Literal[6], Literal["(n),(),(),()->(n),()"]]):
    """The last state is a number for one series, an array for several."""

    @overload
    def __call__(
        self, x: _Unknown[_F], rise: _One[_F], fall: _One[_F], state: _One[_F], /, **kw: Unpack[_Axis]
    ) -> tuple[npt.NDArray[_F], Any]: ...
    @overload
    def __call__(
        self, x: _Unknown[_Integer], rise: float, fall: float, state: float, /, **kw: Unpack[_Axis]
    ) -> tuple[npt.NDArray[np.float64], Any]: ...
    @overload
    def __call__(
        self, x: _Series[_F], rise: _One[_F], fall: _One[_F], state: _One[_F], /, **kw: Unpack[_Axis]
    ) -> tuple[npt.NDArray[_F], _F]: ...
    @overload
    def __call__(
        self,
        x: _Series[_Integer] | _Row[float],
        rise: float,
        fall: float,
        state: float,
        /,
        **kw: Unpack[_Axis],
    ) -> tuple[npt.NDArray[np.float64], np.float64]: ...
    @overload
    def __call__(
        self, x: _Array[_F], rise: _Each[_F], fall: _Each[_F], state: _Each[_F], /, **kw: Unpack[_Axis]
    ) -> tuple[npt.NDArray[_F], npt.NDArray[_F]]: ...
    @overload
    def __call__(
        self, x: _AsFloat64, rise: _AsFloat64, fall: _AsFloat64, state: _AsFloat64, /, **kw: Unpack[_Axis]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: _Any, rise: _Any, fall: _Any, state: _Any, /, *, out: tuple[_O, _S], **kw: Unpack[_AxisDtype]
    ) -> tuple[_O, _S]: ...
    @overload
    def __call__(
        self,
        x: _Any,
        rise: _Any,
        fall: _Any,
        state: _Any,
        /,
        *,
        out: _AnyOut = None,
        **kw: Unpack[_AxisDtype],
    ) -> Any: ...

@type_check_only
class _ScanRepair(_CallOnly[Literal[5], Literal[2], Literal[7], Literal["(n),(n),(),(),()->(n),()"]]):
    """The same from scores that need repair."""

    @overload
    def __call__(
        self,
        x: _Array[_F],
        scores: _Array[_F],
        rise: _Each[_F],
        fall: _Each[_F],
        state: _Each[_F],
        /,
        **kw: Unpack[_Axis],
    ) -> tuple[npt.NDArray[_F], Any]: ...
    @overload
    def __call__(
        self,
        x: _AsFloat64,
        scores: _AsFloat64,
        rise: _AsFloat64,
        fall: _AsFloat64,
        state: _AsFloat64,
        /,
        **kw: Unpack[_Axis],
    ) -> tuple[npt.NDArray[np.float64], Any]: ...
    @overload
    def __call__(
        self,
        x: _Any,
        scores: _Any,
        rise: _Any,
        fall: _Any,
        state: _Any,
        /,
        *,
        out: tuple[_O, _S],
        **kw: Unpack[_AxisDtype],
    ) -> tuple[_O, _S]: ...
    @overload
    def __call__(
        self,
        x: _Any,
        scores: _Any,
        rise: _Any,
        fall: _Any,
        state: _Any,
        /,
        *,
        out: _AnyOut = None,
        **kw: Unpack[_AxisDtype],
    ) -> Any: ...

@type_check_only
class _ScanByLabel(_CallOnly[Literal[5], Literal[2], Literal[7], Literal["(n),(n),(),(),(g)->(n),(g)"]]):
    """One state for each label."""

    @overload
    def __call__(
        self,
        x: _Array[_F],
        labels: _Labels,
        rise: _Each[_F],
        fall: _Each[_F],
        states: _Array[_F],
        /,
        **kw: Unpack[_Axes],
    ) -> tuple[npt.NDArray[_F], npt.NDArray[_F]]: ...
    @overload
    def __call__(
        self,
        x: _AsFloat64,
        labels: _Labels,
        rise: _AsFloat64,
        fall: _AsFloat64,
        states: _AsFloat64,
        /,
        **kw: Unpack[_Axes],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    @overload
    def __call__(
        self,
        x: _Any,
        labels: _Labels,
        rise: _Any,
        fall: _Any,
        states: _Any,
        /,
        *,
        out: tuple[_O, _S],
        **kw: Unpack[_AxesDtype],
    ) -> tuple[_O, _S]: ...
    @overload
    def __call__(
        self,
        x: _Any,
        labels: _Labels,
        rise: _Any,
        fall: _Any,
        states: _Any,
        /,
        *,
        out: _AnyOut = None,
        **kw: Unpack[_AxesDtype],
    ) -> Any: ...

# --- Reductions

# Each stands once in a signature. So mypy takes `np.zeros(3, np.float64)` for what it is: where a parameter
# names a dtype, mypy looks for another reading of the call that fits.
_C64 = TypeVar("_C64", bound=np.complex64)
_C128 = TypeVar("_C128", bound=np.complex128)
_W = TypeVar("_W", bound=_UpToFloat32)
_X = TypeVar("_X", bound=_UpToFloat32)
_Values = TypeVar("_Values", bound=str)
_ValueT = TypeVar("_ValueT", bound=np.generic)

@type_check_only
class _PowerSum(_CallOnly[Literal[2], Literal[1], Literal[3], Literal["(n),()->()"]], Generic[_Values]):
    """One series gives a number, several an array. The parameter says which values it takes."""

    @overload
    def __call__(self, x: _Unknown[Any], p: _Any, /, **kw: Unpack[_Axis]) -> Any: ...
    @overload
    def __call__(self, x: _Any, p: _Unknown[Any], /, **kw: Unpack[_Axis]) -> Any: ...
    @overload
    def __call__(self, x: _Series[_F], p: _One[_F], /, **kw: Unpack[_Axis]) -> _F: ...
    @overload
    def __call__(
        self: _PowerSum[Literal["complex"]], x: _Series[_C64], p: _Number, /, **kw: Unpack[_Axis]
    ) -> np.float32: ...
    @overload
    def __call__(
        self, x: _Series[_Integer] | _Row[float], p: float, /, **kw: Unpack[_Axis]
    ) -> np.float64: ...
    @overload
    def __call__(self, x: _Array[_F], p: _Each[_F], /, **kw: Unpack[_Axis]) -> npt.NDArray[_F]: ...
    @overload
    def __call__(
        self: _PowerSum[Literal["complex"]], x: _Array[_C64], p: _Number, /, **kw: Unpack[_Axis]
    ) -> npt.NDArray[np.float32]: ...
    @overload
    def __call__(self, x: _AsFloat64, p: _AsFloat64, /, **kw: Unpack[_Axis]) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(
        self: _PowerSum[Literal["complex"]], x: _Series[_C128], p: float, /, **kw: Unpack[_Axis]
    ) -> np.float64: ...
    @overload
    def __call__(
        self: _PowerSum[Literal["complex"]], x: _Array[_C128], p: _AsFloat64, /, **kw: Unpack[_Axis]
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, x: _Any, p: _Any, /, out: _Out[_O], **kw: Unpack[_AxisDtype]) -> _O: ...
    @overload
    def __call__(self, x: _Any, p: _Any, /, out: _AnyOut = None, **kw: Unpack[_AxisDtype]) -> Any: ...

@type_check_only
class _PowerSumFromTotal(
    _CallOnly[Literal[4], Literal[2], Literal[6], Literal["(n),(),(),()->(),()"]], Generic[_ValueT]
):
    """The parameter is the dtypes of the values. Long double gives long double, and Any here."""

    @overload
    def __call__(
        self, x: _Unknown[Any], p: _Any, sum: _Any, error: _Any, /, **kw: Unpack[_Axis]
    ) -> tuple[Any, Any]: ...
    @overload
    def __call__(
        self, x: _Series[_ValueT] | _Row[float], p: float, sum: float, error: float, /, **kw: Unpack[_Axis]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self,
        x: np.ndarray[tuple[int, int, Unpack[tuple[int, ...]]], np.dtype[_ValueT]] | _Rows[float],
        p: _AsFloat64,
        sum: _AsFloat64,
        error: _AsFloat64,
        /,
        **kw: Unpack[_Axis],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: _Any, p: _Any, sum: _Any, error: _Any, /, *, out: tuple[_O, _S], **kw: Unpack[_AxisDtype]
    ) -> tuple[_O, _S]: ...
    @overload
    def __call__(
        self, x: _Any, p: _Any, sum: _Any, error: _Any, /, *, out: _AnyOut = None, **kw: Unpack[_AxisDtype]
    ) -> Any: ...

@type_check_only
class _WeightedSum(_CallOnly[Literal[2], Literal[1], Literal[3], Literal["(n),(n)->()"]]):
    """float32 from nothing wider than that, else float64."""

    @overload
    def __call__(
        self,
        w: _Array[_W],
        x: _Array[_X],
        /,
        *,
        keepdims: Literal[True],
        **kw: Unpack[_Axis],
    ) -> npt.NDArray[np.float32]: ...
    @overload
    def __call__(
        self, w: _Reals, x: _Reals, /, *, keepdims: Literal[True], **kw: Unpack[_Axis]
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, w: _Unknown[Any], x: _Any, /, **kw: Unpack[_Axis]) -> Any: ...
    @overload
    def __call__(self, w: _Any, x: _Unknown[Any], /, **kw: Unpack[_Axis]) -> Any: ...
    @overload
    def __call__(self, w: _Series[_W], x: _Series[_X], /, **kw: Unpack[_Axis]) -> np.float32: ...
    @overload
    def __call__(
        self, w: _Series[_Real] | _Row[float], x: _Series[_Real] | _Row[float], /, **kw: Unpack[_Axis]
    ) -> np.float64: ...
    @overload
    def __call__(self, w: _Array[_W], x: _Array[_X], /, **kw: Unpack[_Axis]) -> npt.NDArray[np.float32]: ...
    @overload
    def __call__(self, w: _Reals, x: _Reals, /, **kw: Unpack[_Axis]) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(
        self, w: _Any, x: _Any, /, out: _Out[_O], *, keepdims: bool = False, **kw: Unpack[_AxisDtype]
    ) -> _O: ...
    @overload
    def __call__(
        self, w: _Any, x: _Any, /, out: _AnyOut = None, *, keepdims: bool = False, **kw: Unpack[_AxisDtype]
    ) -> Any: ...

@type_check_only
class _WeightedSumFromTotal(_CallOnly[Literal[4], Literal[2], Literal[6], Literal["(n),(n),(),()->(),()"]]):
    """Always float64."""

    @overload
    def __call__(
        self, w: _Unknown[Any], x: _Any, sum: _Any, error: _Any, /, **kw: Unpack[_Axis]
    ) -> tuple[Any, Any]: ...
    @overload
    def __call__(
        self, w: _Any, x: _Unknown[Any], sum: _Any, error: _Any, /, **kw: Unpack[_Axis]
    ) -> tuple[Any, Any]: ...
    @overload
    def __call__(
        self,
        w: _Series[_Real] | _Row[float],
        x: _Series[_Real] | _Row[float],
        sum: float,
        error: float,
        /,
        **kw: Unpack[_Axis],
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self, w: _Reals, x: _Reals, sum: _AsFloat64, error: _AsFloat64, /, **kw: Unpack[_Axis]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, w: _Any, x: _Any, sum: _Any, error: _Any, /, *, out: tuple[_O, _S], **kw: Unpack[_AxisDtype]
    ) -> tuple[_O, _S]: ...
    @overload
    def __call__(
        self, w: _Any, x: _Any, sum: _Any, error: _Any, /, *, out: _AnyOut = None, **kw: Unpack[_AxisDtype]
    ) -> Any: ...

# --- Groups

_U = TypeVar("_U", bound=_UpToFloat64)
_G = TypeVar("_G", bound=np.signedinteger | np.uint8 | np.uint16 | np.uint32)
_H = TypeVar("_H", bound=np.uint64)

@type_check_only
class _GroupSum(_CallOnly[Literal[3], Literal[1], Literal[4], Literal["(n),(n),(g)->(g)"]]):
    """int64 and uint64 from integers, float64 else."""

    @overload
    def __call__(
        self,
        x: _Reals,
        labels: _Labels,
        start: _Array[_U] | _Nested[_Float],
        /,
        **kw: Unpack[_Axes],
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: _Array[_U], labels: _Labels, start: _Reals, /, **kw: Unpack[_Axes]
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(
        self,
        x: _Array[_Integer] | _Nested[_Int],
        labels: _Labels,
        start: _Array[_G],
        /,
        **kw: Unpack[_Axes],
    ) -> npt.NDArray[np.int64]: ...
    @overload
    def __call__(
        self,
        x: _Array[_Integer] | _Nested[_Int],
        labels: _Labels,
        start: _Array[_H],
        /,
        **kw: Unpack[_Axes],
    ) -> npt.NDArray[np.uint64]: ...
    @overload
    def __call__(
        self, x: _Any, labels: _Labels, start: _Any, /, out: _Out[_O], **kw: Unpack[_AxesDtype]
    ) -> _O: ...
    @overload
    def __call__(
        self, x: _Any, labels: _Labels, start: _Any, /, out: _AnyOut = None, **kw: Unpack[_AxesDtype]
    ) -> Any: ...

@type_check_only
class _GroupCount(_CallOnly[Literal[2], Literal[1], Literal[3], Literal["(n),(g)->(g)"]]):
    """The same of labels alone."""

    @overload
    def __call__(
        self, labels: _Labels, start: _Array[_U] | _Nested[_Float], /, **kw: Unpack[_Axes]
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(
        self, labels: _Labels, start: _Array[_G], /, **kw: Unpack[_Axes]
    ) -> npt.NDArray[np.int64]: ...
    @overload
    def __call__(
        self, labels: _Labels, start: _Array[_H], /, **kw: Unpack[_Axes]
    ) -> npt.NDArray[np.uint64]: ...
    @overload
    def __call__(self, labels: _Labels, start: _Any, /, out: _Out[_O], **kw: Unpack[_AxesDtype]) -> _O: ...
    @overload
    def __call__(
        self, labels: _Labels, start: _Any, /, out: _AnyOut = None, **kw: Unpack[_AxesDtype]
    ) -> Any: ...

# --- Records

@type_check_only
class _RecordsOfOne(_CallOnly[Literal[1], Literal[1], Literal[2], None]):
    """Field by field."""

    @overload
    def __call__(self, x: np.void, /, **kw: Unpack[_Where]) -> np.void: ...
    @overload
    def __call__(self, x: _Array[np.void], /, **kw: Unpack[_Where]) -> npt.NDArray[np.void]: ...
    @overload
    def __call__(self, x: _Any, /, out: _Out[_O], **kw: Unpack[_WhereDtype]) -> _O: ...
    @overload
    def __call__(self, x: _Any, /, out: _AnyOut = None, **kw: Unpack[_WhereDtype]) -> Any: ...
    def at(self, a: np.ndarray, indices: Any, /) -> None: ...

@type_check_only
class _RecordsOfTwo(_Binary[_Identity]):
    """Records beside records or numbers."""

    @overload
    def __call__(self, x1: np.void, x2: np.void | complex, /, **kw: Unpack[_Where]) -> np.void: ...
    @overload
    def __call__(self, x1: complex, x2: np.void, /, **kw: Unpack[_Where]) -> np.void: ...
    @overload
    def __call__(self, x1: _Array[np.void], x2: _Any, /, **kw: Unpack[_Where]) -> npt.NDArray[np.void]: ...
    @overload
    def __call__(self, x1: _Any, x2: _Array[np.void], /, **kw: Unpack[_Where]) -> npt.NDArray[np.void]: ...
    @overload
    def __call__(self, x1: _Any, x2: _Any, /, out: _Out[_O], **kw: Unpack[_WhereDtype]) -> _O: ...
    @overload
    def __call__(self, x1: _Any, x2: _Any, /, out: _AnyOut = None, **kw: Unpack[_WhereDtype]) -> Any: ...

@type_check_only
class _RecordUfuncs(TypedDict):
    add: _RecordsOfTwo[Literal[0]]
    subtract: _RecordsOfTwo[None]
    multiply: _RecordsOfTwo[Literal[1]]
    divide: _RecordsOfTwo[None]
    negative: _RecordsOfOne

# --- The module

abs_pow_sum: _PowerSum[Literal["complex"]]
abs_pow_sum_resume: _PowerSumFromTotal[_Real | np.complex64 | np.complex128]
axpy: _ScaledAddition
cum_pow_sum: _PowerScan
divide_or: _DivisionOr
group_count: _GroupCount
group_sum: _GroupSum
pow_sum: _PowerSum[Literal["real"]]
pow_sum_resume: _PowerSumFromTotal[_Real]
rolling_score: _Scan
rolling_score_by: _ScanByLabel
rolling_score_repair: _ScanRepair
rolling_score_resume: _ScanFromState
safe_divide: _Division
weighted_sum: _WeightedSum
weighted_sum_resume: _WeightedSumFromTotal

__version__: str
compiler: str
cpu_level: str
cpu_levels: list[str]
most_threads: int
numpy_headers: str
record_ufuncs: _RecordUfuncs
thread_library: str

def compress(values: np.ndarray, valid: npt.NDArray[np.bool_], /) -> np.ndarray: ...
def cover(values: np.ndarray, valid: npt.NDArray[np.bool_], fill: np.ndarray, /) -> None: ...
def expand(values: np.ndarray, valid: npt.NDArray[np.bool_], fill: np.ndarray, /) -> np.ndarray: ...
def from_pointers(
    addresses: tuple[int, ...],
    types: tuple[str, ...],
    nin: int,
    nout: int,
    signature: str | None,
    name: str,
    doc: str,
    data: int | None,
    keep: object,
    /,
) -> np.ufunc: ...
def get_threads() -> int: ...
def make(name: str, first: float, second: float, shown_name: str, /) -> np.ufunc: ...
def parameters_of(ufunc: object, /) -> tuple[str, float, float] | None: ...
def set_operators(on: bool, /) -> None: ...
def set_own_threads(n: int, /) -> int: ...
def set_threads(n: int, /) -> None: ...
