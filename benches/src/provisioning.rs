//! Registrations at DPS: the selection of an enrollment, by the number of groups.

use std::hint::black_box;
use std::time::Duration;

use hubward::{ProvisioningConfig, RegistrationCredentials};
use hubward_core::{IdScope, RegistrationId, SymmetricKey, Thumbprint, UnixTime};
use hubward_registry::{
    Attestation, Derivation, Enrollment, Enrollments, Evidence, SymmetricKeys, Thumbprints, derive_key,
};
use hubward_rustcrypto::HmacKey;
use hubward_sas::UnsignedToken;

use crate::case::Case;
use crate::tokens::{EXPIRY, now};

const SCOPE: &str = "0ne00000A0A";

fn key(number: usize) -> HmacKey {
    let mut bytes = [5; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    HmacKey::new(&SymmetricKey::from_bytes(&bytes).unwrap())
}

fn name(number: usize) -> String {
    format!("group-{number:06}")
}

/// The groups of a provisioning service, with what a device of the last one presents.
pub struct Groups {
    enrollments: Enrollments<HmacKey>,
    config: ProvisioningConfig<HmacKey>,
    last: String,
    username: String,
    token: String,
}

const MEMBER: &str = "sn-007-888-abc";

impl Groups {
    /// Creates `count` groups with keys, all of which may be tried.
    pub fn with_keys(count: usize) -> Self {
        let mut enrollments = Enrollments::new(Derivation::AsPresented).with_most_groups(count);
        for number in 0..count {
            let keys = SymmetricKeys::one(key(number));
            enrollments.enroll_group(&name(number), Enrollment::new(Attestation::SymmetricKey(keys)));
        }
        let scope = IdScope::parse(SCOPE).unwrap();
        let expires = UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
        let member = HmacKey::new(&derive_key(&key(count - 1), MEMBER));
        let id = RegistrationId::parse(MEMBER).unwrap();
        Self {
            enrollments,
            config: ProvisioningConfig::new(scope, HmacKey::from_bytes(&[7; 32])),
            last: name(count - 1),
            username: format!("{SCOPE}/registrations/{MEMBER}/api-version=2019-03-31"),
            token: UnsignedToken::registration(scope, id, expires).sign(&member).to_string(),
        }
    }

    fn presented(&self) -> RegistrationCredentials<'_> {
        RegistrationCredentials::mqtt(black_box(MEMBER), black_box(&self.username), Some(&self.token))
            .unwrap()
    }

    /// The group is found by trying each.
    pub fn tried(&self, name: &'static str) -> Case<'_> {
        Case::new(name, move || {
            let pending = self.presented().start(&self.config).unwrap();
            let registered = pending.resume(&self.enrollments, HmacKey::new, now()).unwrap();
            assert_eq!(registered.group(), Some(&*self.last));
        })
        .calls(1)
    }

    /// The caller names the group.
    pub fn named(&self, name: &'static str) -> Case<'_> {
        Case::new(name, move || {
            let pending = self.presented().with_group(black_box(&self.last)).start(&self.config).unwrap();
            let registered = pending.resume(&self.enrollments, HmacKey::new, now()).unwrap();
            assert_eq!(registered.group(), Some(&*self.last));
        })
    }
}

/// Groups of certificates, of which the last one is that of the device's issuer.
pub struct Issuers(Enrollments<HmacKey>, Thumbprint);

impl Issuers {
    pub fn new(count: usize) -> Self {
        let print = |number: usize| {
            let mut bytes = [8; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            Thumbprint::Sha256(bytes)
        };
        let mut enrollments = Enrollments::new(Derivation::AsPresented);
        for number in 0..count {
            let stored = Thumbprints::new(Some(print(number)), None).unwrap();
            enrollments.enroll_group(&name(number), Enrollment::new(Attestation::X509(stored)));
        }
        Self(enrollments, print(count - 1))
    }

    pub fn case(&self, name: &'static str) -> Case<'_> {
        let issuers = [Thumbprint::Sha256([1; 32]), self.1];
        Case::new(name, move || {
            let id = RegistrationId::parse(black_box(MEMBER)).unwrap();
            let evidence =
                Evidence::Chain { leaf: Thumbprint::Sha256([2; 32]), issuers: black_box(&issuers) };
            assert!(self.0.select(id, &evidence, HmacKey::new).is_ok());
        })
        .calls(200)
    }
}
