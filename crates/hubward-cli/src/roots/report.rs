//! `hubward roots report`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward::types::{Digest, UnixTime};
use hubward_ring::{Digests, signature};
use hubward_x509::{AnchorPeriod, ExpiryCause, SignedBundle, TrustBundle, UpdateError};

use super::{file, server};
use crate::Outcome;
use crate::cert::Hex;
use crate::clock::{self, at, date, now};

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The bundle.
    bundle: PathBuf,
    /// The date to look from (default: this machine's clock).
    #[arg(long, value_name = "DATE", value_parser = clock::first_second)]
    at: Option<u64>,
    /// Judge the certificates of this file too, a server's and its intermediates, as a device would on that date.
    #[arg(long, requires = "host")]
    chain: Option<PathBuf>,
    /// The host name that the device connects to.
    #[arg(long, requires = "chain")]
    host: Option<String>,
}

/// Well where a device that has this bundle trusts somebody on that date, and the server if there is one.
pub(super) fn run(arguments: &Report) -> Result<Outcome, Box<dyn Error>> {
    let bytes = file::read(&arguments.bundle)?;
    let bundle = file::parse(&arguments.bundle, &bytes)?;
    let now = arguments.at.unwrap_or_else(now);
    let mut out = std::io::stdout();
    print(&mut out, &bundle, now)?;
    let Ok(in_force) = TrustBundle::provisioned(&bytes, signature::ALL) else { return Ok(Outcome::Refused) };
    if let (Some(chain), Some(host)) = (&arguments.chain, &arguments.host) {
        return server::judge(&mut out, &in_force, chain, host, at(now));
    }
    let trusts = in_force.report(at(now)).trusted_until().is_some();
    Ok(if trusts { Outcome::Well } else { Outcome::Refused })
}

/// What a bundle says, what works at `now` and what stops from then on.
pub(super) fn print(out: &mut impl Write, bundle: &SignedBundle<'_>, now: u64) -> std::io::Result<()> {
    writeln!(out, "version {}, until {}", bundle.version(), Day(bundle.expires()))?;
    signatures(out, bundle)?;
    let report = bundle.report(at(now));
    writeln!(out, "at {}:", Day(at(now)))?;
    for (number, (anchor, term)) in bundle.anchors().zip(report.anchors()).enumerate() {
        let certificate = anchor.certificate();
        let state = state(term, now, report.is_trusted(number));
        writeln!(out, "  anchor {number}: {state} {}", certificate.subject())?;
        writeln!(out, "    SHA-256 {}", Hex(&Digests.sha256(certificate.as_der())))?;
        writeln!(out, "    works from {} until {}", Day(term.works.from), Day(term.works.until))?;
    }
    let lapses = report.lapses();
    if !lapses.is_empty() {
        writeln!(out, "what stops, and its last second:")?;
    }
    for lapse in lapses {
        let last = Day(lapse.last);
        match (lapse.cause, lapse.anchor) {
            (ExpiryCause::TrustPeriod, Some(number)) => {
                writeln!(out, "  {last}  anchor {number}: its window ends")?
            }
            (ExpiryCause::Certificate, Some(number)) => {
                writeln!(out, "  {last}  anchor {number}: its certificate expires")?;
            }
            _ => writeln!(out, "  {last}  the bundle: nothing is trusted any more")?,
        }
    }
    match report.trusted_until() {
        Some(last) => writeln!(out, "somebody is trusted without a gap until {}", Day(last)),
        None => writeln!(out, "nobody is trusted at that time"),
    }
}

fn signatures(out: &mut impl Write, bundle: &SignedBundle<'_>) -> std::io::Result<()> {
    let signers: Vec<_> = bundle.signers().collect();
    let (keys, threshold) = (bundle.keys(), bundle.threshold());
    let verdict = match TrustBundle::provisioned(bundle.as_bytes(), signature::ALL) {
        Ok(_) => "have".to_owned(),
        Err(UpdateError::UnderSigned { found, .. }) => format!("only {found} have"),
        Err(error) => error.to_string(),
    };
    writeln!(out, "{threshold} of {} keys must sign it and what comes after it: {verdict}", keys.len())?;
    for key in keys {
        let signed = if signers.contains(&key) { ", has signed" } else { "" };
        writeln!(out, "  {key}{signed}")?;
    }
    for key in signers.into_iter().filter(|key| !keys.contains(key)) {
        writeln!(out, "  {key}, has signed, and is no key of this bundle")?;
    }
    Ok(())
}

fn state(term: &AnchorPeriod, now: u64, trusted: bool) -> &'static str {
    if trusted {
        "trusted"
    } else if term.works.until < term.works.from {
        "never trusted"
    } else if at(now) < term.works.from {
        "not yet trusted"
    } else {
        "no longer trusted"
    }
}

/// A date for people.
struct Day(UnixTime);

impl core::fmt::Display for Day {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let seconds = self.0.as_secs();
        match i64::try_from(seconds).ok().and_then(date) {
            Some(date) => f.write_str(&date),
            None => write!(f, "{seconds} s after 1970"),
        }
    }
}
