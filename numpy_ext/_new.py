"""``python -m numpy_ext new NAME``: a project of its own for loops in C."""

import builtins
import importlib.util
import keyword
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

# A project that builds as it is; its name stands in for the new one, in the names of files too.
TEMPLATE = Path(__file__).parent / "template"
TEMPLATE_NAME = "my_loops"
FILES = ("README.md", "meson.build", "my_loops.c", "pyproject.toml", "test_my_loops.py")
# What meson calls targets of its own.
TAKEN = {"all", "benchmark", "clean", "coverage", "dist", "distcheck", "install", "phony", "reconfigure"}


def check_name(name: str) -> None:
    """Refuse, with a ValueError, what can be no module, or would hide one."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"{name!r} is no name for a module: lower-case letters, digits and _, a letter first"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise ValueError(f"{name!r} is a keyword of Python")
    if hasattr(builtins, name):  # "complex" is a macro of C besides
        raise ValueError(f"{name!r} is a built-in function of Python")
    if name in sys.stdlib_module_names:
        raise ValueError(f"{name!r} is a module of Python's standard library")
    if name in TAKEN:
        raise ValueError(f"{name!r} is the name of a step of every build with meson")


def new(name: str, where: Path) -> Path:
    """
    Write the project `name` into a folder of that name, all or nothing.

    Parameters
    ----------
    name : str
        Of the module and of the distribution.
    where : Path
        The folder in which the new one is made.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    ValueError
        `name` can be no module, or is one that is installed.
    FileExistsError
        Something of this name stands there.
    """
    check_name(name)
    folder = where / name
    if os.path.lexists(folder):
        raise FileExistsError(f"{name!r} exists already")
    if importlib.util.find_spec(name):
        raise ValueError(f"{name!r} is a module that is installed")
    unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=where))
    try:
        unfinished.chmod(0o777 & ~_umask())
        for file in FILES:
            text = (TEMPLATE / file).read_text(encoding="utf-8").replace(TEMPLATE_NAME, name)
            (unfinished / file.replace(TEMPLATE_NAME, name)).write_text(text, encoding="utf-8")
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder


def _umask() -> int:
    """What new folders may not have: it can be read only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
