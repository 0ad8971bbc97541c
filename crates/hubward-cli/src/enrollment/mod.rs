//! `hubward enrollment add | remove | show | select | derive`: the enrollments of a DPS instance, in a file.

mod add;
mod derive;
mod file;
mod select;
mod show;

use core::error::Error;
use std::io::Write;

use clap::{ArgGroup, Args, Subcommand};
use hubward::types::RegistrationId;

use crate::Outcome;
use crate::exit::OrMisuse;
use crate::out::stdout;
pub(crate) use file::{EnrollmentFile, FileArguments};

/// Manage the enrollments of a DPS instance: the devices that may be provisioned, and their attestation.
///
/// The file is always sealed: the key of a group is a credential of its whole fleet. `add` creates it.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(add::Add),
    /// Remove an enrollment.
    Remove(Remove),
    /// Print the enrollments; their keys only with `--with-keys`.
    Show(show::Show),
    Select(select::Select),
    Derive(derive::Derive),
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    name: NameArguments,
}

/// The name of an enrollment.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("name").required(true).args(["registration", "group"])))]
pub(crate) struct NameArguments {
    /// The enrollment of one device, by its registration id, in any case.
    #[arg(long, value_name = "ID")]
    registration: Option<String>,
    /// The enrollment of a group, by its name.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Add(arguments) => add::run(arguments),
        Command::Remove(arguments) => remove(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Select(arguments) => select::run(arguments),
        Command::Derive(arguments) => derive::run(arguments),
    }
}

fn remove(arguments: &Remove) -> Result<Outcome, Box<dyn Error>> {
    let mut file = EnrollmentFile::open(&arguments.file)?;
    let existed = match (&arguments.name.registration, &arguments.name.group) {
        (Some(id), _) => file.enrollments.withdraw(RegistrationId::parse(id).or_misuse()?),
        (None, Some(name)) => file.enrollments.withdraw_group(name),
        (None, None) => false,
    };
    if !existed {
        writeln!(stdout(), "refused: there is no such enrollment")?;
        return Ok(Outcome::Refused);
    }
    file.save("")?;
    Ok(Outcome::Good)
}
