//! Random worlds of names, hosts, ports, encodings and roles over AMQP: a link is permitted only if every name that the
//! connection carries agrees. The oracle knows the parts from which each text was made, and parses nothing.
//!
//! `HUBWARD_WORLDS=1000000 cargo test --release -p hubward --test uri_worlds` runs a million.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward::registry::Authentication;
use hubward::{Cbs, CbsRequest, CbsStep, LinkDecision, LinkRole, LinkStep};

/// Identities whose names are easily confused; `off` is disabled and `ghost` unknown.
const IDS: [&str; 8] = ["dev1", "dev10", "a+b", "dev1/mod1", "dev1/mod2", "dev10/mod1", "off", "ghost"];
const POLICIES: [&str; 4] = ["iothubowner", "service", "device", "registryRead"];
const LABEL: &str = "contoso.azure-devices.net";

/// A generator (SplitMix64): each world follows from its number.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(count).unwrap()).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Returns `true` in one of `count` cases.
    fn rarely(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// A text with the fact whether its parts are those of this hub.
struct Part {
    text: String,
    right: bool,
}

/// An authority: right if it is the hub with a port at most, in any case of letters.
fn authority(random: &mut Random) -> Part {
    if !random.rarely(3) {
        let host = random.one(&[LABEL, "CONTOSO.azure-devices.NET"]);
        let port = random.one(&["", "", ":5671", ":443"]);
        return Part { text: format!("{host}{port}"), right: true };
    }
    let text = random.one(&[
        "fabrikam.azure-devices.net",
        "contoso.azure-devices.net.evil.net",
        "evilcontoso.azure-devices.net",
        "contoso",
        "contoso.azure-devices.net@evil.net",
        "user@contoso.azure-devices.net",
        "evil.net#@contoso.azure-devices.net",
        "evil.net?contoso.azure-devices.net",
        "evil.net\\@contoso.azure-devices.net",
        "contoso.azure-devices.net:99999",
        "contoso.azure-devices.net:0",
        "contoso.azure-devices.net:",
        "contoso%2Eazure-devices.net",
        "",
        ":5671",
        "contoso.azure-devices.net.",
    ]);
    Part { text: text.to_owned(), right: false }
}

/// An id in one of its encodings: right if it is encoded at most once.
fn escaped(random: &mut Random, id: &str) -> Part {
    let every = |id: &str| id.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
    match random.below(8) {
        0 => Part { text: every(id), right: true },
        1 => Part { text: id.replace('+', "%2B"), right: true },
        2 => Part { text: every(id).replace('%', "%25"), right: false },
        _ => Part { text: id.to_owned(), right: true },
    }
}

/// `devices/{id}[/modules/{id}]`.
fn identity_path(random: &mut Random, identity: &str) -> Part {
    let (device, module) = match identity.split_once('/') {
        Some((device, module)) => (device, Some(module)),
        None => (identity, None),
    };
    let device = escaped(random, device);
    let module = module.map(|module| escaped(random, module));
    let right = device.right && module.as_ref().is_none_or(|module| module.right);
    let tail = module.map(|module| format!("/modules/{}", module.text)).unwrap_or_default();
    Part { text: format!("devices/{}{tail}", device.text), right }
}

/// A put: the name's and the token's parts, and the principal that it proves if all of them are right.
struct PutToken {
    name: String,
    token: String,
    /// The identities and the policy that the put may authenticate.
    proves: Option<Principal>,
}

#[derive(Clone, Debug, PartialEq)]
enum Principal {
    Identity(&'static str),
    Policy(&'static str),
}

fn a_put(random: &mut Random) -> PutToken {
    let uri = random.rarely(4);
    let named = if uri || random.rarely(4) { None } else { Some(random.one(&IDS)) };
    let (name, name_is_right) = if uri {
        let host = authority(random);
        let scheme = random.one(&["amqps", "https", "AMQPS"]);
        let end = random.one(&["", "/"]);
        (format!("{scheme}://{}{end}", host.text), host.right)
    } else {
        // without a scheme a port is a part of the name
        let hub = !random.rarely(6);
        let host = if hub { LABEL } else { "fabrikam.azure-devices.net" };
        match named {
            Some(id) => {
                let path = identity_path(random, id);
                (format!("{host}/{}", path.text), hub && path.right)
            }
            None => (host.to_owned(), hub),
        }
    };
    let host = if random.rarely(8) { "fabrikam.azure-devices.net" } else { LABEL };
    if random.rarely(2) {
        // an identity's own token
        let signer = if random.rarely(4) { random.one(&IDS) } else { named.unwrap_or("dev1") };
        let resource = if random.rarely(6) { random.one(&IDS) } else { signer };
        let sr = format!("{host}/{}", path_of(resource));
        let token = token(&sr, &key(&format!("{signer} primary")), NOW + 60, None);
        // the name of a device may carry the token of one of its modules
        let is_own = named == Some(resource);
        let is_module = resource.split_once('/').is_some_and(|(device, _)| named == Some(device));
        let known = !matches!(signer, "off" | "ghost") && (signer == resource);
        let right = name_is_right && host == LABEL && known && (is_own || is_module);
        return PutToken { name, token, proves: right.then_some(Principal::Identity(resource)) };
    }
    let policy = random.one(&POLICIES);
    let narrow = random.rarely(3).then(|| random.one(&IDS));
    let sr = match narrow {
        Some(id) => format!("{host}/{}", path_of(id)),
        None => host.to_owned(),
    };
    let token = token(&sr, &key(&format!("{policy} primary")), NOW + 60, Some(policy));
    let connects = matches!(policy, "iothubowner" | "device");
    let proves = match named {
        Some(id) => {
            let covered = narrow.is_none_or(|narrow| narrow == id || id.starts_with(&format!("{narrow}/")));
            (connects && covered && !matches!(id, "off" | "ghost")).then_some(Principal::Identity(id))
        }
        None => narrow.is_none().then_some(Principal::Policy(policy)),
    };
    PutToken { name, token, proves: proves.filter(|_| name_is_right && host == LABEL) }
}

fn path_of(identity: &str) -> String {
    match identity.split_once('/') {
        Some((device, module)) => format!("devices/{device}/modules/{module}"),
        None => format!("devices/{identity}"),
    }
}

/// A link: its address, and the principals that may attach it if the address is right.
struct Attach {
    role: LinkRole,
    address: String,
    right: bool,
    target: Option<&'static str>,
}

fn a_link(random: &mut Random) -> Attach {
    let role = random.one(&[LinkRole::Sender, LinkRole::Receiver]);
    let target = if random.rarely(4) { None } else { Some(random.one(&IDS)) };
    let (path, path_is_right) = match target {
        Some(id) => {
            let path = identity_path(random, id);
            let (end, receives) = random.one(&[
                ("messages/events", false),
                ("messages/devicebound", true),
                ("methods/deviceBound", true),
            ]);
            // methods go both ways, and a module receives its inputs as events
            let both = end == "methods/deviceBound" || end == "messages/events" && id.contains('/');
            let right = receives == (role == LinkRole::Receiver) || both;
            (format!("{}/{end}", path.text), path.right && right)
        }
        None if role == LinkRole::Sender => ("messages/devicebound".to_owned(), true),
        None => ("messages/servicebound/feedback".to_owned(), true),
    };
    if random.rarely(2) {
        let host = authority(random);
        let scheme = random.one(&["amqps", "amqps", "AMQPS", "amqp", "https"]);
        let right = host.right && path_is_right && scheme.eq_ignore_ascii_case("amqps");
        return Attach { role, address: format!("{scheme}://{}/{path}", host.text), right, target };
    }
    let start = random.one(&["/", "", "//"]);
    Attach { role, address: format!("{start}{path}"), right: path_is_right && start != "//", target }
}

#[test]
fn no_link_without_agreement_of_all_names() {
    let worlds = std::env::var("HUBWARD_WORLDS").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let (mut strict, mut compat) = (hub(), compat());
    for hub in [&mut strict, &mut compat] {
        for (id, name) in [("dev1", "mod2"), ("dev10", "mod1")] {
            let keys = Authentication::Sas(pair(&format!("{id}/{name}")));
            hub.registry.create_module(device(id), module(name), keys).unwrap();
        }
    }
    let (mut permitted, mut refused, mut missed) = (0_u64, 0_u64, 0_u64);
    for world in 0..worlds {
        let mut random = Random(world);
        let lenient = random.rarely(2);
        let hub = if lenient { &compat } else { &strict };
        let mut cbs = Cbs::new();
        let mut proven = Vec::new();
        for _ in 0..=random.below(2) {
            let PutToken { name, token, proves } = a_put(&mut random);
            let mut step = cbs.put_token(
                CbsRequest::new("put-token", "azure-devices.net:sastoken", &name, &token),
                &hub.rules,
            );
            let taken = loop {
                match step {
                    CbsStep::NeedsLookup(pending) => {
                        let found = hub.registry.find(&pending.lookup(), &[]);
                        step = pending.resume(found, at(NOW));
                    }
                    CbsStep::Replied(reply) => break reply.error().is_none(),
                }
            };
            assert!(!taken || proves.is_some(), "world {world}: {name} by {token}");
            missed += u64::from(!taken && proves.is_some());
            proven.extend(proves.filter(|_| taken));
        }
        for _ in 0..3 {
            let Attach { role, address, right, target } = a_link(&mut random);
            let decision = match cbs.may_attach(role, &address, &hub.rules, |it| hub.valid(it, NOW)) {
                LinkStep::Decided(decision) => decision.is_allow(),
                LinkStep::NeedsLookup(pending) => {
                    let found = hub.registry.find(&pending.lookup(), &[]);
                    matches!(pending.resume(&found, at(NOW)), LinkDecision::Allow(..))
                }
            };
            let may = |principal: &Principal| match (principal, target) {
                (Principal::Identity(own), Some(target)) => *own == target,
                (Principal::Policy(policy), Some(target)) => {
                    let connects = matches!(*policy, "iothubowner" | "device");
                    lenient && connects && !matches!(target, "off" | "ghost")
                }
                (Principal::Policy(policy), None) => matches!(*policy, "iothubowner" | "service"),
                (Principal::Identity(_), None) => false,
            };
            let expected = right && proven.iter().any(may);
            assert!(!decision || expected, "world {world}: {role:?} {address} by {proven:?}");
            // a policy's token replaces an earlier one that was put for the same name
            let policies = proven.iter().filter(|one| matches!(one, Principal::Policy(_))).count();
            missed += u64::from(!decision && expected && policies < 2);
            permitted += u64::from(decision);
            refused += u64::from(!decision);
        }
    }
    println!("{worlds} worlds: {permitted} links permitted, {refused} refused, {missed} expected more");
    assert_eq!(missed, 0, "what agrees is permitted");
    assert!(permitted > worlds / 50 && refused > worlds / 2);
}
