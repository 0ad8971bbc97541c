//! Random chains, verified by this crate and by rustls-webpki. Each difference must be a known one, with the section of
//! the RFC that decides it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeMap;

use hubward_ring::signature;
use hubward_x509::{
    Anchors, Certificate, Chain, ChainError, ExpectedSubject, Problem, Profile,
    error::{KnownExtension, ParseError},
    profile::AnchorChecks,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use super::minting::{ca, entity, key, now, sign};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// The results.
#[derive(Debug, Default)]
pub struct Report {
    pub agreed_valid: usize,
    pub agreed_invalid: usize,
    /// Known differences by name.
    pub named: BTreeMap<&'static str, usize>,
    /// Unknown differences, the first few of them in full.
    pub unnamed: Vec<String>,
}

/// Generates and verifies `count` chains.
pub fn run(count: usize, seed: u64) -> Report {
    let mut random = Random(seed);
    let keys: Vec<KeyPair> = (0..6).map(|_| key()).collect();
    let mut report = Report::default();
    while report.agreed_valid
        + report.agreed_invalid
        + report.named.values().sum::<usize>()
        + report.unnamed.len()
        < count
    {
        let minted = mint(&mut random, &keys);
        // one set of certificates is used several times: as it is, and with a fault
        for at in 0..8 {
            let mut case = minted.clone();
            if at > 0 {
                disturb(&mut random, &mut case);
            }
            check(&case, &mut report);
        }
    }
    report
}

#[derive(Clone)]
struct Case {
    root: Vec<u8>,
    intermediates: Vec<Vec<u8>>,
    leaf: Vec<u8>,
}

const HOSTS: &[&str] =
    &["example.com", "a.example.com", "b.a.example.com", "*.example.com", "example.net", "badexample.com"];

fn mint(random: &mut Random, keys: &[KeyPair]) -> Case {
    let root_params = ca("Root");
    let root_key = &keys[0];
    let root = root_params.self_signed(root_key).unwrap().der().to_vec();
    let (mut issuer, mut issuer_key) = (root_params, root_key);
    let mut intermediates = Vec::new();
    for depth in 0..random.below(4) {
        let names = ["Root", "One", "Two", "ONE", "T wo"];
        // mostly a name of its own, sometimes self-issued, repeated or in another case
        let name = if random.one_in(6) { random.pick(&names) } else { ["One", "Two", "Three"][depth] };
        let mut params = ca(name);
        vary_ca(random, &mut params);
        vary(random, &mut params);
        let key = &keys[1 + random.below(keys.len() - 1)];
        let mut claimed = issuer.clone();
        if random.one_in(12) {
            claimed = ca(&issuer_name(&issuer).to_uppercase());
        }
        let signer = if random.one_in(25) { &keys[random.below(keys.len())] } else { issuer_key };
        intermediates.push(sign(&params, key, &claimed, signer));
        (issuer, issuer_key) = (params, key);
    }
    let mut params = entity(random.pick(&["pump-17", "One", "Root"]));
    for _ in 0..random.below(3) {
        let host = random.pick(HOSTS);
        params.subject_alt_names.push(SanType::DnsName(host.try_into().unwrap()));
    }
    if random.one_in(12) {
        params.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
    }
    if random.one_in(12) {
        params.subject_alt_names.push(SanType::Rfc822Name("a@example.com".try_into().unwrap()));
    }
    if random.one_in(15) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    } else if random.one_in(2) {
        params.is_ca = IsCa::ExplicitNoCa;
    }
    if random.one_in(4) {
        params.key_usages = vec![if random.one_in(4) {
            KeyUsagePurpose::KeyAgreement
        } else {
            KeyUsagePurpose::DigitalSignature
        }];
    }
    vary(random, &mut params);
    let signer = if random.one_in(25) { &keys[random.below(keys.len())] } else { issuer_key };
    Case { root, intermediates, leaf: sign(&params, &keys[5], &issuer, signer) }
}

fn issuer_name(params: &CertificateParams) -> String {
    match params.distinguished_name.get(&rcgen::DnType::CommonName) {
        Some(rcgen::DnValue::Utf8String(name)) => name.clone(),
        _ => String::new(),
    }
}

