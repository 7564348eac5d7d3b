"""
Arithmetic on records: structured arrays of any dtype.

Fields are matched by name. `add`, `subtract`, `multiply`, `divide` and `negative` are ufuncs; `axpy`
takes records too. `to_columns`, `from_columns`, `to_arrow` and `from_arrow` lead to columns and back.
"""

from .._signatures import introduce as _introduce
from .._ufuncs import record_ufuncs as _record_ufuncs
from ._arrow import from_arrow, to_arrow
from ._columns import from_columns, to_columns
from ._measures import dot, mean, norm
from ._operators import disable_operators, enable_operators

add = _record_ufuncs["add"]
subtract = _record_ufuncs["subtract"]
multiply = _record_ufuncs["multiply"]
divide = _record_ufuncs["divide"]
negative = _record_ufuncs["negative"]

__all__ = [
    "add",
    "disable_operators",
    "divide",
    "dot",
    "enable_operators",
    "from_arrow",
    "from_columns",
    "mean",
    "multiply",
    "negative",
    "norm",
    "subtract",
    "to_arrow",
    "to_columns",
]

for _ufunc in (add, subtract, multiply, divide, negative):
    _introduce(_ufunc, __name__)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
