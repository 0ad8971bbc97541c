#!/bin/sh
# Installs the clients of PyPI in target/live/venv, once.
set -eu
kept=$(cd "$(dirname "$0")/../../.." && pwd)/target/live
mkdir -p "$kept"
[ -x "$kept/venv/bin/python" ] || python3 -m venv "$kept/venv"
[ -f "$kept/venv.done" ] || {
    "$kept/venv/bin/pip" install -q --disable-pip-version-check \
        azure-iot-device==2.14.0 azure-iot-hub==2.7.0 six paho-mqtt==1.6.1 python-qpid-proton==0.40.0 >&2
    touch "$kept/venv.done"
}
