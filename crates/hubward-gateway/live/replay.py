"""python-qpid-proton replays what the C#, C and Java clients send over AMQP: replay.py DIALECT CONNECTION-STRING CA [DEVICE]

DEVICE is the device that the name and the links are for; another than the connection string's is an impostor's."""

import sys

from proton import ConnectionException, Message, SSLDomain
from proton.utils import BlockingConnection, LinkDetached

from common import DONE, ERROR, REFUSED, chain, end, parts, token, within

dialect, connection_string, ca_file, *more = sys.argv[1:]
within(30)
names = parts(connection_string)
host, key, policy = names["HostName"], names["SharedAccessKey"], names.get("SharedAccessKeyName")
own, module = names.get("DeviceId"), names.get("ModuleId")
device = more[0] if more else own
SAS, HUB_SAS = "servicebus.windows.net:sastoken", "azure-devices.net:sastoken"
whole = f"{host}/devices/{own}" + (f"/modules/{module}" if module else "")
path = f"/devices/{device}" + (f"/modules/{module}" if module else "")
# type, name, what the token is for, address of the link
FORMS = {
    "csharp-device": (HUB_SAS, f"{host}/devices/{device}", whole, f"amqps://{host}:5671{path}/messages/events"),
    "csharp-pooled": (HUB_SAS, host, host, f"amqps://{host}:5671/devices/{device}/messages/events"),
    "csharp-service": (HUB_SAS, f"amqps://{host}:5671/", host, f"amqps://{host}:5671/messages/devicebound"),
    "c-device": (SAS, f"{host}/devices/{device}", whole, f"amqps://{host}{path}/messages/events"),
    "java-device": (SAS, f"{host}/devices/{device}", whole, f"{path}/messages/events"),
    # the module is in the token only
    "java-module": (SAS, f"{host}/devices/{device}", whole, f"{path}/messages/events"),
    "java-service": (HUB_SAS, host, host, "/messages/devicebound"),
}
kind, name, resource, address = FORMS[dialect]

domain = SSLDomain(SSLDomain.MODE_CLIENT)
domain.set_trusted_ca_db(ca_file)
domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
try:
    connection = BlockingConnection(f"amqps://{host}:5671", timeout=15, ssl_domain=domain, allowed_mechs="ANONYMOUS")
    answers = connection.create_receiver("$cbs", name="cbs-receiver")
    puts = connection.create_sender("$cbs", name="cbs-sender")
    put = {"operation": "put-token", "type": kind, "name": name}
    puts.send(Message(id="1", body=token(resource, key, policy), properties=put))
    answer = answers.receive(timeout=10)
    answers.accept()
    status = answer.properties["status-code"]
    if status != 200:
        end(REFUSED if status == 401 else ERROR, f"put-token {status}")
    sender = connection.create_sender(address)
    # no client of this kit listens for the messages of dev2
    to = "/devices/dev2/messages/devicebound"
    message = Message(id="2", body=b"hello") if "service" not in dialect else Message(id="2", body=b"hello", address=to)
    sender.send(message)
    connection.close()
    end(DONE)
except LinkDetached as error:
    end(REFUSED if "unauthorized" in str(error) else ERROR, chain(error))
except ConnectionException as error:
    end(ERROR, chain(error))
except Exception as error:
    end(ERROR, chain(error))
