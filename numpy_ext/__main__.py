"""The command line: ``python -m numpy_ext score INPUT --column NAME``."""

import argparse
import contextlib
import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from ._files import Source
    from ._score import Job, Summary

SHIPPED_DATA = Path(__file__).parent / "data" / "market_closes.parquet"
SHOWN_STATES = 10

DESCRIPTION = """\
Conditional rolling score of a column: a value above the score lifts it to rise * score + value, any other
lets it fall to fall * score. A null has a null score and leaves the state as it is; a NaN falls. Without
INPUT, scores the daily closes of two market indexes that come with the package."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m numpy_ext", description="Ufuncs in C, on files.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    score = commands.add_parser(
        "score", help="conditional rolling score of a column", description=DESCRIPTION
    )
    score.add_argument(
        "input", metavar="INPUT", nargs="?", type=Path, help="a .parquet, .csv, .arrow or .feather file"
    )
    score.add_argument("--column", metavar="NAME", help="the column to score")
    score.add_argument("--group", metavar="NAME", help="a column of keys; each key has a score of its own")
    score.add_argument(
        "--rise", metavar="R", type=float, default=0.9, help="factor when the value is higher (0.9)"
    )
    score.add_argument("--fall", metavar="F", type=float, default=0.5, help="factor when it is not (0.5)")
    score.add_argument("--output", metavar="OUT", type=Path, help="write the columns of INPUT and the score")
    score.add_argument("--into", metavar="NAME", default="score", help="name of the new column (score)")
    score.add_argument("--plot", metavar="PNG", type=Path, help="draw the column and its score")
    parsed = parser.parse_args(arguments)
    if parsed.input is None:
        parsed.input = SHIPPED_DATA
        if parsed.column is None:
            parsed.column, parsed.group = "close", parsed.group or "index"
    elif parsed.column is None:
        score.error("--column NAME is needed with INPUT")
    return parsed


def with_progress(source: "Source", batches: Iterator[Any]) -> Iterator[Any]:
    """The batches, and on a terminal a bar that follows them."""
    if not sys.stderr or not sys.stderr.isatty():
        yield from batches
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scoring", total=source.size)
        for batch in batches:
            yield batch
            bar.update(task, completed=source.position)


def print_summary(job: "Job", summary: "Summary", power: float) -> None:
    lines = [
        ("input", str(job.input)),
        ("column", job.column + (f" by {job.group}" if job.group else "")),
        ("rows", f"{summary.rows:,}"),
        ("seconds", f"{summary.seconds:.3f}"),
        ("rows per second", f"{summary.rows / summary.seconds:,.0f}"),
        ("count", f"{summary.count:,}"),
        (f"pow-sum (p = {power})", repr(summary.pow_sum)),
    ]
    if job.group:
        lines.append(("groups", f"{len(summary.states):,}"))
    for name, state in summary.states[:SHOWN_STATES]:
        lines.append((f"last state of {name}" if job.group else "last state", repr(state)))
    lines += [(what, str(path)) for what, path in (("output", job.output), ("plot", job.plot)) if path]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")


def fail(message: str, code: int = 1) -> NoReturn:
    print(f"python -m numpy_ext: error: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(code)


def library(error: ModuleNotFoundError) -> str:
    return str(error.name).partition(".")[0]


def run(options: argparse.Namespace) -> None:
    try:
        from . import _score
    except ModuleNotFoundError as error:
        fail(f"{library(error)} is not installed: pip install 'numpy-ext-ufuncs[arrow]'")
    del options.command
    job = _score.Job(**vars(options))
    try:
        summary = _score.score_file(job, with_progress)
    except ModuleNotFoundError as error:
        fail(f"{library(error)} is not installed: pip install 'numpy-ext-ufuncs[arrow,plot]'")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except (ValueError, NotImplementedError) as error:
        fail(str(error))
    except MemoryError:
        fail("out of memory")
    print_summary(job, summary, _score.POWER)


def stop(number: int, _frame: object) -> NoReturn:
    fail("terminated; unfinished files are removed", 128 + number)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    # As for Ctrl-C, the unfinished output is removed on the way out.
    signal.signal(signal.SIGTERM, stop)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may have letters that the terminal has not
    try:
        run(options)
        if sys.stdout:  # None when the shell closed it
            sys.stdout.flush()
    except KeyboardInterrupt:
        fail("interrupted; unfinished files are removed", 130)
    except BrokenPipeError:
        # Nobody reads the summary; the files are complete.
        with contextlib.suppress(OSError):
            sys.stdout.close()


if __name__ == "__main__":
    main()
