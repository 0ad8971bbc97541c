#!/usr/bin/env python3
"""Copies the published libraries, without their tests, to a folder, and prints `NAME VERSION` for each: `libraries.py FOLDER`.

A library's tests need newer crates than its users do, so the copy has neither dev-dependencies nor targets of tests.
"""
import pathlib, re, shutil, sys, tomllib

folder = pathlib.Path(sys.argv[1])
root = pathlib.Path(__file__).resolve().parents[2]
text = (root / "Cargo.toml").read_text()
workspace = tomllib.loads(text)["workspace"]
# a section ends where the next one begins
TESTS = re.compile(r"^(\[dev-dependencies[^\n]*|\[\[(?:test|bench|example)\]\])\n(?:(?!\[).*\n?)*", re.M)
TESTS_OF_A_CRATE = shutil.ignore_patterns("tests", "examples", "benches", "live", "target")

copied = []
for member in workspace["members"]:
    manifest = (root / member / "Cargo.toml").read_text()
    package = tomllib.loads(manifest)["package"]
    if package.get("publish", True) and (root / member / "src/lib.rs").exists():
        declared = package["rust-version"]
        declared = workspace["package"]["rust-version"] if isinstance(declared, dict) else declared
        print(package["name"], declared)
        copied.append(member)
        shutil.copytree(root / member, folder / member, ignore=TESTS_OF_A_CRATE)
        (folder / member / "Cargo.toml").write_text(TESTS.sub("", manifest))

members = "".join(f'    "{member}",\n' for member in copied)
text = re.sub(r"^members = \[\n.*?^\]", lambda _: f"members = [\n{members}]", text, flags=re.M | re.S)
(folder / "Cargo.toml").write_text(text)
