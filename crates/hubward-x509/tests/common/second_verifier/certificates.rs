//! Certificates drawn from bytes, really signed. With no bytes left they are what RFC 5280 and the Baseline Requirements ask
//! for; each further choice changes a part.

use super::der::{sequence, tlv};
use super::draw::Draw;
use super::keys::{KEYS, point, sign};
use super::names::{HUB, NAMES, alternative_names, name, name_constraints};

/// A part of a certificate that others refer to: the name and the key of an issuer.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub name: usize,
    pub key: usize,
}

impl Identity {
    /// Draws another name or another key, rarely.
    pub fn or_drawn(self, draw: &mut Draw<'_>) -> Self {
        let or = |drawn: usize, own| if drawn == 0 { own } else { drawn - 1 };
        Self { name: or(draw.rarely(NAMES + 1), self.name), key: or(draw.rarely(KEYS + 1), self.key) }
    }
}

/// A certificate and what it says of its subject.
#[derive(Debug, Clone)]
pub struct Drawn {
    pub der: Vec<u8>,
    pub subject: Identity,
    pub serial: Vec<u8>,
}

/// The position of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Authority,
    Leaf,
}

struct Extension {
    oid: Vec<u8>,
    /// The encoded BOOLEAN, or nothing.
    critical: &'static [u8],
    value: Vec<u8>,
}

const CRITICAL: &[u8] = &[1, 1, 0xff];

pub fn ce(number: u8) -> Vec<u8> {
    vec![0x55, 0x1d, number]
}

fn extension(number: u8, critical: bool, value: Vec<u8>) -> Extension {
    Extension { oid: ce(number), critical: if critical { CRITICAL } else { &[] }, value }
}

/// ecdsa-with-SHA256, as DER.
pub fn ecdsa_sha256() -> Vec<u8> {
    sequence(&[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]])
}

fn key_identifier(key: usize) -> Vec<u8> {
    point(key)[1..21].to_vec()
}

/// Draws an encoded time; the first that is not `usual` are near the verification's now, 2026-01-01.
pub fn time(draw: &mut Draw<'_>, usual: &str) -> Vec<u8> {
    const UTC: &[&str] = &[
        "260101000000Z",
        "260101000001Z",
        "251231235959Z",
        "700101000000Z",
        "691231235959Z",
        "500101000000Z",
        "491231235959Z",
        "2501010000Z",
        "250101000000+0000",
        "250230000000Z",
        "250101000060Z",
        "250101240000Z",
        "250001000000Z",
        "250101000000",
    ];
    const GENERALIZED: &[&str] = &[
        "20260101000000Z",
        "20250101000000Z",
        "20270101000000Z",
        "99991231235959Z",
        "20500101000000Z",
        "19500101000000Z",
        "19691231235959Z",
        "00000101000000Z",
        "20250101000000.5Z",
        "20280229000000Z",
        "21000229000000Z",
    ];
    match draw.rarely(1 + UTC.len() + GENERALIZED.len()) {
        0 => tlv(0x17, usual.as_bytes()),
        at if at <= UTC.len() => tlv(0x17, UTC[at - 1].as_bytes()),
        at => tlv(0x18, GENERALIZED[at - 1 - UTC.len()].as_bytes()),
    }
}

