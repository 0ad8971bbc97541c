"""Signs with the SDKs of PyPI: for each credential NAME, writes NAME.token, NAME.key, NAME.args and its three altered forms."""

import datetime
import pathlib
import sys
from email.utils import formatdate
from urllib.parse import quote

from azure.cosmos import auth
from azure.eventgrid import generate_sas
from azure.eventhub import EventHubSharedKeyCredential
from azure.servicebus._base_handler import ServiceBusSharedKeyCredential
from azure.storage.blob import (
    UserDelegationKey,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
folder = pathlib.Path(sys.argv[1])
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
expiry = now + datetime.timedelta(hours=1)


def flipped(token, mark, count):
    """Changes one character of the signature, after `count` others, to another one of base64."""
    at = token.index(mark) + len(mark)
    while count or token[at] == "%":
        at += 3 if token[at] == "%" else 1
        count = max(count - 1, 0)
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def write(name, token, args, mark, changed):
    altered = [flipped(token, mark, 0), flipped(token, mark, 30), changed(token)]
    assert all(text != token for text in altered), name
    (folder / f"{name}.token").write_text(token)
    (folder / f"{name}.args").write_text(args)
    for number, text in enumerate(altered, 1):
        (folder / f"{name}.altered{number}").write_text(text)


(folder / "key").write_text(KEY)
(folder / "other").write_text("ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=")

BLOB = "https://contosoacct.blob.core.windows.net/plant/dev1/log%201.txt"
names = ("contosoacct", "plant", "dev1/log 1.txt")
later = (expiry + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H")
hour = expiry.strftime("%Y-%m-%dT%H")
prolonged = lambda token: token.replace(hour, later)

write(
    "blob", generate_blob_sas(*names, account_key=KEY, permission="rw", expiry=expiry),
    f"--resource {BLOB}", "sig=", prolonged,
)
write(
    "container", generate_container_sas("contosoacct", "plant", account_key=KEY, permission="rl", expiry=expiry),
    f"--resource {BLOB}", "sig=", prolonged,
)
write(
    "account",
    generate_account_sas("contosoacct", KEY, resource_types="sco", permission="rl", expiry=expiry),
    f"--resource {BLOB}", "sig=", prolonged,
)
delegation = UserDelegationKey()
delegation.signed_oid = "11111111-1111-1111-1111-111111111111"
delegation.signed_tid = "22222222-2222-2222-2222-222222222222"
delegation.signed_start = now.strftime("%Y-%m-%dT%H:%M:%SZ")
delegation.signed_expiry = (now + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
delegation.signed_service = "b"
delegation.signed_version = "2022-11-02"
delegation.signed_delegated_user_tid = None
delegation.value = KEY
write(
    "delegated", generate_blob_sas(*names, user_delegation_key=delegation, permission="r", expiry=expiry),
    f"--resource {BLOB}", "sig=", prolonged,
)

later_second = lambda token: token.replace("&se=1", "&se=2")
for name, credential in (("eventhub", EventHubSharedKeyCredential), ("servicebus", ServiceBusSharedKeyCredential)):
    token = credential("send", KEY).get_token("sb://ns.servicebus.windows.net/telemetry").token
    token = token.decode() if isinstance(token, bytes) else token
    write(name, token, "--resource sb://ns.servicebus.windows.net/telemetry", "sig=", later_second)

topic = "https://t.westus-1.eventgrid.azure.net/api/events"
write(
    "eventgrid", generate_sas(topic, KEY, expiry), f"--resource {topic}", "&s=",
    lambda token: token.replace("westus", "eastus", 1),
)

date = formatdate(usegmt=True)
sign = getattr(auth, "__get_authorization_token_using_master_key")
token = sign("get", "dbs/Telemetry/colls/Raw", "docs", {"x-ms-date": date}, KEY)
(folder / "request").write_text(f"GET /dbs/Telemetry/colls/Raw/docs HTTP/1.1\nx-ms-date: {date}\n")
write(
    "cosmos", quote(token, "-_.!~*'()"), f"--request {folder / 'request'}", "sig%3D",
    lambda token: flipped(token, "sig%3D", 12),
)
