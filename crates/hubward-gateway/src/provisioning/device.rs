//! The identity of a device that was assigned to this gateway's hub.

use hubward::registry::{
    Authentication, AuthenticationView, Capabilities, Change, Derivation, ETag, Enrollment, Enrollments,
    Precondition, RecordView, RegistryError, SymmetricKeys, Thumbprints, derive_key,
};
use hubward::types::{DeviceId, Digest, Identity, RegistrationId, SymmetricKey, Thumbprint, UnixTime};
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;
use hubward_store::{EnrollmentAttestation, EnrollmentRecord};

use super::register::Asked;
use super::{Attempt, Provisioning, Registrant};
use crate::clock;
use crate::hub::Registry;

/// The credential that the device has at its hub: the one with which it registered.
#[derive(Debug)]
pub(super) enum DeviceCredential {
    Keys(SymmetricKey, Option<SymmetricKey>),
    Certificate(Thumbprint),
    /// A key that is given to the device wrapped for its TPM.
    Tpm(SymmetricKey),
}

/// The reason why an identity was not created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotCreated {
    /// There is a device with this id that did not register, and has another credential.
    Taken,
    /// The registry refused it.
    Registry(RegistryError),
}

/// A device that has the credential with which it registered.
#[derive(Debug)]
pub(super) struct Settled {
    /// The generation id, which the registration records.
    pub(super) generation: Box<str>,
    /// The etag, if the device was created.
    pub(super) created: Option<ETag>,
}

impl Provisioning {
    /// Returns the credential of a device that was verified against the enrollment.
    pub(super) fn credential(
        &self,
        enrollment: &EnrollmentRecord,
        registrant: &Registrant,
        attempt: &Attempt,
        asked: &Asked,
        now: UnixTime,
    ) -> Option<DeviceCredential> {
        let copied = |key: &SymmetricKey| SymmetricKey::from_bytes(key.expose()).ok();
        match &enrollment.attestation {
            EnrollmentAttestation::Keys(primary, secondary) if enrollment.is_group() => {
                // an id has no case, and its key is derived from one spelling
                let lower = registrant.id.to_ascii_lowercase();
                let id = if self.is_as_presented(primary, secondary.as_ref(), attempt) {
                    &*registrant.id
                } else {
                    &lower
                };
                let derived = |key: &SymmetricKey| derive_key(&HmacKey::new(key), id);
                Some(DeviceCredential::Keys(derived(primary), secondary.as_ref().map(derived)))
            }
            EnrollmentAttestation::Keys(primary, secondary) => {
                let secondary = match secondary {
                    Some(key) => Some(copied(key)?),
                    None => None,
                };
                Some(DeviceCredential::Keys(copied(primary)?, secondary))
            }
            EnrollmentAttestation::X509(_) => {
                let leaf = attempt.certificates.first()?;
                Some(DeviceCredential::Certificate(Thumbprint::Sha256(Digests.sha256(leaf))))
            }
            EnrollmentAttestation::Tpm(endorsement, _) => {
                let root = storage_root(enrollment, asked)?;
                let id = RegistrationId::parse(&registrant.id).ok()?;
                // a key that cannot be wrapped is refused now
                let (key, _) = self.tpm.as_ref()?.device_key(id, endorsement.as_bytes(), root, now)?;
                Some(DeviceCredential::Tpm(key))
            }
        }
    }

    /// Returns whether the key of the token was derived from the registration id as the device wrote it.
    fn is_as_presented(
        &self,
        primary: &SymmetricKey,
        secondary: Option<&SymmetricKey>,
        attempt: &Attempt,
    ) -> bool {
        let keys = match secondary {
            Some(secondary) => SymmetricKeys::new(HmacKey::new(primary), HmacKey::new(secondary)),
            None => SymmetricKeys::one(HmacKey::new(primary)),
        };
        let mut one = Enrollments::new(Derivation::AsPresented);
        one.enroll_group("one", Enrollment::new(hubward::registry::Attestation::SymmetricKey(keys)));
        let config = self.config();
        attempt.credentials().is_ok_and(|credentials| {
            config.authenticate(credentials, &one, HmacKey::new, clock::now()).is_ok()
        })
    }
}

