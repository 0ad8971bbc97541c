//! `hubward registry import | export | show | rotate | lists | reseal | renew-epoch`: the identities of a hub, in a file.

mod az;
mod batches;
mod change;
mod durable;
mod export;
mod file;
mod import;
mod in_turn;
mod list;
mod lists;
mod policies;
mod rotate;
mod show;
mod upkeep;

use core::error::Error;

use clap::{Args, Subcommand};
use hubward::types::{DeviceId, Identity, ModuleId};

use crate::Outcome;
use crate::exit::{OrMisuse, misuse};
pub(crate) use durable::{Durable, DurableArguments, Place};
pub(crate) use file::{FileArguments, RegistryFile, with_file};
pub(crate) use show::key_line;

/// Manage the identities of a hub and their keys, in one file.
///
/// The file is sealed with your key, or it is plain lines of JSON whose keys every reader can use. `import` creates it. A
/// command that changes the file writes a new one and then renames it: the file is never written in part.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(import::Import),
    List(list::List),
    Create(change::Create),
    Delete(change::Delete),
    Enable(change::Enable),
    Disable(change::Disable),
    /// Write a line of JSON for each identity, without keys unless `--with-keys` is given.
    Export(export::Export),
    /// Print a summary of a registry, or the record of one identity.
    Show(show::Show),
    Rotate(rotate::Rotate),
    Lists(lists::Lists),
    Reseal(upkeep::Reseal),
    RenewEpoch(upkeep::RenewEpoch),
    Policies(policies::Policies),
}

/// The identity of a command.
#[derive(Debug, Args)]
pub(crate) struct IdentityArguments {
    /// The device.
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// The module of the device.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
}

impl IdentityArguments {
    /// Returns the identity, if one was given.
    fn identity(&self) -> Result<Option<Identity<'_>>, Box<dyn Error>> {
        let Some(device) = &self.device else { return Ok(None) };
        let device = DeviceId::parse(device).or_misuse()?;
        Ok(Some(match &self.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module).or_misuse()?),
            None => Identity::Device(device),
        }))
    }

    /// Returns the identity of a command that needs one.
    fn named(&self) -> Result<Identity<'_>, Box<dyn Error>> {
        self.identity()?.ok_or_else(|| {
            misuse("the command needs an identity: --device ID, and --module ID for a module of it")
        })
    }
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Import(arguments) => import::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Create(arguments) => change::create(arguments),
        Command::Delete(arguments) => change::delete(arguments),
        Command::Enable(arguments) => change::enable(arguments),
        Command::Disable(arguments) => change::disable(arguments),
        Command::Policies(arguments) => policies::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Rotate(arguments) => rotate::run(arguments),
        Command::Lists(arguments) => lists::run(arguments),
        Command::Reseal(arguments) => arguments.run(),
        Command::RenewEpoch(arguments) => arguments.run(),
    }
}
