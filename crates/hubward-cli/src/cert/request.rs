//! `hubward cert request`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hubward::types::{DeviceId, ModuleId};
use hubward_x509::issue::{IssuerKey, request};

use crate::Outcome;
use crate::ca::{KeyTypeArgument, new_key, pem_text, read_key, write_new};
use crate::exit::OrMisuse;
use crate::file::OutputArguments;

/// Make a request (PKCS#10) for the certificate of a device or module, signed with its key.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("key").required(true).args(["key_file", "new_key_file"])))]
pub(crate) struct Request {
    /// The id of the device.
    #[arg(long, value_name = "ID")]
    device: String,
    /// The module of that device.
    #[arg(long, value_name = "ID")]
    module: Option<String>,
    /// A file with the private key in PEM; `-` for standard input.
    // a pasted PEM key begins with hyphens: the error must name this argument
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    key_file: Option<PathBuf>,
    /// A new file for a new private key. It is never written over a file.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    /// The type of a new key.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "p256", conflicts_with = "key_file")]
    key_type: KeyTypeArgument,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Request) -> Result<Outcome, Box<dyn Error>> {
    let mut name = DeviceId::parse(&arguments.device).or_misuse()?.as_str().to_owned();
    if let Some(module) = &arguments.module {
        name = [&name, "/", ModuleId::parse(module).or_misuse()?.as_str()].concat();
    }
    // before a key is written
    let target = arguments.output.target()?;
    let key = match (&arguments.key_file, &arguments.new_key_file) {
        (_, Some(file)) => {
            let (key, text) = new_key(arguments.key_type.into())?;
            write_new(file, text.as_bytes())?;
            key
        }
        (Some(file), None) => read_key(file)?,
        (None, None) => return Err("no key".into()),
    };
    let text = pem_text("CERTIFICATE REQUEST", &request(&name, &IssuerKey::of(&key)?)?.sign(&key)?)?;
    match target {
        Some(target) => target.write(|out| Ok(out.write_all(text.as_bytes())?), &[])?,
        None => crate::out::stdout().write_all(text.as_bytes())?,
    }
    Ok(Outcome::Good)
}
