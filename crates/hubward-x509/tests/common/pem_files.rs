//! Parts of PEM files, and what is read of one.
#![allow(dead_code, reason = "each test uses some of them")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_x509::pem::{self, PemError, PemProblem};

/// The outer structure of a certificate, each different.
pub fn certificate(number: u8) -> Vec<u8> {
    let mut message = vec![0x30, 0x81, 0x80];
    message.extend([number; 0x80]);
    let mut der = vec![0x30, 0x81, 0x8b];
    der.extend(message);
    der.extend([0x30, 0x00, 0x03, 0x04, 0x00, 1, 2, 3]);
    der
}

pub const PKCS8: [u8; 12] = [0x30, 10, 2, 1, 0, 0x30, 0, 4, 3, 7, 8, 9];
pub const PKCS1: [u8; 8] = [0x30, 6, 2, 1, 0, 2, 1, 5];
pub const SEC1: [u8; 10] = [0x30, 8, 2, 1, 1, 4, 3, 7, 8, 9];
pub const SPKI: [u8; 9] = [0x30, 7, 0x30, 0, 3, 3, 0, 1, 2];

/// A PKCS#8 key as Ed25519 keys are: 64 characters of base64.
pub fn ed25519_key() -> Vec<u8> {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [&head[..], &[0xa7; 32]].concat()
}

pub fn block(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub fn one(number: u8) -> String {
    block("CERTIFICATE", &certificate(number))
}

/// The numbers of the certificates that were read.
pub fn read(file: impl AsRef<[u8]>) -> Result<Vec<u8>, PemError> {
    let all = pem::certificates(file.as_ref())?;
    Ok(all
        .iter()
        .map(|der| {
            assert_eq!(**der, certificate(der[6]));
            der[6]
        })
        .collect())
}

#[track_caller]
pub fn refused(file: impl AsRef<[u8]>, line: Option<usize>, problem: PemProblem) {
    let error = read(file).unwrap_err();
    assert_eq!((error.line(), error.problem()), (line, problem));
}
