#!/bin/sh
# Registers with the official Python client at `hubward-gateway serve --dev --provisioning FILE`, by key and by certificate
# over MQTT, and connects to the assigned hub. Impostors are refused. Needs python3, openssl and the network (once, to
# install the client). Exits with 0 on success.
#
#     cargo build -p hubward-gateway && crates/hubward-gateway/live/provisioning.sh target/debug/hubward-gateway
#
# PYTHON may name a python with azure-iot-device installed. The ports are chosen by the system.
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
cd "$work"

python=${PYTHON:-}
if [ -z "$python" ]; then
    python3 -m venv venv
    venv/bin/pip install -q --disable-pip-version-check azure-iot-device==2.14.0 six >&2
    python=$work/venv/bin/python
fi

# ca NAME, and leaf CA ID FILE
ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
leaf() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$3.key" -out "$3.csr" 2>/dev/null
    printf 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n' >ext
    openssl x509 -req -in "$3.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 1 -extfile ext -out "$3.pem" 2>/dev/null
}
ca server
ca factory
ca other
leaf factory sn-group group
leaf other sn-own own
leaf other sn-group impostor
leaf factory sn-own second
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout host.key -out host.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n' >ext
openssl x509 -req -in host.csr -CA server.pem -CAkey server.key -CAcreateserial -days 1 -extfile ext -out host.pem 2>/dev/null
cat factory.pem other.pem >devices.pem
"$python" "$here/provisioning.py" file >provisioning.json

bad=0
# expect NAME OUTCOME CASE
expect() {
    outcome=$("$python" "$here/provisioning.py" "$3" "$port" 2>err) || outcome=failed
    if [ "$outcome" != "$2" ]; then
        echo "MISMATCH: $1: $outcome, expected $2"
        tail -3 err
        bad=1
    else
        echo "ok: $1: $outcome"
    fi
}

# twice on one registry: the second time all devices are known
for round in first second; do
    "$gateway" serve --hub localhost --registry sqlite:hub.db --provisioning provisioning.json \
        --cert host.pem --key host.key --client-ca devices.pem --mqtt localhost:0 2>log &
    pid=$!
    until grep -q 'mqtt is served' log; do
        kill -0 "$pid" || { cat log >&2; exit 2; }
        sleep 0.1
    done
    port=$(sed 's/\x1b\[[0-9;]*m//g' log | sed -n 's/.*mqtt is served.*address=[^ ]*:\([0-9]*\).*/\1/p')
    echo "$round round"
    expect 'a key of its own' connected key
    expect 'a key derived from a group key' connected member
    expect 'a certificate of its own' connected own
    expect 'a certificate of a group' connected group
    expect 'the key of another group' refused other-group
    expect 'the key of a group itself' refused group-key
    expect 'a disabled enrollment' refused disabled
    expect 'another id scope' refused scope
    expect 'a certificate of another issuer' refused impostor
    expect 'another certificate with an enrolled id' refused second
    kill "$pid"
    wait "$pid" || true
    pid=
done
exit "$bad"
