#!/usr/bin/env bash
# Packages each published crate twice, from two clones with different paths and times, and compares the files byte by byte.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d "${TMPDIR:-/tmp}/hubward-reproducible.XXXXXX")
trap 'rm -rf "$folder"' EXIT
for copy in one the/other; do
    mkdir -p "$folder/$copy"
    git clone -q --no-hardlinks . "$folder/$copy/hubward"
    [ "$copy" = one ] || find "$folder/$copy" -exec touch -h -d 2020-02-02 {} +
    (cd "$folder/$copy/hubward" && CARGO_TARGET_DIR="$folder/$copy/target" cargo package --locked --quiet --no-verify --workspace \
        --exclude hubward-gateway --exclude hubward-testkit --exclude hubward-benches)
    (cd "$folder/$copy/target/package" && sha256sum ./*.crate) >"$folder/$(basename "$copy").sums"
done
diff "$folder/one.sums" "$folder/other.sums"
[ -s "$folder/one.sums" ]
echo "$(wc -l <"$folder/one.sums") packages, the same twice"
