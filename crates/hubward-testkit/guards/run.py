#!/usr/bin/env python3
"""Takes each guard of list.txt out in turn, in a copy of the tree, and requires that `worlds 20000` notices.

    crates/hubward-testkit/guards/run.py [--check] [PART-OF-A-TITLE]

`--check` only checks that each guard is still in its file, once. A result that is in target/guards/results.txt is not
computed again: remove that file to start anew.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORLDS = "20000"


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
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        # the time of the file stays, so that cargo builds again only what a guard changes
        shutil.copy2(ROOT / name, into / name)


def result(tree, file, text, mutated):
    """Returns `noticed`, `UNNOTICED` or `does not compile`."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(ROOT / "target/guards/target"), CARGO_PROFILE_RELEASE_OPT_LEVEL="1")
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
    shutil.rmtree(tree, ignore_errors=True)
    copied_tree(tree)
    kept = ROOT / "target/guards/results.txt"
    done = dict(line.rsplit(": ", 1) for line in kept.read_text().splitlines()) if kept.exists() else {}
    for title, file, old, new in selected:
        if title not in done:
            text = (tree / file).read_text()
            done[title] = result(tree, file, text, taken_out(title, text, old, new))
            with kept.open("a") as out:
                out.write(f"{title}: {done[title]}\n")
        print(f"{title}: {done[title]}", flush=True)
    missed = [title for title, *_ in selected if done[title] != "noticed"]
    print(f"{len(selected)} guards, {len(missed)} not noticed")
    sys.exit(bool(missed))


main()
