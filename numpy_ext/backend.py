"""Builds plug-ins: meson-python, which is shown where numpy_ext and NumPy are.

A plug-in names it in its pyproject.toml, as ``build-backend = "numpy_ext.backend"``. In its meson.build
``dependency('numpy_ext')`` then finds the headers beside the Python that builds, isolated or not.
"""

import contextlib
import os
from pathlib import Path

import numpy as np
from mesonpy import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

from ._config import get_include

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]


def _show_meson_where() -> None:
    """Name the folders and the program in the environment; what stands there keeps its place."""
    folders = [get_include(), str(Path(np.get_include()).parent / "lib" / "pkgconfig")]
    given = os.environ.get("PKG_CONFIG_PATH")
    os.environ["PKG_CONFIG_PATH"] = os.pathsep.join([given, *folders] if given else folders)
    with contextlib.suppress(ImportError):  # without it meson asks the pkg-config of the system
        from pkgconf import get_executable

        os.environ.setdefault("PKG_CONFIG", str(get_executable()))


_show_meson_where()
