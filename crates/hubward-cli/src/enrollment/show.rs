//! `hubward enrollment show | list`.

use core::error::Error;
use std::io::Write;

use clap::Args;
use hubward::types::Shown;
use hubward_store::{EnrollmentAttestation, EnrollmentRecord};
use serde_json::{Value, json};

use super::file::{EnrollmentFile, FileArguments};
use super::record::Listed;
use super::{in_file, record, row, rows};
use crate::Outcome;
use crate::out::{is_json, stdout};
use crate::registry::key_line;

/// Print the enrollments, or one of them; their keys only with `--with-keys`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    file: FileArguments,
    /// Only the enrollment of one device, by its registration id, in any case.
    #[arg(long, value_name = "ID", conflicts_with = "group")]
    registration: Option<String>,
    /// Only the enrollment of a group, by its name.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Also print the keys. The key of a group is a credential of each of its devices.
    #[arg(long, conflicts_with = "json")]
    with_keys: bool,
}

/// List the enrollments: a table, or a line of JSON for each with `--json`. Keys are never printed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    file: FileArguments,
}

/// Returns the enrollments that are shown, with their etags if a durable registry has them.
fn read(arguments: &Show) -> Result<Listed, Box<dyn Error>> {
    let Show { file, registration, group, .. } = arguments;
    let (registration, group) = (registration.as_deref(), group.as_deref());
    let found = |one: Option<_>| Listed { records: one.into_iter().collect(), unread: Vec::new() };
    if registration.or(group).is_none() {
        return all(file);
    }
    Ok(found(match file.durable()? {
        Some(durable) => rows::one(&durable, &row(registration, group)?)?,
        None => record::one(&EnrollmentFile::open(file)?.enrollments, &in_file(registration, group)?)?,
    }))
}

fn all(file: &FileArguments) -> Result<Listed, Box<dyn Error>> {
    match file.durable()? {
        Some(durable) => rows::all(&durable),
        None => Ok(record::all(&EnrollmentFile::open(file)?.enrollments)),
    }
}

pub(super) fn run(arguments: &Show) -> Result<Outcome, Box<dyn Error>> {
    let listed = read(arguments)?;
    let records = &listed.records;
    let mut out = stdout();
    if records.is_empty() && (arguments.registration.is_some() || arguments.group.is_some()) {
        writeln!(out, "refused: there is no such enrollment")?;
        return Ok(Outcome::Refused);
    }
    if is_json() {
        let (groups, individuals): (Vec<&EnrollmentRecord>, Vec<_>) =
            records.iter().partition(|record| record.is_group());
        let [individuals, groups] =
            [individuals, groups].map(|records| records.into_iter().map(as_json).collect::<Vec<Value>>());
        writeln!(out, "{:#}", json!({"individuals": individuals, "groups": groups}))?;
        return listed.complete().map(|()| Outcome::Good);
    }
    for record in records {
        let kind = if record.is_group() { "group" } else { "device" };
        let status = if record.enabled { "" } else { ", disabled" };
        writeln!(out, "{kind:<10}{}{status}", Shown::new(&*record.key.name))?;
        if record.etag > 0 {
            writeln!(out, "  etag      {}", record::etag(record.etag))?;
        }
        if let Some(device) = &record.settings.device_id {
            writeln!(out, "  assigns {}", Shown::new(&**device))?;
        }
        for hub in &record.settings.hubs {
            writeln!(out, "  at hub  {}", Shown::new(&**hub))?;
        }
        if record.settings.iot_edge {
            writeln!(out, "  as a gateway for other devices (iotEdge)")?;
        }
        proof(record, arguments.with_keys)?;
    }
    listed.complete().map(|()| Outcome::Good)
}

pub(super) fn list(arguments: &List) -> Result<Outcome, Box<dyn Error>> {
    let listed = all(&arguments.file)?;
    let records = &listed.records;
    let mut out = stdout();
    if is_json() {
        records.iter().try_for_each(|record| writeln!(out, "{}", as_json(record)))?;
        return listed.complete().map(|()| Outcome::Good);
    }
    let names: Vec<String> = records.iter().map(|record| record::name(&record.key).to_string()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().clamp(10, 76);
    writeln!(out, "{:<width$}  status    attestation   etag", "enrollment")?;
    for (name, record) in names.iter().zip(records) {
        let status = if record.enabled { "enabled" } else { "disabled" };
        let etag = if record.etag > 0 { record::etag(record.etag) } else { "-".into() };
        writeln!(out, "{name:<width$}  {status:<8}  {:<12}  {etag}", kind(record))?;
    }
    writeln!(out, "{} enrollments", records.len())?;
    listed.complete().map(|()| Outcome::Good)
}

fn kind(record: &EnrollmentRecord) -> &'static str {
    match record.attestation {
        EnrollmentAttestation::Keys(..) => "symmetricKey",
        EnrollmentAttestation::X509(_) => "x509",
        EnrollmentAttestation::Tpm(..) => "tpm",
    }
}

fn proof(record: &EnrollmentRecord, with_keys: bool) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    match record.attestation.duplicate()? {
        EnrollmentAttestation::Keys(primary, secondary) => {
            for (slot, key) in [("primary", Some(primary)), ("secondary", secondary)] {
                write!(out, "  ")?;
                key_line(&mut out, slot, key, with_keys)?;
            }
        }
        EnrollmentAttestation::X509(prints) => {
            let below = if record.settings.authorities.is_empty() { "" } else { "below " };
            for print in [prints.primary(), prints.secondary()].into_iter().flatten() {
                writeln!(out, "  {below}certificate {print}")?;
            }
        }
        EnrollmentAttestation::Tpm(key, _) => {
            writeln!(out, "  TPM with an endorsement key of {} bytes", key.as_bytes().len())?;
        }
    }
    Ok(())
}

fn as_json(record: &EnrollmentRecord) -> Value {
    let thumbprints: Vec<String> = match &record.attestation {
        EnrollmentAttestation::X509(prints) => {
            [prints.primary(), prints.secondary()].into_iter().flatten().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    };
    json!({
        "name": record.key.name,
        "group": record.is_group(),
        "attestation": kind(record),
        "thumbprints": thumbprints,
        "authorities": record.settings.authorities,
        "deviceId": record.settings.device_id,
        "enabled": record.enabled,
        "hubs": record.settings.hubs,
        "etag": (record.etag > 0).then(|| record::etag(record.etag)),
    })
}
