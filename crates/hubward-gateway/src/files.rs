//! The two files that a gateway rests on: identities and shared access policies.
//!
//! They are read at the start and again on SIGHUP. What a file did not say before is applied then: new and changed
//! lines are imported, and whoever stands in it no longer is deleted. What stands in it unchanged stays as the
//! registry has it. A file that is wrong anywhere is not applied at all.

use core::hash::BuildHasher;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;
use std::path::{Path, PathBuf};

use hubward::core::{DeviceId, Identity, ModuleId, NameError, Permissions, PolicyName, Shown, SymmetricKey};
use hubward::registry::{
    ImportError, ImportProblem, Importer, KeyPair, NoEntropy, Precondition, RegistryError,
};
use hubward_rustcrypto::HmacKey;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::hub::Registry;

/// Why files were not applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// A file cannot be read.
    #[error("{}: {error}", shown(file))]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line of the registry's file is none.
    #[error("{}: {error}", shown(file))]
    Line {
        /// Which file.
        file: PathBuf,
        /// Which line, and why.
        error: ImportError,
    },
    /// A line would change or delete an identity: the file says who there is, not what to do.
    #[error("{}: line {line}: `importMode` can only be `create` or `createOrUpdate` here", shown(file))]
    Mode {
        /// Which file.
        file: PathBuf,
        /// Which line.
        line: usize,
    },
    /// An identity stands on two lines.
    #[error("{}: line {line}: this identity stands in the file already", shown(file))]
    Twice {
        /// Which file.
        file: PathBuf,
        /// The second of them.
        line: usize,
    },
    /// The policies are not `[{keyName, primaryKey, secondaryKey, rights}]`.
    #[error(
        "{}: line {line}, column {column}: not an array of {{keyName, primaryKey, secondaryKey, rights}}",
        shown(file)
    )]
    Policies {
        /// Which file.
        file: PathBuf,
        /// Where.
        line: usize,
        /// Where in it.
        column: usize,
    },
    /// A policy is not one.
    #[error("{}: policy {number}: {problem}", shown(file))]
    Policy {
        /// Which file.
        file: PathBuf,
        /// The first is 1.
        number: usize,
        /// What is wrong: its name, a key, or its rights.
        problem: String,
    },
}

/// The files, and what they said when they were read last.
#[derive(Debug)]
pub(crate) struct Files {
    registry: PathBuf,
    policies: PathBuf,
    /// What each identity's line was. Not the line, for there are keys in it.
    identities: BTreeMap<Box<str>, u64>,
    /// What each policy was.
    rights: BTreeMap<Box<str>, u64>,
    hasher: RandomState,
}

/// How many identities and policies a reading changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Applied {
    /// New or changed.
    pub set: usize,
    /// Gone.
    pub deleted: usize,
}

/// Of a line, whose it is and what it would do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'l> {
    #[serde(borrow)]
    id: Cow<'l, str>,
    #[serde(borrow, default)]
    module_id: Option<Cow<'l, str>>,
    #[serde(borrow, default)]
    import_mode: Option<Cow<'l, str>>,
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

/// What was read, and is right as a whole.
#[derive(Debug)]
pub(crate) struct Reading {
    text: Zeroizing<String>,
    policies: Vec<ReadPolicy>,
}

#[derive(Debug)]
struct ReadPolicy {
    name: String,
    rights: Permissions,
    keys: KeyPair<HmacKey>,
    print: u64,
}

impl Files {
    pub(crate) fn new(registry: PathBuf, policies: PathBuf) -> Self {
        let (identities, rights) = (BTreeMap::new(), BTreeMap::new());
        Self { registry, policies, identities, rights, hasher: RandomState::new() }
    }

