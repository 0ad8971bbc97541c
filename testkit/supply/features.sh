#!/usr/bin/env bash
# Compiles each published crate with each set of its features, without dev-dependencies, so that no test lends it a feature.
# Works in a copy below target/, since cargo-hack changes manifests where it runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=0.6.46
cargo hack --version 2>/dev/null | grep -qx "cargo-hack $version" || cargo install --locked cargo-hack --version "$version"
target=${CARGO_TARGET_DIR:-$PWD/target}
tree=$target/features/tree
rm -rf "$tree" && mkdir -p "$tree"
testkit/supply/libraries.py "$tree" >/dev/null
cp Cargo.lock "$tree"
cd "$tree"
# the tests' crates leave the lock file, the versions of the others stay
cargo metadata --offline --format-version 1 >/dev/null 2>&1 || cargo metadata --format-version 1 >/dev/null
CARGO_TARGET_DIR=$target/features RUSTFLAGS="-D warnings" cargo hack check --locked --workspace --feature-powerset --quiet 2>&1 | tee "$target/features/log"
