//! `hubward enrollment add | remove | show | select | derive`.

mod add;
mod derive;
mod kept;
mod select;
mod show;

use core::error::Error;
use std::io::{Write, stdout};

use clap::{ArgGroup, Args, Subcommand};
use hubward::types::RegistrationId;

use crate::Outcome;
use kept::{FileArguments, Kept};

/// Keep who may be provisioned, and by which proof.
///
/// Enrollments are kept in one file, always sealed: a group's key opens a whole fleet. Begin with `add`, which makes it.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(add::Add),
    /// Take an enrollment back.
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
    whose: Whose,
}

/// Whose enrollment it is.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["registration", "group"])))]
pub(crate) struct Whose {
    /// One device, by its registration id; the case of letters is not told apart.
    #[arg(long, value_name = "ID")]
    registration: Option<String>,
    /// A group of devices, by its name.
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
    let mut kept = Kept::open(&arguments.file)?;
    let was_there = match (&arguments.whose.registration, &arguments.whose.group) {
        (Some(id), _) => kept.enrollments.withdraw(RegistrationId::parse(id)?),
        (None, Some(name)) => kept.enrollments.withdraw_group(name),
        (None, None) => false,
    };
    if !was_there {
        writeln!(stdout(), "there is no such enrollment")?;
        return Ok(Outcome::Refused);
    }
    kept.save()?;
    Ok(Outcome::Well)
}
