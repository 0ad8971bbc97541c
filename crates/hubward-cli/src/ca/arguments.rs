//! Arguments that the commands share: the type of a new key, and the validity of what is issued.

use core::error::Error;
use core::time::Duration;

use clap::{Args, ValueEnum};
use hubward::types::UtcTime;
use hubward_ring::KeyType;
use hubward_x509::Validity;
use hubward_x509::issue::SerialNumber;

use crate::clock::{NowArgument, at};
use crate::exit::OrMisuse;
use crate::file::random;
use crate::times;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KeyTypeArgument {
    /// ECDSA on P-256, which all TLS stacks of devices support.
    P256,
    /// ECDSA on P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl From<KeyTypeArgument> for KeyType {
    fn from(argument: KeyTypeArgument) -> Self {
        match argument {
            KeyTypeArgument::P256 => Self::P256,
            KeyTypeArgument::P384 => Self::P384,
            KeyTypeArgument::Ed25519 => Self::Ed25519,
        }
    }
}

/// How long something is valid, from now.
#[derive(Debug, Args)]
pub(super) struct PeriodArguments {
    /// The time from now until it expires, such as 365d. The default depends on what is issued, and ends with the CA.
    #[arg(long, value_name = "DURATION", value_parser = times::parse_duration)]
    ttl: Option<Duration>,
    #[command(flatten)]
    pub(super) now: NowArgument,
}

impl PeriodArguments {
    /// Returns the period from now. A period that was not given is `default` days, or less if the issuer ends earlier.
    pub(super) fn within(&self, issuer: Option<Validity>, default: u64) -> Result<Validity, Box<dyn Error>> {
        let now = self.now.seconds();
        let last = issuer.and_then(|issuer| u64::try_from(issuer.not_after).ok()).unwrap_or(u64::MAX);
        if now > last {
            let ended = UtcTime::of(last);
            return Err(format!("the CA expired at {ended}; `hubward ca renew` makes its successor").into());
        }
        let until = match self.ttl {
            Some(ttl) => now.saturating_add(ttl.as_secs()),
            None => now.saturating_add(default.saturating_mul(86_400)).min(last),
        };
        Validity::between(at(now), at(until)).or_misuse()
    }
}

/// Returns a new serial number.
pub(super) fn serial() -> Result<SerialNumber, Box<dyn Error>> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(SerialNumber::from_entropy(bytes)?)
}
