"""What the Python clients of `run.sh` share: tokens, and how a client ends."""

import base64
import hashlib
import hmac
import os
import sys
import threading
import time
from urllib.parse import quote

DONE, REFUSED, ERROR = 0, 3, 4


def end(status, text=""):
    """Ends the process at once: some clients leave threads."""
    if text:
        print(text, flush=True)
    os._exit(status)


def within(seconds):
    timer = threading.Timer(seconds, lambda: end(ERROR, "timeout"))
    timer.daemon = True
    timer.start()


def parts(connection_string):
    return dict(part.split("=", 1) for part in connection_string.split(";"))


def token(resource, key, policy=None):
    resource, expiry = quote(resource, safe=""), int(time.time()) + 3600
    signed = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    text = f"SharedAccessSignature sr={resource}&sig={quote(base64.b64encode(signed), safe='')}&se={expiry}"
    return text + (f"&skn={policy}" if policy else "")


def chain(error):
    """Returns an error with its causes as one text."""
    texts = []
    while error and len(texts) < 6:
        texts.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return " | ".join(texts)


def listening():
    """Tells `run.sh` that a message may be sent now."""
    print("listening", file=sys.stderr, flush=True)
