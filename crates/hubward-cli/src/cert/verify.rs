//! `hubward cert verify`: a chain against CAs and revocation lists, and why it is refused.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hubward::types::{DeviceId, ModuleId};
use hubward_ring::signature;
use hubward_x509::pem::{self, PemError};
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile,
    Revocation, RevocationDepth, RevocationStatus, UnknownStatus, VerifiedChain,
};
use rustls_pki_types::ServerName;

use super::{inspect, read, read_as};
use crate::Outcome;
use crate::clock::{at, now};

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file of the leaf and, behind it, intermediates, PEM or DER (default: standard input).
    #[arg(default_value = "-")]
    certificates: PathBuf,
    /// A file of CAs that are trusted; may be given several times.
    #[arg(long, required = true)]
    ca: Vec<PathBuf>,
    /// A file of more intermediates; may be given several times.
    #[arg(long)]
    intermediates: Vec<PathBuf>,
    /// A file of revocation lists, PEM or DER; may be given several times. With it, whatever is revoked is refused, and
    /// so is whatever no list tells of.
    #[arg(long)]
    crl: Vec<PathBuf>,
    /// Ask the lists only for the leaf, not for its CAs.
    #[arg(long, requires = "crl")]
    leaf_only: bool,
    /// Let pass what no list tells of.
    #[arg(long, requires = "crl")]
    allow_unknown: bool,
    /// What is asked of the chain (default: server with `--host`, else device).
    #[arg(long, value_enum)]
    profile: Option<Kind>,
    /// The device that the leaf must be about.
    #[arg(long)]
    device: Option<String>,
    /// The device's module that the leaf must be about.
    #[arg(long, requires = "device")]
    module: Option<String>,
    /// The DNS name or address of the server that the leaf must be about.
    #[arg(long, conflicts_with = "device")]
    host: Option<String>,
    /// The time to judge by (default: this machine's clock): a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
    now: Option<u64>,
    /// Say which certificates there were, and name those that a refusal is about.
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A device that signs in.
    Device,
    /// RFC 5280 with the duties of CAs, for every purpose.
    Rfc5280,
    /// A server as a device sees it; takes `--host`.
    Server,
}

pub(super) fn run(arguments: &Verify) -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout();
    let presented = read(&arguments.certificates)?;
    let (leaf, rest) = presented.split_first().ok_or("no certificate")?;
    let more = all(&arguments.intermediates, pem::certificates)?;
    let registered = all(&arguments.ca, pem::certificates)?;
    let lists = all(&arguments.crl, pem::revocation_lists)?;
    let anchors = Anchors::parse(&registered)?;
    let chain = Chain::parse(leaf, rest.iter().chain(&more))?;
    let crls = Crls::parse(&lists)?;
    let profile = profile(arguments)?.revocation(revocation(arguments, &crls));
    let now = at(arguments.now.unwrap_or_else(now));
    let outcome = match chain.verify(&anchors, &profile, signature::ALL, now) {
        Ok(verified) => {
            good(&mut out, &verified, &anchors)?;
            Outcome::Well
        }
        Err(error) => {
            if arguments.explain {
                writeln!(out, "refused: {}", chain.explain(error, &anchors))?;
            } else {
                writeln!(out, "refused: {error}")?;
            }
            if let ChainError::Refused { problem: Problem::Revoked { at, .. }, .. } = error {
                writeln!(out, "  revoked on   {}", inspect::Date(at))?;
            }
            Outcome::Refused
        }
    };
    if arguments.explain {
        considered(&mut out, &chain, &anchors)?;
        heard(&mut out, &crls)?;
    }
    Ok(outcome)
}

