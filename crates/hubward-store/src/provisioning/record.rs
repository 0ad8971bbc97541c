//! An enrollment with all of its attributes.

use hubward::registry::{Attestation, EndorsementKey, Enrollment, SymmetricKeys, Thumbprints};
use hubward::types::{DeviceId, KeyError, MacKey, RegistrationId, Status, SymmetricKey};
use serde::{Deserialize, Serialize};

use crate::row::{Kind, RowKey};

/// An enrollment of one device or of a group of devices.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "an enrollment has these parts")]
pub struct EnrollmentRecord {
    /// The key of its row: [`RowKey::enrollment`] or [`RowKey::enrollment_group`].
    pub key: RowKey,
    /// The status.
    pub enabled: bool,
    /// The attestation.
    pub attestation: EnrollmentAttestation,
    /// The other attributes.
    pub settings: EnrollmentSettings,
    /// The version of the row. A write sets it.
    pub etag: u64,
}

/// The attestation of an enrollment, as it is written.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "an enrollment has one of these")]
pub enum EnrollmentAttestation {
    /// A primary and an optional secondary key.
    Keys(SymmetricKey, Option<SymmetricKey>),
    /// Certificates, by their thumbprints: of the device, or of the issuers of a group.
    X509(Thumbprints),
    /// A TPM: its endorsement key, and its storage root key if it was given.
    Tpm(EndorsementKey, Option<Box<[u8]>>),
}

/// The choice of the hub that a device is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the service has these policies")]
pub enum Allocation {
    /// Devices are spread evenly over the hubs.
    #[default]
    Hashed,
    /// The hub with the lowest latency for the device.
    GeoLatency,
    /// The first hub of the enrollment.
    Static,
    /// The caller's function decides.
    Custom,
}

/// The effect of another registration of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the service has these two settings")]
pub struct Reprovision {
    /// The hub is chosen again; otherwise the device keeps its hub.
    pub update_hub_assignment: bool,
    /// The device's data is moved to a new hub; otherwise the device starts with its initial twin.
    pub migrate_device_data: bool,
}

impl Default for Reprovision {
    fn default() -> Self {
        Self { update_hub_assignment: true, migrate_device_data: true }
    }
}

/// The attributes of an enrollment besides its attestation: the `detail` of its row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::exhaustive_structs, reason = "an enrollment has these attributes")]
pub struct EnrollmentSettings {
    /// The device id that an individual enrollment assigns; the registration id if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<Box<str>>,
    /// Devices are created as edge devices.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub iot_edge: bool,
    /// The choice of the hub.
    pub allocation: Allocation,
    /// The effect of another registration of a device.
    pub reprovision: Reprovision,
    /// The hubs that may be assigned; the gateway's own if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hubs: Vec<Box<str>>,
    /// The initial twin, as a text of JSON that is not interpreted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_twin: Option<Box<str>>,
    /// The service's `customAllocationDefinition`, as a text of JSON that is not interpreted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_allocation: Option<Box<str>>,
    /// The service's `optionalDeviceInformation`, as a text of JSON that is not interpreted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information: Option<Box<str>>,
    /// The names of the certificate authorities, at most two, whose thumbprints the attestation has. An individual
    /// enrollment with names has the thumbprints of issuers, and without names those of the device's certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<Box<str>>,
    /// The second of the creation, since 1970.
    pub created: u64,
    /// The second of the last change, since 1970.
    pub updated: u64,
}

impl RowKey {
    /// Returns the key of an individual enrollment. Registration ids have no case.
    ///
    /// ```
    /// use hubward::types::RegistrationId;
    /// use hubward_store::RowKey;
    ///
    /// let key = RowKey::enrollment(RegistrationId::parse("SN-7")?);
    /// assert_eq!(&*key.name, "sn-7");
    /// # Ok::<(), hubward::types::NameError>(())
    /// ```
    #[must_use]
    pub fn enrollment(id: RegistrationId<'_>) -> Self {
        Self { kind: Kind::Enrollment, name: id.as_str().to_ascii_lowercase().into() }
    }

