"""Calls every ufunc under valgrind: every row of its table, every layout, around the widths of vectors.

The first argument is the file for what valgrind finds. What stands between and around elements is never set,
so that valgrind tells of a result that depends on it.
"""

import contextlib
import os
import subprocess
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import calls

# Series, values of each; also many series side by side, which lanes share.
SHAPES = [(3, 0), (3, 17), (18, 5)]


def strided(values):
    wide = np.empty((*values.shape, 3), values.dtype)
    wide[..., 1] = values
    return wide[..., 1]


def reversed_(values):
    return values[..., ::-1].copy()[..., ::-1]


def in_columns(values):
    """Rows of the transposed array, with room between."""
    wide = np.empty((values.shape[-1], 2, *values.shape[:-1]), values.dtype)
    wide[:, 0] = np.moveaxis(values, -1, 0)
    return np.moveaxis(wide[:, 0], 0, -1)


def zero_stride(values):
    return np.broadcast_to(values[..., :1], values.shape)


LAYOUTS = [np.copy, strided, reversed_, in_columns, zero_stride]


def use(results):
    """Looks up a table by every byte: else valgrind does not mind what was never set. A long double has bytes
    that mean nothing."""
    for result in results if isinstance(results, tuple) else (results,):
        if result.dtype.names:
            use(tuple(result[name] for name in result.dtype.names))
        elif result.dtype.char not in "gG":
            zlib.crc32(np.ascontiguousarray(result).data)


def call_all():
    count = 0
    with np.errstate(all="ignore"):
        for ufunc, types in calls.every_row():
            for series, length in SHAPES:
                for layout in LAYOUTS:
                    operands = [layout(each) for each in calls.inputs(ufunc, types, series, length)]
                    use(ufunc(*operands, signature=types))
                    count += 1
        for _, call in calls.record_calls():
            with contextlib.suppress(TypeError, OverflowError):
                use(call())
            count += 1
    print(f"{count} calls of {len(calls.UFUNCS)} ufuncs", end="", flush=True)


def is_ours(error):
    """Whether the extension did it, or its result was used. Python and the loader have their own. What is
    kept to the end, by a pointer behind the head for Python's garbage collector, is not lost."""
    stack = error.find("stack")
    return error.findtext("kind") != "Leak_PossiblyLost" and any(
        "_ufuncs" in frame.findtext("obj", "") or "crc32" in frame.findtext("fn", "") for frame in stack
    )


def main():
    if len(sys.argv) < 2:
        call_all()
        return
    log = sys.argv[1]
    command = ["valgrind", "--quiet", "--xml=yes", f"--xml-file={log}", "--leak-check=no"]
    command += ["--child-silent-after-fork=yes", sys.executable, "-P", __file__]
    environment = {**os.environ, "PYTHONMALLOC": "malloc", "OPENBLAS_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=environment, check=False).returncode
    errors = [error for error in ElementTree.parse(log).iter("error") if is_ours(error)]
    for error in errors:
        frames = [
            f"{frame.findtext('fn')} {frame.findtext('file')}:{frame.findtext('line')}"
            for frame in error.find("stack")
        ]
        print(f"\n{error.findtext('what') or error.findtext('xwhat/text')}\n    " + "\n    ".join(frames))
    print(f", {len(errors)} errors")
    sys.exit(bool(errors) or ended != 0)


if __name__ == "__main__":
    main()
