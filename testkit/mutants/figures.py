#!/usr/bin/env python3
"""Writes last.txt from the results of run.sh: per file the mutants, and how many of them the tests caught.

    testkit/mutants/figures.py               # writes last.txt; fails if a survivor is not in survivors.txt. A file that was run
                                             # elsewhere and has not changed keeps its row
    testkit/mutants/figures.py --new FOLDER  # prints the survivors of a folder of results that are not in survivors.txt
"""

import datetime
import pathlib
import re
import subprocess
import sys
import tomllib

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


def deciding_files():
    globs = tomllib.loads((ROOT / ".cargo/mutants.toml").read_text())["examine_globs"]
    return sorted({str(path.relative_to(ROOT)) for glob in globs for path in ROOT.glob(glob)})


def version(file):
    """The file's content in the commit, as git names it."""
    return git("rev-parse", f"HEAD:{file}")[:9]


def recorded(last):
    """Returns the rows that last.txt has of files that have not changed since, and their survivors without a reason."""
    lines = last.read_text().splitlines() if last.exists() else []
    rows = {line.split()[0]: line.split() for line in lines if line.startswith("crates/")}
    rows = {file: row for file, row in rows.items() if len(row) == 8 and (ROOT / file).is_file() and row[-1] == version(file)}
    survivors = [line.removeprefix("SURVIVES ") for line in lines if line.startswith("SURVIVES ")]
    return {file: [int(cell) for cell in row[1:6]] for file, row in rows.items()}, survivors


def main():
    if sys.argv[1:2] == ["--new"]:
        unknown = new(row(pathlib.Path(sys.argv[2]))[2])
        print("\n".join(f"SURVIVES {mutant}" for mutant in unknown))
        sys.exit(bool(unknown))
    last = HERE / "last.txt"
    rows, earlier = recorded(last)
    computed, unknown = set(), []
    for done in sorted((ROOT / "target/mutants/results").glob("*/done")):
        file = done.parent.name.replace(",", "/")
        if not (ROOT / file).is_file() or not done.read_text().startswith(version(file)):
            continue
        caught, unviable, missed = row(done.parent)
        rows[file] = [caught + unviable + len(missed), caught, unviable, len(missed), len(missed) - len(new(missed))]
        computed.add(file)
        unknown += new(missed)
    unknown += [mutant for mutant in new(earlier) if mutant.split(":")[0] in rows.keys() - computed]
    total = [sum(column) for column in zip(*rows.values())] or [0] * 5
    not_run = [file for file in deciding_files() if file not in rows]
    day = datetime.datetime.now(datetime.timezone.utc).date()
    lines = [
        f"The last results of testkit/mutants/run.sh: {day}, {len(rows)} files run, {len(not_run)} not run. run.sh skips a file whose",
        "version, git's name of its content, is here. Score: caught mutants among those that compile. Equivalent: survivors that",
        "survivors.txt explains.",
        "",
        f"{'file':58} mutants caught unviable survivors equivalent  score version",
    ]
    for file, cells in [*sorted(rows.items()), ("total", total)]:
        mutants, caught, unviable, missed, known = cells
        score = 100 * caught / max(1, caught + missed)
        of = f" {version(file)}" if file in rows else ""
        lines.append(f"{file:58} {mutants:7} {caught:6} {unviable:8} {missed:9} {known:10} {score:5.1f}%{of}")
    lines += ["", *(f"SURVIVES {mutant}" for mutant in unknown)]
    print("\n".join(lines))
    last.write_text("\n".join([*lines, *(f"not run: {file}" for file in not_run)]).rstrip() + "\n")
    sys.exit(bool(unknown))


main()
