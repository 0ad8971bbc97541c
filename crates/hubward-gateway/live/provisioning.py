"""Registers one device with the official client and connects it to its hub; prints `connected` or `refused`.

`file` prints the file of the provisioning service instead. Everything is in the current folder.
"""

import base64
import hashlib
import hmac
import json
import sys

SCOPE = "0ne00000A0A"
KEYS = {name: base64.b64encode(hashlib.sha256(name.encode()).digest()).decode() for name in ("sn-key", "off", "pumps", "valves")}


def derived(group, registration):
    tag = hmac.new(base64.b64decode(KEYS[group]), registration.encode(), hashlib.sha256)
    return base64.b64encode(tag.digest()).decode()


def text(name):
    with open(name) as file:
        return file.read()


def content():
    keys = lambda name: {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEYS[name], "secondaryKey": KEYS[name]}}
    x509 = lambda field, name: {"type": "x509", "x509": {field: {"primary": {"certificate": text(name)}}}}
    return {
        "idScope": SCOPE,
        "host": "localhost",
        "individuals": [
            {"registrationId": "sn-key", "deviceId": "pump-1", "attestation": keys("sn-key")},
            {"registrationId": "off", "attestation": keys("off"), "provisioningStatus": "disabled"},
            {"registrationId": "sn-own", "attestation": x509("clientCertificates", "own.pem")},
        ],
        "groups": [
            {"enrollmentGroupId": "pumps", "attestation": keys("pumps"), "provisioningStatus": "enabled"},
            {"enrollmentGroupId": "factory", "attestation": x509("signingCertificates", "factory.pem")},
        ],
    }


def main(case, port):
    import paho.mqtt.client as paho
    from azure.iot.device import IoTHubDeviceClient, ProvisioningDeviceClient, X509

    # the client's port is fixed at 8883
    connect = paho.Client.connect
    paho.Client.connect = lambda self, host, **named: connect(self, host, **(named | {"port": port}))
    trust = {"server_verification_cert": text("server.pem")}
    registration, credential, scope = {
        "key": ("sn-key", KEYS["sn-key"], SCOPE),
        "member": ("sn-7", derived("pumps", "sn-7"), SCOPE),
        "own": ("sn-own", X509("own.pem", "own.key"), SCOPE),
        "group": ("sn-group", X509("group.pem", "group.key"), SCOPE),
        "other-group": ("sn-8", derived("valves", "sn-8"), SCOPE),
        "group-key": ("sn-8", KEYS["pumps"], SCOPE),
        "disabled": ("off", KEYS["off"], SCOPE),
        "scope": ("sn-key", KEYS["sn-key"], "0ne00000B0B"),
        "impostor": ("sn-group", X509("impostor.pem", "impostor.key"), SCOPE),
        "second": ("sn-own", X509("second.pem", "second.key"), SCOPE),
    }[case]
    if isinstance(credential, str):
        client = ProvisioningDeviceClient.create_from_symmetric_key("localhost", registration, scope, credential, **trust)
    else:
        client = ProvisioningDeviceClient.create_from_x509_certificate("localhost", registration, scope, credential, **trust)
    try:
        result = client.register()
    except Exception as error:
        # only a refusal counts: a server that is gone is another error
        if "Unauthorized" in repr(error) or "Unauthorized" in repr(error.__cause__):
            return "refused"
        raise
    assert result.status == "assigned", result
    state = result.registration_state
    named = dict(connection_retry=False, **trust)
    if isinstance(credential, str):
        device = IoTHubDeviceClient.create_from_symmetric_key(credential, state.assigned_hub, state.device_id, **named)
    else:
        device = IoTHubDeviceClient.create_from_x509_certificate(credential, state.assigned_hub, state.device_id, **named)
    device.connect()
    device.send_message("hello")
    device.shutdown()
    return "connected"


if __name__ == "__main__":
    if sys.argv[1] == "file":
        print(json.dumps(content()))
    else:
        print(main(sys.argv[1], int(sys.argv[2])))
