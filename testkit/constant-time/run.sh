#!/usr/bin/env bash
# Shows that the secrets of hubward steer no branch and no address. Fails too if valgrind misses the two leaky twins.
set -euo pipefail
cd "$(dirname "$0")"
command -v valgrind >/dev/null || { echo "valgrind is missing: apt-get install valgrind" >&2; exit 2; }
# valgrind does not decode the SHA instructions, so the portable code runs, which has the same constant time
export RUSTFLAGS='--cfg sha2_backend="soft"'
cargo build --locked --release --quiet
valgrind --quiet --error-limit=no --log-file=target/valgrind.log target/release/hubward-constant-time || {
    tail -40 target/valgrind.log
    exit 1
}
