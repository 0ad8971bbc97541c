#!/bin/sh
# Runs the example on Redis: the conformance suite, a server that would lose changes, and a server that is killed while it
# writes. Installs Debian's redis-server if it is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/../../target}"
command -v redis-server >/dev/null || { apt-get update -qq && apt-get install -y -qq redis-server; }
cargo build --locked --manifest-path "$here/Cargo.toml"
example=$CARGO_TARGET_DIR/debug/hubward-redis-example
work=$(mktemp -d)
server=
trap 'test -z "$server" || kill -9 "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
port=${PORT:-16379}
address=redis://127.0.0.1:$port

# start SETTINGS..: starts the server, and waits until it answers
start() {
    redis-server --port "$port" --bind 127.0.0.1 --dir "$work" --save '' "$@" >"$work/log" 2>&1 &
    server=$!
    until redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; do
        kill -0 "$server" || { cat "$work/log"; exit 1; }
    done
}

start --appendonly yes --appendfsync everysec
"$example" suite "$address" 2>&1 | grep -q 'set appendfsync always' || { echo "a lossy server is not refused"; exit 1; }
redis-cli -p "$port" config set appendfsync always >/dev/null
"$example" suite "$address"

for round in 1 2 3; do
    redis-cli -p "$port" flushall >/dev/null
    "$example" write "$address" >"$work/acknowledged" 2>/dev/null &
    writer=$!
    until test "$(wc -l <"$work/acknowledged")" -gt 200; do :; done
    kill -9 "$server"
    wait "$server" "$writer" 2>/dev/null || :
    start --appendonly yes --appendfsync always
    "$example" read "$address" | sort >"$work/found"
    sort "$work/acknowledged" >"$work/sorted"
    lost=$(comm -23 "$work/sorted" "$work/found")
    test -z "$lost" || { echo "round $round: lost: $lost"; exit 1; }
    echo "round $round: $(wc -l <"$work/sorted") acknowledged, none lost"
done
