"""Plug-ins: modules of ufuncs by others, which the entry-point group ``numpy_ext.ufuncs`` names."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

__all__ = ["load", "names"]

GROUP = "numpy_ext.ufuncs"


def names() -> list[str]:
    """
    List the names of the plug-ins that are installed.

    Returns
    -------
    list of str
        In alphabetical order.

    See Also
    --------
    load : Import one.

    Notes
    -----
    No plug-in is imported. A name that two distributions offer stands once, and `load` refuses it.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> isinstance(nx.plugins.names(), list)
    True
    """
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load(name: str) -> Any:
    """
    Import a plug-in.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    module
        The module of ufuncs. ``nx.plugins.<name>`` is the same.

    Raises
    ------
    ModuleNotFoundError
        No plug-in has this name. The message lists those that are installed.
    ImportError
        The plug-in fails to import, as one does that was built for another version of the interface; or two
        distributions offer the name. The message names plug-in, distribution and version.

    See Also
    --------
    names : What is installed.

    Notes
    -----
    A plug-in is imported when it is first asked for, so one that is broken does no harm to the others. It is
    a module like any other: ``import my_loops`` does the same.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> nx.plugins.load("no_such_plugin")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ModuleNotFoundError: no plug-in is named 'no_such_plugin'; installed are ...
    """
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        installed = ", ".join(names()) or "none"
        raise ModuleNotFoundError(f"no plug-in is named {name!r}; installed are {installed}", name=name)
    if len(found) > 1:
        owners = " and ".join(sorted(map(_owner, found)))
        raise ImportError(f"{owners} both have a plug-in named {name!r}: uninstall one", name=name)
    try:
        return found[0].load()
    except Exception as error:
        message = f"the plug-in {name!r} of {_owner(found[0])} cannot be imported: {error}"
        raise ImportError(message, name=name) from error


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed distribution"


def __getattr__(name: str) -> Any:
    if not name.startswith("__") and name in names():
        return load(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}, and no plug-in is named so")


def __dir__() -> list[str]:
    return [*__all__, *names(), *(name for name in globals() if name.startswith("__"))]
