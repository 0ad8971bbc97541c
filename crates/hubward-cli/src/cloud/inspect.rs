//! `hubward cloud inspect`.

use core::error::Error;
use std::path::PathBuf;

use clap::Args;
use hubward_inspect::cloud::print;

use super::{Recognised, recognise, refuse};
use crate::Outcome;
use crate::clock::NowArgument;
use crate::secret;

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the token, the header or the URL; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    token: PathBuf,
    #[command(flatten)]
    now: NowArgument,
}

pub(super) fn run(arguments: &Inspect) -> Result<Outcome, Box<dyn Error>> {
    let text = secret::read(Some(&arguments.token), "HUBWARD_TOKEN")?;
    let mut out = crate::out::stdout();
    let inspection = match recognise(&text)? {
        Recognised::Parsed(inspection) => inspection,
        Recognised::Malformed(error) => return refuse(&mut out, &error, error.code()),
    };
    Ok(print(&mut out, &inspection, arguments.now.time())?)
}
