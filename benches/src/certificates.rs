//! Chains of a leaf and an intermediate below a root, compared with their bare signatures and with rustls-webpki: a
//! full verification, and one for the next device of a fleet whose issuer was verified before.

use std::hint::black_box;

use hubward_core::{Digest, Thumbprint, UnixTime};
use hubward_ring::{Digests, signature};
use hubward_x509::{
    Anchors, Certificate, Chain, ExpectedSubject, ExpectedThumbprints, Profile, ValidityPolicy,
};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};
use webpki::{EndEntityCert, OwnedCertRevocationList, RevocationCheckDepth, RevocationOptionsBuilder};

use crate::case::Case;
use crate::minting::{Fleet, now};
use crate::revocation;

/// A chain takes a hundred times as long as a token.
const CALLS: u32 = 8;

pub const RATIOS: &[(&str, &str, &str)] = &[
    ("certificate.parse/webpki-parse", "leaf parse", "webpki leaf parse"),
    ("chain.p256/two-bare-verifies", "chain p256", "two bare p256"),
    ("chain.p256/webpki", "chain p256", "webpki p256"),
    ("chain.rsa/two-bare-verifies", "chain rsa", "two bare rsa"),
    ("chain.rsa/webpki", "chain rsa", "webpki rsa"),
    ("kept-issuer.p256/webpki", "kept p256", "webpki p256"),
    ("kept-issuer.rsa/webpki", "kept rsa", "webpki rsa"),
    ("kept-issuer.1000-revoked/webpki", "kept 1000 revoked", "webpki 1000 revoked"),
];

pub fn cases() -> Vec<Case<'static>> {
    let p256 = ["two bare p256", "chain p256", "kept p256", "webpki p256"];
    let rsa = ["two bare rsa", "chain rsa", "kept rsa", "webpki rsa"];
    let mut cases = fleet(Fleet::p256("pump-17"), p256, signature::ECDSA_P256_SHA256);
    cases.extend(fleet(Fleet::rsa("pump-17"), rsa, signature::RSA_PKCS1_SHA256));
    cases.extend(revocation::cases());
    parses().into_iter().chain(cases.into_iter().map(|case| case.calls(CALLS))).collect()
}

/// The thumbprint of a leaf, computed and compared with a registered one.
pub fn thumbprint() -> Case<'static> {
    let leaf: &[u8] = Fleet::p256("pump-17").leaf.leak();
    let registered = ExpectedThumbprints::new(Some(Thumbprint::Sha256(Digests.sha256(leaf))), None);
    Case::new("thumbprint", move || {
        let chain = Chain::parse(black_box(leaf), [] as [&[u8]; 0]).unwrap();
        let matched = chain.match_thumbprint(registered, &Digests, now(0), ValidityPolicy::Enforce);
        black_box(matched.unwrap());
    })
}

fn parses() -> Vec<Case<'static>> {
    let ours = Fleet::p256("pump-17").leaf;
    let theirs = CertificateDer::from(ours.clone());
    vec![
        Case::new("leaf parse", move || {
            black_box(Certificate::parse(black_box(&ours)).unwrap());
        }),
        Case::new("webpki leaf parse", move || {
            black_box(EndEntityCert::try_from(black_box(&theirs)).unwrap());
        }),
    ]
}

fn fleet(
    fleet: Fleet,
    [bare, whole, next, peer]: [&'static str; 4],
    algorithm: &'static dyn SignatureVerificationAlgorithm,
) -> Vec<Case<'static>> {
    let fleet: &Fleet = Box::leak(Box::new(fleet));
    let profile = Profile::device(ExpectedSubject::Any);
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.leaf, [&fleet.intermediate]).unwrap();
    let (_, kept) = chain.verify_keeping(&anchors, &profile, signature::ALL, now(0)).unwrap();
    let signed = [Bare::new(&fleet.intermediate, &fleet.root), Bare::new(&fleet.leaf, &fleet.intermediate)];
    vec![
        Case::new(bare, move || signed.iter().for_each(|one| one.verify(algorithm))),
        Case::new(whole, move || {
            let chain = Chain::parse(black_box(&fleet.leaf), [&fleet.intermediate]).unwrap();
            black_box(chain.verify(&anchors, &profile, signature::ALL, now(0)).unwrap());
        }),
        Case::new(next, move || {
            let leaf = Certificate::parse(black_box(&fleet.leaf)).unwrap();
            black_box(kept.verify(&leaf, ExpectedSubject::Any, signature::ALL, now(0)).unwrap());
        }),
        webpki(peer, &fleet.root, &fleet.intermediate, &fleet.leaf, None),
    ]
}

pub(crate) fn webpki(
    name: &'static str,
    root: &[u8],
    intermediate: &[u8],
    leaf: &[u8],
    list: Option<&[u8]>,
) -> Case<'static> {
    let root: &CertificateDer<'static> = Box::leak(Box::new(root.to_vec().into()));
    let anchors: [TrustAnchor<'static>; 1] = [webpki::anchor_from_trusted_cert(root).unwrap()];
    let intermediates = [CertificateDer::from(intermediate.to_vec())];
    let leaf = CertificateDer::from(leaf.to_vec());
    let list = list.map(|der| OwnedCertRevocationList::from_der(der).unwrap().into());
    let lists: Vec<&'static webpki::CertRevocationList<'static>> =
        list.into_iter().map(|list| &*Box::leak(Box::new(list))).collect();
    let now: UnixTime = now(0);
    Case::new(name, move || {
        let end = EndEntityCert::try_from(black_box(&leaf)).unwrap();
        let options = RevocationOptionsBuilder::new(&lists)
            .ok()
            .map(|options| options.with_depth(RevocationCheckDepth::EndEntity).build());
        let usage = webpki::KeyUsage::client_auth();
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        let path = end.verify_for_usage(algorithms, &anchors, &intermediates, now, usage, options, None);
        black_box(path.unwrap());
    })
}

/// The parts of one signature.
struct Bare {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    fn new(signed: &[u8], issuer: &[u8]) -> Self {
        let (message, rest) = split(contents(signed));
        let (_, rest) = split(rest);
        let (bits, _) = split(rest);
        let spki = Certificate::parse(issuer).unwrap().public_key().as_der();
        let (_, rest) = split(contents(spki));
        let (key, _) = split(rest);
        let bytes = |bits| contents(bits)[1..].to_vec();
        Self { key: bytes(key), message: message.to_vec(), signature: bytes(bits) }
    }

    fn verify(&self, algorithm: &dyn SignatureVerificationAlgorithm) {
        algorithm.verify_signature(&self.key, &self.message, &self.signature).unwrap();
    }
}

/// Returns the range of the contents of a DER value.
fn bounds(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short @ 0..=0x7f => (2, 2 + usize::from(short)),
        0x81 => (3, 3 + usize::from(der[2])),
        _ => (4, 4 + usize::from(u16::from_be_bytes([der[2], der[3]]))),
    }
}

fn contents(der: &[u8]) -> &[u8] {
    let (start, end) = bounds(der);
    &der[start..end]
}

fn split(der: &[u8]) -> (&[u8], &[u8]) {
    der.split_at(bounds(der).1)
}
