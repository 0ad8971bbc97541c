//! `hubward cloud verify`.

use core::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward::types::{InWords, UnixTime, UtcTime};
use hubward_cloud::cosmos::Credential;
use hubward_cloud::service_bus::{Right, Rights, Rule, Token};
use hubward_cloud::storage::shared_key::{Authorization, Request};
use hubward_cloud::storage::{Context, Sas, Service};
use hubward_cloud::{
    AccountKey, DelegationKey, Inspection, MasterKey, ServiceBusKey, Text, TopicKey, VerifyError, event_grid,
};
use hubward_rustcrypto::GeneralKey;
use zeroize::Zeroizing;

use super::{Recognised, endpoint, recognise, refuse, request};
use crate::Outcome;
use crate::clock::NowArgument;
use crate::exit::{OrMisuse, misuse};
use crate::secret;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file with the token, the header or the URL; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    token: PathBuf,
    /// A file with the key, `-` for standard input (default: the environment's HUBWARD_KEY).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The URL of the resource that the token must be for; a storage token needs it if its text has no URL.
    #[arg(long, value_name = "RESOURCE")]
    resource: Option<String>,
    /// A file with the signed request, for the headers of Shared Key and Cosmos DB; its first line is `GET /path`.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The rule of Event Hubs or Service Bus whose key it is (default: the rule that the token names).
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    #[command(flatten)]
    now: NowArgument,
}

pub(super) fn run(arguments: &Verify) -> Result<Outcome, Box<dyn Error>> {
    let stdin = Path::new("-");
    let inputs = [Some(&arguments.token), arguments.key_file.as_ref(), arguments.request.as_ref()];
    if inputs.into_iter().flatten().filter(|file| *file == stdin).count() > 1 {
        return Err(misuse("the token, the key and the request cannot come from standard input together"));
    }
    let text = secret::read(Some(&arguments.token), "HUBWARD_TOKEN")?;
    let mut out = crate::out::stdout();
    let inspection = match recognise(&text)? {
        Recognised::Parsed(inspection) => inspection,
        Recognised::Malformed(error) => return refuse(&mut out, &error, error.code()),
    };
    let now = arguments.now.time();
    let verdict = match &*inspection {
        Inspection::ServiceBus(token) => service_bus(arguments, token, now)?,
        Inspection::Storage(sas, url) => storage(arguments, sas, *url, &text, now)?,
        Inspection::SharedKey(header) => shared_key(arguments, header, now)?,
        Inspection::Cosmos(Credential::Master(token)) => {
            let file = request::read(arguments.request.as_deref())?;
            let key = MasterKey::<GeneralKey>::from_base64(&key(arguments)?)?;
            request::parse(&file)?.cosmos()?.verify(token, &[&key], now).map(|()| None)
        }
        Inspection::EventGrid(token) => event_grid(arguments, token, now)?,
        _ => {
            return Err("only the platform can verify a credential of this scheme; `inspect` shows it".into());
        }
    };
    match verdict {
        Ok(Some(expiry)) => {
            let left = InWords(expiry.saturating_sub(now.as_secs()));
            writeln!(out, "authentic: valid for another {left}, until {}", UtcTime::of(expiry))?;
            Ok(Outcome::Good)
        }
        Ok(None) => {
            writeln!(out, "authentic: the key signed this request")?;
            Ok(Outcome::Good)
        }
        // the records that these need are not here
        Err(error @ (VerifyError::UnknownPolicy | VerifyError::RequiredParameter)) => {
            Err(format!("could not be judged: {error} ({})", error.code()).into())
        }
        Err(error) => refuse(&mut out, &error, error.code()),
    }
}

/// The last second of an authentic token; a signed request has none.
type Verdict = Result<Option<u64>, VerifyError>;

fn key(arguments: &Verify) -> Result<Zeroizing<String>, Box<dyn Error>> {
    secret::read(arguments.key_file.as_deref(), "HUBWARD_KEY")
}

