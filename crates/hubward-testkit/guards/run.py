#!/usr/bin/env python3
"""Takes each guard of list.txt out in turn, in a copy of the tree, and requires that `worlds 20000` notices.

    crates/hubward-testkit/guards/run.py [--check] [--resume] [PART-OF-A-TITLE]

`--check` only checks that each guard is still in its file, once. last.txt has the last result of each guard with the tree of
that run; `--resume` skips the guards that are noticed there, so that an interrupted run can go on.
"""

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORLDS = "20000"
# what is built again after a change of one function is small
QUICK = {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "1", "CARGO_PROFILE_RELEASE_INCREMENTAL": "true", "CARGO_INCREMENTAL": "1"}


def guards():
    """Yields (title, file, old, new). Lines of a guard begin with `- `, those that replace it with `+ `."""
    for block in (HERE / "list.txt").read_text().split("\n## ")[1:]:
        title, file, *lines = block.strip("\n").split("\n")
        old = [line[2:] for line in lines if line.startswith("- ")]
        new = [line[2:] for line in lines if line.startswith("+ ")]
        yield title, file, "\n".join(old), "\n".join(new)


def taken_out(title, text, old, new):
    """Replaces the guard, whose lines may be indented in another way."""
    lines = [re.escape(line.strip()) for line in old.split("\n")]
    pattern = re.compile(r"\s*\n\s*".join(lines))
    found = len(pattern.findall(text))
    if found != 1:
        sys.exit(f"{title}: the guard is {found} times in its file")
    return pattern.sub(lambda _: new, text)


def copied_tree(into):
    """Copies what differs. A copy has a new time, since a build may be of the guard that an earlier run took out."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    names = {name for name in names.split("\0") if name and (ROOT / name).is_file()}
    for path in list(into.rglob("*")):
        if path.is_file() and str(path.relative_to(into)) not in names:
            path.unlink()
    for name in names:
        copy = into / name
        if not copy.exists() or copy.read_bytes() != (ROOT / name).read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy)


def result(tree, file, text, mutated):
    """Returns `noticed`, `UNNOTICED` or `does not compile`."""
    env = dict(os.environ, **QUICK, CARGO_TARGET_DIR=str(ROOT / "target/guards/target"))
    cargo = ["cargo", "build", "--locked", "--release", "--quiet", "-p", "hubward-testkit", "--bin", "worlds"]
    (tree / file).write_text(mutated)
    try:
        if subprocess.run(cargo, cwd=tree, env=env, stderr=subprocess.DEVNULL).returncode:
            return "does not compile"
        worlds = [str(ROOT / "target/guards/target/release/worlds"), WORLDS]
        run = subprocess.run(worlds, cwd=tree, capture_output=True, text=True)
        return "UNNOTICED" if run.returncode == 0 else "noticed"
    finally:
        (tree / file).write_text(text)


def last_results():
    """Returns the results that last.txt has, by title."""
    return dict(line.split(": ", 1) for line in (HERE / "last.txt").read_text().split("\n\n")[1].splitlines())


def write_last(done):
    rows = [(title, done.get(title, "not run")) for title, *_ in guards()]
    noticed = sum(result.startswith("noticed") for _, result in rows)
    not_run = sum(result.startswith("not run") for _, result in rows)
    head = f"The last result of each guard, `worlds {WORLDS}`, with its tree and day. {len(rows)} guards: {noticed} noticed, "
    head += f"{len(rows) - noticed - not_run} not noticed, {not_run} not run."
    (HERE / "last.txt").write_text("\n".join([head, "", *(f"{title}: {result}" for title, result in rows)]) + "\n")


def main():
    args = sys.argv[1:]
    only_check = "--check" in args
    part = next((arg for arg in args if not arg.startswith("-")), "")
    selected = [guard for guard in guards() if part in guard[0]]
    for title, file, old, new in selected:
        taken_out(title, (ROOT / file).read_text(), old, new)
    if only_check:
        return print(f"{len(selected)} guards are in their files")
    tree = ROOT / "target/guards/tree"
    copied_tree(tree)
    if "--copy" in args:
        return
    done = last_results()
    resumed = {title for title in done if "--resume" in args and done[title].startswith("noticed")}
    rev = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()
    for title, file, old, new in selected:
        if title not in resumed:
            text = (tree / file).read_text()
            day = datetime.datetime.now(datetime.timezone.utc).date()
            done[title] = f"{result(tree, file, text, taken_out(title, text, old, new))} ({rev}, {day})"
            write_last(done)
        print(f"{title}: {done[title]}", flush=True)
    missed = [title for title, *_ in selected if not done[title].startswith("noticed")]
    print(f"{len(selected)} guards, {len(missed)} not noticed")
    sys.exit(bool(missed))


main()
