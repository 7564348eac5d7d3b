"""Functions of C, known by their addresses, as ufuncs."""

import ctypes
import operator
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _ufuncs

LETTERS = "?bBhHiIlLqQefdgFDG"

# A type of C is written as NumPy's kind and the size in bytes: "f8". "V" is void, "P" any pointer, "P:f8" one
# to double, "?" a type that we do not know.
VOID, POINTER, UNKNOWN = "V", "P", "?"
C_NAMES = {"void": VOID, "bool": "b1", "_Bool": "b1", "char": UNKNOWN}
C_LETTERS = {
    "signed char": "b", "short": "h", "int": "i", "long": "l", "long long": "q", "unsigned char": "B",
    "unsigned short": "H", "unsigned int": "I", "unsigned long": "L", "unsigned long long": "Q",
    "intptr_t": "p", "ssize_t": "p", "Py_ssize_t": "p", "npy_intp": "p", "uintptr_t": "P", "size_t": "P",
    "float": "f", "double": "d", "long double": "g",
    "float _Complex": "F", "double _Complex": "D", "long double _Complex": "G",
}  # fmt: skip
C_NAMES.update({name: np.dtype(letter).str[1:] for name, letter in C_LETTERS.items()})
C_NAMES.update({f"int{8 * size}_t": f"i{size}" for size in (1, 2, 4, 8)})
C_NAMES.update({f"uint{8 * size}_t": f"u{size}" for size in (1, 2, 4, 8)})
ADDRESSES = {POINTER, C_NAMES["intptr_t"], C_NAMES["uintptr_t"]}


@dataclass
class Function:
    """What a caller gives for a function: `arguments` and `result` are as declared, None if they are not."""

    address: int
    name: str | None = None
    arguments: list[str] | None = None
    result: str | None = None
    data: object = None


def from_pointer(
    address: Any,
    types: str | Sequence[str],
    *,
    signature: str | None = None,
    name: str | None = None,
    doc: str | None = None,
    data: Any = None,
    keep: Any = None,
) -> np.ufunc:
    """
    Make a ufunc of a function of C that exists already, known by its address.

    The function comes from a shared library, from Numba's ``cfunc``, from cffi, Cython or
    SciPy. It computes one element; the ufunc does the rest: arrays of any shape and layout,
    broadcasting, casting, ``out=``, ``where=``, ``reduce`` of functions of two arguments,
    several threads.

    Parameters
    ----------
    address : int, function of ctypes, cffi, Numba or SciPy, or list of these
        The function: its address, a ctypes function, a cffi pointer, a Numba ``cfunc``, a
        ``scipy.LowLevelCallable``, or a capsule such as Cython makes. Several are several loops,
        which NumPy tries in their order.
    types : str or list of str
        The types of its arguments and of its result as NumPy writes them: ``"dd->d"`` is
        ``double f(double, double)``. One for each function of a list. The letters are those of
        `numpy.dtype`: of bool, of integers, of float32, float64 and long double, of complex
        numbers, and ``e`` for the bits of a float16 in an ``unsigned short``, which is NumPy's
        ``npy_half``. With several outputs the function returns nothing, and takes a pointer for
        each after the inputs: ``"d->dd"`` is ``void f(double, double *, double *)``.
    signature : str, optional
        The signature of a generalized ufunc, such as ``"(n),()->(n)"``. The function then takes
        whole cores: a pointer to the first element of each operand, the size of each core
        dimension in the order in which the signature names them, then, operand by operand, the
        distance along each of its core dimensions, counted in elements. All sizes and distances
        are ``npy_intp`` (``intptr_t``). It returns nothing.
    name : str, optional
        The name of the ufunc; by default that of the function, where it has one.
    doc : str, optional
        The docstring.
    data : int, ctypes object, cffi pointer, capsule or ndarray, optional
        A pointer that the function takes as one more argument, the last. By default there is
        none, or that of the LowLevelCallable.
    keep : object, optional
        Anything that must live as long as the ufunc, such as a library. The `address` and the
        `data` do so anyway.

    Returns
    -------
    numpy.ufunc
        The ufunc. It cannot be pickled, since an address means nothing to another process; make it there.

    Raises
    ------
    ValueError
        The address is null; the types cannot be read or differ in their numbers; what the
        function declares of itself is something else; the signature does not fit the types; a
        name is missing.
    TypeError
        An argument is of a type that is none of those above.
    NotImplementedError
        The types differ from each other in a way that this processor's calls do not allow: more
        than six integers or eight floating-point numbers, or, but for x86-64, a long double
        beside other types. Or a ``cfunc`` of Numba takes or returns complex64 on x86-64, where
        Numba passes it otherwise than C.

    See Also
    --------
    numpy.frompyfunc : The same of a function in Python.
    get_include : Where the headers are with which loops of your own are compiled.

    Notes
    -----
    A function of ctypes with ``argtypes``, of cffi, of Numba, and a capsule know their types,
    and these must be those that `types` asks for. Of a plain address nobody knows: a wrong type
    gives wrong numbers, or ends the process. In ctypes a function without ``argtypes`` declares
    nothing.

    No compiler can inline a function behind a pointer, so each element costs a call. A loop of
    your own, compiled with `get_include`, has no such cost.

    The function is called without the GIL and from several threads at once, when two threads
    call the ufunc or one call uses several (`set_num_threads`): it must be safe for that, as
    the functions of the mathematical library are. Its floating-point flags become NumPy's
    warnings.

    A NaN, an infinity or a subnormal number is handed over as it is. In the core of a
    generalized ufunc inputs and outputs never overlap.

    Examples
    --------
    The gamma function of the C library, as an example of a function in a shared one:

    >>> import ctypes
    >>> import numpy as np
    >>> import numpy_ext as nx
    >>> tgamma = ctypes.CDLL(None).tgamma
    >>> tgamma.argtypes, tgamma.restype = [ctypes.c_double], ctypes.c_double
    >>> gamma = nx.from_pointer(tgamma, "d->d")
    >>> gamma([[1.0, 2.0], [3.0, 5.0]])
    array([[ 1.,  1.],
           [ 2., 24.]])
    >>> gamma
    <ufunc 'tgamma'>
    """
    for what, text in (("signature", signature), ("doc", doc)):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{what} is {text!r}; it must be a text")
    loops = _list_of_types(types)
    given = [address] if isinstance(types, str) else address
    if not isinstance(given, list | tuple) or len(given) != len(loops):
        raise ValueError(f"address must be a list of {len(loops)} functions, one for each of types")
    functions = [_read_function(each) for each in given]
    nin, nout = _count_operands(loops)
    if data is None:
        data = functions[0].data
        if any(function.data is not data for function in functions):
            raise ValueError("the functions have different user data; give data, or make a ufunc of each")
    shown = name if name is not None else functions[0].name
    if not isinstance(shown, str) or not shown:
        raise ValueError(f"name is {shown!r}; a function without a name of its own needs one, a text")
    for function, loop in zip(functions, loops, strict=True):
        _check_declared(function, loop, signature, data is not None)
    if signature is not None and "?" in signature:
        raise ValueError(f"signature is {signature!r}; a dimension that may be missing is not supported")
    return _ufuncs.from_pointers(
        tuple(function.address for function in functions),
        tuple(loops),
        nin,
        nout,
        signature,
        shown,
        doc if doc is not None else f"Calls {shown}, a function of C.\n",
        None if data is None else _address_of_data(data),
        (address, data, keep),
    )


