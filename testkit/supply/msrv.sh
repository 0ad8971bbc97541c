#!/usr/bin/env bash
# Compiles each published library with Rust 1.85, the oldest compiler that knows edition 2024, and writes msrv.txt.
# Debian 12 has that compiler as `rustc-web`; its packages are unpacked below target/ and not installed.
#
# - A library that declares 1.85 is compiled as it is.
# - One that declares 1.88 must fail as it is, and compile with the features below: each is stable since 1.87 or 1.88, so
#   nothing newer is needed. That is not a run of the compiler 1.88, which no registry has.
#
# `msrv.sh --write` renews msrv.lock, the versions of other crates that were compiled.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/testkit/supply work=$PWD/target/msrv
features=(let_chains slice_as_chunks unsigned_is_multiple_of)
mkdir -p "$work/debs"

if [ ! -x "$work/toolchain/usr/bin/cargo" ]; then
    # the newest of a name may be another version: name it
    version=$(apt-cache madison rustc-web | awk '$3 ~ /^1\.85\./ { print $3; exit }')
    [ -n "$version" ] || { echo "no Debian package rustc-web 1.85: try apt-get update" >&2; exit 2; }
    (cd "$work/debs" && apt-get download -qq "rustc-web=$version" "cargo-web=$version" "libstd-rust-web-1.85=$version" \
        "libstd-rust-web-dev=$version" libllvm19 libhttp-parser2.9)
    for package in "$work"/debs/*.deb; do dpkg -x "$package" "$work/toolchain"; done
fi
bin=$work/toolchain/usr/bin
LD_LIBRARY_PATH=$(dirname "$(find "$work/toolchain/usr/lib" -name 'libhttp_parser.so*' | head -1)")
export LD_LIBRARY_PATH CARGO_TARGET_DIR=$work/target RUSTC=$bin/rustc RUSTDOC=/nonexistent PATH=$bin:$PATH
unset RUSTUP_TOOLCHAIN RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER

rm -rf "$work/tree"
mkdir "$work/tree"
python3 "$here/libraries.py" "$work/tree" >"$work/libraries"
cd "$work/tree"
if [ "${1:-}" = --write ]; then
    "$bin/cargo" generate-lockfile --quiet
    cp Cargo.lock "$here/msrv.lock"
fi
cp "$here/msrv.lock" Cargo.lock

# only the crates of the workspace get the features
{
    printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec "$@"'
    printf " '-Zcrate-attr=feature(%s)'" "${features[@]}"
    echo
} >"$work/features.sh"
chmod +x "$work/features.sh"

check() { "$bin/cargo" check --locked --quiet --ignore-rust-version --package "$1" --all-features 2>"$work/log"; }
failed=0
{
    echo "# testkit/supply/msrv.sh, $("$bin/rustc" -V), all features"
    while read -r name declared; do
        case $declared in
        1.85)
            if check "$name"; then verdict="compiles with 1.85"; else verdict="FAILS with 1.85" failed=1; fi ;;
        1.88)
            if check "$name"; then
                verdict="COMPILES with 1.85: declare it" failed=1
            elif ! grep -q 'E0658\|not yet stable' "$work/log"; then
                verdict="FAILS with 1.85, and not for a feature" failed=1
            elif RUSTC_WORKSPACE_WRAPPER=$work/features.sh check "$name"; then
                verdict="fails with 1.85; compiles with 1.85 and the features of 1.88"
            else
                verdict="FAILS with 1.85 and the features of 1.88" failed=1
            fi ;;
        *) verdict="not shown: no compiler of that version" ;;
        esac
        case $verdict in FAILS*|COMPILES*) sed -n '/^error/,/^$/p' "$work/log" | head -20 >&2 ;; esac
        printf '%-28s %s  %s\n' "$name" "$declared" "$verdict"
    done <"$work/libraries"
    echo "# the features of 1.88: ${features[*]}"
} >"$work/msrv.txt"
cat "$work/msrv.txt"
[ "$failed" = 0 ] || exit 1
cp "$work/msrv.txt" "$here/msrv.txt"
