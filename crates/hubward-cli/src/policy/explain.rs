//! `hubward policy explain`: one authorization decision, and what would change it.

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
use crate::exit::{OrMisuse, misuse};
use crate::shown;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("caller").required(true))]
pub(crate) struct Explain {
    /// The caller is a device, authenticated with its own key.
    #[arg(long, value_name = "ID", group = "caller")]
    device: Option<String>,
    /// The caller is a module of the device, authenticated with its own key.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
    /// The caller is a service, authenticated with the key of this shared access policy.
    #[arg(long, value_name = "NAME", group = "caller")]
    policy: Option<String>,
    /// The caller is a directory user or service with this RBAC role at the hub: the name or id of a built-in role, or
    /// `@` and a file of JSON. Repeatable.
    #[arg(long, value_name = "ROLE", group = "caller")]
    pub(super) role: Vec<String>,
    /// The permissions of the policy, such as `RegistryRead, ServiceConnect` (default: those of the hub's policy).
    #[arg(long, value_name = "RIGHTS", requires = "policy")]
    rights: Option<String>,
    /// The resource of the policy's token; `hub` is the whole hub.
    #[arg(long, value_name = "RESOURCE", requires = "policy", default_value = "hub")]
    resource: String,
    /// An additional policy of the hub: `name=RegistryRead, ServiceConnect`. Repeatable.
    #[arg(long, value_name = "NAME=RIGHTS")]
    hub_policy: Vec<String>,
    /// A file of policy statements in JSON, which must also allow the operation. Over MQTT the client id is that of the
    /// identity.
    #[arg(long, value_name = "FILE", conflicts_with = "role")]
    statements: Option<std::path::PathBuf>,
    /// The kind of operation.
    #[arg(value_enum, value_name = "OPERATION")]
    pub(super) kind: OperationKind,
    /// The object of the operation: METHOD PATH, TOPIC, FILTER, ADDRESS, or a provider operation.
    #[arg(value_name = "OBJECT")]
    pub(super) object: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OperationKind {
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
    /// A management operation, with a role: `Microsoft.Devices/IotHubs/listkeys/action`.
    Action,
    /// A data operation, with a role: `Microsoft.Devices/IotHubs/twins/read`.
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
        Some(file) => Some(evaluate(&statements(file)?, &subject, &operation)),
        None => None,
    };
    let allowed = decision.is_allow() && verdict.is_none_or(|verdict| verdict.is_allow());
    let mut out = crate::out::stdout();
    if crate::out::is_json() {
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
    Ok(if allowed { Outcome::Good } else { Outcome::Refused })
}

fn statements(file: &std::path::Path) -> Result<Statements, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", shown::file(file)))?;
    statements_from_json(&text).map_err(|error| format!("{}: {error}", shown::file(file)).into())
}

fn evaluate(statements: &Statements, subject: &Subject<'_>, operation: &Operation<'_>) -> StatementVerdict {
    let client = match subject.identity() {
        Identity::Device(id) => id.as_str().to_owned(),
        Identity::Module(device, module) => format!("{device}/{module}"),
        _ => String::new(),
    };
    statements.evaluate(&StatementRequest::new(subject.identity(), Some(&client), operation))
}

/// Returns the hub's default policies and those of `--hub-policy`.
fn policies(arguments: &Explain) -> Result<Vec<SharedAccessPolicy<'_>>, Box<dyn Error>> {
    let mut policies = DEFAULT_POLICIES.to_vec();
    for text in &arguments.hub_policy {
        let (name, rights) = text.split_once('=').ok_or_else(|| misuse("--hub-policy takes NAME=RIGHTS"))?;
        let policy =
            SharedAccessPolicy::from_names(PolicyName::parse(name).or_misuse()?, rights).or_misuse()?;
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
            "remedy": denial.hint().map_or("nothing", |hint| hint.code()),
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

/// Returns the hypothetical caller. It is not authenticated: the command only evaluates the rules.
#[expect(clippy::disallowed_methods, reason = "a hypothetical caller, which is not authenticated")]
fn subject<'a>(
    arguments: &'a Explain,
    policies: &[SharedAccessPolicy<'_>],
) -> Result<Subject<'a>, Box<dyn Error>> {
    if let Some(name) = &arguments.policy {
        let policy = PolicyName::parse(name).or_misuse()?;
        let known = policies.iter().find(|policy| policy.name() == name);
        let rights = match (&arguments.rights, known) {
            (Some(rights), _) => {
                rights.parse::<Permissions>().map_err(|error| misuse(format!("--rights: {error}")))?
            }
            (None, Some(policy)) => policy.rights(),
            (None, None) => {
                return Err(misuse(
                    "the hub has no default policy of that name: give its permissions by --rights",
                ));
            }
        };
        let scope = Scope::Resource(ResourcePath::parse(&arguments.resource).or_misuse()?);
        return Ok(Subject::assertion(Identity::Policy(policy), rights, scope));
    }
    let device = DeviceId::parse(arguments.device.as_deref().unwrap_or_default()).or_misuse()?;
    let identity = match &arguments.module {
        Some(module) => Identity::Module(device, ModuleId::parse(module).or_misuse()?),
        None => Identity::Device(device),
    };
    Ok(Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own))
}

/// Returns the operation of the command line.
pub(super) fn operation(arguments: &Explain) -> Result<Operation<'_>, Box<dyn Error>> {
    let words: Vec<&str> = arguments.object.iter().map(String::as_str).collect();
    Ok(match (arguments.kind, &words[..]) {
        (OperationKind::Http, [method, path]) => Operation::http(method, path),
        (OperationKind::MqttConnect, []) => Operation::mqtt_connect(),
        (OperationKind::MqttPublish, [topic]) => Operation::mqtt_publish(topic),
        (OperationKind::MqttSubscribe, [filter]) => Operation::mqtt_subscribe(filter),
        (OperationKind::AmqpSend, [address]) => Operation::amqp_send(address),
        (OperationKind::AmqpReceive, [address]) => Operation::amqp_receive(address),
        (OperationKind::Http, _) => return Err(misuse("http takes a method and a path")),
        (OperationKind::MqttConnect, _) => return Err(misuse("mqtt-connect takes no object")),
        (OperationKind::Action | OperationKind::DataAction, _) => {
            return Err(misuse("a provider operation needs a --role"));
        }
        (_, _) => {
            return Err(misuse(
                "mqtt-publish takes one topic, mqtt-subscribe one filter, amqp-send and amqp-receive one address",
            ));
        }
    })
}
