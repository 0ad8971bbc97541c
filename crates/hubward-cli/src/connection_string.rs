//! `hubward connection-string inspect`.

use core::error::Error;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hubward_connection_string::ParseOptions;
use hubward_inspect::connection_string::print;

use crate::Outcome;
use crate::secret;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the kind and the fields of a connection string, and the first error in it. Secrets are not shown.
    Inspect(Inspect),
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the connection string; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    connection_string: PathBuf,
    /// The rules to parse by.
    #[arg(long, value_enum, value_name = "RULES", default_value_t = Rules::Strict)]
    rules: Rules,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rules {
    /// Unknown fields and endpoints without TLS are errors.
    Strict,
    /// Unknown fields are kept, and endpoints without TLS are allowed.
    Compatible,
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    let Command::Inspect(arguments) = command;
    let text = secret::read(Some(&arguments.connection_string), "HUBWARD_CONNECTION_STRING")?;
    let options = match arguments.rules {
        Rules::Strict => ParseOptions::STRICT,
        Rules::Compatible => ParseOptions::COMPATIBLE,
    };
    Ok(print(&mut crate::out::stdout(), &text, &options, "kind")?)
}