/// Who it is about, over whom the path goes, and until when all of it holds.
fn good(out: &mut impl Write, verified: &VerifiedChain<'_>, anchors: &Anchors<'_>) -> std::io::Result<()> {
    writeln!(out, "good: {}", verified.leaf().subject())?;
    if let Ok(name) = verified.common_name() {
        writeln!(out, "  common name  {}", name.escape_debug())?;
    }
    for name in verified.subject_alt_names() {
        writeln!(out, "  also known   {}", inspect::AltName(&name))?;
    }
    for one in verified.intermediates() {
        writeln!(out, "  over         {}", one.subject())?;
    }
    let anchor = anchors.get(verified.anchor());
    if let Some(one) = anchor {
        writeln!(out, "  vouched for  {} (anchor {})", one.subject(), verified.anchor())?;
    }
    let path = [verified.leaf()].into_iter().chain(verified.intermediates()).chain(anchor);
    let lists = match verified.revocation() {
        RevocationStatus::Good { until } => Some(until),
        _ => None,
    };
    if let Some(last) = path.map(|one| one.validity().not_after).chain(lists).min() {
        writeln!(out, "  until        {}", inspect::Date(last))?;
    }
    match verified.revocation() {
        RevocationStatus::Good { .. } => writeln!(out, "  revocation   not revoked"),
        RevocationStatus::Unknown(why) => writeln!(out, "  revocation   unknown: {why}"),
        _ => writeln!(out, "  revocation   not looked at"),
    }
}

/// Every certificate that a path could have been made of, by the names that errors call them.
fn considered(out: &mut impl Write, chain: &Chain<'_>, anchors: &Anchors<'_>) -> std::io::Result<()> {
    line(out, CertificatePosition::Leaf, chain.leaf())?;
    for (count, one) in chain.intermediates().enumerate() {
        match one {
            Ok(one) => line(out, CertificatePosition::Intermediate(count), one)?,
            Err(error) => writeln!(out, "  {}: {error}", CertificatePosition::Intermediate(count))?,
        }
    }
    for (count, one) in anchors.iter().enumerate() {
        line(out, CertificatePosition::Anchor(count), one)?;
    }
    Ok(())
}

fn line(out: &mut impl Write, place: CertificatePosition, one: &Certificate<'_>) -> std::io::Result<()> {
    let (from, to) = (inspect::Date(one.validity().not_before), inspect::Date(one.validity().not_after));
    writeln!(out, "  {place}: {}, by {}, {from} to {to}", one.subject(), one.issuer())
}

/// Every list, by the number that errors call it.
fn heard(out: &mut impl Write, crls: &Crls<'_>) -> std::io::Result<()> {
    for (number, crl) in crls.iter().enumerate() {
        let kind = if crl.is_delta() { "delta, " } else { "" };
        write!(out, "  revocation list {number}: {kind}by {}, {} revoked, ", crl.issuer(), crl.len())?;
        write!(out, "{} to ", inspect::Date(crl.this_update()))?;
        match crl.next_update() {
            Some(next) => writeln!(out, "{}", inspect::Date(next))?,
            None => writeln!(out, "no date")?,
        }
    }
    Ok(())
}

fn all<T>(files: &[PathBuf], read: fn(&[u8]) -> Result<Vec<T>, PemError>) -> Result<Vec<T>, Box<dyn Error>> {
    let mut all = Vec::new();
    for file in files {
        all.extend(read_as(file, read)?);
    }
    Ok(all)
}

fn revocation<'a>(arguments: &Verify, crls: &'a Crls<'a>) -> Revocation<'a> {
    if arguments.crl.is_empty() {
        return Revocation::unchecked();
    }
    let depth = if arguments.leaf_only { RevocationDepth::Leaf } else { RevocationDepth::Path };
    let unknown = if arguments.allow_unknown { UnknownStatus::Allow } else { UnknownStatus::Deny };
    Revocation::by(crls).depth(depth).unknown(unknown)
}

fn profile(arguments: &Verify) -> Result<Profile<'_>, Box<dyn Error>> {
    let subject = match (&arguments.device, &arguments.module, &arguments.host) {
        (Some(device), None, _) => ExpectedSubject::Device(DeviceId::parse(device)?),
        (Some(device), Some(module), _) => {
            ExpectedSubject::Module(DeviceId::parse(device)?, ModuleId::parse(module)?)
        }
        (None, _, Some(host)) => ExpectedSubject::Server(ServerName::try_from(host.as_str())?),
        (None, _, None) => ExpectedSubject::Any,
    };
    Ok(match (arguments.profile, subject) {
        (None | Some(Kind::Server), ExpectedSubject::Server(name)) => Profile::server(name),
        (Some(Kind::Server), _) => return Err("the server profile takes --host".into()),
        (Some(Kind::Device), ExpectedSubject::Server(_)) => {
            return Err("the device profile takes no --host".into());
        }
        (None | Some(Kind::Device), subject) => Profile::device(subject),
        (Some(Kind::Rfc5280), subject) => Profile::rfc5280().for_subject(subject),
    })
}
