//! Attackers that alter, splice and encode again the texts of an attempt. They sign nothing.

use super::random::Random;
use super::world::Attempt;

/// Alters one of the texts, and sometimes more.
pub(crate) fn alter(random: &mut Random, attempt: &mut Attempt) {
    loop {
        let mut texts = texts(attempt);
        let at = random.below(texts.len());
        let text = &mut *texts[at];
        *text = altered(random, text);
        if !random.rarely(4) {
            return;
        }
    }
}

/// Returns the texts of an attempt.
pub(crate) fn texts(attempt: &mut Attempt) -> Vec<&mut String> {
    match attempt {
        Attempt::Mqtt { client_id, username, password, .. }
        | Attempt::Register { client_id, username, password, .. } => {
            [Some(client_id), Some(username), password.as_mut()].into_iter().flatten().collect()
        }
        Attempt::Http { method, path, host, authorization, .. } => {
            [Some(method), Some(path), Some(host), authorization.as_mut()].into_iter().flatten().collect()
        }
        Attempt::Plain { username, password } => vec![username, password],
        Attempt::Cbs { kind, name, token, address, .. } => vec![kind, name, token, address],
    }
}

/// Pieces that parsers read differently.
const PIECES: &[&str] = &[
    "/",
    "%2F",
    "%2f",
    "%252F",
    "%",
    "%25",
    "%zz",
    "%00",
    "%0A",
    "\0",
    "\n",
    " ",
    "+",
    "%2B",
    "&",
    "=",
    "==",
    "?",
    "#",
    ";",
    "%3B",
    ":",
    "@",
    "@sas.",
    "@sas.root.",
    ".",
    "..",
    "/.",
    "devices",
    "modules",
    "/modules/",
    "1",
    "0",
    "A",
    "a",
    "$edgeHub",
    "se=1",
    "&se=9999999999",
    "&SE=1",
    "&skn=",
    "&skn=iothubowner",
    "&skn=dev1",
    "&sr=x",
    "&x=1",
    "&x=",
    "&&",
    "auth-chain=dev1",
    "&auth-chain=dev1%3Bedge1",
    "&Auth-Chain=dev1",
    "&api-version=1",
    "?api-version=1",
    "dev1",
    "dev10",
    "amqps://",
    "\u{e9}",
    "\u{212a}",
    "?x=/devices/dev1",
    "-",
];

fn altered(random: &mut Random, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len() + 1);
    let join = |parts: [&[char]; 3]| parts.concat().into_iter().collect::<String>();
    match random.below(10) {
        0 | 1 => {
            let piece: Vec<char> = random.one(PIECES).chars().collect();
            join([&chars[..at], &piece, &chars[at..]])
        }
        2 if at < chars.len() => join([&chars[..at], &[], &chars[at + 1..]]),
        3 if at < chars.len() => {
            let end = at + random.below(chars.len() - at + 1);
            join([&chars[..at], &[], &chars[end..]])
        }
        4 if at < chars.len() => {
            let other = swapped(chars[at]);
            join([&chars[..at], &[other], &chars[at + 1..]])
        }
        5 if at < chars.len() => {
            // an escape where none was
            let escape: Vec<char> = format!("%{:02x}", u32::from(chars[at])).chars().collect();
            join([&chars[..at], &escape, &chars[at + 1..]])
        }
        6 => fields(random, text),
        7 => text.replacen("%2F", "/", 1).replacen("%3D", "=", 1),
        8 => match random.below(4) {
            0 => text.to_lowercase(),
            1 => text.to_uppercase(),
            2 => text.replace('%', "%25"),
            _ => text.replace("SharedAccessSignature", "sharedaccesssignature"),
        },
        _ => {
            let piece = *random.one(PIECES);
            if random.rarely(2) { format!("{text}{piece}") } else { format!("{piece}{text}") }
        }
    }
}

/// Returns the other case of a letter, or the next character.
fn swapped(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else if c.is_ascii_uppercase() {
        c.to_ascii_lowercase()
    } else {
        char::from_u32(u32::from(c) + 1).unwrap_or('x')
    }
}

/// Removes, doubles or exchanges fields between `&`.
fn fields(random: &mut Random, text: &str) -> String {
    let mut fields: Vec<&str> = text.split('&').collect();
    let (one, other) = (random.below(fields.len()), random.below(fields.len()));
    match random.below(3) {
        0 if fields.len() > 1 => {
            fields.remove(one);
        }
        1 => fields.insert(other, fields[one]),
        _ => fields.swap(one, other),
    }
    fields.join("&")
}
