//! Tokens in the forms in which clients write them, signed with the keys of a world.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubward_core::{MacKey as _, SymmetricKey};
use hubward_ring::HmacKey;

use super::random::Random;
use super::records::{HUB, key_bytes};
use super::text::escaped;
use super::world::{Credential, World};

/// The parts of a token before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) host: String,
    /// The names below the host, not escaped.
    pub(crate) path: Vec<String>,
    pub(crate) key: String,
    pub(crate) skn: Option<String>,
    pub(crate) expiry: u64,
}

/// Draws an expiry: mostly later than now, and at the limits of the rules.
pub(crate) fn expiry(random: &mut Random, now: u64) -> u64 {
    const YEAR: u64 = 366 * 86_400;
    match random.below(24) {
        0 => now,
        1 => now - 1,
        2 => now - 300,
        3 => now - 301,
        4 => now + YEAR,
        5 => now + YEAR + 1,
        6 => u64::try_from(i64::MAX).unwrap(),
        _ => now + 3_600,
    }
}

/// Draws a token of an identity: its own, or sometimes that of a policy.
pub(crate) fn parts(random: &mut Random, world: &World, device: &str, module: Option<&str>) -> Parts {
    let mut path = vec!["devices".to_owned(), device.to_owned()];
    if let Some(module) = module {
        path.extend(["modules".to_owned(), module.to_owned()]);
    }
    let owner = module.map_or_else(|| device.to_owned(), |module| format!("{device}/{module}"));
    let own = Parts {
        host: HUB.to_owned(),
        path,
        key: own_key(random, world, device, module).unwrap_or(format!("{owner} 1")),
        skn: None,
        expiry: expiry(random, world.now),
    };
    if random.rarely(4) && !world.policies.is_empty() {
        return by_policy(random, world, own);
    }
    // one SDK names the device itself as its policy
    let skn = (module.is_none() && random.rarely(10)).then(|| device.to_owned());
    Parts { skn, ..own }
}

/// Makes a policy's token of an identity's, with a resource that may be wider.
pub(crate) fn by_policy(random: &mut Random, world: &World, mut parts: Parts) -> Parts {
    let policy = random.one(&world.policies);
    parts.key = if random.rarely(2) { policy.keys.0.clone() } else { policy.keys.1.clone() };
    parts.skn = Some(policy.name.clone());
    let names = random.below(parts.path.len() + 1);
    if random.rarely(2) {
        parts.path.truncate(names);
    }
    parts
}

/// Returns the name of one of the keys that a record has.
pub(crate) fn own_key(
    random: &mut Random,
    world: &World,
    device: &str,
    module: Option<&str>,
) -> Option<String> {
    let credential = match module {
        None => &world.devices.iter().find(|own| own.id == device)?.credential,
        Some(module) => {
            &world.modules.iter().find(|own| own.device == device && own.id == module)?.credential
        }
    };
    match credential {
        Credential::Keys(_, Some(secondary)) if random.rarely(2) => Some(secondary.clone()),
        Credential::Keys(primary, _) => Some(primary.clone()),
        _ => None,
    }
}

/// Changes a part as an attacker does that has other identities' tokens, names and keys.
pub(crate) fn forge(random: &mut Random, world: &World, parts: &mut Parts) {
    match random.below(7) {
        0 => {
            parts.host = (*random.one(&[
                "fabrikam.azure-devices.net",
                "contoso",
                "contoso.azure-devices.net.evil.net",
                "localhost:8443",
                "localhost",
                "contoso.azure-devices.net:443",
            ]))
            .to_owned()
        }
        1 => {
            let at = random.below(parts.path.len() + 1);
            let word = random.one(&[
                "devices",
                "modules",
                "dev1",
                "dev10",
                "DEV1",
                "mod1",
                "$edgeHub",
                "messages",
                "registrations",
                "a+b",
            ]);
            if at < parts.path.len() && !random.rarely(3) {
                parts.path[at] = (*word).to_owned();
            } else {
                parts.path.insert(at, (*word).to_owned());
            }
        }
        2 => {
            let names = random.below(parts.path.len() + 1);
            parts.path.truncate(names);
        }
        3 => parts.key = any_key(random, world),
        4 => parts.skn = Some((*random.one(super::draw::POLICIES)).to_owned()),
        5 => parts.skn = None,
        _ => {
            let device = (*random.one(super::draw::DEVICES)).to_owned();
            parts.key = format!("{device} 1");
            if let Some(own) = parts.path.get_mut(1) {
                *own = device;
            }
        }
    }
}

