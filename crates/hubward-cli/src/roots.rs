//! `hubward roots build | sign | apply | report`: trust bundles, the root CAs of devices in the field.

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
    /// Build a trust bundle of root CAs, ready to be signed by its update keys.
    Build(build::Build),
    /// Add a signature to a trust bundle, made with a private key here or by an HSM.
    Sign(sign::Sign),
    /// Apply an update as a device does: with the signatures of the old and the new update keys, or not at all.
    Apply(apply::Apply),
    /// Report the CAs that a trust bundle trusts at a time, and when each of them expires.
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
