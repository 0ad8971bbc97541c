//! The named differences to rustls-webpki, as docs/COMPATIBILITY.md lists them: each test has a chain that only one accepts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::duplicate_mod,
    reason = "a test"
)]

mod common;
#[path = "common/second_verifier/mod.rs"]
mod second_verifier;

use common::der::{fields, sequence, signed_again, tlv};
use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyPair, KeyUsagePurpose, NameConstraints, SanType, SigningKey, date_time_ymd,
};
use second_verifier::chains::Case;
use second_verifier::{Agreement, Use, compare};

/// The parts of a certificate's signed part.
type Fields = Vec<Vec<u8>>;

/// A chain of these CAs, each below the one before, and a leaf; each certificate is changed before it is signed.
fn chain(
    authorities: &[CertificateParams],
    leaf: &CertificateParams,
    change: impl Fn(usize, &mut Fields),
) -> Case {
    let keys: Vec<KeyPair> = authorities.iter().map(|_| key()).collect();
    let mut ders = vec![authorities[0].self_signed(&keys[0]).unwrap().der().to_vec()];
    let leaf_key = key();
    let below = authorities.iter().zip(&keys).skip(1).chain([(leaf, &leaf_key)]);
    for (at, (params, key)) in below.enumerate() {
        let der = sign(params, key, &authorities[at], &keys[at]);
        let algorithm = fields(&der)[1].to_vec();
        let signed = signed_again(
            &der,
            2,
            &algorithm,
            |inner| change(at + 1, inner),
            |part| keys[at].sign(part).unwrap(),
        );
        ders.push(signed);
    }
    let leaf = ders.pop().unwrap();
    let anchors = vec![ders.remove(0)];
    let host = "hub.example".try_into().unwrap();
    Case { anchors, leaf, presented: ders, host, now: now(0), algorithms: ALL, revocation: None }
}

fn device(authorities: &[CertificateParams], leaf: &CertificateParams) -> Agreement {
    compare(&chain(authorities, leaf, |_, _| {}), Use::Device).unwrap()
}

/// Compares a leaf below an intermediate below a root, of which the one at this position is changed.
fn changed(position: usize, change: impl Fn(&mut Fields)) -> Agreement {
    let case = chain(&[ca("Root"), ca("Middle")], &entity("x"), |at, inner| {
        if at == position {
            change(inner);
        }
    });
    compare(&case, Use::Device).unwrap()
}

/// The positions of [`changed`].
const MIDDLE: usize = 1;
const LEAF: usize = 2;

fn middle_with(extension: &[u64], critical: bool, value: Vec<u8>) -> CertificateParams {
    let mut extension = CustomExtension::from_oid_content(extension, value);
    extension.set_criticality(critical);
    let mut params = ca("Middle");
    params.custom_extensions = vec![extension];
    params
}

#[test]
fn a_chain_without_peculiarities_is_accepted_by_both() {
    assert_eq!(device(&[ca("Root"), ca("Middle")], &entity("x")), Agreement::Accepted);
    assert_eq!(changed(LEAF, |_| {}), Agreement::Accepted);
}

#[test]
fn names_are_compared_as_text() {
    // the text is last: CN=MIDDLE
    let found = changed(LEAF, |inner| {
        let text = inner[3].len() - 6;
        inner[3][text..].make_ascii_uppercase();
    });
    let name = "names are compared as text, not as bytes: RFC 5280 7.1";
    assert_eq!(found, Agreement::OnlyHubward(name));
}

#[test]
fn a_leaf_with_the_name_and_the_key_of_its_ca_is_no_loop() {
    let (root_key, middle_key) = (key(), key());
    let leaf = sign(&entity("Middle"), &middle_key, &ca("Middle"), &middle_key);
    let case = Case {
        anchors: vec![ca("Root").self_signed(&root_key).unwrap().der().to_vec()],
        leaf,
        presented: vec![sign(&ca("Middle"), &middle_key, &ca("Root"), &root_key)],
        host: "hub.example".try_into().unwrap(),
        now: now(0),
        algorithms: ALL,
        revocation: None,
    };
    let name = "a leaf with the name and the key of a CA is no loop: RFC 4158 2.4.1";
    assert_eq!(compare(&case, Use::Device).unwrap(), Agreement::OnlyHubward(name));
}

