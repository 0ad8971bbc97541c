//! A fast path for the most common resources. Without it the verification of a token takes 21 to 30 % longer.
//! [`ResourcePath::read`](crate::ResourcePath::read) calls it.

use crate::class::{Class, split_run};
use crate::grammar::{Kind, MAX_HOST, MAX_ID, Outline, offset};
use crate::percent::split_byte;

/// Parses the resource of a hub, a device or a module, as nearly all are, and returns its outline and its end.
/// Returns `None` for all others, valid or not. A result always equals that of [`outline`](crate::grammar::outline).
#[inline]
pub(crate) fn fast_path(text: &[u8]) -> Option<(Outline, usize)> {
    let at = |rest: &[u8]| text.len().wrapping_sub(rest.len());
    let (host, rest) = split_run(text, Class::HOST);
    match host {
        [first, .., last]
            if host.len() <= MAX_HOST && first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {}
        _ => return None,
    }
    if is_end(rest) {
        return Some((Outline { kind: Kind::Hub, first: (0, offset(host.len())), last: 0 }, host.len()));
    }
    let device = below(rest, b"devices")?;
    let rest = after_id(device)?;
    let first = (offset(at(device)), offset(at(rest)));
    if is_end(rest) {
        return Some((Outline { kind: Kind::Device, first, last: first.0 }, at(rest)));
    }
    let module = below(rest, b"modules")?;
    let rest = after_id(module)?;
    is_end(rest).then_some((Outline { kind: Kind::Module, first, last: offset(at(module)) }, at(rest)))
}

/// Returns whether a resource ends before `rest`.
#[inline]
const fn is_end(rest: &[u8]) -> bool {
    matches!(rest, [] | [b'&', ..])
}

/// Strips a slash, `word` and another slash.
#[inline]
fn below<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    after_slash(after_slash(text)?.strip_prefix(word)?)
}

/// Strips a slash.
#[inline]
const fn after_slash(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'%', b'2', b'F' | b'f', rest @ ..] | [b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Strips an id of at least three bytes: a shorter one can be `..`.
#[inline]
fn after_id(text: &[u8]) -> Option<&[u8]> {
    let (id, mut rest) = split_run(text, Class::PLAIN_ID);
    let mut len = id.len();
    while let [b'%', ..] = rest {
        let (byte, tail) = split_byte(rest)?;
        if !Class::of(byte).contains(Class::IDENTITY) {
            break;
        }
        let (id, after) = split_run(tail, Class::PLAIN_ID);
        (len, rest) = (len.wrapping_add(id.len()).wrapping_add(1), after);
    }
    (3..=MAX_ID).contains(&len).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::outline;
    extern crate alloc;
    use alloc::format;
    use alloc::string::String;

    /// Compares both parsers over all combinations of these parts.
    #[test]
    fn the_fast_path_agrees_with_the_grammar() {
        let long_host = String::from("h.") + &"a".repeat(252);
        let (longest, long) = ("d".repeat(128), "d".repeat(129));
        let roots = [
            "",
            "h",
            "h.net",
            "-h.net",
            "h.net-",
            "h_net",
            "h.net:8443",
            "0ne00AB12CD",
            "h%2Enet",
            &long_host,
        ];
        let slashes = ["/", "%2F", "%2f", "//", "%252F", ""];
        let words = ["devices", "Devices", "device", "devicess", "device%73", "registrations"];
        let ids = ["dev-1", "a+b.c", "..", "...", ".", "", "d", "%24edge", "de\"v", "de v", &longest, &long];
        let inner = [
            "",
            "/modules/mod",
            "%2Fmodules%2F%24edge",
            "/modules",
            "/modules/..",
            "/messages/events",
            "/modules/mod/x",
        ];
        let mut matched = 0;
        for root in roots {
            for slash in slashes {
                for word in words {
                    for id in ids {
                        for inner in inner {
                            for end in ["", "&se=1", "%", "\u{e9}"] {
                                let text = format!("{root}{slash}{word}{slash}{id}{inner}{end}");
                                let Some((parsed, len)) = fast_path(text.as_bytes()) else { continue };
                                matched += usize::from(parsed.kind != Kind::Hub);
                                assert_eq!(outline(&text).unwrap(), (parsed, len), "{text}");
                            }
                        }
                    }
                }
            }
        }
        // two roots, three slashes, five ids, three continuations, two ends
        assert_eq!(matched, 180);
    }
}
