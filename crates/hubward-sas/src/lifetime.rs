//! Lifetimes: [`expires_after`], the [`RenewalPlan`] of a token, and the [`ClockHint`] of a [`VerifyError`].

use core::fmt;
use core::time::Duration;

use hubward_core::{InWords, UnixTime};

use crate::error::VerifyError;

/// The error of a lifetime that a token cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LifetimeError {
    /// Less than a second: the token would expire at once.
    #[error("the lifetime is less than a second")]
    Zero,
    /// The expiry would be later than 9,223,372,036,854,775,807 seconds since 1970, which verifiers do not parse.
    #[error("the expiry is out of range")]
    Range,
}

/// Returns the expiry of a token that is signed at `now` for this lifetime, in whole seconds.
///
/// ```
/// use core::time::Duration;
/// use hubward_core::UnixTime;
/// use hubward_sas::expires_after;
///
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
/// assert_eq!(expires_after(now, Duration::from_secs(3600))?.as_secs(), 1_800_003_600);
/// # Ok::<(), hubward_sas::LifetimeError>(())
/// ```
///
/// # Errors
/// [`LifetimeError`] if the lifetime is less than a second, or the expiry is out of range.
pub fn expires_after(now: UnixTime, lifetime: Duration) -> Result<UnixTime, LifetimeError> {
    if lifetime.as_secs() == 0 {
        return Err(LifetimeError::Zero);
    }
    let expiry = now.as_secs().checked_add(lifetime.as_secs()).ok_or(LifetimeError::Range)?;
    i64::try_from(expiry).map_err(|_| LifetimeError::Range)?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(expiry)))
}

/// The time before the expiry at which a token is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Margin {
    /// A percentage of the lifetime that is left when the plan is made; more than 100 counts as 100.
    Percent(u8),
    /// A fixed duration.
    Before(Duration),
}

impl Default for Margin {
    /// 15 percent.
    fn default() -> Self {
        Self::Percent(15)
    }
}

/// The times at which a token expires and is to be renewed. A plan is a value: it starts no timer.
///
/// ```
/// use core::time::Duration;
/// use hubward_core::UnixTime;
/// use hubward_sas::{Margin, RenewalPlan};
///
/// let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
/// let plan = RenewalPlan::new(at(1_800_000_000), at(1_800_003_600), Margin::default(), Duration::ZERO);
/// assert_eq!(plan.wait(at(1_800_000_000)), Duration::from_secs(3060), "15 percent before the end");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewalPlan {
    /// The token's expiry.
    pub expires: UnixTime,
    /// The time to renew the token, not before the plan was made.
    pub renew_at: UnixTime,
}

impl RenewalPlan {
    /// Returns a plan, made at `now`, for a token that expires at `expires`. `jitter` is a random duration of the
    /// caller by which this token is renewed earlier, so that the devices of a fleet do not renew all at once. It is
    /// limited to the margin and to half of the time before the margin.
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

    /// Returns whether the token is to be renewed at `now`.
    #[must_use]
    pub fn is_due(&self, now: UnixTime) -> bool {
        now.as_secs() >= self.renew_at.as_secs()
    }

    /// Returns the time from `now` until the token is to be renewed; zero if it is due.
    #[must_use]
    pub fn wait(&self, now: UnixTime) -> Duration {
        Duration::from_secs(self.renew_at.as_secs().saturating_sub(now.as_secs()))
    }
}

/// The smallest difference between the signer's and the verifier's clock that explains a [`VerifyError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockHint {
    /// The token expired: the signer's clock is behind the verifier's by at least this many seconds, or the token is
    /// old.
    SignerBehind(u64),
    /// The expiry is later than the longest allowed lifetime: the signer's clock is ahead by at least this many
    /// seconds, or the token's lifetime is too long.
    SignerAhead(u64),
    /// The expiry is before 2014, when Azure had no IoT Hub: the signer's clock was never set.
    SignerNotSet,
}

/// 2014-01-01T00:00:00Z.
const BEFORE_HUBS: u64 = 1_388_534_400;

impl VerifyError {
    /// Returns the difference of the clocks if the error is about time. The signature is valid then.
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
            Self::WrongSignature | Self::AnotherHost => None,
        }
    }
}

impl fmt::Display for ClockHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignerBehind(by) => {
                write!(
                    f,
                    "the token is old, or the signer's clock is behind the verifier's by {} or more",
                    InWords(*by)
                )
            }
            Self::SignerAhead(by) => {
                write!(
                    f,
                    "the token's lifetime is too long, or the signer's clock is ahead of the verifier's by {} or more",
                    InWords(*by)
                )
            }
            Self::SignerNotSet => f.write_str("the signer's clock was never set"),
        }
    }
}
