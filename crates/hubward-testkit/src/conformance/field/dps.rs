//! Connections and requests at the provisioning service.

use hubward::policy::Transport;
use hubward::types::{Authority, IdScope, Identity, RecordVersion, SymmetricKey};
use hubward::{
    AuthError, AuthenticatedRegistration, ProvisioningConfig, RegistrationCredentials, ServiceCredentials,
    ServicePolicyRecord, explain,
};
use hubward_rustcrypto::HmacKey;
use serde_json::json;

use super::case::{Amqp, Http, Mqtt};
use super::hub::{refused, with_hint};
use super::judge::{Mode, Outcome, Principal};
use super::world::{World, dummy_key, keys_of, name_of, token_rules};

fn config(world: &World<'_>, mode: Mode) -> ProvisioningConfig<HmacKey> {
    let scope = IdScope::parse(&world.data.dps.id_scope).expect("an id scope");
    let device_host = Authority::parse(&world.data.dps.device_host).expect("a host name");
    let service = Authority::parse(&world.data.dps.host).expect("a host name");
    ProvisioningConfig::new(scope, dummy_key())
        .with_token_rules(token_rules(mode))
        .with_service_host(service)
        .with_device_hosts([device_host])
}

pub(super) fn mqtt(world: &World<'_>, connect: &Mqtt, mode: Mode) -> Result<Outcome, String> {
    let Mqtt { client_id, username, password, publish, subscribe, .. } = connect;
    let publish = publish.iter().map(|topic| (Transport::Mqtt, "publish", topic.as_str()));
    let subscribe = subscribe.iter().map(|filter| (Transport::Mqtt, "subscribe", filter.as_str()));
    let operations: Vec<_> = publish.chain(subscribe).collect();
    let credentials = RegistrationCredentials::mqtt(client_id, username, password.as_deref());
    let mut outcome = register(world, credentials, &operations, mode)?;
    let names = explain::mqtt(client_id, username, password.as_deref());
    if let (Some(Err(message)), Some(hint)) = (&mut outcome.admission, names) {
        *message = format!("{message}; {hint}");
    }
    Ok(outcome)
}

pub(super) fn http(world: &World<'_>, request: &Http, mode: Mode) -> Result<Outcome, String> {
    let Http { method, path, host, authorization } = request;
    match RegistrationCredentials::http(method, path, authorization.as_deref()) {
        Err(AuthError::RegistrationPath) => service(world, request, mode),
        credentials => {
            let credentials = credentials.and_then(|credentials| credentials.with_host(host));
            register(world, credentials, &[(Transport::Http, method, path)], mode)
        }
    }
}

/// Authenticates a request with the token of a policy.
fn service(world: &World<'_>, request: &Http, mode: Mode) -> Result<Outcome, String> {
    let Http { method, path, host, authorization } = request;
    let (config, token) = (config(world, mode), authorization.as_deref().unwrap_or_default());
    let result = ServiceCredentials::http(method, path, host, token).and_then(|credentials| {
        let pending = credentials.start(&config)?;
        let policies = &world.data.dps.policies;
        let found = policies.iter().find(|policy| pending.lookup().is(&Identity::Policy(name_of(policy))));
        let keys = found.map(keys_of);
        let record = found.zip(keys.as_ref()).map(|(policy, keys)| {
            let rights = policy.rights.join(", ").parse().expect("rights");
            ServicePolicyRecord::new(name_of(policy), rights, RecordVersion::new(1, 1), keys.keys())
        });
        pending.resume(record.as_ref(), world.now())
    });
    let (admission, operation) = match result {
        Err(error) => (Err(with_hint(&error, explain::http(token))), Err("refused".into())),
        Ok(service) => {
            let decision = service.decision().map(|_| ()).map_err(|denial| denial.to_string());
            (Ok(vec![json!({ "policy": service.policy().to_string() })]), decision)
        }
    };
    Ok(Outcome { admission: Some(admission), puts: Vec::new(), operations: vec![operation] })
}

pub(super) fn amqp(world: &World<'_>, connection: &Amqp, mode: Mode) -> Result<Outcome, String> {
    let operations: Vec<_> = connection
        .attach
        .iter()
        .map(|link| (Transport::Amqp, link.role.as_str(), link.address.as_str()))
        .collect();
    let sasl = connection.sasl.as_ref().ok_or("a case without SASL")?;
    register(world, RegistrationCredentials::amqp_plain(&sasl.username, &sasl.password), &operations, mode)
}

fn register(
    world: &World<'_>,
    credentials: Result<RegistrationCredentials<'_>, AuthError>,
    operations: &[(Transport, &str, &str)],
    mode: Mode,
) -> Result<Outcome, String> {
    let config = config(world, mode);
    let make = |key: &SymmetricKey| HmacKey::new(key);
    let hint = credentials
        .as_ref()
        .ok()
        .and_then(|credentials| credentials.explain(&config, &world.enrollments, make, world.now()));
    let result = credentials
        .and_then(|credentials| credentials.start(&config)?.resume(&world.enrollments, make, world.now()));
    let (admission, operations) = match result {
        Err(error) => (Err(with_hint(&error, hint)), refused(operations.len())),
        Ok(registration) => {
            let decide = |(transport, verb, address): &(Transport, &str, &str)| {
                let decision = registration.decide(*transport, verb, address);
                decision.map(|_| ()).map_err(|denial| denial.to_string())
            };
            (Ok(vec![principal(&registration)]), operations.iter().map(decide).collect())
        }
    };
    Ok(Outcome { admission: Some(admission), puts: Vec::new(), operations })
}

fn principal(registration: &AuthenticatedRegistration<'_, '_>) -> Principal {
    let id = registration.id().as_str().to_lowercase();
    match registration.group() {
        Some(group) => json!({ "registration": id, "group": group }),
        None => json!({ "registration": id }),
    }
}
