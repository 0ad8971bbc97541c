#!/bin/sh
# Runs official and common clients against `hubward-gateway serve --dev`, each with an impostor that is refused, and prints
# one line for each. Exits with 0 if all is as expected.
#
#     crates/hubward-gateway/live/run.sh [target/debug/hubward-gateway]
#
# Needs python3 with venv, node, npm and mosquitto, and the network once: the clients are installed in target/live. The
# clients use their fixed ports, 443, 5671 and 8883: in a network namespace of its own if the system permits that.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
kept=$root/target/live

if [ "${HUBWARD_NAMESPACE:-}" != 1 ]; then
    if [ $# -eq 0 ]; then
        (cd "$root" && cargo build --locked -p hubward-gateway)
        set -- "$root/target/debug/hubward-gateway"
    fi
    "$here/venv.sh"
    [ -f "$kept/npm.done" ] || {
        npm install --prefix "$kept" --no-audit --no-fund --loglevel=error azure-iot-device@1.18.4 \
            azure-iot-device-mqtt@1.16.4 azure-iot-device-amqp@1 azure-iot-device-http@1 azure-iothub@1.16.6 >&2
        touch "$kept/npm.done"
    }
    command -v mosquitto >/dev/null || { echo 'install mosquitto' >&2; exit 2; }
    gateway=$(realpath "$1")
    export HUBWARD_NAMESPACE=1
    if unshare -rn true 2>/dev/null; then
        exec unshare -rn sh -c 'ip link set lo up && exec "$0" "$1"' "$here/run.sh" "$gateway"
    fi
    exec "$here/run.sh" "$gateway"
fi

gateway=$1
python=$kept/venv/bin/python
work=$(mktemp -d)
pid= broker=
cleanup() {
    [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap cleanup EXIT INT TERM
cd "$work"
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore NODE_NO_WARNINGS=1 NODE_PATH="$kept/node_modules"
export AZURE_CORE_COLLECT_TELEMETRY=no

"$gateway" serve --dev --mqtt localhost:8883 --https localhost:443 --amqps localhost:5671 --metrics 127.0.0.1:9464 \
    >out 2>log &
pid=$!
until grep -q 'AMQP is served' out; do
    kill -0 "$pid" || { cat log >&2; exit 2; }
    sleep 0.1
done

ca=$(awk '/^server/ { print $3 }' out)
dev1=$(awk '/^device / { print $2 }' out)
mod1=$(awk '/^module / { print $2 }' out)
owner=$(awk '/^service / { sub(/localhost:[0-9]+/, "localhost", $2); print $2 }' out)
certificate=$(awk '/with .*dev-x509.pem/ { print $2 }' out)
private_key=${certificate%.pem}.key
x509='HostName=localhost;DeviceId=dev-x509;x509=true'
export NODE_EXTRA_CA_CERTS="$ca"
second_key=$(openssl rand -base64 32)
key1=${dev1##*SharedAccessKey=}
dev2="HostName=localhost;DeviceId=dev2;SharedAccessKey=$second_key"
# other's key, other's name
wrong_key="HostName=localhost;DeviceId=dev1;SharedAccessKey=$second_key"
wrong_name="HostName=localhost;DeviceId=dev2;SharedAccessKey=$key1"
wrong_module="HostName=localhost;DeviceId=dev1;ModuleId=mod1;SharedAccessKey=$key1"
unknown="HostName=localhost;DeviceId=ghost;SharedAccessKey=$second_key"
wrong_owner="HostName=localhost;SharedAccessKeyName=iothubowner;SharedAccessKey=$second_key"

bad=0 count=0
# result NAME STATUS EXPECTED FILE: prints a line; with what the client printed if that is not expected
result() {
    count=$((count + 1))
    case $3 in 0) meaning='gets in' ;; 3) meaning='is refused' ;; *) meaning="ends with $3" ;; esac
    if [ "$2" -eq "$3" ]; then
        echo "ok        $1 $meaning"
    else
        echo "MISMATCH  $1: exit $2, expected $3: $(tail -c 600 "$4")"
        bad=1
    fi
}

# expect STATUS NAME COMMAND..
expect() {
    expected=$1 name=$2
    shift 2
    status=0
    "$@" >said 2>&1 || status=$?
    result "$name" "$status" "$expected" said
}

# counts the decisions that permit to receive messages
receivers() {
    grep -c 'verdict="allow" rule="commands.receive"' log || true
}
# listening: waits until the command in $listener says that it listens, and more receive than $known
listening() {
    until grep -q listening heard.log && [ "$(receivers)" -gt "$known" ]; do
        kill -0 "$listener" 2>/dev/null || break
        sleep 0.2
    done
    sleep 0.3
}

# receives NAME TEXT COMMAND..: a service sends TEXT to dev1 when the command says that it listens
receives() {
    name=$1 text=$2
    shift 2
    known=${KNOWN:-$(receivers)}
    "$@" "$text" >heard 2>heard.log &
    listener=$!
    listening
    python service.py send "$owner" "$ca" dev1 "$text" >sent 2>&1 || { echo "not sent: $(tail -c 300 sent)"; bad=1; }
    status=0
    wait "$listener" || status=$?
    result "$name receives a message: it" "$status" 0 heard
}

python() {
    script=$1
    shift
    "$python" "$here/$script" "$@"
}

node() {
    command node "$here/client.js" "$@"
}

echo '== azure-iot-hub of PyPI: HTTPS'
expect 0 'service, registry:' python service.py registry "$owner" "$ca" "$second_key" "$(openssl rand -base64 32)"
expect 0 'service, digital twins (501):' python service.py twins "$owner" "$ca"
expect 3 'service with a wrong key:' python service.py registry "$wrong_owner" "$ca" "$second_key" "$second_key"

echo '== azure-iot-device of PyPI: MQTT'
expect 0 'device:' python device.py telemetry "$dev1" "$ca"
expect 0 'device that asks for its twin, which is empty:' python device.py twin "$dev1" "$ca"
expect 0 'module:' python device.py telemetry "$mod1" "$ca"
expect 0 'device by its certificate:' python device.py telemetry "$x509" "$ca" "$certificate" "$private_key"
expect 3 "device with another's key:" python device.py telemetry "$wrong_key" "$ca"
expect 3 'device of another name:' python device.py telemetry "$wrong_name" "$ca"
expect 3 'device that is unknown:' python device.py telemetry "$unknown" "$ca"
expect 3 "module with its device's key:" python device.py telemetry "$wrong_module" "$ca"
expect 3 "certificate under another's name:" \
    python device.py telemetry 'HostName=localhost;DeviceId=dev2;x509=true' "$ca" "$certificate" "$private_key"
receives 'device' 'hello Python' python device.py listen "$dev1" "$ca"

for transport in mqtt amqp http; do
    echo "== azure-iot-device-$transport of npm"
    expect 0 'device:' node "$transport" telemetry "$dev1" "$ca"
    [ "$transport" = http ] || expect 0 'module:' node "$transport" telemetry "$mod1" "$ca"
    expect 0 'device by its certificate:' node "$transport" telemetry "$x509" "$ca" "$certificate" "$private_key"
    expect 3 "device with another's key:" node "$transport" telemetry "$wrong_key" "$ca"
    expect 3 'device of another name:' node "$transport" telemetry "$wrong_name" "$ca"
    expect 3 'device that is unknown:' node "$transport" telemetry "$unknown" "$ca"
    expect 3 "certificate under another's name:" node "$transport" telemetry \
        'HostName=localhost;DeviceId=dev1;x509=true' "$ca" "$certificate" "$private_key"
    [ "$transport" = http ] || receives 'device' "hello $transport" node "$transport" listen "$dev1" "$ca"
done

echo '== azure-iothub of npm'
expect 0 'service, registry:' node service registry "$owner" "$ca"
expect 3 'service with a wrong key, registry:' node service registry "$wrong_owner" "$ca"
expect 3 'service with a wrong key, AMQP:' node service send "$wrong_owner" "$ca" dev1 hello

echo '== uamqp of PyPI: AMQP'
expect 3 'service with a wrong key:' python service.py send "$wrong_owner" "$ca" dev1 hello
expect 0 'device as in C:' python service.py device "$dev1" "$ca" dev1
expect 3 "device as in C with another's key:" python service.py device "$wrong_key" "$ca" dev1
expect 3 'device as in C of another name:' python service.py device "$dev1" "$ca" dev2

# feedback NAME COMMAND..: while a device of npm listens for 'hello feedback'
feedback() {
    name=$1
    shift
    known=$(receivers)
    node amqp listen "$dev1" "$ca" 'hello feedback' >heard 2>heard.log &
    listener=$!
    listening
    expect 0 "$name" "$@"
    wait "$listener" || { echo "MISMATCH  no message: $(cat heard)"; bad=1; }
}
feedback 'service that reads feedback:' python service.py feedback "$owner" "$ca" dev1 'hello feedback'
feedback 'service of npm that reads feedback:' node service feedback "$owner" "$ca" dev1 'hello feedback'

echo '== python-qpid-proton: the forms of C#, C and Java'
for dialect in csharp-device csharp-pooled csharp-service c-device java-device java-module java-service; do
    own=$dev1 other=$wrong_key
    case $dialect in
    *-pooled | *-service) own=$owner other=$wrong_owner ;;
    *-module) own=$mod1 other=$wrong_module ;;
    esac
    expect 0 "$dialect:" python replay.py "$dialect" "$own" "$ca" dev1
    expect 3 "$dialect with another's key:" python replay.py "$dialect" "$other" "$ca" dev1
    case $dialect in
    *-service) ;;
    *-pooled) expect 3 "$dialect for a device that is unknown:" python replay.py "$dialect" "$own" "$ca" ghost ;;
    *) expect 3 "$dialect of another name:" python replay.py "$dialect" "$own" "$ca" dev2 ;;
    esac
