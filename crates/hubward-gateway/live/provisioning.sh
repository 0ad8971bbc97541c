#!/bin/sh
# Registers with official clients at `hubward-gateway serve --provisioning FILE`, by key and by certificate, over MQTT, AMQP,
# HTTPS and WebSockets, and connects to the assigned hub; manages enrollments with official service clients. Impostors are
# refused. Prints one line for each, and exits with 0 if all is as expected.
#
#     crates/hubward-gateway/live/provisioning.sh target/debug/hubward-gateway [STATE]
#
# STATE is a folder for the registry and the certificates, which a later run uses again; without it they are deleted. Needs
# python3 with venv, node, npm and openssl, and the network once: the clients are installed in target/live/provisioning. The
# clients use their fixed ports, 443, 5671 and 8883: in a network namespace of its own if the system permits that.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kept=$(cd "$here/../../.." && pwd)/target/live/provisioning

if [ "${HUBWARD_NAMESPACE:-}" != 1 ]; then
    mkdir -p "$kept"
    [ -x "$kept/venv/bin/python" ] || python3 -m venv "$kept/venv"
    [ -f "$kept/venv.done" ] || {
        "$kept/venv/bin/pip" install -q --disable-pip-version-check \
            azure-iot-device==2.14.0 azure-iothub-provisioningserviceclient==1.2.0 six >&2
        touch "$kept/venv.done"
    }
    [ -f "$kept/npm.done" ] || {
        npm install --prefix "$kept" --no-audit --no-fund --loglevel=error azure-iot-device@1.18.4 \
            azure-iot-device-mqtt@1.16.4 azure-iot-device-amqp@1.14.4 azure-iot-device-http@1.14.4 \
            azure-iot-provisioning-device@1.9.1 azure-iot-provisioning-device-mqtt@1.8.1 \
            azure-iot-provisioning-device-amqp@1.9.1 azure-iot-provisioning-device-http@1.9.1 \
            azure-iot-provisioning-service@1.11.2 azure-iot-security-symmetric-key@1.8.2 azure-iot-security-x509@1.7.12 >&2
        touch "$kept/npm.done"
    }
    gateway=$(realpath "$1")
    state=${2:-}
    [ -z "$state" ] || { mkdir -p "$state" && state=$(realpath "$state"); }
    export HUBWARD_NAMESPACE=1
    if unshare -rn true 2>/dev/null; then
        exec unshare -rn sh -c 'ip link set lo up && exec "$0" "$1" "$2"' "$here/provisioning.sh" "$gateway" "$state"
    fi
    exec "$here/provisioning.sh" "$gateway" "$state"
fi

gateway=$1
work=${2:-}
temporary=
[ -n "$work" ] || { work=$(mktemp -d) && temporary=$work; }
pid=
cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    [ -z "$temporary" ] || rm -rf "$temporary"
}
trap cleanup EXIT INT TERM
cd "$work"
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore NODE_NO_WARNINGS=1 NODE_PATH="$kept/node_modules"
export NODE_EXTRA_CA_CERTS="$work/server.pem" REQUESTS_CA_BUNDLE="$work/server.pem"

# ca NAME, and leaf CA ID FILE
ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
leaf() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$3.key" -out "$3.csr" 2>/dev/null
    printf 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n' >ext
    openssl x509 -req -in "$3.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 29 -extfile ext -out "$3.pem" 2>/dev/null
}
if [ ! -f host.pem ]; then
    ca server
    ca factory
    ca other
    leaf factory sn-group group
    leaf other sn-own own
    leaf other sn-closed closed
    leaf other sn-group impostor
    leaf factory sn-own second
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout host.key -out host.csr 2>/dev/null
    printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n' >ext
    openssl x509 -req -in host.csr -CA server.pem -CAkey server.key -CAcreateserial -days 29 -extfile ext -out host.pem 2>/dev/null
    cat factory.pem other.pem >devices.pem
fi
"$kept/venv/bin/python" "$here/provisioning.py" file

