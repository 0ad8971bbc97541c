"""PyPI's azure-iot-device over MQTT, which stays connected and sends until its standard input ends:
steady.py CA PORT CONNECTION-STRING [PORT CONNECTION-STRING ..]

The client connects to port 8883 only: each device's connections go to the port of its gateway instead.
"""

import json
import os
import sys
import threading
import time

import paho.mqtt.client
from azure.iot.device import IoTHubDeviceClient

from common import parts

ca_file, *pairs = sys.argv[1:]
ports = {parts(text)["DeviceId"]: int(port) for port, text in zip(pairs[::2], pairs[1::2])}
connect = paho.mqtt.client.Client.connect


def redirected(self, host, port=8883, *rest, **options):
    return connect(self, host, ports[self._client_id.decode()], *rest, **options)


paho.mqtt.client.Client.connect = redirected


class Steady:
    """A client, and what it saw."""

    def __init__(self, text):
        self.device, self.connections, self.messages = parts(text)["DeviceId"], 0, 0
        self.client = IoTHubDeviceClient.create_from_connection_string(
            text,
            server_verification_cert=open(ca_file).read(),
            connection_retry_interval=2,
            keep_alive=5,
            ensure_desired_properties=False,
        )
        self.client.on_connection_state_change = self.changed
        threading.Thread(target=self.run, daemon=True).start()

    def changed(self):
        self.connections += self.client.connected

    def run(self):
        while True:
            try:
                # it connects if it is not connected
                self.client.send_message("steady")
                self.messages += 1
            except Exception:
                pass
            time.sleep(0.5)


clients = [Steady(text) for text in pairs[1::2]]
sys.stdin.read()
for one in clients:
    seen = {"device": one.device, "connected": one.client.connected, "connections": one.connections}
    print(json.dumps({**seen, "messages": one.messages}), flush=True)
# the client leaves threads
os._exit(0)