done

echo '== paho-mqtt by hand'
expect 0 'device without a query:' python plain.py telemetry "$dev1" "$ca"
expect 3 "device with another's key:" python plain.py telemetry "$wrong_key" "$ca"
expect 3 'device of another name:' python plain.py name "$dev1" "$ca" dev2
expect 3 "filters that reach another's messages:" python plain.py filters "$dev2" "$ca"
receives 'device with the filter of the embedded SDK' 'hello plus' python plain.py listen "$dev1" "$ca"

echo "== the bridge of $(mosquitto -h | head -1 | tr -d '\r')"
token() {
    (cd "$here" && "$python" -c 'import sys; from common import token; print(token(*sys.argv[1:]))' "$@")
}
messages() {
    curl -s http://127.0.0.1:9464/metrics | awk '/^hubward_messages_total/ { sum += $2 } END { print sum + 0 }'
}
# bridge NAME TOKEN: starts a broker whose bridge is the device NAME
bridge() {
    cat >bridge.conf <<CONF
listener 1883 127.0.0.1
allow_anonymous true
user root
log_dest file $work/bridge.log
connection hub
address localhost:8883
bridge_cafile $ca
bridge_protocol_version mqttv311
remote_clientid $1
remote_username localhost/$1
remote_password $2
cleansession true
notifications false
restart_timeout 1
topic devices/$1/messages/events/# out 1
topic devices/$1/messages/devicebound/# in 1
CONF
    rm -f bridge.log
    mosquitto -c bridge.conf >bridge.out 2>&1 &
    broker=$!
}
# waits up to 20 seconds until a command succeeds
soon() {
    tries=100
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}
count_is() { [ "$(messages)" -ge "$1" ]; }
listens() { grep 'rule="commands.receive"' log | tail -n +"$1" | grep -q allow; }
refused() { grep -qs 'not authorised' bridge.log; }

