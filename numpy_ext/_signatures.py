"""What `inspect.signature` and `help` tell of a ufunc: what its docstring says."""

import re
from inspect import Parameter, Signature
from typing import Any

import numpy as np

# The keyword arguments of ufuncs, as NumPy orders them, with their defaults.
KEYWORDS: dict[str, Any] = {
    "where": True,
    "axes": np._NoValue,
    "axis": np._NoValue,
    "keepdims": False,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
    "signature": None,
}


def signature_of(ufunc: np.ufunc) -> Signature:
    """The inputs of the first line of a docstring, and the keywords of its entry of optional parameters."""
    doc = ufunc.__doc__
    operands = re.search(r"^\w+\((\w+(?:, \w+)*), /, \.\.\.\)$", doc, re.MULTILINE)
    optional = re.search(r"^(\w+(?:, \w+)*) : optional$", doc, re.MULTILINE)
    assert operands is not None
    assert optional is not None
    none = None if ufunc.nout == 1 else (None,) * ufunc.nout
    return Signature(
        [
            *(Parameter(name, Parameter.POSITIONAL_ONLY) for name in operands[1].split(", ")),
            Parameter("out", Parameter.POSITIONAL_OR_KEYWORD, default=none),
            *(
                Parameter(name, Parameter.KEYWORD_ONLY, default=default)
                for name, default in KEYWORDS.items()
                if name in optional[1].split(", ")
            ),
        ]
    )


def introduce(ufunc: np.ufunc, module: str) -> None:
    """Let the ufunc tell where it lives and what it takes."""
    described: Any = ufunc
    try:
        described.__module__ = module
    except AttributeError:  # NumPy before 2.3: attributes of a ufunc cannot be set
        return
    described.__signature__ = signature_of(ufunc)
