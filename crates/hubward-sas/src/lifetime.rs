//! How long: an expiry from a life, when to renew, and what a refusal says about clocks.

use core::fmt;
use core::time::Duration;

use hubward_core::UnixTime;

use crate::error::VerifyError;

/// Why a token cannot live as long as was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LifetimeError {
    /// It would expire at once.
    #[error("a life of less than a second: it would expire at once")]
    Zero,
    /// It would expire after 9,223,372,036,854,775,807 seconds since 1970, which no verifier reads.
    #[error("the expiry is out of range")]
    Range,
}

/// The expiry of a token that is made at `now` and lives for `life`, in whole seconds.
///
/// # Errors
/// [`LifetimeError`] where that is no time at all, or beyond all time.
pub fn expires_after(now: UnixTime, life: Duration) -> Result<UnixTime, LifetimeError> {
    if life.as_secs() == 0 {
        return Err(LifetimeError::Zero);
    }
    let expiry = now.as_secs().checked_add(life.as_secs()).ok_or(LifetimeError::Range)?;
    i64::try_from(expiry).map_err(|_| LifetimeError::Range)?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(expiry)))
}

/// How long before its expiry a token is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Margin {
    /// A part of what is left of its life when the plan is made, in percent; more than 100 is 100.
    Percent(u8),
    /// A time.
    Before(Duration),
}

impl Default for Margin {
    /// 15 percent.
    fn default() -> Self {
        Self::Percent(15)
    }
}

/// When a token expires and when to renew it. A plan is a value: it starts no timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewalPlan {
    /// When the token expires.
    pub expires: UnixTime,
    /// When to have a new one, not before the plan was made.
    pub renew_at: UnixTime,
}

impl RenewalPlan {
    /// A plan, made at `now`, for a token that expires at `expires`. `jitter` is the caller's random time by which
    /// this one renews earlier than its fellows, so that a fleet does not come all at once; it is cut to the margin's
    /// length, and to half of what is left before the margin.
    #[must_use]
    pub fn new(now: UnixTime, expires: UnixTime, margin: Margin, jitter: Duration) -> Self {
        let left = expires.as_secs().saturating_sub(now.as_secs());
        let margin = match margin {
            Margin::Percent(percent) => {
                let part = u128::from(left).saturating_mul(u128::from(percent.min(100)));
                u64::try_from(part.checked_div(100).unwrap_or_default()).unwrap_or(left)
            }
            Margin::Before(time) => time.as_secs().min(left),
        };
        let before = left.saturating_sub(margin) >> 1;
        let early = margin.saturating_add(jitter.as_secs().min(margin).min(before));
        let renew_at = expires.as_secs().saturating_sub(early).max(now.as_secs());
        Self { expires, renew_at: UnixTime::since_unix_epoch(Duration::from_secs(renew_at)) }
    }

    /// Whether it is time to renew.
    #[must_use]
    pub fn is_due(&self, now: UnixTime) -> bool {
        now.as_secs() >= self.renew_at.as_secs()
    }

    /// How long to wait from `now`; nothing where it is time.
    #[must_use]
    pub fn wait(&self, now: UnixTime) -> Duration {
        Duration::from_secs(self.renew_at.as_secs().saturating_sub(now.as_secs()))
    }
}

/// What a refusal says about two clocks: by how much they differ at the least, if they are to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockHint {
    /// The token expired: the signer's clock is behind the verifier's by at least so many seconds, or the token
    /// is old.
    SignerBehind(u64),
    /// The expiry is further away than any allowed life: the signer's clock is ahead by at least so many seconds,
    /// or the token was made to live too long.
    SignerAhead(u64),
    /// The expiry lies before 2014, when there was no hub: the signer's clock was never set.
    SignerNotSet,
}

/// 2014-01-01T00:00:00Z.
const BEFORE_HUBS: u64 = 1_388_534_400;

impl VerifyError {
    /// What it says about the clocks, where it is about time. The token is authentic then.
    #[must_use]
    pub const fn clock_hint(&self) -> Option<ClockHint> {
        match self {
            Self::Expired { expiry, now, .. } if *expiry < BEFORE_HUBS && *now >= BEFORE_HUBS => {
                Some(ClockHint::SignerNotSet)
            }
            Self::Expired { expiry, now, leeway } => {
                Some(ClockHint::SignerBehind(now.saturating_sub(*expiry).saturating_sub(*leeway)))
            }
            Self::TooLongLived { expiry, now, max } => {
                Some(ClockHint::SignerAhead(expiry.saturating_sub(*now).saturating_sub(*max)))
            }
            Self::WrongSignature => None,
        }
    }
}

impl fmt::Display for ClockHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignerBehind(by) => {
                write!(
                    f,
                    "the token is old, or the signer's clock is behind the verifier's by {by} s or more"
                )
            }
            Self::SignerAhead(by) => {
                write!(
                    f,
                    "made to live too long, or the signer's clock is ahead of the verifier's by {by} s or more"
                )
            }
            Self::SignerNotSet => f.write_str("the signer's clock was never set"),
        }
    }
}
