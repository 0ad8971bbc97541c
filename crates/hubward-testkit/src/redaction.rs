//! Proof that a printed value shows nothing of a secret.

use core::error::Error;
use core::fmt::{Debug, Display};

/// A secret in every form in which it could be shown.
#[derive(Debug)]
pub struct Secret {
    /// Texts of which no run may be shown.
    texts: Vec<String>,
    /// Runs of its bytes in decimal, as an array prints them.
    arrays: Vec<String>,
}

/// The shortest run of a secret that counts as shown.
const RUN: usize = 4;

impl Secret {
    /// The secret's bytes: looked for as text, base64, hex, percent-encoding and a decimal array.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let percent: String = bytes.iter().map(|b| format!("%{b:02X}")).collect();
        let decimal: Vec<String> = bytes.iter().map(u8::to_string).collect();
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lower = percent.to_lowercase();
        Self {
            texts: vec![base64(bytes), hex.clone(), hex.to_uppercase(), percent, lower, text],
            arrays: decimal.windows(RUN).map(|numbers| numbers.join(", ")).collect(),
        }
    }

    /// Panics where `text` shows four or more characters of the secret in a row.
    pub fn is_not_in(&self, what: &str, text: &str) {
        for array in &self.arrays {
            assert!(!text.contains(array), "{what} shows a secret's bytes");
        }
        for form in &self.texts {
            let characters: Vec<char> = form.chars().collect();
            for run in characters.windows(RUN) {
                let run: String = run.iter().collect();
                assert!(!text.contains(&run), "{what} shows `{run}` of a secret: {text}");
            }
        }
    }

    /// The same, of a value as `{:?}` and `{:#?}` print it.
    pub fn is_not_debugged(&self, what: &str, value: &dyn Debug) {
        self.is_not_in(what, &format!("{value:?}"));
        self.is_not_in(what, &format!("{value:#?}"));
    }

    /// The same, of a value as `{}` prints it.
    pub fn is_not_displayed(&self, what: &str, value: &dyn Display) {
        self.is_not_in(what, &value.to_string());
    }

    /// The same, of an error with all its sources.
    pub fn is_not_in_error(&self, what: &str, error: &dyn Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.is_not_debugged(what, &error);
            self.is_not_displayed(what, &error);
            next = error.source();
        }
    }
}

/// Standard base64, the slow way.
fn base64(bytes: &[u8]) -> String {
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
    fn base64_is_base64() {
        assert_eq!(
            base64(b"0123456789abcdef0123456789abcdef"),
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        );
        assert_eq!(base64(b"a"), "YQ==");
    }

    #[test]
    fn each_form_is_noticed() {
        let secret = Secret::new(b"hush, it is a secret");
        for shown in ["..hush..", "..aHVz..", "..6875..", "..%68%75..", "[104, 117, 115, 104]"] {
            assert!(std::panic::catch_unwind(|| secret.is_not_in("it", shown)).is_err(), "{shown}");
        }
        secret.is_not_in("it", "hus, aHV, 687, [104, 117, 115, 1]");
    }
}
