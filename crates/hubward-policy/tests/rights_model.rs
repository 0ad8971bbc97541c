//! Every combination of rights with every endpoint, for every relation of a scope or an identity to the path, against a
//! slow model over sets of words and lists of names.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test asserts subjects, counts and indexes its own data, and a failed step is a failed test"
)]

use core::iter;
use std::collections::BTreeSet;

use hubward_core::{DeviceId, Identity, ModuleId, Permissions, PolicyName, ResourcePath};
use hubward_policy::{Caller, ENDPOINTS, Endpoint, Operation, Scope, Subject, Transport, decide};

/// A subject of the model.
#[derive(Clone, Debug, PartialEq)]
enum ModelCaller {
    Policy,
    Device(String),
    /// An edge device.
    Edge(String),
    Module(String, String),
}

type Words = BTreeSet<&'static str>;

/// Returns the rights of a mask as words. Writing has two of the hub's flags.
fn words(mask: u8) -> Words {
    let mut words = Words::new();
    if mask & 1 != 0 {
        words.insert("read");
    }
    if mask & 2 != 0 {
        words.extend(["read", "write"]);
    }
    if mask & 4 != 0 {
        words.insert("service");
    }
    if mask & 8 != 0 {
        words.insert("device");
    }
    words
}

fn right_word(endpoint: &Endpoint) -> &'static str {
    match endpoint.right().to_string().as_str() {
        "RegistryRead" => "read",
        "RegistryWrite" => "write",
        "ServiceConnect" => "service",
        "DeviceConnect" => "device",
        other => panic!("{other}"),
    }
}

/// Returns the right that `caller` needs, or `None` if no right is sufficient. `path` and `scope` are lists of decoded
/// names.
fn needed(
    endpoint: &Endpoint,
    path: &[String],
    caller: &ModelCaller,
    scope: Option<&[String]>,
) -> Option<&'static str> {
    let (device, module) = named(endpoint, path);
    let own_path = match caller {
        ModelCaller::Policy => vec![],
        ModelCaller::Device(id) | ModelCaller::Edge(id) => vec!["devices".to_owned(), id.clone()],
        ModelCaller::Module(id, module) => {
            vec!["devices".to_owned(), id.clone(), "modules".to_owned(), module.clone()]
        }
    };
    let connected = matches!(endpoint.caller(), Caller::Connected | Caller::ConnectedDevice);
    let path = if connected { &own_path } else { path };
    let in_scope = match scope {
        Some(scope) => path.starts_with(scope),
        None => *caller != ModelCaller::Policy,
    };
    let right = right_word(endpoint);
    let (right, fits) = match (endpoint.caller(), caller) {
        (Caller::Service | Caller::ServiceOrSibling | Caller::ServiceOrEdgeDevice, ModelCaller::Policy) => {
            (right, true)
        }
        // with its own credential only
        (Caller::ServiceOrEdgeDevice, ModelCaller::Edge(own)) if scope.is_none() => {
            ("device", device.as_ref() == Some(own))
        }
        (Caller::ServiceOrSibling, ModelCaller::Module(own, _)) => ("device", device.as_ref() == Some(own)),
        (Caller::Service | Caller::ServiceOrSibling, _) => (right, false),
        (Caller::Connected, caller) => (right, *caller != ModelCaller::Policy),
        (Caller::Itself, ModelCaller::Policy) => (right, endpoint.transport() != Transport::Mqtt),
        (Caller::ConnectedDevice, ModelCaller::Device(_) | ModelCaller::Edge(_)) => (right, true),
        (Caller::Itself, ModelCaller::Device(own) | ModelCaller::Edge(own)) => {
            (right, device.as_ref() == Some(own) && module.is_none())
        }
        (Caller::Itself, ModelCaller::Module(own, own_module)) => {
            (right, device.as_ref() == Some(own) && module.as_ref() == Some(own_module))
        }
        _ => (right, false),
    };
    (in_scope && fits && (*caller == ModelCaller::Policy || right == "device")).then_some(right)
}

/// Returns the ids in a path, by their positions in the pattern.
fn named(endpoint: &Endpoint, path: &[String]) -> (Option<String>, Option<String>) {
    let words: Vec<_> = endpoint.pattern().trim_start_matches('/').split('/').collect();
    let at = |wanted: &[&str]| {
        words.iter().position(|word| wanted.contains(word)).and_then(|at| path.get(at)).cloned()
    };
    (at(&["{device}"]), at(&["{module}", "{$edgeHub}"]))
}

/// Returns the endpoint's pattern with ids, as a list of decoded names.
fn concrete(endpoint: &Endpoint, device: &str, module: &str) -> Vec<String> {
    endpoint
        .pattern()
        .trim_start_matches('/')
        .split('/')
        .map(|word| match word {
            "{device}" => device.to_owned(),
            "{module}" => module.to_owned(),
            "{$edgeHub}" => "$edgeHub".to_owned(),
            "{bag}" => "k=v".to_owned(),
            "?$rid={rid}" => "?$rid=1".to_owned(),
            word if word.starts_with('{') => "x1".to_owned(),
            word => word.split('|').next_back().unwrap().to_owned(),
        })
        .collect()
}

