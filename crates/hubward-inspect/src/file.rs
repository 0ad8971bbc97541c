//! Certificates, keys, requests and revocation lists, in PEM or DER.

use std::io;

use hubward::types::{Shown, UtcTime};
use hubward::x509::crl::Crl;
use hubward::x509::error::{CertificateError, OutsideValidity};
use hubward::x509::pem::{self, Block, Label, PemError};
use hubward::x509::{Certificate, CertificateRequest};
use rustls_pki_types::PrivateKeyDer;

use crate::certificate::Hex;
use crate::{Outcome, Report, pem_caret};

/// What BEGIN lines name, for a file without a block that can be read.
const CLAIMS: [(&str, &str); 7] = [
    ("CERTIFICATE REQUEST", "certificate request"),
    ("CERTIFICATE", "certificate"),
    ("ENCRYPTED PRIVATE KEY", "encrypted private key"),
    ("PRIVATE KEY", "private key"),
    ("PUBLIC KEY", "public key"),
    ("CRL", "revocation list"),
    ("PKCS7", "PKCS #7 file"),
];

/// The most blocks of a file with a caret: the line of each one is looked for from the beginning of the text.
const MAX_CARETS: usize = 8;

/// Returns whether a text has a BEGIN or END line, or one that resembles it. In JSON it is a part of a value.
pub(crate) fn is_pem(text: &str) -> bool {
    let resembles = |line: &str| {
        let upper = line.to_ascii_uppercase();
        (upper.contains("BEGIN ") || upper.contains("END ")) && pem::blocks(line.as_bytes()).next().is_some()
    };
    !text.trim_start().starts_with(['{', '[']) && text.lines().any(resembles)
}

pub(crate) fn pem(report: &mut Report<'_>, text: &str) -> io::Result<Outcome> {
    let (mut blocks, mut failed) = (Vec::new(), None);
    for block in pem::blocks(text.as_bytes()) {
        match block {
            Ok(block) => blocks.push(block),
            Err(error) => failed = Some(error),
        }
    }
    let names: Vec<&str> = blocks.iter().map(name).collect();
    let chain = names.len() > 1 && names.iter().all(|name| *name == "certificate");
    let kind = match names.as_slice() {
        [] => claimed(text).map_or_else(
            || "PEM without a block that can be read".to_owned(),
            |name| format!("{name} in PEM, malformed"),
        ),
        [name] if failed.is_some() => format!("{name} in PEM, and a part that is malformed"),
        [name] => format!("{name} in PEM"),
        _ if chain => format!("chain of {} certificates in PEM", names.len()),
        _ => format!("PEM file of {}", names.join(", ")),
    };
    report.kind(&kind)?;
    let (mut outcome, mut carets) = (Outcome::Good, MAX_CARETS);
    for (count, block) in blocks.iter().enumerate() {
        if count > 0 {
            writeln!(report.out)?;
        }
        if let Some(line) = block.line() {
            writeln!(report.out, "block     {}, line {line}", name(block))?;
        }
        // without the text there is no caret
        if let Outcome::Refused = print(report, if carets > 0 { text } else { "" }, block)? {
            outcome = Outcome::Refused;
            carets = carets.saturating_sub(1);
        }
    }
    if let Some(error) = failed {
        return unread(report, text, &error);
    }
    if chain && let Some(reason) = broken_link(&blocks) {
        return report.refused(&reason);
    }
    Ok(outcome)
}

/// Returns the kind that the first BEGIN or END line of a file names.
fn claimed(text: &str) -> Option<&'static str> {
    let upper = text.to_ascii_uppercase();
    let found = CLAIMS.iter().filter_map(|(label, name)| Some((upper.find(label)?, *name)));
    found.min_by_key(|(at, _)| *at).map(|(_, name)| name)
}

/// Prints why a block cannot be read, and a caret under the mistake.
fn unread(report: &mut Report<'_>, text: &str, error: &PemError) -> io::Result<Outcome> {
    report.refused(&error.to_string())?;
    pem_caret::of_error(report.out, text, error)?;
    Ok(Outcome::Refused)
}

