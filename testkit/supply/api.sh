#!/usr/bin/env bash
# Lists the public API of each published library, with all features, and compares it with the committed list in api/.
# `api.sh --write [NAME ..]` renews the lists: commit them with the change that causes it. Auto traits and blanket impls are left out.
# The lists are made from rustdoc's JSON, whose format belongs to one nightly compiler and one cargo-public-api.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=0.52.0
cargo public-api --version 2>/dev/null | grep -qx "cargo-public-api $version" ||
    cargo install --locked cargo-public-api --version "$version"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/api
unset RUSTUP_TOOLCHAIN RUSTFLAGS

write=no
[ "${1:-}" = --write ] && write=yes && shift
[ $# -gt 0 ] && names=("$@") || mapfile -t names < <(testkit/supply/published.py --lib)
mkdir -p testkit/supply/api "$CARGO_TARGET_DIR"
differ=()
for name in "${names[@]}"; do
    list=testkit/supply/api/$name.txt
    new=$CARGO_TARGET_DIR/$name.txt
    cargo +nightly public-api --package "$name" --all-features --omit blanket-impls,auto-trait-impls --color never >"$new"
    [ "$write" = no ] || cp "$new" "$list"
    diff -u "$list" "$new" || differ+=("$name")
done
if [ ${#differ[@]} -gt 0 ]; then
    echo "the public API of ${differ[*]} differs from its list" >&2
    echo "if that is meant: testkit/supply/api.sh --write ${differ[*]}, a line in CHANGELOG.md, and commit both" >&2
    exit 1
fi
echo "${#names[@]} libraries, $(cat testkit/supply/api/*.txt | wc -l) lines of public API, as listed"
