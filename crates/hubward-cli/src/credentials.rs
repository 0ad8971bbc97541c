//! `hubward credentials mqtt | amqp | http`: prints what a client sends.

use core::error::Error;
use core::time::Duration;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hubward::types::{Authority, SymmetricKey};
use hubward::{CBS_OPERATION, CBS_TYPE, Client};
use hubward_connection_string::{
    ConnectionString, DeviceCredential, ParseOptions, SasText, ServiceCredential, explain,
};
use hubward_inspect::connection_string::print_refusal;
use hubward_rustcrypto::HmacKey;

use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::secret;
use crate::times;

/// The output is a credential: a client that has it can connect until it expires.
#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// The transport.
    #[arg(value_enum, value_name = "TRANSPORT")]
    transport: Transport,
    /// A file with the connection string, `-` for standard input (default: the environment's
    /// HUBWARD_CONNECTION_STRING).
    #[arg(value_name = "FILE")]
    connection_string: Option<PathBuf>,
    /// The time from now until the token expires, such as 1h30m.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = times::parse_duration)]
    ttl: Duration,
    #[command(flatten)]
    now: NowArgument,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Transport {
    /// Client id, username and password of a CONNECT.
    Mqtt,
    /// Username and password of SASL PLAIN, and the CBS message.
    Amqp,
    /// The `Authorization` header.
    Http,
}

/// The proof that a client sends.
enum Proof<'a> {
    Key(SymmetricKey),
    Token(SasText<'a>),
}

pub(crate) fn run(arguments: &Credentials) -> Result<Outcome, Box<dyn Error>> {
    let mut out = crate::out::stdout();
    let text = secret::read(arguments.connection_string.as_deref(), "HUBWARD_CONNECTION_STRING")?;
    let string = match ConnectionString::parse(&text, &ParseOptions::STRICT) {
        Ok(string) => string,
        Err(error) => {
            print_refusal(&mut out, &text, &explain(&text, &ParseOptions::STRICT), &error)?;
            return Ok(Outcome::Refused);
        }
    };
    let (client, proof) = match client(&string) {
        Ok(parts) => parts,
        Err(error) => {
            writeln!(out, "refused: {error}")?;
            return Ok(Outcome::Refused);
        }
    };
    let token = match proof {
        Proof::Token(token) => token.expose().to_owned(),
        Proof::Key(key) => {
            let expiry = arguments.now.seconds().saturating_add(arguments.ttl.as_secs());
            client.token(at(expiry)).sign(&HmacKey::new(&key)).to_string()
        }
    };
    match arguments.transport {
        Transport::Mqtt if matches!(string, ConnectionString::Service(_)) => {
            writeln!(
                out,
                "refused: a service does not connect over MQTT; use the connection string of a device"
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
    Ok(Outcome::Good)
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
                _ => Err("the credential is of another kind".into()),
            }
        }
        other => Err(format!("a {} connection string is not valid at a hub", other.kind()).into()),
    }
}

fn of_device<'a>(
    client: Client<'a>,
    credential: &DeviceCredential<'a>,
) -> Result<(Client<'a>, Proof<'a>), Box<dyn Error>> {
    match credential {
        DeviceCredential::Key(key) => Ok((client, Proof::Key(key.symmetric_key()?))),
        DeviceCredential::PolicyKey(policy, key) => {
            Ok((client.with_policy(*policy), Proof::Key(key.symmetric_key()?)))
        }
        DeviceCredential::Signature(token) => Ok((client, Proof::Token(*token))),
        _ => Err("the device authenticates with a certificate: there is no password to print".into()),
    }
}
