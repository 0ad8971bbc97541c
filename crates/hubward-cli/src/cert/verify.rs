//! `hubward cert verify`: verifies a chain against CAs and revocation lists.

use core::error::Error;
use core::fmt;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hubward::types::{DeviceId, ModuleId, UtcTime};
use hubward_inspect::certificate::AltName;
use hubward_ring::signature;
use hubward_x509::pem::{self, PemError};
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile,
    Revocation, RevocationStatus, VerifiedChain,
    crl::{RevocationDepth, UnknownStatus},
    profile::AnchorVersions,
};
use rustls_pki_types::ServerName;

use super::{read, read_as};
use crate::Outcome;
use crate::clock::NowArgument;
use crate::exit::{OrMisuse, misuse};
use crate::shown;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file of the leaf certificate, followed by intermediates, PEM or DER; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    certificates: PathBuf,
    /// A file of trusted CA certificates. Repeatable.
    #[arg(long, value_name = "FILE", required = true)]
    ca: Vec<PathBuf>,
    /// Refuse CAs and revocation lists of which one cannot be read, instead of reporting and passing over it, and trust no
    /// CA of version 1.
    #[arg(long)]
    strict_ca: bool,
    /// A file of additional intermediates. Repeatable.
    #[arg(long, value_name = "FILE")]
    intermediates: Vec<PathBuf>,
    /// A file of revocation lists (CRLs), PEM or DER. Repeatable. A certificate that is revoked, or that no list covers,
    /// is refused.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Check the revocation of the leaf only, not of its CAs.
    #[arg(long, requires = "crl")]
    leaf_only: bool,
    /// Accept a certificate that no list covers.
    #[arg(long, requires = "crl")]
    allow_unknown: bool,
    /// The certificate profile to verify by (default: server with `--host`, else device).
    #[arg(long, value_enum, value_name = "RULES", alias = "profile")]
    rules: Option<Kind>,
    /// The device that the leaf must name.
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// The module of that device that the leaf must name.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
    /// The server that the leaf must name: a DNS name or an IP address.
    #[arg(long, value_name = "HOST", conflicts_with = "device")]
    host: Option<String>,
    #[command(flatten)]
    now: NowArgument,
    /// Also print all certificates and lists, and name the certificate that was refused.
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// The client certificate of a device.
    Device,
    /// RFC 5280 with its requirements on CAs, for every purpose.
    Rfc5280,
    /// The certificate of a server, as a device verifies it. Needs `--host`.
    Server,
}

pub(super) fn run(arguments: &Verify) -> Result<Outcome, Box<dyn Error>> {
    let mut out = crate::out::stdout();
    let certificates = read(&arguments.certificates)?;
    let (leaf, rest) = certificates.split_first().ok_or("no certificate")?;
    let more = all(&arguments.intermediates, pem::certificates)?;
    let strict = arguments.strict_ca;
    let trusted = readable(&arguments.ca, pem::each_certificate, strict)?;
    // where an unknown status is accepted, a list that is passed over could be the one that revokes; otherwise only an older
    // list of the same issuer that is still current could clear the certificate, and the error is on standard error
    let strict_lists = strict || arguments.allow_unknown;
    let lists = readable(&arguments.crl, pem::each_revocation_list, strict_lists)?;
    let (anchors, unreadable_cas) = Anchors::parse_readable(&trusted);
    let chain = Chain::parse(leaf, rest.iter().chain(&more))?;
    let (crls, unreadable_lists) = Crls::parse_readable(&lists);
    let mut profile = profile(arguments)?.with_revocation(revocation(arguments, &crls));
    if strict {
        profile = profile.with_anchor_versions(AnchorVersions::OnlyVersion3);
    }
    report(&unreadable_cas, strict || anchors.iter().len() == 0)?;
    report(&unreadable_lists, strict_lists || crls.iter().len() == 0)?;
    let now = arguments.now.time();
    let outcome = match chain.verify(&anchors, &profile, signature::ALL, now) {
        Ok(verified) => {
            print_verified(&mut out, &verified, &anchors)?;
            Outcome::Good
        }
        Err(error) => {
            if arguments.explain {
                writeln!(out, "refused: {}", chain.explain(error, &anchors))?;
            } else {
                writeln!(out, "refused: {error}")?;
            }
            if let ChainError::Refused { problem: Problem::Revoked { at, .. }, .. } = error {
                writeln!(out, "  revoked on   {}", UtcTime(at))?;
            }
            Outcome::Refused
        }
    };
    if arguments.explain {
        print_certificates(&mut out, &chain, &anchors)?;
        print_lists(&mut out, &crls)?;
    }
    Ok(outcome)
}

/// Prints which CAs or lists are passed over; the first one is an error if `strict`.
fn report<E: Error + Clone + 'static>(passed_over: &[E], strict: bool) -> Result<(), Box<dyn Error>> {
    for error in passed_over {
        if strict {
            return Err(error.clone().into());
        }
        eprintln!("hubward: passed over {error}");
    }
    Ok(())
}

/// The elements of a file: each is read, or is an error in its place.
type Elements<T> = Result<Vec<Result<T, PemError>>, PemError>;

