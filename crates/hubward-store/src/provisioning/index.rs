//! The provisioning service in the memory of a gateway: what an authentication needs.

use std::collections::BTreeMap;

use hubward::policy::provisioning::ProvisioningRights;
use hubward::registry::{Attestation, Derivation, EndorsementKey, Enrollment, Enrollments, SymmetricKeys};
use hubward::types::{MacKey, PolicyName, RecordVersion, RegistrationId, Status, SymmetricKey};

use super::record::EnrollmentRecord;
use super::row::thumbprints;
use super::service::{ServicePolicyContent, ServiceRecord};
use crate::entry::RowError;
use crate::row::{Kind, Proof, Row, RowKey};
use crate::seal::Sealer;

/// The enrollments, the policies and the names of the provisioning service, with keys ready for use.
#[derive(Debug)]
pub struct ProvisioningIndex<K> {
    enrollments: Enrollments<K>,
    policies: BTreeMap<Box<str>, ServicePolicy<K>>,
    service: Option<ServiceRecord>,
}

/// A policy of the provisioning service, with its keys ready for use.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a policy has these parts")]
pub struct ServicePolicy<K> {
    /// The rights.
    pub rights: ProvisioningRights,
    /// The version of its creation and of its keys.
    pub version: RecordVersion,
    /// The keys.
    pub keys: SymmetricKeys<K>,
}

/// A row of the provisioning service with its keys opened, ready to be applied to an index.
#[derive(Debug)]
pub struct ProvisioningEntry<K> {
    key: RowKey,
    content: Option<Content<K>>,
}

#[derive(Debug)]
enum Content<K> {
    Enrollment(Box<Enrollment<K>>),
    Policy(ServicePolicy<K>),
    Service(ServiceRecord),
}

impl<K: MacKey> Content<K> {
    fn has_certificates(&self) -> bool {
        matches!(self, Self::Enrollment(one) if matches!(one.attestation(), Attestation::X509(_)))
    }
}

impl<K: MacKey> ProvisioningEntry<K> {
    /// Opens the keys of a row and prepares them with `make`. Returns `None` for a row of another part of the hub, and for a
    /// registration, which no index has.
    ///
    /// An enrollment that cannot be used becomes one that denies, so that no other enrollment is selected for its
    /// devices. A group whose name is not valid denies the devices below its certificates; without certificates nothing can
    /// match it, and no index has it. The reason is returned for a report.
    pub fn read(
        row: &Row<'_>,
        sealer: &Sealer,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Option<(Self, Option<RowError>)> {
        let content = match row.kind {
            Kind::Enrollment | Kind::EnrollmentGroup if !row.deleted => EnrollmentRecord::read(row, sealer)
                .map(|record| Content::Enrollment(Box::new(record.ready(make)))),
            Kind::ProvisioningPolicy if !row.deleted => {
                ServicePolicyContent::read(row, sealer).map(|policy| {
                    let keys = match &policy.secondary {
                        Some(secondary) => SymmetricKeys::new(make(&policy.primary), make(secondary)),
                        None => SymmetricKeys::one(make(&policy.primary)),
                    };
                    let version = RecordVersion::new(row.generation, row.primary_version);
                    Content::Policy(ServicePolicy { rights: policy.rights, version, keys })
                })
            }
            Kind::ProvisioningService if !row.deleted => ServiceRecord::read(row).map(Content::Service),
            Kind::Enrollment
            | Kind::EnrollmentGroup
            | Kind::ProvisioningPolicy
            | Kind::ProvisioningService => {
                return Some((Self { key: row.key(), content: None }, None));
            }
            _ => return None,
        };
        Some(match content {
            Ok(content) => (Self { key: row.key(), content: Some(content) }, None),
            Err(RowError::Name) if row.kind == Kind::EnrollmentGroup => {
                let content = denied(row).filter(Content::has_certificates);
                let error = if content.is_some() { RowError::GroupName } else { RowError::UnmatchedGroup };
                (Self { key: row.key(), content }, Some(error))
            }
            Err(error) => (Self { key: row.key(), content: denied(row) }, Some(error)),
        })
    }

    /// Returns the key of the row.
    #[must_use]
    pub const fn key(&self) -> &RowKey {
        &self.key
    }
}

/// Returns the content of an enrollment that denies. A certificate's thumbprints still select it.
fn denied<K: MacKey>(row: &Row<'_>) -> Option<Content<K>> {
    let attestation = match thumbprints(row) {
        Ok(thumbprints) if row.proof == Proof::Thumbprints => Attestation::X509(thumbprints),
        // no device presents this key as a token or a certificate
        _ => Attestation::Tpm(EndorsementKey::new(&[0]).ok()?),
    };
    let enrollment = Enrollment::new(attestation).with_status(Status::Disabled);
    matches!(row.kind, Kind::Enrollment | Kind::EnrollmentGroup)
        .then(|| Content::Enrollment(Box::new(enrollment)))
}

impl<K: MacKey> Default for ProvisioningIndex<K> {
    fn default() -> Self {
        let enrollments = Enrollments::new(Derivation::AsPresentedOrLowerCase);
        Self { enrollments, policies: BTreeMap::new(), service: None }
    }
}

impl<K: MacKey> ProvisioningIndex<K> {
    /// Applies an entry. A name that is not valid is in no index: an enrollment under the name `SN-7`, which
    /// [`ProvisioningEntry::read`] reports, leaves the one under `sn-7` as it is, with its tombstone too.
    pub fn apply(&mut self, entry: ProvisioningEntry<K>) {
        let ProvisioningEntry { key, content } = entry;
        match key.kind {
            Kind::Enrollment => {
                let Ok(id) = RegistrationId::parse(&key.name) else { return };
                // the index has no case: it would change the enrollment of another row
                if key.name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return;
                }
                match content {
                    Some(Content::Enrollment(enrollment)) => self.enrollments.enroll(id, *enrollment),
                    _ => drop(self.enrollments.withdraw(id)),
                }
            }
            Kind::EnrollmentGroup => match content {
                Some(Content::Enrollment(enrollment)) => {
                    self.enrollments.enroll_group(&key.name, *enrollment);
                }
                _ => drop(self.enrollments.withdraw_group(&key.name)),
            },
            Kind::ProvisioningPolicy => match content {
                Some(Content::Policy(policy)) => drop(self.policies.insert(key.name, policy)),
                _ => drop(self.policies.remove(&key.name)),
            },
            Kind::ProvisioningService => {
                self.service = match content {
                    Some(Content::Service(service)) => Some(service),
                    _ => None,
                };
            }
            _ => {}
        }
    }

    /// Returns the enrollments, to authenticate a registration.
    #[must_use]
    pub const fn enrollments(&self) -> &Enrollments<K> {
        &self.enrollments
    }

    /// Returns a policy.
    #[must_use]
    pub fn policy(&self, name: PolicyName<'_>) -> Option<&ServicePolicy<K>> {
        self.policies.get(name.as_str())
    }

    /// Returns the names of all policies.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.policies.keys().map(|name| &**name)
    }

    /// Returns the names of the service; `None` if there is no provisioning service.
    #[must_use]
    pub const fn service(&self) -> Option<&ServiceRecord> {
        self.service.as_ref()
    }
}
