"""``python -m numpy_ext new``. `make test-plugin` builds what it writes with pip, and runs its tests."""

import os
import subprocess
import sys

import pytest
from made_plugins import compile_plugin, in_new_process
from made_ufuncs import HAS_COMPILER

from numpy_ext import _new


def run(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "numpy_ext", "new", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_writes_a_project_under_its_name(tmp_path):
    done = run("fast_ones", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fast_ones/" in done.stdout
    assert os.listdir(tmp_path) == ["fast_ones"]
    folder = tmp_path / "fast_ones"
    files = ["README.md", "fast_ones.c", "meson.build", "pyproject.toml", "test_fast_ones.py"]
    assert sorted(os.listdir(folder)) == files
    for file in files:
        text = (folder / file).read_text()
        assert "my_loops" not in text
        assert "fast_ones" in text
    usual = tmp_path / "usual"
    usual.mkdir()
    assert folder.stat().st_mode == usual.stat().st_mode


@pytest.mark.skipif(not HAS_COMPILER, reason="no C compiler")
def test_what_it_writes_compiles_and_runs(tmp_path):
    folder = _new.new("fast_ones", tmp_path)
    compile_plugin(folder, source=folder / "fast_ones.c")
    done = in_new_process("import fast_ones; print(fast_ones.root([0, 3]))", folder)
    assert (done.stdout, done.stderr) == ("[0.         3.46410162]\n", "")


def test_it_needs_no_pyarrow(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pyarrow'] = None\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    done = run("fast_ones", cwd=tmp_path, PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Fast", "is no name for a module: lower-case letters, digits and _, a letter first"),
        ("fast-ones", "is no name for a module"),
        ("_fast", "is no name for a module"),
        ("1st", "is no name for a module"),
        ("../fast", "is no name for a module"),
        ("été", "is no name for a module"),
        ("", "is no name for a module"),
        ("lambda", "is a keyword of Python"),
        ("match", "is a keyword of Python"),
        ("complex", "is a built-in function of Python"),
        ("statistics", "is a module of Python's standard library"),
        ("install", "is the name of a step of every build with meson"),
        ("numpy", "is a module that is installed"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path, name, rule):
    done = run(name, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"python -m numpy_ext: error: {name!r} {rule}")
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "make", [os.mkdir, lambda path: path.touch(), lambda path: path.symlink_to("nowhere")]
)
def test_what_stands_there_is_left_alone(tmp_path, make):
    make(tmp_path / "fast_ones")
    done = run("fast_ones", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "python -m numpy_ext: error: 'fast_ones' exists already\n"
    assert os.listdir(tmp_path) == ["fast_ones"]


def test_all_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(_new, "FILES", (*_new.FILES, "no such file"))
    with pytest.raises(FileNotFoundError):
        _new.new("fast_ones", tmp_path)
    assert os.listdir(tmp_path) == []