bad=0 count=0
# expect OUTCOME NAME COMMAND..
expect() {
    expected=$1 name=$2
    shift 2
    count=$((count + 1))
    outcome=$("$@" 2>err) || outcome="${outcome:-failed}"
    if [ "$outcome" = "$expected" ]; then
        echo "ok        $name: $outcome"
    else
        echo "MISMATCH  $name: $outcome, expected $expected"
        tail -5 err
        bad=1
    fi
}
python() { "$kept/venv/bin/python" "$here/provisioning.py" "$@"; }
node() { command node "$here/provisioning.js" "$@"; }
key() { "$kept/venv/bin/python" -c "import sys; sys.path.insert(0, '$here'); import provisioning; print(provisioning.KEYS['$1'])"; }
owner="HostName=localhost;SharedAccessKeyName=owner;SharedAccessKey=$(key owner)"
reader="HostName=localhost;SharedAccessKeyName=reader;SharedAccessKey=$(key reader)"
forged="HostName=localhost;SharedAccessKeyName=owner;SharedAccessKey=$(key reader)"

# all COMMAND..: each case of a client
all() {
    expect connected "$1 $2: a key of its own" "$1" $3 key $4
    expect connected "$1 $2: a key derived from a group's" "$1" $3 member $4
    expect connected "$1 $2: a certificate of its own" "$1" $3 own $4
    expect connected "$1 $2: a certificate of a group" "$1" $3 group $4
    expect refused "$1 $2: the key of another group" "$1" $3 other-group $4
    expect refused "$1 $2: the key of another member" "$1" $3 other-member $4
    expect refused "$1 $2: the key of a group itself" "$1" $3 group-key $4
    expect refused "$1 $2: a disabled enrollment" "$1" $3 disabled $4
    expect refused "$1 $2: a certificate of a disabled enrollment" "$1" $3 closed $4
    expect refused "$1 $2: another id scope" "$1" $3 scope $4
    expect refused "$1 $2: a certificate of another issuer" "$1" $3 impostor $4
    expect refused "$1 $2: another certificate with an enrolled id" "$1" $3 second $4
}

# twice on one registry, unless it is kept for a later run: the second time all devices are known
rounds=only
[ -z "$temporary" ] || rounds='first second'
for round in $rounds; do
    # the file is the first content of a registry; a busy machine must not make the store look late
    [ -f hub.db ] && first= || first='--provisioning provisioning.json'
    "$gateway" serve --hub localhost --registry sqlite:hub.db $first --cert host.pem --key host.key \
        --client-ca devices.pem --mqtt localhost:8883 --https localhost:443 --amqps localhost:5671 \
        --feed-timeout 120 --feed-grace 240 >log 2>&1 &
    pid=$!
    until grep -q 'amqps is served' log; do
        kill -0 "$pid" || { cat log >&2; exit 2; }
        sleep 0.1
    done
    echo "== $round round"
    all python MQTT '' 8883
    all python 'MQTT over WebSockets' '' 0
    for transport in mqtt mqtt-ws amqp amqp-ws http; do
        all node "$transport" "$transport" ''
        expect refused "node $transport: a token of another registration, replayed" node "$transport" replayed
        expect refused "node $transport: an expired token, replayed" node "$transport" replayed-late
    done
    expect connected 'node service' node service "$owner"
    expect refused 'node service without the right' node service "$reader"
    expect refused 'node service with a wrong key' node service "$forged"
    expect connected 'python service' python service "$owner"
    expect refused 'python service without the right' python service "$reader"
    expect refused 'python service with a wrong key' python service "$forged"
    kill -0 "$pid" || { echo 'MISMATCH  the gateway ended'; bad=1; }
    ! grep -q 'SharedAccessSignature sr\|panicked' log || { echo 'MISMATCH  a token or a panic in the log'; bad=1; }
    kill "$pid"
    wait "$pid" || true
    pid=
done
echo "$count checks"
[ "$bad" -ne 0 ] || echo 'all as expected'
exit "$bad"
