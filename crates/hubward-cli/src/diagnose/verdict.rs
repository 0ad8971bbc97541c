//! The verdict of a diagnosis: the code with its cause and its cure, and the clocks that would change it.

use core::error::Error;
use std::io::Write;

use hubward::AuthError;
use hubward::sas::VerifyError;
use hubward::types::{InWords, KeySlot, UtcTime};

use crate::codes;
use crate::{Outcome, shown};

/// An authenticated client.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) identity: String,
    pub(super) slot: Option<KeySlot>,
    /// The last second of the session.
    pub(super) until: Option<u64>,
    /// The sentence and the code, if the operation is denied.
    pub(super) denied: Option<(String, &'static str)>,
    pub(super) advice: Option<(String, &'static str)>,
}

pub(super) fn finish(
    out: &mut impl Write,
    now: u64,
    verdict: Result<Judgement, AuthError>,
    later: &Result<Judgement, AuthError>,
    hint: Option<(String, &'static str)>,
) -> Result<Outcome, Box<dyn Error>> {
    let outcome = match &verdict {
        Ok(judgement) => accepted(out, now, judgement)?,
        Err(error) => {
            writeln!(out, "refused: {error} ({})", error.code())?;
            cause(out, error.code())?;
            writeln!(out, "peer      is told: {}", error.public())?;
            if let Some((hint, code)) = hint {
                writeln!(out, "hint      {hint} ({code})")?;
            }
            if let AuthError::Verify(error) = error {
                clock(out, error)?;
            }
            Outcome::Refused
        }
    };
    let code = |verdict: &Result<Judgement, AuthError>| match verdict {
        Ok(judgement) => judgement.denied.as_ref().map_or("accepted", |(_, code)| code),
        Err(error) => error.code(),
    };
    if code(&verdict) == code(later) {
        writeln!(out, "later     the same a second later")?;
    } else {
        writeln!(out, "later     a second later: {}", code(later))?;
    }
    Ok(outcome)
}

fn accepted(out: &mut impl Write, now: u64, judgement: &Judgement) -> Result<Outcome, Box<dyn Error>> {
    let identity = shown::text(&judgement.identity);
    match &judgement.denied {
        None => writeln!(out, "accepted: {identity}")?,
        Some((sentence, code)) => {
            writeln!(out, "denied: {} ({code})", shown::text(sentence))?;
            cause(out, code)?;
            if let Some((hint, code)) = &judgement.advice {
                writeln!(out, "hint      {hint} ({code})")?;
            }
        }
    }
    match judgement.slot {
        Some(KeySlot::Primary) => writeln!(out, "key       the primary key signed")?,
        Some(KeySlot::Secondary) => writeln!(out, "key       the secondary key signed")?,
        None => {}
    }
    if let Some(until) = judgement.until {
        let left = InWords(until.saturating_sub(now));
        writeln!(out, "until     {}, for another {left}", UtcTime::of(until))?;
    }
    Ok(if judgement.denied.is_some() { Outcome::Refused } else { Outcome::Good })
}

/// Prints the cause and the cure of a code.
pub(super) fn cause(out: &mut impl Write, code: &str) -> std::io::Result<()> {
    let Some(entry) = codes::find(code).first().copied() else { return Ok(()) };
    writeln!(out, "cause     {}", entry.cause)?;
    writeln!(out, "cure      {}", entry.cure)
}

/// Prints the clock by which the token would have been good.
pub(super) fn clock(out: &mut impl Write, error: &VerifyError) -> std::io::Result<()> {
    match error {
        VerifyError::Expired { expiry, leeway, now } => {
            let last = expiry.saturating_add(*leeway);
            let past = InWords(now.saturating_sub(last));
            writeln!(out, "clock     good until {}, {past} ago", UtcTime::of(last))
        }
        VerifyError::TooLongLived { expiry, max, .. } => {
            writeln!(out, "clock     good from {}", UtcTime::of(expiry.saturating_sub(*max)))
        }
        _ => Ok(()),
    }
}
