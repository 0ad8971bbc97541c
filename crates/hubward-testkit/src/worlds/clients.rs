//! Clients of each dialect. Most are honest; some take a name, a resource or a key that is not theirs.

use super::cbs_clients;
use super::certificates::certificates;
use super::draw::{DEVICES, MODULES, REGISTRATIONS};
use super::mint::{Parts, by_policy, expiry, forge, own_key, parts, signed, signed_by_member};
use super::random::Random;
use super::records::{HUB, SCOPE};
use super::text::escaped;
use super::world::{Attempt, Attestation, Credential, World};

/// A device id and perhaps a module id.
pub(crate) type Owned = (String, Option<String>);

/// Draws an attempt.
pub(crate) fn attempt(random: &mut Random, world: &World) -> Attempt {
    let id = identity(random, world);
    match random.below(16) {
        0..=4 => mqtt(random, world, &id),
        5 | 6 => delegated(random, world, &id),
        7..=10 => http(random, world, &id),
        11 => plain(random, world, &id),
        12 | 13 => cbs_clients::attempt(random, world, &id),
        _ => register(random, world),
    }
}

/// Draws an identity, mostly one that exists.
pub(crate) fn identity(random: &mut Random, world: &World) -> Owned {
    if !world.devices.is_empty() && !random.rarely(8) {
        if !world.modules.is_empty() && random.rarely(3) {
            let module = random.one(&world.modules);
            return (module.device.clone(), Some(module.id.clone()));
        }
        return (random.one(&world.devices).id.clone(), None);
    }
    let module = random.rarely(3).then(|| (*random.one(MODULES)).to_owned());
    ((*random.one(DEVICES)).to_owned(), module)
}

fn names((device, module): &Owned) -> String {
    module.as_ref().map_or_else(|| device.clone(), |module| format!("{device}/{module}"))
}

pub(crate) fn token(random: &mut Random, world: &World, (device, module): &Owned) -> String {
    let mut parts = parts(random, world, device, module.as_deref());
    signed_perhaps_forged(random, world, &mut parts)
}

pub(crate) fn signed_perhaps_forged(random: &mut Random, world: &World, parts: &mut Parts) -> String {
    if random.rarely(6) {
        forge(random, world, parts);
    }
    signed(random, parts)
}

/// Draws the certificate that a record accepts, or another one.
fn certificate(random: &mut Random, world: &World, id: &Owned) -> Option<usize> {
    let credential = match &id.1 {
        None => world.devices.iter().find(|own| own.id == id.0).map(|own| &own.credential),
        Some(module) => world
            .modules
            .iter()
            .find(|own| own.device == id.0 && own.id == *module)
            .map(|own| &own.credential),
    };
    let own = match credential {
        Some(Credential::Thumbprints(one, other)) => {
            let prints: Vec<_> = [one, other].into_iter().flatten().collect();
            Some(random.one(&prints).certificate)
        }
        Some(Credential::Authority) => {
            let name = names(id);
            let registered = random.rarely(2);
            let fits = |at: &usize| {
                let shown = &certificates()[*at];
                shown.name == name && (!registered || shown.is_by_authority(world.now))
            };
            let named: Vec<usize> = (0..certificates().len()).filter(fits).collect();
            (!named.is_empty()).then(|| *random.one(&named))
        }
        _ => None,
    };
    let other = random.below(certificates().len());
    // a certificate of an authority that certifies the name proves nothing for a record with another credential
    let named = (0..certificates().len()).find(|at| certificates()[*at].name == names(id));
    let other = if random.rarely(3) { named.unwrap_or(other) } else { other };
    let is_own = own.is_some() && !random.rarely(6);
    if is_own { own } else { random.rarely(16).then_some(other) }
}

/// Returns the password, which a client with a certificate seldom has.
fn password(random: &mut Random, token: String, certificate: Option<usize>) -> Option<String> {
    (if certificate.is_some() { random.rarely(4) } else { !random.rarely(32) }).then_some(token)
}

pub(crate) fn host(random: &mut Random, world: &World) -> String {
    match (random.below(8), &world.alias) {
        (0, Some(alias)) => alias.clone(),
        (1, _) => HUB.to_uppercase(),
        _ => HUB.to_owned(),
    }
}

const QUERIES: &[&str] = &[
    "/?api-version=2021-04-12",
    "/?api-version=2021-04-12",
    "/?api-version=2021-04-12&DeviceClientType=py%2F1.0",
    "/api-version=2016-11-14",
    "/?api-version=2021-04-12&api-version=2016-11-14",
    "/?api-version=2021-04-12&Auth-Chain=dev1",
    "/?api-version=2021-04-12&auth%2Dchain=dev1",
    "/?api-version=2021-04-12",
    "/?api-version=2021-04-12&DeviceClientType=py%2F1.0",
    "",
    "/",
    "/?",
];

