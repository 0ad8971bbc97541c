#!/bin/sh
# Builds crates/hubward-cli/page/hubward.wasm, and records the hash of the sources that it was built from: a test compares them.
# Needs Debian's rustc-web and rust-web-src (they have the sources of the standard library) and binaryen, and the linker of a rustup toolchain.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
sysroot=$(rustc --print sysroot)
lld=$(find "$sysroot/lib/rustlib" -name rust-lld | head -1)
test -n "$lld" || { echo "no rust-lld below $sysroot" >&2; exit 1; }
test -x /usr/bin/rustc && test -d /usr/lib/rustlib/src/rust/library ||
    { echo "apt-get install rustc-web cargo-web rust-web-src binaryen" >&2; exit 1; }
cd "$here"
unset RUSTFLAGS RUSTUP_TOOLCHAIN || true
# Debug prints nothing, and a panic no place, which the page does not show; the paths of this machine are not in the file
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Clinker-flavor=wasm-ld -Zfmt-debug=none \
-Zlocation-detail=none --remap-path-prefix=$root=. \
--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTC_WRAPPER=$here/rustc.sh CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$lld \
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target} PATH=/usr/bin:$PATH \
    /usr/bin/cargo build --locked --release --ignore-rust-version --target wasm32-unknown-unknown \
    -Zbuild-std=std,panic_abort -Zbuild-std-features=panic_immediate_abort,optimize_for_size
built=${CARGO_TARGET_DIR:-$here/target}/wasm32-unknown-unknown/release/hubward_page.wasm
wasm=$built.small
# the second run finds what the loops of the first one hid; the lowest KiB of memory is the far end of the stack. page.js has no comments, for its size: it puts a text into the wasm byte by byte,
# takes the answer so, and sets answers as text, never as markup; its only request is for hubward.wasm
wasm-opt --strip-debug --strip-producers --strip-target-features --low-memory-unused -Oz --flatten --rereloop -Oz -Oz -Oz --enable-bulk-memory --enable-sign-ext --enable-mutable-globals --enable-nontrapping-float-to-int \
    --enable-multivalue --enable-reference-types "$built" -o "$wasm"
size=0
for file in "$wasm" "$root"/crates/hubward-cli/page/*.[hjc]*; do size=$((size + $(gzip -9c "$file" | wc -c))); done
test "$size" -le 153600 || { echo "the page has $size bytes with gzip, and 150 KB are allowed" >&2; exit 1; }
cp "$wasm" "$root/crates/hubward-cli/page/hubward.wasm"
chmod 644 "$root/crates/hubward-cli/page/hubward.wasm"
(cd "$root" && HUBWARD_WRITE_PAGES=1 cargo test -q --locked -p hubward-testkit --test page_sources)
echo "the page: $size bytes with gzip"
