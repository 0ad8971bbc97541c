//! The files of a gateway: identities and shared access policies.
//!
//! They are read at the start and again on SIGHUP. Changes of a file are applied then: new and changed lines are
//! imported, and identities that are no longer in it are deleted. Identities whose lines are unchanged stay as the
//! registry has them. A file that is wrong anywhere is not applied at all.
//!
//! A registry file that was truncated at the end of a line is a valid file with fewer identities. So a reading that would
//! delete more than a share of them is refused, unless the file ends with the number of its identities:
//! `{"identities":N}`.

use core::hash::BuildHasher;
use core::ops::Range;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;
use std::path::{Path, PathBuf};

use hubward::registry::{
    ImportError, ImportLine, ImportMode, Importer, NoEntropy, Precondition, SymmetricKeys,
};
use hubward::types::{DeviceId, Identity, ModuleId, NameError, Permissions, PolicyName, Shown, SymmetricKey};
use hubward_rustcrypto::HmacKey;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::hub::Registry;

/// The reason why files were not applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// A file cannot be read.
    #[error("{}: {error}", shown(file))]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// A line of the registry's file is not an identity.
    #[error("{}: {error}", shown(file))]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, and the cause.
        error: ImportError,
    },
    /// A line would change or delete an identity: the file lists identities, not operations.
    #[error("{}: line {line}: `importMode` must be `create` or `createOrUpdate` in this file", shown(file))]
    Mode {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
    },
    /// An identity is on two lines.
    #[error("{}: line {line}: this identity is already on an earlier line", shown(file))]
    Twice {
        /// The file.
        file: PathBuf,
        /// The second of them.
        line: usize,
    },
    /// The file would delete many identities: it may have been truncated.
    #[error(
        "{}: {deleted} of {before} identities would be deleted, more than {max_share} % (--max-delete-share); if the \
         file was truncated, restore it; to delete them, end it with the line {{\"identities\":N}}, where N is counted by \
         the program that wrote the file",
        shown(file)
    )]
    ManyDeleted {
        /// The file.
        file: PathBuf,
        /// Identities that the file had before and no longer has.
        deleted: usize,
        /// Identities that it had before.
        before: usize,
        /// Identities that it has now.
        now: usize,
        /// Percent of `before` that one reading may delete.
        max_share: u8,
    },
    /// The number on the file's last line differs from the number of its identities.
    #[error(
        "{}: the last line counts {stated} identities, but the file has {found}; it is not complete",
        shown(file)
    )]
    Count {
        /// The file.
        file: PathBuf,
        /// The number on the last line.
        stated: u64,
        /// Identities that the file has.
        found: usize,
    },
    /// The file's last line counted its identities before, and no longer does.
    #[error(
        "{}: the last line does not count the identities, as it did when the file was read last; if the file is complete, end \
         it with the line {{\"identities\":{now}}}",
        shown(file)
    )]
    NoCount {
        /// The file.
        file: PathBuf,
        /// Identities that the file has.
        now: usize,
    },
    /// The policies are not `[{keyName, primaryKey, secondaryKey, rights}]`.
    #[error(
        "{}: line {line}, column {column}: not an array of {{keyName, primaryKey, secondaryKey, rights}}",
        shown(file)
    )]
    Policies {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A policy is not valid.
    #[error("{}: policy {number}: {problem}", shown(file))]
    Policy {
        /// The file.
        file: PathBuf,
        /// The position of the policy, from 1.
        number: usize,
        /// The error: in its name, a key, or its rights.
        problem: String,
    },
}

/// The files, and their content when they were read last.
#[derive(Debug)]
pub(crate) struct Files {
    registry: Option<PathBuf>,
    policies: Option<PathBuf>,
    /// Percent of the identities that one reading may delete.
    max_delete_share: u8,
    /// Set if the registry's last line counted its identities.
    counted: bool,
    /// The hash of each identity's line; not the line, which has keys in it.
    identities: BTreeMap<Box<str>, u64>,
    /// The hash of each policy.
    rights: BTreeMap<Box<str>, u64>,
    hasher: RandomState,
}

/// The number of identities and policies that a reading changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Applied {
    /// New or changed.
    pub set: usize,
    /// Deleted.
    pub deleted: usize,
    /// Lines that the registry refused: a module of a device that was deleted over HTTPS.
    pub refused: usize,
}

/// The number of identities that one reading may delete of a file without a count, as long as some are left and the
/// share is not 0.
const FEW: usize = 5;

/// The optional last line of the registry's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    identities: u64,
}

#[derive(Deserialize, Hash)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy<'t> {
    #[serde(borrow)]
    key_name: Cow<'t, str>,
    #[serde(borrow)]
    primary_key: Cow<'t, str>,
    #[serde(borrow, default)]
    secondary_key: Option<Cow<'t, str>>,
    #[serde(borrow)]
    rights: Cow<'t, str>,
}