# ---- Types ----


def _list_of_types(types: str | Sequence[str]) -> list[str]:
    if not isinstance(types, str | list | tuple):
        raise TypeError(f"types is {types!r}; it must be a text such as 'dd->d', or a list of such")
    loops = [types] if isinstance(types, str) else list(types)
    if not loops:
        raise ValueError("types is empty")
    for loop in loops:
        if not isinstance(loop, str):
            raise TypeError(f"types has {loop!r}; it must be a text such as 'dd->d', or a list of such")
        if not re.fullmatch(f"[{LETTERS}]+->[{LETTERS}]+", loop):
            raise ValueError(
                f"types is {loop!r}; it must be letters on both sides of an arrow, such as 'dd->d', out of "
                f"{LETTERS}"
            )
    return loops


def _count_operands(loops: list[str]) -> tuple[int, int]:
    counts = [tuple(map(len, loop.split("->"))) for loop in loops]
    if len(set(counts)) > 1:
        raise ValueError(f"types has {loops}; all must have as many inputs and outputs")
    inputs = [loop.partition("->")[0] for loop in loops]
    if len(set(inputs)) < len(inputs):
        raise ValueError(f"types has {loops}; two loops have the same inputs, and NumPy would take the first")
    nin, nout = counts[0]
    if nin + nout > 32:
        raise ValueError(f"types has {nin} inputs and {nout} outputs; 32 operands are possible")
    return nin, nout


def _plain(letter: str) -> str:
    return "u2" if letter == "e" else np.dtype(letter).str[1:]


def _expected(loop: str, signature: str | None, has_data: bool) -> tuple[list[str], str]:
    """The arguments and the result of a function for this loop."""
    inputs, outputs = ([_plain(letter) for letter in part] for part in loop.split("->"))
    last = [POINTER] * has_data
    if signature is not None:
        dimensions = [re.findall(r"[^\s,]+", core) for core in re.findall(r"\(([^()]*)\)", signature)]
        count = len({size for core in dimensions for size in core}) + sum(map(len, dimensions))
        pointers = [f"P:{each}" for each in inputs + outputs]
        return pointers + [np.dtype(np.intp).str[1:]] * count + last, VOID
    if len(outputs) > 1:
        return inputs + [f"P:{each}" for each in outputs] + last, VOID
    return inputs + last, outputs[0]


