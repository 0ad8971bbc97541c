//! `hubward roots apply`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward_ring::signature;
use hubward_x509::TrustBundle;

use super::{file, report};
use crate::Outcome;
use crate::clock::{self, at, now};
use crate::file::Seen;

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The update.
    update: PathBuf,
    /// The bundle in force, which the update replaces.
    #[arg(long)]
    to: PathBuf,
    /// Install the first bundle, where there is none yet: whoever runs this vouches for it.
    #[arg(long)]
    first: bool,
    /// The date to judge by (default: this machine's clock).
    #[arg(long, value_name = "DATE", value_parser = clock::first_second)]
    at: Option<u64>,
}

pub(super) fn run(arguments: &Apply) -> Result<Outcome, Box<dyn Error>> {
    let received = file::read(&arguments.update)?;
    let now = arguments.at.unwrap_or_else(now);
    let seen = Seen::of(&arguments.to)?;
    let outcome = if arguments.first {
        TrustBundle::provisioned(&received, signature::ALL)
    } else {
        let current = file::read(&arguments.to)
            .map_err(|error| format!("{error}; the first bundle is installed with --first"))?;
        let current = TrustBundle::provisioned(&current, signature::ALL)
            .map_err(|error| file::told(&arguments.to, &format_args!("not the bundle it was: {error}")))?;
        current.updated(&received, signature::ALL, at(now))
    };
    let bundle = match outcome {
        Ok(bundle) => bundle,
        Err(error) => {
            writeln!(std::io::stdout(), "refused: {error}; nothing has changed")?;
            return Ok(Outcome::Refused);
        }
    };
    let mut words = Vec::new();
    writeln!(words, "taken: version {} is in force", bundle.version())?;
    report::print(&mut words, &file::parse(&arguments.to, bundle.as_bytes())?, now)?;
    if arguments.first {
        file::create(&arguments.to, bundle.as_bytes(), &words)?;
    } else {
        file::write(&arguments.to, seen, bundle.as_bytes(), &words)?;
    }
    Ok(Outcome::Well)
}
