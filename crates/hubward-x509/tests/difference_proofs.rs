//! A difference to rustls-webpki has a name only where the path has nothing else wrong. Each test gives the functions that name the
//! differences a path that has the property of a name, and a fault that the name may not hide.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::duplicate_mod,
    reason = "a test"
)]

mod common;
#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/second_verifier/mod.rs"]
mod second_verifier;

use common::der::{fields, signed_again};
use common::{ca, entity, key, now, sign};
use crl_builder::{CrlBuilder, numbered};
use hubward_ring::signature::ALL;
use hubward_x509::error::{CertificateError, KnownExtension};
use hubward_x509::{Certificate, CertificatePosition, ChainError, Problem};
use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType, SigningKey,
};
use second_verifier::chains::{Case, Lists};
use second_verifier::differences::only_hubward;
use second_verifier::refusals::only_webpki;
use second_verifier::{Path, Refusal, Use};
use webpki::{Error, KeyUsage, RequiredEkuNotFoundContext};

/// A root, an intermediate and a leaf, with the keys of the two issuers.
struct Chain {
    case: Case,
    path: Path,
    keys: [KeyPair; 2],
}

/// The serial number of the leaf.
const LEAF: u8 = 7;

fn chain(middle: &CertificateParams, leaf: &CertificateParams) -> Chain {
    let [root_key, middle_key] = [key(), key()];
    let root = ca("Root");
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let intermediates = vec![sign(middle, &middle_key, &root, &root_key)];
    let case = Case {
        anchors: vec![anchor.clone()],
        leaf: sign(&numbered(leaf.clone(), LEAF), &key(), middle, &middle_key),
        presented: intermediates.clone(),
        host: "hub.example".try_into().unwrap(),
        now: now(0),
        algorithms: ALL,
        revocation: None,
    };
    Chain { case, path: Path { intermediates, anchor }, keys: [root_key, middle_key] }
}

impl Chain {
    fn hubward(&self, reason: &Error) -> Option<&'static str> {
        only_hubward(&self.case, Use::Device, &self.path, reason)
    }

    fn webpki(&self, problem: Problem) -> Option<&'static str> {
        let refused = ChainError::Refused { place: CertificatePosition::Leaf, problem };
        only_webpki(&self.case, Use::Device, &self.path, Refusal::Chain(refused))
    }

    fn forged(mut self) -> Self {
        *self.case.leaf.last_mut().unwrap() ^= 1;
        self
    }

    /// A list of the intermediate.
    fn list(&self) -> CrlBuilder {
        CrlBuilder::by(&self.path.intermediates[0])
    }

    fn with_lists(mut self, allow_unknown: bool, ders: Vec<Vec<u8>>) -> Self {
        self.case.revocation = Some(Lists { ders, leaf_only: true, allow_unknown });
        self
    }
}

fn plain() -> Chain {
    chain(&ca("Middle"), &entity("x"))
}

fn wrong_purpose() -> Error {
    let required = KeyUsage::client_auth();
    Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { required, present: Vec::new() })
}

fn for_any_purpose() -> CertificateParams {
    let mut leaf = entity("x");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    leaf
}

#[test]
fn a_forged_signature_has_no_name() {
    let any = || chain(&ca("Middle"), &for_any_purpose());
    assert!(any().hubward(&wrong_purpose()).is_some());
    assert_eq!(any().forged().hubward(&wrong_purpose()), None);
    assert_eq!(any().forged().hubward(&Error::InvalidSignatureForPublicKey), None);
    let mut forged = any();
    *forged.path.intermediates[0].last_mut().unwrap() ^= 1;
    assert_eq!(forged.hubward(&wrong_purpose()), None);
    // nor does a chain of one order, where no other order hides the reason
    assert_eq!(any().hubward(&Error::InvalidSignatureForPublicKey), None);

    let unusable = || {
        let chain = plain();
        let list = chain.list().sign(&key());
        chain.with_lists(true, vec![list])
    };
    assert!(unusable().hubward(&Error::InvalidCrlSignatureForPublicKey).is_some());
    assert_eq!(unusable().forged().hubward(&Error::InvalidCrlSignatureForPublicKey), None);
    assert_eq!(unusable().forged().hubward(&Error::InvalidSignatureForPublicKey), None);
    assert_eq!(unusable().hubward(&Error::InvalidSignatureForPublicKey), None);
}