def _agrees(declared: str, expected: str) -> bool:
    if UNKNOWN in (declared, expected) or declared == expected:
        return True
    if expected.startswith(POINTER):
        if declared.startswith(POINTER):
            return POINTER in (declared, expected)
        return declared in ADDRESSES
    return declared == "f2" and expected == "u2"


def _spelled(arguments: list[str], result: str) -> str:
    def spell(each: str) -> str:
        if each.startswith(POINTER):
            return f"{spell(each[2:])} *" if each != POINTER else "void *"
        return {VOID: "void", UNKNOWN: "?"}.get(each) or np.dtype(each).name

    return f"{spell(result)} ({', '.join(map(spell, arguments))})"


def _check_declared(function: Function, loop: str, signature: str | None, has_data: bool) -> None:
    arguments, result = _expected(loop, signature, has_data)
    declared = arguments if function.arguments is None else function.arguments
    returned = result if function.result is None else function.result
    if (
        len(declared) != len(arguments)
        or not all(map(_agrees, declared, arguments))
        or not _agrees(returned, result)
    ):
        raise ValueError(
            f"types is {loop!r}{'' if signature is None else f' and signature {signature!r}'}, so the "
            f"function must be {_spelled(arguments, result)}; it is declared as "
            f"{_spelled(declared, returned)}"
        )


def _type_named(name: str) -> str:
    """What a name in C means, such as ``const double *``."""
    words = re.sub(r"\b(const|volatile|restrict)\b", " ", name).replace("*", " * ").split()
    if "*" in words:
        item = _type_named(" ".join(words[: words.index("*")]))
        return POINTER if item in (VOID, UNKNOWN) or words.count("*") > 1 else f"{POINTER}:{item}"
    text = " ".join(words).replace("complex", "_Complex").replace("__Complex", "_Complex")
    return C_NAMES.get(re.sub(r"^_Complex (.*)$", r"\1 _Complex", text), UNKNOWN)


# ---- Functions ----


def _read_function(given: Any) -> Function:
    function = _read_known(given)
    if function is None:
        raise TypeError(
            f"address is {given!r}; it must be an address as an int, a function of ctypes or cffi, a cfunc "
            "of Numba, a scipy.LowLevelCallable or a capsule"
        )
    if function.address == 0:
        raise ValueError("address is a null pointer")
    return function


def _read_known(given: Any) -> Function | None:
    if isinstance(given, ctypes._CFuncPtr):  # type: ignore[attr-defined]
        return _from_ctypes(given)
    if isinstance(given, ctypes.c_void_p):
        return Function(given.value or 0)
    if type(given).__name__ == "PyCapsule":
        return _from_capsule(given)
    library = type(given).__module__.partition(".")[0]
    if library == "_cffi_backend":
        return _from_cffi(given)
    if library == "numba" and hasattr(given, "address"):
        return _from_numba(given)
    if library == "scipy" and isinstance(given, tuple):
        return _from_scipy(given)
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        return None
    return Function(_checked("address", operator.index(given)))


def _checked(what: str, number: int) -> int:
    if not 0 <= number <= sys.maxsize * 2 + 1:
        raise ValueError(f"{what} is {number}; no address is that")
    return number


def _from_ctypes(given: Any) -> Function:
    if given._flags_ & ctypes._FUNCFLAG_PYTHONAPI:  # type: ignore[attr-defined]
        raise ValueError(f"address is {given!r}, a function that needs Python's lock; a ufunc gives it up")
    address = ctypes.cast(given, ctypes.c_void_p).value or 0
    declared = given.argtypes
    # Without argtypes, int is what ctypes says of every result.
    result = None if declared is None and given.restype is ctypes.c_int else _type_of_ctypes(given.restype)
    arguments = None if declared is None else [_type_of_ctypes(each) for each in declared]
    return Function(address, getattr(given, "__name__", None), arguments, result)


def _type_of_ctypes(ctype: Any) -> str:
    if ctype is None:
        return VOID
    if not isinstance(ctype, type):
        return UNKNOWN
    if issubclass(ctype, ctypes._Pointer):
        item = _type_of_ctypes(ctype._type_)
        return f"{POINTER}:{item}" if item not in (VOID, UNKNOWN, POINTER) else POINTER
    if issubclass(ctype, ctypes.c_void_p | ctypes.c_char_p | ctypes._CFuncPtr):  # type: ignore[attr-defined]
        return POINTER
    try:
        dtype = np.dtype(ctype)
    except TypeError:
        return UNKNOWN
    if dtype.kind == "V":  # a structure: of two floats it is a complex number
        parts = [np.dtype(field[0]) for field in (dtype.fields or {}).values()]
        is_complex = len(parts) == 2 and parts[0] == parts[1] and parts[0].kind == "f"
        return f"c{dtype.itemsize}" if is_complex else f"V{dtype.itemsize}"
    return dtype.str[1:]


