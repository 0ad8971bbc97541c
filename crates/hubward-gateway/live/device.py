"""PyPI's azure-iot-device over MQTT: device.py WHAT CONNECTION-STRING CA [CERTIFICATE KEY | TEXT]"""

import sys

from azure.iot.device import IoTHubDeviceClient, IoTHubModuleClient, Message, X509

from common import DONE, ERROR, REFUSED, chain, end, listening, parts, within

what, connection_string, ca_file, *more = sys.argv[1:]
within(30)
options = {"server_verification_cert": open(ca_file).read(), "connection_retry": False}
names = parts(connection_string)
if "x509" in names:
    certificate = X509(*more)
    client = IoTHubDeviceClient.create_from_x509_certificate(
        certificate, names["HostName"], names["DeviceId"], **options
    )
elif "ModuleId" in names:
    client = IoTHubModuleClient.create_from_connection_string(connection_string, **options)
else:
    client = IoTHubDeviceClient.create_from_connection_string(connection_string, **options)

try:
    client.connect()
except Exception as error:
    text = chain(error)
    refused = "UnauthorizedError" in text or "Connection Refused: not authorised" in text
    end(REFUSED if refused else ERROR, text)

try:
    if what == "telemetry":
        for text in ["one", "two", "x" * 200 * 1024]:
            message = Message(text)
            message.custom_properties["k v"] = "a&b=c"
            client.send_message(message)
    elif what == "twin":
        # with --dev a twin is empty, and a report is accepted
        twin = client.get_twin()
        client.patch_twin_reported_properties({"colour": "red"})
        end(DONE if twin == {"desired": {"$version": 1}, "reported": {"$version": 1}} else ERROR, f"{twin}")
    elif what == "listen":
        def received(message):
            wanted = message.data.decode() == more[0] and message.custom_properties.get("colour") == "light blue"
            end(DONE if wanted else ERROR, f"received {message.data!r} {message.custom_properties}")

        client.on_message_received = received
        listening()
        within(20)
        while True:
            import time
            time.sleep(1)
    client.disconnect()
    end(DONE)
except Exception as error:
    end(ERROR, chain(error))