fn vary_ca(random: &mut Random, params: &mut CertificateParams) {
    match random.below(16) {
        0 => params.is_ca = IsCa::NoCa,
        1 => params.is_ca = IsCa::ExplicitNoCa,
        2..=5 => {
            let most = u8::try_from(random.below(3)).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
        }
        _ => {}
    }
    match random.below(16) {
        0 => params.key_usages = vec![KeyUsagePurpose::DigitalSignature],
        1..=3 => params.key_usages = Vec::new(),
        _ => {}
    }
    if random.one_in(4) {
        let mut subtrees = || -> Vec<GeneralSubtree> {
            (0..random.below(3))
                .map(|_| match random.below(8) {
                    0 => GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v4_prefix([192, 0, 2, 0], 24)),
                    1 => GeneralSubtree::Rfc822Name("example.com".to_owned()),
                    2 => GeneralSubtree::DirectoryName(entity("pump-17").distinguished_name),
                    _ => GeneralSubtree::DnsName(
                        random.pick(&["example.com", "a.example.com", "net", "example.net"]).to_owned(),
                    ),
                })
                .collect()
        };
        let constraints = NameConstraints { permitted_subtrees: subtrees(), excluded_subtrees: subtrees() };
        if !constraints.permitted_subtrees.is_empty() || !constraints.excluded_subtrees.is_empty() {
            params.name_constraints = Some(constraints);
        }
    }
}

fn vary(random: &mut Random, params: &mut CertificateParams) {
    match random.below(24) {
        0 => params.not_after = date_time_ymd(2025, 6, 1),
        1 => params.not_before = date_time_ymd(2026, 6, 1),
        _ => {}
    }
    match random.below(8) {
        0 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
        1 | 2 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        3 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
        _ => {}
    }
    if random.one_in(24) {
        let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        unknown.set_criticality(random.one_in(2));
        params.custom_extensions.push(unknown);
    }
    if random.one_in(24) {
        // one certificatePolicies with one policy
        let content = vec![0x30, 6, 0x30, 4, 6, 2, 0x2a, 3];
        let mut policies = CustomExtension::from_oid_content(&[2, 5, 29, 32], content);
        policies.set_criticality(random.one_in(2));
        params.custom_extensions.push(policies);
    }
}

fn disturb(random: &mut Random, case: &mut Case) {
    let count = case.intermediates.len();
    match random.below(8) {
        0 if count > 1 => case.intermediates.swap(0, count - 1),
        1 if count > 0 => {
            case.intermediates.remove(random.below(count));
        }
        2 => case.intermediates.push(case.root.clone()),
        3 if count > 0 => case.intermediates.push(case.intermediates[0].clone()),
        4 => case.intermediates.push(case.leaf.clone()),
        _ => {
            let at = random.below(count + 1);
            let der = case.intermediates.get_mut(at).unwrap_or(&mut case.leaf);
            let byte = random.below(der.len());
            match random.below(8) {
                0 => {
                    der.truncate(byte);
                }
                1 => der.push(0),
                2 => {
                    der.remove(byte);
                }
                _ => der[byte] ^= 1 << random.below(8),
            }
        }
    }
}

#[derive(Debug)]
enum Ours {
    Parse(ParseError),
    Chain(ChainError),
}

fn check(case: &Case, report: &mut Report) {
    let ours = ours(case);
    let theirs = theirs(case);
    match (&ours, &theirs) {
        (Ok(_), Ok(())) => report.agreed_valid += 1,
        (Err(_), Err(_)) => report.agreed_invalid += 1,
        _ => match name(case, &ours, &theirs) {
            Some(name) => *report.named.entry(name).or_default() += 1,
            None => report.unnamed.push(format!("ours {ours:?}, theirs {theirs:?}")),
        },
    }
}

/// The properties of an accepted path that rustls-webpki treats differently.
#[derive(Debug, Clone, Copy)]
struct AcceptedPath {
    /// Two names that are equal but not byte by byte.
    folded: bool,
    /// An intermediate with the leaf's name and key.
    own: bool,
    /// The property of another known difference.
    special: bool,
}

