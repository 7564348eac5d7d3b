"""
The pages as tests: ``pytest docs``.

Beside the examples, which pytest runs as doctests, every block of code is run: those of Python as one program
for each page, those of a shell command by command; those of C are compiled. A block in any other language is
refused: include a file that is tested.
"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^( *)\.\. (?:code|code-block):: *(\S*)\n((?:\1 +\S.*\n|[ \t]*\n)+)", re.MULTILINE)
NOT_RUN = re.compile(r"^(?! *\.\. ).*::$|^ *\.\. (?:parsed-literal|sourcecode)::", re.MULTILINE)
TRADES = """
import pyarrow, pyarrow.parquet
columns = {"stock": ["u", "w", "u"], "symbol": ["u", "w", "u"], "price": [1.0, 5.0, 3.0]}
pyarrow.parquet.write_table(pyarrow.table(columns), "trades.parquet")
"""

# `make test-plugin` runs it, in an environment where the plug-in that it makes is installed.
collect_ignore = ["own_loop.rst"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """The examples write files: every page runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)


def pytest_collect_file(parent, file_path):
    return Page.from_parent(parent, path=file_path) if file_path.suffix == ".rst" else None


class Page(pytest.File):
    def collect(self):
        text = self.path.read_text() + "\n"
        program = ""
        for number, (indent, language, block) in enumerate(BLOCK.findall(text)):
            code = re.sub(rf"^{indent} +:\w.*\n", "", block, flags=re.MULTILINE)
            if language == "python":
                program += dedented(code)
            elif language == "c":
                yield Compiled.from_parent(self, name=f"block {number}", text=dedented(code))
            elif language == "console":
                yield Commands.from_parent(self, name=f"commands {number}", text=code)
            else:
                yield Refused.from_parent(self, name=f"block {number}", text=f"{language}:\n{block}")
        if program:
            yield Program.from_parent(self, name="program", text=program)
        for line in NOT_RUN.findall(text):
            yield Refused.from_parent(self, name=line.strip(), text=line)


def dedented(code):
    """Every block by itself: they stand at different depths of a page."""
    lines = code.splitlines()
    depth = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[depth:] for line in lines) + "\n"


class Block(pytest.Item):
    def __init__(self, *, text, **arguments):
        super().__init__(**arguments)
        self.text = text

    def repr_failure(self, excinfo, style=None):  # noqa: ARG002
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, None, f"{self.path.name}: {self.name}"


class Program(Block):
    """All blocks of Python on a page, in a process of their own: some show how other libraries go wrong."""

    def runtest(self):
        with TemporaryDirectory() as folder:
            run([sys.executable, "-c", self.text], folder)


class Commands(Block):
    """
    Lines that begin with ``$``. They run in an empty folder with the file ``trades.parquet`` of the examples.
    Of those that are for a checkout and take long, the program is only asked for its help.
    """

    def runtest(self):
        with TemporaryDirectory() as folder:
            run([sys.executable, "-c", TRADES], folder)
            for command in re.findall(r"^ *\$ (.*)$", self.text, re.MULTILINE):
                if found := re.fullmatch(r"pip install '?\.(?:\[(.*)\])?'?", command):
                    extras = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
                    assert set(filter(None, (found[1] or "").split(","))) <= set(extras), command
                elif found := re.fullmatch(r"cd (\S+)", command):
                    assert (ROOT / found[1]).is_dir(), command
                elif command.startswith("make "):
                    run(f"make -n {command[5:]}", ROOT)
                elif found := re.match(r"(?:python )?(?:bench|tools)/\S+|asv \w+", command):
                    run(f"{found[0]} --help", ROOT)
                else:
                    run(command, folder)


class Compiled(Block):
    """C: it compiles without a warning, with the integer types known and the headers of NumPy and ours."""

    def runtest(self):
        with TemporaryDirectory() as folder:
            Path(folder, "block.c").write_text(self.text)
            headers = (sysconfig.get_path("include"), np.get_include(), ROOT / "numpy_ext" / "include")
            options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-include", "stdint.h"]
            run(["cc", *options, *(f"-I{path}" for path in headers), "block.c"], folder)


class Refused(Block):
    def runtest(self):
        pytest.fail(f"no test runs this block; include a file that is tested:\n{self.text}", pytrace=False)


def run(command, folder):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{command}\nended with {done.returncode}:\n{done.stdout}", pytrace=False)
