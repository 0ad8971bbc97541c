//! The row of an enrollment.

use hubward::registry::{EndorsementKey, Thumbprints};
use hubward::types::{DeviceId, RegistrationId, SymmetricKey, Thumbprint};

use super::record::{EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings};
use crate::encode::EncodeError;
use crate::entry::{RowError, thumbprint};
use crate::row::{Kind, Proof, Row};
use crate::seal::{SealedPlace, Sealer};

impl EnrollmentRecord {
    /// Reads a row of kind [`Kind::Enrollment`] or [`Kind::EnrollmentGroup`].
    pub(crate) fn read(row: &Row<'_>, sealer: &Sealer) -> Result<Self, RowError> {
        let name = RegistrationId::parse(&row.name).map_err(|_| RowError::Name)?;
        // another spelling would be a second enrollment of the same devices
        if name.as_str().bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(RowError::Name);
        }
        let attestation = attestation(row, sealer)?;
        let settings = settings(row)?;
        Ok(Self { key: row.key(), enabled: row.enabled, attestation, settings, etag: row.etag })
    }

    /// Returns the row: `numbers` are its etag, the number of its creation, and the version of its keys.
    pub(crate) fn row(&self, numbers: [u64; 3], sealer: &Sealer) -> Result<Row<'static>, EncodeError> {
        let [etag, generation, version] = numbers;
        let mut row = Row {
            etag,
            generation,
            primary_version: version,
            secondary_version: version,
            enabled: self.enabled,
            detail: serde_json::to_string(&self.settings).unwrap_or_default().into(),
            ..Row::new(self.key.kind, &self.key.name)
        }
        .into_owned();
        match &self.attestation {
            EnrollmentAttestation::Keys(primary, secondary) => {
                seal_keys(&mut row, primary, secondary.as_ref(), sealer)?;
            }
            EnrollmentAttestation::X509(thumbprints) => {
                row.proof = Proof::Thumbprints;
                let bytes = |print: &Thumbprint| print.as_bytes().to_vec().into();
                row.primary = thumbprints.primary().map(bytes);
                row.secondary = thumbprints.secondary().map(bytes);
            }
            EnrollmentAttestation::Tpm(endorsement, storage_root) => {
                row.proof = Proof::Tpm;
                row.primary = Some(endorsement.as_bytes().to_vec().into());
                row.secondary = storage_root.as_ref().map(|key| key.to_vec().into());
            }
        }
        Ok(row)
    }
}

fn settings(row: &Row<'_>) -> Result<EnrollmentSettings, RowError> {
    if row.detail.is_empty() {
        return Ok(EnrollmentSettings::default());
    }
    // a derived reader takes an array too
    if !row.detail.trim_start().starts_with('{') {
        return Err(RowError::Detail);
    }
    let settings: EnrollmentSettings = serde_json::from_str(&row.detail).map_err(|_| RowError::Detail)?;
    if let Some(id) = &settings.device_id {
        DeviceId::parse(id).map_err(|_| RowError::Detail)?;
    }
    Ok(settings)
}

fn attestation(row: &Row<'_>, sealer: &Sealer) -> Result<EnrollmentAttestation, RowError> {
    Ok(match row.proof {
        Proof::Keys => {
            let (primary, secondary) = open_keys(row, sealer)?;
            EnrollmentAttestation::Keys(primary, secondary)
        }
        Proof::Thumbprints => EnrollmentAttestation::X509(thumbprints(row)?),
        Proof::Tpm if row.kind == Kind::Enrollment => {
            let key = row.primary.as_deref().ok_or(RowError::Credential)?;
            let key = EndorsementKey::new(key).map_err(|_| RowError::Credential)?;
            EnrollmentAttestation::Tpm(key, row.secondary.as_deref().map(Into::into))
        }
        _ => return Err(RowError::Credential),
    })
}

pub(super) fn thumbprints(row: &Row<'_>) -> Result<Thumbprints, RowError> {
    let primary = row.primary.as_deref().map(thumbprint).transpose()?;
    let secondary = row.secondary.as_deref().map(thumbprint).transpose()?;
    Thumbprints::new(primary, secondary).map_err(|_| RowError::Credential)
}

/// Opens the keys of a row.
pub(super) fn open_keys(
    row: &Row<'_>,
    sealer: &Sealer,
) -> Result<(SymmetricKey, Option<SymmetricKey>), RowError> {
    let open = |sealed: &[u8], secondary, version| {
        let place =
            SealedPlace { kind: row.kind, name: &row.name, secondary, generation: row.generation, version };
        sealer.open(sealed, &place)
    };
    let primary = row.primary.as_deref().filter(|_| row.proof == Proof::Keys).ok_or(RowError::Credential)?;
    let primary = open(primary, false, row.primary_version)?;
    let secondary =
        row.secondary.as_deref().map(|sealed| open(sealed, true, row.secondary_version)).transpose()?;
    Ok((primary, secondary))
}

/// Seals keys for a row that has its numbers.
pub(super) fn seal_keys(
    row: &mut Row<'static>,
    primary: &SymmetricKey,
    secondary: Option<&SymmetricKey>,
    sealer: &Sealer,
) -> Result<(), EncodeError> {
    let seal = |key: &SymmetricKey, secondary, version| {
        let place =
            SealedPlace { kind: row.kind, name: &row.name, secondary, generation: row.generation, version };
        sealer.seal(key, &place)
    };
    let primary = seal(primary, false, row.primary_version)?;
    let secondary = secondary.map(|key| seal(key, true, row.secondary_version)).transpose()?;
    row.proof = Proof::Keys;
    (row.primary, row.secondary) = (Some(primary.into()), secondary.map(Into::into));
    Ok(())
}