    /// Returns the key of an enrollment group, whose name has the form of a registration id.
    #[must_use]
    pub fn enrollment_group(name: RegistrationId<'_>) -> Self {
        Self { kind: Kind::EnrollmentGroup, name: name.as_str().to_ascii_lowercase().into() }
    }

    /// Returns the key of a registration.
    #[must_use]
    pub fn registration(id: RegistrationId<'_>) -> Self {
        Self { kind: Kind::Registration, name: id.as_str().to_ascii_lowercase().into() }
    }
}

impl EnrollmentRecord {
    /// Creates an enabled enrollment.
    #[must_use]
    pub const fn new(key: RowKey, attestation: EnrollmentAttestation, settings: EnrollmentSettings) -> Self {
        Self { key, enabled: true, attestation, settings, etag: 0 }
    }

    /// Returns whether it is a group's.
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.key.kind == Kind::EnrollmentGroup
    }

    /// Returns whether both say the same, apart from etags and the times of creation and change.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let settings = EnrollmentSettings {
            created: self.settings.created,
            updated: self.settings.updated,
            ..other.settings.clone()
        };
        self.key == other.key
            && self.enabled == other.enabled
            && self.settings == settings
            && self.attestation.same(&other.attestation)
    }

    /// Returns the enrollment for an index, with its keys made ready by `make`.
    pub(crate) fn ready<K: MacKey>(&self, make: impl Fn(&SymmetricKey) -> K) -> Enrollment<K> {
        let attestation = match &self.attestation {
            EnrollmentAttestation::X509(issuers) if !self.settings.authorities.is_empty() => {
                Attestation::Issuer(*issuers)
            }
            other => other.ready(make),
        };
        let enrollment = Enrollment::new(attestation).with_status(if self.enabled {
            Status::Enabled
        } else {
            Status::Disabled
        });
        match self.settings.device_id.as_deref().and_then(|id| DeviceId::parse(id).ok()) {
            Some(id) => enrollment.with_device_id(id),
            None => enrollment,
        }
    }
}

impl EnrollmentAttestation {
    /// Returns a copy, with copies of its keys.
    ///
    /// # Errors
    /// [`KeyError`] for a key that is not valid, which no attestation has.
    pub fn duplicate(&self) -> Result<Self, KeyError> {
        let copied = |key: &SymmetricKey| SymmetricKey::from_bytes(key.expose());
        Ok(match self {
            Self::Keys(primary, secondary) => {
                Self::Keys(copied(primary)?, secondary.as_ref().map(copied).transpose()?)
            }
            Self::X509(thumbprints) => Self::X509(*thumbprints),
            Self::Tpm(endorsement, root) => Self::Tpm(endorsement.clone(), root.clone()),
        })
    }

    fn ready<K: MacKey>(&self, make: impl Fn(&SymmetricKey) -> K) -> Attestation<K> {
        match self {
            Self::Keys(primary, secondary) => Attestation::SymmetricKey(match secondary {
                Some(secondary) => SymmetricKeys::new(make(primary), make(secondary)),
                None => SymmetricKeys::one(make(primary)),
            }),
            Self::X509(thumbprints) => Attestation::X509(*thumbprints),
            Self::Tpm(endorsement, _) => Attestation::Tpm(endorsement.clone()),
        }
    }

    /// Compares keys at the start of a program that has both.
    fn same(&self, other: &Self) -> bool {
        let expose = |key: &Option<SymmetricKey>| key.as_ref().map(|key| key.expose().to_vec());
        match (self, other) {
            (Self::Keys(one, second), Self::Keys(other, other_second)) => {
                one.expose() == other.expose() && expose(second) == expose(other_second)
            }
            (Self::X509(one), Self::X509(other)) => {
                let both = |prints: &Thumbprints| {
                    [prints.primary(), prints.secondary()]
                        .map(|print| print.map(|print| print.as_bytes().to_vec()))
                };
                both(one) == both(other)
            }
            (Self::Tpm(one, root), Self::Tpm(other, other_root)) => one == other && root == other_root,
            _ => false,
        }
    }
}
