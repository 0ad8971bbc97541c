#!/bin/sh
# Runs the example with SoftHSM, an HSM in software, and verifies by `openssl` and by `hubward` what it signed. Installs
# Debian's softhsm2 if it is missing. HUBWARD names the program; CARGO_TARGET_DIR a folder for what is built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
command -v softhsm2-util >/dev/null || { apt-get update -qq && apt-get install -y -qq softhsm2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --locked --manifest-path "$here/Cargo.toml"
if test -z "${HUBWARD:-}"; then
    (cd "$root" && cargo build --locked -p hubward-cli)
    HUBWARD=$CARGO_TARGET_DIR/debug/hubward
fi
HUBWARD=$(realpath "$HUBWARD")

# a token in a folder of its own, with a PIN of this run
mkdir "$work/tokens" "$work/plant"
echo "directories.tokendir = $work/tokens" >"$work/softhsm2.conf"
export SOFTHSM2_CONF="$work/softhsm2.conf"
HSM_PIN=$(openssl rand -hex 8)
export HSM_PIN
softhsm2-util --init-token --free --label plant --so-pin "$HSM_PIN" --pin "$HSM_PIN" >/dev/null

# the device makes a request; its owner makes the key of its tokens
cd "$work/plant"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -subj /CN=pump-17 -out pump-17.csr 2>/dev/null
openssl rand -base64 32 >pump-17.key
openssl rand -base64 32 >other.key
for module in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    test -e "$module" && break
done
"$CARGO_TARGET_DIR/debug/hubward-hsm-example" "$module" plant .

# status WANTED ARGUMENTS..: runs `hubward` and compares its exit status
status() {
    wanted=$1
    shift
    found=0
    output=$("$HUBWARD" "$@" 2>&1) || found=$?
    test "$found" = "$wanted" || { echo "hubward $*: status $found, not $wanted: $output"; exit 1; }
}
openssl verify -x509_strict -purpose sslclient -CAfile root.pem pump-17.pem
status 0 cert verify pump-17.pem --device pump-17 --ca root.pem
status 1 cert verify pump-17.pem --device pump-18 --ca root.pem
status 0 token verify pump-17.token --key-file pump-17.key --host contoso.example --device pump-17
status 1 token verify pump-17.token --key-file other.key --host contoso.example --device pump-17
# openssl computes the same tag
expiry=$(sed 's/.*&se=//' pump-17.token)
hex=$(base64 -d <pump-17.key | od -An -v -tx1 | tr -d ' \n')
tag=$(printf 'contoso.example%%2Fdevices%%2Fpump-17\n%s' "$expiry" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary | base64)
escaped=$(printf %s "$tag" | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')
grep -qiF "sig=$escaped&" pump-17.token || { echo "openssl computes another tag"; exit 1; }
# a second run finds the CA's key in the HSM
before=$(openssl x509 -in root.pem -noout -pubkey)
"$CARGO_TARGET_DIR/debug/hubward-hsm-example" "$module" plant .
after=$(openssl x509 -in root.pem -noout -pubkey)
test "$before" = "$after" || { echo "the key is another one"; exit 1; }
echo "openssl and hubward accept what the HSM signed"
