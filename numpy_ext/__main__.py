"""The command line: ``python -m numpy_ext score INPUT --column NAME``, ``reduce``, ``group`` and ``new``."""

import argparse
import contextlib
import io
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

if TYPE_CHECKING:
    from ._score import Job, Summary

SHIPPED_DATA = Path(__file__).parent / "data" / "market_closes.parquet"
SHOWN_GROUPS = 10
# The options that give an argument of `numpy_ext.stream`.
OPTIONS = {
    "score": {"column": "--column", "by": "--group", "into": "--into"},
    "reduce": {"column": "--column", "weights": "--weights"},
    "group": {"column": "--column", "by": "--by"},
}
INPUT = "a .parquet, .csv, .arrow or .feather file"

SCORE = """\
Conditional rolling score of a column: a value above the score lifts it to rise * score + value, any other
lets it fall to fall * score. A null has a null score and leaves the state as it is; a NaN falls. Without
INPUT, scores the daily closes of two market indexes that come with the package."""


REDUCE = """\
Sum of the powers x**P over the values above zero, with --absolute of abs(x)**P over all; or, with --weights,
the sum of the products of two columns. Nulls are left out."""

GROUP = """\
Mean, sum and count of the values of each key, in the order in which the keys first appear. Nulls are left
out; a null key is a key."""

