//! Chains drawn from bytes: anchors, intermediates, a leaf and revocation lists. With no bytes left, a leaf below an
//! intermediate below a root, which every profile accepts.

use core::time::Duration;

use hubward_x509::UnixTime;
use rustls_pki_types::{ServerName, SignatureVerificationAlgorithm};

use super::certificates::{Identity, LEAF, Position, certificate};
use super::draw::Draw;
use super::keys::{ALGORITHMS, ANY_SIGNATURE, KEYS};
use super::lists;
use super::split::split;

/// What both verifiers are given.
pub struct Case {
    pub anchors: Vec<Vec<u8>>,
    pub leaf: Vec<u8>,
    pub presented: Vec<Vec<u8>>,
    pub host: ServerName<'static>,
    pub now: UnixTime,
    pub algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    pub revocation: Option<Lists>,
}

/// Revocation lists, and how they are used.
pub struct Lists {
    pub ders: Vec<Vec<u8>>,
    pub leaf_only: bool,
    pub allow_unknown: bool,
}

/// 2026-01-01.
pub const NOW: u64 = 1_767_225_600;

const HOSTS: &[&str] = &[
    "hub.example",
    "a.hub.example",
    "192.0.2.1",
    "HUB.example",
    "hub.example.",
    "b.a.hub.example",
    "2001:db8::1",
];

/// Draws a chain.
pub fn draw(bytes: &[u8]) -> Case {
    let draw = &mut Draw::new(bytes);
    let host = HOSTS[draw.rarely(HOSTS.len())].try_into().unwrap();
    let now = match draw.rarely(5) {
        0 => NOW,
        1 => NOW + 1,
        2 => NOW - 1,
        3 => 0,
        _ => 253_402_300_799,
    };
    let root = Identity { name: 0, key: 0 };
    let mut authorities = vec![certificate(draw, Position::Authority, root, root, 1)];
    let count = draw.pick(&[1, 1, 0, 2, 3, 2, 1, 8]);
    for at in 0..count {
        // mostly below the one before, sometimes below another: cross-signed if it has a name and a key of before
        let above = match draw.rarely(authorities.len() + 1) {
            0 => authorities.len() - 1,
            other => other - 1,
        };
        let own = Identity { name: 1 + at % 5, key: 1 + at % (KEYS - 1) };
        let issuer = authorities[above].subject;
        let serial = u8::try_from(at + 2).unwrap();
        authorities.push(certificate(draw, Position::Authority, own, issuer, serial));
    }
    let issuer = match draw.rarely(authorities.len() + 1) {
        0 => authorities.len() - 1,
        other => other - 1,
    };
    let leaf = certificate(draw, Position::Leaf, LEAF, authorities[issuer].subject, 77);
    let mut presented: Vec<Vec<u8>> = authorities[1..].iter().map(|one| one.der.clone()).collect();
    let mut anchors = vec![authorities[0].der.clone()];
    for _ in 0..draw.pick(&[0, 0, 0, 1, 1, 2]) {
        let at = draw.below(presented.len().max(1));
        match draw.below(7) {
            0 if !presented.is_empty() => {
                presented.remove(at);
            }
            1 if presented.len() > 1 => presented.swap(0, at),
            2 if presented.len() < 10 && !presented.is_empty() => presented.push(presented[at].clone()),
            3 => presented.push(anchors[0].clone()),
            4 => presented.push(leaf.der.clone()),
            5 if !presented.is_empty() => anchors.push(presented[at].clone()),
            6 => anchors.push(leaf.der.clone()),
            _ => {}
        }
    }
    let revocation = (draw.rarely(2) == 1).then(|| {
        let (leaf_only, allow_unknown) = (draw.rarely(2) == 1, draw.rarely(2) == 1);
        let serials: Vec<Vec<u8>> = authorities.iter().chain([&leaf]).map(|one| one.serial.clone()).collect();
        let issuers: Vec<Identity> = authorities.iter().map(|one| one.subject).collect();
        let mut ders = Vec::new();
        for issuer in issuers {
            for _ in 0..draw.pick(&[1, 1, 1, 1, 2, 0]) {
                ders.push(lists::list(draw, issuer, &serials));
            }
        }
        if draw.rarely(2) == 1 {
            ders.reverse();
        }
        Lists { ders, leaf_only, allow_unknown }
    });
    // sometimes only what was altered decides, and no signature
    let algorithms = if draw.rarely(3) == 1 { &ANY_SIGNATURE } else { &ALGORITHMS };
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    Case { anchors, leaf: leaf.der, presented, host, now, algorithms, revocation }
}

/// Returns the chain of an input of the fuzz target: certificates as they are, or bytes to draw from.
pub fn of_input(bytes: &[u8], root: &[u8]) -> Option<Case> {
    if bytes.first() == Some(&0x30) { of_der(bytes, root) } else { Some(draw(bytes)) }
}

/// Returns the chain of DER values, the leaf first, below this root. All signatures are accepted.
fn of_der(bytes: &[u8], root: &[u8]) -> Option<Case> {
    let presented = split(bytes);
    let (leaf, rest) = presented.split_first()?;
    let mut anchors = vec![root.to_vec()];
    anchors.extend(rest.last().map(|last| last.to_vec()));
    Some(Case {
        anchors,
        leaf: leaf.to_vec(),
        presented: rest.iter().map(|one| one.to_vec()).collect(),
        host: "hub.example".try_into().unwrap(),
        now: UnixTime::since_unix_epoch(Duration::from_secs(1_811_808_000)),
        algorithms: &ANY_SIGNATURE,
        revocation: None,
    })
}
