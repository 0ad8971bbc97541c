//! `hubward cert inspect | thumbprint | verify`.

mod inspect;
mod verify;

use core::error::Error;
use core::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hubward::core::Digest;
use hubward_ring::Digests;
use hubward_x509::Certificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::Outcome;
use crate::clock::now;
use crate::shown;

/// Longest input that is read; a bundle of all public roots has a quarter of a megabyte.
const LONGEST: u64 = 16 * 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what certificates claim; nothing is proven.
    Inspect(Inspect),
    /// Print the SHA-256 thumbprint of each certificate.
    Thumbprint(Thumbprint),
    /// Judge a chain by RFC 5280 and a profile, and say who vouched or why it is refused.
    Verify(verify::Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file of certificates, PEM or DER (default: standard input).
    #[arg(default_value = "-")]
    certificates: PathBuf,
    /// The time to compare the validity with (default: this machine's clock): a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
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
        Command::Verify(arguments) => verify::run(arguments),
    }
}

pub(crate) fn parse<'a>(der: &'a [u8], file: &Path, count: usize) -> Result<Certificate<'a>, String> {
    Certificate::parse(der).map_err(|error| format!("{}: certificate {count}: {error}", shown::file(file)))
}

/// The certificates of a file.
pub(crate) fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    read_as(file, "certificate")
}

/// What a file holds, `-` being standard input: all that is of its kind in a PEM file, whatever else it holds, or one
/// of DER.
fn read_as<T: PemObject + From<Vec<u8>>>(file: &Path, kind: &str) -> Result<Vec<T>, Box<dyn Error>> {
    let name = shown::file(if file == Path::new("-") { Path::new("standard input") } else { file });
    let told = |error: &dyn fmt::Display| format!("{name}: {error}");
    let mut bytes = Vec::new();
    let limit = LONGEST.saturating_add(1);
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(|error| told(&error))?;
        opened.take(limit).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(told(&format_args!("too long for a {kind}")).into());
    }
    // DER begins with the tag of a SEQUENCE, which no text does that is not about the number 0
    if bytes.first() == Some(&0x30) && !bytes.windows(10).any(|window| window == b"-----BEGIN") {
        return Ok(vec![bytes.into()]);
    }
    let all: Vec<T> = T::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| told(&format_args!("no PEM: {error}")))?;
    match label(&bytes) {
        _ if !all.is_empty() => Ok(all),
        Some(label) => Err(told(&format_args!("holds no {kind}; what it begins with is a {label}")).into()),
        None => Err(told(&format_args!("holds no {kind}")).into()),
    }
}

/// What the first PEM block of a file says it is (RFC 7468, 2), where that is in PEM's own words.
fn label(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    let (label, _) = text.split_once("-----BEGIN ")?.1.split_once("-----")?;
    let known =
        label.len() <= 32 && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    known.then_some(label)
}

/// Upper-case hex.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
