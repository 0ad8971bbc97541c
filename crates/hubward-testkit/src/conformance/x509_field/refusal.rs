//! The error of a refused case, and its permitted contents.

use core::error::Error;
use core::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::ensure;
use super::Expect;

/// Minimum number of consecutive bytes of a secret that count as printed.
const RUN: usize = 8;

/// An error as printed.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Its `Display`, and that of all its sources.
    pub(super) message: String,
    /// Its `Debug`, and that of all its sources.
    debug: String,
    /// The error is about a revoked certificate.
    revoked: bool,
}

impl Refusal {
    pub(super) fn revoked(mut self, revoked: bool) -> Self {
        self.revoked = revoked;
        self
    }

    /// Checks the words of a refusal.
    pub(super) fn judge(&self, expect: &Expect) -> Result<(), String> {
        let message = &self.message;
        let lower = message.to_lowercase();
        let says = |words: &[String]| words.iter().any(|word| lower.contains(word));
        ensure(!expect.revoked || self.revoked, format!("not refused as revoked: {message}"))?;
        ensure(expect.says_any.is_empty() || says(&expect.says_any), format!("does not say why: {message}"))?;
        ensure(!says(&expect.says_none), format!("says another reason: {message}"))?;
        let short = expect.max_message.is_none_or(|most| message.chars().count() <= most);
        ensure(short, format!("has {} characters", message.chars().count()))?;
        for secret in &expect.secret {
            let secret = STANDARD.decode(secret).expect("base64");
            let shown = shows(message, &secret) || shows(&self.debug, &secret);
            ensure(!shown, "shows the secret")?;
        }
        Ok(())
    }
}

impl<E: Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        let (mut message, mut debug) = (error.to_string(), format!("{error:?} {error:#?}"));
        let mut next = error.source();
        while let Some(source) = next {
            write!(message, ": {source}").expect("a string");
            write!(debug, " {source:?} {source:#?}").expect("a string");
            next = source.source();
        }
        Self { message, debug, revoked: false }
    }
}

/// Returns whether a text contains a run of a secret: as it is, in hex, or as decimal numbers.
fn shows(text: &str, secret: &[u8]) -> bool {
    let hex = text.to_lowercase();
    let numbers: Vec<&str> = text.split([',', ' ', '\n', '\t']).filter(|part| !part.is_empty()).collect();
    let numbers: Vec<Option<u8>> =
        numbers.iter().map(|part| part.trim_matches(['[', ']']).parse().ok()).collect();
    secret.windows(RUN).any(|run| {
        let digits: String = run.iter().map(|byte| format!("{byte:02x}")).collect();
        text.as_bytes().windows(RUN).any(|own| own == run)
            || hex.contains(&digits)
            || numbers.windows(RUN).any(|own| own.iter().zip(run).all(|(own, byte)| *own == Some(*byte)))
    })
}