/// Reads the elements of all files that are what they should be, and reports the others.
fn readable<T>(
    files: &[PathBuf],
    read: fn(&[u8]) -> Elements<T>,
    strict: bool,
) -> Result<Vec<T>, Box<dyn Error>> {
    let (mut all, mut passed_over) = (Vec::new(), Vec::new());
    for file in files {
        for one in read_as(file, read)? {
            match one {
                Ok(one) => all.push(one),
                Err(error) => passed_over.push(NotOne { file: shown::file(file).to_string(), error }),
            }
        }
    }
    report(&passed_over, strict || all.is_empty())?;
    Ok(all)
}

/// A block of a file that is not what its label says.
#[derive(Debug, Clone)]
struct NotOne {
    file: String,
    error: PemError,
}

impl fmt::Display for NotOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.error)
    }
}

impl Error for NotOne {}

/// Prints the subject, the path, its trust anchor, and the time until which all of it is valid.
fn print_verified(
    out: &mut impl Write,
    verified: &VerifiedChain<'_>,
    anchors: &Anchors,
) -> std::io::Result<()> {
    writeln!(out, "good: {}", verified.leaf().subject())?;
    if let Ok(name) = verified.common_name() {
        writeln!(out, "  common name  {}", name.escape_debug())?;
    }
    for name in verified.subject_alt_names() {
        writeln!(out, "  alt name     {}", AltName(&name))?;
    }
    for one in verified.intermediates() {
        writeln!(out, "  intermediate {}", one.subject())?;
    }
    let anchor = anchors.get(verified.anchor());
    if let Some(one) = &anchor {
        writeln!(out, "  trust anchor {} (anchor {})", one.subject(), verified.anchor())?;
    }
    let path = [verified.leaf()].into_iter().chain(verified.intermediates()).copied().chain(anchor);
    let lists = match verified.revocation() {
        RevocationStatus::Good { until } => Some(until),
        _ => None,
    };
    if let Some(last) = path.map(|one| one.validity().not_after).chain(lists).min() {
        writeln!(out, "  until        {}", UtcTime(last))?;
    }
    match verified.revocation() {
        RevocationStatus::Good { .. } => writeln!(out, "  revocation   not revoked"),
        RevocationStatus::Unknown(cause) => writeln!(out, "  revocation   unknown: {cause}"),
        _ => writeln!(out, "  revocation   not checked"),
    }
}

/// Prints every certificate that a path could contain, by the position that errors give.
fn print_certificates(out: &mut impl Write, chain: &Chain<'_>, anchors: &Anchors) -> std::io::Result<()> {
    print_line(out, CertificatePosition::Leaf, chain.leaf())?;
    for (count, one) in chain.intermediates().enumerate() {
        match one {
            Ok(one) => print_line(out, CertificatePosition::Intermediate(count), one)?,
            Err(error) => writeln!(out, "  {}: {error}", CertificatePosition::Intermediate(count))?,
        }
    }
    for (count, one) in anchors.iter().enumerate() {
        print_line(out, CertificatePosition::Anchor(count), &one)?;
    }
    Ok(())
}

fn print_line(
    out: &mut impl Write,
    position: CertificatePosition,
    one: &Certificate<'_>,
) -> std::io::Result<()> {
    let (from, to) = (UtcTime(one.validity().not_before), UtcTime(one.validity().not_after));
    writeln!(out, "  {position}: {}, by {}, {from} to {to}", one.subject(), one.issuer())
}

/// Prints every list, by the number that errors give.
fn print_lists(out: &mut impl Write, crls: &Crls) -> std::io::Result<()> {
    for (number, crl) in crls.iter().enumerate() {
        let kind = if crl.is_delta() { "delta, " } else { "" };
        write!(out, "  revocation list {number}: {kind}by {}, {} revoked, ", crl.issuer(), crl.len())?;
        write!(out, "{} to ", UtcTime(crl.this_update()))?;
        match crl.next_update() {
            Some(next) => writeln!(out, "{}", UtcTime(next))?,
            None => writeln!(out, "no next update")?,
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

fn revocation<'a>(arguments: &Verify, crls: &'a Crls) -> Revocation<'a> {
    if arguments.crl.is_empty() {
        return Revocation::unchecked();
    }
    let depth = if arguments.leaf_only { RevocationDepth::Leaf } else { RevocationDepth::Path };
    let unknown = if arguments.allow_unknown { UnknownStatus::Allow } else { UnknownStatus::Deny };
    Revocation::by(crls).with_depth(depth).with_unknown(unknown)
}

fn profile(arguments: &Verify) -> Result<Profile<'_>, Box<dyn Error>> {
    let subject = match (&arguments.device, &arguments.module, &arguments.host) {
        (Some(device), None, _) => ExpectedSubject::Device(DeviceId::parse(device).or_misuse()?),
        (Some(device), Some(module), _) => ExpectedSubject::Module(
            DeviceId::parse(device).or_misuse()?,
            ModuleId::parse(module).or_misuse()?,
        ),
        (None, _, Some(host)) => ExpectedSubject::Server(ServerName::try_from(host.as_str()).or_misuse()?),
        (None, _, None) => ExpectedSubject::Any,
    };
    Ok(match (arguments.rules, subject) {
        (None | Some(Kind::Server), ExpectedSubject::Server(name)) => Profile::server(name),
        (Some(Kind::Server), _) => return Err(misuse("the server rules need --host")),
        (Some(Kind::Device), ExpectedSubject::Server(_)) => {
            return Err(misuse("the device rules take no --host"));
        }
        (None | Some(Kind::Device), subject) => Profile::device(subject),
        (Some(Kind::Rfc5280), subject) => Profile::rfc5280().with_subject(subject),
    })
}
