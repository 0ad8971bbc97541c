#!/bin/sh
# Runs the official device clients over WebSockets against `hubward-gateway serve --dev`. Needs node, npm, the network
# (once, to install the clients), and the right to listen on port 443, which the clients connect to. Exits with 0 on
# success.
#
#     cargo build -p hubward-gateway && crates/hubward-gateway/live/websocket/run.sh target/debug/hubward-gateway
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

cp "$here/client.js" "$work"
cd "$work"
npm install --no-save --no-audit --no-fund --loglevel=error \
    azure-iot-device@1 azure-iot-device-mqtt@1 azure-iot-device-amqp@1 >&2

"$gateway" serve --dev --mqtt localhost:0 --https localhost:443 --amqps localhost:0 >out 2>log &
pid=$!
until grep -q 'AMQP is served' out; do
    kill -0 "$pid" || { cat log >&2; exit 2; }
    sleep 0.1
done

ca=$(awk '/^server/ { print $3 }' out)
device=$(awk '/^device / { print $2 }' out)
module=$(awk '/^module / { print $2 }' out)
certificate=$(awk '/with .*dev-x509.pem/ { print $2 }' out)
wrong_key='AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
export NODE_EXTRA_CA_CERTS="$ca"

bad=0
# expect NAME STATUS TRANSPORT WHAT CONNECTION-STRING [MORE..]
expect() {
    name=$1 expected=$2 transport=$3 what=$4 connection=$5
    shift 5
    status=0
    node client.js "$transport" "$what" "$connection" "$ca" "$@" || status=$?
    if [ "$status" -ne "$expected" ]; then
        echo "MISMATCH: $name over $transport: exit $status, expected $expected"
        bad=1
    fi
}

for transport in mqtt amqp; do
    expect 'a device by its key' 0 "$transport" telemetry "$device"
    expect 'a module by its key' 0 "$transport" telemetry "$module"
    expect 'a device with a wrong key' 3 "$transport" telemetry "${device%%SharedAccessKey=*}SharedAccessKey=$wrong_key"
    expect 'an unknown device' 3 "$transport" telemetry "HostName=localhost;DeviceId=ghost;SharedAccessKey=$wrong_key"
    expect 'a device by its certificate' 0 "$transport" telemetry 'HostName=localhost;DeviceId=dev-x509;x509=true' \
        "$certificate" "${certificate%.pem}.key"
    expect 'an empty twin' 0 "$transport" twin "$device"
    expect 'a certificate of another device' 3 "$transport" telemetry 'HostName=localhost;DeviceId=dev1;x509=true' \
        "$certificate" "${certificate%.pem}.key"
done

[ "$bad" -eq 0 ] && echo 'all as expected'
exit "$bad"
