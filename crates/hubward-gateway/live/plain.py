"""paho-mqtt as people use it by hand: plain.py WHAT CONNECTION-STRING CA [MORE..]

`telemetry` connects without a query in the username. `listen TEXT` subscribes as the embedded C SDK does. `name ID`
connects as another device, with the token of its own. `filters` subscribes to messages of others. `publish TOPIC` and
`subscribe TOPIC TEXT` are for a local broker: the connection string is its port then."""

import ssl
import sys
import threading

import paho.mqtt.client as mqtt

from common import DONE, ERROR, REFUSED, end, listening, parts, token, within

what, connection_string, ca_file, *more = sys.argv[1:]
within(30)
local = connection_string.isdigit()
client_id = "" if local else (more[0] if what == "name" else parts(connection_string)["DeviceId"])
client = mqtt.Client(client_id, protocol=mqtt.MQTTv311)
connected, subscribed, codes = threading.Event(), threading.Event(), []


def on_connect(_client, _data, _flags, code):
    if code != 0:
        end(REFUSED if code == 5 else ERROR, f"CONNACK {code}")
    connected.set()


def on_subscribe(_client, _data, _id, granted):
    codes.extend(granted)
    subscribed.set()


def on_message(_client, _data, message):
    end(DONE if message.payload.decode() == more[-1] else ERROR, f"{message.topic} {message.payload!r}")


client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
if local:
    client.connect("localhost", int(connection_string))
else:
    names = parts(connection_string)
    host, device = names["HostName"], names["DeviceId"]
    # no query: as people do who read that it is optional
    client.username_pw_set(f"{host}/{client_id}", token(f"{host}/devices/{device}", names["SharedAccessKey"]))
    client.tls_set(ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.connect(host, 8883)
client.loop_start()
connected.wait()


def subscribe(topic, wanted):
    subscribed.clear()
    codes.clear()
    client.subscribe(topic, 1)
    subscribed.wait()
    if (codes[0] == 0x80) == wanted:
        end(ERROR, f"SUBACK {codes} for {topic}")


if what == "telemetry":
    for text in ["one", "two"]:
        client.publish(f"devices/{client_id}/messages/events/", text, 1).wait_for_publish()
elif what == "publish":
    client.publish(more[0], more[1], 1).wait_for_publish()
elif what == "listen":
    subscribe("devices/+/messages/devicebound/#", True)
    listening()
    threading.Event().wait()
elif what == "subscribe":
    subscribe(more[0], True)
    listening()
    threading.Event().wait()
elif what == "filters":
    for topic in ["#", "devices/#", "devices/+/messages/#", "devices/dev1/messages/devicebound/#", "$iothub/#"]:
        subscribe(topic, False)
    end(REFUSED)
client.disconnect()
end(DONE)
