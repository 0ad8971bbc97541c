//! An excluded name is excluded in every spelling.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/mod.rs"]
mod minting;

use hubward_ring::signature;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile, error::NameForm,
};
use minting::{ca, entity, key, now, sign};
use rcgen::string::{BmpString, TeletexString, UniversalString};
use rcgen::{DistinguishedName, DnType, DnValue, GeneralSubtree, NameConstraints};

/// Verifies a device of this organization below a CA that excludes `O=Bank`.
fn check(organization: DnValue) -> Result<(), Problem> {
    let mut excluded = DistinguishedName::new();
    excluded.push(DnType::OrganizationName, "Bank");
    let (root_key, mut root) = (key(), ca("Root"));
    root.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![],
        excluded_subtrees: vec![GeneralSubtree::DirectoryName(excluded)],
    });
    let registered = root.self_signed(&root_key).unwrap().der().to_vec();
    let mut leaf = entity("pump-17");
    leaf.distinguished_name = DistinguishedName::new();
    leaf.distinguished_name.push(DnType::OrganizationName, organization);
    leaf.distinguished_name.push(DnType::CommonName, "pump-17");
    let leaf = sign(&leaf, &key(), &root, &root_key);
    let anchors = Anchors::parse([&registered]).unwrap();
    let chain = Chain::parse(&leaf, [&registered]).unwrap();
    match chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), signature::ALL, now(0)) {
        Err(ChainError::Refused { place: CertificatePosition::Leaf, problem }) => Err(problem),
        other => other.map(drop).map_err(|error| panic!("{error}")),
    }
}

#[test]
fn another_case_or_string_type_is_excluded_too() {
    let by = CertificatePosition::Anchor(0);
    for same in ["Bank", "bANK", " Bank  "] {
        assert_eq!(check(same.into()), Err(Problem::Excluded { form: NameForm::Directory, by }), "{same}");
    }
    let not_comparable = Err(Problem::NotComparable { form: NameForm::Directory });
    assert_eq!(check(DnValue::TeletexString(TeletexString::try_from("Bank").unwrap())), not_comparable);
    assert_eq!(check(DnValue::BmpString(BmpString::try_from("Bank").unwrap())), not_comparable);
    assert_eq!(check(DnValue::UniversalString(UniversalString::try_from("Bank").unwrap())), not_comparable);
    // a soft hyphen, a zero-width space, a control character, and wide letters: RFC 4518 reads `Bank`
    for hidden in ["Ba\u{ad}nk", "Ba\u{200b}nk", "Ba\u{1}nk", "\u{ff22}\u{ff41}\u{ff4e}\u{ff4b}"] {
        assert_eq!(check(hidden.into()), not_comparable, "{hidden:?}");
    }
}

#[test]
fn other_names_are_accepted_in_any_script() {
    for other in
        ["Banker", "M\u{fc}ller & S\u{f6}hne (Bern)", "\u{9280}\u{884c}", "\u{411}\u{430}\u{43d}\u{43a}"]
    {
        assert_eq!(check(other.into()), Ok(()), "{other}");
    }
    assert_eq!(check(DnValue::PrintableString("Fleet".try_into().unwrap())), Ok(()));
}
