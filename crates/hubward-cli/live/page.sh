#!/bin/sh
# Opens the page of `hubward inspect --serve` in a headless Chromium: tokens signed with WebCrypto, the program's answers, the
# network, the keyboard, axe-core, and the time to the first verdict. Needs chromium, node and npm. HUBWARD names the program;
# NPM names a folder that has the packages already. With --record it writes page.last.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
if test -z "${HUBWARD:-}"; then
    (cd "$root" && cargo build --locked --release -p hubward-cli)
    HUBWARD=$root/target/release/hubward
fi
if test -z "${NPM:-}"; then
    NPM=$root/target/live-page
    mkdir -p "$NPM"
    (cd "$NPM" && npm install --silent --no-audit --no-fund puppeteer-core@24 axe-core@4)
fi
(cd "$root" && HUBWARD_LONG=1 cargo test -q --locked -p hubward-testkit --test page_sources)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/page.mjs" "$NPM/page.mjs"
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome)} HUBWARD=$HUBWARD \
    PAGE=$root/crates/hubward-cli/page node "$NPM/page.mjs" "$work" >"$work/result" || {
    cat "$work/result"
    exit 1
}
cat "$work/result"
test "${1:-}" != --record || cp "$work/result" "$here/page.last.txt"
