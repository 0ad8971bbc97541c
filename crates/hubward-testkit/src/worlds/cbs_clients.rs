//! Clients that put a token on an AMQP connection and attach one link: devices, modules and services.

use super::clients::{Owned, host, identity, signed_perhaps_forged, token};
use super::draw::DEVICES;
use super::mint::{Parts, by_policy, expiry};
use super::random::Random;
use super::records::HUB;
use super::text::escaped;
use super::world::{Attempt, World};

const LINKS: &[(bool, &str)] = &[
    (true, "/messages/events"),
    (false, "/messages/devicebound"),
    (true, "/twin"),
    (false, "/twin"),
    (false, "/methods/deviceBound"),
    (false, "/messages/events"),
];
const SERVICE_LINKS: &[(bool, &str)] = &[
    (true, "messages/devicebound"),
    (false, "messages/serviceBound/feedback"),
    (false, "messages/events/ConsumerGroups/$Default/Partitions/0"),
    (true, "messages/events"),
];

/// Draws a token that is put, and a link.
pub(crate) fn attempt(random: &mut Random, world: &World, id: &Owned) -> Attempt {
    let kind = (*random.one(&["servicebus.windows.net:sastoken", "azure-devices.net:sastoken"])).to_owned();
    let start = (*random.one(&[
        "/",
        "",
        "amqps://contoso.azure-devices.net/",
        "amqps://contoso.azure-devices.net:5671/",
        "amqps://contoso.azure-devices.net:0/",
        "amqps://fabrikam.azure-devices.net/",
        "/",
        "",
    ]))
    .to_owned();
    let mut name_path = vec!["devices".to_owned(), id.0.clone()];
    if let Some(module) = &id.1 {
        match random.below(6) {
            // some clients name the device of their module
            0 | 1 => {}
            2 => name_path[1] = (*random.one(DEVICES)).to_owned(),
            _ => name_path.extend(["modules".to_owned(), module.clone()]),
        }
    }
    if random.rarely(12) {
        name_path.push((*random.one(&["messages", "modules"])).to_owned());
    }
    let own = {
        let names: Vec<String> = name_path.iter().map(|part| escaped(part)).collect();
        [vec![host(random, world)], names].concat().join("/")
    };
    if random.rarely(3) && !world.policies.is_empty() {
        let path: &[&str] = match random.below(6) {
            0 => &["messages", "devicebound"],
            1 => &["devices"],
            2 => &["devices", "dev1"],
            _ => &[],
        };
        let parts = Parts {
            host: HUB.to_owned(),
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            key: String::new(),
            skn: None,
            expiry: expiry(random, world.now),
        };
        let mut parts = by_policy(random, world, parts);
        let token = signed_perhaps_forged(random, world, &mut parts);
        let name = (*random.one(&[
            HUB,
            "amqps://contoso.azure-devices.net:5671/",
            "https://contoso.azure-devices.net",
            "contoso.azure-devices.net/messages/devicebound",
            "contoso.azure-devices.net/devices",
            "https://contoso.azure-devices.net/devices",
            "amqps://contoso.azure-devices.net:0/",
            HUB,
        ]))
        .to_owned();
        let (sends, address) = *random.one(SERVICE_LINKS);
        let mut address = address.to_owned();
        let mut sends = sends;
        if random.rarely(3) {
            let (role, end) = *random.one(LINKS);
            (sends, address) = (role, format!("devices/{}{end}", escaped(&id.0)));
        }
        return Attempt::Cbs { kind, name, token, sends, address: format!("{start}{address}") };
    }
    let token = token(random, world, id);
    let target = if random.rarely(16) { identity(random, world) } else { id.clone() };
    let (sends, end) = *random.one(LINKS);
    let middle = match &target.1 {
        Some(module) => format!("devices/{}/modules/{}", escaped(&target.0), escaped(module)),
        None => format!("devices/{}", escaped(&target.0)),
    };
    Attempt::Cbs { kind, name: own, token, sends, address: format!("{start}{middle}{end}") }
}
