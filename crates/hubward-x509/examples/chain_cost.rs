//! What a verification costs over its bare signatures, and a parse over rustls-webpki's: ratios of medians, taken
//! in turns in one process.
#![allow(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "a program for measuring"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::Fleet;
use hubward_ring::signature;
use hubward_x509::{Anchors, Certificate, Chain, Profile, Subject};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};

const ROUNDS: usize = 4_001;

fn main() {
    measure("P-256", &Fleet::p256("pump-17"), signature::ECDSA_P256_SHA256, webpki::ring::ECDSA_P256_SHA256);
    measure(
        "RSA-2048",
        &Fleet::rsa("pump-17"),
        signature::RSA_PKCS1_SHA256,
        webpki::ring::RSA_PKCS1_2048_8192_SHA256,
    );
}

/// What is run, and the times it took.
type Run<'a> = (&'static str, Box<dyn FnMut() + 'a>, Vec<Duration>);

fn measure(
    name: &str,
    fleet: &Fleet,
    algorithm: &dyn SignatureVerificationAlgorithm,
    theirs: &'static dyn SignatureVerificationAlgorithm,
) {
    let now = common::now(0);
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let profile = Profile::device(Subject::Anybody);
    let intermediates = [fleet.intermediate.as_slice()];
    let bare = [Bare::new(&fleet.intermediate, &fleet.root), Bare::new(&fleet.leaf, &fleet.intermediate)];

    let root = CertificateDer::from(fleet.root.clone());
    let webpki_anchors = [webpki::anchor_from_trusted_cert(&root).unwrap()];
    let webpki_intermediates = [CertificateDer::from(fleet.intermediate.clone())];
    let leaf = CertificateDer::from(fleet.leaf.clone());

    let mut runs: [Run<'_>; 5] = [
        ("two bare verifies", Box::new(|| bare.iter().for_each(|one| one.verify(algorithm))), Vec::new()),
        (
            "hubward-x509, parse and verify",
            Box::new(|| {
                let chain = Chain::parse(&fleet.leaf, intermediates).unwrap();
                black_box(chain.verify(&anchors, &profile, signature::ALL, now).unwrap());
            }),
            Vec::new(),
        ),
        (
            "rustls-webpki, parse and verify",
            Box::new(|| {
                let end = webpki::EndEntityCert::try_from(&leaf).unwrap();
                let usage = webpki::KeyUsage::client_auth();
                let path = end.verify_for_usage(
                    &[theirs],
                    &webpki_anchors,
                    &webpki_intermediates,
                    now,
                    usage,
                    None,
                    None,
                );
                black_box(path.unwrap());
            }),
            Vec::new(),
        ),
        (
            "hubward-x509, 100 parses of the leaf",
            Box::new(|| {
                for _ in 0..100 {
                    black_box(Certificate::parse(black_box(&fleet.leaf)).unwrap());
                }
            }),
            Vec::new(),
        ),
        (
            "rustls-webpki, 100 parses of the leaf",
            Box::new(|| {
                for _ in 0..100 {
                    black_box(webpki::EndEntityCert::try_from(black_box(&leaf)).unwrap());
                }
            }),
            Vec::new(),
        ),
    ];
    for _ in 0..ROUNDS {
        for (_, run, times) in &mut runs {
            // once unmeasured, so that the one before does not count
            run();
            #[expect(clippy::disallowed_methods, reason = "measuring is about clocks")]
            let start = Instant::now();
            run();
            times.push(start.elapsed());
        }
    }
    let median = |at: usize| {
        let mut times = runs[at].2.clone();
        times.sort();
        times[times.len() / 2].as_nanos() as f64
    };
    println!("{name}: two bare verifies take {:.1} us", median(0) / 1e3);
    for (at, base) in [(1, 0), (2, 0), (3, 4)] {
        println!("{name}: {} / {} = {:.3}", runs[at].0, runs[base].0, median(at) / median(base));
    }
}

/// The parts of one signature.
struct Bare<'a> {
    key: &'a [u8],
    message: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Bare<'a> {
    fn new(signed: &'a [u8], issuer: &'a [u8]) -> Self {
        let (message, rest) = split(contents(signed));
        let (_, rest) = split(rest);
        let (bits, _) = split(rest);
        let spki = Certificate::parse(issuer).unwrap().public_key().as_der();
        let (_, rest) = split(contents(spki));
        let (key, _) = split(rest);
        Self { key: &contents(key)[1..], message, signature: &contents(bits)[1..] }
    }

    fn verify(&self, algorithm: &dyn SignatureVerificationAlgorithm) {
        algorithm.verify_signature(self.key, self.message, self.signature).unwrap();
    }
}

/// Where the contents of a DER value start and end.
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
