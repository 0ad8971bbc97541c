//! TPM attestation in two rounds; only the enrolled TPM completes both.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]
mod common;
use core::time::Duration;

use common::*;
use hubward_core::{DeviceId, Keys, MacKey, RegistrationId, Status, SymmetricKey, UnixTime};
use hubward_registry::{
    Attestation, Derivation, EndorsementKey, Enrollment, Enrollments, Evidence, NoEntropy, ProvisionError,
    TpmChallenge, TpmKeys,
};
use hubward_rustcrypto::HmacKey;

type All = Enrollments<HmacKey>;

const TPM: TpmKeys<'_> = TpmKeys { endorsement: b"the maker's", storage_root: b"the owner's" };

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn rid(id: &str) -> RegistrationId<'_> {
    RegistrationId::parse(id).unwrap()
}

fn by_tpm(endorsement: &[u8]) -> Enrollment<HmacKey> {
    Enrollment::new(Attestation::Tpm(EndorsementKey::new(endorsement).unwrap()))
}

fn enrolled() -> All {
    let mut all = All::new(Derivation::AsPresented);
    all.enroll(rid("Gate"), by_tpm(TPM.endorsement).with_device_id(DeviceId::parse("Gate-1").unwrap()));
    all
}

fn challenge<'t>(all: &All, id: &str, tpm: TpmKeys<'t>) -> Result<TpmChallenge<'t, HmacKey>, ProvisionError> {
    all.challenge(rid(id), tpm, at(300), &mut counting(), HmacKey::new)
}

/// Answers with a token signed with `key`.
fn answer(
    challenge: TpmChallenge<'_, HmacKey>,
    all: &All,
    key: &SymmetricKey,
    now: u64,
) -> Result<String, ProvisionError> {
    let tag = HmacKey::new(key).tag(&[b"token"]);
    let verifies = |keys: Keys<'_, HmacKey>| keys.matching(&[b"token"], tag.expose()).is_some();
    challenge.answer(all, verifies, at(now)).map(|selected| selected.device_id.into())
}

fn copy(key: &SymmetricKey) -> SymmetricKey {
    SymmetricKey::from_bytes(key.expose()).unwrap()
}

#[test]
fn the_enrolled_tpm_gets_its_device() {
    let all = enrolled();
    let challenge = challenge(&all, "GATE", TPM).unwrap();
    assert_eq!(challenge.registration_id(), rid("gate"));
    assert_eq!(challenge.tpm().storage_root, TPM.storage_root);
    let key = copy(challenge.identity_key());
    assert_eq!(answer(challenge, &all, &key, 300), Ok("Gate-1".into()));
}

#[test]
fn another_tpm_is_not_challenged() {
    let all = enrolled();
    let other = TpmKeys { endorsement: b"the maker's ", ..TPM };
    assert_eq!(challenge(&all, "gate", other).unwrap_err(), ProvisionError::Mismatch);
    assert_eq!(challenge(&all, "gate-2", TPM).unwrap_err(), ProvisionError::NotEnrolled);
}

#[test]
fn each_challenge_has_its_own_key_and_expiry() {
    let all = enrolled();
    let mut entropy = counting();
    let mut begin = || all.challenge(rid("gate"), TPM, at(300), &mut entropy, HmacKey::new).unwrap();
    let (first, second) = (begin(), begin());
    let (old, new) = (copy(first.identity_key()), copy(second.identity_key()));
    assert_eq!(answer(second, &all, &old, 1), Err(ProvisionError::Mismatch));
    let late = begin();
    let key = copy(late.identity_key());
    let expired = ProvisionError::ChallengeExpired { expires: 300, now: 301 };
    assert_eq!(answer(late, &all, &key, 301), Err(expired));
    assert_eq!(answer(first, &all, &new, 1), Err(ProvisionError::Mismatch));
    let none = all.challenge(rid("gate"), TPM, at(300), &mut |_: &mut [u8]| Err(NoEntropy), HmacKey::new);
    assert_eq!(none.unwrap_err(), ProvisionError::NoEntropy(NoEntropy));
}

#[test]
fn changes_between_the_rounds_count() {
    type Edit = fn(&mut All);
    let edits: [(Edit, ProvisionError); 4] = [
        (|all| assert!(all.withdraw(rid("gate"))), ProvisionError::NotEnrolled),
        (
            |all| all.enroll(rid("gate"), by_tpm(TPM.endorsement).with_status(Status::Disabled)),
            ProvisionError::Disabled,
        ),
        (|all| all.enroll(rid("gate"), by_tpm(b"another")), ProvisionError::Mismatch),
        (
            |all| all.enroll(rid("gate"), Enrollment::new(Attestation::SymmetricKey(pair("k")))),
            ProvisionError::Mismatch,
        ),
    ];
    for (edit, error) in edits {
        let mut all = enrolled();
        let begun = challenge(&all, "gate", TPM).unwrap();
        let key = copy(begun.identity_key());
        edit(&mut all);
        assert_eq!(answer(begun, &all, &key, 1), Err(error));
        assert_eq!(challenge(&all, "gate", TPM).unwrap_err(), error, "and there is no new challenge");
    }
}

#[test]
fn a_tpm_enrollment_accepts_no_other_evidence_and_no_group() {
    let mut all = enrolled();
    let any = |_: Keys<'_, HmacKey>| true;
    let selected = all.select(rid("gate"), &Evidence::Token(&any), HmacKey::new);
    assert_eq!(selected.unwrap_err(), ProvisionError::Mismatch);
    all.enroll_group("g", by_tpm(TPM.endorsement));
    assert_eq!(challenge(&all, "pump", TPM).unwrap_err(), ProvisionError::NotEnrolled);
    let selected = all.select(rid("pump"), &Evidence::Token(&any), HmacKey::new);
    assert_eq!(selected.unwrap_err(), ProvisionError::NotEnrolled);
}

#[test]
fn the_length_of_an_endorsement_key_is_limited() {
    for (len, is_one) in [(0, false), (1, true), (1024, true), (1025, false)] {
        assert_eq!(EndorsementKey::new(&vec![7; len]).is_ok(), is_one);
    }
}

#[test]
fn debug_output_of_a_challenge_has_no_key() {
    let all = enrolled();
    let printed = format!("{:?}", challenge(&all, "gate", TPM).unwrap());
    assert_eq!(printed, r#"TpmChallenge { registration: "gate", expires: 300, .. }"#);
}
