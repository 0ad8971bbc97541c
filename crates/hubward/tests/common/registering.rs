//! Registrations of tests: their enrollments, tokens and verdicts.
#![allow(dead_code, reason = "each test uses a part")]

use hubward::registry::{Attestation, Derivation, Enrollment, Enrollments, Thumbprints, derive_key};
use hubward::sas::UnsignedToken;
use hubward::types::{IdScope, MacKey, RegistrationId, Status, Thumbprint};
use hubward::x509::Anchors;
use hubward::{AuthError, ProvisioningConfig, RegistrationCredentials, X509Config};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;

use crate::common::{at, device, key, pair};
use crate::fleet::TODAY;

pub const SCOPE: &str = "0ne00000A0A";

pub type All = Enrollments<HmacKey>;

pub fn rid(id: &str) -> RegistrationId<'_> {
    RegistrationId::parse(id).unwrap()
}

/// Returns the key that is derived for a member of the group.
pub fn member(id: &str) -> HmacKey {
    HmacKey::new(&derive_key(&key("group primary"), id))
}

pub fn by_key(name: &str) -> Enrollment<HmacKey> {
    Enrollment::new(Attestation::SymmetricKey(pair(name)))
}

pub fn by_certificate(print: Thumbprint) -> Enrollment<HmacKey> {
    Enrollment::new(Attestation::X509(Thumbprints::new(Some(print), None).unwrap()))
}

pub fn all() -> All {
    let mut all = Enrollments::new(Derivation::AsPresented);
    all.enroll(rid("one"), by_key("one").with_device_id(device("device-one")));
    all.enroll(rid("off"), by_key("off").with_status(Status::Disabled));
    all.enroll_group("keys", by_key("group"));
    all
}

pub fn rules(anchors: &Anchors) -> ProvisioningConfig<HmacKey> {
    let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
    ProvisioningConfig::new(IdScope::parse(SCOPE).unwrap(), key("dummy")).with_x509(x509)
}

pub fn token(scope: &str, id: &str, key: &impl MacKey, expiry: u64) -> String {
    UnsignedToken::registration(IdScope::parse(scope).unwrap(), rid(id), at(expiry)).sign(key).to_string()
}

pub fn username(scope: &str, id: &str) -> String {
    format!("{scope}/registrations/{id}/api-version=2019-03-31&ClientVersion=x")
}

/// Returns the device id and the matching group, or the code of the rejection.
pub fn judge(
    rules: &ProvisioningConfig<HmacKey>,
    all: &All,
    presented: Result<RegistrationCredentials<'_>, AuthError>,
    now: u64,
) -> Result<String, &'static str> {
    let judged = presented.and_then(|presented| {
        let registrant = presented.start(rules)?.resume(all, HmacKey::new, at(now))?;
        Ok(format!("{} {}", registrant.device_id(), registrant.group().unwrap_or("-")))
    });
    judged.map_err(|error| error.code())
}

pub fn mqtt(id: &str, token: &str) -> Result<String, &'static str> {
    let anchors = Anchors::new();
    let name = username(SCOPE, id);
    judge(&rules(&anchors), &all(), RegistrationCredentials::mqtt(id, &name, Some(token)), TODAY)
}
