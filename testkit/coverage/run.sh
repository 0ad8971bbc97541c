#!/usr/bin/env bash
# Measures the lines that the tests of five crates run, and writes last.txt. Fails below 95 % in one of them. Needs cargo-llvm-cov
# and LLVM's tools: `rustup component add llvm-tools`, or Debian's in LLVM_COV and LLVM_PROFDATA.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR=$PWD/target/coverage CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
crates=(hubward-core hubward-sas hubward-policy hubward-x509 hubward)
cargo llvm-cov --locked --all-features --lib --tests --summary-only --json --output-path target/coverage.json \
    "${crates[@]/#/--package=}"
python3 testkit/coverage/figures.py target/coverage.json "${crates[@]}"