/// Returns the storage root key of a device's TPM: that of its request, or the enrollment's.
pub(super) fn storage_root<'k>(enrollment: &'k EnrollmentRecord, asked: &'k Asked) -> Option<&'k [u8]> {
    match &enrollment.attestation {
        EnrollmentAttestation::Tpm(_, root) => asked.storage_root.as_deref().or(root.as_deref()),
        _ => None,
    }
}

impl DeviceCredential {
    fn authentication(&self) -> Result<Authentication<HmacKey>, NotCreated> {
        let refused = |_| NotCreated::Registry(RegistryError::NoKeys);
        let copied = |key: &SymmetricKey| {
            SymmetricKey::from_bytes(key.expose()).map_err(|_| NotCreated::Registry(RegistryError::NoKeys))
        };
        Ok(match self {
            Self::Keys(primary, Some(secondary)) => {
                Authentication::Sas(SymmetricKeys::kept(copied(primary)?, copied(secondary)?, HmacKey::new))
            }
            Self::Keys(primary, None) | Self::Tpm(primary) => {
                Authentication::Sas(SymmetricKeys::kept_one(copied(primary)?, HmacKey::new))
            }
            Self::Certificate(print) => {
                Authentication::SelfSigned(Thumbprints::new(Some(*print), None).map_err(refused)?)
            }
        })
    }

    /// Returns whether a device has this credential. The device has proved it, so that its bytes are no secret to it.
    fn is_of(&self, view: &RecordView<'_, HmacKey>) -> bool {
        let bytes = |key: Option<SymmetricKey>| key.map(|key| key.expose().to_vec());
        match (self, view.authentication()) {
            (Self::Keys(primary, secondary), AuthenticationView::Sas(keys)) => {
                bytes(keys.expose_primary()) == Some(primary.expose().to_vec())
                    && bytes(keys.expose_secondary()) == secondary.as_ref().map(|key| key.expose().to_vec())
            }
            (Self::Tpm(key), AuthenticationView::Sas(keys)) => {
                bytes(keys.expose_primary()) == Some(key.expose().to_vec())
                    && keys.expose_secondary().is_none()
            }
            (Self::Certificate(print), AuthenticationView::SelfSigned(prints)) => prints.matches(print),
            _ => false,
        }
    }

    /// Creates the device, or gives it its credential if it is the one that registered before: the one with the generation
    /// id `registered`. Another device keeps its credential: the members of a group must not take over devices of others. A
    /// disabled one stays disabled.
    pub(super) fn settle(
        &self,
        registry: &mut Registry,
        device: DeviceId<'_>,
        registered: Option<&str>,
        edge: bool,
    ) -> Result<Settled, NotCreated> {
        let identity = Identity::Device(device);
        let authentication = self.authentication()?;
        let mut created = false;
        let done = match registry.get(identity) {
            None => {
                let capabilities = if edge { Capabilities::EDGE } else { Capabilities::default() };
                let change = Change::new().with_capabilities(capabilities);
                created = true;
                registry.create(identity, authentication, change).map(drop)
            }
            Some(view) if self.is_of(&view) => Ok(()),
            Some(view) if is_generation(&view, registered) => {
                let change = Change::new().with_authentication(authentication);
                registry.update(identity, change, Precondition::Any).map(drop)
            }
            Some(_) => return Err(NotCreated::Taken),
        };
        done.map_err(NotCreated::Registry)?;
        let view = registry.get(identity).ok_or(NotCreated::Registry(RegistryError::NotFound))?;
        Ok(Settled {
            generation: view.generation_id().to_string().into(),
            created: created.then(|| view.etag()),
        })
    }
}

/// Deletes a device that registered, if it has the generation id that its registration recorded: another device with the
/// same id stays.
pub(super) fn delete_registered(registry: &mut Registry, device: DeviceId<'_>, registered: Option<&str>) {
    let identity = Identity::Device(device);
    if registry.get(identity).is_some_and(|view| is_generation(&view, registered)) {
        // it was found, so that it can be deleted
        let _ = registry.delete(identity, Precondition::Any);
    }
}

fn is_generation(view: &RecordView<'_, HmacKey>, registered: Option<&str>) -> bool {
    registered.is_some_and(|registered| view.generation_id().to_string() == registered)
}
