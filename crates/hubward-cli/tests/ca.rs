//! Certificate authorities of a fleet: `hubward ca` and `hubward cert request`.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;

use common::{Folder, run};

/// Returns a folder with a root, an issuing CA below it, and their empty lists.
fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.well("ca init root --name Root --path-length 1 --now 2026-01-01");
    folder.well("ca init issuing --name Issuing --parent root --now 2026-01-01");
    for ca in ["root", "issuing"] {
        folder.well(&format!("ca crl {ca} --now 2026-01-01 --ttl 30d"));
    }
    folder
}

const VERIFY: &str = "--ca root/certificate.pem --crl root/crl.pem --crl issuing/crl.pem --now 2026-01-05";

#[cfg(unix)]
fn mode(folder: &Folder, name: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_device_is_certified_by_request_verified_and_revoked() {
    let folder = folder("ca-device");
    folder.well("cert request --device pump --new-key-file pump.key -o pump.csr");
    folder.well("ca issue issuing pump.csr --device pump -o pump.pem --now 2026-01-01");
    let verify = format!("cert verify pump.pem --device pump {VERIFY}");
    folder.well(&verify);
    let (status, text) = folder.hubward("ca issue issuing pump.csr --device valve --now 2026-01-01");
    assert_eq!((status, text.contains("for another name")), (3, true), "{text}");

    fs::copy(folder.path("issuing/crl.pem"), folder.path("first.pem")).unwrap();
    let text = folder.well("ca revoke issuing pump.pem --reason key-compromise --now 2026-01-02 --ttl 30d");
    assert!(text.contains("revoked CN=pump") && text.contains("list 2, 1 revoked"), "{text}");
    let (status, text) = folder.hubward(&verify);
    assert_eq!((status, text.contains("was revoked (keyCompromise)")), (1, true), "{text}");
    // the first list and a delta say the same
    folder.well("ca crl issuing --base first.pem -o delta.pem --now 2026-01-03 --ttl 30d");
    let lists =
        "--ca root/certificate.pem --crl root/crl.pem --crl first.pem --crl delta.pem --now 2026-01-05";
    let (status, text) = folder.hubward(&format!("cert verify pump.pem --device pump {lists}"));
    assert_eq!((status, text.contains("was revoked")), (1, true), "{text}");
    // a certificate of another CA, and a release of what is not on hold
    assert_eq!(folder.hubward("ca revoke root pump.pem --now 2026-01-04").0, 3);
    assert_eq!(folder.hubward("ca revoke issuing pump.pem --release --now 2026-01-04").0, 3);
    assert!(folder.well("ca crl issuing --now 2026-01-04").contains("list 4, 1 revoked"));
    assert_eq!(folder.hubward("ca crl issuing --now 2026-01-03").0, 3, "older than the list before it");
}

#[test]
fn a_hold_can_end() {
    let folder = folder("ca-hold");
    folder.well("ca issue issuing --device pump --new-key-file pump.key -o pump.pem --now 2026-01-01");
    folder.well("ca revoke issuing pump.pem --reason certificate-hold --now 2026-01-02 --ttl 30d");
    let verify = format!("cert verify pump.pem --device pump {VERIFY}");
    assert_eq!(folder.hubward(&verify).0, 1);
    folder.well("ca revoke issuing pump.pem --release --now 2026-01-03 --ttl 30d");
    folder.well(&verify);
}

#[test]
fn keys_are_never_written_over_a_file() {
    let folder = folder("ca-keys");
    folder.write("key", "earlier");
    for words in [
        "cert request --device pump --new-key-file key",
        "cert request --device pump --new-key-file key -o out --force",
        "ca issue issuing --device pump --new-key-file key",
        "ca issue issuing --device pump --new-key-file key -o out --force",
    ] {
        let (status, text) = folder.hubward(words);
        assert_eq!((status, text.contains("key is never written over a file")), (3, true), "{words}: {text}");
        assert_eq!(folder.text("key"), "earlier");
    }
    for words in ["ca init root --name Root", "ca renew root --output-folder issuing"] {
        let before = folder.text("issuing/key.pem");
        let (status, text) = folder.hubward(words);
        assert_eq!((status, text.contains("exists; name a new folder")), (3, true), "{words}: {text}");
        assert_eq!(folder.text("issuing/key.pem"), before);
    }
    #[cfg(unix)]
    {
        folder.well("ca issue issuing --device pump --new-key-file new -o pump.pem");
        for (name, expected) in
            [("root/key.pem", 0o600), ("new", 0o600), ("pump.pem", 0o600), ("root", 0o700)]
        {
            assert_eq!(mode(&folder, name), expected, "{name}");
        }
    }
}

#[test]
fn a_fleet_is_issued_in_one_run_and_the_run_can_be_repeated() {
    let folder = folder("ca-fleet");
    folder.write("ids", "pump-1\n\npump-2\r\nbad/id\npump-3");
    let words = "ca issue issuing --ids ids --output-folder fleet --now 2026-01-01";
    let (status, text) = folder.hubward(words);
    assert_eq!((status, text.contains("3 issued, 0 kept, 1 not issued")), (1, true), "{text}");
    assert!(text.contains("line 4"), "{text}");
    let first = folder.text("fleet/devices.jsonl");
    assert_eq!(first.lines().count(), 3);
    let thumbprint = folder.well("cert thumbprint fleet/pump-2.pem");
    assert!(first.contains(thumbprint.lines().next().unwrap()), "{first}");
    folder.well(&format!("cert verify fleet/pump-2.pem --device pump-2 {VERIFY}"));

    // a run that was stopped: a certificate is missing, its key is there
    let key = folder.text("fleet/pump-2.key.pem");
    fs::remove_file(folder.path("fleet/pump-2.pem")).unwrap();
    folder.write("fleet/pump-3.pem.new", "half of");
    folder.write("ids", "pump-1\npump-2\npump-3\npump-4\n");
    let text = folder.well(words);
    assert!(text.contains("2 issued, 2 kept, 0 not issued"), "{text}");
    assert_eq!(folder.text("fleet/pump-2.key.pem"), key);
    let again = folder.text("fleet/devices.jsonl");
    assert_eq!(again.lines().next(), first.lines().next(), "what was issued is kept");
    assert_eq!(again.lines().count(), 4);
    folder.well("registry import hub fleet/devices.jsonl");
    assert!(folder.well("registry show hub --device pump-4").contains("pump-4"));
    // a certificate of another device is not taken for it
    fs::copy(folder.path("fleet/pump-1.pem"), folder.path("fleet/pump-2.pem")).unwrap();
    let (status, text) = folder.hubward(words);
    assert_eq!((status, text.contains("not a certificate of this CA for this device")), (1, true), "{text}");
}

#[test]
fn a_certificate_of_an_earlier_run_is_kept_only_if_this_run_would_issue_its_like() {
    let folder = folder("ca-kept");
    folder.write("ids", "pump\n");
    let words = "ca issue issuing --ids ids --output-folder fleet";
    folder.well(&format!("{words} --now 2026-01-01 --ttl 30d"));
    let refused = |now: &str, why: &str| {
        let (status, text) = folder.hubward(&format!("{words} --now {now}"));
        assert_eq!((status, text.contains(why)), (1, true), "{why}: {text}");
        assert!(text.contains("0 issued, 0 kept, 1 not issued"), "{text}");
    };
    refused("2026-02-15", "expired at 2026-01-31");
    refused("2025-12-31", "not valid before 2026-01-01");
    let text = folder.well(&format!("{words} --now 2026-01-02"));
    assert!(text.contains("0 issued, 1 kept, 0 not issued"), "{text}");

    // one that the CA revoked since, until it is released
    folder.well("ca revoke issuing fleet/pump.pem --reason certificate-hold --now 2026-01-02 --ttl 30d");
    refused("2026-01-02", "the CA's list revokes the certificate");
    folder.well("ca revoke issuing fleet/pump.pem --release --now 2026-01-03 --ttl 30d");
    assert!(folder.well(&format!("{words} --now 2026-01-03")).contains("0 issued, 1 kept"));

    // a CA of the same name, which has another key
    let good = folder.text("fleet/pump.pem");
    folder.well("ca init impostor --name Issuing --parent root --now 2026-01-01");
    folder.well("cert request --device pump --key-file fleet/pump.key.pem -o pump.csr");
    folder.well("ca issue impostor pump.csr --device pump -o forged.pem --now 2026-01-01");
    fs::copy(folder.path("forged.pem"), folder.path("fleet/pump.pem")).unwrap();
    refused("2026-01-02", "not a certificate of this CA for this device");
    // neither is it revoked or released by this CA
    for end in ["--reason unspecified", "--release"] {
        let (status, text) = folder.hubward(&format!("ca revoke issuing forged.pem {end} --now 2026-01-02"));
        assert_eq!((status, text.contains("was not issued by this CA")), (3, true), "{text}");
    }

    // another key than the device's, and none
    folder.write("fleet/pump.pem", &good);
    fs::rename(folder.path("fleet/pump.key.pem"), folder.path("pump.key")).unwrap();
    refused("2026-01-02", "pump.key.pem");
    folder.well("cert request --device pump --new-key-file fleet/pump.key.pem -o other.csr");
    refused("2026-01-02", "another key than that of the device");
    // by request, too
    fs::create_dir(folder.path("requests")).unwrap();
    fs::rename(folder.path("other.csr"), folder.path("requests/pump.csr")).unwrap();
    let words = "ca issue issuing --ids ids --output-folder fleet --requests requests --now 2026-01-03";
    let (status, text) = folder.hubward(words);
    assert_eq!((status, text.contains("another key than that of the device")), (1, true), "{text}");
    fs::rename(folder.path("pump.csr"), folder.path("requests/pump.csr")).unwrap();
    assert!(folder.well(words).contains("0 issued, 1 kept"));
}

#[test]
fn a_fleet_is_issued_from_requests() {
    let folder = folder("ca-requests");
    fs::create_dir(folder.path("requests")).unwrap();
    for id in ["pump-1", "pump-2"] {
        folder.well(&format!("cert request --device {id} --new-key-file {id}.key -o requests/{id}.csr"));
    }
    fs::copy(folder.path("requests/pump-1.csr"), folder.path("requests/pump-3.csr")).unwrap();
    folder.write("ids", "pump-1\npump-2\npump-3\npump-4\n");
    let (status, text) =
        folder.hubward("ca issue issuing --ids ids --requests requests --output-folder fleet --register ca");
    assert_eq!((status, text.contains("2 issued, 0 kept, 2 not issued")), (1, true), "{text}");
    assert!(text.contains("line 3: ") && text.contains("line 4: "), "{text}");
    assert!(!folder.path("fleet/pump-1.key.pem").exists());
    assert!(folder.text("fleet/devices.jsonl").contains("certificateAuthority"));
}

#[test]
fn a_server_and_a_module_are_certified() {
    let folder = folder("ca-server");
    folder.well(
        "ca issue issuing --host hub.example --host 127.0.0.1 --new-key-file k -o s.pem --now 2026-01-01",
    );
    for host in ["hub.example", "127.0.0.1"] {
        folder.well(&format!("cert verify s.pem --host {host} {VERIFY}"));
    }
    folder.well("cert request --device pump --module filter --key-file k -o m.csr");
    folder.well("ca issue issuing m.csr --device pump --module filter -o m.pem --now 2026-01-01");
    folder.well(&format!("cert verify m.pem --device pump --module filter {VERIFY}"));
    let (status, text) = folder.hubward("ca issue issuing m.csr");
    assert_eq!(status, 2, "{text}");
}

#[test]
fn a_proof_has_the_code_of_the_hub() {
    let folder = folder("ca-prove");
    let code = "5A".repeat(24);
    let (status, text) = run(&mut folder.command("ca prove issuing --now 2026-01-01"), &format!("{code}\n"));
    assert_eq!((status, text.contains("BEGIN CERTIFICATE")), (0, true), "{text}");
    folder.write("proof.pem", &text);
    assert!(folder.well("cert inspect proof.pem").contains(&code));
    assert_eq!(run(&mut folder.command("ca prove issuing"), "5a").0, 3);
}

#[test]
fn a_ca_is_renewed_and_the_old_one_is_still_valid() {
    let folder = folder("ca-renew");
    let issue = |ca: &str, name: &str| {
        folder.well(&format!(
            "ca issue {ca} --device pump --new-key-file {name}.key -o {name} --now 2026-01-02"
        ));
    };
    issue("issuing", "old.pem");
    assert_eq!(folder.hubward("ca renew issuing --output-folder next").0, 2, "--parent is needed");
    assert_eq!(folder.hubward("ca renew root --output-folder next --parent root").0, 2);
    folder.well("ca renew root --output-folder root2 --now 2026-01-01");
    folder.well("ca renew issuing --output-folder issuing2 --parent root2 --now 2026-01-01");
    issue("issuing2", "new.pem");
    for (leaf, anchors, expected) in [
        ("old.pem", "--ca root/certificate.pem", 0),
        ("old.pem", "--ca root/certificate.pem --ca root2/certificate.pem", 0),
        ("new.pem", "--ca root/certificate.pem --ca root2/certificate.pem", 0),
        ("new.pem", "--ca root2/certificate.pem", 0),
        ("new.pem", "--ca root/certificate.pem", 1),
        ("old.pem", "--ca root2/certificate.pem", 1),
    ] {
        let words = format!("cert verify {leaf} --device pump {anchors} --now 2026-01-05");
        assert_eq!(folder.hubward(&words).0, expected, "{words}");
    }
    // with the same key, what the old CA issued is valid below the new certificate
    folder.well("ca renew root --output-folder root3 --keep-key --now 2026-01-01");
    folder.well("cert verify old.pem --device pump --ca root3/certificate.pem --now 2026-01-05");
    assert_ne!(folder.text("root/certificate.pem"), folder.text("root3/certificate.pem"));
}

#[test]
fn a_renewal_with_the_same_key_continues_the_revocation_list() {
    let folder = folder("ca-renewed-list");
    folder.well("ca issue root --device pump --new-key-file pump.key -o pump.pem --now 2026-01-01");
    folder.well("ca revoke root pump.pem --now 2026-01-02");
    folder.well("ca renew root --output-folder renewed --keep-key --now 2026-01-03");
    let text = folder.well("ca crl renewed -o next.crl --now 2026-01-04");
    assert!(text.contains("list 3, 1 revoked"), "{text}");
    let verify =
        "cert verify pump.pem --device pump --ca renewed/certificate.pem --crl next.crl --now 2026-01-05";
    let (status, text) = folder.hubward(verify);
    assert_eq!((status, text.contains("revoked")), (1, true), "{text}");
    // another key has lists of its own
    folder.well("ca renew root --output-folder other --now 2026-01-03");
    assert!(!folder.path("other/crl.pem").exists());
}

#[test]
fn an_expired_ca_and_a_longer_validity_are_refused() {
    let folder = folder("ca-validity");
    let issue = "ca issue issuing --device pump --new-key-file key -o pump.pem";
    let (status, text) = folder.hubward(&format!("{issue} --now 2026-01-01 --ttl 4000d"));
    assert_eq!((status, text.contains("after that of the issuer")), (3, true), "{text}");
    let (status, text) = folder.hubward(&format!("{issue} --now 2040-01-01"));
    assert_eq!((status, text.contains("the CA expired at 2035")), (3, true), "{text}");
    assert!(!folder.path("key").exists() && !folder.path("pump.pem").exists());
    // the default ends with the CA
    folder.well(&format!("{issue} --now 2035-12-01"));
    assert!(folder.well("cert inspect pump.pem --now 2035-12-02").contains("2035-12-30"));
}
