//! DER as it is written: what says the same is read, and what is wrong says what it is.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{entity, key};
use hubward_x509::{Certificate, error::CertificateError};
use rcgen::CustomExtension;

/// The usage of a client.
const EKU: [u8; 12] = [0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];

/// Returns the position of `wanted` in `der`.
fn at(der: &[u8], wanted: &[u8]) -> usize {
    der.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

#[test]
fn false_that_is_written_out_is_false() {
    let mut params = entity("pump-17");
    let constraints = vec![0x30, 3, 1, 1, 0];
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 19], constraints)];
    let der = params.self_signed(&key()).unwrap().der().to_vec();
    let place = at(&der, &[0x30, 3, 1, 1, 0]) + 4;
    let read = |value: u8| {
        let mut der = der.clone();
        der[place] = value;
        Certificate::parse(&der).unwrap().basic_constraints().map(|basic| basic.unwrap().ca)
    };
    assert_eq!((read(0), read(0xff)), (Ok(false), Ok(true)));
    assert!(read(1).is_err() && read(0xfe).is_err());
}

#[test]
fn critical_false_that_is_written_out_is_not_critical() {
    let mut params = entity("pump-17");
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], EKU.to_vec());
    extension.set_criticality(true);
    params.custom_extensions = vec![extension];
    let der = params.self_signed(&key()).unwrap().der().to_vec();
    let place = at(&der, &[1, 1, 0xff, 4, 12, 0x30, 10]) + 2;
    for (value, critical) in [(0, Some(false)), (0xff, Some(true)), (1, None)] {
        let mut der = der.clone();
        der[place] = value;
        let parsed = Certificate::parse(&der);
        let found = parsed.ok().map(|one| one.extensions().extended_key_usage.unwrap().critical);
        assert_eq!(found, critical, "{value}");
    }
}

#[test]
fn a_time_that_cannot_be_read_is_told_as_one() {
    let der = entity("pump-17").self_signed(&key()).unwrap().der().to_vec();
    let place = at(&der, b"250101000000Z");
    for (offset, value) in [(2, b'2'), (10, b'.'), (12, b'+')] {
        let mut der = der.clone();
        der[place + offset] = value;
        let error = Certificate::parse(&der).unwrap_err();
        assert!(matches!(error, CertificateError::Time(_)), "{error}");
        assert!(error.to_string().contains("date"), "{error}");
    }
}

#[test]
fn bytes_after_the_der_are_named() {
    let der = common::Fleet::p256("pump-17").leaf;
    for more in [&b"\n"[..], &der] {
        let joined = [&der, more].concat();
        let error = Certificate::parse(&joined).unwrap_err();
        assert_eq!(error, CertificateError::TrailingBytes { count: more.len() });
        assert!(error.to_string().contains("follow the end"), "{error}");
    }
}