#[test]
fn any_purpose_of_a_leaf_is_every_purpose() {
    let mut leaf = entity("x");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let name = "anyExtendedKeyUsage includes every purpose: RFC 5280 4.2.1.12";
    assert_eq!(device(&[ca("Root"), ca("Middle")], &leaf), Agreement::OnlyHubward(name));
}

#[test]
fn self_issued_intermediates_do_not_count_for_a_path_length() {
    let mut middle = ca("Middle");
    middle.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let name = "self-issued intermediates do not count: RFC 5280 6.1.4 (l)";
    assert_eq!(device(&[ca("Root"), middle, ca("Middle")], &entity("x")), Agreement::OnlyHubward(name));
}

#[test]
fn critical_policies_are_processed() {
    let policies = sequence(&[&sequence(&[&[6, 3, 0x2a, 3, 4]])]);
    let middle = middle_with(&[2, 5, 29, 32], true, policies);
    let name = "critical policies, mappings and inhibitions are processed: RFC 5280 4.2";
    assert_eq!(device(&[ca("Root"), middle], &entity("x")), Agreement::OnlyHubward(name));
}

#[test]
fn constraints_on_directory_names_are_processed() {
    let mut middle = ca("Middle");
    let permitted_subtrees = vec![GeneralSubtree::DirectoryName(entity("x").distinguished_name)];
    middle.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    let name = "constraints on directory names, mailboxes and URIs are processed: RFC 5280 4.2.1.10";
    assert_eq!(device(&[ca("Root"), middle], &entity("x")), Agreement::OnlyHubward(name));
}

#[test]
fn self_issued_intermediates_are_exempt_from_name_constraints() {
    let mut middle = ca("Middle");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("hub.example".to_owned())];
    middle.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    let mut renewed = ca("Middle");
    renewed.subject_alt_names = vec![SanType::DnsName("other.example".try_into().unwrap())];
    let name = "self-issued intermediates are exempt from name constraints: RFC 5280 6.1.3 (b)";
    assert_eq!(device(&[ca("Root"), middle, renewed], &entity("x")), Agreement::OnlyHubward(name));
}

#[test]
fn a_short_wildcard_is_compared_with_name_constraints() {
    let mut middle = ca("Middle");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("example".to_owned())];
    middle.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    let mut leaf = entity("x");
    leaf.subject_alt_names = vec![SanType::DnsName("*.example".try_into().unwrap())];
    let name = "a wildcard above one label is compared with name constraints: RFC 5280 4.2.1.10";
    assert_eq!(device(&[ca("Root"), middle], &leaf), Agreement::OnlyHubward(name));
}

#[test]
fn an_extension_that_is_not_needed_is_not_read() {
    let middle = middle_with(&[2, 5, 29, 17], false, vec![5, 0]);
    let name = "an extension that is not needed is not read: RFC 5280 6.1";
    assert_eq!(device(&[ca("Root"), middle], &entity("x")), Agreement::OnlyHubward(name));
}

#[test]
fn a_path_may_have_more_than_six_intermediates() {
    let names = ["Root", "1", "2", "3", "4", "5", "6", "7"];
    let name = "a path may have more than six intermediates: RFC 5280 6.1";
    assert_eq!(device(&names.map(ca), &entity("x")), Agreement::OnlyHubward(name));
    assert_eq!(device(&["Root", "1", "2", "3", "4", "5", "6"].map(ca), &entity("x")), Agreement::Accepted);
}

#[test]
fn a_leaf_may_have_version_1() {
    let found = changed(LEAF, |inner| {
        inner.retain(|field| !matches!(field[0], 0xa0 | 0xa3));
    });
    let name = "a leaf may have version 1 or 2: RFC 5280 4.1.2.1";
    assert_eq!(found, Agreement::OnlyHubward(name));
}

#[test]
fn unique_identifiers_are_read() {
    let found = changed(MIDDLE, |inner| inner.insert(7, tlv(0x81, &[0, 1])));
    assert_eq!(found, Agreement::OnlyHubward("unique identifiers are read: RFC 5280 4.1.2.8"));
}

#[test]
fn a_path_length_may_be_above_255() {
    let long = sequence(&[&[1, 1, 0xff], &[2, 2, 1, 0]]);
    let mut middle = middle_with(&[2, 5, 29, 19], true, long);
    middle.is_ca = IsCa::NoCa;
    let name = "a path length may be above 255: RFC 5280 4.2.1.9";
    assert_eq!(device(&[ca("Root"), middle], &entity("x")), Agreement::OnlyHubward(name));
}

