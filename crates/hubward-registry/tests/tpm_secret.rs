//! Keys of TPMs that are derived from a secret: only the enrolled TPM gets one, and only for a time.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use hubward_core::{DeviceId, Keys, MacKey, RegistrationId, Status, SymmetricKey, UnixTime};
use hubward_registry::{
    Attestation, Derivation, EndorsementKey, Enrollment, Enrollments, Evidence, ProvisionError,
    SymmetricKeys, TpmKeys, TpmSecret, TpmWrapper,
};
use hubward_rustcrypto::HmacKey;

const TPM: TpmKeys<'_> = TpmKeys { endorsement: b"the maker's", storage_root: b"the owner's" };

/// In place of a TPM library: the key, then the keys that it is wrapped for.
#[derive(Debug)]
struct Wrapper;

impl TpmWrapper for Wrapper {
    fn wrap(&self, tpm: TpmKeys<'_>, key: &SymmetricKey) -> Option<Box<[u8]>> {
        (!tpm.storage_root.is_empty())
            .then(|| [key.expose(), tpm.endorsement, tpm.storage_root].concat().into())
    }
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn rid(id: &str) -> RegistrationId<'_> {
    RegistrationId::parse(id).unwrap()
}

fn secret(byte: u8) -> TpmSecret<HmacKey> {
    TpmSecret::new(HmacKey::new(&SymmetricKey::from_bytes(&[byte; 32]).unwrap()))
}

fn by_tpm() -> Enrollment<HmacKey> {
    Enrollment::new(Attestation::Tpm(EndorsementKey::new(TPM.endorsement).unwrap()))
}

fn enrolled() -> Enrollments<HmacKey> {
    let mut all = Enrollments::new(Derivation::AsPresented);
    all.enroll(rid("Gate"), by_tpm().with_device_id(DeviceId::parse("Gate-1").unwrap()));
    all.enroll(rid("off"), by_tpm().with_status(Status::Disabled));
    all.enroll(rid("other"), by_tpm());
    let keys = SymmetricKeys::one(HmacKey::new(&SymmetricKey::from_bytes(&[1; 32]).unwrap()));
    all.enroll(rid("keyed"), Enrollment::new(Attestation::SymmetricKey(keys)));
    all
}

/// Returns the device of a token that `key` signed, or the reason of its refusal.
fn answer(
    secret: &TpmSecret<HmacKey>,
    id: &str,
    key: &SymmetricKey,
    now: u64,
) -> Option<Result<String, ProvisionError>> {
    let all = enrolled();
    let one = secret.enrollment(&all, rid(id), HmacKey::new, at(now))?;
    let tag = HmacKey::new(key).tag(&[b"token"]);
    let verifies = |keys: Keys<'_, HmacKey>| keys.matching(&[b"token"], tag.expose()).is_some();
    Some(
        one.select(rid(id), &Evidence::Token(&verifies), HmacKey::new)
            .map(|selected| selected.device_id.into()),
    )
}

fn challenge(id: &str, tpm: TpmKeys<'_>, now: u64) -> Result<SymmetricKey, ProvisionError> {
    let wrapped = secret(7).challenge(&enrolled(), rid(id), tpm, &Wrapper, at(now))?;
    Ok(SymmetricKey::from_bytes(wrapped.get(..32).unwrap()).unwrap())
}

#[test]
fn the_enrolled_tpm_gets_its_device_for_ten_to_twenty_minutes() {
    let key = challenge("GATE", TPM, 599).unwrap();
    // less the five seconds for clocks that are ahead
    for now in [599, 600, 1194] {
        assert_eq!(answer(&secret(7), "gate", &key, now), Some(Ok("Gate-1".into())), "{now}");
    }
    for now in [1195, 1200, 1_000_000] {
        assert_eq!(answer(&secret(7), "gate", &key, now), Some(Err(ProvisionError::Mismatch)), "{now}");
    }
    assert_eq!(answer(&secret(8), "gate", &key, 599), Some(Err(ProvisionError::Mismatch)), "another secret");
}

#[test]
fn a_challenge_of_a_service_whose_clock_is_five_seconds_ahead_is_accepted() {
    let key = challenge("gate", TPM, 600).unwrap();
    for now in [595, 599, 1794] {
        assert_eq!(answer(&secret(7), "gate", &key, now), Some(Ok("Gate-1".into())), "{now}");
    }
    for now in [0, 594] {
        assert_eq!(answer(&secret(7), "gate", &key, now), Some(Err(ProvisionError::Mismatch)), "{now}");
    }
}

#[test]
fn a_key_is_of_one_registration_one_tpm_and_one_purpose() {
    let key = challenge("gate", TPM, 0).unwrap();
    assert_eq!(answer(&secret(7), "other", &key, 0), Some(Err(ProvisionError::Mismatch)));
    let hub = secret(7).device_key(rid("gate"), TPM.endorsement, at(0));
    assert_eq!(answer(&secret(7), "gate", &hub, 0), Some(Err(ProvisionError::Mismatch)), "the hub's key");
    let again = secret(7).device_key(rid("GATE"), TPM.endorsement, at(599));
    assert_eq!(hub.expose(), again.expose());
    for other in [
        secret(7).device_key(rid("gate"), TPM.endorsement, at(600)),
        secret(7).device_key(rid("gate"), b"another maker's", at(0)),
        secret(7).device_key(rid("other"), TPM.endorsement, at(0)),
    ] {
        assert_ne!(hub.expose(), other.expose());
    }
}

#[test]
fn another_tpm_is_not_challenged() {
    let other = TpmKeys { endorsement: b"the maker's ", ..TPM };
    let unusable = TpmKeys { storage_root: b"", ..TPM };
    for (id, tpm, error) in [
        ("gate", other, ProvisionError::Mismatch),
        ("gate", unusable, ProvisionError::Mismatch),
        ("keyed", TPM, ProvisionError::Mismatch),
        ("off", TPM, ProvisionError::Disabled),
        ("ghost", TPM, ProvisionError::NotEnrolled),
    ] {
        assert_eq!(challenge(id, tpm, 0).unwrap_err(), error, "{id}");
    }
    // only an enrollment by a TPM is one by its key
    for id in ["keyed", "ghost"] {
        assert_eq!(answer(&secret(7), id, &SymmetricKey::from_bytes(&[1; 32]).unwrap(), 0), None, "{id}");
    }
    // a disabled one refuses even its own key
    let key = SymmetricKey::from_bytes(&[9; 32]).unwrap();
    assert!(answer(&secret(7), "off", &key, 0).unwrap().is_err());
}
