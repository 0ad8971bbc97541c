//! `hubward diagnose`: judges what a client sends, as a hub does, and explains each step.

mod bearer;
mod registration;
mod verdict;
mod world;

use core::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hubward::policy::Decision;
use hubward::types::UnixTime;
use hubward::x509::Anchors;
use hubward::x509::crl::{Crls, Revocation};
use hubward::{
    AuthError, CBS_OPERATION, CBS_TYPE, Cbs, CbsRequest, CertificateDer, Credentials, StoreOr, X509Config,
    explain,
};
use hubward_ring::{Digests, signature};
use zeroize::Zeroizing;

use crate::clock::{NowArgument, at};
use crate::cloud::request;
use crate::exit::misuse;
use crate::out::stdout;
use crate::registry::FileArguments;
use crate::{Outcome, cert, secret, shown};
use verdict::{Judgement, finish};
use world::World;

/// Judge what a client sends as a hub does, and print the steps, the verdict, its cause and the cure.
///
/// The registry is a file of `hubward registry`, or a file with the connection string of one device or policy.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge the client id, the username, the password and the certificates of an MQTT CONNECT.
    Mqtt(Mqtt),
    /// Judge the username and the password of SASL PLAIN.
    Amqp(Amqp),
    /// Judge a token that is put to the node `$cbs` of AMQP.
    Cbs(CbsPut),
    /// Judge an HTTP request with its `Host` and `Authorization`.
    Http(Http),
    /// Judge the CONNECT of a registration at a DPS instance by a file of enrollments.
    Dps(registration::Dps),
}

/// The hub of a diagnosis.
#[derive(Debug, Args)]
struct HubArguments {
    #[command(flatten)]
    file: FileArguments,
    /// The host name of the hub (default: the one that the client names).
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// A file of shared access policies, as the gateway reads it.
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,
    /// A file of trusted CA certificates. Repeatable.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// A file of certificate revocation lists, PEM or DER; revocation is then checked. Repeatable.
    #[arg(long, value_name = "FILE", requires = "ca")]
    crl: Vec<PathBuf>,
    #[command(flatten)]
    now: NowArgument,
}

/// The certificates of a client.
#[derive(Debug, Args)]
struct ChainArgument {
    /// A file with the client's certificate, followed by its intermediates.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Mqtt {
    #[command(flatten)]
    hub: HubArguments,
    /// The client id.
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// The username: `{host}/{device}/?api-version=..`.
    #[arg(long, value_name = "USERNAME")]
    username: String,
    /// A file with the password, `-` for standard input (default: no password).
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    chain: ChainArgument,
}

#[derive(Debug, Args)]
pub(crate) struct Amqp {
    #[command(flatten)]
    hub: HubArguments,
    /// The username: `{device}@sas.{hub}` or `{policy}@sas.root.{hub}`.
    #[arg(long, value_name = "USERNAME")]
    username: String,
    /// A file with the password; `-` for standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    password_file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CbsPut {
    #[command(flatten)]
    hub: HubArguments,
    /// The property `name` of the message: `{host}/devices/{device}`, or the host.
    #[arg(long, value_name = "RESOURCE")]
    resource: String,
    /// A file with the token; `-` for standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    token_file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Http {
    #[command(flatten)]
    hub: HubArguments,
    /// A file with the request, `-` for standard input: its first line is `GET /path`, its headers follow.
    #[arg(long, value_name = "FILE", default_value = "-")]
    request: PathBuf,
    #[command(flatten)]
    chain: ChainArgument,
    /// For a bearer token: a built-in role of its user at the hub, by name or id, or `@` and a file of a custom role in JSON.
    /// Repeatable.
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Mqtt(arguments) => mqtt(arguments),
        Command::Amqp(arguments) => amqp(arguments),
        Command::Cbs(arguments) => cbs(arguments),
        Command::Http(arguments) => http(arguments),
        Command::Dps(arguments) => registration::run(arguments),
    }
}

fn mqtt(arguments: &Mqtt) -> Result<Outcome, Box<dyn Error>> {
    let password =
        arguments.password_file.as_deref().map(|file| password(file, &arguments.hub)).transpose()?;
    let chain = chain(&arguments.chain)?;
    let (client, username) = (arguments.client_id.as_str(), arguments.username.as_str());
    let named = username.split('/').next().unwrap_or_default();
    let world = World::open(&arguments.hub, named, !chain.is_empty())?;
    let judge = |now: UnixTime| {
        let credentials = Credentials::mqtt(client, username, password.as_deref().map(String::as_str))?;
        judge(&world, credentials.with_certificates(&chain), now)
    };
    let hint = explain::mqtt(client, username, password.as_deref().map(String::as_str));
    print(&world, &arguments.hub.now, "MQTT CONNECT", judge, hint.map(|hint| (hint.to_string(), hint.code())))
}

fn amqp(arguments: &Amqp) -> Result<Outcome, Box<dyn Error>> {
    let password = password(&arguments.password_file, &arguments.hub)?;
    let hub = arguments.username.split("@sas.").nth(1).unwrap_or_default();
    let world = World::open(&arguments.hub, hub.trim_start_matches("root."), false)?;
    let judge = |now| judge(&world, Credentials::amqp_plain(&arguments.username, &password)?, now);
    let hint = explain::amqp_plain(&arguments.username, &password);
    print(&world, &arguments.hub.now, "SASL PLAIN", judge, hint.map(|hint| (hint.to_string(), hint.code())))
}

