#!/usr/bin/env bash
# Builds the libraries for processors without an operating system, links one function of each, and writes sizes and panics to last.txt.
# Needs Debian's rustc-web and rust-web-src (they have the sources of the standard library) and the linker of a rustup toolchain.
set -euo pipefail
cd "$(dirname "$0")"
sysroot=$(rustc --print sysroot)
lld=$(find "$sysroot/lib/rustlib" -name rust-lld | head -1)
[ -n "$lld" ] || { echo "no rust-lld below $sysroot" >&2; exit 2; }
[ -x /usr/bin/rustc ] && [ -d /usr/lib/rustlib/src/rust/library ] ||
    { echo "apt-get install rustc-web cargo-web rust-web-src" >&2; exit 2; }
unset RUSTFLAGS RUSTUP_TOOLCHAIN

build() {
    RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTC_WRAPPER=$PWD/../page/rustc.sh PATH=/usr/bin:$PATH \
        /usr/bin/cargo build --locked --release --ignore-rust-version --target "$1" -Zbuild-std=core,alloc >&2
}

# links a function and what it needs; fails if a panic can be reached, unless that symbol is defined
elf() { "$lld" -flavor gnu --gc-sections -e "$2" "${@:4}" "$1" -o "$3"; }
wasm() { "$lld" -flavor wasm --no-entry --gc-sections --strip-all --export="$2" "${@:4}" "$1" -o "$3"; }

measure() {
    local target=$1 archive=target/$1/release/libhubward_targets.a linked=target/linked function bytes panics
    build "$target"
    for function in $(sed -n 's/^pub extern "C" fn \(hubward_[a-z0-9_]*\).*/\1/p' src/small.rs src/heap.rs); do
        panics=no
        if [ "$target" = wasm32-unknown-unknown ]; then
            wasm "$archive" "$function" "$linked" 2>/dev/null || panics=yes
            wasm "$archive" "$function" "$linked" --allow-undefined
            bytes=$(wc -c <"$linked")
        else
            elf "$archive" "$function" "$linked" 2>/dev/null || panics=yes
            elf "$archive" "$function" "$linked" --defsym=hubward_panicked=0
            bytes=$(size "$linked" | awk 'NR == 2 { print $1 + $2 }')
        fi
        printf '%-24s %-34s %8s %s\n' "$target" "$function" "$bytes" "$panics"
    done
}

{
    echo "# testkit/targets/run.sh, $(date -u +%F), $(/usr/bin/rustc -V), opt-level s"
    echo "# target, function, bytes of code and constants, whether a panic can be reached"
    measure thumbv7em-none-eabihf
    measure wasm32-unknown-unknown
} >target/last.txt
mv target/last.txt last.txt
cat last.txt
