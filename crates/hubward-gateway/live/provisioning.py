"""Registers one device with the official client and connects it to its hub; prints `connected` or `refused`.

`file` writes the file of the provisioning service and the cases of all clients instead. `service CONNECTION-STRING` manages
enrollments with the official service client. Everything is in the current folder.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from urllib.parse import quote

SCOPE = "0ne00000A0A"
KEYS = {name: base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()
        for name in ("sn-key", "off", "pumps", "valves", "owner", "reader")}


def signed(key, text):
    tag = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256)
    return base64.b64encode(tag.digest()).decode()


def derived(group, registration):
    return signed(KEYS[group], registration)


def token(registration, key, left=10800):
    resource, expiry = quote(f"{SCOPE}/registrations/{registration}", safe=""), int(time.time()) + left
    signature = quote(signed(key, f"{resource}\n{expiry}"), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn=registration"


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
            {"registrationId": "sn-closed", "attestation": x509("clientCertificates", "closed.pem"), "provisioningStatus": "disabled"},
        ],
        "groups": [
            {"enrollmentGroupId": "pumps", "attestation": keys("pumps"), "provisioningStatus": "enabled"},
            {"enrollmentGroupId": "factory", "attestation": x509("signingCertificates", "factory.pem")},
        ],
        "policies": [
            {"keyName": "owner", "primaryKey": KEYS["owner"], "rights": "EnrollmentWrite, RegistrationStatusWrite"},
            {"keyName": "reader", "primaryKey": KEYS["reader"], "rights": "EnrollmentRead"},
        ],
    }


def cases():
    key = lambda registration, key, scope=SCOPE: {"registration": registration, "key": key, "scope": scope}
    x509 = lambda registration, name: {"registration": registration, "certificate": name, "scope": SCOPE}
    replayed = lambda registration, token: {"registration": registration, "token": token, "scope": SCOPE}
    member = derived("pumps", "sn-7")
    return {
        "key": key("sn-key", KEYS["sn-key"]),
        "member": key("sn-7", member),
        "own": x509("sn-own", "own"),
        "group": x509("sn-group", "group"),
        "other-group": key("sn-8", derived("valves", "sn-8")),
        "other-member": key("sn-8", member),
        "group-key": key("sn-8", KEYS["pumps"]),
        "disabled": key("off", KEYS["off"]),
        "scope": key("sn-key", KEYS["sn-key"], "0ne00000B0B"),
        "impostor": x509("sn-group", "impostor"),
        "second": x509("sn-own", "second"),
        "closed": x509("sn-closed", "closed"),
        "replayed": replayed("sn-8", token("sn-7", member)),
        "replayed-late": replayed("sn-7", token("sn-7", member, -3600)),
    }


def main(case, port):
    import paho.mqtt.client as paho
    from azure.iot.device import IoTHubDeviceClient, ProvisioningDeviceClient, X509

    # the client's port is fixed at 8883
    if port:
        connect = paho.Client.connect
        paho.Client.connect = lambda self, host, **named: connect(self, host, **(named | {"port": port}))
    trust = {"server_verification_cert": text("server.pem"), "websockets": not port}
    with open("cases.json") as file:
        case = json.load(file)[case]
    registration, scope = case["registration"], case["scope"]
    credential = case.get("key") or X509(case["certificate"] + ".pem", case["certificate"] + ".key")
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


def service(connection_string):
    from provisioningserviceclient import ProvisioningServiceClient, ProvisioningServiceError, QuerySpecification
    from provisioningserviceclient.models import IndividualEnrollment
    from provisioningserviceclient.protocol.models import AttestationMechanism

    client = ProvisioningServiceClient.create_from_connection_string(connection_string)
    try:
        client.delete_individual_enrollment_by_param("sn-python")
    except ProvisioningServiceError:
        pass  # only an interrupted run left it behind
    written = IndividualEnrollment.create("sn-python", AttestationMechanism(type="symmetricKey"), device_id="py-1")
    try:
        created = client.create_or_update(written)
    except ProvisioningServiceError as error:
        told = getattr(error.cause, "response", None)
        if told is not None and told.status_code in (401, 403):
            return "refused"
        raise
    assert created.registration_id == "sn-python" and created.etag, created
    created.provisioning_status = "disabled"
    assert client.create_or_update(created).provisioning_status == "disabled"
    assert client.get_individual_enrollment("sn-python").device_id == "py-1"
    query = client.create_individual_enrollment_query(QuerySpecification("SELECT * FROM enrollments"), page_size=2)
    assert "sn-python" in [one.registration_id for page in query for one in page]
    client.delete_individual_enrollment_by_param("sn-python")
    return "connected"


if __name__ == "__main__":
    if sys.argv[1] == "file":
        for name, value in ("provisioning.json", content()), ("cases.json", cases()):
            with open(name, "w") as file:
                json.dump(value, file)
    elif sys.argv[1] == "service":
        print(service(sys.argv[2]))
    else:
        print(main(sys.argv[1], int(sys.argv[2])))
