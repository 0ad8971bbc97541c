//! Revocation lists drawn from bytes. With no bytes left a list is complete, current and empty.

use super::certificates::{Identity, ce, ecdsa_sha256, point_name, time};
use super::der::{sequence, tlv};
use super::draw::Draw;
use super::keys::{point, sign};
use super::names::{NAMES, name};

/// The encoded BOOLEAN TRUE.
const CRITICAL: &[u8] = &[1, 1, 0xff];

fn extension(number: u8, critical: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(6, &ce(number)), critical, &tlv(4, value)])
}

/// Draws a list of this issuer, which may contain these serial numbers.
pub fn list(draw: &mut Draw<'_>, issuer: Identity, serials: &[Vec<u8>]) -> Vec<u8> {
    let issuer = issuer.or_drawn(draw);
    let entries: Vec<u8> =
        (0..draw.pick(&[0, 0, 0, 1, 1, 2, 3])).flat_map(|_| entry(draw, serials)).collect();
    let listed = match (entries.is_empty(), draw.rarely(10)) {
        (true, 1) => sequence(&[]),
        (true, _) => Vec::new(),
        (false, _) => tlv(0x30, &entries),
    };
    let version: &[u8] = [&[2, 1, 1][..], &[], &[2, 1, 0]][draw.rarely(3)];
    let this = time(draw, "251201000000Z");
    let next = if draw.rarely(12) == 1 { Vec::new() } else { time(draw, "260201000000Z") };
    let extensions = match extensions(draw, issuer) {
        none if none.is_empty() => none,
        all => tlv(0xa0, &tlv(0x30, &all)),
    };
    let algorithm = ecdsa_sha256();
    let inner = if draw.rarely(20) == 1 { sequence(&[&[6, 1, 0x2a]]) } else { algorithm.clone() };
    let mut signed = sequence(&[version, &inner, &name(issuer.name), &this, &next, &listed, &extensions]);
    for _ in 0..draw.rarely(4) {
        let at = draw.position(signed.len());
        signed[at] ^= draw.byte();
    }
    let mut signature = sign(issuer.key, &signed);
    if draw.rarely(12) == 1 {
        signature[6] ^= 1;
    }
    sequence(&[&signed, &algorithm, &tlv(3, &[&[0], &signature[..]].concat())])
}

fn entry(draw: &mut Draw<'_>, serials: &[Vec<u8>]) -> Vec<u8> {
    let serial = match draw.below(serials.len() + 1) {
        0 => vec![99],
        at => serials[at - 1].clone(),
    };
    let mut extensions = Vec::new();
    for _ in 0..draw.pick(&[0, 0, 0, 1, 1, 2]) {
        let critical: &[u8] = draw.pick(&[&[], CRITICAL, &[1, 1, 0]]);
        let (number, value) = match draw.below(6) {
            0..=2 => (21, tlv(0x0a, &[draw.pick(&[1, 8, 6, 0, 7, 11, 4])])),
            3 => (24, tlv(0x18, b"20251130000000Z")),
            4 => (29, sequence(&[&tlv(0xa4, &name(draw.below(NAMES)))])),
            _ => (draw.pick(&[99, 21]), draw.bytes(6).to_vec()),
        };
        extensions.extend(extension(number, critical, &value));
    }
    let extensions = if extensions.is_empty() { extensions } else { tlv(0x30, &extensions) };
    sequence(&[&tlv(2, &serial), &time(draw, "251130000000Z"), &extensions])
}

fn extensions(draw: &mut Draw<'_>, issuer: Identity) -> Vec<u8> {
    let key = sequence(&[&tlv(0x80, &point(issuer.key)[1..21])]);
    let usual = [extension(35, &[], &key), extension(20, &[], &[2, 1, 5])];
    let mut all: Vec<u8> = match draw.rarely(5) {
        0 => usual.concat(),
        1 => usual[0].clone(),
        2 => usual[1].clone(),
        3 => Vec::new(),
        _ => [&usual[1][..], &usual[0], &usual[1]].concat(),
    };
    for _ in 0..draw.pick(&[0, 0, 0, 1, 1, 2]) {
        let critical: &[u8] = draw.pick(&[CRITICAL, &[], &[1, 1, 0]]);
        let (number, value) = match draw.below(8) {
            0..=3 => (28, issuing_point(draw)),
            4 => (27, draw.pick::<&[u8]>(&[&[2, 1, 3], &[2, 1, 5], &[2, 1, 0xff]]).to_vec()),
            5 => (20, draw.pick::<&[u8]>(&[&[2, 1, 6], &[2, 1, 0xff], &[2, 0], &[2, 2, 0, 1]]).to_vec()),
            6 => (draw.pick(&[18, 46, 99]), draw.bytes(6).to_vec()),
            _ => (35, draw.bytes(8).to_vec()),
        };
        all.extend(extension(number, critical, &value));
    }
    all
}

fn issuing_point(draw: &mut Draw<'_>) -> Vec<u8> {
    let flag = |draw: &mut Draw<'_>, tag| -> Vec<u8> {
        match draw.rarely(4) {
            0 => Vec::new(),
            1 => vec![tag, 1, 0xff],
            2 => vec![tag, 1, 0],
            _ => vec![tag, 1, 1],
        }
    };
    let name = point_name(draw);
    let (users, authorities) = (flag(draw, 0x81), flag(draw, 0x82));
    let reasons: &[u8] = [&[][..], &[0x83, 2, 5, 0x60], &[0x83, 2, 1, 0xfe]][draw.rarely(3)];
    let (indirect, attributes) = (flag(draw, 0x84), flag(draw, 0x85));
    sequence(&[&name, &users, &authorities, reasons, &indirect, &attributes])
}
