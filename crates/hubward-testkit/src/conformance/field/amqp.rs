//! AMQP connections at a hub: SASL, tokens that are put, and links.

use hubward::{Cbs, CbsRequest, CbsStep, Credentials, LinkRole};

use super::case::{Amqp, Link, Put};
use super::hub::{authenticate, config, principals, refused};
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
                    let (admission, operations) = (Some(Err(error.to_string())), refused(attach.len()));
                    return Ok(Outcome { admission, puts: Vec::new(), operations });
                }
                Ok(admitted) => {
                    let principals = principals(admitted.identity(), None);
                    (Cbs::new().opened_by(admitted.into_session()), Some(Ok(principals)))
                }
            }
        }
        _ => (Cbs::new(), None),
    };
    let put = |one: &Put| put_token(world, &config, &mut cbs, one);
    let puts = puts.iter().map(put).collect();
    let operations = attach.iter().map(|link| attach_link(world, &cbs, link)).collect();
    Ok(Outcome { admission, puts, operations })
}

fn put_token(
    world: &World<'_>,
    config: &hubward::HubConfig<'_, hubward_rustcrypto::HmacKey>,
    cbs: &mut Cbs,
    put: &Put,
) -> Result<Vec<Principal>, (i32, String)> {
    let request = CbsRequest::new(&put.operation, &put.kind, &put.name, &put.token);
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
            Ok(principals(session.identity(), None))
        }
    }
}

fn attach_link(world: &World<'_>, cbs: &Cbs, link: &Link) -> Result<(), String> {
    let role = if link.role == "send" { LinkRole::Sender } else { LinkRole::Receiver };
    let decision = cbs.may_attach(role, &link.address, world.now());
    if decision.is_allow() { Ok(()) } else { Err(decision.to_string()) }
}
