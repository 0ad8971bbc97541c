#!/usr/bin/env python3
"""Compares which crates that the facade, the providers and the gateway are built from, for Linux, have `unsafe` in their source with unsafe.txt.

A crate is "forbids" if its root forbids `unsafe`, else "none" or "unsafe". The text is read, not compiled: an `unsafe` block, function,
trait or implementation counts wherever it stands in `src`, also in a module that is not built and in what a macro emits.
`unsafe.py --write` renews the list.
"""
import json, pathlib, re, subprocess, sys

LIST = pathlib.Path(__file__).with_name("unsafe.txt")
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|r#*".*?"#*|"(?:\\.|[^"\\])*"', re.S)
UNSAFE = re.compile(r"\bunsafe\s*(?:\{|fn\b|impl\b|trait\b|extern\b)")
FORBIDS = re.compile(r"^#!\[forbid\([^)]*\bunsafe_code\b", re.M)


command = ["cargo", "metadata", "--locked", "--format-version", "1", "--all-features"]
PACKAGES = {(p["name"], p["version"]): p for p in json.loads(subprocess.check_output(command))["packages"]}


def crates(name):
    """Returns the packages that `name` is built from, with its optional ones, and without those for tests and build scripts."""
    command = ["cargo", "tree", "--locked", "--all-features", "--edges", "normal", "--prefix", "none", "--package", name]
    command += ["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"]
    lines = {tuple(line.split()[:2]) for line in subprocess.check_output(command, text=True).splitlines() if line}
    return [PACKAGES[name, version.removeprefix("v")] for name, version in lines]


def verdict(package):
    folder = pathlib.Path(package["manifest_path"]).parent / "src"
    roots = [pathlib.Path(t["src_path"]) for t in package["targets"] if {"lib", "proc-macro", "rlib"} & set(t["kind"])]
    if any(FORBIDS.search(root.read_text()) for root in roots) or package["source"] is None:
        return "forbids"
    sources = list(folder.rglob("*.rs")) or roots
    return "unsafe" if any(UNSAFE.search(NOISE.sub(" ", s.read_text(errors="replace"))) for s in sources) else "none"


lines = []
for top in ("hubward", "hubward-rustcrypto", "hubward-ring", "hubward-gateway"):
    found = sorted({(verdict(p), p["name"]) for p in crates(top) if p["source"] is not None})
    for kind in ("forbids", "none", "unsafe"):
        names = [name for k, name in found if k == kind]
        lines += [f"# {top}: {kind}, {len(names)} crates", *(f"{top} {kind} {name}" for name in names)]
text = "\n".join(lines) + "\n"
if "--write" in sys.argv:
    LIST.write_text(text)
old, new = set(LIST.read_text().splitlines()), set(text.splitlines())
# only what got worse fails: a crate that has `unsafe` and was not listed with it
worse = sorted(line for line in new - old if " unsafe " in line and not line.startswith("#"))
for line in lines:
    if line.startswith("#"):
        print(line[2:])
if worse:
    sys.exit("has unsafe and is not in unsafe.txt: " + "; ".join(worse) + "\nlook at it, then testkit/supply/unsafe.py --write")
