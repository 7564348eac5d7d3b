"""Plug-ins, compiled into a folder as an installation would leave them there."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
from made_ufuncs import COMPILER

import numpy_ext as nx

SOURCE = Path(__file__).parent / "made_plugin.c"
FLAGS = ["-std=c11", "-O1", "-fPIC", "-Wall", "-Wextra", "-Werror"]
FLAGS += ["-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden"]


def compile_plugin(folder, *options, source=SOURCE, include=None, levels=()):
    """Compiles a file into a module of its name. The levels are such by name: they have no flags."""
    headers = [include or nx.get_include(), np.get_include(), sysconfig.get_path("include"), source.parent]
    command = [*COMPILER, *FLAGS, *(f"-I{header}" for header in headers), *options]
    parts = [source]
    for level in levels:
        parts.append(folder / f"{level}.o")
        subprocess.run([*command, f"-DNX_LEVEL={level}", "-c", source, "-o", parts[-1]], check=True)
    target = folder / (source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
    ready = ["-DNX_LEVELS"] * bool(levels)
    subprocess.run([*command, *ready, "-shared", *parts, "-o", target, "-lm"], check=True)
    return folder


def patched_headers(folder, **changes):
    """A copy of the headers with one text for another in a header, by its name."""
    shutil.copytree(nx.get_include(), folder / "include")
    for name, (old, new) in changes.items():
        path = folder / f"include/numpy_ext/{name}.h"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    return folder / "include"


def describe(folder, distribution, version, **entries):
    """What pip would leave beside the modules: the entry points of a distribution."""
    info = folder / f"{distribution}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    lines = [f"{name} = {module}\n" for name, module in entries.items()]
    (info / "entry_points.txt").write_text("[numpy_ext.ufuncs]\n" + "".join(lines))


def in_new_process(code, *folders, **environment):
    path = os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
