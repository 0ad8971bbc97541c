//! The configuration of a gateway, and its command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::limits::Limits;

/// Percent of the identities that one reading may delete, by default.
pub(crate) const DEFAULT_DELETE_SHARE: u8 = 10;

/// A reference gateway of an IoT hub: MQTT, HTTPS and AMQP over TLS.
#[derive(Debug, Parser)]
#[command(name = "hubward-gateway", version, about, arg_required_else_help = true)]
#[expect(clippy::exhaustive_structs, reason = "the command line of this program")]
pub struct Arguments {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of the program.
#[derive(Debug, Subcommand)]
#[expect(clippy::exhaustive_enums, reason = "the command line of this program")]
pub enum Command {
    /// Serve until SIGTERM or Ctrl-C; SIGHUP reads the files of the registry, the policies and the client
    /// CAs again.
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
    /// Another name of the hub in tokens and usernames, with a port if clients sign one.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub alias: Vec<String>,
    /// Identities, in the hub's import format: one JSON object a line.
    #[arg(long, value_name = "FILE", required_unless_present = "dev", conflicts_with = "dev")]
    pub registry: Option<PathBuf>,
    /// Percent of the identities that one reading of the registry's file may delete. A file that would delete more, or all,
    /// is refused because it may have been truncated. Up to 5 identities may be deleted while others are left, unless the
    /// share is 0. A file that ends with the number of its identities, {"identities":N}, is complete, and may delete any
    /// number.
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
    /// Certificate authorities that issue client certificates of devices, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "dev")]
    pub client_ca: Option<PathBuf>,
    /// Users of a directory, whose bearer tokens are accepted over HTTPS: issuer, keys and role assignments, in JSON.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// Address to listen on for MQTT over TLS.
    #[arg(long, value_name = "ADDR")]
    pub mqtt: Option<String>,
    /// Address to listen on for HTTPS.
    #[arg(long, value_name = "ADDR")]
    pub https: Option<String>,
    /// Address to listen on for AMQP over TLS.
    #[arg(long, value_name = "ADDR")]
    pub amqps: Option<String>,
    /// Address to serve the metrics on over plain HTTP, at `/metrics`. A port alone listens on 127.0.0.1.
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<String>,
    /// Accept tokens only as the documentation describes them: no leeway after the expiry, one encoding, known fields.
    #[arg(long)]
    pub strict: bool,
    /// Limits on the resources that peers may use.
    #[command(flatten)]
    pub limits: Limits,
}

/// The configuration of a gateway.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "an embedder fills in all of it")]
pub struct Config {
    /// The hub's host name.
    pub hub: String,
    /// Other names of the hub in tokens and usernames.
    pub aliases: Vec<String>,
    /// The file of identities.
    pub registry: PathBuf,
    /// Percent of the identities that one reading of that file may delete.
    pub max_delete_share: u8,
    /// The file of shared access policies.
    pub policies: PathBuf,
    /// The server's certificate and its intermediates.
    pub cert: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
    /// The certificate authorities of devices.
    pub client_ca: Option<PathBuf>,
    /// The file of users.
    pub users: Option<PathBuf>,
    /// Address to listen on for MQTT; not served if `None`.
    pub mqtt: Option<String>,
    /// Address to listen on for HTTPS; not served if `None`.
    pub https: Option<String>,
    /// Address to listen on for AMQP; not served if `None`.
    pub amqps: Option<String>,
    /// Address to serve the metrics on over plain HTTP; not served if `None`. A port alone listens on 127.0.0.1.
    pub metrics: Option<String>,
    /// Verifies tokens by `TokenRules::STRICT` if set, by `TokenRules::HUB_COMPAT` if not.
    pub strict: bool,
    /// Limits on the resources that peers may use.
    pub limits: Limits,
}

impl Serve {
    /// Returns the configuration of a gateway; `None` if a required file is missing, which `--dev` permits.
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
