#!/bin/sh
# Opens the console in headless Chromium and refuses a device meanwhile: the page must show it within a second, with the
# sentence of the log, in both themes, by the keyboard alone, without a request to anywhere else and without a violation of
# its content security policy. Needs chromium, node, npm, and the network (once, to install puppeteer-core). Exits with 0 on
# success.
#
#     cargo build -p hubward-gateway && crates/hubward-gateway/live/console/run.sh target/debug/hubward-gateway
#
# CHROMIUM may name the browser, and SHOTS a folder for a picture of each theme.
set -eu

gateway=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
pid=
cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT INT TERM

cp "$here/check.js" "$work"
cd "$work"
PUPPETEER_SKIP_DOWNLOAD=1 npm install --no-save --no-audit --no-fund --loglevel=error puppeteer-core@24 >&2

"$gateway" serve --dev --mqtt localhost:0 --https localhost:0 --amqps localhost:0 --console localhost:0 \
    --log-format json >out 2>log &
pid=$!
until grep -q 'console is served' log && grep -q 'AMQP is served' out; do
    kill -0 "$pid" || { cat log >&2; exit 2; }
    sleep 0.1
done

node check.js
