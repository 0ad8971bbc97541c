//! Draws the records of a world: few of them, with names that are easily confused.

use super::certificates::{BRIEF_END, LEAF_END, NAMES, TODAY, certificates, issuers};
use super::random::Random;
use super::world::{
    Attestation, Both, Credential, Device, Enrollment, Entry, Lists, Module, Policy, Print, Rules, World,
};
use super::{attackers, clients};

/// Ids of devices. Some names are those of paths, of escapes or of other devices in another case.
pub(crate) const DEVICES: &[&str] =
    &["dev1", "dev10", "DEV1", "a+b", "a%2Bb", "edge1", "edge10", "d@sas.x", "query", "device"];
/// Ids of modules.
pub(crate) const MODULES: &[&str] = &["mod1", "MOD1", "$edgeHub", "$edgeAgent"];
/// Names of policies; some are those of devices too.
pub(crate) const POLICIES: &[&str] =
    &["iothubowner", "service", "device", "registryRead", "dev1", "registration"];
const RIGHTS: &[&str] = &[
    "RegistryRead",
    "RegistryWrite",
    "ServiceConnect",
    "DeviceConnect",
    "RegistryRead, ServiceConnect",
    "RegistryWrite, ServiceConnect, DeviceConnect",
    "ServiceConnect, DeviceConnect",
];
/// Registration ids.
pub(crate) const REGISTRATIONS: &[&str] = &["reg1", "reg10", "dev1", "REG1"];
const GROUPS: &[&str] = &["a", "b"];

/// Draws world `number` of the run with a seed.
#[must_use]
pub fn world(seed: u64, number: u64) -> World {
    let random = &mut Random::new(seed, number);
    let mut world = records(random);
    world.attempt = clients::attempt(random, &world);
    if random.rarely(3) {
        attackers::alter(random, &mut world.attempt);
    }
    world
}

fn records(random: &mut Random) -> World {
    let devices: Vec<Device> = DEVICES.iter().filter_map(|id| drawn_device(random, id)).collect();
    let mut modules = Vec::new();
    for own in &devices {
        for id in MODULES {
            if random.rarely(3) {
                let credential = credential(random, &format!("{}/{id}", own.id));
                let above = above(random);
                modules.push(Module { device: own.id.clone(), id: (*id).to_owned(), credential, above });
            }
        }
    }
    let mut policies = Vec::new();
    for name in POLICIES {
        // the name of a registration's tokens is no policy's, and a device's id seldom is
        let kept = if ["dev1", "registration"].contains(name) { random.rarely(8) } else { !random.rarely(4) };
        if kept {
            let rights = (*random.one(RIGHTS)).to_owned();
            let keys = (format!("policy {name} 1"), format!("policy {name} 2"));
            policies.push(Policy { name: (*name).to_owned(), rights, keys });
        }
    }
    World {
        rules: *random.one(&[Rules::Strict, Rules::Field]),
        both: *random.one(&[Both::Refuse, Both::Token, Both::Certificate]),
        now: *random.one(&[TODAY, TODAY, TODAY, TODAY, BRIEF_END, BRIEF_END + 1, LEAF_END, LEAF_END + 1]),
        alias: random.rarely(4).then(|| (*random.one(&["localhost:8443", "edge.local"])).to_owned()),
        devices,
        modules,
        policies,
        lists: lists(random),
        enrollments: enrollments(random),
        attempt: super::world::Attempt::Plain { username: String::new(), password: String::new() },
    }
}

fn drawn_device(random: &mut Random, id: &str) -> Option<Device> {
    if random.rarely(4) {
        return None;
    }
    let credential = credential(random, id);
    let (enabled, edge) = (!random.rarely(8), random.rarely(2));
    Some(Device { id: id.to_owned(), enabled, edge, credential, above: above(random) })
}

fn credential(random: &mut Random, owner: &str) -> Credential {
    match random.below(8) {
        0 => Credential::Authority,
        // an authority proves only an identity that has a leaf
        _ if NAMES.contains(&owner) && random.rarely(5) => Credential::Authority,
        1 => {
            // both slots have one kind of digest
            let one = print(random);
            let other = Print { sha1: one.sha1, ..print(random) };
            match random.below(3) {
                0 => Credential::Thumbprints(Some(one), None),
                1 => Credential::Thumbprints(None, Some(other)),
                _ => Credential::Thumbprints(Some(one), Some(other)),
            }
        }
        2 if random.rarely(2) => Credential::None,
        _ => Credential::Keys(format!("{owner} 1"), (!random.rarely(4)).then(|| format!("{owner} 2"))),
    }
}

fn print(random: &mut Random) -> Print {
    Print { certificate: random.below(certificates().len()), sha1: random.rarely(4) }
}

fn above(random: &mut Random) -> Vec<String> {
    let edges = ["edge1", "edge10", "dev1"];
    edges.iter().filter(|_| random.rarely(3)).map(|id| (*id).to_owned()).collect()
}

fn lists(random: &mut Random) -> Lists {
    let entries = |random: &mut Random, count: usize| (0..count).map(|_| entry(random)).collect::<Vec<_>>();
    let few = random.below(3);
    let mut block = if random.rarely(3) { entries(random, few) } else { vec![] };
    let many = random.below(12);
    let mut allow = random.rarely(6).then(|| entries(random, many));
    // an issuer decides only where no other entry does
    match random.below(12) {
        0 => block = vec![issuer(random)],
        1 => allow = Some(vec![issuer(random)]),
        _ => {}
    }
    let members = (0..random.below(3)).map(|_| ((*random.one(GROUPS)).to_owned(), member(random))).collect();
    Lists { allow, block, members }
}

fn member(random: &mut Random) -> String {
    let device = *random.one(DEVICES);
    if random.rarely(3) { format!("{device}/{}", random.one(MODULES)) } else { device.to_owned() }
}

fn entry(random: &mut Random) -> Entry {
    match random.below(6) {
        0 => issuer(random),
        1 => Entry::Group((*random.one(GROUPS)).to_owned()),
        _ => Entry::Identity(member(random)),
    }
}

fn issuer(random: &mut Random) -> Entry {
    Entry::Issuer(random.below(issuers().len()))
}

fn enrollments(random: &mut Random) -> Vec<Enrollment> {
    let mut all = Vec::new();
    // the last one is the first in another case
    for id in &REGISTRATIONS[..3] {
        if random.rarely(3) {
            let attestation = if random.rarely(3) {
                let named = (0..certificates().len())
                    .filter(|at| certificates()[*at].name == *id)
                    .collect::<Vec<_>>();
                let own = print(random);
                let certificate = if named.is_empty() { own.certificate } else { *random.one(&named) };
                Attestation::Thumbprint(Print { certificate, ..own })
            } else {
                Attestation::Keys(format!("enrolled {id} 1"), format!("enrolled {id} 2"))
            };
            all.push(enrollment(random, id, false, attestation));
        }
    }
    for name in GROUPS {
        if random.rarely(2) {
            let attestation = if random.rarely(2) {
                Attestation::Issuer(random.below(issuers().len()))
            } else {
                Attestation::Keys(format!("group {name} 1"), format!("group {name} 2"))
            };
            all.push(enrollment(random, name, true, attestation));
        }
    }
    all
}

fn enrollment(random: &mut Random, name: &str, group: bool, attestation: Attestation) -> Enrollment {
    let device_id = (!group && random.rarely(4)).then(|| "given".to_owned());
    Enrollment { name: name.to_owned(), group, enabled: !random.rarely(6), attestation, device_id }
}
