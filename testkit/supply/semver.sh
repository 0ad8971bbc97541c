#!/usr/bin/env bash
# Compares the public API of the published libraries, or of those named, with that of a commit: `semver.sh [REV [NAME ..]]`.
# Without REV: with the newest tag `v*`. A break that the version does not announce fails.
# `semver.sh --self-test` makes a public method private in a clone and requires that this is noticed.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=0.51.0
cargo semver-checks --version 2>/dev/null | grep -qx "cargo-semver-checks $version" ||
    cargo install --locked cargo-semver-checks --version "$version"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/semver

if [ "${1:-}" = --self-test ]; then
    clone=$(mktemp -d "${TMPDIR:-/tmp}/hubward-semver.XXXXXX")
    trap 'rm -rf "$clone"' EXIT
    git clone -q --no-hardlinks . "$clone/tree"
    cd "$clone/tree"
    check() { cargo semver-checks --package hubward-core --all-features --baseline-rev HEAD >"$clone/log" 2>&1; }
    check || { cat "$clone/log"; echo "the same API is refused" >&2; exit 1; }
    sed -i 's/pub fn from_base64(/pub(crate) fn from_base64(/' crates/hubward-core/src/*.rs crates/hubward-core/src/*/*.rs
    git diff --quiet && { echo "nothing was removed" >&2; exit 1; }
    if check; then cat "$clone/log"; echo "a removed method is not noticed" >&2; exit 1; fi
    grep -q "inherent_method_missing" "$clone/log" || { cat "$clone/log"; exit 1; }
    grep -A12 "failure inherent_method_missing" "$clone/log" | grep -E 'failure|from_base64' | sed "s#$clone/tree/##"
    exit 0
fi

rev=${1:-$(git tag --list 'v*' --sort=-version:refname | head -1)}
[ -n "$rev" ] || { echo "no release yet: name a commit" >&2; exit 2; }
[ $# -gt 1 ] && names=("${@:2}") || mapfile -t names < <(testkit/supply/published.py --lib)
cargo semver-checks --all-features --baseline-rev "$rev" "${names[@]/#/--package=}"
