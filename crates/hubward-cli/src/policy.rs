//! `hubward policy table | explain | tls`.

mod tls;

use core::error::Error;
use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};
use hubward::core::{DeviceId, Identity, ModuleId, Permissions, PolicyName, ResourcePath};
use hubward::policy::{
    DEFAULT_POLICIES, Decision, ENDPOINTS, Operation, Scope, SharedAccessPolicy, Subject, decide,
    endpoint_table,
};
use serde_json::{Value, json};

use crate::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print every endpoint, whose it is, and the right that it takes.
    Table {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say whether somebody may do something, by which rule, and what would change it.
    Explain(Explain),
    /// Print which versions and cipher suites of TLS are taken, or judge a handshake or a client's offer.
    Tls(tls::Tls),
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A device, with its own key.
    #[arg(long, required_unless_present = "policy", conflicts_with = "policy")]
    device: Option<String>,
    /// A module of the device, with its own key.
    #[arg(long, requires = "device", conflicts_with = "policy")]
    module: Option<String>,
    /// A service with the key of this shared access policy.
    #[arg(long)]
    policy: Option<String>,
    /// The policy's rights, such as `RegistryRead, ServiceConnect` (default: those of the hub's policy of that name).
    #[arg(long, requires = "policy")]
    rights: Option<String>,
    /// The resource of the policy's token (default: the whole hub).
    #[arg(long, requires = "policy", default_value = "hub")]
    resource: String,
    /// How it is asked for.
    #[arg(value_enum)]
    how: How,
    /// A method and a path, a topic, a filter, or an address.
    what: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum How {
    /// An HTTP request: METHOD PATH.
    Http,
    /// An MQTT CONNECT.
    MqttConnect,
    /// An MQTT PUBLISH: TOPIC.
    MqttPublish,
    /// An MQTT SUBSCRIBE: FILTER.
    MqttSubscribe,
    /// An AMQP link on which the client sends: ADDRESS.
    AmqpSend,
    /// An AMQP link on which the client receives: ADDRESS.
    AmqpReceive,
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Table { json: false } => write!(std::io::stdout(), "{}", endpoint_table())?,
        Command::Table { json: true } => writeln!(std::io::stdout(), "{:#}", table())?,
        Command::Explain(arguments) => return explain(arguments),
        Command::Tls(arguments) => return tls::run(arguments),
    }
    Ok(Outcome::Well)
}

fn table() -> Value {
    ENDPOINTS
        .iter()
        .map(|endpoint| {
            json!({
                "name": endpoint.name(),
                "transport": endpoint.transport().to_string(),
                "verb": endpoint.verb(),
                "pattern": endpoint.pattern(),
                "right": endpoint.right().to_string(),
                "caller": format!("{:?}", endpoint.caller()),
            })
        })
        .collect()
}

fn explain(arguments: &Explain) -> Result<Outcome, Box<dyn Error>> {
    let subject = subject(arguments)?;
    let operation = operation(arguments)?;
    let decision = decide(&subject, &operation);
    let mut out = std::io::stdout();
    if arguments.json {
        writeln!(out, "{:#}", as_json(&decision))?;
    } else {
        writeln!(out, "{}: {decision}", if decision.is_allow() { "allowed" } else { "denied" })?;
    }
    Ok(if decision.is_allow() { Outcome::Well } else { Outcome::Refused })
}

fn as_json(decision: &Decision<'_>) -> Value {
    match decision {
        Decision::Allow(permit) => json!({
            "decision": "allow",
            "endpoint": permit.endpoint().name(),
            "right": permit.right().to_string(),
            "explanation": permit.to_string(),
        }),
        Decision::Deny(denial) => json!({
            "decision": "deny",
            "code": denial.code(),
            "endpoint": denial.endpoint().map(|endpoint| endpoint.name()),
            "policiesThatWouldDo":
                denial.policies_that_would_do(&DEFAULT_POLICIES).map(SharedAccessPolicy::name).collect::<Vec<_>>(),
            "explanation": denial.to_string(),
        }),
    }
}

/// Who would ask. Nobody is admitted by this: it is a question about the rules.
#[expect(clippy::disallowed_methods, reason = "the subject of a question, whom nobody has to prove")]
fn subject(arguments: &Explain) -> Result<Subject<'_>, Box<dyn Error>> {
    if let Some(name) = &arguments.policy {
        let policy = PolicyName::parse(name)?;
        let known = DEFAULT_POLICIES.iter().find(|policy| policy.name() == name);
        let rights = match (&arguments.rights, known) {
            (Some(rights), _) => rights.parse::<Permissions>()?,
            (None, Some(policy)) => policy.rights(),
            (None, None) => return Err("not one of the hub's own policies: name its --rights".into()),
        };
        let scope = Scope::Resource(ResourcePath::parse(&arguments.resource)?);
        return Ok(Subject::assertion(Identity::Policy(policy), rights, scope));
    }
    let device = DeviceId::parse(arguments.device.as_deref().unwrap_or_default())?;
    let identity = match &arguments.module {
        Some(module) => Identity::Module(device, ModuleId::parse(module)?),
        None => Identity::Device(device),
    };
    Ok(Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own))
}

fn operation(arguments: &Explain) -> Result<Operation<'_>, Box<dyn Error>> {
    let words: Vec<&str> = arguments.what.iter().map(String::as_str).collect();
    Ok(match (arguments.how, &words[..]) {
        (How::Http, [method, path]) => Operation::http(method, path),
        (How::MqttConnect, []) => Operation::mqtt_connect(),
        (How::MqttPublish, [topic]) => Operation::mqtt_publish(topic),
        (How::MqttSubscribe, [filter]) => Operation::mqtt_subscribe(filter),
        (How::AmqpSend, [address]) => Operation::amqp_send(address),
        (How::AmqpReceive, [address]) => Operation::amqp_receive(address),
        (How::Http, _) => return Err("http takes a method and a path".into()),
        (How::MqttConnect, _) => return Err("mqtt-connect takes nothing more".into()),
        (_, _) => return Err("it takes one topic, filter or address".into()),
    })
}
