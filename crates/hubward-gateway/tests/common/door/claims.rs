//! Credentials that admit nothing: of a wrong key, expired, of another identity, spliced from two, or of a service that they are not for.

use hubward::RegistrationClient;
use hubward::types::{IdScope, RegistrationId};

use super::{Dice, Door, FORMER, device_key, device_token, own_token};
use crate::common::{at, now};
use crate::dps;

/// A claimed identity, and a token that does not prove it.
pub struct Claim {
    pub id: &'static str,
    pub token: String,
}

/// Returns a claim of a device at the hub.
pub fn device(door: &Door, dice: &mut Dice) -> Claim {
    let own = |id: &str| dps::secret(device_key(id));
    let claim = |id, token| Claim { id, token };
    let old = || {
        let client = hubward::Client::device(
            crate::common::host(),
            hubward::types::DeviceId::parse("h-mqtt").unwrap(),
        );
        client.token(at(now() - 8000)).sign(&own("h-mqtt")).to_string()
    };
    match dice.roll(13) {
        // a key that no device has: their primary and secondary keys are below 192
        0 => claim("victim", device_token("victim", &dps::secret(dice.byte() | 192), 600)),
        1 => claim("h-mqtt", old()),
        // replayed for another identity
        2 => claim("victim", own_token("h-mqtt")),
        3 => claim("h-amqp", own_token("h-mqtt")),
        // a token of before the key was rolled, and one of a deleted and of a disabled device
        4 => claim("victim", device_token("victim", &dps::secret(FORMER), 600)),
        5 => claim("deleted", device_token("deleted", &dps::secret(FORMER), 600)),
        6 => claim("disabled", own_token("disabled")),
        7 => claim("nowhere", device_token("nowhere", &own("victim"), 600)),
        8 => claim("h-mqtt", spliced("h-mqtt")),
        9 => claim("h-https", tampered(&own_token("h-https"))),
        // a policy without DeviceConnect
        10 => claim("victim", door.policy_token("registryRead")),
        11 => claim("sn-mqtt", dps::token("sn-mqtt", &dps::member(10, "sn-mqtt"))),
        _ => claim("dev1", dps::token("sn-own", &dps::secret(1))),
    }
}

/// Returns a claim of a registration at the provisioning service.
pub fn registration(dice: &mut Dice) -> Claim {
    let claim = |id, token| Claim { id, token };
    match dice.roll(10) {
        0 => claim("sn-mqtt", dps::token("sn-mqtt", &dps::member(50, "sn-mqtt"))),
        1 => claim("sn-mqtt", dps::token("sn-mqtt", &dps::secret(10))),
        2 => claim("sn-victim", dps::token("sn-victim", &dps::member(10, "sn-mqtt"))),
        // replayed for another registration
        3 => claim("sn-victim", dps::token("sn-mqtt", &dps::member(10, "sn-mqtt"))),
        4 => claim("sn-own", dps::token("sn-own", &dps::member(10, "sn-own"))),
        5 => claim("off", dps::token("off", &dps::secret(3))),
        6 => {
            let client = dps::client(dps::SCOPE, "sn-amqp");
            claim("sn-amqp", client.token(at(now() - 8000)).sign(&dps::member(10, "sn-amqp")).to_string())
        }
        7 => {
            let (scope, id) =
                (IdScope::parse("0ne00000B0B").unwrap(), RegistrationId::parse("sn-mqtt").unwrap());
            let token = RegistrationClient::new(scope, id).token(at(now() + 600));
            claim("sn-mqtt", token.sign(&dps::member(10, "sn-mqtt")).to_string())
        }
        8 => claim("sn-mqtt", tampered(&dps::token("sn-mqtt", &dps::member(10, "sn-mqtt")))),
        _ => claim("h-mqtt", own_token("h-mqtt")),
    }
}

/// Returns a token of a service that reads no devices, enrollments or connections by it.
pub fn service(door: &Door, dice: &mut Dice) -> String {
    match dice.roll(6) {
        0 => tampered(&door.owner_token()),
        1 => own_token("insider"),
        2 => "Bearer a.b.c".into(),
        3 => dps::token("sn-own", &dps::secret(1)),
        4 => door.owner_token().replace("skn=iothubowner", "skn=device"),
        _ => door.policy_token("device"),
    }
}

/// Returns the fields of one token with the signature of another one of the same device.
fn spliced(id: &str) -> String {
    let key = dps::secret(device_key(id));
    let (later, now) = (device_token(id, &key, 38_888), device_token(id, &key, 611));
    let part = |token: &str, name: &str| {
        let rest = token.split_once(name).unwrap().1;
        rest.split('&').next().unwrap().to_owned()
    };
    later.replace(&part(&later, "sig="), &part(&now, "sig="))
}

/// Returns a token with other characters in its signature. No change of one character restores it.
fn tampered(token: &str) -> String {
    let at = token.find("sig=").unwrap() + 4;
    let other: String = token[at..at + 8]
        .chars()
        .map(|character| match character {
            // an escape stays one
            '%' => '%',
            '0' => '1',
            '1'..='9' => '0',
            'A' => 'B',
            _ => 'A',
        })
        .collect();
    format!("{}{other}{}", &token[..at], &token[at + 8..])
}
