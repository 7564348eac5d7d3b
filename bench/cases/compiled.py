"""Peers in C and Rust, compiled for this machine at their first use and called through ctypes."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .case import Call

HERE = Path(__file__).parent
C_NAMES = {np.dtype(np.float32): "float", np.dtype(np.float64): "double"}
C_TYPES = {np.dtype(np.float32): ctypes.c_float, np.dtype(np.float64): ctypes.c_double}


def compiled(command: list[str], source: str, *libraries: str) -> ctypes.CDLL | None:
    """None when there is no such compiler."""
    if not shutil.which(command[0]):
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "peers.so")
        subprocess.run([*command, "-o", library, HERE / source, *libraries], check=True)
        return ctypes.CDLL(str(library))


@cache
def c_library(name: str) -> ctypes.CDLL | None:
    """The functions of peers.c for one type of element."""
    options = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", f"-DT={name}"]
    return compiled(["gcc", *options], "peers.c", "-lm")


@cache
def rust_library() -> ctypes.CDLL | None:
    return compiled(["rustc", "--crate-type=cdylib", "-Copt-level=3", "-Ctarget-cpu=native"], "peers.rs")


def address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.__array_interface__["data"][0])


def compiled_peers(function: str, dtype: np.dtype, make: Callable[[Any, Any], Call]) -> dict[str, Call]:
    """A peer for each language that has `function`; `make` gets it and the C type of an element."""
    if dtype not in C_NAMES:
        return {}
    name = C_NAMES[dtype]
    candidates = {"C": (c_library(name), function), "Rust": (rust_library(), f"{function}_{name}")}
    return {
        language: make(getattr(library, symbol), C_TYPES[dtype])
        for language, (library, symbol) in candidates.items()
        if hasattr(library, symbol)
    }
