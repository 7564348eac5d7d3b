"""
Every operation beside what else one would pick for it, in one run.

Each peer's result is checked first; then the peers take turns, round after round, so that a machine that
slows down slows all of them. Printed are nanoseconds an element and how many times longer than numpy_ext a
peer took: above 1, numpy_ext is faster. Everything runs on one thread but what says so, and every peer
allocates its output, unless the case is in place. C and Rust are called through ctypes, which costs some
microseconds: compare them on long arrays. It ends with an error when a result is wrong, that of numpy_ext or
of a peer that is not known to differ.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy and SciPy load it
os.environ["POLARS_MAX_THREADS"] = "1"

if not __package__:  # run as a file: `bench` is the package that asv makes of this folder
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from bench.cases import FAMILIES
from bench.cases.case import OURS
from bench.machine import machine, versions
from bench.measure import compare

SIZES, QUICK_SIZES = [1_000, 100_000, 1_000_000], [1_000, 20_000]


def right_peers(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in result["peers"].values() if row["right"]]


def print_result(result: dict[str, Any]) -> None:
    best = min(right_peers(result), key=lambda row: row["time"], default=None)
    ours = {"time": result["ours"], "median": result["ours median"], "right": OURS not in result["mistakes"]}
    print(f"\n{result['name']}")
    for name, row in {OURS: ours, **result["peers"]}.items():
        ratio, remarks = row["time"] / result["ours"], []
        if row is best:
            remarks.append("best peer")
        if ratio < 1 and (row is best or not row["right"]):
            remarks.append("faster than numpy_ext")
        if not row["right"]:
            remarks.append("wrong" if row.get("ulps") is None else f"not the same: {row['ulps']:.3g} ulp")
        times = f"{row['time']:9.3f} ns  median {row['median']:9.3f}  {ratio:7.2f} x"
        print(f"  {name:<22} {times}  {', '.join(remarks)}".rstrip())
    if "share of copy bandwidth" in result:
        print(f"  share of copy bandwidth: {result['share of copy bandwidth']:.2f}")


def print_summary(results: list[dict[str, Any]]) -> None:
    beside = [result for result in results if right_peers(result)]
    won = sum(all(row["time"] >= result["ours"] for row in right_peers(result)) for result in beside)
    other = sum(
        not row["right"] and row["time"] < result["ours"]
        for result in results
        for row in result["peers"].values()
    )
    print(f"\nnumpy_ext is as fast as the best right peer, or faster, in {won} of {len(beside)} cases.")
    print(f"In {other} cases a peer is faster whose result is not the same.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help="only cases whose name holds every word")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help=f"of arrays {SIZES}")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each case (7)")
    parser.add_argument("--seconds", type=float, default=0.02, help="for a peer in a round (0.02)")
    parser.add_argument("--quick", action="store_true", help="try that all works: short arrays, one call")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the run, with its machine")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.0
    sizes = options.sizes or (QUICK_SIZES if options.quick else SIZES)

    about = {"machine": machine(), "versions": versions()}
    for part in about.values():
        for name, value in part.items():
            print(f"{name:<18} {value}")
    results = []
    for family, cases in FAMILIES.items():
        for case in cases(sizes):
            if all(word in case.name for word in options.words):
                results.append(compare(family, case, options.rounds, options.seconds))
                print_result(results[-1])
    print_summary(results)
    if options.json:
        method = {"sizes": sizes, "rounds": options.rounds, "seconds a round and peer": options.seconds}
        run = {**about, "method": method, "cases": results}
        options.json.write_text(json.dumps(run, indent=1, allow_nan=False) + "\n")
    mistakes = [
        f"{result['name']}: {', '.join(result['mistakes'])}" for result in results if result["mistakes"]
    ]
    if mistakes:
        sys.exit("\n".join(["peers: not the expected result:", *mistakes]))


if __name__ == "__main__":
    main()
