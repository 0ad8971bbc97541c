//! The enrollments of a sealed file in the form of those of a durable registry, and back.

use core::error::Error;

use hubward::types::{DeviceId, RegistrationId, Shown, Status};
use hubward_registry::{Attestation, Enrollment, Enrollments, SymmetricKeys};
use hubward_rustcrypto::HmacKey;
use hubward_store::{EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings, Kind, RowKey};

use crate::shown;

/// Returns an etag as a text, as HTTPS has it.
pub(super) fn etag(etag: u64) -> String {
    format!("{etag:016x}")
}

/// Returns the name of an enrollment in messages.
pub(super) fn name(key: &RowKey) -> Shown<String> {
    let kind = if key.kind == Kind::EnrollmentGroup { "group" } else { "enrollment" };
    shown::text(&format_args!("{kind} {}", key.name))
}

/// Enrollments, and those of them that cannot be read, with the reasons.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) records: Vec<EnrollmentRecord>,
    pub(super) unread: Vec<(RowKey, String)>,
}

impl Listed {
    /// Returns an error that names the enrollments that cannot be read, if there are some.
    pub(super) fn complete(&self) -> Result<(), Box<dyn Error>> {
        let unread: Vec<String> = self
            .unread
            .iter()
            .map(|(key, reason)| format!("{} cannot be read: {reason}", name(key)))
            .collect();
        if unread.is_empty() { Ok(()) } else { Err(unread.join("; ").into()) }
    }
}

/// Returns all enrollments of a file: those of devices, then groups.
pub(super) fn all(enrollments: &Enrollments<HmacKey>) -> Listed {
    let individuals = enrollments.individuals().map(|(id, one)| (Kind::Enrollment, id, one));
    let groups = enrollments.groups().map(|(name, one)| (Kind::EnrollmentGroup, name, one));
    let mut listed = Listed::default();
    for (kind, name, one) in individuals.chain(groups) {
        let key = RowKey { kind, name: name.into() };
        match of(key.clone(), one) {
            Ok(record) => listed.records.push(record),
            Err(reason) => listed.unread.push((key, reason.to_owned())),
        }
    }
    listed
}

/// Returns one enrollment of a file, or the reason that it cannot be read.
pub(super) fn one(
    enrollments: &Enrollments<HmacKey>,
    key: &RowKey,
) -> Result<Option<EnrollmentRecord>, Box<dyn Error>> {
    let found = match key.kind {
        Kind::EnrollmentGroup => enrollments.group(&key.name),
        _ => enrollments.individual(RegistrationId::parse(&key.name)?),
    };
    let record = found.map(|found| of(key.clone(), found)).transpose();
    record.map_err(|reason| format!("{} cannot be read: {reason}", name(key)).into())
}

fn of(key: RowKey, enrollment: &Enrollment<HmacKey>) -> Result<EnrollmentRecord, &'static str> {
    let mut settings = EnrollmentSettings {
        device_id: enrollment.device_id().map(|id| id.as_str().into()),
        ..EnrollmentSettings::default()
    };
    let attestation = match enrollment.attestation() {
        Attestation::SymmetricKey(keys) => {
            let keys = keys.view();
            let primary = keys.expose_primary().ok_or("it has no primary key")?;
            EnrollmentAttestation::Keys(primary, keys.expose_secondary())
        }
        Attestation::X509(thumbprints) => EnrollmentAttestation::X509(*thumbprints),
        Attestation::Issuer(thumbprints) => {
            // a file has no names of authorities: their thumbprints are in that place
            let both = [thumbprints.primary(), thumbprints.secondary()];
            settings.authorities = both.into_iter().flatten().map(|print| print.to_string().into()).collect();
            EnrollmentAttestation::X509(*thumbprints)
        }
        Attestation::Tpm(key) => EnrollmentAttestation::Tpm(key.clone(), None),
        _ => return Err("this version does not know its attestation"),
    };
    let mut record = EnrollmentRecord::new(key, attestation, settings);
    record.enabled = enrollment.status() == Status::Enabled;
    Ok(record)
}

/// Returns whether a sealed file stores all parts of the enrollment.
pub(super) fn is_of_files(record: &EnrollmentRecord) -> bool {
    record.settings.hubs.is_empty() && !record.settings.iot_edge
}

/// Puts an enrollment into the set of a file.
pub(super) fn insert(
    enrollments: &mut Enrollments<HmacKey>,
    record: &EnrollmentRecord,
) -> Result<(), Box<dyn Error>> {
    let attestation = match record.attestation.duplicate()? {
        EnrollmentAttestation::Keys(primary, Some(secondary)) => {
            Attestation::SymmetricKey(SymmetricKeys::kept(primary, secondary, HmacKey::new))
        }
        EnrollmentAttestation::Keys(primary, None) => {
            Attestation::SymmetricKey(SymmetricKeys::kept_one(primary, HmacKey::new))
        }
        EnrollmentAttestation::X509(thumbprints) if record.settings.authorities.is_empty() => {
            Attestation::X509(thumbprints)
        }
        EnrollmentAttestation::X509(thumbprints) => Attestation::Issuer(thumbprints),
        EnrollmentAttestation::Tpm(key, _) => Attestation::Tpm(key),
    };
    let mut enrollment = Enrollment::new(attestation);
    if !record.enabled {
        enrollment = enrollment.with_status(Status::Disabled);
    }
    if let Some(id) = &record.settings.device_id {
        enrollment = enrollment.with_device_id(DeviceId::parse(id)?);
    }
    if record.is_group() {
        enrollments.enroll_group(&record.key.name, enrollment);
    } else {
        enrollments.enroll(RegistrationId::parse(&record.key.name)?, enrollment);
    }
    Ok(())
}

/// Removes an enrollment from the set of a file.
pub(super) fn remove(enrollments: &mut Enrollments<HmacKey>, key: &RowKey) -> Result<(), Box<dyn Error>> {
    let _ = match key.kind {
        Kind::EnrollmentGroup => enrollments.withdraw_group(&key.name),
        _ => enrollments.withdraw(RegistrationId::parse(&key.name)?),
    };
    Ok(())
}
