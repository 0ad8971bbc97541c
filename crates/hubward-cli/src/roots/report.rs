//! `hubward roots report`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward::types::{Digest, UtcTime};
use hubward_ring::{Digests, signature};
use hubward_x509::{
    SignedBundle, TrustBundle,
    trust::{AnchorPeriod, ExpiryCause, UpdateError},
};

use super::{file, server};
use crate::Outcome;
use crate::cert::Hex;
use crate::clock::{NowArgument, at};

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The trust bundle.
    bundle: PathBuf,
    /// Also verify this chain, a server's certificate and its intermediates, as a device would at that time.
    #[arg(long, value_name = "FILE", requires = "host")]
    chain: Option<PathBuf>,
    /// The host name that the device connects to.
    #[arg(long, value_name = "HOST", requires = "chain")]
    host: Option<String>,
    #[command(flatten)]
    now: NowArgument,
}

/// Reports on a bundle. The outcome is good if a device with this bundle trusts a CA at that time, and the server if
/// one was given.
pub(super) fn run(arguments: &Report) -> Result<Outcome, Box<dyn Error>> {
    let bytes = file::read(&arguments.bundle)?;
    let bundle = file::parse(&arguments.bundle, &bytes)?;
    let now = arguments.now.seconds();
    let mut out = crate::out::stdout();
    print(&mut out, &bundle, now)?;
    let Ok(in_force) = TrustBundle::load(&bytes, signature::ALL) else { return Ok(Outcome::Refused) };
    if let (Some(chain), Some(host)) = (&arguments.chain, &arguments.host) {
        return server::verify(&mut out, &in_force, chain, host, at(now));
    }
    let trusts = in_force.report(at(now)).trusted_until().is_some();
    Ok(if trusts { Outcome::Good } else { Outcome::Refused })
}

/// Prints the content of a bundle, the state of each CA at `now`, and what expires after that.
pub(super) fn print(out: &mut impl Write, bundle: &SignedBundle<'_>, now: u64) -> std::io::Result<()> {
    writeln!(out, "version {}, until {}", bundle.version(), UtcTime::of(bundle.expires().as_secs()))?;
    signatures(out, bundle)?;
    let report = bundle.report(at(now));
    writeln!(out, "at {}:", UtcTime::of(at(now).as_secs()))?;
    for (number, (anchor, period)) in bundle.anchors().zip(report.anchors()).enumerate() {
        let certificate = anchor.certificate();
        let state = state(period, now, report.is_trusted(number));
        writeln!(out, "  anchor {number}: {state} {}", certificate.subject())?;
        writeln!(out, "    SHA-256 {}", Hex(&Digests.sha256(certificate.as_der())))?;
        writeln!(
            out,
            "    trusted from {} until {}",
            UtcTime::of(period.works.from.as_secs()),
            UtcTime::of(period.works.until.as_secs())
        )?;
    }
    let expiries = report.expiries();
    if !expiries.is_empty() {
        writeln!(out, "last seconds:")?;
    }
    for expiry in expiries {
        let last = UtcTime::of(expiry.last.as_secs());
        match (expiry.cause, expiry.anchor) {
            (ExpiryCause::TrustPeriod, Some(number)) => {
                writeln!(out, "  {last}  anchor {number}: its trust period ends")?
            }
            (ExpiryCause::Certificate, Some(number)) => {
                writeln!(out, "  {last}  anchor {number}: its certificate expires")?;
            }
            _ => writeln!(out, "  {last}  the bundle expires: no CA is trusted after that")?,
        }
    }
    match report.trusted_until() {
        Some(last) => {
            writeln!(out, "at least one CA is trusted without a gap until {}", UtcTime::of(last.as_secs()))
        }
        None => writeln!(out, "no CA is trusted at that time"),
    }
}

fn signatures(out: &mut impl Write, bundle: &SignedBundle<'_>) -> std::io::Result<()> {
    let signers: Vec<_> = bundle.signers().collect();
    let (keys, threshold) = (bundle.keys(), bundle.threshold());
    let verdict = match TrustBundle::load(bundle.as_bytes(), signature::ALL) {
        Ok(_) => "have".to_owned(),
        Err(UpdateError::UnderSigned { found, .. }) => format!("only {found} have"),
        Err(error) => error.to_string(),
    };
    writeln!(
        out,
        "{threshold} of {} update keys must sign this bundle and its successor: {verdict}",
        keys.len()
    )?;
    for key in keys {
        let signed = if signers.contains(&key) { ", has signed" } else { "" };
        writeln!(out, "  {key}{signed}")?;
    }
    for key in signers.into_iter().filter(|key| !keys.contains(key)) {
        writeln!(out, "  {key}, has signed, but is not a key of this bundle")?;
    }
    Ok(())
}

fn state(period: &AnchorPeriod, now: u64, trusted: bool) -> &'static str {
    if trusted {
        "trusted"
    } else if period.works.until < period.works.from {
        "never trusted"
    } else if at(now) < period.works.from {
        "not yet trusted"
    } else {
        "no longer trusted"
    }
}