fn service_bus(arguments: &Verify, token: &Token<'_>, now: UnixTime) -> Result<Verdict, Box<dyn Error>> {
    let (uri, named) = (token.audience().uri().to_string(), token.rule_name().to_string());
    let policy = arguments.policy.as_deref().unwrap_or(&named);
    if policy != named {
        return Ok(Err(VerifyError::AnotherResource));
    }
    let rule = Rule::new(policy, &uri, Rights::new(&[Right::Send]));
    let key = ServiceBusKey::<GeneralKey>::from_text(&key(arguments)?)?;
    let verdict = token.verify(&rule, &[&key], now);
    Ok(verdict.and_then(|grant| match &arguments.resource {
        Some(resource) if !grant.audience().covers(resource) => Err(VerifyError::AnotherResource),
        _ => Ok(Some(grant.expiry())),
    }))
}

fn event_grid(
    arguments: &Verify,
    token: &event_grid::Token<'_>,
    now: UnixTime,
) -> Result<Verdict, Box<dyn Error>> {
    let key = TopicKey::<GeneralKey>::from_base64(&key(arguments)?)?;
    Ok(token.verify(&[&key], now).and_then(|grant| match &arguments.resource {
        Some(resource) if !grant.covers(resource) => Err(VerifyError::AnotherResource),
        _ => Ok(Some(grant.expiry())),
    }))
}

fn storage(
    arguments: &Verify,
    sas: &Sas<'_>,
    url: Option<&str>,
    text: &str,
    now: UnixTime,
) -> Result<Verdict, Box<dyn Error>> {
    let url = arguments.resource.as_deref().or(url);
    let url = url.ok_or_else(|| misuse("the text has no URL: --resource names the one of the request"))?;
    let mut resource = endpoint::resource(url).or_misuse()?;
    let (snapshot, version) = (parameter(text, "snapshot")?, parameter(text, "versionid")?);
    if let Some(snapshot) = &snapshot {
        resource = resource.with_snapshot(snapshot)?;
    }
    if let Some(version) = &version {
        resource = resource.with_version(version)?;
    }
    let (text, context) = (key(arguments)?, Context::new(now));
    let verdict = if sas.is_delegated() {
        sas.verify_delegated(&resource, &DelegationKey::<GeneralKey>::from_base64(&text)?, &context)
    } else {
        sas.verify(&resource, &AccountKey::<GeneralKey>::from_base64(&text)?, &context)
    };
    Ok(verdict.map(|grant| Some(grant.expiry())))
}

/// Returns the decoded value of a parameter of the operation.
fn parameter(text: &str, name: &str) -> Result<Option<String>, Box<dyn Error>> {
    let (_, query) = text.trim().split_once('?').unwrap_or_default();
    let mut values =
        query.split('&').filter_map(|field| field.split_once('=')).filter(|(own, _)| *own == name);
    let first = values.next();
    if values.next().is_some() {
        return Err(format!("the URL has `{name}` twice").into());
    }
    Ok(first.map(|(_, value)| Text::query(value).map(|value| value.to_string())).transpose()?)
}

fn shared_key(
    arguments: &Verify,
    header: &Authorization<'_>,
    now: UnixTime,
) -> Result<Verdict, Box<dyn Error>> {
    let file = request::read(arguments.request.as_deref())?;
    let parsed = request::parse(&file)?;
    let host = arguments.resource.as_deref().map(endpoint::resource).transpose().or_misuse()?;
    if host.is_some_and(|resource| resource.account() != header.account()) {
        return Ok(Err(VerifyError::AnotherResource));
    }
    let service = host.map_or(Service::Blob, |resource| resource.service_of());
    let request = Request::new(service, parsed.method, parsed.target, &parsed.headers)?;
    let key = AccountKey::<GeneralKey>::from_base64(&key(arguments)?)?;
    Ok(request.verify(header, &[&key], now).map(|()| None))
}