def _from_cffi(given: Any) -> Function | None:
    from _cffi_backend import FFI  # it is loaded: `given` is of it

    ffi = FFI()
    if not isinstance(given, ffi.CData):
        return None
    ctype = ffi.typeof(given)
    if ctype.kind == "pointer" and ctype.item.kind == "function":
        ctype = ctype.item
    if ctype.kind != "function" and _type_named(ctype.cname) not in ADDRESSES:
        return None
    address = int(ffi.cast("uintptr_t", given))
    if ctype.kind != "function":
        return Function(address)
    return Function(
        address,
        None,
        [_type_named(argument.cname) for argument in ctype.args],
        _type_named(ctype.result.cname),
    )


def _from_numba(given: Any) -> Function:
    arguments = [_type_of_numba(each) for each in given._sig.args]
    result = _type_of_numba(given._sig.return_type)
    # C packs the two parts into one register, Numba takes a register for each; elsewhere C does so too.
    if "c8" in (*arguments, result) and platform.machine() in ("x86_64", "AMD64"):
        raise NotImplementedError(
            f"{given!r} takes or returns complex64, which Numba passes otherwise than C on this processor; "
            "complex128 and pointers are passed alike"
        )
    return Function(given.address, getattr(given, "__name__", None), arguments, result)


def _type_of_numba(type_: Any) -> str:
    from numba import types
    from numba.np.numpy_support import as_dtype

    if isinstance(type_, types.CPointer):
        item = _type_of_numba(type_.dtype)
        return f"{POINTER}:{item}" if item not in (UNKNOWN, VOID) else POINTER
    if isinstance(type_, types.RawPointer):
        return POINTER
    if isinstance(type_, types.NoneType):
        return VOID
    try:
        return as_dtype(type_).str[1:]
    except NotImplementedError:
        return UNKNOWN


def _from_scipy(given: Any) -> Function | None:
    capsule = tuple.__getitem__(given, 0)
    if type(capsule).__name__ != "PyCapsule":
        return None
    function = _from_capsule(capsule)
    function.data = given.user_data
    if function.data is None:
        function.data = _of_capsule("GetContext", ctypes.c_void_p, capsule)
    declared = getattr(given.function, "__name__", "")
    function.name = declared if declared.isidentifier() else None  # that of all of cffi is <cdata>
    return function


def _from_capsule(given: Any) -> Function:
    name = _of_capsule("GetName", ctypes.c_char_p, given)
    address = _pointer_of(given)
    declared = re.fullmatch(r"\s*([^()]+?)\s*\((.*)\)\s*", (name or b"").decode(errors="replace"))
    if declared is None:
        return Function(address)
    arguments = [each for each in declared[2].split(",") if each.strip() not in ("", "void")]
    # Cython adds an argument to what Python may call, for itself.
    known = [_type_named(each) for each in arguments if "__pyx_skip_dispatch" not in each]
    return Function(address, None, known, _type_named(declared[1]))


def _pointer_of(capsule: Any) -> int:
    name = _of_capsule("GetName", ctypes.c_char_p, capsule)
    return _of_capsule("GetPointer", ctypes.c_void_p, capsule, name) or 0


def _of_capsule(what: str, result: Any, capsule: Any, *more: Any) -> Any:
    prototype = ctypes.PYFUNCTYPE(result, ctypes.py_object, *[ctypes.c_char_p] * len(more))
    return prototype((f"PyCapsule_{what}", ctypes.pythonapi))(capsule, *more)


# ---- Data ----


def _address_of_data(data: Any) -> int:
    if isinstance(data, np.ndarray):
        return data.ctypes.data
    if isinstance(data, ctypes.c_void_p | ctypes._Pointer | ctypes.c_char_p):
        return ctypes.cast(data, ctypes.c_void_p).value or 0
    if isinstance(data, ctypes.Structure | ctypes.Union | ctypes.Array | ctypes._SimpleCData):
        return ctypes.addressof(data)
    if type(data).__module__ == "_cffi_backend":
        from _cffi_backend import FFI

        return int(FFI().cast("uintptr_t", data))
    if type(data).__name__ == "PyCapsule":
        return _pointer_of(data)
    if not isinstance(data, bool) and hasattr(data, "__index__"):
        return _checked("data", operator.index(data))
    raise TypeError(
        f"data is {data!r}; it must be an address, a capsule, or an object of ctypes, cffi or NumPy"
    )
