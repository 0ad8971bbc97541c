//! A caret under the mistake of a PEM file. Base64 is masked, since it may be a key's, and no caret is under its characters
//! but under those that no base64 has.

use std::io::{self, Write};

use hubward::types::PastedText;
use hubward::x509::pem::{PemError, PemProblem};

use crate::caret::caret;

/// The words of BEGIN and END lines and of headers. Every other letter or digit is masked.
const WORDS: [&str; 24] = [
    "begin",
    "end",
    "certificate",
    "certificates",
    "request",
    "new",
    "trusted",
    "x509",
    "crl",
    "public",
    "private",
    "key",
    "rsa",
    "ec",
    "dsa",
    "encrypted",
    "openssh",
    "parameters",
    "pkcs7",
    "cms",
    "proc",
    "type",
    "dek",
    "info",
];

/// Prints the line of an error with a caret, if it has a line.
pub(crate) fn of_error(out: &mut dyn Write, text: &str, error: &PemError) -> io::Result<()> {
    let Some(number) = error.line() else { return Ok(()) };
    let Some(line) = lines(text).nth(number.saturating_sub(1)) else { return Ok(()) };
    match error.problem() {
        // the missing line belongs in front of this one, which may be a key's
        PemProblem::BareBase64 => caret(out, &format!(" {}", masked(line)), 0),
        PemProblem::NotBase64 if is_begin(line) => match misplaced_padding(text, number) {
            Some((line, at)) => under(out, line, at),
            None => {
                let last = body(text, number).last().unwrap_or_default();
                under(out, last, last.trim_end().len())
            }
        },
        problem => under(out, line, place(line, problem)),
    }
}

/// Prints the line of a byte of a block's DER with a caret. The block begins at this line, and has no secret.
pub(crate) fn of_byte(out: &mut dyn Write, text: &str, begin: usize, byte: usize) -> io::Result<()> {
    // three bytes are four characters
    let mut before = byte.saturating_mul(4).checked_div(3).unwrap_or_default();
    let mut end = ("", 0);
    for line in body(text, begin) {
        for (at, c) in line.char_indices() {
            if !is_base64(c) {
                continue;
            }
            if before == 0 {
                return under(out, line, at);
            }
            before = before.saturating_sub(1);
            end = (line, at.saturating_add(1));
        }
    }
    under(out, end.0, end.1)
}

/// Prints the BEGIN line of a block with a caret under its label.
pub(crate) fn of_label(out: &mut dyn Write, text: &str, begin: usize) -> io::Result<()> {
    let line = lines(text).nth(begin.saturating_sub(1)).unwrap_or_default();
    under(out, line, place(line, PemProblem::UnknownLabel))
}

/// Prints a line with a caret under the byte at an offset.
fn under(out: &mut dyn Write, line: &str, offset: usize) -> io::Result<()> {
    if line.is_empty() {
        return Ok(());
    }
    let before = line.char_indices().take_while(|(at, _)| *at < offset).count();
    caret(out, &masked(line), before)
}

/// Returns the lines of a text, which end with CRLF, LF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Returns the lines between a BEGIN line and the END line.
fn body(text: &str, begin: usize) -> impl Iterator<Item = &str> {
    lines(text).skip(begin).take_while(|line| !line.contains("-----END "))
}