fn mqtt(random: &mut Random, world: &World, id: &Owned) -> Attempt {
    let certificate = certificate(random, world, id);
    let token = token(random, world, id);
    let username = format!("{}/{}{}", host(random, world), names(id), random.one(QUERIES));
    let client_id = if random.rarely(16) { names(&identity(random, world)) } else { names(id) };
    Attempt::Mqtt { client_id, username, password: password(random, token, certificate), certificate }
}

/// An edge hub that acts on behalf of an identity.
fn delegated(random: &mut Random, world: &World, id: &Owned) -> Attempt {
    let actor = (*random.one(&["edge1", "edge1", "edge10", "dev1"])).to_owned();
    let mut chain = vec![names(id)];
    if id.1.is_some() && !random.rarely(4) && id.0 != actor {
        chain.push(id.0.clone());
    }
    if random.rarely(4) {
        chain.push((*random.one(DEVICES)).to_owned());
    }
    if !random.rarely(8) {
        chain.push(actor.clone());
    }
    if random.rarely(10) {
        let at = random.below(chain.len());
        chain.remove(at);
    }
    let chain: Vec<String> = chain.iter().map(|element| escaped(element)).collect();
    let separator = random.one(&["%3B", "%3b", ";"]);
    let hub = (actor.clone(), Some("$edgeHub".to_owned()));
    let signer = if random.rarely(10) { id.clone() } else { hub.clone() };
    let token = match random.below(16) {
        // the edge hub's key signs for another module, and for another hub
        0 => by_own_key(random, world, &hub, HUB, &(actor, Some("$edgeAgent".to_owned()))),
        1 => by_own_key(random, world, &hub, "fabrikam.azure-devices.net", &hub),
        _ => token(random, world, &signer),
    };
    let certificate = if random.rarely(12) { certificate(random, world, id) } else { None };
    let query = format!("/?api-version=2021-04-12&auth-chain={}", chain.join(separator));
    let username = format!("{}/{}{query}", host(random, world), names(id));
    let password = certificate.is_none().then_some(token);
    Attempt::Mqtt { client_id: names(id), username, password, certificate }
}

/// Signs a resource with the key of an identity that it is not for.
fn by_own_key(
    random: &mut Random,
    world: &World,
    (device, module): &Owned,
    host: &str,
    (other, its): &Owned,
) -> String {
    let key = own_key(random, world, device, module.as_deref()).unwrap_or_default();
    let mut path = vec!["devices".to_owned(), other.clone()];
    path.extend(its.iter().flat_map(|its| ["modules".to_owned(), its.clone()]));
    let expiry = expiry(random, world.now);
    signed(random, &Parts { host: host.to_owned(), path, key, skn: None, expiry })
}

/// Requests of devices for themselves, of services, and of edge devices.
const REQUESTS: &[(&str, &str)] = &[
    ("POST", "/devices/{d}/messages/events"),
    ("POST", "/devices/{d}/messages/events"),
    ("GET", "/devices/{d}/messages/devicebound"),
    ("DELETE", "/devices/{d}/messages/deviceBound/lock"),
    ("POST", "/devices/{d}/files"),
    ("POST", "/devices/{d}/modules/{m}/messages/events"),
    ("POST", "/devices/{d}/modules/{m}/messages/events"),
    ("POST", "/devices/{d}/modules/$edgeHub/getModuleOnBehalfOf"),
    ("GET", "/devices/{d}/modules"),
    ("PUT", "/devices/{d}/modules/{m}"),
    ("GET", "/devices/{d}/modules/{m}"),
    ("POST", "/twins/{d}/methods"),
    ("POST", "/twins/{d}/modules/{m}/methods"),
    ("GET", "/devices/{d}"),
    ("PUT", "/devices/{d}"),
    ("DELETE", "/devices/{d}"),
    ("GET", "/devices"),
    ("POST", "/devices/query"),
    ("GET", "/twins/{d}"),
    ("PATCH", "/twins/{d}/modules/{m}"),
    ("GET", "/jobs/v2/j"),
    ("GET", "/jobs/j"),
    ("GET", "/configurations/"),
];