#[test]
fn a_property_with_another_fault_has_no_name() {
    let mut middle = ca("Middle");
    middle.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let mut leaf = entity("x");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    assert_eq!(chain(&middle, &leaf).hubward(&wrong_purpose()), None);

    let subtrees = |names: &[&str]| {
        let names = names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned()));
        let directory = GeneralSubtree::DirectoryName(entity("x").distinguished_name);
        names.chain([directory]).collect::<Vec<_>>()
    };
    let constrained = |names: &[&str]| {
        let mut middle = ca("Middle");
        let permitted_subtrees = subtrees(names);
        middle.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        let mut leaf = entity("x");
        leaf.subject_alt_names = vec![SanType::DnsName("hub.example".try_into().unwrap())];
        chain(&middle, &leaf)
    };
    assert!(constrained(&[]).hubward(&Error::NameConstraintViolation).is_some());
    assert!(constrained(&["hub.example"]).hubward(&Error::NameConstraintViolation).is_some());
    assert_eq!(constrained(&["other.example"]).hubward(&Error::NameConstraintViolation), None);

    let critical = |oid: &[u64], value: Vec<u8>| {
        let mut extension = CustomExtension::from_oid_content(oid, value);
        extension.set_criticality(true);
        extension
    };
    let policies = || critical(&[2, 5, 29, 32], vec![0x30, 7, 0x30, 5, 6, 3, 0x2a, 3, 4]);
    let mut middle = ca("Middle");
    middle.custom_extensions = vec![policies()];
    assert!(chain(&middle, &entity("x")).hubward(&Error::UnsupportedCriticalExtension).is_some());
    middle.custom_extensions = vec![policies(), critical(&[1, 2, 3, 4], vec![5, 0])];
    assert_eq!(chain(&middle, &entity("x")).hubward(&Error::UnsupportedCriticalExtension), None);
}

#[test]
fn a_field_with_another_fault_has_no_name() {
    let altered = |leaf: &CertificateParams, alter: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut chain = chain(&ca("Middle"), leaf);
        let algorithm = fields(&chain.case.leaf)[1].to_vec();
        let sign = |part: &[u8]| chain.keys[1].sign(part).unwrap();
        chain.case.leaf = signed_again(&chain.case.leaf, 2, &algorithm, alter, sign);
        chain
    };
    let identified = |inner: &mut Vec<Vec<u8>>| inner.insert(7, vec![0x81, 2, 0, 1]);
    assert!(altered(&entity("x"), &identified).hubward(&Error::BadDer).is_some());
    // purposes that are no purposes
    let mut leaf = entity("x");
    leaf.extended_key_usages.clear();
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 37], vec![0x30, 2, 5, 0])];
    assert_eq!(altered(&leaf, &identified).hubward(&Error::BadDer), None);

    let first = |inner: &mut Vec<Vec<u8>>| inner.retain(|field| !matches!(field[0], 0xa0 | 0xa3));
    assert!(altered(&entity("x"), &first).hubward(&Error::UnsupportedCertVersion).is_some());
    let mut chain = altered(&entity("x"), &first);
    let middle = &mut chain.path.intermediates[0];
    let algorithm = fields(middle)[1].to_vec();
    *middle = signed_again(middle, 2, &algorithm, first, |part| chain.keys[0].sign(part).unwrap());
    assert_eq!(chain.hubward(&Error::UnsupportedCertVersion), None);
}

#[test]
fn a_hidden_reason_is_found_out() {
    // the anchor has the name of the intermediate, so the leaf may be tried below it
    let hidden = |permitted: &str| {
        let mut middle = ca("Root");
        let permitted_subtrees = vec![GeneralSubtree::DnsName(permitted.to_owned())];
        middle.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        let mut leaf = entity("x");
        leaf.subject_alt_names = vec![SanType::DnsName("hub.example".try_into().unwrap())];
        let chain = chain(&middle, &leaf);
        let list = chain.list().sign(&key());
        chain.with_lists(true, vec![list]).hubward(&Error::InvalidSignatureForPublicKey)
    };
    assert!(hidden("hub.example").is_some());
    assert_eq!(hidden("other.example"), None);
}

