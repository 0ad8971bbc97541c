//! `hubward enrollment derive`.

use core::error::Error;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hubward::types::RegistrationId;
use hubward_registry::derive_key;
use zeroize::Zeroizing;

use crate::Outcome;
use crate::exit::OrMisuse;
use crate::file::OutputArguments;
use crate::secret;

/// Derive the key of a device from the key of its group. The device gets the derived key, never the group's.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("to").required(true).args(["print_key", "output"])))]
pub(crate) struct Derive {
    /// The registration id of the device, in the spelling that the device uses.
    #[arg(long, value_name = "ID")]
    registration: String,
    /// A file with the base64 key of the group, `-` for standard input (default: the environment's HUBWARD_KEY).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Print the key of the device.
    #[arg(long)]
    print_key: bool,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Derive) -> Result<Outcome, Box<dyn Error>> {
    let id = RegistrationId::parse(&arguments.registration).or_misuse()?;
    let group = secret::key(arguments.key_file.as_deref(), "HUBWARD_KEY")?;
    let mut buffer = Zeroizing::new([0; 88]);
    let key = derive_key(&group, id.as_str());
    let key = key.expose_base64(&mut buffer);
    arguments.output.write(|out| Ok(writeln!(out, "{key}")?))?;
    Ok(Outcome::Good)
}
