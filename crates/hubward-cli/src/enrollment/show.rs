//! `hubward enrollment show`.

use core::error::Error;
use std::io::Write;

use clap::Args;
use hubward::types::{Shown, Status};
use hubward_registry::{Attestation, Enrollment};
use hubward_rustcrypto::HmacKey;
use serde_json::{Value, json};

use super::file::{EnrollmentFile, FileArguments};
use crate::Outcome;
use crate::out::stdout;
use crate::registry::key_line;

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    file: FileArguments,
    /// Also print the keys. The key of a group is a credential of each of its devices.
    #[arg(long, conflicts_with = "json")]
    with_keys: bool,
}

pub(super) fn run(arguments: &Show) -> Result<Outcome, Box<dyn Error>> {
    let file = EnrollmentFile::open(&arguments.file)?;
    let all = &file.enrollments;
    let mut out = stdout();
    if crate::out::is_json() {
        let one = |(name, enrollment): (&str, &Enrollment<HmacKey>)| as_json(name, enrollment);
        let individuals: Vec<Value> = all.individuals().map(one).collect();
        let groups: Vec<Value> = all.groups().map(one).collect();
        writeln!(out, "{:#}", json!({"individuals": individuals, "groups": groups}))?;
        return Ok(Outcome::Good);
    }
    for (id, enrollment) in all.individuals() {
        writeln!(out, "device    {}{}", Shown::new(id), status(enrollment))?;
        if let Some(device) = enrollment.device_id() {
            writeln!(out, "  assigns {}", Shown::new(device.as_str()))?;
        }
        proof(enrollment, arguments.with_keys)?;
    }
    for (name, enrollment) in all.groups() {
        writeln!(out, "group     {}{}", Shown::new(name), status(enrollment))?;
        proof(enrollment, arguments.with_keys)?;
    }
    Ok(Outcome::Good)
}

fn status(enrollment: &Enrollment<HmacKey>) -> &'static str {
    if enrollment.status() == Status::Disabled { ", disabled" } else { "" }
}

fn proof(enrollment: &Enrollment<HmacKey>, with_keys: bool) -> std::io::Result<()> {
    let mut out = stdout();
    match enrollment.attestation() {
        Attestation::SymmetricKey(pair) => {
            let keys = pair.view();
            for (slot, key) in [("primary", keys.expose_primary()), ("secondary", keys.expose_secondary())] {
                write!(out, "  ")?;
                key_line(&mut out, slot, key, with_keys)?;
            }
            Ok(())
        }
        Attestation::X509(prints) | Attestation::Issuer(prints) => [prints.primary(), prints.secondary()]
            .into_iter()
            .flatten()
            .try_for_each(|print| writeln!(out, "  certificate {print}")),
        Attestation::Tpm(key) => {
            writeln!(out, "  TPM with an endorsement key of {} bytes", key.as_bytes().len())
        }
        _ => Ok(()),
    }
}

fn as_json(name: &str, enrollment: &Enrollment<HmacKey>) -> Value {
    let kind = match enrollment.attestation() {
        Attestation::SymmetricKey(_) => "symmetricKey",
        Attestation::X509(_) | Attestation::Issuer(_) => "x509",
        Attestation::Tpm(_) => "tpm",
        _ => "other",
    };
    let thumbprints: Vec<String> = match enrollment.attestation() {
        Attestation::X509(prints) | Attestation::Issuer(prints) => {
            [prints.primary(), prints.secondary()].into_iter().flatten().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    };
    json!({
        "name": name,
        "attestation": kind,
        "thumbprints": thumbprints,
        "deviceId": enrollment.device_id().map(|id| id.as_str()),
        "enabled": enrollment.status() == Status::Enabled,
    })
}