#[test]
fn a_revoked_certificate_has_no_name() {
    let revoked = |others: &dyn Fn(&Chain) -> Vec<Vec<u8>>| {
        let chain = plain();
        let lists = [vec![chain.list().revoking(LEAF).sign(&chain.keys[1])], others(&chain)].concat();
        chain.with_lists(true, lists).hubward(&Error::CertRevoked)
    };
    assert_eq!(revoked(&|_| Vec::new()), None);
    let later = |chain: &Chain| chain.list().number(6);
    assert!(revoked(&|chain| vec![later(chain).sign(&chain.keys[1])]).is_some());
    // a later edition that another key signed, that is not current, of another scope or of another issuer replaces none
    assert_eq!(revoked(&|chain| vec![later(chain).sign(&chain.keys[0])]), None);
    assert_eq!(
        revoked(&|chain| vec![later(chain).with_next_update(Some("251202000000Z")).sign(&chain.keys[1])]),
        None
    );
    assert_eq!(revoked(&|chain| vec![later(chain).scope(&[&[0x82, 1, 0xff]]).sign(&chain.keys[1])]), None);
    assert_eq!(
        revoked(&|chain| vec![CrlBuilder::by(&chain.path.anchor).number(6).sign(&chain.keys[0])]),
        None
    );
    // the reason is about the leaf, not about any list that another certificate is in
    let chain = plain();
    let other = chain.list().revoking(LEAF + 1).sign(&chain.keys[1]);
    assert_eq!(chain.with_lists(true, vec![other]).hubward(&Error::CertRevoked), None);
}

#[test]
fn a_list_that_is_not_the_certificate_s_has_no_name() {
    const NOW: &str = "260101000000Z";
    let scope = crl_builder::full(&[&crl_builder::uri("http://hub.example/one")]);
    let expired = Error::CrlExpired { time: now(0), next_update: now(0) };

    let own = |list: CrlBuilder, reason: &Error| {
        let chain = plain();
        let list = list.sign(&chain.keys[1]);
        chain.with_lists(false, vec![list]).hubward(reason)
    };
    let of_stranger = |chain: &Chain| CrlBuilder::by(&chain.path.anchor);
    let chain = plain();
    let ending = of_stranger(&chain).with_next_update(Some(NOW)).sign(&chain.keys[0]);
    assert_eq!(chain.with_lists(false, vec![ending]).hubward(&expired), None);
    let chain = plain();
    let scoped = of_stranger(&chain).scope(&[&scope]).sign(&chain.keys[0]);
    assert_eq!(chain.with_lists(false, vec![scoped]).hubward(&Error::UnknownRevocationStatus), None);
    // its own, but the certificate names no distribution point, or the list is complete
    let chain = plain();
    assert_eq!(own(chain.list().scope(&[&scope]), &Error::UnknownRevocationStatus), None);
    assert_eq!(own(chain.list(), &Error::UnknownRevocationStatus), None);
    // its own in the second of its nextUpdate, signed by its issuer or by a stranger
    let chain = plain();
    let list = chain.list().with_next_update(Some(NOW));
    let (signed, forged) = (list.sign(&chain.keys[1]), list.sign(&key()));
    let chain = chain.with_lists(false, vec![signed]);
    assert!(chain.hubward(&expired).is_some());
    assert_eq!(chain.with_lists(false, vec![forged]).hubward(&expired), None);
    // no list of the issuer can be used, and an unknown status is not allowed
    let chain = plain();
    let lists = vec![chain.list().sign(&key()), chain.list().sign(&key())];
    assert_eq!(chain.with_lists(false, lists).hubward(&Error::InvalidCrlSignatureForPublicKey), None);
}

#[test]
fn what_the_third_reader_reads_is_not_malformed() {
    let policies = |value: &[u8]| {
        let mut leaf = entity("x");
        leaf.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 32], value.to_vec())];
        let Err(CertificateError::Malformed(malformed)) = Certificate::parse(&[5, 0]) else { panic!() };
        let problem = Problem::Extension { extension: KnownExtension::CertificatePolicies, malformed };
        chain(&ca("Middle"), &leaf).webpki(problem)
    };
    assert!(policies(&[0x30, 0]).is_some() && policies(&[5, 0]).is_some());
    assert_eq!(policies(&[0x30, 7, 0x30, 5, 6, 3, 0x2a, 3, 4]), None);
    assert_eq!(plain().webpki(Problem::MalformedName), None);
    // the same for the bits of a key usage, and for a forged path
    let usage = |usage| {
        let mut leaf = entity("x");
        leaf.key_usages = vec![usage];
        chain(&ca("Middle"), &leaf)
    };
    assert_eq!(usage(KeyUsagePurpose::DigitalSignature).webpki(Problem::KeyUsage), None);
    assert!(usage(KeyUsagePurpose::KeyAgreement).webpki(Problem::KeyUsage).is_some());
    assert_eq!(usage(KeyUsagePurpose::KeyAgreement).forged().webpki(Problem::KeyUsage), None);
}
