#!/bin/sh
# Runs the official AMQP clients against `hubward-gateway serve --dev`: devices send or are refused, a service's message
# is delivered to its device. Needs node, npm and the network (once, to install the clients). Exits with 0 on success.
#
#     cargo build -p hubward-gateway && crates/hubward-gateway/live/amqp/run.sh target/debug/hubward-gateway
#
# The clients connect to port 5671, which must be free.
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
    azure-iot-device@1 azure-iot-device-amqp@1 azure-iothub@1 >&2

"$gateway" serve --dev --mqtt localhost:0 --https localhost:0 --amqps localhost:5671 >out 2>log &
pid=$!
until grep -q 'AMQP is served' out; do
    kill -0 "$pid" || { cat log >&2; exit 2; }
    sleep 0.1
done

ca=$(awk '/^server/ { print $3 }' out)
device=$(awk '/^device / { print $2 }' out)
module=$(awk '/^module / { print $2 }' out)
service=$(awk '/^service / { sub(/localhost:[0-9]+/, "localhost", $2); print $2 }' out)
certificate=$(awk '/with .*dev-x509.pem/ { print $2 }' out)
wrong_key='AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
export NODE_EXTRA_CA_CERTS="$ca"

bad=0
# expect NAME STATUS WHAT CONNECTION-STRING [MORE..]
expect() {
    name=$1 expected=$2 what=$3 connection=$4
    shift 4
    status=0
    node client.js "$what" "$connection" "$ca" "$@" || status=$?
    if [ "$status" -ne "$expected" ]; then
        echo "MISMATCH: $name: exit $status, expected $expected"
        bad=1
    fi
}

expect 'a device by its key' 0 telemetry "$device"
expect 'a module by its key' 0 telemetry "$module"
expect 'a device with a wrong key' 3 telemetry "${device%%SharedAccessKey=*}SharedAccessKey=$wrong_key"
expect 'an unknown device' 3 telemetry "HostName=localhost;DeviceId=ghost;SharedAccessKey=$wrong_key"
expect 'a device by its certificate' 0 telemetry 'HostName=localhost;DeviceId=dev-x509;x509=true' \
    "$certificate" "${certificate%.pem}.key"
expect 'a certificate of another device' 3 telemetry 'HostName=localhost;DeviceId=dev1;x509=true' \
    "$certificate" "${certificate%.pem}.key"

node client.js listen "$device" "$ca" 'hello there' >listened 2>listening &
listener=$!
until grep -q listening listening; do
    kill -0 "$listener" || break
    sleep 0.1
done
expect 'a message from a service' 0 command "$service" 'hello there'
wait "$listener" || { echo "MISMATCH: the device got no message: $(cat listened)"; bad=1; }
expect 'a service with a wrong key' 3 command "${service%%SharedAccessKey=*}SharedAccessKey=$wrong_key" 'hello there'
# a message waits for its device
expect 'a message to a device that does not receive' 0 command "$service" 'hello again'
expect 'the device, which receives it later' 0 listen "$device" 'hello again'

[ "$bad" -eq 0 ] && echo 'all as expected'
exit "$bad"
