//! The program `hubward`, for its own `main` and its own tests: nothing here is an interface for other crates.

mod cert;
mod clock;
mod connection_string;
mod credentials;
mod demo;
mod enrollment;
mod file;
mod misuse;
mod policy;
mod progress;
mod registry;
mod roots;
mod secret;
mod shown;
mod token;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// The security core of an IoT hub, in a terminal.
#[derive(Debug, Parser)]
#[command(name = "hubward", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Provision a hub in memory, admit its clients, refuse impostors, and say why.
    Demo,
    /// Read connection strings.
    #[command(subcommand)]
    ConnectionString(connection_string::Command),
    /// Print what a client of a connection string sends on a transport.
    Credentials(credentials::Credentials),
    /// Sign, verify and inspect security tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// Inspect certificates, print their thumbprints, and judge chains.
    #[command(subcommand)]
    Cert(cert::Command),
    /// Print who may do what, and explain a decision.
    #[command(subcommand)]
    Policy(policy::Command),
    #[command(subcommand)]
    Registry(registry::Command),
    #[command(subcommand)]
    Enrollment(enrollment::Command),
    /// Build, sign, take and judge bundles of roots for devices in the field.
    #[command(subcommand)]
    Roots(roots::Command),
}

/// What a command came to.
enum Outcome {
    /// All is well.
    Well,
    /// Something was refused.
    Refused,
}

/// The tree of the program's arguments, which a test walks.
#[doc(hidden)]
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Arguments = match misuse::parse() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    let outcome = match arguments.command {
        Command::Demo => demo::run(),
        Command::ConnectionString(command) => connection_string::run(&command),
        Command::Credentials(arguments) => credentials::run(&arguments),
        Command::Token(command) => token::run(command),
        Command::Cert(command) => cert::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Registry(command) => registry::run(&command),
        Command::Enrollment(command) => enrollment::run(&command),
        Command::Roots(command) => roots::run(&command),
    };
    match outcome {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::FAILURE,
        // whoever read our output has gone: nothing to say and nobody to say it to
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubward: {error}");
            ExitCode::from(2)
        }
    }
}

fn is_closed_pipe(error: &(dyn core::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