fn any_key(random: &mut Random, world: &World) -> String {
    if random.rarely(3) && !world.policies.is_empty() {
        return random.one(&world.policies).keys.0.clone();
    }
    let device = *random.one(super::draw::DEVICES);
    if random.rarely(3) {
        format!("{device}/{} 1", random.one(super::draw::MODULES))
    } else {
        format!("{device} 2")
    }
}

/// Signs the parts, in one of the forms of the field.
pub(crate) fn signed(random: &mut Random, parts: &Parts) -> String {
    written(random, &key_bytes(&parts.key), parts)
}

/// Signs the parts of a registration with a key that is derived for its id.
pub(crate) fn signed_by_member(random: &mut Random, parts: &Parts, id: &str) -> String {
    let derived = HmacKey::new(&key_bytes(&parts.key)).tag(&[id.as_bytes()]);
    written(random, &SymmetricKey::from_bytes(derived.expose()).unwrap(), parts)
}

fn written(random: &mut Random, key: &SymmetricKey, parts: &Parts) -> String {
    let sr = resource(random, parts);
    // a clock's fraction, and a number in another form
    let se = match random.below(80) {
        0 => format!("{}.5", parts.expiry),
        1 => format!("0{}", parts.expiry),
        _ => parts.expiry.to_string(),
    };
    let tag = HmacKey::new(key).tag(&[format!("{sr}\n{se}").as_bytes()]);
    let signature = STANDARD.encode(tag.expose());
    let signature = match random.below(4) {
        0 => signature,
        1 => escaped(&signature).replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"),
        _ => escaped(&signature),
    };
    let mut fields = vec![format!("sr={sr}"), format!("sig={signature}"), format!("se={se}")];
    match &parts.skn {
        Some(skn) if random.rarely(2) => fields.push(format!("skn={}", escaped(skn))),
        Some(skn) => fields.push(format!("skn={skn}")),
        None if random.rarely(6) => fields.push("skn=".to_owned()),
        None => {}
    }
    fields.extend(strange(random).iter().map(|field| (*field).to_owned()));
    let turn = random.below(fields.len());
    if random.rarely(3) {
        fields.rotate_left(turn);
    }
    format!("SharedAccessSignature {}", fields.join("&"))
}

/// Draws fields that no document has. No signature covers them, so an attacker can add them.
fn strange(random: &mut Random) -> &'static [&'static str] {
    match random.below(80) {
        0 => &["x=1"],
        1 => &["x=1", "y=2"],
        2 => &["x=1", "X=2"],
        3 => &["SE=1"],
        4 => &["Skn=service"],
        _ => &[],
    }
}

/// Writes the resource as clients do.
fn resource(random: &mut Random, parts: &Parts) -> String {
    let names = |slash: &str, name: fn(&str) -> String| {
        let all = [vec![parts.host.clone()], parts.path.iter().map(|part| name(part)).collect()].concat();
        all.join(slash)
    };
    let twice = |name: &str| escaped(&escaped(name));
    match random.below(12) {
        0 => names("%2f", |name| escaped(name).to_lowercase()),
        1 => names("%2F", twice),
        2 => names("/", str::to_owned),
        3 => names("/", escaped).to_lowercase(),
        4 => names("%2F", escaped).to_uppercase(),
        5 | 6 => names("/", escaped),
        7 => names("/", |name| name.replace('%', "%25")),
        _ => names("%2F", escaped),
    }
}
