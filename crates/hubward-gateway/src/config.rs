//! What a gateway is started with, and the command line that says it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::limits::Limits;

/// Percent of the identities that one reading may delete, where nothing else is said.
pub(crate) const DEFAULT_DELETE_SHARE: u8 = 10;

/// A reference front door of an IoT hub.
#[derive(Debug, Parser)]
#[command(name = "hubward-gateway", version, about, arg_required_else_help = true)]
#[expect(clippy::exhaustive_structs, reason = "the command line of this program")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
#[expect(clippy::exhaustive_enums, reason = "the command line of this program")]
pub enum Command {
    /// Serve until SIGTERM or Ctrl-C; SIGHUP reads the registry's and the policies' files again.
    Serve(Serve),
}

/// The arguments of `serve`.
#[derive(Debug, Args)]
#[expect(clippy::exhaustive_structs, reason = "the command line of this program")]
pub struct Serve {
    /// Make a hub `localhost` with devices, keys and certificates in a temporary folder, and print how to connect.
    #[arg(long)]
    pub dev: bool,
    /// The hub's host name, as clients sign it.
    #[arg(long, required_unless_present = "dev")]
    pub hub: Option<String>,
    /// Another name by which tokens and usernames may call the hub, with a port where clients sign one.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub alias: Vec<String>,
    /// Identities, in the hub's import format: one JSON object a line.
    #[arg(long, value_name = "FILE", required_unless_present = "dev", conflicts_with = "dev")]
    pub registry: Option<PathBuf>,
    /// Percent of the identities that one reading of the registry's file may delete. More than that is refused, for the
    /// file may have been cut; so is a file without any. Up to 5 of them are always deleted while others are left. A file
    /// that ends with the number of its identities, {"identities":N}, is whole, and may delete any number.
    #[arg(long, value_name = "PERCENT", default_value_t = DEFAULT_DELETE_SHARE,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_delete_share: u8,
    /// Shared access policies: a JSON array of {keyName, primaryKey, secondaryKey, rights}.
    #[arg(long, value_name = "FILE", required_unless_present = "dev", conflicts_with = "dev")]
    pub policies: Option<PathBuf>,
    /// The server's certificate and its intermediates, in PEM.
    #[arg(long, value_name = "FILE", required_unless_present = "dev", conflicts_with = "dev")]
    pub cert: Option<PathBuf>,
    /// The server's private key, in PEM.
    #[arg(long, value_name = "FILE", required_unless_present = "dev", conflicts_with = "dev")]
    pub key: Option<PathBuf>,
    /// Authorities whose certificates devices may prove themselves with, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "dev")]
    pub client_ca: Option<PathBuf>,
    /// Users of a directory, whose bearer tokens are admitted over HTTPS: issuer, keys and role assignments, in JSON.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// Where to listen for MQTT over TLS.
    #[arg(long, value_name = "ADDR")]
    pub mqtt: Option<String>,
    /// Where to listen for HTTPS.
    #[arg(long, value_name = "ADDR")]
    pub https: Option<String>,
    /// Where to listen for AMQP over TLS.
    #[arg(long, value_name = "ADDR")]
    pub amqps: Option<String>,
    /// Where to serve the counters over plain HTTP, at `/metrics`. A port alone is one of 127.0.0.1.
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<String>,
    /// Take tokens only as the documentation prescribes them: no leeway after their expiry, one encoding, known fields.
    #[arg(long)]
    pub strict: bool,
    /// Bounds of what peers may take.
    #[command(flatten)]
    pub limits: Limits,
}

/// What a gateway is started with.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "an embedder fills in all of it")]
pub struct Config {
    /// The hub's host name.
    pub hub: String,
    /// Other names by which tokens and usernames may call it.
    pub aliases: Vec<String>,
    /// The file of identities.
    pub registry: PathBuf,
    /// Percent of the identities that one reading of that file may delete.
    pub max_delete_share: u8,
    /// The file of shared access policies.
    pub policies: PathBuf,
    /// The server's certificate with its intermediates.
    pub cert: PathBuf,
    /// The server's key.
    pub key: PathBuf,
    /// The authorities of devices.
    pub client_ca: Option<PathBuf>,
    /// The file of users.
    pub users: Option<PathBuf>,
    /// Where to listen for MQTT; nowhere without.
    pub mqtt: Option<String>,
    /// Where to listen for HTTPS; nowhere without.
    pub https: Option<String>,
    /// Where to listen for AMQP; nowhere without.
    pub amqps: Option<String>,
    /// Where to serve the counters over plain HTTP; nowhere without. A port alone is one of 127.0.0.1.
    pub metrics: Option<String>,
    /// Whether tokens are judged by `TokenRules::STRICT`, else by `HUB_COMPAT`.
    pub strict: bool,
    /// Bounds of what peers may take.
    pub limits: Limits,
}

impl Serve {
    /// The configuration of a gateway over files; `None` where one of them is missing, as it may be with `--dev`.
    pub(crate) fn config(self) -> Option<Config> {
        Some(Config {
            hub: self.hub?,
            aliases: self.alias,
            registry: self.registry?,
            max_delete_share: self.max_delete_share,
            policies: self.policies?,
            cert: self.cert?,
            key: self.key?,
            client_ca: self.client_ca,
            users: self.users,
            mqtt: self.mqtt,
            https: self.https,
            amqps: self.amqps,
            metrics: self.metrics,
            strict: self.strict,
            limits: self.limits,
        })
    }
}
