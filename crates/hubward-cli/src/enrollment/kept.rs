//! Enrollments in their file, which is sealed.

use core::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use hubward_registry::{Derivation, Enrollments};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;

use crate::file::{SealArguments, Seen, random, replace_saying, snapshot_of};
use crate::shown;

#[derive(Debug, Args)]
pub(crate) struct FileArguments {
    /// The file of the enrollments.
    enrollments: PathBuf,
    #[command(flatten)]
    seal: SealArguments,
}

impl FileArguments {
    /// Standard input is one thing only.
    pub(super) fn key_from_standard_input(&self) -> bool {
        self.seal.is_standard_input()
    }
}

pub(crate) struct Kept {
    pub(super) enrollments: Enrollments<HmacKey>,
    path: PathBuf,
    key: AeadKey,
    counter: u64,
    seen: Seen,
}

impl Kept {
    pub(super) fn open(arguments: &FileArguments) -> Result<Self, Box<dyn Error>> {
        let path = arguments.enrollments.clone();
        let words = |error: Box<dyn Error>| format!("{}: {error}", shown::file(&path));
        let seen = Seen::of(&path).map_err(|error| words(error.into()))?;
        let sealed = fs::read(&path).map_err(|error| words(error.into()))?;
        let counter = snapshot_of(&sealed).ok_or_else(|| words("not a sealed file".into()))?;
        let key = arguments.seal.key()?;
        let enrollments = Enrollments::open(sealed, &key, arguments.seal.newest(), HmacKey::new)
            .map_err(|error| words(error.into()))?;
        Ok(Self { enrollments, path, key, counter, seen })
    }

    /// The same, or none yet where there is no file.
    pub(super) fn open_or_begin(arguments: &FileArguments) -> Result<Self, Box<dyn Error>> {
        let path = arguments.enrollments.clone();
        let seen = Seen::of(&path)?;
        if seen.is_there() {
            return Self::open(arguments);
        }
        let enrollments = Enrollments::new(Derivation::AsPresentedOrLowerCase);
        Ok(Self { enrollments, path, key: arguments.seal.key()?, counter: 0, seen })
    }

    /// Puts the enrollments in their file's place, and prints that first: where it cannot be printed, nothing is changed.
    pub(super) fn save(&self) -> Result<(), Box<dyn Error>> {
        let counter = self.counter.saturating_add(1);
        let sealed = self.enrollments.seal(&self.key, counter, &mut random)?;
        let words = format!("{} is written, snapshot {counter}\n", shown::file(&self.path));
        replace_saying(&self.path, self.seen, |out| Ok(out.write_all(&sealed)?), words.as_bytes())
    }
}
