#!/usr/bin/env python3
"""Issues a fleet by `hubward ca`, and verifies it by pyca's `cryptography` and by OpenSSL.

Usage: fleet.py PROGRAM [DEVICES]. Makes requests with `cryptography`, issues their certificates in one run, compares the
memory of that run with that of a tenth of the fleet, and verifies the certificates and a revocation list. The output goes
into `hubward registry import` and `hubward enrollment add`.
"""

import base64
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store

# of each run, so many certificates are verified by all
SAMPLE = 100


def hubward(*words, status=0):
    """Runs the program; returns its output, its seconds and its largest resident memory in KiB."""
    begin, memory = time.monotonic(), 0
    output = tempfile.TemporaryFile()
    process = subprocess.Popen([PROGRAM, *words], stdout=output, stderr=subprocess.STDOUT)
    while process.poll() is None:
        # not `ru_maxrss`, which has the memory of this script from before `exec`
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                memory = max(memory, int(line.split()[1]))
        time.sleep(0.01)
    output.seek(0)
    text = output.read().decode()
    assert process.returncode == status, f"hubward {' '.join(words)}: {text}"
    return text, time.monotonic() - begin, memory


def request(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return key, made.public_bytes(serialization.Encoding.PEM)


def fleet(number, folder):
    """Writes the ids and the requests of a fleet."""
    requests = folder / "requests"
    requests.mkdir(parents=True)
    ids = [f"pump-{at:06}" for at in range(number)]
    (folder / "ids").write_text("".join(f"{name}\n" for name in ids))
    for name in ids:
        _, made = request(name)
        (requests / f"{name}.csr").write_bytes(made)
    return ids


def issue(number, folder):
    ids = fleet(number, folder)
    words = ["ca", "issue", "issuing", "--ids", str(folder / "ids"), "--requests", str(folder / "requests")]
    words += ["--output-folder", str(folder / "issued")]
    text, seconds, memory = hubward(*words)
    assert f"{number} issued, 0 kept, 0 not issued" in text, text
    print(f"{number} certificates from requests: {seconds:.1f} s, {memory} KiB")
    return ids, memory


def verify(ids, folder, root, issuing):
    """Verifies a sample by `cryptography`, whose policy asks a client for an alternative name unless it is told otherwise."""
    anything = ExtensionPolicy.permit_all()
    client = anything.require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
    verifier = PolicyBuilder().store(Store([root])).extension_policies(
        ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=client
    ).build_client_verifier()
    for name in random.sample(ids, min(SAMPLE, len(ids))):
        chain = x509.load_pem_x509_certificates((folder / "issued" / f"{name}.pem").read_bytes())
        assert chain[1] == issuing and len(chain) == 2
        verifier.verify(chain[0], chain[1:])
        made = x509.load_pem_x509_csr((folder / "requests" / f"{name}.csr").read_bytes())
        assert chain[0].public_key() == made.public_key()
        assert chain[0].subject == made.subject
        usages = chain[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        assert 0 < chain[0].serial_number < 1 << 159


def main():
    here = Path.cwd()
    hubward("ca", "init", "root", "--name", "Plant root", "--path-length", "1")
    hubward("ca", "init", "issuing", "--name", "Plant issuing CA", "--parent", "root")
    root = x509.load_pem_x509_certificate(Path("root/certificate.pem").read_bytes())
    issuing = x509.load_pem_x509_certificate(Path("issuing/certificate.pem").read_bytes())

    _, few = issue(max(NUMBER // 10, 1), here / "few")
    ids, many = issue(NUMBER, here / "all")
    # the memory of a run does not grow with the fleet; the buffer of the list of ids fills up to 1 MiB
    assert many < few + 1536, (few, many)
    verify(ids, here / "all", root, issuing)

    revoked = here / "all" / "issued" / f"{ids[0]}.pem"
    for ca in ("root", "issuing"):
        hubward("ca", "crl", ca)
    hubward("ca", "revoke", "issuing", str(revoked), "--reason", "key-compromise")
    crl = x509.load_pem_x509_crl(Path("issuing/crl.pem").read_bytes())
    assert crl.is_signature_valid(issuing.public_key()) and len(crl) == 1
    serial = x509.load_pem_x509_certificate(revoked.read_bytes()).serial_number
    entry = crl.get_revoked_certificate_by_serial_number(serial)
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise
    Path("above.pem").write_bytes(Path("root/certificate.pem").read_bytes())
    Path("lists.pem").write_bytes(Path("root/crl.pem").read_bytes() + Path("issuing/crl.pem").read_bytes())
    for name, wanted in ((ids[0], False), (ids[-1], True)):
        words = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-crl_check_all", "-CAfile", "above.pem"]
        words += ["-CRLfile", "lists.pem", "-untrusted", "issuing/certificate.pem", f"all/issued/{name}.pem"]
        found = subprocess.run(words, capture_output=True, text=True)
        assert (found.returncode == 0) == wanted, found

    # the output goes on as it is
    os.environ["HUBWARD_SEAL_KEY"] = base64.b64encode(os.urandom(32)).decode()
    text, _, _ = hubward("registry", "import", "hub", "all/issued/devices.jsonl")
    line = json.loads((here / "all/issued/devices.jsonl").read_text().splitlines()[-1])
    assert line["id"] == ids[-1], text
    hubward("registry", "show", "hub", "--device", ids[-1])
    hubward("enrollment", "add", "dps", "--group", "plant", "--certificate", "issuing/certificate.pem")
    print(f"cryptography and OpenSSL {subprocess.getoutput('openssl version').split()[1]} verify what was issued")


if __name__ == "__main__":
    PROGRAM = str(Path(sys.argv[1]).resolve())
    NUMBER = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        main()
