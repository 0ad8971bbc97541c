//! `hubward cert inspect | thumbprint | verify | request`.

mod request;
mod verify;

use core::error::Error;
use core::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hubward::types::Digest;
use hubward_inspect::certificate;
pub(crate) use hubward_inspect::certificate::Hex;
use hubward_ring::Digests;
use hubward_x509::Certificate;
use hubward_x509::pem::{self, PemError};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use zeroize::Zeroizing;

use crate::Outcome;
use crate::clock::NowArgument;
use crate::shown;

/// The largest input that is read. A bundle of all public root CAs has a quarter of a megabyte.
const MAX_LEN: u64 = 16 * 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the content of certificates. Nothing is verified.
    Inspect(Inspect),
    /// Print the SHA-256 thumbprint of each certificate.
    Thumbprint(Thumbprint),
    /// Verify a chain by RFC 5280 and a profile, and print its trust anchor or the reason of the refusal.
    Verify(verify::Verify),
    /// Make a request (PKCS#10) for the certificate of a device or module, signed with its key.
    Request(request::Request),
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file of certificates, PEM or DER; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    certificates: PathBuf,
    #[command(flatten)]
    now: NowArgument,
}

#[derive(Debug, Args)]
pub(crate) struct Thumbprint {
    /// A file of certificates, PEM or DER; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    certificates: PathBuf,
    /// Print SHA-1 instead, for identities that are registered with it.
    #[arg(long)]
    sha1: bool,
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Inspect(arguments) => {
            let now = arguments.now.time();
            for (count, der) in read(&arguments.certificates)?.iter().enumerate() {
                let certificate = parse(der, &arguments.certificates, count)?;
                let mut out = crate::out::stdout();
                if count > 0 {
                    writeln!(out)?;
                }
                certificate::print(&mut out, &certificate, &Digests, now)?;
            }
            Ok(Outcome::Good)
        }
        Command::Thumbprint(arguments) => {
            let mut out = crate::out::stdout();
            // the digest is over bytes: a certificate that cannot be parsed has one too
            for der in read(&arguments.certificates)? {
                let digest: &[u8] = if arguments.sha1 {
                    &Digests.sha1_for_legacy_thumbprints(&der)
                } else {
                    &Digests.sha256(&der)
                };
                writeln!(out, "{}", Hex(digest))?;
            }
            Ok(Outcome::Good)
        }
        Command::Verify(arguments) => verify::run(arguments),
        Command::Request(arguments) => request::run(arguments),
    }
}

/// Parses a certificate; an error names its file and its position.
pub(crate) fn parse<'a>(der: &'a [u8], file: &Path, count: usize) -> Result<Certificate<'a>, String> {
    Certificate::parse(der).map_err(|error| format!("{}: certificate {count}: {error}", shown::file(file)))
}

/// Reads the certificates of a file.
pub(crate) fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    read_as(file, pem::certificates)
}

/// Reads the revocation lists of a file.
pub(crate) fn read_lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Box<dyn Error>> {
    read_as(file, pem::revocation_lists)
}

/// Reads a file, `-` being standard input, and parses it with `read`.
fn read_as<T>(file: &Path, read: fn(&[u8]) -> Result<Vec<T>, PemError>) -> Result<Vec<T>, Box<dyn Error>> {
    let name = shown::file(if file == Path::new("-") { Path::new("standard input") } else { file });
    let named = |error: &dyn fmt::Display| format!("{name}: {error}");
    // erased at the end: the file may have a private key
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = MAX_LEN.saturating_add(1);
    if file == Path::new("-") {
        crate::terminal::input("certificates or keys")?.take(limit).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(|error| named(&error))?;
        opened.take(limit).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_LEN) {
        return Err(named(&"the file is too long for certificates").into());
    }
    Ok(read(&bytes).map_err(|error| named(&error))?)
}