/// The content of both files, checked as a whole.
#[derive(Debug)]
pub(crate) struct Reading {
    text: Zeroizing<String>,
    identities: Vec<ReadIdentity>,
    counted: bool,
    policies: Vec<ReadPolicy>,
}

/// A line of an identity.
#[derive(Debug)]
struct ReadIdentity {
    /// The key of an identity: `device` or `device/module`.
    key: Box<str>,
    number: u64,
    /// The position of the line in the text.
    line: Range<usize>,
    print: u64,
}

#[derive(Debug)]
struct ReadPolicy {
    name: String,
    rights: Permissions,
    keys: SymmetricKeys<HmacKey>,
    print: u64,
}

impl Files {
    pub(crate) fn new(registry: Option<PathBuf>, policies: Option<PathBuf>, max_delete_share: u8) -> Self {
        let (identities, rights) = (BTreeMap::new(), BTreeMap::new());
        let hasher = RandomState::new();
        Self { registry, policies, max_delete_share, counted: false, identities, rights, hasher }
    }

    /// Sets the share of the identities that one reading may delete, and returns the former one.
    pub(crate) const fn replace_share(&mut self, percent: u8) -> u8 {
        core::mem::replace(&mut self.max_delete_share, percent)
    }

    /// Reads both files and checks their whole content.
    pub(crate) fn read(&self) -> Result<Reading, FilesError> {
        let mut text = self.registry.as_deref().map(read).transpose()?.unwrap_or_default();
        let count = take_count(&mut text);
        let identities = self.read_identities(&text)?;
        if let Some(Count { identities: stated }) = count
            && u64::try_from(identities.len()) != Ok(stated)
        {
            return Err(FilesError::Count { file: self.registry_file(), stated, found: identities.len() });
        }
        let reading = Reading { text, identities, counted: count.is_some(), policies: self.read_policies()? };
        self.refuse_truncated(&reading)?;
        Ok(reading)
    }

    fn registry_file(&self) -> PathBuf {
        self.registry.clone().unwrap_or_default()
    }

