//! The program `hubward`, as a library for its `main` and its tests. Nothing here is an interface for other crates.

mod bench;
mod ca;
mod cert;
mod clock;
mod cloud;
mod codes;
mod connection_string;
mod credentials;
mod demo;
mod diagnose;
mod doctor;
mod enrollment;
mod exit;
mod explain;
mod file;
mod generate;
mod inspect;
mod misuse;
mod out;
mod policy;
mod progress;
mod registry;
mod roots;
mod secret;
mod shown;
mod terminal;
mod times;
mod token;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[doc(hidden)]
pub use bench::RECORDED_NS;
use exit::{Outcome, status};

/// Authentication and authorization of IoT devices, in a terminal.
///
/// Exit status: 0 good, 1 refused, 2 wrong command line, 3 could not be judged.
#[derive(Debug, Parser)]
#[command(name = "hubward", version, long_version = LONG_VERSION, about, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    form: out::OutputForm,
    #[command(subcommand)]
    command: Command,
}

/// The text of `hubward --version`.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nfeatures: json, issue",
    "\nregistries: lines of JSON, sealed files, SQLite",
    "\nproviders: RustCrypto for HMAC-SHA256; ring for AES-256-GCM, SHA-2, ECDSA, Ed25519 and RSA"
);

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the meaning of a stable code: its sentence, its cause, the cure, and the word that a peer is told.
    Explain(explain::Explain),
    /// Say what a pasted text is, field by field, and what is wrong with it: tokens, keys, connection strings, certificates,
    /// requests, revocation lists, JWTs, URLs, usernames, headers and JSON. Secrets are not shown.
    Inspect(inspect::Inspect),
    #[command(subcommand)]
    Diagnose(diagnose::Command),
    Doctor(doctor::Doctor),
    /// Provision a hub in memory, authenticate its clients, refuse impostors, and explain each verdict.
    Demo,
    Bench(bench::Bench),
    /// Read connection strings.
    #[command(subcommand)]
    ConnectionString(connection_string::Command),
    /// Print the credentials that a client with a connection string sends over a transport.
    Credentials(credentials::Credentials),
    /// Sign, verify and inspect SAS tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// Make certificate authorities, and issue and revoke the certificates of a fleet.
    #[command(subcommand)]
    Ca(ca::Command),
    /// Sign, verify and inspect tokens and headers of Event Hubs, Service Bus, Storage, Cosmos DB and Event Grid.
    #[command(subcommand)]
    Cloud(cloud::Command),
    /// Inspect X.509 certificates, print their thumbprints, verify chains, and make requests.
    #[command(subcommand)]
    Cert(cert::Command),
    /// Print permissions and TLS rules, and explain an authorization decision.
    #[command(subcommand)]
    Policy(policy::Command),
    #[command(subcommand)]
    Registry(registry::Command),
    #[command(subcommand)]
    Enrollment(enrollment::Command),
    /// Build, sign, apply and report on trust bundles: the root CAs of devices in the field.
    #[command(subcommand)]
    Roots(roots::Command),
    Completions(generate::Completions),
    Man(generate::Man),
}

/// Returns the tree of the program's arguments, for tests.
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
    arguments.form.apply();
    status(match arguments.command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Diagnose(command) => diagnose::run(&command),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Demo => demo::run(),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::ConnectionString(command) => connection_string::run(&command),
        Command::Credentials(arguments) => credentials::run(&arguments),
        Command::Token(command) => token::run(command),
        Command::Ca(command) => ca::run(&command),
        Command::Cloud(command) => cloud::run(&command),
        Command::Cert(command) => cert::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Registry(command) => registry::run(&command),
        Command::Enrollment(command) => enrollment::run(&command),
        Command::Roots(command) => roots::run(&command),
        Command::Completions(arguments) => generate::completions(&arguments),
        Command::Man(arguments) => generate::man(&arguments),
    })
}
