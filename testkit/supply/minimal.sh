#!/usr/bin/env bash
# Compiles each published crate with the lowest version that its Cargo.toml permits of each crate it names: a bound that is
# too low fails. Cargo picks these versions with a nightly option; the compiler is the stable one.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
tree=$target/minimal/tree
rm -rf "$tree" && mkdir -p "$tree"
testkit/supply/libraries.py "$tree" >/dev/null
cd "$tree"
cargo +nightly generate-lockfile --quiet -Zdirect-minimal-versions
CARGO_TARGET_DIR=$target/minimal cargo check --locked --workspace --all-features --quiet
echo "$(ls crates | wc -l) crates compile with the lowest versions of $(sed -n 's/^source = .*/x/p' Cargo.lock | wc -l) crates"