#[test]
fn a_period_may_begin_before_1970() {
    let mut leaf = entity("x");
    leaf.not_before = date_time_ymd(1960, 1, 1);
    let name = "a period may begin before 1970: RFC 5280 4.1.2.5.1";
    assert_eq!(device(&[ca("Root"), ca("Middle")], &leaf), Agreement::OnlyHubward(name));
}

#[test]
fn key_usage_must_allow_the_use() {
    let mut middle = ca("Middle");
    middle.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let name = "the key of a CA must be for certificates: RFC 5280 6.1.4 (n)";
    assert_eq!(device(&[ca("Root"), middle], &entity("x")), Agreement::OnlyWebpki(name));
    let mut leaf = entity("x");
    leaf.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    let name = "the key of a leaf must be for signatures: RFC 5280 4.2.1.3, RFC 8446 4.4.3";
    assert_eq!(device(&[ca("Root"), ca("Middle")], &leaf), Agreement::OnlyWebpki(name));
}

#[test]
fn an_anchor_s_certificate_limits_what_it_is_trusted_for() {
    let mut root = ca("Root");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let name = "an anchor's certificate limits what it is trusted for: RFC 5280 6.1.1 (d)";
    assert_eq!(device(&[root, ca("Middle")], &entity("x")), Agreement::OnlyWebpki(name));
}

#[test]
fn a_critical_list_of_timestamps_is_unknown() {
    let middle = middle_with(&[1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2], true, tlv(4, &[0, 0]));
    let name = "a critical list of timestamps is not processed: RFC 5280 4.2, RFC 6962 3.3";
    assert_eq!(device(&[ca("Root"), middle], &entity("x")), Agreement::OnlyWebpki(name));
}

#[test]
fn every_extension_is_read_and_occurs_once() {
    let unreadable: [(&[u64], &str); 5] = [
        (&[2, 5, 29, 32], "certificate policies are read: RFC 5280 4.2.1.4"),
        (&[2, 5, 29, 33], "policy mappings are read: RFC 5280 4.2.1.5"),
        (&[2, 5, 29, 36], "policy constraints are read: RFC 5280 4.2.1.11"),
        (&[2, 5, 29, 54], "inhibitAnyPolicy is read: RFC 5280 4.2.1.14"),
        (&[2, 5, 29, 30], "name constraints are read in full: RFC 5280 4.2.1.10"),
    ];
    for (oid, name) in unreadable {
        let middle = middle_with(oid, false, sequence(&[]));
        let found = device(&[ca("Root"), middle], &entity("x"));
        assert_eq!(found, Agreement::OnlyWebpki(name));
    }
    let mut leaf = entity("x");
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], sequence(&[]))];
    let name = "alternative names are read in full: RFC 5280 4.2.1.6";
    assert_eq!(device(&[ca("Root"), ca("Middle")], &leaf), Agreement::OnlyWebpki(name));
    let unknown = || CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    leaf.custom_extensions = vec![unknown(), unknown()];
    let name = "no extension occurs twice: RFC 5280 4.2";
    assert_eq!(device(&[ca("Root"), ca("Middle")], &leaf), Agreement::OnlyWebpki(name));
}

#[test]
fn the_fields_of_a_certificate_are_read() {
    let not_minimal = changed(LEAF, |inner| inner[1] = vec![2, 2, 0, 1]);
    assert_eq!(not_minimal, Agreement::OnlyWebpki("a serial number is an INTEGER of DER: RFC 5280 4.1.2.2"));
    let no_key = changed(LEAF, |inner| inner[6] = sequence(&[&sequence(&[]), &[3, 0]]));
    assert_eq!(no_key, Agreement::OnlyWebpki("the key of a leaf is read: RFC 5280 4.1.2.7"));
    let empty = changed(LEAF, |inner| inner[7] = vec![0xa3, 2, 0x30, 0]);
    assert_eq!(empty, Agreement::OnlyWebpki("a list of extensions is not empty: RFC 5280 4.1.2.9"));
    let no_name = changed(LEAF, |inner| inner[5] = sequence(&[&[2, 1, 1]]));
    assert_eq!(no_name, Agreement::OnlyWebpki("issuer and subject are names: RFC 5280 4.1.2.4"));
}