fn http(random: &mut Random, world: &World, id: &Owned) -> Attempt {
    let (method, path) = *random.one(REQUESTS);
    let module = id.1.clone().unwrap_or_else(|| (*random.one(MODULES)).to_owned());
    let encoded = |random: &mut Random, name: &str| match random.below(4) {
        0 => name.to_owned(),
        _ => escaped(name),
    };
    let (device_text, module_text) = (encoded(random, &id.0), encoded(random, &module));
    let target = path.replace("{d}", &device_text).replace("{m}", &module_text);
    let query = random.one(&["", "?api-version=2021-04-12"]);
    let caller = if path.starts_with("/devices/{d}/modules/{m}/messages")
        || path.starts_with("/twins/{d}/m") && random.rarely(2)
    {
        (id.0.clone(), Some(module))
    } else if path.contains("$edgeHub") {
        (id.0.clone(), Some("$edgeHub".to_owned()))
    } else if random.rarely(24) {
        identity(random, world)
    } else {
        (id.0.clone(), None)
    };
    let is_service_s = !path.contains("messages") && !path.contains("files") && !path.contains("$edgeHub");
    let certificate = certificate(random, world, &caller);
    let token = if is_service_s && !random.rarely(3) && !world.policies.is_empty() {
        let names = path.replace("{d}", &id.0).replace("{m}", &module_name(&caller));
        let below = names.split('/').skip(1).map(str::to_owned).collect();
        let own = Parts {
            host: HUB.to_owned(),
            path: if random.rarely(2) { below } else { vec![] },
            key: String::new(),
            skn: None,
            expiry: expiry(random, world.now),
        };
        let mut parts = by_policy(random, world, own);
        signed_perhaps_forged(random, world, &mut parts)
    } else if random.rarely(12) {
        let other = identity(random, world);
        by_own_key(random, world, &caller, HUB, &other)
    } else {
        token(random, world, &caller)
    };
    let host = match random.below(8) {
        0 => format!("{HUB}:443"),
        1 => HUB.to_uppercase(),
        2 if world.alias.is_some() => world.alias.clone().unwrap(),
        _ => HUB.to_owned(),
    };
    let authorization = password(random, token, certificate);
    Attempt::Http {
        method: method.to_owned(),
        path: format!("{target}{query}"),
        host,
        authorization,
        certificate,
    }
}

fn module_name(id: &Owned) -> String {
    id.1.clone().unwrap_or_else(|| "mod1".to_owned())
}

fn plain(random: &mut Random, world: &World, id: &Owned) -> Attempt {
    let label = random.one(&["contoso", "contoso", "contoso", "CONTOSO", "localhost", "edge", "fabrikam"]);
    if random.rarely(3) && !world.policies.is_empty() {
        let policy = random.one(&world.policies).clone();
        let own = Parts {
            host: HUB.to_owned(),
            path: vec![],
            key: policy.keys.0.clone(),
            skn: Some(policy.name.clone()),
            expiry: expiry(random, world.now),
        };
        let mut parts = own;
        let password = signed_perhaps_forged(random, world, &mut parts);
        let named = if random.rarely(8) { random.one(&world.policies) } else { &policy };
        return Attempt::Plain { username: format!("{}@sas.root.{label}", named.name), password };
    }
    let name = names(id).replacen('/', "/modules/", 1);
    Attempt::Plain { username: format!("{name}@sas.{label}"), password: token(random, world, id) }
}

/// Draws a certificate with a common name, if one has it.
fn named(random: &mut Random, name: &str) -> Option<usize> {
    let named: Vec<usize> = (0..certificates().len()).filter(|at| certificates()[*at].name == name).collect();
    (!named.is_empty()).then(|| *random.one(&named))
}

fn register(random: &mut Random, world: &World) -> Attempt {
    let id = (*random.one(REGISTRATIONS)).to_owned();
    let individual = world.enrollments.iter().find(|own| !own.group && own.name == id);
    let groups: Vec<_> = world.enrollments.iter().filter(|own| own.group).collect();
    let selected = individual.or_else(|| (!groups.is_empty()).then(|| *random.one(&groups)));
    let mut certificate = None;
    let (mut key, mut group) = (format!("enrolled {id} 1"), false);
    match selected.map(|own| (&own.attestation, own.group)) {
        Some((Attestation::Keys(one, other), of_group)) => {
            key.clone_from(if random.rarely(2) { one } else { other });
            group = of_group;
        }
        Some((Attestation::Thumbprint(print), _)) => certificate = Some(print.certificate),
        Some((Attestation::Issuer(_), _)) => certificate = named(random, &id),
        None => {}
    }
    // a certificate of the right name, which the enrollment may not accept
    if random.rarely(8) {
        certificate = named(random, &id);
    }
    if random.rarely(12) {
        group = !group;
    }
    let mut parts = Parts {
        host: SCOPE.to_owned(),
        path: vec!["registrations".to_owned(), id.clone()],
        key,
        skn: random
            .one(&[None, Some("registration"), Some("registration"), Some("service")])
            .map(str::to_owned),
        expiry: expiry(random, world.now),
    };
    if random.rarely(8) {
        forge(random, world, &mut parts);
    }
    let member = if random.rarely(12) { (*random.one(REGISTRATIONS)).to_owned() } else { id.clone() };
    let token = if group { signed_by_member(random, &parts, &member) } else { signed(random, &parts) };
    let username = format!("{SCOPE}/registrations/{id}/api-version=2019-03-31&ClientVersion=x");
    let client_id = if random.rarely(16) { (*random.one(REGISTRATIONS)).to_owned() } else { id };
    Attempt::Register { client_id, username, password: password(random, token, certificate), certificate }
}
