//! `hubward ca renew`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward_x509::certificate::common_name;
use zeroize::Zeroizing;

use super::arguments::{KeyTypeArgument, PeriodArguments};
use super::folder::{CaFolder, NewCa, read_if_exists};
use super::init::Ca;
use super::new_file::{new_key, read_key};
use crate::exit::misuse;
use crate::{Outcome, shown};

/// Make the successor of a CA, with the same name and a new key or certificate, in a new folder.
///
/// The old CA is not changed: trust both until nothing below the old one is in use.
#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The folder of the old CA.
    folder: PathBuf,
    /// The folder of the new CA, which must not exist.
    #[arg(long, value_name = "FOLDER")]
    output_folder: PathBuf,
    /// The folder of the CA that signs the new certificate. It is needed unless the CA is a root.
    #[arg(long, value_name = "FOLDER")]
    parent: Option<PathBuf>,
    /// Keep the private key, so that what the old CA issued is valid below the new one too.
    #[arg(long, conflicts_with = "key_type")]
    keep_key: bool,
    /// The type of the new key.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "p256")]
    key_type: KeyTypeArgument,
    #[command(flatten)]
    period: PeriodArguments,
}

pub(super) fn run(arguments: &Renew) -> Result<Outcome, Box<dyn Error>> {
    let old = CaFolder::open(&arguments.folder)?;
    let certificate = old.certificate()?;
    let parent = arguments.parent.as_deref().map(CaFolder::open).transpose()?;
    match (&parent, certificate.is_self_issued()) {
        (None, false) => return Err(misuse("this CA is not a root: name the CA above it with --parent")),
        (Some(_), true) => return Err(misuse("this CA is a root, which has no --parent")),
        _ => {}
    }
    let (key, text) = if arguments.keep_key {
        let file = arguments.folder.join("key.pem");
        let text = Zeroizing::new(std::fs::read_to_string(&file)?);
        (read_key(&file)?, text)
    } else {
        new_key(arguments.key_type.into())?
    };
    let basic = certificate.basic_constraints()?;
    let path_length = basic.and_then(|basic| basic.path_len).map(u8::try_from).transpose()?;
    let name = common_name(&certificate.subject())?;
    let ca = Ca { name: &name, key: &key, path_length };
    let new = ca.issue(parent.as_ref(), &arguments.period)?;
    let url = old.url.as_deref();
    // a first list under the same name and key would clear what the old CA has revoked
    let list = if arguments.keep_key { read_if_exists(&old.list())? } else { None };
    let list = list.as_deref().map(str::as_bytes);
    let ca = NewCa { key: &text, certificate: &new, parent: parent.as_ref(), url, list };
    CaFolder::create(&arguments.output_folder, &ca)?;
    writeln!(crate::out::stdout(), "{}: trust it before it issues", shown::file(&arguments.output_folder))?;
    Ok(Outcome::Good)
}
