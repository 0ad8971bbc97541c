//! `hubward cert inspect | thumbprint | verify`.

mod inspect;

use core::error::Error;
use core::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use hubward::core::{DeviceId, Digest, ModuleId};
use hubward_ring::{Digests, signature};
use hubward_x509::{Anchors, Certificate, Chain, Place, Profile, Subject, VerifiedChain};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::Outcome;
use crate::clock::{at, now};

/// Longest input that is read; a bundle of all public roots has a quarter of a megabyte.
const LONGEST: u64 = 16 * 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what certificates claim; nothing is proven.
    Inspect(Inspect),
    /// Print the SHA-256 thumbprint of each certificate.
    Thumbprint(Thumbprint),
    /// Judge a chain by RFC 5280 and a profile, and say who vouched or why it is refused.
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file of certificates, PEM or DER (default: standard input).
    #[arg(default_value = "-")]
    certificates: PathBuf,
    /// The time to compare the validity with, in seconds since 1970 (default: this machine's clock).
    #[arg(long)]
    now: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Thumbprint {
    /// A file of certificates, PEM or DER (default: standard input).
    #[arg(default_value = "-")]
    certificates: PathBuf,
    /// SHA-1 instead, for identities that are registered with it.
    #[arg(long)]
    sha1: bool,
}

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
    /// The time to judge by, in seconds since 1970 (default: this machine's clock).
    #[arg(long)]
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

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Inspect(arguments) => {
            let now = arguments.now.unwrap_or_else(now);
            for (count, der) in read(&arguments.certificates)?.iter().enumerate() {
                let certificate = parse(der, &arguments.certificates, count)?;
                inspect::print(&mut std::io::stdout(), &certificate, count, now)?;
            }
            Ok(Outcome::Well)
        }
        Command::Thumbprint(arguments) => {
            let mut out = std::io::stdout();
            for (count, der) in read(&arguments.certificates)?.iter().enumerate() {
                // the digest of something else would be a thumbprint of nothing
                parse(der, &arguments.certificates, count)?;
                let digest: &[u8] = if arguments.sha1 {
                    &Digests.sha1_for_legacy_thumbprints(der)
                } else {
                    &Digests.sha256(der)
                };
                writeln!(out, "{}", Hex(digest))?;
            }
            Ok(Outcome::Well)
        }
        Command::Verify(arguments) => verify(arguments),
    }
}

fn verify(arguments: &Verify) -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout();
    let presented = read(&arguments.certificates)?;
    let (leaf, rest) = presented.split_first().ok_or("no certificate")?;
    let more = read_all(&arguments.intermediates)?;
    let registered = read_all(&arguments.ca)?;
    let anchors = Anchors::parse(&registered)?;
    let chain = Chain::parse(leaf, rest.iter().chain(&more))?;
    let profile = profile(arguments)?;
    let now = at(arguments.now.unwrap_or_else(now));
    let outcome = match chain.verify(&anchors, &profile, signature::ALL, now) {
        Ok(verified) => {
            good(&mut out, &verified, &anchors)?;
            Outcome::Well
        }
        Err(error) if arguments.explain => {
            writeln!(out, "refused: {}", chain.explain(error, &anchors))?;
            Outcome::Refused
        }
        Err(error) => {
            writeln!(out, "refused: {error}")?;
            Outcome::Refused
        }
    };
    if arguments.explain {
        considered(&mut out, &chain, &anchors)?;
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
    if let Some(last) = path.map(|one| one.validity().not_after).min() {
        writeln!(out, "  until        {}", inspect::Date(last))?;
    }
    Ok(())
}

/// Every certificate that a path could have been made of, by the names that errors call them.
fn considered(out: &mut impl Write, chain: &Chain<'_>, anchors: &Anchors<'_>) -> std::io::Result<()> {
    line(out, Place::Leaf, chain.leaf())?;
    for (count, one) in chain.intermediates().enumerate() {
        match one {
            Ok(one) => line(out, Place::Intermediate(count), one)?,
            Err(error) => writeln!(out, "  {}: {error}", Place::Intermediate(count))?,
        }
    }
    for (count, one) in anchors.iter().enumerate() {
        line(out, Place::Anchor(count), one)?;
    }
    Ok(())
}

fn line(out: &mut impl Write, place: Place, one: &Certificate<'_>) -> std::io::Result<()> {
    let (from, to) = (inspect::Date(one.validity().not_before), inspect::Date(one.validity().not_after));
    writeln!(out, "  {place}: {}, by {}, {from} to {to}", one.subject(), one.issuer())
}

fn profile(arguments: &Verify) -> Result<Profile<'_>, Box<dyn Error>> {
    let subject = match (&arguments.device, &arguments.module, &arguments.host) {
        (Some(device), None, _) => Subject::Device(DeviceId::parse(device)?),
        (Some(device), Some(module), _) => {
            Subject::Module(DeviceId::parse(device)?, ModuleId::parse(module)?)
        }
        (None, _, Some(host)) => Subject::Server(ServerName::try_from(host.as_str())?),
        (None, _, None) => Subject::Anybody,
    };
    Ok(match (arguments.profile, subject) {
        (None | Some(Kind::Server), Subject::Server(name)) => Profile::server(name),
        (Some(Kind::Server), _) => return Err("the server profile takes --host".into()),
        (Some(Kind::Device), Subject::Server(_)) => return Err("the device profile takes no --host".into()),
        (None | Some(Kind::Device), subject) => Profile::device(subject),
        (Some(Kind::Rfc5280), subject) => Profile::rfc5280().for_subject(subject),
    })
}

pub(crate) fn parse<'a>(der: &'a [u8], file: &Path, count: usize) -> Result<Certificate<'a>, String> {
    Certificate::parse(der).map_err(|error| format!("{}: certificate {count}: {error}", file.display()))
}

fn read_all(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    let mut all = Vec::new();
    for file in files {
        all.extend(read(file)?);
    }
    Ok(all)
}

/// The certificates of a file, `-` being standard input: all of a PEM file, whatever else it holds, or one of DER.
pub(crate) fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    let told = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    let mut bytes = Vec::new();
    let limit = LONGEST.saturating_add(1);
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(|error| told(&error))?;
        opened.take(limit).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(told(&"too long for certificates").into());
    }
    // DER begins with the tag of a SEQUENCE, which no text does that is not about the number 0
    if bytes.first() == Some(&0x30) && !bytes.windows(10).any(|window| window == b"-----BEGIN") {
        return Ok(vec![bytes.into()]);
    }
    let all: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| told(&format_args!("no PEM: {error}")))?;
    if all.is_empty() { Err(told(&"holds no certificate").into()) } else { Ok(all) }
}

/// Upper-case hex.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
