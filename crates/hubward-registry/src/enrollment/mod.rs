//! Enrollments at the provisioning service: who may be given an identity, and by which proof.

mod select;
mod tpm;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;

use hubward_core::{DeviceId, MacKey, RegistrationId, Status};

use crate::authentication::Thumbprints;
use crate::keys::SymmetricKeys;
pub use select::{EnrollmentMatch, Evidence, ProvisionError, derive_key};
pub use tpm::{EndorsementKey, EndorsementKeyError, TpmChallenge, TpmKeys};

/// How an individual proves itself, or a group its members.
#[derive(Debug)]
#[non_exhaustive]
pub enum Attestation<K> {
    /// By a token. An individual's is under one of these keys; a member's of a group is under a key derived from one
    /// of these, and never under one of these.
    SymmetricKey(SymmetricKeys<K>),
    /// By a chain. An individual's certificate has one of these thumbprints; a member's has one of these above it, of
    /// SHA-256: a group by SHA-1 has no members.
    X509(Thumbprints),
    /// By the TPM with this endorsement key, in two rounds: [`Enrollments::challenge`]. Individuals only: a group's
    /// attests nobody.
    Tpm(EndorsementKey),
}

/// An enrollment of one device or of a group of them.
#[derive(Debug)]
pub struct Enrollment<K> {
    pub(crate) status: Status,
    pub(crate) attestation: Attestation<K>,
    pub(crate) device_id: Option<Box<str>>,
}

impl<K: MacKey> Enrollment<K> {
    /// An enabled enrollment.
    #[must_use]
    pub const fn new(attestation: Attestation<K>) -> Self {
        Self { status: Status::Enabled, attestation, device_id: None }
    }

    /// The same, disabled: it denies whom it matches.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.status = Status::Disabled;
        self
    }

    /// The same with a device id to give. A group's is not looked at: each member is given its registration id.
    #[must_use]
    pub fn device_id(mut self, id: DeviceId<'_>) -> Self {
        self.device_id = Some(id.as_str().into());
        self
    }

    /// Whether it provisions whom it matches, or denies them.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// How whom it is for proves itself.
    #[must_use]
    pub const fn attestation(&self) -> &Attestation<K> {
        &self.attestation
    }

    /// The device id to give, where it is not the registration id.
    #[must_use]
    pub fn given_device_id(&self) -> Option<DeviceId<'_>> {
        self.device_id.as_deref().map(DeviceId::assertion)
    }
}

/// What a group's key is worked over to make a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Derivation {
    /// The registration id as it was presented.
    AsPresented,
    /// That, or its lower-case form: ids are one whatever their case, and tools differ in which they derive from.
    AsPresentedOrLowerCase,
}

/// Enrollments by registration id and by group.
#[derive(Debug)]
pub struct Enrollments<K> {
    pub(crate) individuals: BTreeMap<Box<str>, Box<Enrollment<K>>>,
    pub(crate) groups: BTreeMap<Box<str>, Box<Enrollment<K>>>,
    pub(crate) derivation: Derivation,
}

impl<K: MacKey> Enrollments<K> {
    /// None yet.
    #[must_use]
    pub const fn new(derivation: Derivation) -> Self {
        Self { individuals: BTreeMap::new(), groups: BTreeMap::new(), derivation }
    }

    /// Enrolls one device, in place of an earlier enrollment of its registration id in any case of letters.
    pub fn enroll(&mut self, id: RegistrationId<'_>, enrollment: Enrollment<K>) {
        self.individuals.insert(folded(id), Box::new(enrollment));
    }

    /// Takes one device's enrollment back, and says whether there was one.
    pub fn withdraw(&mut self, id: RegistrationId<'_>) -> bool {
        self.individuals.remove(&*folded(id)).is_some()
    }

    /// Enrolls a group, in place of an earlier one of that name.
    pub fn enroll_group(&mut self, name: &str, enrollment: Enrollment<K>) {
        self.groups.insert(name.into(), Box::new(enrollment));
    }

    /// Takes a group's enrollment back, and says whether there was one.
    pub fn withdraw_group(&mut self, name: &str) -> bool {
        self.groups.remove(name).is_some()
    }

    /// Individual enrollments by registration id, in lower case.
    pub fn individuals(&self) -> impl Iterator<Item = (&str, &Enrollment<K>)> {
        self.individuals.iter().map(|(id, enrollment)| (&**id, &**enrollment))
    }

    /// Enrollments of groups by name.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Enrollment<K>)> {
        self.groups.iter().map(|(name, enrollment)| (&**name, &**enrollment))
    }
}

/// Registration ids are one whatever the case of their letters, which are ASCII. Device ids are not: whoever registers
/// twice in two cases is given one device.
pub(crate) fn folded(id: RegistrationId<'_>) -> Box<str> {
    let mut id = String::from(id.as_str());
    id.make_ascii_lowercase();
    id.into()
}
