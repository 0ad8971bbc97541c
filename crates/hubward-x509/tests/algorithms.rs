//! AlgorithmIdentifiers: the encodings that mean the same algorithm (RFC 4055), and the names in refusals.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::der::{fields, sequence, signed_again, tlv};
use common::{ca, entity, key, now, rsa_key, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile,
    error::{CertificateError, KeyAlgorithm, SignatureAlgorithm, UnsupportedKey},
};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};

const NULL: [u8; 2] = [5, 0];

/// Signs with the RSA key of the tests.
fn rsa(encoding: &'static dyn RsaEncoding) -> impl Fn(&[u8]) -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(&rsa_key().serialize_der()).unwrap();
    move |message| {
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }
}

/// Returns the AlgorithmIdentifier of an algorithm of PKCS#1.
fn pkcs1(arc: u8, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, arc]), parameters])
}

/// Returns the AlgorithmIdentifier of a digest of SHA-2: 1 is SHA-256.
fn digest(arc: u8, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, arc]), parameters])
}

/// Returns the AlgorithmIdentifier of RSA-PSS.
fn pss(digest: &[u8], mask_digest: &[u8], salt: u8, more: &[u8]) -> Vec<u8> {
    let mask = pkcs1(8, mask_digest);
    let salt = tlv(0xa2, &[2, 1, salt]);
    pkcs1(10, &sequence(&[&tlv(0xa0, digest), &tlv(0xa1, &mask), &salt, more]))
}

/// Verifies a leaf below an RSA root, signed again with this identifier.
fn signed_as(algorithm: &[u8], sign_with: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), ChainError> {
    let (root, root_key) = (ca("Root"), rsa_key());
    let leaf = sign(&entity("pump-17"), &key(), &root, &root_key);
    let leaf = signed_again(&leaf, 2, algorithm, |_| {}, sign_with);
    verify(&leaf, &root.self_signed(&root_key).unwrap().der().to_vec())
}

fn verify(leaf: &[u8], anchor: &[u8]) -> Result<(), ChainError> {
    let chain = Chain::parse(leaf, &[] as &[&[u8]]).unwrap();
    let profile = Profile::device(ExpectedSubject::Any);
    chain.verify(&Anchors::parse([anchor]).unwrap(), &profile, ALL, now(0)).map(|_| ())
}

fn problem(result: Result<(), ChainError>) -> Problem {
    match result.unwrap_err() {
        ChainError::Refused { place: CertificatePosition::Leaf, problem } => problem,
        other => panic!("{other}"),
    }
}

