#!/bin/sh
# Measures the CPU time of a connection at the gateway and at Mosquitto, in one run: the same client and cipher suite, TLS 1.3,
# a full handshake, a CONNECT with a username and a password. Needs mosquitto, mosquitto_passwd and the release build.
#
#     cargo build --release -p hubward-gateway --bins --example connects
#     crates/hubward-gateway/live/mosquitto.sh target/release [CONNECTIONS [ROUNDS]]
#
# Fails if the gateway does not connect 2.2 times as many devices as Mosquitto in a second of CPU, or over WebSockets 1.5
# times as many. Mosquitto serves MQTT, as Debian builds it without WebSockets.
set -eu

folder=$(realpath "$1")
out=$("$folder/examples/connects" "$folder/hubward-gateway" "${MOSQUITTO:-$(command -v mosquitto || echo /usr/sbin/mosquitto)}" \
    "${2:-1000}" "${3:-5}")
echo "$out"
echo "$out" | awk '/^compared with Mosquitto/ { found = 1; exit !($4 >= 2.2 && $10 >= 1.5) } END { if (!found) exit 1 }'
