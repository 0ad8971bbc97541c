//! `hubward cert inspect | thumbprint | verify`.

mod inspect;
mod verify;

use core::error::Error;
use core::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hubward::types::Digest;
use hubward_ring::Digests;
use hubward_x509::Certificate;
use hubward_x509::pem::{self, PemError};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

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
            // a digest of bytes: what cannot be parsed has one as well
            for der in read(&arguments.certificates)? {
                let digest: &[u8] = if arguments.sha1 {
                    &Digests.sha1_for_legacy_thumbprints(&der)
                } else {
                    &Digests.sha256(&der)
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
    read_as(file, pem::certificates)
}

/// What `read` finds in a file, `-` being standard input.
fn read_as<T>(file: &Path, read: fn(&[u8]) -> Result<Vec<T>, PemError>) -> Result<Vec<T>, Box<dyn Error>> {
    let name = shown::file(if file == Path::new("-") { Path::new("standard input") } else { file });
    let told = |error: &dyn fmt::Display| format!("{name}: {error}");
    // there may be a key in it
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = LONGEST.saturating_add(1);
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(|error| told(&error))?;
        opened.take(limit).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(told(&"too long for a file of certificates").into());
    }
    Ok(read(&bytes).map_err(|error| told(&error))?)
}

/// Upper-case hex.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
