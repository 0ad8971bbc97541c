//! Revocation lists for tests, encoded by hand: valid ones, and malformed ones that no library creates.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses what it needs")]

use hubward_x509::Certificate;
use rcgen::{CertificateParams, CustomExtension, SerialNumber, SigningKey};

/// Encodes a DER value.
pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    use der::{Decode, Encode};
    der::asn1::AnyRef::new(der::Tag::from_der(&[tag]).unwrap(), contents).unwrap().to_der().unwrap()
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// Returns the subject of a certificate as a Name.
pub fn name_of(certificate: &[u8]) -> Vec<u8> {
    tlv(0x30, Certificate::parse(certificate).unwrap().subject().as_der())
}

/// Encodes a Name as a GeneralName.
pub fn directory(name: &[u8]) -> Vec<u8> {
    tlv(0xa4, name)
}

pub fn uri(text: &str) -> Vec<u8> {
    tlv(0x86, text.as_bytes())
}

/// Encodes `[0] DistributionPointName` with full names.
pub fn full(names: &[&[u8]]) -> Vec<u8> {
    tlv(0xa0, &tlv(0xa0, &names.concat()))
}

/// Encodes `[0] DistributionPointName` with one common name relative to the CRL issuer.
pub fn relative(common_name: &str) -> Vec<u8> {
    let attribute = sequence(&[&[6, 3, 0x55, 4, 3], &tlv(0x0c, common_name.as_bytes())]);
    tlv(0xa0, &tlv(0xa1, &attribute))
}

/// Encodes an extension.
pub fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    sequence(&[&tlv(6, oid), critical, &tlv(4, value)])
}

const NUMBER: &[u8] = &[0x55, 0x1d, 20];
const REASON: &[u8] = &[0x55, 0x1d, 21];
const BASE: &[u8] = &[0x55, 0x1d, 27];
const ISSUING_POINT: &[u8] = &[0x55, 0x1d, 28];
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];

pub const KEY_COMPROMISE: u8 = 1;
pub const HOLD: u8 = 6;
pub const REMOVE: u8 = 8;

/// 2025-12-01 and 2026-02-01, before and after the tests' now.
pub const LAST_MONTH: &str = "251201000000Z";
pub const NEXT_MONTH: &str = "260201000000Z";

/// One entry.
pub struct Entry {
    serial: u8,
    extensions: Vec<u8>,
}

impl Entry {
    pub fn new(serial: u8) -> Self {
        Self { serial, extensions: Vec::new() }
    }

    pub fn reason(self, code: u8) -> Self {
        self.extension(REASON, false, &[0x0a, 1, code])
    }

    /// Sets `issuer`, a Name, as the certificate issuer of this entry and those after it.
    pub fn issued_by(self, issuer: &[u8]) -> Self {
        self.extension(CERTIFICATE_ISSUER, true, &sequence(&[&directory(issuer)]))
    }

    pub fn extension(mut self, oid: &[u8], critical: bool, value: &[u8]) -> Self {
        self.extensions.extend(extension(oid, critical, value));
        self
    }

    fn der(&self) -> Vec<u8> {
        let extensions = if self.extensions.is_empty() { Vec::new() } else { sequence(&[&self.extensions]) };
        sequence(&[&[2, 1, self.serial], &tlv(0x17, LAST_MONTH.as_bytes()), &extensions])
    }
}

/// A builder for a list of version 2, issued last month, current until next month, with number 5.
pub struct CrlBuilder {
    issuer: Vec<u8>,
    this_update: String,
    next_update: Option<String>,
    number: u8,
    entries: Vec<u8>,
    extensions: Vec<u8>,
}

impl CrlBuilder {
    /// Starts a list whose issuer is the subject of `certificate`.
    pub fn by(certificate: &[u8]) -> Self {
        Self {
            issuer: name_of(certificate),
            this_update: LAST_MONTH.to_owned(),
            next_update: Some(NEXT_MONTH.to_owned()),
            number: 5,
            entries: Vec::new(),
            extensions: Vec::new(),
        }
    }

    pub fn revoking(self, serial: u8) -> Self {
        self.entry(&Entry::new(serial))
    }

    pub fn entry(mut self, entry: &Entry) -> Self {
        self.entries.extend(entry.der());
        self
    }

    /// Appends encoded entries.
    pub fn entries(mut self, der: &[u8]) -> Self {
        self.entries.extend(der);
        self
    }

    pub fn number(self, number: u8) -> Self {
        Self { number, ..self }
    }

    pub fn with_next_update(self, next_update: Option<&str>) -> Self {
        Self { next_update: next_update.map(str::to_owned), ..self }
    }

    pub fn this_update(self, this_update: &str) -> Self {
        Self { this_update: this_update.to_owned(), ..self }
    }

    /// Makes it a delta list with this base.
    pub fn delta_since(self, base: u8) -> Self {
        self.extension(BASE, true, &[2, 1, base])
    }

    /// Adds an issuing distribution point with these fields.
    pub fn scope(self, fields: &[&[u8]]) -> Self {
        self.extension(ISSUING_POINT, true, &sequence(fields))
    }

    pub fn extension(mut self, oid: &[u8], critical: bool, value: &[u8]) -> Self {
        self.extensions.extend(extension(oid, critical, value));
        self
    }

    pub fn sign(&self, key: &impl SigningKey) -> Vec<u8> {
        // ecdsa-with-SHA256
        let algorithm = sequence(&[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
        let next = self.next_update.as_ref().map_or(Vec::new(), |time| tlv(0x17, time.as_bytes()));
        let entries = if self.entries.is_empty() { Vec::new() } else { sequence(&[&self.entries]) };
        let number = extension(NUMBER, false, &[2, 1, self.number]);
        let extensions = tlv(0xa0, &sequence(&[&number, &self.extensions]));
        let this = tlv(0x17, self.this_update.as_bytes());
        let tbs = sequence(&[&[2, 1, 1], &algorithm, &self.issuer, &this, &next, &entries, &extensions]);
        let mut bits = vec![0];
        bits.extend(key.sign(&tbs).unwrap());
        sequence(&[&tbs, &algorithm, &tlv(3, &bits)])
    }
}

/// Encodes a distribution point with these fields.
pub fn point(fields: &[&[u8]]) -> Vec<u8> {
    sequence(fields)
}

/// Adds distribution points to a certificate.
pub fn listed_at(mut params: CertificateParams, points: &[&[u8]]) -> CertificateParams {
    let extension = CustomExtension::from_oid_content(&[2, 5, 29, 31], sequence(points));
    params.custom_extensions.push(extension);
    params
}

pub fn numbered(mut params: CertificateParams, serial: u8) -> CertificateParams {
    params.serial_number = Some(SerialNumber::from_slice(&[serial]));
    params
}
