//! One decision, and what would change it.

use core::error::Error;
use std::io::Write;

use clap::{Args, ValueEnum};
use hubward::policy::statements::{StatementRequest, StatementVerdict, Statements, statements_from_json};
use hubward::policy::{
    DEFAULT_POLICIES, Decision, Denial, Operation, Reason, Scope, SharedAccessPolicy, Subject, decide,
};
use hubward::types::{DeviceId, Identity, ModuleId, Permissions, PolicyName, ResourcePath};
use serde_json::{Value, json};

use super::roles;
use crate::Outcome;
use crate::shown;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("who").required(true))]
pub(crate) struct Explain {
    /// A device, with its own key.
    #[arg(long, group = "who")]
    device: Option<String>,
    /// A module of the device, with its own key.
    #[arg(long, requires = "device")]
    module: Option<String>,
    /// A service with the key of this shared access policy.
    #[arg(long, group = "who")]
    policy: Option<String>,
    /// A user or service of the directory with this role at the hub: a built-in one by its name or id, or `@` and a
    /// file of JSON. More than once for more of them.
    #[arg(long, group = "who")]
    pub(super) role: Vec<String>,
    /// The policy's rights, such as `RegistryRead, ServiceConnect` (default: those of the hub's policy of that name).
    #[arg(long, requires = "policy")]
    rights: Option<String>,
    /// The resource of the policy's token (default: the whole hub).
    #[arg(long, requires = "policy", default_value = "hub")]
    resource: String,
    /// A policy that the hub has beside its own: `name=RegistryRead, ServiceConnect`. More than once for more.
    #[arg(long, value_name = "NAME=RIGHTS")]
    hub_policy: Vec<String>,
    /// A file of statements in JSON that must allow it too. Over MQTT the client id is taken to be the identity's own.
    #[arg(long, value_name = "FILE", conflicts_with = "role")]
    statements: Option<std::path::PathBuf>,
    /// How it is asked for.
    #[arg(value_enum)]
    pub(super) how: How,
    /// A method and a path, a topic, a filter, an address, or a provider operation.
    pub(super) what: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum How {
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
    /// A management operation, by a role: `Microsoft.Devices/IotHubs/listkeys/action`.
    Action,
    /// An operation on data, by a role: `Microsoft.Devices/IotHubs/twins/read`.
    DataAction,
}

pub(super) fn run(arguments: &Explain) -> Result<Outcome, Box<dyn Error>> {
    if !arguments.role.is_empty() {
        return roles::run(arguments);
    }
    let policies = policies(arguments)?;
    let subject = subject(arguments, &policies)?;
    let operation = operation(arguments)?;
    let decision = decide(&subject, &operation);
    let verdict = match &arguments.statements {
        Some(file) => Some(judge(&statements(file)?, &subject, &operation)),
        None => None,
    };
    let allowed = decision.is_allow() && verdict.is_none_or(|verdict| verdict.is_allow());
    let mut out = std::io::stdout();
    if arguments.json {
        let mut value = as_json(&decision, &policies);
        if let (Some(verdict), Value::Object(members)) = (verdict, &mut value) {
            members.insert("statements".to_owned(), verdict_as_json(verdict));
            members.insert("decision".to_owned(), if allowed { "allow" } else { "deny" }.into());
        }
        writeln!(out, "{value:#}")?;
    } else {
        let word = if allowed { "allowed" } else { "denied" };
        match &decision {
            Decision::Allow(permit) => writeln!(out, "{word}: {}", shown::text(permit))?,
            Decision::Deny(denial) => writeln!(out, "{word}: {}", shown::text(&denial.explain(&policies)))?,
        }
        if let Some(verdict) = verdict {
            writeln!(out, "by the statements: {verdict}")?;
        }
    }
    Ok(if allowed { Outcome::Well } else { Outcome::Refused })
}

fn statements(file: &std::path::Path) -> Result<Statements, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", shown::file(file)))?;
    statements_from_json(&text).map_err(|error| format!("{}: {error}", shown::file(file)).into())
}

fn judge(statements: &Statements, subject: &Subject<'_>, operation: &Operation<'_>) -> StatementVerdict {
    let client = match subject.identity() {
        Identity::Device(id) => id.as_str().to_owned(),
        Identity::Module(device, module) => format!("{device}/{module}"),
        _ => String::new(),
    };
    statements.evaluate(&StatementRequest::new(subject.identity(), Some(&client), operation))
}

/// The hub's own policies and those that were named.
fn policies(arguments: &Explain) -> Result<Vec<SharedAccessPolicy<'_>>, Box<dyn Error>> {
    let mut policies = DEFAULT_POLICIES.to_vec();
    for text in &arguments.hub_policy {
        let (name, rights) = text.split_once('=').ok_or("--hub-policy takes NAME=RIGHTS")?;
        let policy = SharedAccessPolicy::from_names(PolicyName::parse(name)?, rights)?;
        policies.retain(|other| other.name() != policy.name());
        policies.push(policy);
    }
    Ok(policies)
}

fn verdict_as_json(verdict: StatementVerdict) -> Value {
    match verdict {
        StatementVerdict::Allow { statement } => json!({ "decision": "allow", "statement": statement }),
        StatementVerdict::Deny(refusal) => {
            json!({ "decision": "deny", "code": refusal.code(), "explanation": verdict.to_string() })
        }
    }
}

fn as_json(decision: &Decision<'_>, policies: &[SharedAccessPolicy<'_>]) -> Value {
    match decision {
        Decision::Allow(permit) => json!({
            "decision": "allow",
            "endpoint": permit.endpoint().name(),
            "right": permit.right().to_string(),
            "explanation": shown::text(permit).to_string(),
        }),
        Decision::Deny(denial) => json!({
            "decision": "deny",
            "code": denial.code(),
            "endpoint": denial.endpoint().map(|endpoint| endpoint.name()),
            "rights": rights(denial),
            "remedy": denial.remedy().code(),
            "policiesThatWouldDo":
                denial.policies_with_right(policies).map(SharedAccessPolicy::name).collect::<Vec<_>>(),
            "verbsThere": denial.endpoints_at_address().map(|endpoint| endpoint.verb()).collect::<Vec<_>>(),
            "explanation": shown::text(&denial.explain(policies)).to_string(),
        }),
    }
}

fn rights(denial: &Denial<'_>) -> Value {
    match denial.reason() {
        Reason::MissingRight { needed, granted } => {
            json!({ "needed": needed.to_string(), "granted": granted.to_string() })
        }
        _ => Value::Null,
    }
}

/// Who would ask. Nobody is admitted by this: it is a question about the rules.
#[expect(clippy::disallowed_methods, reason = "the subject of a question, whom nobody has to prove")]
fn subject<'a>(
    arguments: &'a Explain,
    policies: &[SharedAccessPolicy<'_>],
) -> Result<Subject<'a>, Box<dyn Error>> {
    if let Some(name) = &arguments.policy {
        let policy = PolicyName::parse(name)?;
        let known = policies.iter().find(|policy| policy.name() == name);
        let rights = match (&arguments.rights, known) {
            (Some(rights), _) => {
                rights.parse::<Permissions>().map_err(|error| format!("--rights: {error}"))?
            }
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

pub(super) fn operation(arguments: &Explain) -> Result<Operation<'_>, Box<dyn Error>> {
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
        (How::Action | How::DataAction, _) => return Err("a provider operation is asked by a --role".into()),
        (_, _) => return Err(
            "mqtt-publish takes one topic, mqtt-subscribe one filter, amqp-send and amqp-receive one address"
                .into(),
        ),
    })
}
