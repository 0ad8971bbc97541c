//! `hubward enrollment derive`.

use core::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hubward::types::RegistrationId;
use hubward_registry::derive_key;
use zeroize::Zeroizing;

use crate::Outcome;
use crate::file::{Seen, replace};
use crate::secret;

/// Make a device's key of its group's key. The device is given this one, never the group's.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("to").required(true).args(["print_key", "output"])))]
pub(crate) struct Derive {
    /// The device's registration id, as the device will write it.
    #[arg(long, value_name = "ID")]
    registration: String,
    /// A file with the group's base64 key (`-` is standard input); else the environment's HUBWARD_KEY.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Print the device's key.
    #[arg(long)]
    print_key: bool,
    /// Write the device's key to this file, for its owner alone.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Derive) -> Result<Outcome, Box<dyn Error>> {
    let id = RegistrationId::parse(&arguments.registration)?;
    let group = secret::key(arguments.key_file.as_deref(), "HUBWARD_KEY")?;
    let mut buffer = Zeroizing::new([0; 88]);
    let key = derive_key(&group, id.as_str());
    let key = key.expose_base64(&mut buffer);
    match &arguments.output {
        Some(path) => replace(path, Seen::of(path)?, |out| Ok(writeln!(out, "{key}")?))?,
        None => writeln!(stdout(), "{key}")?,
    }
    Ok(Outcome::Well)
}