fn escape(name: &str, every: bool) -> String {
    name.bytes()
        .map(|b| {
            if every || !b.is_ascii_alphanumeric() { format!("%{b:02x}") } else { char::from(b).to_string() }
        })
        .collect()
}

fn operation<'a>(endpoint: &'a Endpoint, text: &'a str) -> Operation<'a> {
    match (endpoint.transport(), endpoint.verb()) {
        (Transport::Http, method) => Operation::http(method, text),
        (Transport::Mqtt, "connect") => Operation::mqtt_connect(),
        (Transport::Mqtt, "publish") => Operation::mqtt_publish(text),
        (Transport::Mqtt, _) => Operation::mqtt_subscribe(text),
        (Transport::Amqp, "send") => Operation::amqp_send(text),
        (Transport::Amqp, _) => Operation::amqp_receive(text),
    }
}

/// Returns resources in every relation to a path: above it, equal, below it, a sibling, and near misses.
fn scopes(path: &[String]) -> Vec<Vec<String>> {
    let path: Vec<String> = path.iter().filter(|name| !name.is_empty()).cloned().collect();
    let mut scopes = vec![vec![]];
    for end in 1..=path.len() {
        let above = path[..end].to_vec();
        let last = above.last().unwrap().clone();
        let parent = above[..end - 1].to_vec();
        let sibling = |name: String| [parent.clone(), vec![name]].concat();
        scopes.push(sibling(format!("{last}0")));
        scopes.push(sibling(last.to_ascii_uppercase()));
        scopes.push(sibling(format!("{last}%41")));
        scopes.push(sibling(last.chars().next().unwrap().to_string()));
        scopes.push(above);
    }
    scopes.push([path.clone(), vec!["below".to_owned()]].concat());
    for other in
        ["devices/dev1", "devices/dev2", "devices/dev1/modules/m", "devices", "twins/dev1", "messages"]
    {
        scopes.push(other.split('/').map(str::to_owned).collect());
    }
    scopes
}

fn callers() -> Vec<ModelCaller> {
    let mut callers = vec![ModelCaller::Policy];
    for device in ["dev1", "dev10", "Dev1", "a+b", "%41"] {
        callers.push(ModelCaller::Device(device.to_owned()));
        callers.push(ModelCaller::Edge(device.to_owned()));
        for module in ["m", "m0", "$edgeHub"] {
            callers.push(ModelCaller::Module(device.to_owned(), module.to_owned()));
        }
    }
    callers
}

fn identity(caller: &ModelCaller) -> Identity<'_> {
    match caller {
        ModelCaller::Policy => Identity::Policy(PolicyName::parse("p").unwrap()),
        ModelCaller::Device(id) | ModelCaller::Edge(id) => Identity::Device(DeviceId::parse(id).unwrap()),
        ModelCaller::Module(id, module) => {
            Identity::Module(DeviceId::parse(id).unwrap(), ModuleId::parse(module).unwrap())
        }
    }
}

#[test]
fn decide_agrees_with_the_model_everywhere() {
    let lattice: Vec<_> = (0..16_u8)
        .map(|mask| (Permissions::from_bits(mask | (mask & 2) >> 1).unwrap(), words(mask)))
        .collect();
    let (mut judged, mut allows) = (0_u64, 0_u64);
    for endpoint in ENDPOINTS {
        for (device, module) in [("dev1", "m"), ("a+b", "m"), ("%41", "$edgeHub")] {
            let path = concrete(endpoint, device, module);
            let encoded = endpoint.transport() != Transport::Mqtt;
            for form in [false, true] {
                let text: Vec<_> =
                    path.iter().map(|name| if encoded { escape(name, form) } else { name.clone() }).collect();
                let slash = if endpoint.pattern().starts_with('/') { "/" } else { "" };
                let text = format!("{slash}{}", text.join("/"));
                let operation = operation(endpoint, &text);
                assert_eq!(operation.endpoint(), Some(endpoint), "{operation}");
                let scopes = scopes(&path);
                let resources: Vec<_> = scopes
                    .iter()
                    .map(|scope| {
                        let names: String =
                            scope.iter().map(|name| format!("%2F{}", escape(name, form))).collect();
                        format!("h.net{names}")
                    })
                    .collect();
                for caller in &callers() {
                    let own = iter::once((None, Scope::Own));
                    let others = scopes.iter().zip(&resources).map(|(names, text)| {
                        (Some(names.as_slice()), Scope::Resource(ResourcePath::parse(text).unwrap()))
                    });
                    for (scope, real) in own.chain(others) {
                        let needed = needed(endpoint, &path, caller, scope);
                        for (mask, words) in &lattice {
                            let expected = needed.is_some_and(|word| words.contains(word));
                            let subject = Subject::assertion(identity(caller), *mask, real);
                            let edge = matches!(caller, ModelCaller::Edge(_));
                            let subject = if edge { subject.as_edge_device() } else { subject };
                            let decision = decide(&subject, &operation);
                            assert_eq!(decision.is_allow(), expected, "{decision} (in {scope:?})");
                            judged += 1;
                            allows += u64::from(expected);
                        }
                    }
                }
            }
        }
    }
    println!("{judged} decisions agree with the model, {allows} of them allow");
    assert!(allows > 10_000 && judged > 1_000_000);
}
