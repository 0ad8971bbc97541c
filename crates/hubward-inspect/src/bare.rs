//! Base64 of a PEM file, as Kubernetes and pipelines keep it, and base64 of DER that has lost its BEGIN line.

use std::io;

use base64ct::{Base64Unpadded, Encoding};
use hubward::x509::crl::Crl;
use hubward::x509::{Certificate, CertificateRequest};
use rustls_pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use crate::{Outcome, Report, file};

/// Fewer characters than any certificate or private key has, and about as many as a symmetric key.
const SHORTEST: usize = 60;

/// Prints what the base64 has. Returns `None` if the text is not base64 of a file.
pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Option<Outcome>> {
    let joined: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    if joined.len() < SHORTEST {
        return Ok(None);
    }
    let Some(bytes) = decoded(&joined) else { return Ok(None) };
    let pem = core::str::from_utf8(&bytes).ok().filter(|text| text.contains("-----BEGIN "));
    let cure = if let Some(pem) = pem {
        report.around = "base64 of a file: ";
        file::pem(report, pem)?;
        "base64 of a PEM file: decode it, as `base64 -d` does"
    } else if is_known(&bytes) {
        report.around = "base64 without its BEGIN and END lines: ";
        file::der(report, &bytes)?;
        "the BEGIN and END lines are missing: write them around it, such as `-----BEGIN CERTIFICATE-----`"
    } else {
        return Ok(None);
    };
    report.refused(cure).map(Some)
}

fn is_known(der: &[u8]) -> bool {
    Certificate::parse(der).is_ok()
        || Crl::parse(der).is_ok()
        || CertificateRequest::parse(der).is_ok()
        || PrivateKeyDer::try_from(der).is_ok()
}

/// Decodes base64 with its padding or without.
pub(crate) fn decoded(mut text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    while let [rest @ .., b'='] = text {
        text = rest;
    }
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let length = Base64Unpadded::decode(text, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}
