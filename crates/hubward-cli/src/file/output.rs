//! The option `-o/--output`: a new file, never over an existing one without `--force`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Seen, replace_saying};
use crate::exit::misuse;
use crate::out::stdout;
use crate::shown;

#[derive(Debug, Args)]
pub(crate) struct OutputArguments {
    /// Write to this file, readable by its owner only. An existing file is an error without `--force`.
    #[arg(long, short, value_name = "FILE", alias = "out")]
    output: Option<PathBuf>,
    /// Replace the output file if it exists.
    #[arg(long, requires = "output")]
    force: bool,
}

/// A file that may be written: it does not exist, or `--force` was given.
pub(crate) struct Target<'a> {
    path: &'a PathBuf,
    seen: Seen,
}

impl OutputArguments {
    /// Returns the output file, if one was given.
    pub(crate) fn target(&self) -> Result<Option<Target<'_>>, Box<dyn Error>> {
        let Some(path) = &self.output else { return Ok(None) };
        let seen = Seen::of(path).map_err(|error| format!("{}: {error}", shown::file(path)))?;
        if seen.exists() && !self.force {
            let text = format!("{} exists; --force replaces it, or name another file", shown::file(path));
            return Err(misuse(text));
        }
        Ok(Some(Target { path, seen }))
    }

    /// Returns the output file of a command that needs one.
    pub(crate) fn required(&self) -> Result<Target<'_>, Box<dyn Error>> {
        self.target()?.ok_or_else(|| misuse("--output FILE is needed"))
    }

    /// Writes to the output file, or to standard output if no file was given.
    pub(crate) fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        match self.target()? {
            Some(target) => target.write(write, &[]),
            None => write(&mut stdout().lock()),
        }
    }
}

impl Target<'_> {
    /// Returns the file's path.
    pub(crate) fn path(&self) -> &PathBuf {
        self.path
    }

    /// Prints `message`, and writes the file. A failure leaves the file unchanged.
    pub(crate) fn write(
        self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
        message: &[u8],
    ) -> Result<(), Box<dyn Error>> {
        replace_saying(self.path, self.seen, write, message)
    }
}
