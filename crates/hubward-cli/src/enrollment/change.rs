//! `hubward enrollment add | create | update | delete`.

use core::error::Error;
use core::fmt;
use std::io::Write;

use clap::{ArgGroup, Args};
use hubward_registry::ETag;
use hubward_store::{EnrollmentRecord, EnrollmentSettings, RowKey};

use super::NameArguments;
use super::content::{Content, ContentArguments};
use super::file::{EnrollmentFile, FileArguments};
use super::record::{self, insert, remove};
use super::rows;
use crate::Outcome;
use crate::exit::{OrMisuse, misuse};
use crate::out::stdout;

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
    #[command(flatten)]
    content: ContentArguments,
}

/// Enroll a device or a group, and refuse if there is an enrollment of that name.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("proof").required(true).multiple(true)
    .args(["generate_keys", "key_file", "certificate", "thumbprint", "endorsement_key_file"])))]
pub(crate) struct Create {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    name: NameArguments,
    #[command(flatten)]
    content: ContentArguments,
}

/// Change an enrollment: its attestation, its status or the device that it assigns. The other parts stay.
#[derive(Debug, Args)]
pub(crate) struct Update {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    name: NameArguments,
    #[command(flatten)]
    content: ContentArguments,
    /// Change the enrollment only if it still has this etag, in a durable registry.
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
}

/// Delete an enrollment. Devices that it provisioned stay in their hubs.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    name: NameArguments,
    /// Delete the enrollment only if it still has this etag, in a durable registry.
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
}

/// The condition of a change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    Any,
    Absent,
    Present,
    Etag(ETag),
}

impl Condition {
    fn of(if_match: Option<&str>) -> Result<Self, Box<dyn Error>> {
        Ok(match if_match {
            Some(etag) => Self::Etag(etag.parse().or_misuse()?),
            None => Self::Present,
        })
    }

    /// Returns a refusal if the condition does not hold for an enrollment with this etag.
    pub(super) fn holds(self, etag: Option<u64>) -> Result<(), Refusal> {
        match (self, etag) {
            (Self::Any, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Absent, Some(_)) => Err(Refusal::Exists),
            (Self::Present | Self::Etag(_), None) => Err(Refusal::Missing),
            (Self::Etag(expected), Some(own)) if expected.to_string() == record::etag(own) => Ok(()),
            (Self::Etag(_), Some(_)) => Err(Refusal::OtherEtag),
        }
    }
}

/// The enrollment before a change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Former<'r> {
    None,
    Record(&'r EnrollmentRecord),
    /// Its row cannot be read.
    Unreadable,
}

/// The reason why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Exists,
    Missing,
    OtherEtag,
    ManyGroups,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exists => "there is an enrollment of that name; change it with `update`",
            Self::Missing => "there is no such enrollment",
            Self::OtherEtag => "the enrollment has another etag: it was changed meanwhile",
            Self::ManyGroups => "at most 100 groups have keys: a token is not tried with further ones",
        })
    }
}

pub(super) fn add(arguments: &Add) -> Result<Outcome, Box<dyn Error>> {
    let Add { file, name, content } = arguments;
    write(file, name, content, Condition::Any, "enrolled")
}

pub(super) fn create(arguments: &Create) -> Result<Outcome, Box<dyn Error>> {
    let Create { file, name, content } = arguments;
    write(file, name, content, Condition::Absent, "created")
}

pub(super) fn update(arguments: &Update) -> Result<Outcome, Box<dyn Error>> {
    let Update { file, name, content, if_match } = arguments;
    write(file, name, content, Condition::of(if_match.as_deref())?, "changed")
}

pub(super) fn delete(arguments: &Delete) -> Result<Outcome, Box<dyn Error>> {
    let Delete { file, name, if_match } = arguments;
    change(file, name, Condition::of(if_match.as_deref())?, "", "deleted", |_, _| Ok(None))
}

