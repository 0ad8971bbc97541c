//! Connections and requests at the provisioning service.

use hubward::policy::Transport;
use hubward::types::{IdScope, SymmetricKey};
use hubward::{AuthError, AuthenticatedRegistration, ProvisioningConfig, RegistrationCredentials};
use hubward_rustcrypto::HmacKey;
use serde_json::json;

use super::case::{Amqp, Http, Mqtt};
use super::hub::{refused, with_hint};
use super::judge::{Mode, Outcome, Principal};
use super::world::{World, dummy_key, token_rules};

fn config<'w>(world: &'w World<'_>, mode: Mode) -> ProvisioningConfig<'w, HmacKey> {
    let scope = IdScope::parse(&world.data.dps.id_scope).expect("an id scope");
    ProvisioningConfig::new(scope, dummy_key()).with_token_rules(token_rules(mode))
}

pub(super) fn mqtt(world: &World<'_>, connect: &Mqtt, mode: Mode) -> Result<Outcome, String> {
    let Mqtt { client_id, username, password, publish, subscribe, .. } = connect;
    let publish = publish.iter().map(|topic| (Transport::Mqtt, "publish", topic.as_str()));
    let subscribe = subscribe.iter().map(|filter| (Transport::Mqtt, "subscribe", filter.as_str()));
    let operations: Vec<_> = publish.chain(subscribe).collect();
    register(
        world,
        RegistrationCredentials::mqtt(client_id, username, password.as_deref()),
        &operations,
        mode,
    )
}

pub(super) fn http(world: &World<'_>, request: &Http, mode: Mode) -> Result<Outcome, String> {
    let Http { method, path, authorization, .. } = request;
    let credentials = RegistrationCredentials::http(method, path, authorization.as_deref());
    register(world, credentials, &[(Transport::Http, method, path)], mode)
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
