//! `hubward cloud sign`.

use core::error::Error;
use core::time::Duration;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hubward::sas::expires_after;
use hubward::types::UnixTime;
use hubward_cloud::service_bus::Audience;
use hubward_cloud::storage::{
    Permissions, Resource, ResourceType, SasKind, Service, UnsignedSas, Version, shared_key,
};
use hubward_cloud::{AccountKey, MasterKey, ServiceBusKey, TopicKey, event_grid, service_bus};
use hubward_rustcrypto::GeneralKey;

use super::{endpoint, request};
use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::exit::{OrMisuse, misuse};
use crate::{secret, times};

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The scheme to sign by.
    #[arg(long, value_enum, value_name = "SCHEME")]
    scheme: Scheme,
    /// The URL of the resource; for Shared Key, that of the account's service.
    #[arg(long, value_name = "RESOURCE")]
    resource: Option<String>,
    /// The rule of Event Hubs or Service Bus whose key signs.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// The permission letters of a storage token, such as rw.
    #[arg(long, value_name = "LETTERS")]
    permissions: Option<String>,
    /// A file with the request that Shared Key and Cosmos DB sign; its first line is `GET /path`.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The time from now until the token expires, such as 1h30m.
    #[arg(long, value_name = "DURATION", default_value = "1h", conflicts_with = "expiry",
        value_parser = times::parse_duration)]
    ttl: Duration,
    /// The time at which the token expires: 2026-06-30 or 2026-06-30T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = times::parse_start)]
    expiry: Option<u64>,
    /// A file with the key, `-` for standard input (default: the environment's HUBWARD_KEY).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    now: NowArgument,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scheme {
    /// A token of Event Hubs or Service Bus.
    ServiceBus,
    /// A token of a storage account, for HTTPS only.
    Storage,
    /// The header of a request to a storage account.
    SharedKey,
    /// The same with fewer signed headers.
    SharedKeyLite,
    /// The header of a request to Cosmos DB.
    Cosmos,
    /// A token of an Event Grid topic.
    EventGrid,
}

pub(super) fn run(arguments: &Sign) -> Result<Outcome, Box<dyn Error>> {
    let stdin = Some(Path::new("-"));
    if arguments.key_file.as_deref() == stdin && arguments.request.as_deref() == stdin {
        return Err(misuse("the key and the request cannot both come from standard input"));
    }
    let expires = match arguments.expiry {
        Some(expiry) => at(expiry),
        None => expires_after(arguments.now.time(), arguments.ttl).or_misuse()?,
    };
    let signed = match arguments.scheme {
        Scheme::ServiceBus => {
            let policy = arguments.policy.as_deref();
            let policy = policy.ok_or_else(|| misuse("--policy names the rule whose key signs"))?;
            let audience = Audience::new(resource(arguments)?).or_misuse()?;
            let unsigned = service_bus::UnsignedToken::new(audience, policy, expires).or_misuse()?;
            unsigned.sign(&ServiceBusKey::<GeneralKey>::from_text(&key(arguments)?)?).to_string()
        }
        Scheme::EventGrid => {
            let unsigned = event_grid::UnsignedToken::new(resource(arguments)?, expires).or_misuse()?;
            unsigned.sign(&TopicKey::<GeneralKey>::from_base64(&key(arguments)?)?).to_string()
        }
        Scheme::Storage => storage(arguments, expires)?,
        Scheme::SharedKey => shared_key(arguments, shared_key::Scheme::SharedKey)?,
        Scheme::SharedKeyLite => shared_key(arguments, shared_key::Scheme::SharedKeyLite)?,
        Scheme::Cosmos => {
            let file = request::read(arguments.request.as_deref())?;
            let request = request::parse(&file)?.cosmos()?;
            request.sign(&MasterKey::<GeneralKey>::from_base64(&key(arguments)?)?).to_string()
        }
    };
    writeln!(crate::out::stdout(), "{signed}")?;
    Ok(Outcome::Good)
}

fn key(arguments: &Sign) -> Result<zeroize::Zeroizing<String>, Box<dyn Error>> {
    secret::read(arguments.key_file.as_deref(), "HUBWARD_KEY")
}

fn resource(arguments: &Sign) -> Result<&str, Box<dyn Error>> {
    arguments.resource.as_deref().ok_or_else(|| misuse("--resource names the URL of the resource"))
}

/// Signs a token for a resource: of the account for the URL of a service, else of the resource's kind.
fn storage(arguments: &Sign, expires: UnixTime) -> Result<String, Box<dyn Error>> {
    let resource = endpoint::resource(resource(arguments)?).or_misuse()?;
    let letters = arguments.permissions.as_deref();
    let letters = letters.ok_or_else(|| misuse("--permissions gives the letters of the token"))?;
    let service = resource.service_of().letter().to_string();
    let kind = kind(&resource);
    let mut unsigned = match kind {
        SasKind::Account => UnsignedSas::account(&service, "sco", Version::LATEST).or_misuse()?,
        kind => UnsignedSas::new(kind, Version::LATEST).or_misuse()?,
    };
    let table = resource.container_name().map(|name| name.to_string()).unwrap_or_default();
    if kind == SasKind::Table {
        unsigned = unsigned.with_table(&table).or_misuse()?;
    }
    let unsigned = unsigned
        .with_permissions(Permissions::parse(kind, letters).or_misuse()?)
        .with_expiry(expires)
        .or_misuse()?
        .https_only()
        .or_misuse()?;
    let key = AccountKey::<GeneralKey>::from_base64(&key(arguments)?)?;
    Ok(unsigned.sign(&resource, &key).or_misuse()?.to_string())
}

fn kind(resource: &Resource<'_>) -> SasKind {
    match (resource.service_of(), resource.resource_type()) {
        (_, ResourceType::Service) => SasKind::Account,
        (Service::Blob, ResourceType::Container) => SasKind::Container,
        (Service::Blob, _) => SasKind::Blob,
        (Service::File, ResourceType::Container) => SasKind::Share,
        (Service::File, _) => SasKind::File,
        (Service::Queue, _) => SasKind::Queue,
        _ => SasKind::Table,
    }
}

fn shared_key(arguments: &Sign, scheme: shared_key::Scheme) -> Result<String, Box<dyn Error>> {
    let host = endpoint::resource(resource(arguments)?).or_misuse()?;
    let file = request::read(arguments.request.as_deref())?;
    let parsed = request::parse(&file)?;
    let request = shared_key::Request::new(host.service_of(), parsed.method, parsed.target, &parsed.headers)?;
    let key = AccountKey::<GeneralKey>::from_base64(&key(arguments)?)?;
    Ok(request.sign(host.account(), scheme, &key).to_string())
}
