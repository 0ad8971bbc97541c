//! Names, alternative names and name constraints, drawn from bytes.

use super::der::{sequence, tlv};
use super::draw::Draw;

const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
const ORGANIZATION: &[u8] = &[6, 3, 0x55, 4, 10];
const EMAIL: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

/// The number of names.
pub const NAMES: usize = 20;
/// The number of the name of an end entity, which repeats its alternative name.
pub const HUB: usize = 6;

fn set(oid: &[u8], tag: u8, text: &[u8]) -> Vec<u8> {
    tlv(0x31, &sequence(&[oid, &tlv(tag, text)]))
}

fn common(text: &str) -> Vec<u8> {
    sequence(&[&set(COMMON_NAME, 0x0c, text.as_bytes())])
}

/// Returns the DER of a Name by its number.
pub fn name(number: usize) -> Vec<u8> {
    let organization = set(ORGANIZATION, 0x0c, b"Fleet");
    match number {
        0..=5 => common(["Root", "One", "Two", "Three", "Four", "Five"][number]),
        HUB => common("hub.example"),
        7 => common("pump-17"),
        8 => common("ONE"),
        9 => sequence(&[&set(COMMON_NAME, 0x13, b"One")]),
        10 => common(" T  wo"),
        11 => sequence(&[]),
        12 => sequence(&[&set(COMMON_NAME, 0x0c, b"One"), &set(EMAIL, 0x16, b"a@hub.example")]),
        13 => sequence(&[&organization, &set(COMMON_NAME, 0x0c, b"One")]),
        14 => sequence(&[&organization]),
        15 => sequence(&[&set(COMMON_NAME, 0x1e, b"\0O\0n\0e")]),
        // not a Name
        16 => sequence(&[&[2, 1, 1]]),
        17 => sequence(&[&set(EMAIL, 0x16, b"not a mailbox")]),
        18 => common("HUB.example"),
        _ => sequence(&[&set(COMMON_NAME, 0x14, b"One")]),
    }
}

const DNS: &[&str] = &[
    "hub.example",
    "a.hub.example",
    "example",
    "*.hub.example",
    "b.a.hub.example",
    "HUB.example",
    "*.example",
    "xhub.example",
    "hub.example.",
    ".hub.example",
    "",
    "hub_1.example",
    "-a.example",
    "a..example",
    "1.2.3",
    "*",
    "*.a.hub.example",
    "h*.example",
    "hub.example-",
    "*.*.example",
    ".",
    "example.net",
];

const ADDRESSES: &[&[u8]] = &[
    &[192, 0, 2, 1],
    &[192, 0, 2, 200],
    &[10, 0, 0, 1],
    &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    &[192, 0, 2, 1, 0],
    &[],
];

const NETWORKS: &[&[u8]] = &[
    &[192, 0, 2, 0, 255, 255, 255, 0],
    &[192, 0, 2, 0, 255, 255, 255, 128],
    &[0; 8],
    &[192, 0, 2, 0, 255, 0, 255, 0],
    &[192, 0, 2, 0, 255, 255, 254, 1],
    &[192, 0, 2, 0],
    &[0; 32],
    &[
        0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0,
    ],
];

const MAILBOXES: &[&str] = &[
    "a@hub.example",
    "A@HUB.example",
    "hub.example",
    ".example",
    "@hub.example",
    "a@",
    "b@a.hub.example",
    "",
];

const URIS: &[&str] = &[
    "https://hub.example/x",
    "hub.example",
    ".example",
    "urn:uuid:1",
    "https://192.0.2.1/",
    "https://a.hub.example:8443",
    "",
];

/// Draws a GeneralName: of a certificate, or the base of a constraint.
pub fn general_name(draw: &mut Draw<'_>, constraint: bool) -> Vec<u8> {
    match draw.below(14) {
        0..=4 => tlv(0x82, draw.pick(DNS).as_bytes()),
        5 | 6 if constraint => tlv(0x87, draw.pick(NETWORKS)),
        5 | 6 => tlv(0x87, draw.pick(ADDRESSES)),
        7 => tlv(0x81, draw.pick(MAILBOXES).as_bytes()),
        8 => tlv(0x86, draw.pick(URIS).as_bytes()),
        9 | 10 => tlv(0xa4, &name(draw.below(NAMES))),
        11 => tlv(0xa0, &[&[6, 3, 0x2a, 3, 4][..], &tlv(0xa0, &[5, 0])].concat()),
        12 => tlv(0x88, &[0x2a, 3, 4]),
        _ => tlv(draw.byte(), draw.bytes(12)),
    }
}

/// Draws subject alternative names.
pub fn alternative_names(draw: &mut Draw<'_>) -> Vec<u8> {
    let count = draw.below(4);
    let names: Vec<u8> = (0..count).flat_map(|_| general_name(draw, false)).collect();
    sequence(&[&names])
}

/// Draws name constraints.
pub fn name_constraints(draw: &mut Draw<'_>) -> Vec<u8> {
    let mut fields = Vec::new();
    let lists = draw.pick(&[1_u8, 2, 3, 1, 2, 0]);
    for tag in [0, 1] {
        if lists & (1 << tag) == 0 {
            continue;
        }
        let count = draw.pick(&[1, 2, 3, 1, 0]);
        let subtrees: Vec<u8> = (0..count)
            .flat_map(|_| {
                let base = general_name(draw, true);
                // rarely with a minimum or a maximum, which RFC 5280 forbids
                let limit: &[u8] = [&[][..], &[0x80, 1, 0], &[0x81, 1, 1], &[0x80, 1, 1]][draw.rarely(4)];
                sequence(&[&base, limit])
            })
            .collect();
        fields.extend(tlv(0xa0 | tag, &subtrees));
    }
    sequence(&[&fields])
}
