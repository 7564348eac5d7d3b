"""What this build is and whether it works."""

import os
import sys
from typing import Any, Literal, overload

import numpy as np

from . import _ufuncs


@overload
def show_config(mode: Literal["stdout"] = ...) -> None: ...
@overload
def show_config(mode: Literal["dicts"]) -> dict[str, dict[str, Any]]: ...
def show_config(mode: str = "stdout") -> dict[str, dict[str, Any]] | None:
    """
    Show the versions, the CPU level and the threads of this build.

    Parameters
    ----------
    mode : {"stdout", "dicts"}, optional
        "stdout" prints, "dicts" returns.

    Returns
    -------
    dict or None
        With ``mode="dicts"``, one dict per section:

        - "versions": of numpy_ext, NumPy, the NumPy headers of the build, Python and the C compiler;
        - "cpu": the level in use, and all levels that this CPU runs, from the highest;
        - "threads": how many threads a call may use, see `set_num_threads`, and the library that runs them.

    Raises
    ------
    ValueError
        `mode` is neither of the two.

    Notes
    -----
    The environment variable ``NUMPY_EXT_CPU``, read at import, names a level to use in place of the highest:
    "baseline", and on x86-64 also "v3" (AVX2) or "v4" (AVX-512). Results are the same on every level.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> config = nx.show_config(mode="dicts")
    >>> config["cpu"]["level"] in config["cpu"]["levels"]
    True
    """
    config: dict[str, dict[str, Any]] = {
        "versions": {
            "numpy_ext": _ufuncs.__version__,
            "numpy": np.__version__,
            "numpy headers": _ufuncs.numpy_headers,
            "python": sys.version.split()[0],
            "compiler": _ufuncs.compiler,
        },
        "cpu": {"level": _ufuncs.cpu_level, "levels": list(_ufuncs.cpu_levels)},
        "threads": {"number": _ufuncs.get_threads(), "library": _ufuncs.thread_library},
    }
    if mode == "dicts":
        return config
    if mode != "stdout":
        raise ValueError(f"mode is {mode!r}; it must be 'stdout' or 'dicts'")
    for section, entries in config.items():
        print(f"{section}:")
        for name, value in entries.items():
            print(f"  {name}: {', '.join(value) if isinstance(value, list) else value}")
    return None


def get_include() -> str:
    """
    Tell where the C headers for loops are.

    Returns
    -------
    str
        What ``#include <numpy_ext/module.h>`` needs after ``-I``, beside the folder of `numpy.get_include`.

    See Also
    --------
    numpy.get_include : The same for NumPy's own headers.

    Notes
    -----
    In the same folder is ``numpy_ext.pc``, which tells pkg-config the folder and the flags of the compiler:
    name the folder in ``PKG_CONFIG_PATH``. A build in place, of a checkout, has the headers alone.

    Examples
    --------
    >>> import os
    >>> import numpy_ext as nx
    >>> os.path.exists(os.path.join(nx.get_include(), "numpy_ext", "module.h"))
    True
    """
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "include")


def test() -> bool:
    """
    Run the examples of every public docstring.

    Returns
    -------
    bool
        True when every example printed what it says. A failing example is printed with what it gave.

    Notes
    -----
    This checks an installation. The test suite stands in the repository.

    Examples
    --------
    >>> import numpy_ext as nx
    >>> passed = nx.test()  # doctest: +SKIP
    """
    import doctest  # it is slow to import, and seldom needed

    package = sys.modules[__package__]
    runner = doctest.DocTestRunner()
    parser = doctest.DocTestParser()
    for name in package.__all__:
        examples = parser.get_doctest(getattr(package, name).__doc__, {}, name, None, None)
        runner.run(examples)
    failed, attempted = runner.summarize(verbose=False)
    print(f"{attempted - failed} examples passed, {failed} failed")
    return failed == 0 and attempted > 0