/// Draws a certificate that `issuer` signs, unless a choice changes its issuer's name or key.
pub fn certificate(
    draw: &mut Draw<'_>,
    position: Position,
    own: Identity,
    issuer: Identity,
    serial: u8,
) -> Drawn {
    let subject = own.or_drawn(draw);
    let issuer = issuer.or_drawn(draw);
    let serial: Vec<u8> = match draw.rarely(7) {
        0 => vec![serial],
        1 => vec![0],
        2 => vec![0x80, serial],
        3 => vec![7; 21],
        4 => vec![0, 1],
        5 => Vec::new(),
        _ => vec![0, 0x80 | serial],
    };
    let algorithm = match draw.rarely(4) {
        0 => ecdsa_sha256(),
        1 => sequence(&[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]]),
        2 => sequence(&[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], &[5, 0]]),
        _ => sequence(&[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4]]),
    };
    let version: &[u8] =
        [&[0xa0, 3, 2, 1, 2][..], &[], &[0xa0, 3, 2, 1, 0], &[0xa0, 3, 2, 1, 1], &[0xa0, 3, 2, 1, 3]]
            [draw.rarely(5)];
    let validity = sequence(&[&time(draw, "250101000000Z"), &time(draw, "270101000000Z")]);
    let unique: &[u8] = [&[][..], &[0x81, 2, 0, 1], &[0x82, 2, 0, 1], &[0x82, 1, 9]][draw.rarely(4)];
    let extensions = match extensions(draw, position, subject, issuer) {
        none if none.is_empty() => Vec::new(),
        all => {
            let all = all.iter().map(|e| sequence(&[&tlv(6, &e.oid), e.critical, &tlv(4, &e.value)]));
            tlv(0xa3, &tlv(0x30, &all.collect::<Vec<_>>().concat()))
        }
    };
    let inner = if draw.rarely(12) == 1 { sequence(&[&[6, 1, 0x2a]]) } else { algorithm.clone() };
    let mut signed = sequence(&[
        version,
        &tlv(2, &serial),
        &inner,
        &name(issuer.name),
        &validity,
        &name(subject.name),
        &public_key(draw, subject.key),
        unique,
        &extensions,
    ]);
    // changed before it is signed: a CA may sign anything
    for _ in 0..draw.rarely(4) {
        let at = draw.position(signed.len());
        signed[at] ^= draw.byte();
    }
    let signature = tlv(3, &[&[0], &sign(issuer.key, &signed)[..]].concat());
    let mut der = sequence(&[&signed, &algorithm, &signature]);
    match draw.rarely(40) {
        1 => {
            let at = draw.position(der.len());
            der[at] ^= draw.byte();
        }
        2 => der.truncate(draw.position(der.len())),
        3 => der.push(draw.byte()),
        _ => {}
    }
    Drawn { der, subject, serial }
}

fn public_key(draw: &mut Draw<'_>, key: usize) -> Vec<u8> {
    const EC: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let curve: &[u8] =
        [&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7][..], &[6, 5, 0x2b, 0x81, 4, 0, 0x22], &[5, 0], &[]]
            [draw.rarely(4)];
    let mut bits = [&[0][..], point(key)].concat();
    match draw.rarely(30) {
        1 => bits[0] = 1,
        2 => bits.truncate(40),
        3 => bits.clear(),
        _ => {}
    }
    sequence(&[&sequence(&[EC, curve]), &tlv(3, &bits)])
}

/// Draws the extensions: those that are required, and then changes.
fn extensions(
    draw: &mut Draw<'_>,
    position: Position,
    subject: Identity,
    issuer: Identity,
) -> Vec<Extension> {
    let mut all = vec![extension(35, false, sequence(&[&tlv(0x80, &key_identifier(issuer.key))]))];
    match position {
        Position::Authority => {
            all.push(extension(14, false, tlv(4, &key_identifier(subject.key))));
            all.push(extension(19, true, sequence(&[&[1, 1, 0xff]])));
            all.push(extension(15, true, vec![3, 2, 1, 6]));
        }
        Position::Leaf => {
            all.push(extension(15, true, vec![3, 2, 7, 0x80]));
            all.push(extension(37, false, sequence(&[&purpose(1), &purpose(2)])));
            all.push(extension(17, subject.name == 11, sequence(&[&tlv(0x82, b"hub.example")])));
        }
    }
    for _ in 0..draw.pick(&[0, 0, 0, 1, 1, 2, 3]) {
        change(draw, &mut all);
    }
    all
}

/// id-kp with this number.
fn purpose(number: u8) -> Vec<u8> {
    vec![6, 8, 0x2b, 6, 1, 5, 5, 7, 3, number]
}