#[test]
fn rsa_with_sha2_may_omit_its_null() {
    let all: [(u8, &'static dyn RsaEncoding); 3] =
        [(11, &RSA_PKCS1_SHA256), (12, &RSA_PKCS1_SHA384), (13, &RSA_PKCS1_SHA512)];
    for (arc, encoding) in all {
        assert_eq!(signed_as(&pkcs1(arc, &NULL), rsa(encoding)), Ok(()));
        assert_eq!(signed_as(&pkcs1(arc, &[]), rsa(encoding)), Ok(()));
        // the signature still counts
        let forged = |message: &[u8]| {
            let mut signature = rsa(encoding)(message);
            signature[9] ^= 1;
            signature
        };
        assert_eq!(problem(signed_as(&pkcs1(arc, &[]), forged)), Problem::BadSignature);
        // neither NULL nor absent
        let text = problem(signed_as(&pkcs1(arc, &[4, 0]), rsa(encoding))).to_string();
        assert!(text.contains("parameters that it must not have"), "{text}");
    }
    // another digest than the signature's
    assert_eq!(problem(signed_as(&pkcs1(12, &[]), rsa(&RSA_PKCS1_SHA256))), Problem::BadSignature);
}

#[test]
fn both_identifiers_are_compared_byte_by_byte() {
    let (root, root_key) = (ca("Root"), rsa_key());
    let leaf = sign(&entity("pump-17"), &key(), &root, &root_key);
    let outer = fields(&leaf);
    let differs = sequence(&[outer[0], &pkcs1(11, &[]), outer[2]]);
    let root = root.self_signed(&root_key).unwrap().der().to_vec();
    let expected = Problem::Unreadable(CertificateError::AlgorithmsDiffer);
    assert_eq!(problem(verify(&differs, &root)), expected);
}

#[test]
fn the_digests_of_rsa_pss_may_omit_their_null() {
    let all: [(u8, u8, &'static dyn RsaEncoding); 3] =
        [(1, 32, &RSA_PSS_SHA256), (2, 48, &RSA_PSS_SHA384), (3, 64, &RSA_PSS_SHA512)];
    for (arc, salt, encoding) in all {
        let (with, without) = (digest(arc, &NULL), digest(arc, &[]));
        for (own, mask) in [(&with, &with), (&with, &without), (&without, &with), (&without, &without)] {
            assert_eq!(signed_as(&pss(own, mask, salt, &[]), rsa(encoding)), Ok(()));
        }
        // the trailer field's default written out, and another trailer field
        assert_eq!(signed_as(&pss(&with, &with, salt, &tlv(0xa3, &[2, 1, 1])), rsa(encoding)), Ok(()));
        let other = pss(&with, &with, salt, &tlv(0xa3, &[2, 1, 2]));
        assert!(problem(signed_as(&other, rsa(encoding))).to_string().contains("RSA-PSS"));
        // another salt or another mask than the algorithms have
        for wrong in [pss(&without, &without, salt + 1, &[]), pss(&without, &digest(4, &[]), salt, &[])] {
            assert!(problem(signed_as(&wrong, rsa(encoding))).to_string().contains("RSA-PSS"));
        }
    }
    let mixed = pss(&digest(1, &[]), &digest(2, &[]), 32, &[]);
    assert!(problem(signed_as(&mixed, rsa(&RSA_PSS_SHA256))).to_string().contains("RSA-PSS"));
}

#[test]
fn a_refusal_names_the_algorithm() {
    let ecdsa = |arc: &[u8]| sequence(&[&tlv(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4], arc].concat())]);
    for (identifier, expected) in [
        (pkcs1(4, &NULL), SignatureAlgorithm::RsaMd5),
        (pkcs1(5, &NULL), SignatureAlgorithm::RsaSha1),
        (pkcs1(14, &NULL), SignatureAlgorithm::RsaSha224),
        (ecdsa(&[1]), SignatureAlgorithm::EcdsaSha1),
        (ecdsa(&[3, 1]), SignatureAlgorithm::EcdsaSha224),
        (ecdsa(&[3, 4]), SignatureAlgorithm::EcdsaSha512),
        (sequence(&[&[6, 3, 0x2b, 0x65, 0x71]]), SignatureAlgorithm::Ed448),
        (sequence(&[&[6, 3, 0x2b, 0x65, 0x01]]), SignatureAlgorithm::Unknown),
    ] {
        let Problem::UnsupportedAlgorithm(found) = problem(signed_as(&identifier, |_| vec![7; 256])) else {
            panic!("{expected}");
        };
        assert_eq!((found.signature, found.key), (expected, KeyAlgorithm::Rsa));
        assert!(found.to_string().contains(&expected.to_string()));
    }
}

/// Verifies a leaf below a root whose SubjectPublicKeyInfo has this AlgorithmIdentifier and key.
fn below_key(algorithm: &[u8], public: &[u8]) -> Problem {
    let (root, root_key) = (ca("Root"), key());
    let leaf = sign(&entity("pump-17"), &key(), &root, &root_key);
    let own = root.self_signed(&root_key).unwrap().der().to_vec();
    let outer = fields(&own);
    let mut inner: Vec<Vec<u8>> = fields(outer[0]).into_iter().map(<[u8]>::to_vec).collect();
    inner[6] = sequence(&[algorithm, &tlv(3, &[&[0], public].concat())]);
    let anchor = sequence(&[&tlv(0x30, &inner.concat()), outer[1], outer[2]]);
    // an identifier that fits the key
    let fitting = match algorithm[..] {
        [_, _, 6, 9, ..] => pkcs1(11, &NULL),
        _ => fields(&leaf)[1].to_vec(),
    };
    let leaf = signed_again(&leaf, 2, &fitting, |_| {}, |_| vec![0x30, 6, 2, 1, 1, 2, 1, 1]);
    problem(verify(&leaf, &anchor))
}

#[test]
fn a_refusal_names_the_key() {
    let curve = |oid: &[u8]| sequence(&[&tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), &tlv(6, oid)]);
    let x962 = |arc: u8| curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, arc]);
    let secg = |arc: u8| curve(&[0x2b, 0x81, 4, 0, arc]);
    for (identifier, expected) in [
        (x962(1), KeyAlgorithm::P192),
        (secg(0x21), KeyAlgorithm::P224),
        (secg(0x23), KeyAlgorithm::P521),
        (secg(0x0a), KeyAlgorithm::Secp256k1),
        (curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7]), KeyAlgorithm::Brainpool),
        (secg(0x0b), KeyAlgorithm::EcOther),
        (pkcs1(1, &[]), KeyAlgorithm::RsaWithoutNull),
        (pkcs1(10, &[]), KeyAlgorithm::RsaPss),
        (sequence(&[&[6, 3, 0x2b, 0x65, 0x71]]), KeyAlgorithm::Ed448),
    ] {
        let Problem::UnsupportedAlgorithm(found) = below_key(&identifier, &[4; 65]) else {
            panic!("{expected}");
        };
        assert_eq!(found.key, expected);
        assert!(found.to_string().contains(&expected.to_string()));
    }
    let compressed = below_key(&x962(7), &[&[2][..], &[7; 32]].concat());
    assert_eq!(compressed, Problem::UnsupportedKey(UnsupportedKey::CompressedPoint));
    for (bits, modulus) in
        [(1024, [&[0, 0x80][..], &[1; 127]].concat()), (1023, [&[0x40][..], &[1; 127]].concat())]
    {
        let public = sequence(&[&tlv(2, &modulus), &[2, 3, 1, 0, 1]]);
        let short = below_key(&pkcs1(1, &NULL), &public);
        assert_eq!(short, Problem::UnsupportedKey(UnsupportedKey::RsaLength { bits }));
        assert!(short.to_string().contains(&format!("{bits} bits")), "{short}");
    }
}
