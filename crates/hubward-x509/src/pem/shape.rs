//! The outer structure of what files hold, in DER.

use alloc::vec::Vec;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::Zeroizing;

use super::boundary::contains;
use super::error::PemProblem;
use super::label::Label;
use crate::tlv::{Cursor, Tag, only};

/// Whether these bytes are something signed, as certificates and lists are: a SEQUENCE of SEQUENCE, SEQUENCE and BIT
/// STRING.
pub(super) fn is_signed(der: &[u8]) -> bool {
    has(der, &[Tag::SEQUENCE, Tag::SEQUENCE, Tag::BIT_STRING])
}

/// Whether these bytes are a SubjectPublicKeyInfo, outwardly.
pub(super) fn is_public_key(der: &[u8]) -> bool {
    has(der, &[Tag::SEQUENCE, Tag::BIT_STRING])
}

/// Whether these bytes are one SEQUENCE of exactly these.
fn has(der: &[u8], tags: &[Tag]) -> bool {
    let read = || {
        let mut fields = only(der, Tag::SEQUENCE)?.open();
        for tag in tags {
            fields.expect(*tag)?;
        }
        fields.finish()
    };
    read().is_ok()
}

/// Whether bytes follow the first value, such as the trust settings that OpenSSL writes in a TRUSTED CERTIFICATE.
pub(super) fn has_more(der: &[u8]) -> bool {
    let mut cursor = Cursor::new(der);
    cursor.any().is_ok() && !cursor.rest().is_empty()
}

/// A private key by its outer structure: the number of its version, and what comes after it.
pub(super) fn private_key(
    mut der: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<PrivateKeyDer<'static>>, PemProblem> {
    let damaged = PemProblem::NotDer(Label::PrivateKey);
    let form = {
        let mut fields = only(&der, Tag::SEQUENCE).map_err(|_| damaged)?.open();
        let first = fields.any().map_err(|_| damaged)?.tag;
        let second = fields.any().map_err(|_| damaged)?.tag;
        while !fields.is_empty() {
            fields.any().map_err(|_| damaged)?;
        }
        (first, second)
    };
    let mut bytes = || core::mem::take(&mut *der);
    let key = match form {
        (Tag::INTEGER, Tag::SEQUENCE) => PrivatePkcs8KeyDer::from(bytes()).into(),
        (Tag::INTEGER, Tag::OCTET_STRING) => PrivateSec1KeyDer::from(bytes()).into(),
        (Tag::INTEGER, Tag::INTEGER) => PrivatePkcs1KeyDer::from(bytes()).into(),
        (Tag::SEQUENCE, Tag::OCTET_STRING) => return Err(PemProblem::Encrypted),
        _ => return Err(damaged),
    };
    Ok(Zeroizing::new(key))
}

/// Why bytes that are not the DER of `wanted` are not: some other containers are known.
pub(super) fn why_not(der: &[u8], wanted: Label) -> PemProblem {
    container(der).unwrap_or(PemProblem::NotDer(wanted))
}

/// The container that these bytes are, in DER or in BER of indefinite length.
fn container(der: &[u8]) -> Option<PemProblem> {
    // signedData, 1.2.840.113549.1.7.2
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let ([0x30, 0x00..=0x80, contents @ ..]
    | [0x30, 0x81, _, contents @ ..]
    | [0x30, 0x82, _, _, contents @ ..]
    | [0x30, 0x83, _, _, _, contents @ ..]) = der
    else {
        return None;
    };
    match contents {
        [0x02, 0x01, 0x03, 0x30, ..] => Some(PemProblem::Pkcs12),
        _ if contents.starts_with(SIGNED_DATA) => Some(PemProblem::Pkcs7),
        _ => None,
    }
}

/// Whether a file is DER rather than text, which may begin with the character that is a SEQUENCE's tag.
pub(super) fn is_der(file: &[u8]) -> bool {
    let [0x30, length, ..] = file else { return false };
    let mut cursor = Cursor::new(file);
    let whole = cursor.any().is_ok();
    match length {
        // no text has this character second that is not about the number 0
        0x80..=0x84 => whole || !contains(file, b"-----BEGIN"),
        _ => whole && cursor.rest().trim_ascii().is_empty(),
    }
}

/// The first value of a file in DER, and what follows it.
pub(super) fn first(file: &[u8]) -> Result<(&[u8], &[u8]), PemProblem> {
    let mut cursor = Cursor::new(file);
    let found = cursor.any().map_err(|_| container(file).unwrap_or(PemProblem::DamagedDer))?;
    Ok((found.raw, cursor.rest()))
}
