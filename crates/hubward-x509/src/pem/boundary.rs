//! BEGIN and END lines, and lines that resemble one and must not be taken for text.

use super::error::PemProblem;
use super::invisible::{any_invisible, only_invisible};
use super::lines::{is_blank, trim_start};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boundary<'a> {
    /// The BEGIN line of a block with this label.
    Begin(&'a [u8]),
    /// The END line of a block with this label, and what follows on the line.
    End(&'a [u8], &'a [u8]),
    /// A line that resembles one of them.
    Unclear(PemProblem),
    /// Neither.
    Text,
}

const HYPHENS: &[u8] = b"-----";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// Says what a line is.
pub(super) fn classify(line: &[u8]) -> Boundary<'_> {
    let text = trim_start(line);
    if let Some(after) = text.strip_prefix(BEGIN) {
        return match label(after) {
            Some((label, rest)) if trim_start(rest).is_empty() => Boundary::Begin(label),
            Some((_, [b'-', ..])) | None => malformed(text),
            Some((_, rest)) => Boundary::Unclear(other_text(rest)),
        };
    }
    if let Some(after) = text.strip_prefix(END) {
        return match label(after) {
            Some((label, rest)) => Boundary::End(label, trim_start(rest)),
            None => malformed(text),
        };
    }
    if !resembles(text) {
        return Boundary::Text;
    }
    let mut starts = [BEGIN, END].into_iter().filter_map(|word| position(text, word));
    match starts.next() {
        Some(at) => Boundary::Unclear(other_text(text.get(..at).unwrap_or_default())),
        None => malformed(text),
    }
}

/// Why text before or after a BEGIN or END is refused. A user cannot find what is invisible.
pub(super) fn other_text(text: &[u8]) -> PemProblem {
    only_invisible(text).map_or(PemProblem::TextOnBoundaryLine, PemProblem::Invisible)
}

fn malformed(line: &[u8]) -> Boundary<'_> {
    Boundary::Unclear(any_invisible(line).map_or(PemProblem::MalformedBoundary, PemProblem::Invisible))
}

/// The label (RFC 7468 3) and what follows the hyphens after it.
fn label(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = position(text, HYPHENS)?;
    let (label, rest) = text.split_at_checked(at)?;
    let printable = label.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let bare = !matches!(label, [] | [b' ', ..] | [.., b' ']);
    (printable && bare).then_some((label, rest.strip_prefix(HYPHENS)?))
}

/// Returns `true` if BEGIN or END is on the line after two hyphens or more, or before three or more: hyphens that were lost,
/// or that a word processor made dashes of.
fn resembles(text: &[u8]) -> bool {
    let (mut hyphens, mut named, mut in_word) = (0_usize, false, false);
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let (weight, length) = dash(rest);
        if weight > 0 {
            hyphens = hyphens.saturating_add(weight);
            if named && hyphens >= 3 {
                return true;
            }
            in_word = false;
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        if !in_word && (is_word(rest, b"BEGIN") || is_word(rest, b"END")) {
            if hyphens >= 2 {
                return true;
            }
            named = true;
        }
        if !is_blank(*first) {
            hyphens = 0;
        }
        in_word = first.is_ascii_alphanumeric();
        rest = tail;
    }
    false
}

/// Returns the number of hyphens that the first character represents, and its length: a word processor makes one dash of two
/// hyphens. The single bytes are those of Windows-1252.
const fn dash(text: &[u8]) -> (usize, usize) {
    match text {
        [b'-' | 0x96 | 0x97 | 0xad, ..] => (1, 1),
        [0xe2, 0x80, 0x90..=0x95, ..]
        | [0xe2, 0x88, 0x92, ..]
        | [0xe2, 0x81, 0x83, ..]
        | [0xef, 0xb9, 0x98 | 0xa3, ..]
        | [0xef, 0xbc, 0x8d, ..] => (2, 3),
        _ => (0, 1),
    }
}

/// Whether the text begins with the word, in any case.
fn is_word(text: &[u8], word: &[u8]) -> bool {
    text.split_at_checked(word.len()).is_some_and(|(head, tail)| {
        head.eq_ignore_ascii_case(word) && !tail.first().is_some_and(u8::is_ascii_alphanumeric)
    })
}

pub(super) fn contains(text: &[u8], wanted: &[u8]) -> bool {
    position(text, wanted).is_some()
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