NEW = """\
Write a project for ufuncs in C of your own into a new folder NAME: it builds and passes its tests as it is.
The tutorial in the documentation goes on from there."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m numpy_ext", description="Ufuncs in C, on files.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add_score(commands)
    add_reduce(commands)
    add_group(commands)
    add_new(commands)
    parsed = parser.parse_args(arguments)
    parsed.check(parsed)
    return parsed


def add_score(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    score = commands.add_parser("score", help="conditional rolling score of a column", description=SCORE)
    score.add_argument("input", metavar="INPUT", nargs="?", type=Path, help=INPUT)
    score.add_argument("--column", metavar="NAME", help="the column to score")
    score.add_argument("--group", metavar="NAME", help="a column of keys; each key has a score of its own")
    score.add_argument(
        "--rise", metavar="R", type=float, default=0.9, help="factor when the value is higher (0.9)"
    )
    score.add_argument("--fall", metavar="F", type=float, default=0.5, help="factor when it is not (0.5)")
    score.add_argument("--output", metavar="OUT", type=Path, help="write the columns of INPUT and the score")
    score.add_argument("--into", metavar="NAME", default="score", help="name of the new column (score)")
    score.add_argument("--plot", metavar="PNG", type=Path, help="draw the column and its score")
    add_states(score)

    def check(parsed: argparse.Namespace) -> None:
        if parsed.input is None:
            parsed.input = SHIPPED_DATA
            if parsed.column is None:
                parsed.column, parsed.group = "close", parsed.group or "index"
        elif parsed.column is None:
            score.error("--column NAME is needed with INPUT")

    score.set_defaults(check=check, run=run_score)


def add_states(command: argparse.ArgumentParser) -> None:
    command.add_argument("--state", metavar="JSON", type=Path, help="begin where an earlier run ended")
    command.add_argument("--save-state", metavar="JSON", type=Path, help="keep where this run ends")


def add_reduce(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    reduce = commands.add_parser("reduce", help="sum of powers or of products", description=REDUCE)
    reduce.add_argument("input", metavar="INPUT", type=Path, help=INPUT)
    reduce.add_argument("--column", metavar="NAME", required=True, help="the column to sum up")
    reduce.add_argument("--power", metavar="P", type=float, help="the exponent")
    reduce.add_argument("--absolute", action="store_true", help="sum up abs(x)**P over all values")
    reduce.add_argument("--weights", metavar="NAME", help="sum up the products with this column")
    add_states(reduce)

    def check(parsed: argparse.Namespace) -> None:
        if (parsed.power is None) == (parsed.weights is None):
            reduce.error("either --power P or --weights NAME is needed")
        if parsed.weights is not None and parsed.absolute:
            reduce.error("--absolute goes with --power")

    reduce.set_defaults(check=check, run=run_reduce)


def add_group(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = commands.add_parser("group", help="mean, sum and count of each key", description=GROUP)
    group.add_argument("input", metavar="INPUT", type=Path, help=INPUT)
    group.add_argument("--column", metavar="NAME", required=True, help="the column of values")
    group.add_argument("--by", metavar="NAME", required=True, help="the column of keys")
    group.add_argument("--output", metavar="OUT", type=Path, help="write keys, means, sums and counts")
    add_states(group)
    group.set_defaults(check=lambda _: None, run=run_group)


def add_new(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = commands.add_parser("new", help="a project for ufuncs in C of your own", description=NEW)
    new.add_argument("name", metavar="NAME", help="of the module and its folder, such as my_loops")
    new.set_defaults(check=lambda _: None, run=run_new)


def run_new(options: argparse.Namespace) -> None:
    from ._new import new

    folder = new(options.name, Path())
    print_table([("folder", f"{folder}/"), ("next", f"pip install './{folder}[test]' && pytest {folder}")])


def run_score(options: argparse.Namespace) -> None:
    from . import _score

    names = _score.Job.__dataclass_fields__
    job = _score.Job(**{name: value for name, value in vars(options).items() if name in names})
    print_score(job, _score.score_file(job, "scoring"), _score.POWER)


def run_reduce(options: argparse.Namespace) -> None:
    from . import stream
    from .stream._files import check_outputs

    column, weights = options.column, options.weights
    check_outputs([options.save_state] if options.save_state else [], [options.input])
    state = stream.State.load(options.state) if options.state else stream.State()
    began = time.perf_counter()
    if weights is None:
        counted: str | list[str] = column
        total: tuple[object, ...] = ("pow_sum", column, options.power, options.absolute, state)
        what = f"{'absolute ' if options.absolute else ''}pow-sum (p = {options.power})"
    else:
        counted, total = [weights, column], ("weighted_sum", weights, column, state)
        what = f"sum weighted by {weights}"
    found = stream.scan(options.input, progress="adding up").reduce(total=total, count=("count", counted))
    if options.save_state:
        state.save(options.save_state)
    lines = [
        ("input", str(options.input)),
        ("column", column),
        ("seconds", f"{time.perf_counter() - began:.3f}"),
        ("count", f"{found['count']:,}"),
        (what, repr(found["total"])),
    ]
    print_table(lines + [("state", str(options.save_state))] * bool(options.save_state))


def run_group(options: argparse.Namespace) -> None:
    from . import stream
    from .stream._files import check_outputs, format_of, open_file
    from .stream._state import check_keys_can_be_saved, key_names

    outputs = (("output", options.output), ("state", options.save_state))
    if options.output:
        format_of(options.output)
    check_outputs([path for _, path in outputs if path], [options.input])
    state = stream.State.load(options.state) if options.state else stream.State()
    if options.save_state:
        check_keys_can_be_saved(open_file(options.input, {}).schema, options.by)
    began = time.perf_counter()
    table = stream.scan(options.input, progress="grouping").group_mean(options.column, options.by, state)
    if options.output:
        stream.scan(table).write(options.output)
    if options.save_state:
        state.save(options.save_state)
    lines = [
        ("input", str(options.input)),
        ("column", f"{options.column} by {options.by}"),
        ("seconds", f"{time.perf_counter() - began:.3f}"),
        ("count", f"{sum(table['count'].to_pylist()):,}"),
        ("groups", f"{len(table):,}"),
    ]
    shown = table.slice(0, SHOWN_GROUPS)
    for name, mean in zip(key_names(shown[options.by]), shown["mean"].to_pylist(), strict=True):
        lines.append((f"mean of {name}", repr(mean)))
    print_table(lines + [(what, str(path)) for what, path in outputs if path])


def print_score(job: "Job", summary: "Summary", power: float) -> None:
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
    for name, state in summary.states[:SHOWN_GROUPS]:
        lines.append((f"last state of {name}" if job.group else "last state", repr(state)))
    outputs = (("output", job.output), ("plot", job.plot), ("state", job.save_state))
    print_table(lines + [(what, str(path)) for what, path in outputs if path])


def print_table(lines: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")


def fail(message: str, code: int = 1) -> NoReturn:
    print(f"python -m numpy_ext: error: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(code)


def missing(error: ImportError, extras: str) -> str:
    return f"{str(error.name).partition('.')[0]} is not installed: pip install 'numpy-ext-ufuncs[{extras}]'"


def said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def run(options: argparse.Namespace) -> None:
    if options.command == "new":  # it needs no pyarrow
        try:
            return run_new(options)
        except OSError as error:
            fail(said(error))
        except ValueError as error:
            fail(str(error))
    try:
        from . import stream
        from .stream._columns import ColumnError, ColumnTypeError
    except ImportError as error:
        fail(missing(error, "arrow"))
    del stream  # it was a question
    try:
        # A sum may grow past the largest float; the user sees the infinity.
        with np.errstate(all="ignore"):
            options.run(options)
    except ImportError as error:
        fail(missing(error, "arrow,plot"))
    except OSError as error:
        fail(said(error))
    except (ColumnError, ColumnTypeError) as error:
        option = OPTIONS[options.command].get(error.argument)
        fail(f"{option}: {error.problem}" if option else str(error))
    except (ValueError, TypeError, OverflowError, NotImplementedError) as error:
        fail(str(error))
    except MemoryError:
        fail("out of memory")


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