before=$(messages) decisions=$(grep -c 'rule="commands.receive"' log)
bridge dev1 "$(token localhost/devices/dev1 "$key1")"
status=0
soon listens $((decisions + 1)) || status=4
expect 0 'a client of the broker:' python plain.py publish 1883 "$ca" devices/dev1/messages/events/ hello
[ "$status" -ne 0 ] || soon count_is $((before + 1)) || status=4
result 'the bridge sends: it' "$status" 0 bridge.log
KNOWN=0
receives 'the bridge' 'hello bridge' python plain.py subscribe 1883 "$ca" 'devices/dev1/messages/devicebound/#'
kill "$broker" && wait "$broker" || true
bridge dev1 "$(token localhost/devices/dev1 "$second_key")"
status=4
! soon refused || status=3
result "the bridge with another's key" "$status" 3 bridge.log
kill "$broker" && wait "$broker" || true
broker=
bridge dev2 "$(token localhost/devices/dev1 "$key1")"
status=4
! soon refused || status=3
result 'the bridge of another name' "$status" 3 bridge.log

kill -0 "$pid" || { echo 'MISMATCH  the gateway ended'; bad=1; }
! grep -q 'SharedAccessSignature sr\|panicked' log || { echo 'MISMATCH  a token or a panic in the log'; bad=1; }
echo "$count checks"
[ "$bad" -eq 0 ] && echo 'all as expected'
exit "$bad"
