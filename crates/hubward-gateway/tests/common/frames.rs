//! AMQP 1.0 frames byte by byte, including ones that no client would send.

/// The protocol header of AMQP, without SASL or after it.
pub const AMQP: &[u8] = b"AMQP\x00\x01\x00\x00";
/// The protocol header of SASL.
pub const SASL: &[u8] = b"AMQP\x03\x01\x00\x00";

pub fn null() -> Vec<u8> {
    vec![0x40]
}

pub fn boolean(value: bool) -> Vec<u8> {
    vec![if value { 0x41 } else { 0x42 }]
}

pub fn ubyte(value: u8) -> Vec<u8> {
    vec![0x50, value]
}

pub fn ushort(value: u16) -> Vec<u8> {
    [&[0x60], &value.to_be_bytes()[..]].concat()
}

pub fn uint(value: u32) -> Vec<u8> {
    [&[0x70], &value.to_be_bytes()[..]].concat()
}

pub fn ulong(value: u64) -> Vec<u8> {
    [&[0x80], &value.to_be_bytes()[..]].concat()
}

pub fn text(text: &str) -> Vec<u8> {
    [&[0xb1], &length(text.len())[..], text.as_bytes()].concat()
}

pub fn symbol(text: &str) -> Vec<u8> {
    [&[0xb3], &length(text.len())[..], text.as_bytes()].concat()
}

pub fn binary(bytes: &[u8]) -> Vec<u8> {
    [&[0xb0], &length(bytes.len())[..], bytes].concat()
}

/// Returns a described list.
pub fn described(code: u8, fields: &[Vec<u8>]) -> Vec<u8> {
    let body = fields.concat();
    [&[0, 0x53, code, 0xd0], &length(body.len() + 4)[..], &length(fields.len()), &body].concat()
}

/// Returns a frame on channel 0, of AMQP or of SASL.
pub fn frame(sasl: bool, body: &[u8]) -> Vec<u8> {
    [&length(body.len() + 8)[..], &[2, u8::from(sasl), 0, 0], body].concat()
}

/// Returns a performative in a frame.
pub fn performative(code: u8, fields: &[Vec<u8>]) -> Vec<u8> {
    frame(false, &described(code, fields))
}

/// Returns a `sasl-init` of PLAIN.
pub fn plain(username: &str, password: &str) -> Vec<u8> {
    let response = binary(format!("\0{username}\0{password}").as_bytes());
    frame(true, &described(0x41, &[symbol("PLAIN"), response]))
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}