fn write(
    file: &FileArguments,
    name: &NameArguments,
    content: &ContentArguments,
    condition: Condition,
    done: &str,
) -> Result<Outcome, Box<dyn Error>> {
    let mut details = String::new();
    let content = content.read(file, name, &mut details)?;
    if content.is_empty() {
        return Err(misuse("nothing to change: give an attestation, --device-id, --enabled or --disabled"));
    }
    let replaces = !matches!(condition, Condition::Present | Condition::Etag(_));
    change(file, name, condition, &details, done, |key, former| {
        record(key, former, &content, replaces).map(Some)
    })
}

/// Returns the new enrollment. One that is replaced keeps its status and the time of its creation, one that is changed all
/// parts that are not given.
fn record(
    key: &RowKey,
    former: Former<'_>,
    content: &Content,
    replaces: bool,
) -> Result<EnrollmentRecord, Box<dyn Error>> {
    let former = match former {
        Former::Unreadable if content.enabled.is_none() => {
            return Err(misuse("the row cannot be read, and may be disabled: say --enabled or --disabled"));
        }
        Former::Unreadable | Former::None => None,
        Former::Record(record) => Some(record),
    };
    let attestation = match (content.attestation()?, former) {
        (Some(attestation), _) => attestation,
        (None, Some(former)) => former.attestation.duplicate()?,
        (None, None) => return Err(misuse("the row cannot be read: give the attestation too")),
    };
    let mut settings = match former {
        Some(former) if !replaces => former.settings.clone(),
        Some(former) => {
            EnrollmentSettings { created: former.settings.created, ..EnrollmentSettings::default() }
        }
        None => EnrollmentSettings::default(),
    };
    if content.attestation()?.is_some() {
        // the names of authorities belong to the former attestation
        settings.authorities.clear();
    }
    let mut record = EnrollmentRecord::new(key.clone(), attestation, settings);
    record.enabled = former.is_none_or(|former| former.enabled);
    content.apply(&mut record);
    Ok(record)
}

/// Makes a change in the file or the durable registry, and prints the result.
fn change(
    file: &FileArguments,
    name: &NameArguments,
    condition: Condition,
    details: &str,
    done: &str,
    mut make: impl FnMut(&RowKey, Former<'_>) -> Result<Option<EnrollmentRecord>, Box<dyn Error>>,
) -> Result<Outcome, Box<dyn Error>> {
    let refused = |refusal: Refusal| -> Result<Outcome, Box<dyn Error>> {
        writeln!(stdout(), "refused: {refusal}")?;
        Ok(Outcome::Refused)
    };
    if let Some(durable) = file.durable()? {
        let key = name.row()?;
        return match rows::change(&durable, &key, condition, |former| make(&key, former))? {
            Err(refusal) => refused(refusal),
            Ok(etag) => {
                let etag = etag.map(|etag| format!(", etag {}", record::etag(etag))).unwrap_or_default();
                let mut out = stdout();
                writeln!(out, "{details}{} is {done}{etag}", record::name(&key))?;
                writeln!(out, "{} is written, and gateways see it", file.name())?;
                Ok(Outcome::Good)
            }
        };
    }
    if let Condition::Etag(_) = condition {
        return Err(misuse("a sealed file has no etags: leave --if-match out"));
    }
    let mut opened = match condition {
        Condition::Any | Condition::Absent => EnrollmentFile::open_or_create(file)?,
        Condition::Present | Condition::Etag(_) => EnrollmentFile::open(file)?,
    };
    let key = name.in_file()?;
    let former = record::one(&opened.enrollments, &key);
    let former = match &former {
        Ok(None) => Former::None,
        Ok(Some(record)) => Former::Record(record),
        Err(_) => Former::Unreadable,
    };
    if let Err(refusal) = condition.holds((!matches!(former, Former::None)).then_some(0)) {
        return refused(refusal);
    }
    match make(&key, former)? {
        Some(record) if !record::is_of_files(&record) => {
            return Err(misuse(
                "a sealed file stores no hubs and no `iotEdge`: leave --iot-hub and --edge out",
            ));
        }
        Some(record) => insert(&mut opened.enrollments, &record)?,
        None => remove(&mut opened.enrollments, &key)?,
    }
    opened.save(details)?;
    Ok(Outcome::Good)
}
