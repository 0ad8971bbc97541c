//! `hubward enrollment`: enrollments in a sealed file, and their selection.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]
mod common;

use common::{Folder, SEAL};
use hubward::types::{RegistrationId, SymmetricKey, Thumbprint};
use hubward_registry::{Attestation, Enrollment, Enrollments, NoEntropy, Thumbprints};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;

const GROUP: &str =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
const DERIVED: &str = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=";
const ID: &str = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";

fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("group", GROUP);
    folder.write("other", "MDEyMzQ1Njc4OWFiY2RlZg==");
    folder.well("enrollment add fleet --group north --key-file group");
    folder
}

/// Selects an enrollment by a token that is signed with the key of a file.
fn select(folder: &Folder, id: &str, key: &str) -> (i32, String) {
    let sign =
        format!("token sign --id-scope 0ne001 --registration {id} --key-file {key} --expiry 1893456000");
    folder.write("token", folder.well(&sign));
    folder.hubward("enrollment select fleet --token-file token --now 1893455000")
}

#[test]
fn a_group_member_is_provisioned_with_its_derived_key() {
    let folder = folder("derive");
    let derive = format!("enrollment derive --registration {ID} --key-file group");
    assert_eq!(folder.well(&format!("{derive} --print-key")), format!("{DERIVED}\n"));
    assert_eq!(folder.hubward(&derive).0, 2, "an output is needed");
    assert_eq!(folder.well(&format!("{derive} --output own")), "");
    assert_eq!(select(&folder, ID, "own"), (0, format!("group north provisions {ID} as device {ID}\n")));
    let (status, out) = select(&folder, ID, "group");
    assert_eq!(
        (status, out),
        (1, format!("refused: {ID}: no enrollment matches\n")),
        "the key of the group itself attests no device"
    );
    folder.well(&format!(
        "enrollment add fleet --registration {ID} --key-file other --device-id gate --disabled"
    ));
    let (status, out) = select(&folder, ID, "own");
    assert_eq!((status, out.contains("the evidence does not satisfy the enrollment")), (1, true), "{out}");
    let (status, out) = select(&folder, ID, "other");
    assert_eq!((status, out.contains("disabled")), (1, true), "{out}");
    folder.well(&format!("enrollment remove fleet --registration {ID}"));
    assert_eq!(folder.hubward(&format!("enrollment remove fleet --registration {ID}")).0, 1);
    assert_eq!(select(&folder, ID, "own").0, 0);
}

#[test]
fn enrollments_are_shown_without_keys() {
    let folder = folder("shown");
    folder.write("ek", "AQID");
    folder.well("enrollment add fleet --registration Tpm-1 --endorsement-key-file ek");
    let print = "5".repeat(64);
    folder.well(&format!("enrollment add fleet --group south --thumbprint {print} --disabled"));
    // a SHA-1 thumbprint would match no certificate
    let legacy = "5".repeat(40);
    assert_eq!(
        folder.hubward(&format!("enrollment add fleet --group east --thumbprint {legacy} --disabled")).0,
        2
    );
    folder.well("enrollment add fleet --registration gate --generate-keys --device-id Gate");
    let out = folder.well("enrollment show fleet");
    let expected = format!(
        "device    gate\n  assigns Gate\n  primary   32 bytes, not shown\n  secondary 32 bytes, not shown\n\
         device    tpm-1\n  TPM with an endorsement key of 3 bytes\n\
         group     north\n  primary   64 bytes, not shown\n  secondary no key\n\
         group     south, disabled\n  certificate {print}\n"
    );
    assert_eq!(out, expected);
    assert!(folder.well("enrollment show fleet --with-keys").contains(GROUP));
    let json = folder.well("enrollment show fleet --json");
    assert!(json.contains("\"attestation\": \"tpm\"") && !json.contains(GROUP), "{json}");
    let group = folder.hubward("enrollment add fleet --group g --endorsement-key-file ek");
    assert_eq!(group.0, 2, "a TPM belongs to one device");
    assert!(!String::from_utf8_lossy(&folder.read("fleet")).contains("north"), "it is sealed");
}

#[test]
fn a_disabled_enrollment_stays_disabled_without_enabled() {
    let folder = Folder::new("stays-disabled");
    folder.write("key", SEAL);
    for name in ["--registration Pump", "--group north"] {
        let add = |more: &str| folder.well(&format!("enrollment add fleet {name} {more}"));
        let disabled = || folder.well("enrollment show fleet").contains("disabled");
        add("--generate-keys");
        assert!(!disabled());
        add("--generate-keys --disabled");
        for more in ["--generate-keys", "--key-file key"] {
            add(more);
            assert!(disabled(), "{name} {more}");
        }
        add("--generate-keys --enabled");
        assert!(!disabled());
    }
    let other = folder.well("enrollment add fleet --registration pump --generate-keys --disabled");
    assert!(other.contains("is written"));
    folder.well("enrollment add fleet --registration PUMP --generate-keys");
    assert!(folder.well("enrollment show fleet").contains("disabled"), "in any case of letters");
}

#[test]
fn an_enrollment_by_its_authority_is_listed_with_the_others() {
    let folder = folder("by-authority");
    let key = AeadKey::new(b"0123456789abcdef0123456789abcdef");
    let make = |key: &SymmetricKey| HmacKey::new(key);
    let mut all = Enrollments::open(folder.read("fleet"), &key, 1, make).unwrap();
    let print = |byte| Some(Thumbprint::Sha256([byte; 32]));
    let issuers = Attestation::Issuer(Thumbprints::new(print(0xab), print(0xcd)).unwrap());
    all.enroll(RegistrationId::parse("pump").unwrap(), Enrollment::new(issuers));
    let mut entropy = |bytes: &mut [u8]| getrandom::fill(bytes).map_err(|_| NoEntropy);
    folder.write("fleet", all.seal(&key, 2, &mut entropy).unwrap());
    let (own, other) = ("ab".repeat(32).to_uppercase(), "cd".repeat(32).to_uppercase());
    let shown = || folder.well("enrollment show fleet").to_uppercase();
    let below = format!("  BELOW CERTIFICATE {own}\n  BELOW CERTIFICATE {other}\n");
    let list = folder.well("enrollment list fleet");
    assert!(list.contains("enrollment pump  enabled   x509") && list.contains("group north"), "{list}");
    assert!(shown().contains(&below));
    assert!(
        folder
            .well("enrollment list fleet --json")
            .to_uppercase()
            .contains(&format!("\"AUTHORITIES\":[\"{own}"))
    );
    // a change of another enrollment, and of this one, keeps it
    folder.well("enrollment update fleet --group north --disabled");
    folder.well("enrollment update fleet --registration pump --device-id gate");
    let text = shown();
    assert!(text.contains(&format!("DEVICE    PUMP\n  ASSIGNS GATE\n{below}")), "{text}");
    folder.well("enrollment delete fleet --registration pump");
    assert!(folder.well("enrollment list fleet").ends_with("1 enrollments\n"));
}
