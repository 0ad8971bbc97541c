//! Default values that are written out (X.690 11.5) are read where the profile says so, and refused elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::ptr_arg,
    clippy::type_complexity,
    reason = "a test"
)]

mod common;

use common::der::{fields, sequence, signed_again, tlv};
use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile,
    certificate::Version, profile::DefaultValues,
};
use rcgen::SigningKey;

/// Replaces the extensions of a list of fields.
fn with_extensions(inner: &mut [Vec<u8>], change: impl Fn(&[u8]) -> Vec<u8>) {
    let at = inner.iter().position(|field| field[0] == 0xa3).unwrap();
    let all: Vec<u8> = fields(fields(&inner[at])[0]).into_iter().flat_map(change).collect();
    inner[at] = tlv(0xa3, &tlv(0x30, &all));
}

/// Writes FALSE into an extension that is not critical.
fn critical_false(extension: &[u8]) -> Vec<u8> {
    match fields(extension)[..] {
        [oid, value] => sequence(&[oid, &[1, 1, 0], value]),
        _ => extension.to_vec(),
    }
}

fn version_1(inner: &mut Vec<Vec<u8>>) {
    inner.retain(|field| field[0] != 0xa3);
    inner[0] = vec![0xa0, 3, 2, 1, 0];
}

fn ca_false(inner: &mut Vec<Vec<u8>>) {
    let at = inner.iter().position(|field| field[0] == 0xa3).unwrap();
    let mut all = fields(fields(&inner[at])[0]).concat();
    all.extend(sequence(&[&[6, 3, 0x55, 0x1d, 19], &tlv(4, &[0x30, 3, 1, 1, 0])]));
    inner[at] = tlv(0xa3, &tlv(0x30, &all));
}

/// Verifies a leaf below an intermediate, of which one is changed and signed again.
fn verify(change: fn(&mut Vec<Vec<u8>>), changed_ca: bool, profile: &Profile<'_>) -> Result<(), ChainError> {
    let (root, root_key, middle, middle_key) = (ca("Root"), key(), ca("Middle"), key());
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let mut presented = sign(&middle, &middle_key, &root, &root_key);
    let mut leaf = sign(&entity("pump-17"), &key(), &middle, &middle_key);
    let (der, signer) = if changed_ca { (&mut presented, &root_key) } else { (&mut leaf, &middle_key) };
    let algorithm = fields(der)[1].to_vec();
    *der = signed_again(der, 2, &algorithm, change, |message| signer.sign(message).unwrap());
    let chain = Chain::parse(&leaf, [&presented]).unwrap();
    chain.verify(&Anchors::parse([&anchor]).unwrap(), profile, ALL, now(0)).map(|_| ())
}

#[test]
fn they_are_read_by_the_profiles_of_devices_and_servers() {
    let device = || Profile::device(ExpectedSubject::Any);
    let strict = device().with_default_values(DefaultValues::MustBeAbsent);
    let written = |inner: &mut Vec<Vec<u8>>| with_extensions(inner, critical_false);
    let cases: [(fn(&mut Vec<Vec<u8>>), bool); 4] =
        [(written, false), (written, true), (ca_false, false), (version_1, false)];
    for (change, changed_ca) in cases {
        assert_eq!(verify(change, changed_ca, &device()), Ok(()));
        let place = if changed_ca { CertificatePosition::Intermediate(0) } else { CertificatePosition::Leaf };
        let refused = ChainError::Refused { place, problem: Problem::DefaultValueWritten };
        assert_eq!(verify(change, changed_ca, &strict), Err(refused));
        assert_eq!(verify(change, changed_ca, &Profile::rfc5280()), Err(refused));
    }
}

#[test]
fn version_1_that_is_written_out_is_version_1() {
    let (root, root_key) = (ca("Root"), key());
    let der = root.self_signed(&root_key).unwrap().der().to_vec();
    let algorithm = fields(&der)[1].to_vec();
    let der = signed_again(&der, 2, &algorithm, version_1, |message| root_key.sign(message).unwrap());
    assert_eq!(Certificate::parse(&der).unwrap().version(), Version::V1);
}
