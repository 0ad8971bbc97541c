"""PyPI's azure-iot-hub, over HTTPS and AMQP (uamqp): service.py WHAT CONNECTION-STRING CA [MORE..]"""

import json
import os
import sys
import time

what, connection_string, ca_file, *more = sys.argv[1:]
os.environ["REQUESTS_CA_BUNDLE"] = ca_file
import certifi

# uamqp trusts the authorities of this file
certifi.where = lambda: ca_file

import uamqp
from azure.iot.hub import DigitalTwinClient, IoTHubRegistryManager
from uamqp.authentication import JWTTokenAuth

from common import DONE, ERROR, REFUSED, chain, end, listening, parts, token, within

within(40)
names = parts(connection_string)
host, key, policy = names["HostName"], names["SharedAccessKey"], names.get("SharedAccessKeyName")


def status_of(error):
    response = getattr(error, "response", None)
    return getattr(error, "status_code", None) or getattr(response, "status_code", None)


def registry():
    """Creates, reads, changes and deletes identities; `dev2` with the key in MORE stays."""
    manager = IoTHubRegistryManager.from_connection_string(connection_string)
    second = more[1]
    manager.create_device_with_sas("dev2", more[0], second, "enabled")
    manager.create_module_with_sas("dev2", "mod2", "", more[0], second)
    special = "d'(1)*!=;@$:%.,?"
    manager.create_device_with_sas(special, more[0], second, "enabled")
    assert manager.get_device(special).device_id == special
    manager.delete_device(special)
    manager.create_device_with_x509("dev8", "A" * 40, "B" * 40, "enabled")
    device = manager.get_device("dev8")
    manager.update_device_with_x509("dev8", device.etag, "C" * 40, "D" * 40, "disabled")
    assert manager.get_device("dev8").status == "disabled"
    manager.delete_device("dev8")
    assert {device.device_id for device in manager.get_devices(10)} == {"dev1", "dev2", "dev-x509"}
    assert manager.get_module("dev1", "mod1").module_id == "mod1"
    assert manager.get_service_statistics() is not None


def twins():
    """The gateway authorizes requests for digital twins and does not serve them: 501."""
    client = DigitalTwinClient.from_connection_string(connection_string)
    calls = [
        lambda: client.get_digital_twin("dev1"),
        lambda: client.update_digital_twin("dev1", [{"op": "add", "path": "/a", "value": 1}]),
        lambda: client.invoke_command("dev1", "reboot", {}),
        lambda: client.invoke_component_command("dev1", "thermostat", "reboot", {}),
    ]
    for call in calls:
        try:
            call()
            raise AssertionError("a digital twin")
        except Exception as error:
            if status_of(error) != 501:
                raise


def send():
    """Sends a message to a device."""
    manager = IoTHubRegistryManager.from_connection_string(connection_string)
    manager.send_c2d_message(more[0], more[1], {"messageId": "m-1", "colour": "light blue"})


def own_token():
    from collections import namedtuple

    return namedtuple("AccessToken", "token expires_on")(token(host, key, policy), int(time.time()) + 3600)


def feedback():
    """Receives feedback by uamqp while a message is sent to a device that listens."""
    name = "https://" + host
    auth = JWTTokenAuth(audience=name, uri=name, get_token=own_token,
                        token_type=b"servicebus.windows.net:sastoken")
    auth.update_token()
    client = uamqp.ReceiveClient(f"amqps://{host}/messages/servicebound/feedback", auth=auth, timeout=20000)
    client.open()
    while not client.client_ready():
        time.sleep(0.05)
    manager = IoTHubRegistryManager.from_connection_string(connection_string)
    message_id = f"m-{time.time()}"
    manager.send_c2d_message(more[0], more[1], {"messageId": message_id, "ack": "full", "iothub-ack": "full"})
    for message in client.receive_message_batch(timeout=15000):
        for record in json.loads(b"".join(message.get_data())):
            if record["originalMessageId"] == message_id:
                assert record["deviceId"] == more[0] and record["statusCode"] == "Success", record
                return
    raise AssertionError("no feedback")


def device():
    """Sends as the C device SDK does, which is built on the same library: SASL MSSBCBS, CBS, and an address that is a URI.
    MORE: the device that the name and the link are for."""
    name = f"{host}/devices/{more[0]}"
    from collections import namedtuple

    def get_token():
        return namedtuple("AccessToken", "token expires_on")(token(name, key), int(time.time()) + 3600)

    auth = JWTTokenAuth(audience=name, uri="https://" + host, get_token=get_token,
                        token_type=b"servicebus.windows.net:sastoken")
    auth.update_token()
    client = uamqp.SendClient(f"amqps://{name}/messages/events", auth=auth)
    client.queue_message(uamqp.Message(b"hello"))
    results = client.send_all_messages()
    assert uamqp.constants.MessageState.SendFailed not in results, results


try:
    {"registry": registry, "twins": twins, "send": send, "feedback": feedback, "device": device}[what]()
    end(DONE)
except Exception as error:
    text = chain(error)
    refused = status_of(error) in (401, 403) or "TokenAuthFailure" in text or "AuthenticationException" in text
    end(REFUSED if refused else ERROR, text)
