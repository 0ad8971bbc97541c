//! The content of an enrollment, as options give it.

use core::error::Error;
use core::fmt::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use hubward::types::{Authority, DeviceId, Digest, SymmetricKey, Thumbprint};
use hubward_registry::{EndorsementKey, Thumbprints};
use hubward_ring::Digests;
use hubward_store::{EnrollmentAttestation, EnrollmentRecord};

use super::NameArguments;
use super::file::FileArguments;
use crate::cert;
use crate::exit::{OrMisuse, misuse};
use crate::file::random;
use crate::secret;
use crate::shown;

#[derive(Debug, Args)]
pub(super) struct ContentArguments {
    /// Attest by SAS tokens, with two new keys. `show --with-keys` prints them.
    #[arg(long)]
    generate_keys: bool,
    /// Attest by SAS tokens, with the base64 key of this file; `-` for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "generate_keys")]
    key_file: Option<PathBuf>,
    /// A file with the secondary key.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    secondary_key_file: Option<PathBuf>,
    /// Attest by X.509: the certificate of the device, or the CA certificate of a group. PEM or DER, the first of the file.
    /// Twice for a primary and a secondary.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate_keys", "key_file"])]
    certificate: Vec<PathBuf>,
    /// Attest by X.509: the SHA-1 or SHA-256 thumbprint of that certificate. A group needs SHA-256.
    #[arg(long, value_name = "THUMBPRINT", conflicts_with_all = ["generate_keys", "key_file", "certificate"])]
    thumbprint: Vec<String>,
    /// Attest by a TPM: a file with its endorsement key in base64, which is public. Not for groups.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate_keys", "key_file", "certificate", "thumbprint", "group"])]
    endorsement_key_file: Option<PathBuf>,
    /// The device id to assign (default: the registration id in lower case).
    #[arg(long, value_name = "ID", conflicts_with = "group")]
    device_id: Option<String>,
    /// A hub that its devices may be assigned to, in a durable registry (default: the gateway's own). Repeatable.
    #[arg(long, value_name = "NAME")]
    iot_hub: Vec<String>,
    /// Let its devices be gateways for other devices (`iotEdge`), in a durable registry.
    #[arg(long)]
    edge: bool,
    /// Disable the enrollment: its devices are refused.
    #[arg(long)]
    disabled: bool,
    /// Enable a disabled enrollment.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
}

/// The parts of an enrollment that the options give.
pub(super) struct Content {
    attestation: Option<EnrollmentAttestation>,
    device_id: Option<Box<str>>,
    hubs: Vec<Box<str>>,
    edge: bool,
    pub(super) enabled: Option<bool>,
}

impl ContentArguments {
    /// Reads the parts, and adds to `details` which certificates were enrolled.
    pub(super) fn read(
        &self,
        file: &FileArguments,
        name: &NameArguments,
        details: &mut String,
    ) -> Result<Content, Box<dyn Error>> {
        let inputs = [&self.key_file, &self.secondary_key_file, &self.endorsement_key_file];
        let inputs = inputs.into_iter().flatten().filter(|file| file.as_os_str() == "-").count();
        if inputs.saturating_add(usize::from(file.key_from_standard_input())) > 1 {
            return Err(misuse("only one key can come from standard input"));
        }
        if let Some(id) = &self.device_id {
            DeviceId::parse(id).or_misuse()?;
        }
        for hub in &self.iot_hub {
            Authority::parse(hub).or_misuse()?;
        }
        Ok(Content {
            attestation: self.attestation(name.is_group(), details)?,
            device_id: self.device_id.as_deref().map(Into::into),
            hubs: self.iot_hub.iter().map(|hub| hub.as_str().into()).collect(),
            edge: self.edge,
            enabled: (self.enabled || self.disabled).then_some(self.enabled),
        })
    }

    fn attestation(
        &self,
        group: bool,
        details: &mut String,
    ) -> Result<Option<EnrollmentAttestation>, Box<dyn Error>> {
        let key = |file: &PathBuf| secret::symmetric_key(Some(file), "HUBWARD_KEY");
        if let Some(file) = &self.key_file {
            let secondary = self.secondary_key_file.as_ref().map(key).transpose()?;
            return Ok(Some(EnrollmentAttestation::Keys(key(file)?, secondary)));
        }
        if let Some(file) = &self.endorsement_key_file {
            let text = secret::read(Some(file), "")?;
            let key = STANDARD.decode(&*text).map_err(|error| format!("{}: {error}", shown::file(file)))?;
            return Ok(Some(EnrollmentAttestation::Tpm(EndorsementKey::new(&key)?, None)));
        }
        if self.generate_keys {
            let (primary, secondary) = (SymmetricKey::generate(random)?, SymmetricKey::generate(random)?);
            return Ok(Some(EnrollmentAttestation::Keys(primary, Some(secondary))));
        }
        let prints = if self.certificate.is_empty() {
            self.thumbprint
                .iter()
                .map(|text| text.parse().or_misuse())
                .collect::<Result<Vec<_>, Box<dyn Error>>>()
        } else {
            self.certificate.iter().map(|file| certificate(file, details)).collect()
        }?;
        if group && prints.iter().any(|print| !matches!(print, Thumbprint::Sha256(_))) {
            return Err(misuse(
                "a group needs the SHA-256 thumbprint of its certificate: 64 hexadecimal digits",
            ));
        }
        let thumbprints = match prints.as_slice() {
            [] => return Ok(None),
            [one] => Thumbprints::new(Some(*one), None)?,
            [one, two] => Thumbprints::new(Some(*one), Some(*two))?,
            _ => return Err(misuse("at most two certificates: a primary and a secondary")),
        };
        Ok(Some(EnrollmentAttestation::X509(thumbprints)))
    }
}

impl Content {
    /// Returns whether no part is given.
    pub(super) const fn is_empty(&self) -> bool {
        self.attestation.is_none() && self.device_id.is_none() && self.enabled.is_none() && !self.needs_rows()
    }

    /// Returns whether a part is given that sealed files do not store.
    pub(super) const fn needs_rows(&self) -> bool {
        self.edge || !self.hubs.is_empty()
    }

    /// Returns the attestation, which a new enrollment has.
    pub(super) fn attestation(&self) -> Result<Option<EnrollmentAttestation>, Box<dyn Error>> {
        Ok(self.attestation.as_ref().map(EnrollmentAttestation::duplicate).transpose()?)
    }

    /// Writes the other parts to an enrollment.
    pub(super) fn apply(&self, record: &mut EnrollmentRecord) {
        let settings = &mut record.settings;
        if self.device_id.is_some() {
            settings.device_id.clone_from(&self.device_id);
        }
        if !self.hubs.is_empty() {
            settings.hubs.clone_from(&self.hubs);
        }
        settings.iot_edge |= self.edge;
        record.enabled = self.enabled.unwrap_or(record.enabled);
        settings.updated = crate::clock::now();
        if settings.created == 0 {
            settings.created = settings.updated;
        }
    }
}

/// Returns the thumbprint of the first certificate of a file.
fn certificate(file: &Path, details: &mut String) -> Result<Thumbprint, Box<dyn Error>> {
    let all = cert::read(file)?;
    let name = shown::file(file);
    let first = all.first().ok_or_else(|| format!("{name}: no certificate"))?;
    let thumbprint = Thumbprint::Sha256(Digests.sha256(first));
    writeln!(details, "enrolled: the first of {} certificates in {name}, {thumbprint}", all.len())?;
    Ok(thumbprint)
}
