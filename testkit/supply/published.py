#!/usr/bin/env python3
"""Prints the names of the crates that `cargo publish` would publish, one a line; with `--lib`, of the libraries only.

The library of the program is no interface: a package with a binary is no library here.
"""
import json, subprocess, sys

command = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
for package in json.loads(subprocess.check_output(command))["packages"]:
    library = not any("bin" in target["kind"] for target in package["targets"])
    if package["publish"] is None and (library or "--lib" not in sys.argv):
        print(package["name"])
