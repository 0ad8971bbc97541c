//! `hubward roots build | sign | apply | report`: the roots of devices in the field.

mod apply;
mod build;
mod file;
mod report;
mod server;
mod sign;

use core::error::Error;

use clap::Subcommand;

use crate::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put together a bundle of roots, for its keys to sign.
    Build(build::Build),
    /// Add a signature to a bundle, with a key that is here or with one that an HSM made.
    Sign(sign::Sign),
    /// Take an update, as a device does: with the signatures of the keys before and after, or not at all.
    Apply(apply::Apply),
    /// Say what a bundle trusts at a date, and what of it stops when.
    Report(report::Report),
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Build(arguments) => build::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Apply(arguments) => apply::run(arguments),
        Command::Report(arguments) => report::run(arguments),
    }
}
