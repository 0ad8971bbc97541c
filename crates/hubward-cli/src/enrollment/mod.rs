//! `hubward enrollment add | create | update | delete | list | show | select | derive`: the enrollments of a DPS instance, in a
//! sealed file or in the durable registry of gateways.

mod change;
mod content;
mod derive;
mod file;
mod record;
mod rows;
mod select;
mod show;

use core::error::Error;

use clap::{ArgGroup, Args, Subcommand};
use hubward::types::RegistrationId;
use hubward_store::{Kind, RowKey};

use crate::Outcome;
use crate::exit::OrMisuse;
pub(crate) use file::{FileArguments, Selectable};

/// Manage the enrollments of a DPS instance: the devices that may be provisioned, and their attestation.
///
/// They are in a sealed file, which `add` and `create` create, or in the durable registry of gateways, which see each change
/// at once. A file is always sealed: the key of a group is a credential of its whole fleet.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(change::Add),
    Create(change::Create),
    Update(change::Update),
    #[command(alias = "remove")]
    Delete(change::Delete),
    List(show::List),
    Show(show::Show),
    Select(select::Select),
    Derive(derive::Derive),
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

impl NameArguments {
    const fn is_group(&self) -> bool {
        self.group.is_some()
    }

    /// Returns the key of its row in a durable registry.
    fn row(&self) -> Result<RowKey, Box<dyn Error>> {
        row(self.registration.as_deref(), self.group.as_deref())
    }

    /// Returns the key of an enrollment in a sealed file, whose groups have names of any form.
    fn in_file(&self) -> Result<RowKey, Box<dyn Error>> {
        in_file(self.registration.as_deref(), self.group.as_deref())
    }
}

fn row(registration: Option<&str>, group: Option<&str>) -> Result<RowKey, Box<dyn Error>> {
    Ok(match group {
        Some(name) => RowKey::enrollment_group(RegistrationId::parse(name).or_misuse()?),
        None => RowKey::enrollment(RegistrationId::parse(registration.unwrap_or_default()).or_misuse()?),
    })
}

fn in_file(registration: Option<&str>, group: Option<&str>) -> Result<RowKey, Box<dyn Error>> {
    match group {
        Some(name) => Ok(RowKey { kind: Kind::EnrollmentGroup, name: name.into() }),
        None => row(registration, None),
    }
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Add(arguments) => change::add(arguments),
        Command::Create(arguments) => change::create(arguments),
        Command::Update(arguments) => change::update(arguments),
        Command::Delete(arguments) => change::delete(arguments),
        Command::List(arguments) => show::list(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Select(arguments) => select::run(arguments),
        Command::Derive(arguments) => derive::run(arguments),
    }
}