fn change(draw: &mut Draw<'_>, all: &mut Vec<Extension>) {
    let number = draw.pick(&[19, 15, 37, 17, 30, 30, 32, 33, 36, 54, 35, 14, 31, 0, 1, 2, 3, 4, 5]);
    let value = match number {
        19 => basic_constraints(draw),
        15 => key_usage(draw),
        37 => extended_key_usage(draw),
        17 => alternative_names(draw),
        30 => name_constraints(draw),
        32 => policies(draw),
        33 => mappings(draw),
        36 => {
            let fields: &[u8] =
                draw.pick(&[&[0x80, 1, 0], &[0x81, 1, 0], &[0x80, 1, 1, 0x81, 1, 0], &[], &[0x80, 1, 9]]);
            sequence(&[fields])
        }
        54 => draw.pick::<&[u8]>(&[&[2, 1, 0], &[2, 1, 1], &[2, 1, 0xff], &[2, 0]]).to_vec(),
        35 => draw
            .pick::<&[u8]>(&[&[0x30, 0], &[0x30, 3, 0x80, 1, 7], &[0x30, 3, 0x82, 1, 7], &[5, 0]])
            .to_vec(),
        14 => draw.pick::<&[u8]>(&[&[4, 1, 7], &[4, 0], &[5, 0]]).to_vec(),
        31 => distribution_points(draw),
        _ => return change_other(draw, all, number),
    };
    let critical: &'static [u8] = draw.pick(&[CRITICAL, &[], &[], CRITICAL, &[1, 1, 0], &[1, 1, 1]]);
    let added = Extension { oid: ce(number), critical, value };
    match all.iter_mut().find(|one| one.oid == added.oid) {
        // rarely both stay
        Some(one) if draw.rarely(12) != 1 => *one = added,
        _ => all.push(added),
    }
}

fn change_other(draw: &mut Draw<'_>, all: &mut Vec<Extension>, kind: u8) {
    let at = draw.below(all.len().max(1));
    match kind {
        0 if !all.is_empty() => {
            all.remove(at);
        }
        1 if !all.is_empty() => all[at].critical = draw.pick(&[CRITICAL, &[], &[1, 1, 0]]),
        2 if !all.is_empty() => all[at].value = draw.bytes(16).to_vec(),
        3 => all.clear(),
        4 => {
            // one that is in the arc of RFC 5280 and one that is not, the list of SCTs, the access to information
            let oid = draw.pick::<&[u8]>(&[
                &[0x55, 0x1d, 99],
                &[0x2a, 3, 4],
                &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2],
                &[0x2b, 6, 1, 5, 5, 7, 1, 1],
                &[],
            ]);
            let critical: &'static [u8] = draw.pick(&[&[], CRITICAL, &[1, 1, 0]]);
            let value = draw.pick::<&[u8]>(&[&[4, 2, 0, 0], &[5, 0], &[0x30, 0]]).to_vec();
            all.push(Extension { oid: oid.to_vec(), critical, value });
        }
        _ => all.reverse(),
    }
}

fn basic_constraints(draw: &mut Draw<'_>) -> Vec<u8> {
    let fields: &[u8] = draw.pick(&[
        &[1, 1, 0xff],
        &[1, 1, 0xff, 2, 1, 0],
        &[1, 1, 0xff, 2, 1, 1],
        &[1, 1, 0xff, 2, 1, 2],
        &[],
        &[1, 1, 0],
        &[2, 1, 0],
        &[1, 1, 0xff, 2, 2, 0, 0xff],
        &[1, 1, 0xff, 2, 2, 1, 0],
        &[1, 1, 0xff, 2, 1, 0xff],
        &[1, 1, 0xff, 2, 0],
        &[1, 1, 1],
        &[1, 1, 0xff, 5, 0],
    ]);
    sequence(&[fields])
}

