//! The configuration of a gateway, and its command line.

use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hubward::registry::TpmWrapper;
use hubward_store::FeedTimes;

use crate::amqp::EventsEndpoint;
use crate::console::ConsoleAddress;
use crate::limits::{Limits, seconds};
use crate::messages::CloudMessages;
use crate::revocation::{CrlArguments, CrlConfig};
use crate::store::{StoreConfig, StorePlace};

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
    /// Serve until SIGTERM or Ctrl-C; SIGHUP reads the files of the registry, the policies, the users, the server's
    /// certificates, the client CAs and the revocation lists again.
    Serve(Box<Serve>),
    /// Check a file of settings and the files that it names, without serving.
    Check {
        /// The file, in TOML.
        file: PathBuf,
    },
}

/// The format of the log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[non_exhaustive]
pub enum LogFormat {
    /// One line of text for each event.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The arguments of `serve`.
#[derive(Debug, Args)]
#[expect(clippy::exhaustive_structs, reason = "the command line of this program")]
pub struct Serve {
    /// Settings in TOML: each has the name of an argument of this command, without its dashes. An argument of the command
    /// line overrides the file's, and is added to it if it may be repeated.
    #[arg(long, value_name = "FILE", conflicts_with = "dev")]
    pub config: Option<PathBuf>,
    /// The format of the log on standard error. RUST_LOG chooses what is logged.
    #[arg(long, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Make a hub `localhost` with devices, keys and certificates in a temporary folder, and print how to connect.
    #[arg(long)]
    pub dev: bool,
    /// The hub's host name, as clients sign it.
    #[arg(long, required_unless_present_any = ["dev", "config"])]
    pub hub: Option<String>,
    /// Another name of the hub in tokens and usernames, with a port if clients sign one.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub alias: Vec<String>,
    /// The registry. `sqlite:FILE` is a durable one in a file, which is created if it does not exist;
    /// `postgres://USER@HOST:PORT/DATABASE` is one that gateways share. A name without one of these is a file of
    /// identities in the hub's import format, one JSON object a line: changes over HTTPS are then lost when the gateway ends.
    #[arg(long, value_name = "FILE|URL", required_unless_present_any = ["dev", "config"], conflicts_with = "dev")]
    pub registry: Option<String>,
    /// The key that seals the keys of a durable registry: 32 bytes in base64, and former keys on further lines. For
    /// `sqlite:FILE` it is FILE.key by default, and is created with the registry.
    #[arg(long, value_name = "FILE")]
    pub registry_key_file: Option<PathBuf>,
    /// Certificate authorities of the database's certificate, in PEM: connections to it then need TLS, as they do off
    /// this machine. Its password is in the environment variable HUBWARD_REGISTRY_PASSWORD, or in the file that
    /// HUBWARD_REGISTRY_PASSWORD_FILE names.
    #[arg(long, value_name = "FILE")]
    pub registry_ca: Option<PathBuf>,
    /// Seconds without an answer of a durable registry after which no session is admitted.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub feed_timeout: Duration,
    /// Seconds without an answer of a durable registry after which all sessions end.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub feed_grace: Duration,
    /// Percent of the identities that one reading of the registry's file may delete. A file that would delete more, or all,
    /// is refused because it may have been truncated. Up to 5 identities may be deleted while others are left, unless the
    /// share is 0. A file that ends with the number of its identities, {"identities":N}, is complete, and may delete any
    /// number.
    #[arg(long, value_name = "PERCENT", default_value_t = DEFAULT_DELETE_SHARE,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_delete_share: u8,
    /// Shared access policies: a JSON array of {keyName, primaryKey, secondaryKey, rights}. For a durable registry it is
    /// the first content; later the gateway starts only if it equals the registry's policies, or without it.
    #[arg(long, value_name = "FILE", conflicts_with = "dev")]
    pub policies: Option<PathBuf>,
    /// The provisioning service to serve too, in JSON: idScope, host, individuals, groups and policies. For a
    /// durable registry it is the first content; later the gateway starts only if it equals the registry's, or without it.
    #[arg(long, value_name = "FILE")]
    pub provisioning: Option<PathBuf>,
    /// The server's certificate and its intermediates, in PEM.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["dev", "config"], conflicts_with = "dev")]
    pub cert: Option<PathBuf>,
    /// The server's private key, in PEM.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["dev", "config"], conflicts_with = "dev")]
    pub key: Option<PathBuf>,
    /// A further certificate of the server with its intermediates, in PEM, for clients that name a host of it in their
    /// handshake (SNI).
    #[arg(long, value_name = "FILE", requires = "sni_key")]
    pub sni_cert: Vec<PathBuf>,
    /// The private key of the `--sni-cert` at the same position, in PEM.
    #[arg(long, value_name = "FILE", requires = "sni_cert")]
    pub sni_key: Vec<PathBuf>,
    /// Certificate authorities that issue client certificates of devices, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "dev")]
    pub client_ca: Option<PathBuf>,
    /// Refuse to start if a certificate of `--client-ca` or a list of `--crls` cannot be read, instead of passing over it,
    /// and trust no authority of version 1.
    #[arg(long, requires = "client_ca")]
    pub strict_ca: bool,
    /// Revocation lists of those authorities.
    #[command(flatten)]
    pub revocation: CrlArguments,
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
    /// Event Hubs endpoint to which services are redirected that attach to `/messages/events` over AMQP.
    #[arg(long, value_name = "amqps://HOST[:PORT]/NAME")]
    pub events: Option<EventsEndpoint>,
    /// Address to serve the metrics on over plain HTTP, at `/metrics`. A port alone listens on 127.0.0.1.
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<String>,
    /// Address to serve the console on over plain HTTP, on this machine only: a port, 127.0.0.1:PORT,
    /// localhost:PORT, or ::1 in brackets with a port. It shows connections and refusals to a service with RegistryRead and ServiceConnect.
    #[arg(long, value_name = "ADDR")]
    pub console: Option<ConsoleAddress>,
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
    /// The file of identities. With a durable registry it is the first content of an empty one.
    pub registry: Option<PathBuf>,
    /// The durable registry. Without one, changes over HTTPS are lost when the gateway ends.
    pub store: Option<StoreConfig>,
    /// The times after which a gateway that a durable registry does not answer admits no session, and ends its sessions.
    pub feed: FeedTimes,
    /// Percent of the identities that one reading of that file may delete.
    pub max_delete_share: u8,
    /// The file of shared access policies. With a durable registry it is the first content of an empty one, and must
    /// equal the registry's later.
    pub policies: Option<PathBuf>,
    /// The file of the provisioning service. With a durable registry it is the first content of one without a provisioning
    /// service, and must equal the registry's later.
    pub provisioning: Option<PathBuf>,
    /// The server's certificate and its intermediates.
    pub cert: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
    /// Further certificates of the server, for clients that name a host of them (SNI).
    pub sni_certs: Vec<PathBuf>,
    /// Their private keys, in the same order.
    pub sni_keys: Vec<PathBuf>,
    /// The certificate authorities of devices.
    pub client_ca: Option<PathBuf>,
    /// Whether every authority and every revocation list must be readable, and every authority of version 3.
    pub strict_ca: bool,
    /// The revocation lists of those authorities. Without them revocation is not checked.
    pub crls: Option<CrlConfig>,
    /// The file of users.
    pub users: Option<PathBuf>,
    /// Address to listen on for MQTT; not served if `None`.
    pub mqtt: Option<String>,
    /// Address to listen on for HTTPS; not served if `None`.
    pub https: Option<String>,
    /// Address to listen on for AMQP; not served if `None`.
    pub amqps: Option<String>,
    /// The Event Hubs endpoint to which services are redirected that receive the hub's events.
    pub events: Option<EventsEndpoint>,
    /// Address to serve the metrics on over plain HTTP; not served if `None`. A port alone listens on 127.0.0.1.
    pub metrics: Option<String>,
    /// Address to serve the console on over plain HTTP; not served if `None`.
    pub console: Option<ConsoleAddress>,
    /// Verifies tokens by `TokenRules::STRICT` if set, by `TokenRules::HUB_COMPAT` if not.
    pub strict: bool,
    /// The store of messages from services to devices; in memory if `None`.
    pub messages: Option<Arc<dyn CloudMessages>>,
    /// Wraps keys for the TPMs of devices that register; they are refused if `None`.
    pub tpm: Option<Arc<dyn TpmWrapper>>,
    /// Whether a twin that is asked for is answered as an empty one, for clients that ask when they connect. Twins are
    /// not implemented.
    pub empty_twins: bool,
    /// Limits on the resources that peers may use.
    pub limits: Limits,
}

impl Serve {
    /// Returns the configuration of a gateway; `None` if a required file is missing, which `--dev` permits.
    pub(crate) fn config(self) -> Option<Config> {
        let feed = FeedTimes { timeout: self.feed_timeout, grace: self.feed_grace };
        let place = StorePlace::parse(self.registry.as_deref()?);
        let registry = if place.is_some() { None } else { self.registry.map(PathBuf::from) };
        let store = place.map(|place| StoreConfig {
            place,
            key_file: self.registry_key_file,
            authorities: self.registry_ca,
        });
        // without a durable registry, the policies have no other place
        if store.is_none() && self.policies.is_none() {
            return None;
        }
        Some(Config {
            hub: self.hub?,
            aliases: self.alias,
            registry,
            store,
            feed,
            max_delete_share: self.max_delete_share,
            policies: self.policies,
            provisioning: self.provisioning,
            cert: self.cert?,
            key: self.key?,
            sni_certs: self.sni_cert,
            sni_keys: self.sni_key,
            client_ca: self.client_ca,
            strict_ca: self.strict_ca,
            crls: self.revocation.config(),
            users: self.users,
            mqtt: self.mqtt,
            https: self.https,
            amqps: self.amqps,
            events: self.events,
            metrics: self.metrics,
            console: self.console,
            strict: self.strict,
            messages: None,
            tpm: None,
            empty_twins: false,
            limits: self.limits,
        })
    }
}