/// Prints why the DER of a block cannot be read, and a caret under its byte.
fn malformed(
    report: &mut Report<'_>,
    text: &str,
    (block, der): (&Block<'_>, &[u8]),
    error: &CertificateError,
    code: &str,
) -> io::Result<Outcome> {
    report.refused(&format!("{error}{code}"))?;
    // no byte of a key is pointed at
    if let (CertificateError::Malformed(at) | CertificateError::Time(at), Some(line)) = (error, block.line())
        && PrivateKeyDer::try_from(der).is_err()
    {
        pem_caret::of_byte(report.out, text, line, at.offset)?;
    }
    Ok(Outcome::Refused)
}

/// Returns the first pair of neighbours of a chain in which the second is not the issuer of the first.
fn broken_link(blocks: &[Block<'_>]) -> Option<String> {
    let ders: Vec<_> = blocks.iter().filter_map(|block| block.certificate().ok()).collect();
    let parsed: Vec<_> = ders.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    let at = parsed.windows(2).position(|pair| match pair {
        [below, above] => below.issuer().to_string() != above.subject().to_string(),
        _ => false,
    })?;
    Some(format!(
        "certificate {at} was not issued by the next one: an intermediate is missing, or the order is wrong \
         (certificate-unknown-issuer)"
    ))
}

pub(crate) fn der(report: &mut Report<'_>, bytes: &[u8]) -> io::Result<Outcome> {
    if let Ok(certificate) = Certificate::parse(bytes) {
        report.kind("certificate in DER")?;
        return print_certificate(report, &certificate);
    }
    if let Ok(list) = Crl::parse(bytes) {
        report.kind("revocation list in DER")?;
        return crl(report, &list);
    }
    if let Ok(request) = CertificateRequest::parse(bytes) {
        report.kind("certificate request in DER")?;
        writeln!(report.out, "subject   {}", request.subject())?;
        return Ok(Outcome::Good);
    }
    if PrivateKeyDer::try_from(bytes).is_ok() {
        report.kind("private key in DER")?;
        writeln!(report.out, "secret    {} bytes, not shown", bytes.len())?;
        return Ok(Outcome::Good);
    }
    // PFX is a SEQUENCE that begins with INTEGER 3
    let is_pfx = matches!(bytes, [0x30, 0x82, _, _, 2, 1, 3, ..] | [0x30, 0x81, _, 2, 1, 3, ..]);
    report.kind(if is_pfx { "PKCS #12 file (PFX)" } else { "binary data that is not recognised" })?;
    if is_pfx {
        return report.refused(
            "a PFX is encrypted: `openssl pkcs12 -in FILE -nodes` writes its certificates and key as PEM",
        );
    }
    report.refused("neither text nor DER of a certificate, a key, a request or a revocation list")
}

fn name(block: &Block<'_>) -> &'static str {
    match block.label() {
        Some(Label::Certificate) => "certificate",
        Some(Label::RevocationList) => "revocation list",
        Some(Label::PublicKey | Label::OtherPublicKey) => "public key",
        Some(Label::PrivateKey | Label::OtherPrivateKey) => "private key",
        Some(Label::EncryptedPrivateKey) => "encrypted private key",
        Some(Label::OpenSshPrivateKey) => "private key of OpenSSH",
        Some(Label::CertificateRequest) => "certificate request",
        Some(Label::Pkcs7) => "PKCS #7 file",
        _ => "block of another kind",
    }
}

fn print(report: &mut Report<'_>, text: &str, block: &Block<'_>) -> io::Result<Outcome> {
    let der = match block.der() {
        Ok(der) => der,
        Err(error) => return unread(report, text, &error),
    };
    let place = (block, der.as_slice());
    match block.label() {
        Some(Label::Certificate) => match Certificate::parse(&der) {
            Ok(certificate) => return print_certificate(report, &certificate),
            Err(error) => return malformed(report, text, place, &error, " (certificate-malformed)"),
        },
        Some(Label::RevocationList) => match Crl::parse(&der) {
            Ok(list) => return crl(report, &list),
            Err(error) => return malformed(report, text, place, &error, ""),
        },
        Some(Label::CertificateRequest) => match CertificateRequest::parse(&der) {
            Ok(request) => writeln!(report.out, "subject   {}", request.subject())?,
            Err(error) => return malformed(report, text, place, &error, ""),
        },
        Some(Label::PrivateKey) => match block.private_key() {
            Ok(_) => writeln!(report.out, "secret    {} bytes, not shown", der.len())?,
            Err(error) => return unread(report, text, &error),
        },
        Some(Label::PublicKey) => writeln!(report.out, "length    {} bytes", der.len())?,
        _ => {
            writeln!(report.out, "content   {} bytes, not shown", der.len())?;
            report.refused("no command reads a block of this kind")?;
            pem_caret::of_label(report.out, text, block.line().unwrap_or_default())?;
            return Ok(Outcome::Refused);
        }
    }
    Ok(Outcome::Good)
}

/// Prints a certificate, and refuses one that is not valid now.
fn print_certificate(report: &mut Report<'_>, certificate: &Certificate<'_>) -> io::Result<Outcome> {
    crate::certificate::print(report.out, certificate, report.digest, report.now)?;
    match certificate.validity().check(report.now) {
        Ok(()) => Ok(Outcome::Good),
        Err(problem @ OutsideValidity::NotYetValid { .. }) => {
            report.refused(&format!("{problem} (certificate-not-yet-valid)"))
        }
        Err(problem) => report.refused(&format!("{problem} (certificate-expired)")),
    }
}

fn crl(report: &mut Report<'_>, list: &Crl<'_>) -> io::Result<Outcome> {
    writeln!(report.out, "issuer    {}", Shown::new(list.issuer().to_string()))?;
    if let Some(number) = list.crl_number() {
        writeln!(report.out, "number    {}", Hex(number))?;
    }
    writeln!(report.out, "form      {}", if list.is_delta() { "delta list" } else { "complete list" })?;
    writeln!(report.out, "entries   {}", list.len())?;
    writeln!(report.out, "issued    {}", UtcTime(list.this_update()))?;
    match list.next_update() {
        Some(next) => {
            writeln!(report.out, "next      {}", UtcTime(next))?;
            if u64::try_from(next).is_ok_and(|next| next < report.now.as_secs()) {
                return report.refused("the list is old: load the next one (certificate-status-unknown)");
            }
        }
        None => writeln!(report.out, "next      not stated")?,
    }
    Ok(Outcome::Good)
}