fn ours(case: &Case) -> Result<AcceptedPath, Ours> {
    let root = Certificate::parse(&case.root).unwrap();
    let mut anchors = Anchors::new();
    anchors.add(&root);
    let profile = Profile::device(ExpectedSubject::Any).with_anchor_checks(AnchorChecks::NameAndKey);
    let chain = Chain::parse(&case.leaf, &case.intermediates).map_err(Ours::Parse)?;
    let verified = chain.verify(&anchors, &profile, signature::ALL, now(0)).map_err(Ours::Chain)?;
    let path: Vec<_> = [verified.leaf()]
        .into_iter()
        .chain(verified.intermediates())
        .copied()
        .chain(anchors.iter())
        .collect();
    let folded = path.windows(2).any(|pair| pair[0].issuer().as_der() != pair[1].subject().as_der());
    let special = path.iter().any(|one| {
        let extensions = one.extensions();
        extensions.certificate_policies.is_some_and(|e| e.critical)
            || extensions.extended_key_usage.is_some()
            || extensions.name_constraints.is_some()
    }) || verified.intermediates().iter().any(|one| one.is_self_issued());
    let leaf = verified.leaf();
    let own = verified
        .intermediates()
        .iter()
        .any(|one| one.public_key() == leaf.public_key() && one.subject().same(&leaf.subject()));
    Ok(AcceptedPath { folded, own, special })
}

fn theirs(case: &Case) -> Result<(), webpki::Error> {
    let root = CertificateDer::from(case.root.as_slice());
    let anchors = [webpki::anchor_from_trusted_cert(&root).unwrap()];
    let intermediates: Vec<CertificateDer<'_>> =
        case.intermediates.iter().map(|der| der.as_slice().into()).collect();
    let leaf = CertificateDer::from(case.leaf.as_slice());
    let end = webpki::EndEntityCert::try_from(&leaf)?;
    let usage = webpki::KeyUsage::client_auth();
    end.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &intermediates, now(0), usage, None, None)?;
    Ok(())
}

/// Returns the name of a known difference.
fn name(
    case: &Case,
    ours: &Result<AcceptedPath, Ours>,
    theirs: &Result<(), webpki::Error>,
) -> Option<&'static str> {
    use webpki::Error;
    Some(match (ours, theirs) {
        (Ok(AcceptedPath { folded: true, .. }), Err(_)) => {
            "names that differ in case or white space: RFC 5280 7.1"
        }
        (Err(Ours::Chain(ChainError::Refused { problem: Problem::KeyUsage, .. })), Ok(())) => {
            "key usage does not allow the use: RFC 5280 4.2.1.3, 6.1.4 (n)"
        }
        // the failure of another path may be more specific
        (Err(Ours::Chain(_)), Ok(())) if has_unfit_issuer(case) => {
            "key usage does not allow the use: RFC 5280 4.2.1.3, 6.1.4 (n)"
        }
        (Ok(AcceptedPath { own: true, .. }), Err(_)) => {
            "a leaf with the name and key of its CA is not a loop: RFC 4158 2.4.2"
        }
        (Ok(_), Err(Error::RequiredEkuNotFoundContext(_))) => {
            "anyExtendedKeyUsage is every purpose: RFC 5280 4.2.1.12"
        }
        (Ok(_), Err(Error::PathLenConstraintViolated)) => {
            "self-issued intermediates are not counted: RFC 5280 4.2.1.9"
        }
        (Ok(_), Err(Error::UnsupportedCriticalExtension)) => "policies are supported: RFC 5280 4.2.1.4",
        (Ok(_), Err(Error::NameConstraintViolation)) => {
            "directory and mailbox constraints are checked, self-issued intermediates exempt: RFC 5280 4.2.1.10, 6.1.3 (b)"
        }
        (
            Err(Ours::Chain(ChainError::Refused {
                problem: Problem::Extension { extension: KnownExtension::CertificatePolicies, .. },
                ..
            })),
            Ok(()),
        ) => "unreadable policies: RFC 5280 4.2.1.4",
        (Ok(AcceptedPath { special: true, .. }), Err(Error::InvalidSignatureForPublicKey)) => {
            "another known difference, reported for a path over another key of the same name: RFC 4158 2.3"
        }
        _ => return None,
    })
}

/// Returns `true` if an intermediate may not sign certificates.
fn has_unfit_issuer(case: &Case) -> bool {
    case.intermediates.iter().any(|der| {
        let usage = Certificate::parse(der).ok().and_then(|one| one.key_usage().ok().flatten());
        usage.is_some_and(|usage| !usage.key_cert_sign())
    })
}
