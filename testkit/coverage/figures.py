#!/usr/bin/env python3
"""Writes last.txt of the JSON of cargo-llvm-cov: the lines of each crate, and the files with the most lines that no test runs."""

import datetime
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BAR = 95


def main():
    files = json.loads(pathlib.Path(sys.argv[1]).read_text())["data"][0]["files"]
    lines = {}
    for file in files:
        path = pathlib.Path(file["filename"])
        if path.is_relative_to(ROOT / "crates"):
            summary = file["summary"]["lines"]
            lines[str(path.relative_to(ROOT))] = (summary["count"], summary["covered"])
    rev = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, check=True, text=True)
    day = datetime.datetime.now(datetime.timezone.utc).date()
    out = [f"The last results of testkit/coverage/run.sh: tree {rev.stdout.strip()}, {day}. Lines that a test runs.", ""]
    below = []
    for crate in sys.argv[2:]:
        own = [counts for path, counts in lines.items() if path.startswith(f"crates/{crate}/src/")]
        count, covered = (sum(column) for column in zip(*own))
        percent = 100 * covered / count
        out.append(f"{crate:16} {covered:6} of {count:6} {percent:5.1f} %")
        below += [crate] if percent < BAR else []
    out += ["", "The files with the most lines that no test runs:"]
    ours = tuple(f"crates/{crate}/src/" for crate in sys.argv[2:])
    missing = sorted(((count - covered, path) for path, (count, covered) in lines.items() if path.startswith(ours)), reverse=True)
    out += [f"{path:58} {count:4}" for count, path in missing[:12]]
    (HERE / "last.txt").write_text("\n".join(out) + "\n")
    print("\n".join(out))
    if below:
        sys.exit(f"below {BAR} %: {', '.join(below)}")


main()
