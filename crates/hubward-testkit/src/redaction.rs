//! Searches printed values for a secret.

use core::error::Error;
use core::fmt::{Debug, Display};
use std::collections::HashSet;

/// A secret in all forms in which it could be printed.
#[derive(Debug)]
pub struct Secret {
    /// Minimum length of a run that counts as printed, in characters of a text or numbers of an array.
    run: usize,
    /// All runs of that many bytes of a text.
    texts: HashSet<Vec<u8>>,
    /// Runs of its bytes in decimal, as an array prints them.
    arrays: Vec<String>,
}

/// Default of the minimum length of a run that counts as printed.
const RUN: usize = 4;

impl Secret {
    /// Takes the bytes of the secret, and searches for them as text, base64, hex, percent-encoding and a decimal
    /// array.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self::with_run(bytes, RUN)
    }

    /// Takes the bytes of the secret, with another minimum length of a run.
    #[must_use]
    pub fn with_run(bytes: &[u8], run: usize) -> Self {
        let mut forms: Vec<Vec<u8>> = vec![bytes.to_vec()];
        // base64 of a longer text contains the secret at one of three offsets; characters that depend on its
        // neighbours are cut off
        for before in 0..3 {
            let text = base64(&[&[0; 2][..before], bytes].concat());
            let text = text.trim_end_matches('=');
            let known = &text[if before > 0 { before + 1 } else { 0 }..text.len() - 1];
            forms.push(known.into());
            forms.push(known.replace('+', "-").replace('/', "_").into());
        }
        let mut arrays = Vec::new();
        // programs also print texts as bytes
        for bytes in forms.clone() {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            let percent: String = bytes.iter().map(|b| format!("%{b:02X}")).collect();
            forms.extend([hex.to_uppercase(), percent.to_lowercase(), hex, percent].map(String::into_bytes));
            let decimal: Vec<String> = bytes.iter().map(u8::to_string).collect();
            for separator in [", ", ",", " ", ",\n    "] {
                arrays.extend(decimal.windows(run).map(|numbers| numbers.join(separator)));
            }
        }
        let texts = forms.iter().flat_map(|form| form.windows(run)).map(<[u8]>::to_vec).collect();
        Self { run, texts, arrays }
    }

    /// Returns a run of the secret that `text` contains.
    #[must_use]
    pub fn found_in(&self, text: &str) -> Option<String> {
        let run = text.as_bytes().windows(self.run).find(|run| self.texts.contains(*run));
        let numbers = text.bytes().filter(u8::is_ascii_digit).count() >= self.run;
        let array = || self.arrays.iter().find(|array| numbers && text.contains(array.as_str())).cloned();
        run.map(|run| String::from_utf8_lossy(run).into_owned()).or_else(array)
    }

    /// Panics if `text` contains four or more consecutive characters of the secret.
    pub fn is_not_in(&self, what: &str, text: &str) {
        if let Some(run) = self.found_in(text) {
            panic!("{what} shows `{run}` of a secret: {text}");
        }
    }

    /// Panics if `{:?}` or `{:#?}` of a value contains it.
    pub fn is_not_debugged(&self, what: &str, value: &dyn Debug) {
        self.is_not_in(what, &format!("{value:?}"));
        self.is_not_in(what, &format!("{value:#?}"));
    }

    /// Panics if `{}` of a value contains it.
    pub fn is_not_displayed(&self, what: &str, value: &dyn Display) {
        self.is_not_in(what, &value.to_string());
    }

    /// Panics if an error or one of its sources contains it.
    pub fn is_not_in_error(&self, what: &str, error: &dyn Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.is_not_debugged(what, &error);
            self.is_not_displayed(what, &error);
            next = error.source();
        }
    }
}

/// Encodes standard base64 in the simplest way.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let mut text: String = bits
        .chunks(6)
        .map(|six| {
            let value = six.iter().fold(0, |value, bit| value << 1 | usize::from(*bit)) << (6 - six.len());
            char::from(ALPHABET[value])
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_known_texts() {
        assert_eq!(
            base64(b"0123456789abcdef0123456789abcdef"),
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        );
        assert_eq!(base64(b"a"), "YQ==");
    }

    #[test]
    fn each_form_is_detected() {
        let secret = Secret::new(b"hush, it is a secret");
        for shown in [
            "..hush..",
            "..aHVz..",
            "..6875..",
            "..%68%75..",
            "[104, 117, 115, 104]",
            "104,117,115,104",
            // the bytes of its base64
            "[97, 72, 86, 122]",
            // after one and two other bytes
            "..h1c2..",
            "..odXN..",
        ] {
            assert!(std::panic::catch_unwind(|| secret.is_not_in("it", shown)).is_err(), "{shown}");
        }
        secret.is_not_in("it", "hus, aHV, 687, [104, 117, 115, 1]");
        let longer = Secret::with_run(b"hush, it is a secret", 8);
        assert_eq!(longer.found_in("hush, i"), None);
        assert_eq!(longer.found_in("hush, it").as_deref(), Some("hush, it"));
        assert_eq!(longer.found_in("104, 117, 115, 104, 44, 32, 105"), None);
        assert!(longer.found_in("104, 117, 115, 104, 44, 32, 105, 116").is_some());
    }
}
