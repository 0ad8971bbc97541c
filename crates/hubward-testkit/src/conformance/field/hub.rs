//! Connections over MQTT and requests over HTTP at a hub.

use hubward::policy::{Decision, Operation};
use hubward::types::{Hint, HostName, Identity};
use hubward::{AuthError, Authenticated, AuthenticationStep, Credentials, HubConfig, explain};
use hubward_rustcrypto::HmacKey;
use serde_json::json;

use super::case::{Http, Mqtt};
use super::judge::{Mode, Outcome, Principal};
use super::world::{World, dummy_key, token_rules};

/// Returns the configuration of the world's hub.
pub(super) fn config(world: &World<'_>, mode: Mode) -> HubConfig<HmacKey> {
    let hub = HostName::parse(&world.data.hub).expect("a host name");
    HubConfig::new(hub, dummy_key()).with_token_rules(token_rules(mode))
}

/// Authenticates with the records of the world.
pub(super) fn authenticate<'a>(
    world: &World<'_>,
    config: &'a HubConfig<HmacKey>,
    credentials: Credentials<'a>,
) -> Result<Authenticated<'a>, AuthError> {
    let mut pending = credentials.start(config)?;
    loop {
        let found = world.find(&pending.lookup());
        match pending.resume(found, world.now())? {
            AuthenticationStep::NeedsLookup(next) => pending = next,
            AuthenticationStep::Authenticated(authenticated) => return Ok(authenticated),
        }
    }
}

pub(super) fn mqtt(world: &World<'_>, connect: &Mqtt, mode: Mode) -> Result<Outcome, String> {
    let Mqtt { client_id, username, password, publish, subscribe, .. } = connect;
    let config = config(world, mode);
    let publish = publish.iter().map(|topic| Operation::mqtt_publish(topic));
    let subscribe = subscribe.iter().map(|filter| Operation::mqtt_subscribe(filter));
    let operations: Vec<_> = publish.chain(subscribe).collect();
    let admitted = Credentials::mqtt(client_id, username, password.as_deref())
        .and_then(|credentials| authenticate(world, &config, credentials));
    let (admission, operations) = match admitted {
        Err(error) => {
            let hint = explain::mqtt(client_id, username, password.as_deref());
            (Err(with_hint(&error, hint)), refused(operations.len()))
        }
        Ok(admitted) => match admitted.decision() {
            Decision::Deny(denial) => (Err(denial.to_string()), refused(operations.len())),
            Decision::Allow(_) => {
                let decisions = operations.iter().map(|operation| text(admitted.decide(operation))).collect();
                (Ok(principals(admitted.identity(), None)), decisions)
            }
        },
    };
    Ok(Outcome { admission: Some(admission), puts: Vec::new(), operations })
}

pub(super) fn http(world: &World<'_>, request: &Http, mode: Mode) -> Result<Outcome, String> {
    let Http { method, path, host, authorization } = request;
    let config = config(world, mode);
    let admitted = Credentials::http(method, path, host, authorization.as_deref())
        .and_then(|credentials| authenticate(world, &config, credentials));
    let (admission, operations) = match admitted {
        Err(error) => {
            let hint = authorization.as_deref().and_then(explain::http);
            (Err(with_hint(&error, hint)), refused(1))
        }
        Ok(admitted) => {
            let policy = admitted.policy().map(|name| name.to_string());
            (Ok(principals(admitted.identity(), policy)), vec![text(admitted.decision())])
        }
    };
    Ok(Outcome { admission: Some(admission), puts: Vec::new(), operations })
}

/// Returns the message of a refusal with its hint.
pub(super) fn with_hint(error: &AuthError, hint: Option<Hint<'_>>) -> String {
    match hint {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// Returns the identity and the policy whose key signed its token, in the form of the file.
pub(super) fn principals(identity: Identity<'_>, policy: Option<String>) -> Vec<Principal> {
    let identity = match identity {
        Identity::Device(id) => json!({ "device": id.as_str() }),
        Identity::Module(device, module) => json!({ "module": [device.as_str(), module.as_str()] }),
        Identity::Policy(name) => json!({ "policy": name.as_str() }),
        other => json!({ "other": other.to_string() }),
    };
    [Some(identity), policy.map(|policy| json!({ "policy": policy }))].into_iter().flatten().collect()
}

pub(super) fn text(decision: Decision<'_>) -> Result<(), String> {
    match decision {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(denial) => Err(denial.to_string()),
    }
}

/// Returns the denials of a peer that was refused.
pub(super) fn refused(operations: usize) -> Vec<Result<(), String>> {
    vec![Err("refused".into()); operations]
}
