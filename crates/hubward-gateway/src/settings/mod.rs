//! The settings of a gateway in one TOML file. Each has the name and the meaning of an argument of `serve`: the command
//! line parses and documents both, and is applied after the file.

mod check;
mod file;
mod live;

use core::fmt;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Command, FromArgMatches};
use hubward::types::Shown;

use crate::config::Serve;
pub use check::check;
use file::Settings;
use live::Values;
pub(crate) use live::{LiveSettings, SettingsFile};

/// The problems of a file of settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {error}", Shown::new(file.display().to_string()))]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The file is wrong, at each of these lines.
    #[error("{}", lines(file, problems))]
    Wrong {
        /// The file.
        file: PathBuf,
        /// All that is wrong, in the order of the lines.
        problems: Vec<Problem>,
    },
}

/// A problem of a file of settings. It never has the value: a key may have been written in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, from 1; `None` if a setting is missing.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

fn lines(file: &Path, problems: &[Problem]) -> String {
    let name = Shown::new(file.display().to_string()).to_string();
    problems.iter().map(|problem| format!("{name}: {problem}")).collect::<Vec<_>>().join("\n")
}

/// Returns the arguments of the file and of the command line together, and their values by name. `given` are the words after
/// `serve`, which override the file's.
///
/// # Errors
/// Returns a [`SettingsError`] with each problem.
fn complete(
    file: &Path,
    given: impl IntoIterator<Item = OsString>,
) -> Result<(Serve, Values), SettingsError> {
    let settings = Settings::read(file)?;
    together(&settings, given)
        .map_err(|problem| SettingsError::Wrong { file: file.into(), problems: vec![problem] })
}

/// Parses the file's settings, and then the words of the command line.
fn together(
    settings: &Settings,
    given: impl IntoIterator<Item = OsString>,
) -> Result<(Serve, Values), Problem> {
    let words = core::iter::once("serve".into()).chain(settings.words()).chain(given);
    // the first parse of the command line has refused repeated arguments
    let command = command().args_override_self(true);
    let parsed = command.try_get_matches_from(words).and_then(|matches| {
        let values = Values::of(&matches);
        Ok((Serve::from_arg_matches(&matches)?, values))
    });
    parsed.map_err(|error| {
        let text = match error.kind() {
            ErrorKind::MissingRequiredArgument => {
                format!("these settings are missing: {}", names(&error, ContextKind::InvalidArg))
            }
            ErrorKind::ArgumentConflict => format!(
                "{} cannot be set together with {}",
                names(&error, ContextKind::InvalidArg),
                names(&error, ContextKind::PriorArg)
            ),
            _ => format!("{} does not take that value", names(&error, ContextKind::InvalidArg)),
        };
        Problem { line: None, text }
    })
}

/// Returns the arguments of `serve`.
fn command() -> Command {
    Serve::augment_args(Command::new("serve"))
}

/// Returns the program's own names of arguments in an error, as settings.
fn names(error: &clap::Error, kind: ContextKind) -> String {
    let all: &[String] = match error.get(kind) {
        Some(ContextValue::String(text)) => core::slice::from_ref(text),
        Some(ContextValue::Strings(texts)) => texts,
        _ => &[],
    };
    let setting = |text: &String| {
        let name = text.split([' ', '=']).next().unwrap_or_default();
        format!("`{}`", name.trim_start_matches('-'))
    };
    all.iter().map(setting).collect::<Vec<_>>().join(", ")
}
