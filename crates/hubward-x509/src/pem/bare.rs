//! Base64 outside of blocks: a certificate or key without its BEGIN and END lines, or base64 of a whole PEM file.
//!
//! The next block would be taken for it. Ordinary text consists of base64 characters too, so the decoded bytes decide:
//! a SEQUENCE with the length and the first value that certificates, lists and keys have.

use base64ct::{Base64Unpadded, Encoding};
use zeroize::Zeroizing;

use super::boundary::contains;
use super::lines::{Lines, is_blank, trim_start};

/// The first characters of base64 of `-----BEGIN `, by the position of the first hyphen in its group of three bytes.
const OF_PEM: [&[u8]; 3] = [b"LS0tLS1CRUdJTi", b"0tLS0tQkVHSU4g", b"tLS0tLUJFR0lOI"];

/// Fewer characters than a line of base64 has, and more than words have that begin with its first two.
const LONG: usize = 40;

/// Characters from which a SEQUENCE is recognized. They are 24 bytes, and a key in DER has more.
const HEAD: usize = 32;

/// Bytes of the head, and the least that is judged.
const BYTES: usize = 24;

/// Whether base64 of a certificate or key, or of PEM, begins on this line. `text` begins with the line, and base64 may
/// go on in its next lines. The work is linear in the text, over all of its lines.
pub(super) fn begins_on(line: &[u8], text: &[u8]) -> bool {
    let runs = line.split(|byte| !is_base64(*byte));
    let mut inside = false;
    let mut starts = line.iter().enumerate().filter_map(|(at, byte)| {
        let before = core::mem::replace(&mut inside, is_base64(*byte));
        (inside && !before).then_some(at)
    });
    OF_PEM.iter().any(|pem| contains(line, pem))
        || runs.into_iter().any(|run| run.len() >= LONG && run.starts_with(b"MI"))
        || starts.any(|at| text.get(at..).is_some_and(begins))
}

/// Whether a line consists of base64 only.
pub(super) fn is_whole_line(line: &[u8]) -> bool {
    let line = trim_start(line);
    !line.is_empty() && line.iter().all(|byte| is_base64(*byte) || is_blank(*byte) || *byte == b'=')
}

/// Whether the lines that consist of base64 only, from the first on, are a SEQUENCE of any kind. A few characters may be
/// lost, or come from a heading behind it.
pub(super) fn is_sequence(lines: Lines<'_>) -> bool {
    const SLACK: usize = 3;
    let mut head = Zeroizing::new([0; 8]);
    let mut count = 0_usize;
    for line in lines.map(|line| line.text).filter(|line| !trim_start(line).is_empty()) {
        if !is_whole_line(line) {
            break;
        }
        for byte in line.iter().filter(|byte| is_base64(**byte)) {
            if let Some(to) = head.get_mut(count) {
                *to = *byte;
            }
            count = count.saturating_add(1);
        }
    }
    let mut der = Zeroizing::new([0; 6]);
    let Ok(der) = Base64Unpadded::decode(&head[..], &mut der[..]) else { return false };
    let [0x30, rest @ ..] = der else { return false };
    let Some((length, content)) = length(rest) else { return false };
    let whole = length.saturating_add(der.len().saturating_sub(content.len()));
    let bytes = count.saturating_mul(3).checked_div(4).unwrap_or_default();
    whole >= BYTES && whole.abs_diff(bytes) <= SLACK
}

/// Whether a text begins with base64 of DER or of PEM.
fn begins(text: &[u8]) -> bool {
    // most words
    if !matches!(text, [b'M' | b'L' | b'7', ..]) {
        return false;
    }
    let mut head = Zeroizing::new([0; HEAD]);
    let count = head.iter_mut().zip(characters(text)).map(|(to, byte)| *to = byte).count();
    if OF_PEM.iter().take(1).any(|pem| contains(&head[..], pem)) {
        return true;
    }
    let mut der = Zeroizing::new([0; BYTES]);
    count == HEAD && Base64Unpadded::decode(&head[..], &mut der[..]).is_ok_and(is_der)
}

/// The characters of base64 up to one that is neither base64 nor white space.
fn characters(mut text: &[u8]) -> impl Iterator<Item = u8> {
    core::iter::from_fn(move || {
        loop {
            text = trim_start(text);
            let (byte, rest) = text.split_first()?;
            text = rest;
            match byte {
                b'\r' | b'\n' => {}
                byte => return is_base64(*byte).then_some(*byte),
            }
        }
    })
    .fuse()
}

/// Whether bytes begin as a certificate, list, request, key or container: a SEQUENCE of at least as many bytes, and in
/// it a SEQUENCE, INTEGER, OBJECT IDENTIFIER or ENUMERATED that is not longer.
fn is_der(bytes: &[u8]) -> bool {
    let [0x30, rest @ ..] = bytes else { return false };
    // BER of indefinite length, as containers have
    let outer = if let [0x80, content @ ..] = rest { Some((usize::MAX, content)) } else { length(rest) };
    let Some((outer, content)) = outer else { return false };
    let [0x30 | 0x02 | 0x06 | 0x0a, rest @ ..] = content else { return false };
    let is_whole = |inner| outer == usize::MAX || inner < outer;
    let fits = match rest {
        [0x80, ..] => outer == usize::MAX,
        _ => length(rest).is_some_and(|(inner, _)| is_whole(inner)),
    };
    fits && outer.saturating_add(4) >= BYTES
}

/// A definite length, and what follows it.
fn length(text: &[u8]) -> Option<(usize, &[u8])> {
    let (bytes, content) = match text {
        [short @ 0..=0x7f, content @ ..] => return Some((usize::from(*short), content)),
        [0x81, content @ ..] => content.split_at_checked(1)?,
        [0x82, content @ ..] => content.split_at_checked(2)?,
        [0x83, content @ ..] => content.split_at_checked(3)?,
        _ => return None,
    };
    let value = bytes.iter().fold(0_usize, |value, byte| value.saturating_mul(256) | usize::from(*byte));
    Some((value, content))
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}
