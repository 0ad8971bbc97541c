#!/usr/bin/env bash
# Runs tests of the libraries on a big-endian processor of 64 bits (s390x) and on a little-endian one of 32 bits (i686), both emulated,
# and writes the results to qemu.txt. Needs Debian's rustc-web, cargo-web, rust-web-src, qemu-user, gcc-s390x-linux-gnu,
# libc6-dev-s390x-cross, gcc-i686-linux-gnu and libc6-dev-i386-cross.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in qemu-s390x qemu-i386 s390x-linux-gnu-gcc i686-linux-gnu-gcc; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
unset RUSTFLAGS RUSTUP_TOOLCHAIN
export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTC_WRAPPER=$PWD/testkit/page/rustc.sh PATH=/usr/bin:$PATH
export CARGO_TARGET_DIR=$PWD/target/qemu CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 PROPTEST_CASES=${PROPTEST_CASES:-64}
export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc
export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER="qemu-s390x -L /usr/s390x-linux-gnu"
export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc
export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUNNER="qemu-i386 -L /usr/i686-linux-gnu"
export CC_s390x_unknown_linux_gnu=s390x-linux-gnu-gcc CC_i686_unknown_linux_gnu=i686-linux-gnu-gcc
# the HMACs of every length of `hubward-rustcrypto` take minutes in an emulator
libraries=${HUBWARD_QEMU_CRATES:-hubward-core hubward-sas hubward-policy}
targets=${HUBWARD_QEMU_TARGETS:-s390x-unknown-linux-gnu i686-unknown-linux-gnu}

{
    echo "# testkit/targets/qemu.sh, $(/usr/bin/rustc -V), $(qemu-s390x --version | head -1)"
    echo "# target, library, tests that passed; none failed"
    for target in $targets; do
        for library in $libraries; do
            log=target/qemu-$target-$library.log
            /usr/bin/cargo test --locked --ignore-rust-version --no-fail-fast --lib --tests -p "$library" --target "$target" \
                -Zbuild-std=std,panic_unwind,proc_macro,test >"$log" 2>&1 || { tail -40 "$log" >&2; exit 1; }
            awk -v target="$target" -v library="$library" '/^test result/ { passed += $4 }
                END { printf "%-26s %-28s %5d\n", target, library, passed }' "$log"
        done
    done
} >target/qemu.txt
mv target/qemu.txt testkit/targets/qemu.txt
cat testkit/targets/qemu.txt
