//! `hubward enrollment add`.

use core::error::Error;
use core::fmt::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{ArgGroup, Args};
use hubward::types::{DeviceId, Digest, RegistrationId, Status, Thumbprint};
use hubward_registry::{Attestation, EndorsementKey, Enrollment, SymmetricKeys, Thumbprints};
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;

use super::NameArguments;
use super::file::{EnrollmentFile, FileArguments};
use crate::Outcome;
use crate::cert;
use crate::exit::{OrMisuse, misuse};
use crate::file::random;
use crate::secret;
use crate::shown;

/// Enroll a device or a group, and replace an earlier enrollment of that name. A disabled enrollment stays disabled
/// unless `--enabled` is given.
///
/// A device of a group with keys signs with a key that `derive` makes. A device of a group with a certificate presents a
/// chain below that certificate.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("proof").required(true).multiple(true)
    .args(["generate_keys", "key_file", "certificate", "thumbprint", "endorsement_key_file"])))]
pub(crate) struct Add {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    name: NameArguments,
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
    /// Disable the enrollment: its devices are refused.
    #[arg(long)]
    disabled: bool,
    /// Enable a disabled enrollment.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
}

pub(super) fn run(arguments: &Add) -> Result<Outcome, Box<dyn Error>> {
    let inputs = [&arguments.key_file, &arguments.secondary_key_file, &arguments.endorsement_key_file];
    let inputs = inputs.into_iter().flatten().filter(|file| file.as_os_str() == "-").count();
    if inputs.saturating_add(usize::from(arguments.file.key_from_standard_input())) > 1 {
        return Err(misuse("only one key can come from standard input"));
    }
    let mut file = EnrollmentFile::open_or_create(&arguments.file)?;
    let mut details = String::new();
    let mut enrollment = Enrollment::new(attestation(arguments, &mut details)?);
    if arguments.disabled || (!arguments.enabled && is_disabled(&file, &arguments.name)) {
        enrollment = enrollment.with_status(Status::Disabled);
    }
    match (&arguments.name.registration, &arguments.name.group) {
        (Some(id), _) => {
            if let Some(device) = &arguments.device_id {
                enrollment = enrollment.with_device_id(DeviceId::parse(device).or_misuse()?);
            }
            file.enrollments.enroll(RegistrationId::parse(id).or_misuse()?, enrollment);
        }
        (None, name) => file.enrollments.enroll_group(name.as_deref().unwrap_or_default(), enrollment),
    }
    file.save(&details)?;
    Ok(Outcome::Good)
}

/// Returns whether there is a disabled enrollment of that name.
fn is_disabled(file: &EnrollmentFile, name: &NameArguments) -> bool {
    let all = &file.enrollments;
    let earlier = match (&name.registration, &name.group) {
        (Some(id), _) => all.individuals().find(|(name, _)| name.eq_ignore_ascii_case(id)),
        (None, Some(name)) => all.groups().find(|(group, _)| group == name),
        (None, None) => None,
    };
    earlier.is_some_and(|(_, enrollment)| enrollment.status() == Status::Disabled)
}

/// Returns the attestation, and adds to `details` which certificates were enrolled.
fn attestation(arguments: &Add, details: &mut String) -> Result<Attestation<HmacKey>, Box<dyn Error>> {
    let key = |file: &PathBuf| secret::symmetric_key(Some(file), "HUBWARD_KEY");
    if let Some(file) = &arguments.key_file {
        let primary = key(file)?;
        return Ok(Attestation::SymmetricKey(match &arguments.secondary_key_file {
            Some(file) => SymmetricKeys::kept(primary, key(file)?, HmacKey::new),
            None => SymmetricKeys::kept_one(primary, HmacKey::new),
        }));
    }
    if let Some(file) = &arguments.endorsement_key_file {
        let text = secret::read(Some(file), "")?;
        let key = STANDARD.decode(&*text).map_err(|error| format!("{}: {error}", shown::file(file)))?;
        return Ok(Attestation::Tpm(EndorsementKey::new(&key)?));
    }
    let prints = if arguments.certificate.is_empty() {
        arguments
            .thumbprint
            .iter()
            .map(|text| text.parse().or_misuse())
            .collect::<Result<Vec<_>, Box<dyn Error>>>()
    } else {
        arguments.certificate.iter().map(|file| certificate(file, details)).collect()
    }?;
    if arguments.name.group.is_some() && prints.iter().any(|print| !matches!(print, Thumbprint::Sha256(_))) {
        return Err(misuse("a group needs the SHA-256 thumbprint of its certificate: 64 hexadecimal digits"));
    }
    match prints.as_slice() {
        [] => Ok(Attestation::SymmetricKey(SymmetricKeys::generate(&mut random, HmacKey::new)?)),
        [one] => Ok(Attestation::X509(Thumbprints::new(Some(*one), None)?)),
        [one, two] => Ok(Attestation::X509(Thumbprints::new(Some(*one), Some(*two))?)),
        _ => Err(misuse("at most two certificates: a primary and a secondary")),
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
