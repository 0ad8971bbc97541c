//! `hubward cloud sign`.

use core::error::Error;
use core::time::Duration;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hubward::sas::expires_after;
use hubward_cloud::service_bus::Audience;
use hubward_cloud::storage::shared_key;
use hubward_cloud::{AccountKey, MasterKey, ServiceBusKey, TopicKey, event_grid, service_bus};
use hubward_rustcrypto::GeneralKey;

use super::{endpoint, request, storage};
use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::exit::{OrMisuse, misuse};
use crate::{secret, times};

/// The default of --ttl.
const HOUR: Duration = Duration::from_secs(3_600);

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
    #[command(flatten)]
    storage: storage::Options,
    /// A file with the request that Shared Key and Cosmos DB sign; its first line is `GET /path`.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The time from now until the token expires, such as 1h30m (default: 1h; with --stored-policy, that of the policy).
    #[arg(long, value_name = "DURATION", conflicts_with = "expiry", value_parser = times::parse_duration)]
    ttl: Option<Duration>,
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
    /// A token of a storage account.
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
    if (arguments.key_file.as_deref() == stdin || arguments.storage.reads_stdin())
        && arguments.request.as_deref() == stdin
    {
        return Err(misuse("the key and the request cannot both come from standard input"));
    }
    let expires = match arguments.expiry {
        Some(expiry) => at(expiry),
        None => expires_after(arguments.now.time(), arguments.ttl.unwrap_or(HOUR)).or_misuse()?,
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
        Scheme::Storage => {
            let given = arguments.expiry.is_some() || arguments.ttl.is_some();
            let expires = (given || !arguments.storage.has_policy()).then_some(expires);
            arguments.storage.sign(resource(arguments)?, expires, || key(arguments))?
        }
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

fn shared_key(arguments: &Sign, scheme: shared_key::Scheme) -> Result<String, Box<dyn Error>> {
    let host = endpoint::resource(resource(arguments)?).or_misuse()?;
    let file = request::read(arguments.request.as_deref())?;
    let parsed = request::parse(&file)?;
    let request = shared_key::Request::new(host.service_of(), parsed.method, parsed.target, &parsed.headers)?;
    let key = AccountKey::<GeneralKey>::from_base64(&key(arguments)?)?;
    Ok(request.sign(host.account(), scheme, &key).to_string())
}