    fn read_identities(&self, text: &str) -> Result<Vec<ReadIdentity>, FilesError> {
        let file = || self.registry_file();
        let mut scratch = Registry::unseeded();
        let mut entropy = entropy;
        let mut importer = Importer::new(&mut scratch, &mut entropy, HmacKey::new);
        let (mut identities, mut seen, mut end) = (Vec::new(), BTreeSet::new(), 0_usize);
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let (number, start) = (at.saturating_add(1), end);
            end = end.saturating_add(line.len());
            let wrong = |error| FilesError::Line { file: file(), error };
            let Some(read) = read_line(number, line).map_err(wrong)? else { continue };
            if !matches!(read.mode(), ImportMode::Create | ImportMode::CreateOrUpdate) {
                return Err(FilesError::Mode { file: file(), line: number });
            }
            let key = key(&read.identity());
            if !seen.insert(key.clone()) {
                return Err(FilesError::Twice { file: file(), line: number });
            }
            importer.import(&read).map_err(wrong)?;
            let print = self.hasher.hash_one(line.trim_end_matches(['\r', '\n']));
            identities.push(ReadIdentity { key, number: read.number(), line: start..end, print });
        }
        Ok(identities)
    }

    /// Refuses a file that may have been truncated at the end of a line.
    fn refuse_truncated(&self, reading: &Reading) -> Result<(), FilesError> {
        let (file, now) = (|| self.registry_file(), reading.identities.len());
        if reading.counted {
            return Ok(());
        }
        if self.counted {
            return Err(FilesError::NoCount { file: file(), now });
        }
        let present: BTreeSet<&str> = reading.identities.iter().map(|identity| &*identity.key).collect();
        let deleted = self.identities.keys().filter(|key| !present.contains(&***key)).count();
        let (before, max_share) = (self.identities.len(), self.max_delete_share);
        let share = deleted.saturating_mul(100) > before.saturating_mul(usize::from(max_share));
        if share && (deleted > FEW || now == 0 || max_share == 0) {
            return Err(FilesError::ManyDeleted { file: file(), deleted, before, now, max_share });
        }
        Ok(())
    }

    fn read_policies(&self) -> Result<Vec<ReadPolicy>, FilesError> {
        let Some(policies) = &self.policies else { return Ok(Vec::new()) };
        let file = || policies.clone();
        let text = read(policies)?;
        // a byte order mark is not part of the array
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        // serde's message may quote the text, so only its position is used
        let policies: Vec<Policy<'_>> = serde_json::from_str(text).map_err(|error| FilesError::Policies {
            file: file(),
            line: error.line(),
            column: error.column(),
        })?;
        let policy = |policy: &Policy<'_>| -> Result<ReadPolicy, String> {
            PolicyName::parse(&policy.key_name).map_err(|error: NameError| error.to_string())?;
            let rights: Permissions = policy.rights.parse().map_err(|error| format!("rights: {error}"))?;
            let key = |text: &str| SymmetricKey::from_base64(text).map_err(|error| error.to_string());
            let primary = key(&policy.primary_key)?;
            let keys = match &policy.secondary_key {
                Some(secondary) => SymmetricKeys::kept(primary, key(secondary)?, HmacKey::new),
                None => SymmetricKeys::kept_one(primary, HmacKey::new),
            };
            Ok(ReadPolicy {
                name: policy.key_name.to_string(),
                rights,
                keys,
                print: self.hasher.hash_one(policy),
            })
        };
        policies
            .iter()
            .enumerate()
            .map(|(at, given)| {
                let number = at.saturating_add(1);
                policy(given).map_err(|problem| FilesError::Policy { file: file(), number, problem })
            })
            .collect()
    }

    /// Applies the changes of the files to the registry.
    pub(crate) fn apply(&mut self, reading: Reading, registry: &mut Registry) -> Applied {
        let mut applied = Applied::default();
        let mut identities = BTreeMap::new();
        let mut entropy = entropy;
        let mut importer = Importer::new(registry, &mut entropy, HmacKey::new);
        for ReadIdentity { key, number, line, print } in reading.identities {
            if self.identities.get(&key) != Some(&print) {
                let line = reading.text.get(line).unwrap_or_default();
                // `read_identities` parsed it before; an identity that exists is updated
                let imported = ImportLine::read(number, line.as_bytes()).and_then(|line| match line {
                    Some(line) => importer.import(&line.with_mode(ImportMode::CreateOrUpdate)).map(drop),
                    None => Ok(()),
                });
                if let Err(error) = imported {
                    tracing::warn!(file = %shown(&self.registry_file()), %error, "a line is not applied");
                    applied.refused = applied.refused.saturating_add(1);
                    continue;
                }
                applied.set = applied.set.saturating_add(1);
            }
            identities.insert(key, print);
        }
        for gone in self.identities.keys().filter(|key| !identities.contains_key(*key)) {
            if with_identity(gone, |identity| registry.delete(identity, Precondition::Any).is_ok()) {
                applied.deleted = applied.deleted.saturating_add(1);
            }
        }
        let mut rights = BTreeMap::new();
        for ReadPolicy { name, rights: granted, keys, print } in reading.policies {
            if self.rights.get(name.as_str()) != Some(&print) {
                // `read_policies` parsed it
                registry.set_policy(PolicyName::assertion(&name), granted, keys);
                applied.set = applied.set.saturating_add(1);
            }
            rights.insert(name.into(), print);
        }
        for gone in self.rights.keys().filter(|name| !rights.contains_key(*name)) {
            if registry.delete_policy(PolicyName::assertion(gone)).is_ok() {
                applied.deleted = applied.deleted.saturating_add(1);
            }
        }
        (self.identities, self.rights, self.counted) = (identities, rights, reading.counted);
        applied
    }
}

/// Returns the name of a file, redacted if it looks like a key.
pub(crate) fn shown(file: &Path) -> Shown<Cow<'_, str>> {
    Shown::new(file.to_string_lossy())
}

fn read(file: &Path) -> Result<Zeroizing<String>, FilesError> {
    std::fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(|error| FilesError::Read { file: file.into(), error })
}

fn read_line(number: usize, line: &str) -> Result<Option<ImportLine<'_>>, ImportError> {
    ImportLine::read(u64::try_from(number).unwrap_or(u64::MAX), line.as_bytes())
}

/// Removes the line that counts the identities from the end, if there is one.
fn take_count(text: &mut String) -> Option<Count> {
    let whole = text.trim_end_matches([' ', '\t', '\r', '\n']);
    let start = whole.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let last = whole.get(start..)?;
    let last = if start == 0 { last.strip_prefix('\u{feff}').unwrap_or(last) } else { last };
    let count = serde_json::from_str(last).ok()?;
    text.truncate(start);
    Some(count)
}

/// Fills a buffer with randomness, for new keys.
pub(crate) fn entropy(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    getrandom::fill(buffer).map_err(|_| NoEntropy)
}

/// The key of an identity: `device` or `device/module`.
fn key(identity: &Identity<'_>) -> Box<str> {
    let device = identity.device().map_or("", |id| id.as_str());
    match identity.module() {
        Some(module) => format!("{device}/{}", module.as_str()).into(),
        None => device.into(),
    }
}

fn with_identity(key: &str, then: impl FnOnce(Identity<'_>) -> bool) -> bool {
    // its names were parsed when it was imported
    let identity = match key.split_once('/') {
        Some((device, module)) => Identity::Module(DeviceId::assertion(device), ModuleId::assertion(module)),
        None => Identity::Device(DeviceId::assertion(key)),
    };
    then(identity)
}
