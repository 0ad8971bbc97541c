//! `hubward enrollment add`.

use core::error::Error;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{ArgGroup, Args};
use hubward::types::{DeviceId, Digest, RegistrationId, Status, Thumbprint};
use hubward_registry::{Attestation, EndorsementKey, Enrollment, SymmetricKeys, Thumbprints};
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;

use super::Whose;
use super::kept::{FileArguments, Kept};
use crate::Outcome;
use crate::cert;
use crate::file::random;
use crate::secret;
use crate::shown;

/// Enroll a device or a group, in place of an earlier enrollment of that name. One that was disabled stays disabled,
/// unless `--enabled` is given.
///
/// A device of a group with keys signs with a key that `derive` makes; a device of a group with a certificate presents a
/// chain below it.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("proof").required(true).multiple(true)
    .args(["generate_keys", "key_file", "certificate", "thumbprint", "endorsement_key_file"])))]
pub(crate) struct Add {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    whose: Whose,
    /// By tokens, under two new keys: `show --with-keys` prints them.
    #[arg(long)]
    generate_keys: bool,
    /// By tokens, under the base64 key of this file (`-` is standard input).
    #[arg(long, value_name = "FILE", conflicts_with = "generate_keys")]
    key_file: Option<PathBuf>,
    /// A second key.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    secondary_key_file: Option<PathBuf>,
    /// By a certificate: the device's own, or the one above a group's. PEM or DER, the first of the file; twice for a
    /// primary and a secondary.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate_keys", "key_file"])]
    certificate: Vec<PathBuf>,
    /// The same by SHA-1 or SHA-256 thumbprint; a group's by SHA-256.
    #[arg(long, value_name = "THUMBPRINT", conflicts_with_all = ["generate_keys", "key_file", "certificate"])]
    thumbprint: Vec<String>,
    /// By a TPM: a file with the base64 of its endorsement key, which is public. One device, no group.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate_keys", "key_file", "certificate", "thumbprint", "group"])]
    endorsement_key_file: Option<PathBuf>,
    /// The device id to give; without it the registration id in lower case.
    #[arg(long, value_name = "ID", conflicts_with = "group")]
    device_id: Option<String>,
    /// Deny whom it matches.
    #[arg(long)]
    disabled: bool,
    /// Enable an enrollment that was disabled.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
}

pub(super) fn run(arguments: &Add) -> Result<Outcome, Box<dyn Error>> {
    let inputs = [&arguments.key_file, &arguments.secondary_key_file, &arguments.endorsement_key_file];
    let inputs = inputs.into_iter().flatten().filter(|file| file.as_os_str() == "-").count();
    if inputs.saturating_add(usize::from(arguments.file.key_from_standard_input())) > 1 {
        return Err("standard input is one key only".into());
    }
    let mut kept = Kept::open_or_begin(&arguments.file)?;
    let mut enrollment = Enrollment::new(attestation(arguments)?);
    if arguments.disabled || (!arguments.enabled && was_disabled(&kept, &arguments.whose)) {
        enrollment = enrollment.disabled();
    }
    match (&arguments.whose.registration, &arguments.whose.group) {
        (Some(id), _) => {
            if let Some(device) = &arguments.device_id {
                enrollment = enrollment.device_id(DeviceId::parse(device)?);
            }
            kept.enrollments.enroll(RegistrationId::parse(id)?, enrollment);
        }
        (None, name) => kept.enrollments.enroll_group(name.as_deref().unwrap_or_default(), enrollment),
    }
    kept.save()?;
    Ok(Outcome::Well)
}

/// Whether there is such an enrollment, disabled.
fn was_disabled(kept: &Kept, whose: &Whose) -> bool {
    let all = &kept.enrollments;
    let earlier = match (&whose.registration, &whose.group) {
        (Some(id), _) => all.individuals().find(|(known, _)| known.eq_ignore_ascii_case(id)),
        (None, Some(name)) => all.groups().find(|(known, _)| known == name),
        (None, None) => None,
    };
    earlier.is_some_and(|(_, enrollment)| enrollment.status() == Status::Disabled)
}

fn attestation(arguments: &Add) -> Result<Attestation<HmacKey>, Box<dyn Error>> {
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
        arguments.thumbprint.iter().map(|text| Ok(text.parse()?)).collect::<Result<Vec<_>, Box<dyn Error>>>()
    } else {
        arguments.certificate.iter().map(|file| certificate(file)).collect()
    }?;
    if arguments.whose.group.is_some() && prints.iter().any(|print| !matches!(print, Thumbprint::Sha256(_))) {
        return Err(
            "the certificate of a group is known by its SHA-256 thumbprint: 64 hexadecimal digits".into()
        );
    }
    match prints.as_slice() {
        [] => Ok(Attestation::SymmetricKey(SymmetricKeys::generate(&mut random, HmacKey::new)?)),
        [one] => Ok(Attestation::X509(Thumbprints::new(Some(*one), None)?)),
        [one, two] => Ok(Attestation::X509(Thumbprints::new(Some(*one), Some(*two))?)),
        _ => Err("two certificates at most: a primary and a secondary".into()),
    }
}

fn certificate(file: &Path) -> Result<Thumbprint, Box<dyn Error>> {
    let all = cert::read(file)?;
    let first = all.first().ok_or_else(|| format!("{}: no certificate", shown::file(file)))?;
    Ok(Thumbprint::Sha256(Digests.sha256(first)))
}