fn key_usage(draw: &mut Draw<'_>) -> Vec<u8> {
    draw.pick::<&[u8]>(&[
        &[3, 2, 7, 0x80],
        &[3, 2, 2, 4],
        &[3, 2, 1, 6],
        &[3, 2, 1, 2],
        &[3, 2, 1, 0x86],
        &[3, 2, 3, 8],
        &[3, 1, 0],
        &[3, 2, 0, 0],
        &[3, 2, 0, 6],
        &[3, 3, 7, 6, 0x80],
        &[3, 2, 8, 6],
        &[5, 0],
    ])
    .to_vec()
}

fn extended_key_usage(draw: &mut Draw<'_>) -> Vec<u8> {
    let count = draw.pick(&[1, 1, 2, 3, 0]);
    let purposes: Vec<u8> = (0..count)
        .flat_map(|_| match draw.below(7) {
            0 | 1 => purpose(2),
            2 | 3 => purpose(1),
            4 => vec![6, 4, 0x55, 0x1d, 37, 0],
            5 => purpose(9),
            _ => draw.pick::<&[u8]>(&[&[6, 0], &[5, 0], &[6, 1, 0x80]]).to_vec(),
        })
        .collect();
    sequence(&[&purposes])
}

/// 1.2.3.x, or anyPolicy.
fn policy(draw: &mut Draw<'_>) -> Vec<u8> {
    match draw.below(4) {
        0 => vec![6, 4, 0x55, 0x1d, 32, 0],
        number => vec![6, 3, 0x2a, 3, u8::try_from(number).unwrap()],
    }
}

fn policies(draw: &mut Draw<'_>) -> Vec<u8> {
    let count = draw.pick(&[1, 1, 2, 3, 0]);
    let all: Vec<u8> = (0..count)
        .flat_map(|_| {
            let policy = policy(draw);
            let qualifiers = match draw.rarely(4) {
                0 => Vec::new(),
                1 => sequence(&[&sequence(&[&[6, 8, 0x2b, 6, 1, 5, 5, 7, 2, 1], &tlv(0x16, b"x")])]),
                2 => sequence(&[&sequence(&[&[6, 1, 0x2a], &[5, 0]])]),
                _ => sequence(&[]),
            };
            sequence(&[&policy, &qualifiers])
        })
        .collect();
    sequence(&[&all])
}

fn mappings(draw: &mut Draw<'_>) -> Vec<u8> {
    let count = draw.pick(&[1, 1, 2, 0]);
    let all: Vec<u8> = (0..count).flat_map(|_| sequence(&[&policy(draw), &policy(draw)])).collect();
    sequence(&[&all])
}

/// Draws distribution points with the names of [`super::lists`]'s lists.
fn distribution_points(draw: &mut Draw<'_>) -> Vec<u8> {
    let count = draw.pick(&[1, 1, 2, 0]);
    let all: Vec<u8> = (0..count)
        .flat_map(|_| {
            let reasons: &[u8] = [&[][..], &[0x81, 2, 5, 0x60], &[0x81, 2, 0, 1]][draw.rarely(3)];
            let issuer = if draw.rarely(12) == 1 { tlv(0xa2, &tlv(0xa4, &name(1))) } else { Vec::new() };
            sequence(&[&point_name(draw), reasons, &issuer])
        })
        .collect();
    sequence(&[&all])
}

/// Draws the name of a distribution point.
pub fn point_name(draw: &mut Draw<'_>) -> Vec<u8> {
    match draw.below(8) {
        0..=2 => tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://hub.example/one"))),
        3 => tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://hub.example/two"))),
        4 => tlv(0xa0, &tlv(0xa0, &tlv(0xa4, &name(draw.below(NAMES))))),
        5 => tlv(0xa0, &tlv(0xa1, &sequence(&[&[6, 3, 0x55, 4, 3], &tlv(0x0c, b"x")]))),
        6 => Vec::new(),
        _ => tlv(0xa0, draw.bytes(8)),
    }
}

/// The usual subject of a leaf.
pub const LEAF: Identity = Identity { name: HUB, key: KEYS - 1 };
