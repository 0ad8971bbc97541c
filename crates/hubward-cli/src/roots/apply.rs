//! `hubward roots apply`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hubward_ring::signature;
use hubward_x509::{SignedBundle, TrustBundle};

use super::{file, report};
use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::exit::misuse;
use crate::file::{OutputArguments, Seen, replace_saying};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("from").required(true).args(["current", "first"])))]
pub(crate) struct Apply {
    /// The update: a signed trust bundle.
    #[arg(value_name = "BUNDLE")]
    update: PathBuf,
    /// The bundle in force. The update replaces it, unless `--output` names another file.
    #[arg(long, value_name = "FILE")]
    current: Option<PathBuf>,
    /// Install the first bundle to `--output`. Only the caller is responsible for its origin.
    #[arg(long, requires = "output")]
    first: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    now: NowArgument,
}

pub(super) fn run(arguments: &Apply) -> Result<Outcome, Box<dyn Error>> {
    let received = file::read(&arguments.update)?;
    let now = arguments.now.seconds();
    let target = arguments.output.target()?;
    let (result, in_place) = match &arguments.current {
        None => (TrustBundle::load(&received, signature::ALL), None),
        Some(path) => {
            let seen = Seen::of(path)?;
            let current = TrustBundle::load(&file::read(path)?, signature::ALL).map_err(|error| {
                file::error(path, &format_args!("the bundle in force is damaged: {error}"))
            })?;
            (current.updated(&received, signature::ALL, at(now)), Some((path, seen)))
        }
    };
    let bundle = match result {
        Ok(bundle) => bundle,
        Err(error) => {
            writeln!(crate::out::stdout(), "refused: {error}; no file was changed")?;
            return Ok(Outcome::Refused);
        }
    };
    let mut message = Vec::new();
    writeln!(message, "applied: version {} is in force", bundle.version())?;
    let signed = SignedBundle::parse(bundle.as_bytes())?;
    report::print(&mut message, &signed, now)?;
    let write = |out: &mut dyn Write| Ok(out.write_all(bundle.as_bytes())?);
    match (target, in_place) {
        (Some(target), _) => target.write(write, &message)?,
        (None, Some((path, seen))) => replace_saying(path, seen, write, &message)?,
        (None, None) => return Err(misuse("--first needs --output FILE")),
    }
    Ok(Outcome::Good)
}
