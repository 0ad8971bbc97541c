#!/bin/sh
# Runs the commands of the README's section "Certificates for a fleet" as they are, with built programs, and times them:
# both devices are accepted, one is revoked and refused. HUBWARD and GATEWAY name the programs. Needs curl; the gateway
# listens on port 8443.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
if test -z "${HUBWARD:-}" || test -z "${GATEWAY:-}"; then
    (cd "$root" && cargo build --locked --release -p hubward-cli -p hubward-gateway)
    HUBWARD=$root/target/release/hubward
    GATEWAY=$root/target/release/hubward-gateway
fi
work=$(mktemp -d)
trap 'test ! -s "$work/pid" || kill "$(cat "$work/pid")"; rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$(realpath "$HUBWARD")" "$work/bin/hubward"
ln -s "$(realpath "$GATEWAY")" "$work/bin/hubward-gateway"
PATH=$work/bin:$PATH
cd "$work"
begin=$(date +%s)

# block NUMBER: prints that block of commands of the section
block() {
    awk -v wanted="$1" '
        /^## / { section = ($0 == "## Certificates for a fleet") }
        section && /^```/ { inside = !inside; number += inside; next }
        section && inside && number == wanted' "$root/README.md" |
        sed 's/cargo run --release -p hubward-gateway --/hubward-gateway/'
}
# the device of the first block of curl, alone
post() {
    curl -s -o answer --cacert root/certificate.pem --cert one/pump-1.pem --key one/pump-1.key.pem -d '{}' -w '%{http_code}' \
        'https://localhost:8443/devices/pump-1/messages/events?api-version=2021-04-12' || true
}
block 1 >first.sh
sh -eu first.sh
# a user types the second `curl` when the gateway has started
block 2 | sed 's/ &$/ \& echo $! >pid; for wait in 1 2 3 4 5 6 7 8 9 10; do test "$(curl -so answer -w "%{http_code}" --cacert root\/certificate.pem https:\/\/localhost:8443\/healthz)" = 200 \&\& break; sleep 1; done/' >second.sh
sh -u second.sh >answers 2>gateway.log
test "$(grep -c '^204$' answers)" = 2 || { cat answers gateway.log; exit 1; }
block 3 >third.sh
# the list refuses the certificate
sh -u third.sh || true
for wait in 1 2 3 4 5 6 7 8 9 10; do
    status=$(post)
    test "$status" = 401 && break
    sleep 1
done
test "$status" = 401 || { echo "the revoked device: $status"; cat gateway.log; exit 1; }
sed 's/1\/one 2\/two/2\/two/; /cargo run\|hubward\|echo\|mkdir\|--cert server/d' second.sh >fourth.sh
sh -eu fourth.sh >answers
grep -q '^204$' answers || { cat answers gateway.log; exit 1; }
echo "the README's commands took $(($(date +%s) - begin)) s: both accepted, one revoked and refused, the other accepted"
