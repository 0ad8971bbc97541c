//! Enrollments of the provisioning service: the registrations that are allowed, and the attestation of each.

mod groups;
mod select;
mod tpm;
mod tpm_keys;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;

use hubward_core::{DeviceId, MacKey, RegistrationId, Status};

use crate::authentication::Thumbprints;
use crate::keys::SymmetricKeys;
pub(crate) use groups::Groups;
pub use select::{EnrollmentMatch, Evidence, ProvisionError, derive_key};
pub use tpm::{EndorsementKey, EndorsementKeyError, TpmChallenge, TpmKeys};
pub use tpm_keys::{TpmSecret, TpmWrapper};

/// The attestation that an individual enrollment, or a group's members, must present.
#[derive(Debug)]
#[non_exhaustive]
pub enum Attestation<K> {
    /// A token. An individual enrollment's is signed with one of these keys. A group member's is signed with a key
    /// derived from one of these, and never with one of these.
    SymmetricKey(SymmetricKeys<K>),
    /// A certificate chain. An individual enrollment's leaf has one of these thumbprints. A group member's chain has
    /// one of these above the leaf, by SHA-256: a group with SHA-1 thumbprints has no members.
    X509(Thumbprints),
    /// A certificate that an issuer with one of these thumbprints, by SHA-256, issued for the registration id, directly or
    /// through others. For individual enrollments; for a group it is the same as [`Attestation::X509`].
    Issuer(Thumbprints),
    /// The TPM with this endorsement key, in two rounds: [`Enrollments::challenge`]. For individual enrollments only:
    /// a group with a TPM has no members.
    Tpm(EndorsementKey),
}

/// An enrollment of one device or of a group of devices.
#[derive(Debug)]
pub struct Enrollment<K> {
    pub(crate) status: Status,
    pub(crate) attestation: Attestation<K>,
    pub(crate) device_id: Option<Box<str>>,
}

impl<K: MacKey> Enrollment<K> {
    /// Creates an enabled enrollment.
    #[must_use]
    pub const fn new(attestation: Attestation<K>) -> Self {
        Self { status: Status::Enabled, attestation, device_id: None }
    }

    /// Sets the status: a disabled enrollment denies the registrations that match it.
    #[must_use]
    pub const fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Sets the device id to assign. It is ignored for a group: each member is assigned its registration id.
    #[must_use]
    pub fn with_device_id(mut self, id: DeviceId<'_>) -> Self {
        self.device_id = Some(id.as_str().into());
        self
    }

    /// Returns whether the enrollment provisions the registrations that match it, or denies them.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the required attestation.
    #[must_use]
    pub const fn attestation(&self) -> &Attestation<K> {
        &self.attestation
    }

    /// Returns the device id to assign, if it differs from the registration id.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId<'_>> {
        self.device_id.as_deref().map(DeviceId::assertion)
    }
}

/// The form of the registration id that a member's key is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Derivation {
    /// The registration id as presented.
    AsPresented,
    /// The registration id as presented, or in lower case: registration ids are case-insensitive, and tools derive
    /// from either form.
    AsPresentedOrLowerCase,
}

/// Enrollments by registration id and by group.
#[derive(Debug)]
pub struct Enrollments<K> {
    pub(crate) individuals: BTreeMap<Box<str>, Box<Enrollment<K>>>,
    pub(crate) groups: Groups<K>,
    pub(crate) derivation: Derivation,
    pub(crate) most_groups: usize,
}

/// The number of groups with keys that one token is tried with, by default.
pub const MOST_GROUPS: usize = 100;

impl<K: MacKey> Enrollments<K> {
    /// Creates an empty set of enrollments.
    #[must_use]
    pub const fn new(derivation: Derivation) -> Self {
        Self { individuals: BTreeMap::new(), groups: Groups::new(), derivation, most_groups: MOST_GROUPS }
    }

    /// Sets the number of groups with keys that one token is tried with. The first ones by name are tried: devices of
    /// further groups are refused.
    #[must_use]
    pub const fn with_most_groups(mut self, most: usize) -> Self {
        self.most_groups = most;
        self
    }

    /// Returns the individual enrollment of a registration id, in any case.
    #[must_use]
    pub fn individual(&self, id: RegistrationId<'_>) -> Option<&Enrollment<K>> {
        self.individuals.get(&*folded(id)).map(|enrollment| &**enrollment)
    }

    /// Returns the group enrollment with this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Enrollment<K>> {
        self.groups.get(name)
    }

    /// Adds an individual enrollment, in place of one with the same registration id in any case.
    pub fn enroll(&mut self, id: RegistrationId<'_>, enrollment: Enrollment<K>) {
        self.individuals.insert(folded(id), Box::new(enrollment));
    }

    /// Removes an individual enrollment and returns whether there was one.
    pub fn withdraw(&mut self, id: RegistrationId<'_>) -> bool {
        self.individuals.remove(&*folded(id)).is_some()
    }

    /// Adds a group enrollment, in place of one with the same name.
    pub fn enroll_group(&mut self, name: &str, enrollment: Enrollment<K>) {
        self.groups.insert(name, enrollment);
    }

    /// Removes a group enrollment and returns whether there was one.
    pub fn withdraw_group(&mut self, name: &str) -> bool {
        self.groups.remove(name)
    }

    /// Iterates over the individual enrollments by registration id, in lower case.
    pub fn individuals(&self) -> impl Iterator<Item = (&str, &Enrollment<K>)> {
        self.individuals.iter().map(|(id, enrollment)| (&**id, &**enrollment))
    }

    /// Iterates over the group enrollments by name.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Enrollment<K>)> {
        self.groups.iter()
    }
}

/// Folds a registration id: registration ids are case-insensitive ASCII. Device ids are case-sensitive, so two
/// registrations that differ only in case get the same device.
pub(crate) fn folded(id: RegistrationId<'_>) -> Box<str> {
    let mut id = String::from(id.as_str());
    id.make_ascii_lowercase();
    id.into()
}