fn is_begin(line: &str) -> bool {
    line.contains("-----BEGIN ")
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

/// Returns whether a character may be a key's value in base64 or base64url.
fn is_value(c: char) -> bool {
    is_base64(c) || matches!(c, '-' | '_')
}

/// Returns the line and the offset of a padding that more base64 follows.
fn misplaced_padding(text: &str, begin: usize) -> Option<(&str, usize)> {
    let mut padding = None;
    for line in body(text, begin) {
        for (at, c) in line.char_indices().filter(|(_, c)| is_base64(*c)) {
            match (c, padding) {
                ('=', None) => padding = Some((line, at)),
                ('=', Some(_)) | (_, None) => {}
                (_, found) => return found,
            }
        }
    }
    None
}

/// Returns the offset of the mistake in a line.
fn place(line: &str, problem: PemProblem) -> usize {
    let text = line.trim_start_matches([' ', '\t', '\u{b}', '\u{c}', '\u{feff}']);
    let start = line.len().saturating_sub(text.len());
    let within = match problem {
        PemProblem::Invisible(c) => text.find(c).unwrap_or_default(),
        PemProblem::NotBase64 => {
            text.find(|c| !is_value(c) && !c.is_ascii_whitespace()).unwrap_or(text.len())
        }
        PemProblem::Header(_) => text.find(':').unwrap_or_default(),
        PemProblem::Encrypted if !is_begin(text) => text.find(':').unwrap_or_default(),
        PemProblem::TextOnBoundaryLine => other_text(text),
        PemProblem::MalformedBoundary => deviation(text),
        PemProblem::BeginInBlock | PemProblem::EndWithoutBegin | PemProblem::NoEnd => 0,
        // the label is wrong, or the block below it is not what it says
        _ => ["-----BEGIN ", "-----END "]
            .iter()
            .find_map(|word| text.starts_with(word).then_some(word.len()))
            .unwrap_or_default(),
    };
    start.saturating_add(within)
}

/// Returns the offset of the text before a BEGIN or END, or of the text after it.
fn other_text(text: &str) -> usize {
    let Some(word) = ["-----BEGIN ", "-----END "].iter().find(|word| text.starts_with(**word)) else {
        return 0;
    };
    let after = text.get(word.len()..).unwrap_or_default();
    let label = after.find("-----").map_or(after.len(), |at| at.saturating_add(5));
    let rest = after.get(label..).unwrap_or_default();
    let blanks = rest.len().saturating_sub(rest.trim_start().len());
    word.len().saturating_add(label).saturating_add(blanks)
}

/// Returns the offset at which a line ceases to be a BEGIN or END line.
fn deviation(text: &str) -> usize {
    let hyphens = |text: &str| text.bytes().take_while(|byte| *byte == b'-').count();
    let opening = hyphens(text);
    if opening != 5 {
        return opening.min(5);
    }
    let rest = text.get(opening..).unwrap_or_default();
    let common = |word: &str| rest.bytes().zip(word.bytes()).take_while(|(one, other)| one == other).count();
    let word = common("BEGIN ").max(common("END "));
    let label_at = opening.saturating_add(word);
    let label = text.get(label_at..).unwrap_or_default();
    if !text.get(..label_at).unwrap_or_default().ends_with(' ') || label.starts_with([' ', '-']) {
        return label_at;
    }
    let Some(end) = label.find('-') else { return text.trim_end().len() };
    let end_at = label_at.saturating_add(end);
    if label.get(..end).unwrap_or_default().ends_with(' ') {
        return end_at.saturating_sub(1);
    }
    end_at.saturating_add(hyphens(text.get(end_at..).unwrap_or_default()).min(5))
}

/// Returns the line with its known words and its marks only, and one character for each. Only a BEGIN or END line and a header
/// have words and hyphens: another line is base64, or base64url, which has a hyphen for a value.
fn masked(line: &str) -> String {
    let has_words = ["-----", "begin", "end ", ":"].iter().any(|part| PastedText::new(line).contains(part));
    let is_run = |c| is_value(c) && (c != '-' || !has_words);
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length =
            if is_run(first) { rest.find(|c| !is_run(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let Some((word, tail)) = rest.split_at_checked(length) else { break };
        rest = tail;
        if !is_run(first) {
            shown.push(if first == '\t' {
                ' '
            } else if is_mark(first) {
                first
            } else {
                '?'
            });
        } else if has_words && WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            shown.push_str(word);
        } else {
            shown.extend(word.chars().map(|_| '*'));
        }
    }
    shown
}

/// Returns whether a terminal shows the character in one column: ASCII, or a dash or quotation mark of a word processor.
fn is_mark(c: char) -> bool {
    c.is_ascii_graphic() || c == ' ' || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201d}')
}

#[cfg(test)]
mod tests {
    use super::{deviation, masked, other_text};

    #[test]
    fn only_the_words_of_boundary_lines_are_shown() {
        assert_eq!(masked("-----BEGIN RSA PRIVATE KEY-----"), "-----BEGIN RSA PRIVATE KEY-----");
        assert_eq!(masked("MIIEvQIBADAN+key/END="), "*********************");
        assert_eq!(masked("-MII_key-EC--x_"), "*".repeat(15));
        assert_eq!(masked("-----BEGIN KEY-----\\nMI_E_key"), "-----BEGIN KEY-----\\*********");
        assert_eq!(masked("\"-----BEGIN KEY-----\\nMIIE\u{200b}\tx"), "\"-----BEGIN KEY-----\\*****? *");
    }

    #[test]
    fn a_line_ceases_to_be_a_boundary_at_its_first_mistake() {
        for (line, at) in [
            ("----BEGIN CERTIFICATE-----", 4),
            ("------BEGIN CERTIFICATE-----", 5),
            ("-----begin CERTIFICATE-----", 5),
            ("-----BEGINCERTIFICATE-----", 10),
            ("-----BEGIN  CERTIFICATE-----", 11),
            ("-----BEGIN CERTIFICATE -----", 22),
            ("-----BEGIN CERTIFICATE----", 26),
            ("-----BEGIN CERTIFICATE------", 27),
            ("-----BEGIN CERTIFICATE", 22),
            ("-----END-----", 8),
            ("\u{2014}\u{2014}BEGIN CERTIFICATE\u{2014}\u{2014}", 0),
        ] {
            assert_eq!(deviation(line), at, "{line}");
        }
        assert_eq!(other_text("# -----BEGIN KEY-----"), 0);
        assert_eq!(other_text("-----END KEY-----  x"), 19);
    }
}
