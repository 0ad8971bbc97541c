//! `hubward registry import | export | show | rotate | lists`.

mod export;
mod import;
mod kept;
mod lists;
mod rotate;
mod show;

use core::error::Error;

use clap::{Args, Subcommand};
use hubward::types::{DeviceId, Identity, ModuleId};

use crate::Outcome;
pub(crate) use show::key_line;

/// Keep who exists at a hub, and with which keys, in one file.
///
/// The file is sealed with a key of yours, or plain lines of JSON that anyone who reads it can use. Begin with `import`,
/// which makes it. A command that changes it writes it anew and then puts it in the old one's place: it is never half
/// written.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(import::Import),
    /// Write every identity as a line of JSON, without keys unless they are asked for.
    Export(export::Export),
    /// Say what a registry holds, or what it knows of one identity.
    Show(show::Show),
    Rotate(rotate::Rotate),
    Lists(lists::Lists),
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// A device.
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// A module of the device.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
}

impl Who {
    fn identity(&self) -> Result<Option<Identity<'_>>, Box<dyn Error>> {
        let Some(device) = &self.device else { return Ok(None) };
        let device = DeviceId::parse(device)?;
        Ok(Some(match &self.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module)?),
            None => Identity::Device(device),
        }))
    }

    fn named(&self) -> Result<Identity<'_>, Box<dyn Error>> {
        self.identity()?
            .ok_or_else(|| "whose? Name it: --device ID, and --module ID for a module of it".into())
    }
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Import(arguments) => import::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Rotate(arguments) => rotate::run(arguments),
        Command::Lists(arguments) => lists::run(arguments),
    }
}
