//! The place of enrollments: a sealed file, or the durable registry of gateways.

use core::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use hubward_registry::{Derivation, Enrollments};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::ProvisioningIndex;

use super::rows;
use crate::file::{SealArguments, Seen, random, replace_saying, snapshot_of};
use crate::registry::{Durable, DurableArguments, Place, with_file};
use crate::shown;

#[derive(Debug, Args)]
pub(crate) struct FileArguments {
    /// The sealed file of the enrollments; or the durable registry of gateways, which may run: `sqlite:FILE`, or
    /// `postgres://USER@HOST:PORT/DATABASE`.
    enrollments: PathBuf,
    #[command(flatten)]
    seal: SealArguments,
    #[command(flatten)]
    durable: DurableArguments,
}

impl FileArguments {
    /// Returns whether the seal key is read from standard input, which then has no other input.
    pub(crate) fn key_from_standard_input(&self) -> bool {
        self.seal.is_standard_input()
    }

    /// Opens a durable registry; `None` for a sealed file.
    pub(super) fn durable(&self) -> Result<Option<Durable>, Box<dyn Error>> {
        Place::of(&self.enrollments).map(|place| place.open(&self.durable, false)).transpose()
    }

    /// Returns the name of the file or of the registry in messages.
    pub(super) fn name(&self) -> impl core::fmt::Display {
        shown::file(&self.enrollments)
    }
}

/// Enrollments to select from.
pub(crate) enum Selectable {
    /// Those of a file.
    File(Enrollments<HmacKey>),
    /// Those of a durable registry, as a gateway has them.
    Durable(ProvisioningIndex<HmacKey>),
}

impl Selectable {
    /// Reads the enrollments.
    pub(crate) fn open(arguments: &FileArguments) -> Result<Self, Box<dyn Error>> {
        Ok(match arguments.durable()? {
            Some(durable) => Self::Durable(rows::index(&durable)?),
            None => Self::File(EnrollmentFile::open(arguments)?.enrollments),
        })
    }

    pub(crate) const fn enrollments(&self) -> &Enrollments<HmacKey> {
        match self {
            Self::File(enrollments) => enrollments,
            Self::Durable(index) => index.enrollments(),
        }
    }
}

/// Enrollments, and the file that they were read from.
pub(super) struct EnrollmentFile {
    pub(super) enrollments: Enrollments<HmacKey>,
    path: PathBuf,
    key: AeadKey,
    counter: u64,
    seen: Seen,
}

impl EnrollmentFile {
    /// Reads the enrollments.
    pub(super) fn open(arguments: &FileArguments) -> Result<Self, Box<dyn Error>> {
        let path = arguments.enrollments.clone();
        let named = |error: Box<dyn Error>| with_file(&path, error);
        let seen = Seen::of(&path).map_err(|error| named(error.into()))?;
        let sealed = fs::read(&path).map_err(|error| named(error.into()))?;
        let counter = snapshot_of(&sealed).ok_or_else(|| named("not a sealed file".into()))?;
        let key = arguments.seal.key()?;
        let enrollments = Enrollments::open(sealed, &key, arguments.seal.newest(), HmacKey::new)
            .map_err(|error| named(error.into()))?;
        Ok(Self { enrollments, path, key, counter, seen })
    }

    /// Reads the enrollments, or creates an empty set if there is no file.
    pub(super) fn open_or_create(arguments: &FileArguments) -> Result<Self, Box<dyn Error>> {
        let path = arguments.enrollments.clone();
        let seen = Seen::of(&path)?;
        if seen.exists() {
            return Self::open(arguments);
        }
        let enrollments = Enrollments::new(Derivation::AsPresentedOrLowerCase);
        Ok(Self { enrollments, path, key: arguments.seal.key()?, counter: 0, seen })
    }

    /// Prints `details` and a message, and replaces the file. If the message cannot be printed, the file is unchanged.
    pub(super) fn save(&self, details: &str) -> Result<(), Box<dyn Error>> {
        let counter = self.counter.saturating_add(1);
        let sealed = self.enrollments.seal(&self.key, counter, &mut random)?;
        let message = format!("{details}{} is written, snapshot {counter}\n", shown::file(&self.path));
        replace_saying(&self.path, self.seen, |out| Ok(out.write_all(&sealed)?), message.as_bytes())
    }
}
