//! `hubward cloud inspect | sign | verify`: the credentials of the services around a hub.

mod endpoint;
pub(crate) mod inspect;
pub(crate) mod request;
mod sign;
mod storage;
mod verify;

use core::error::Error;
use std::io::Write;

use clap::Subcommand;
use hubward_cloud::{Inspection, ParseError};

use crate::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the scheme and the fields of a token, a header or a URL. No key is needed and nothing is verified.
    Inspect(inspect::Inspect),
    /// Sign a token or a request with the key of a service, and print the token or the header.
    Sign(Box<sign::Sign>),
    /// Verify a token or a header with the key of its service.
    Verify(verify::Verify),
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}

/// A text whose scheme is known.
enum Recognised<'t> {
    Parsed(Box<Inspection<'t>>),
    Malformed(ParseError),
}

/// Recognises the scheme of a text.
fn recognise(text: &str) -> Result<Recognised<'_>, Box<dyn Error>> {
    match hubward_cloud::inspect(text) {
        Some(Ok(inspection)) => Ok(Recognised::Parsed(Box::new(inspection))),
        Some(Err(error)) => Ok(Recognised::Malformed(error)),
        None if text.trim().is_empty() => Err("the input is empty: it has no token".into()),
        None => Err("the scheme is not known: the text is no token, header or URL of these services".into()),
    }
}

/// Prints a refusal. The text is not shown, because a malformed text may have its secret anywhere.
fn refuse(
    out: &mut impl Write,
    reason: &impl core::fmt::Display,
    code: &str,
) -> Result<Outcome, Box<dyn Error>> {
    writeln!(out, "refused: {reason} ({code})")?;
    Ok(Outcome::Refused)
}
