#!/usr/bin/env python3
"""Writes last.txt from the results of run.sh: per file the mutants, and how many of them the tests caught.

    testkit/mutants/figures.py               # writes last.txt; fails if a survivor is not in survivors.txt
    testkit/mutants/figures.py --new FOLDER  # prints the survivors of a folder of results that are not in survivors.txt
"""

import datetime
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def names(path):
    return set(path.read_text().splitlines()) if path.exists() else set()


def without_place(mutant):
    """A mutant's file and change: the number of its line moves when another line is added."""
    return re.sub(r"^([^:]+):\d+:\d+: ", r"\1: ", mutant)


def listed():
    return {line for line in (HERE / "survivors.txt").read_text().splitlines() if line.startswith("crates/")}


def git(*args):
    return subprocess.run(["git", *args], cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()


def new(missed):
    return sorted(mutant for mutant in missed if without_place(mutant) not in listed())


def row(folder):
    caught, unviable = names(folder / "caught.txt"), names(folder / "unviable.txt")
    missed = names(folder / "mutants.out/missed.txt")
    ended = names(folder / "timeout.txt") - caught
    # a mutant that does not end is noticed by any test's time limit
    return len(caught | ended), len(unviable), missed


def main():
    if sys.argv[1:2] == ["--new"]:
        unknown = new(row(pathlib.Path(sys.argv[2]))[2])
        print("\n".join(f"SURVIVES {mutant}" for mutant in unknown))
        sys.exit(bool(unknown))
    rows, unknown = [], []
    for done in sorted((ROOT / "target/mutants/results").glob("*/done")):
        file = done.parent.name.replace(",", "/")
        if done.read_text().split()[0] != git("rev-parse", f"HEAD:{file}"):
            continue
        caught, unviable, missed = row(done.parent)
        known = len(missed) - len(new(missed))
        rows.append((file, caught + unviable + len(missed), caught, unviable, len(missed), known))
        unknown += new(missed)
    total = ["total", *(sum(column) for column in list(zip(*rows))[1:])]
    day = datetime.datetime.now(datetime.timezone.utc).date()
    lines = [
        f"The last results of testkit/mutants/run.sh: tree {git('rev-parse', '--short', 'HEAD')}, {day}.",
        "Score: caught mutants among those that compile. Equivalent: survivors that survivors.txt explains.",
        "",
        f"{'file':58} mutants caught unviable survivors equivalent  score",
    ]
    for file, mutants, caught, unviable, missed, known in [*rows, total]:
        score = 100 * caught / max(1, caught + missed)
        lines.append(f"{file:58} {mutants:7} {caught:6} {unviable:8} {missed:9} {known:10} {score:5.1f}%")
    (HERE / "last.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    print("\n".join(f"SURVIVES {mutant}" for mutant in unknown))
    sys.exit(bool(unknown))


main()
