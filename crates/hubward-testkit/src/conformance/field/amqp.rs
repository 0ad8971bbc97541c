//! AMQP connections at a hub: SASL, tokens that are put, and links.

use hubward::policy::roles::ArmScope;
use hubward::{
    Cbs, CbsRequest, CbsStep, Credentials, DirectoryConfig, HubConfig, LinkDecision, LinkRole, LinkStep,
    PrincipalRecord, SASL_WITHOUT_IDENTITY, explain,
};
use hubward_rustcrypto::HmacKey;

use super::case::{Amqp, Link, Put};
use super::hub::{authenticate, config, principals, refused, with_hint};
use super::judge::{Mode, Outcome, Principal};
use super::world::World;

pub(super) fn run(world: &World<'_>, connection: &Amqp, mode: Mode) -> Result<Outcome, String> {
    let config = config(world, mode);
    let Amqp { sasl, puts, attach } = connection;
    let (mut cbs, admission) = match sasl {
        Some(sasl) if sasl.mechanism == "PLAIN" => {
            let admitted = Credentials::amqp_plain(&sasl.username, &sasl.password)
                .and_then(|credentials| authenticate(world, &config, credentials));
            match admitted {
                Err(error) => {
                    let hint = explain::amqp_plain(&sasl.username, &sasl.password);
                    let (admission, operations) = (Some(Err(with_hint(&error, hint))), refused(attach.len()));
                    return Ok(Outcome { admission, puts: Vec::new(), operations });
                }
                Ok(admitted) => {
                    let principals = principals(admitted.identity(), None);
                    (Cbs::new().with_session(admitted.into_session()), Some(Ok(principals)))
                }
            }
        }
        Some(sasl) if !SASL_WITHOUT_IDENTITY.contains(&sasl.mechanism.as_str()) => {
            return Err(format!("the mechanism {} is not offered", sasl.mechanism));
        }
        _ => (Cbs::new(), None),
    };
    let put = |one: &Put| put_token(world, &config, &mut cbs, one);
    let puts = puts.iter().map(put).collect();
    let operations = attach.iter().map(|link| attach_link(world, &config, &mut cbs, link)).collect();
    Ok(Outcome { admission, puts, operations })
}

fn put_token(
    world: &World<'_>,
    config: &HubConfig<HmacKey>,
    cbs: &mut Cbs,
    put: &Put,
) -> Result<Vec<Principal>, (i32, String)> {
    let request = CbsRequest::new(&put.operation, &put.kind, &put.name, &put.token);
    if request.is_bearer() {
        return Err(put_bearer(world, config, cbs, request));
    }
    let mut step = cbs.put_token(request, config);
    let reply = loop {
        match step {
            CbsStep::NeedsLookup(pending) => {
                let found = world.find(&pending.lookup());
                step = pending.resume(found, world.now());
            }
            CbsStep::Replied(reply) => break reply,
        }
    };
    match reply.error() {
        Some(error) => Err((reply.status_code(), error.to_string())),
        None => {
            let session = cbs.sessions().last().expect("the session of the token");
            let policy = session.policy().map(|policy| policy.to_string());
            Ok(principals(session.identity(), policy))
        }
    }
}

/// Puts a bearer token that the JWT library rejects: the worlds have no directory.
fn put_bearer(
    world: &World<'_>,
    config: &HubConfig<HmacKey>,
    cbs: &mut Cbs,
    request: CbsRequest<'_>,
) -> (i32, String) {
    let hub = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/hub";
    let directory = DirectoryConfig::new(ArmScope::parse(hub).expect("a resource id"));
    let response = match cbs.put_bearer(request, config, &directory) {
        Ok(pending) => pending.resume(PrincipalRecord::Refused, world.now()),
        Err(response) => response,
    };
    (response.status_code(), response.error().map(|error| error.to_string()).unwrap_or_default())
}

fn attach_link(
    world: &World<'_>,
    config: &HubConfig<HmacKey>,
    cbs: &mut Cbs,
    link: &Link,
) -> Result<(), String> {
    let role = if link.role == "send" { LinkRole::Sender } else { LinkRole::Receiver };
    let decision = match cbs.may_attach(role, &link.address, config, |session| world.valid(session)) {
        LinkStep::Decided(decision) => decision,
        LinkStep::NeedsLookup(pending) => {
            let found = world.find(&pending.lookup());
            pending.resume(&found, world.now())
        }
    };
    match decision {
        LinkDecision::Allow(..) => Ok(()),
        LinkDecision::Deny(denial) => Err(denial.to_string()),
    }
}