    /// Reads both files and tries all that they say.
    pub(crate) fn read(&self) -> Result<Reading, FilesError> {
        let text = read(&self.registry)?;
        let mut scratch = Registry::new();
        let mut failed = None;
        import(&mut scratch, text.lines(), |error| {
            failed.get_or_insert(error);
        });
        if let Some(error) = failed {
            return Err(FilesError::Line { file: self.registry.clone(), error });
        }
        let mut seen = BTreeSet::new();
        for (at, text) in text.lines().enumerate() {
            let (file, line) = (self.registry.clone(), at.saturating_add(1));
            let Some(read) = Line::of(text) else { continue };
            if !matches!(read.import_mode.as_deref(), None | Some("create" | "createOrUpdate")) {
                return Err(FilesError::Mode { file, line });
            }
            if !seen.insert(read.key()) {
                return Err(FilesError::Twice { file, line });
            }
        }
        Ok(Reading { text, policies: self.read_policies()? })
    }

    fn read_policies(&self) -> Result<Vec<ReadPolicy>, FilesError> {
        let file = || self.policies.clone();
        let text = read(&self.policies)?;
        // serde's message may quote the text, so only the place of it is taken
        let policies: Vec<Policy<'_>> = serde_json::from_str(&text).map_err(|error| {
            FilesError::Policies { file: file(), line: error.line(), column: error.column() }
        })?;
        let policy = |policy: &Policy<'_>| -> Result<ReadPolicy, String> {
            PolicyName::parse(&policy.key_name).map_err(|error: NameError| error.to_string())?;
            let rights: Permissions = policy.rights.parse().map_err(|error| format!("rights: {error}"))?;
            let key = |text: &str| SymmetricKey::from_base64(text).map_err(|error| error.to_string());
            let primary = key(&policy.primary_key)?;
            let keys = match &policy.secondary_key {
                Some(secondary) => KeyPair::new(HmacKey::new(&primary), HmacKey::new(&key(secondary)?)),
                None => KeyPair::one(HmacKey::new(&primary)),
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

    /// Makes the registry what the files say, as far as they say something new.
    pub(crate) fn apply(&mut self, reading: Reading, registry: &mut Registry) -> Applied {
        let mut applied = Applied::default();
        let mut identities = BTreeMap::new();
        for line in reading.text.lines() {
            let Some(key) = Line::of(line).map(|line| line.key()) else { continue };
            let print = self.hasher.hash_one(line);
            if self.identities.get(&*key) != Some(&print) {
                replace(registry, line);
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
                // it was parsed when it was read
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
        (self.identities, self.rights) = (identities, rights);
        applied
    }
}

/// The name of a file, unless it looks like a key that was given in its place.
pub(crate) fn shown(file: &Path) -> Shown<Cow<'_, str>> {
    Shown::new(file.to_string_lossy())
}

fn read(file: &Path) -> Result<Zeroizing<String>, FilesError> {
    let mut text = std::fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(|error| FilesError::Read { file: file.into(), error })?;
    // a mark of the byte order is no part of the first line
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

fn import<'l>(
    registry: &mut Registry,
    lines: impl IntoIterator<Item = &'l str>,
    report: impl FnMut(ImportError),
) {
    let mut entropy = entropy;
    Importer::new(registry, &mut entropy, HmacKey::new).run(lines, report);
}

/// A source of new keys.
pub(crate) fn entropy(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    getrandom::fill(buffer).map_err(|_| NoEntropy)
}

/// Imports a line that is right by itself, whether or not there is such an identity.
fn replace(registry: &mut Registry, line: &str) {
    let mut exists = false;
    import(registry, [line], |error| {
        exists = error.problem == ImportProblem::Registry(RegistryError::Exists);
    });
    if !exists {
        return;
    }
    // it would only create: without its mode it overwrites
    let fields: Result<BTreeMap<&str, &RawValue>, _> = serde_json::from_str(line);
    let line = fields.and_then(|mut fields| {
        fields.remove("importMode");
        serde_json::to_string(&fields)
    });
    let line = Zeroizing::new(line.unwrap_or_default());
    import(registry, [line.as_str()], |_| {});
}

impl<'l> Line<'l> {
    fn of(line: &'l str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// `device` or `device/module`.
    fn key(&self) -> Box<str> {
        match &self.module_id {
            Some(module) => format!("{}/{module}", self.id).into(),
            None => (*self.id).into(),
        }
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
