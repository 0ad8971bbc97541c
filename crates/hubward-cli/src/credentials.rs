//! `hubward credentials mqtt | amqp | http`: exactly what a client sends.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hubward::types::{Authority, SymmetricKey};
use hubward::{CBS_OPERATION, CBS_TYPE, Client};
use hubward_connection_string::{
    ConnectionString, DeviceCredential, ParseOptions, SasText, ServiceCredential, explain,
};
use hubward_rustcrypto::HmacKey;

use crate::Outcome;
use crate::clock::{at, now};
use crate::connection_string::refuse;
use crate::secret;

/// What is printed is a credential: whoever has it can connect until it expires.
#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// What carries it.
    #[arg(value_enum)]
    transport: Transport,
    /// A file with the connection string (`-` is standard input); else the environment's HUBWARD_CONNECTION_STRING.
    #[arg(long)]
    connection_string_file: Option<PathBuf>,
    /// Seconds from now until the token expires.
    #[arg(long, default_value_t = 3600)]
    ttl: u64,
    /// The time to count from (default: this machine's clock): a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
    now: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Transport {
    /// Client id, username and password of a CONNECT.
    Mqtt,
    /// Username and password of SASL PLAIN, and the message of CBS.
    Amqp,
    /// The `Authorization` header.
    Http,
}

/// What a client proves itself with.
enum Proof<'a> {
    Key(SymmetricKey),
    Token(SasText<'a>),
}

pub(crate) fn run(arguments: &Credentials) -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout();
    let text = secret::read(arguments.connection_string_file.as_deref(), "HUBWARD_CONNECTION_STRING")?;
    let string = match ConnectionString::parse(&text, &ParseOptions::STRICT) {
        Ok(string) => string,
        Err(error) => {
            refuse(&mut out, &text, &explain(&text, &ParseOptions::STRICT), &error)?;
            return Ok(Outcome::Refused);
        }
    };
    let (client, proof) = match client(&string) {
        Ok(parts) => parts,
        Err(why) => {
            writeln!(out, "refused: {why}")?;
            return Ok(Outcome::Refused);
        }
    };
    let token = match proof {
        Proof::Token(token) => token.expose().to_owned(),
        Proof::Key(key) => {
            let expiry = arguments.now.unwrap_or_else(now).saturating_add(arguments.ttl);
            client.token(at(expiry)).sign(&HmacKey::new(&key)).to_string()
        }
    };
    match arguments.transport {
        Transport::Mqtt if matches!(string, ConnectionString::Service(_)) => {
            writeln!(
                out,
                "refused: a service does not connect over MQTT; name a device's connection string"
            )?;
            return Ok(Outcome::Refused);
        }
        Transport::Mqtt => {
            writeln!(out, "client id  {}", client.mqtt_client_id())?;
            writeln!(out, "username   {}", client.mqtt_username())?;
            writeln!(out, "password   {token}")?;
        }
        Transport::Amqp => {
            writeln!(out, "SASL PLAIN username  {}", client.sasl_username())?;
            writeln!(out, "SASL PLAIN password  {token}")?;
            writeln!(out, "or CBS    operation  {CBS_OPERATION}")?;
            writeln!(out, "               type  {CBS_TYPE}")?;
            writeln!(out, "               name  {}", client.cbs_name())?;
            writeln!(out, "               body  {token}")?;
        }
        Transport::Http => writeln!(out, "Authorization: {token}")?,
    }
    Ok(Outcome::Well)
}

fn client<'a>(string: &ConnectionString<'a>) -> Result<(Client<'a>, Proof<'a>), Box<dyn Error>> {
    match string {
        ConnectionString::Device(device) => {
            let host = Authority::parse(device.host().as_str())?;
            of_device(Client::device(host, device.id()), device.credential())
        }
        ConnectionString::Module(module) => {
            let host = Authority::parse(module.host().as_str())?;
            of_device(Client::module(host, module.device_id(), module.id()), module.credential())
        }
        ConnectionString::Service(service) => {
            let client = Client::service(Authority::parse(service.host().as_str())?, service.policy());
            match service.credential() {
                ServiceCredential::Key(key) => Ok((client, Proof::Key(key.symmetric_key()?))),
                ServiceCredential::Signature(token) => Ok((client, Proof::Token(*token))),
                _ => Err("a credential of another kind".into()),
            }
        }
        other => Err(format!("a {} string opens no hub", other.kind()).into()),
    }
}

fn of_device<'a>(
    client: Client<'a>,
    credential: &DeviceCredential<'a>,
) -> Result<(Client<'a>, Proof<'a>), Box<dyn Error>> {
    match credential {
        DeviceCredential::Key(key) => Ok((client, Proof::Key(key.symmetric_key()?))),
        DeviceCredential::PolicyKey(policy, key) => {
            Ok((client.signed_by(*policy), Proof::Key(key.symmetric_key()?)))
        }
        DeviceCredential::Signature(token) => Ok((client, Proof::Token(*token))),
        _ => Err("it proves itself with a certificate: there is no password to print".into()),
    }
}