fn cbs(arguments: &CbsPut) -> Result<Outcome, Box<dyn Error>> {
    let token = password(&arguments.token_file, &arguments.hub)?;
    let named = arguments.resource.split("://").last().unwrap_or_default();
    let world = World::open(&arguments.hub, named.split('/').next().unwrap_or_default(), false)?;
    let put = || CbsRequest::new(CBS_OPERATION, CBS_TYPE, &arguments.resource, &token);
    let judge = |now| {
        let mut connection = Cbs::default();
        let response = world.config.put_token(&mut connection, put(), &world.watched(), || now);
        let response = match response {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if let Some(error) = response.error() {
            return Err(error);
        }
        let session = connection.sessions().next().ok_or(AuthError::NoCredential)?;
        Ok(Judgement {
            identity: session.identity().to_string(),
            until: Some(session.until().as_secs()),
            ..Judgement::default()
        })
    };
    let hint = explain::cbs(&put());
    print(
        &world,
        &arguments.hub.now,
        "CBS put-token",
        judge,
        hint.map(|hint| (hint.to_string(), hint.code())),
    )
}

fn http(arguments: &Http) -> Result<Outcome, Box<dyn Error>> {
    if arguments.request == Path::new("-") && arguments.hub.file.key_from_standard_input() {
        return Err(misuse("the request and the seal key cannot both come from standard input"));
    }
    let text = request::read(Some(&arguments.request))?;
    let request = request::parse(&text)?;
    let chain = chain(&arguments.chain)?;
    let host = request.header("host").or(arguments.hub.host.as_deref());
    let host = host.ok_or_else(|| misuse("the request has no `Host`: give --host"))?;
    let authorization = request.header("authorization");
    if let Some(token) = authorization.filter(|text| bearer::is_bearer(text)) {
        return bearer::judge(arguments, request.method, request.target, token);
    }
    let world = World::open(&arguments.hub, host, !chain.is_empty())?;
    let judge = |now| {
        let credentials = Credentials::http(request.method, request.target, host, authorization)?;
        judge(&world, credentials.with_certificates(&chain), now)
    };
    let hint = authorization.and_then(explain::http);
    print(&world, &arguments.hub.now, "HTTP request", judge, hint.map(|hint| (hint.to_string(), hint.code())))
}

/// Authenticates, and decides on the operation that the credentials came with.
fn judge(world: &World, credentials: Credentials<'_>, now: UnixTime) -> Result<Judgement, AuthError> {
    let authenticated =
        world.config.authenticate(credentials, &world.watched(), || now).map_err(|error| match error {
            StoreOr::Refused(error) => error,
            StoreOr::Store(never) => match never {},
        })?;
    let mut judgement = Judgement {
        identity: authenticated.identity().to_string(),
        slot: authenticated.key_slot(),
        ..Judgement::default()
    };
    // SASL requests no operation: each link is decided on its own
    if let Decision::Deny(denial) = authenticated.decision()
        && denial.endpoint().is_some()
    {
        judgement.denied = Some((denial.to_string(), denial.code()));
        judgement.advice = denial.hint().map(|hint| (hint.to_string(), hint.code()));
    }
    judgement.until = Some(authenticated.into_session().until().as_secs());
    Ok(judgement)
}

/// Prints the steps and the verdict, now and a second later.
fn print(
    world: &World,
    now: &NowArgument,
    what: &str,
    judge: impl Fn(UnixTime) -> Result<Judgement, AuthError>,
    hint: Option<(String, &'static str)>,
) -> Result<Outcome, Box<dyn Error>> {
    let mut out = stdout();
    writeln!(out, "judged    {what} at hub {}", shown::text(&world.host))?;
    let seconds = now.seconds();
    world.forget();
    let verdict = judge(at(seconds));
    for step in world.steps() {
        writeln!(out, "step      {step}")?;
    }
    let later = judge(at(seconds.saturating_add(1)));
    finish(&mut out, seconds, verdict, &later, hint)
}

fn password(file: &Path, hub: &HubArguments) -> Result<Zeroizing<String>, Box<dyn Error>> {
    if file == Path::new("-") && hub.file.key_from_standard_input() {
        return Err(misuse("the password and the seal key cannot both come from standard input"));
    }
    secret::read(Some(file), "HUBWARD_TOKEN")
}

/// Returns the rules for certificates below the authorities, with revocation lists if there are some.
fn x509(ca: &[PathBuf], crl: &[PathBuf]) -> Result<X509Config, Box<dyn Error>> {
    let mut trusted = Vec::new();
    for file in ca {
        trusted.extend(cert::read(file)?);
    }
    let config = X509Config::new(Anchors::parse(&trusted)?, signature::ALL, &Digests);
    if crl.is_empty() {
        return Ok(config);
    }
    let mut lists = Vec::new();
    for file in crl {
        lists.extend(cert::read_lists(file)?);
    }
    let lists = Crls::parse(&lists)?;
    Ok(config.with_revocation(Revocation::by(&lists)))
}

fn chain(argument: &ChainArgument) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    argument.chain.as_deref().map_or(Ok(Vec::new()), cert::read)
}
