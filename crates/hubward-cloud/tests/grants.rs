//! Verification and grants: what a verified storage token allows, and what it does not.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_cloud::storage::{
    Access, Context, Denial, Grant, Permission, Permissions, RequestParameters, Resource, Sas, SasKind,
    StoredPolicy, UnsignedSas, UserDelegation, Version,
};
use hubward_cloud::{DelegationKey, IpRange, VerifyError};
use hubward_rustcrypto::GeneralKey;

fn unsigned(kind: SasKind, permissions: &str) -> UnsignedSas<'static> {
    UnsignedSas::new(kind, Version::LATEST)
        .unwrap()
        .with_permissions(Permissions::parse(kind, permissions).unwrap())
        .with_expiry(at(EXPIRY))
        .unwrap()
}

fn grant<'a>(text: &'a str, resource: &'a Resource<'a>) -> Result<Grant<'a>, VerifyError> {
    // a grant borrows its token
    Box::leak(Box::new(Sas::parse(text).unwrap())).verify(resource, &account_key(), &Context::new(at(EXPIRY)))
}

#[test]
fn a_grant_judges_permission_address_protocol_and_time() {
    let blob = Resource::blob("acct1", "cont", "a/b.txt").unwrap();
    let text = unsigned(SasKind::Blob, "rw")
        .with_start(at(EXPIRY - 10))
        .unwrap()
        .with_addresses(IpRange::parse("10.0.0.1-10.0.0.9").unwrap())
        .unwrap()
        .https_only()
        .unwrap()
        .with_value("rsct", "text/plain")
        .unwrap()
        .sign(&blob, &account_key())
        .unwrap()
        .to_string();
    let grant = grant(&text, &blob).unwrap();
    let fields: Vec<_> =
        Sas::parse(&text).unwrap().fields().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(fields[1..4], ["sp=rw", "st=2029-12-31T23:59:50Z", "se=2030-01-01T00:00:00Z"]);
    assert!(fields.iter().all(|field| !field.starts_with("sig")));
    let headers: Vec<_> = grant.response_headers().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["content-type: text/plain"]);
    let access = |now| Access::new(&blob, Permission::Read, at(now)).with_address([10, 0, 0, 5].into());
    assert_eq!(grant.judge(&access(EXPIRY)), Ok(()));
    assert_eq!(grant.judge(&access(EXPIRY - 10)), Ok(()));
    assert!(matches!(grant.judge(&access(EXPIRY - 11)), Err(Denial::Time(VerifyError::NotYet { .. }))));
    assert!(matches!(grant.judge(&access(EXPIRY + 1)), Err(Denial::Time(VerifyError::Expired { .. }))));
    assert_eq!(grant.judge(&access(EXPIRY).with_address([10, 0, 0, 10].into())), Err(Denial::Address));
    let unknown = Access::new(&blob, Permission::Read, at(EXPIRY));
    assert_eq!(grant.judge(&unknown), Err(Denial::Address), "an unknown address is in no range");
    assert_eq!(grant.judge(&access(EXPIRY).without_tls()), Err(Denial::Protocol));
    let delete = Access::new(&blob, Permission::Delete, at(EXPIRY)).with_address([10, 0, 0, 5].into());
    let denial = grant.judge(&delete).unwrap_err();
    assert_eq!(denial, Denial::Permission(Permission::Delete));
    assert_eq!(denial.code(), "grant-permission");
}

#[test]
fn a_scope_is_exact_or_by_whole_segments() {
    let of = |path| Resource::blob("acct1", "cont", path).unwrap();
    let covers = |kind, own: &Resource<'_>, depth: &'static str, other: &Resource<'_>| {
        let unsigned = unsigned(kind, "r");
        let unsigned =
            if kind == SasKind::Directory { unsigned.with_depth(depth).unwrap() } else { unsigned };
        let text = unsigned.sign(own, &account_key()).unwrap().to_string();
        // the same token, presented for the other resource
        let verified = grant(&text, other).is_ok();
        let sas = Sas::parse(&text).unwrap();
        let judged = sas.verify(own, &account_key(), &Context::new(at(EXPIRY))).unwrap();
        assert_eq!(verified, judged.covers(other), "{kind:?} {other:?}");
        verified
    };
    let file = of("dir/sub/b.txt");
    assert!(covers(SasKind::Blob, &file, "", &file));
    assert!(!covers(SasKind::Blob, &file, "", &of("dir/sub/b.txt2")));
    assert!(!covers(SasKind::Blob, &file, "", &of("dir/sub")));
    assert!(!covers(SasKind::Blob, &file, "", &file.with_snapshot("2024").unwrap()), "the blob itself only");
    assert!(covers(SasKind::Directory, &file, "1", &of("dir/other")));
    assert!(covers(SasKind::Directory, &file, "2", &of("dir/sub/x/y")));
    assert!(!covers(SasKind::Directory, &file, "2", &of("dir/sub2/x")));
    assert!(!covers(SasKind::Directory, &file, "2", &of("dir")));
    assert!(covers(SasKind::Container, &file, "", &of("x")));
    assert!(!covers(SasKind::Container, &file, "", &Resource::blob("acct1", "cont2", "x").unwrap()));
    assert!(!covers(SasKind::Container, &file, "", &Resource::blob("acct2", "cont", "x").unwrap()));
    assert!(!covers(SasKind::Container, &file, "", &Resource::share("acct1", "cont").unwrap()));
    let old = file.with_snapshot("2024").unwrap();
    assert!(covers(SasKind::BlobSnapshot, &old, "", &old));
    assert!(!covers(SasKind::BlobSnapshot, &old, "", &file.with_snapshot("2025").unwrap()));
    assert!(!covers(SasKind::BlobSnapshot, &old, "", &file.with_version("2024").unwrap()));
}

#[test]
fn an_encoded_path_is_the_same_resource() {
    let plain = Resource::blob("acct1", "cont", "d/b x+1.txt").unwrap();
    let text = unsigned(SasKind::Blob, "r").sign(&plain, &account_key()).unwrap().to_string();
    let encoded =
        Resource::from_path(hubward_cloud::storage::Service::Blob, "acct1", "/cont/d%2Fb%20x+1.txt").unwrap();
    assert!(grant(&text, &encoded).unwrap().covers(&plain));
    for wrong in ["cont/b", "/cont/a/../b", "/cont/%0Ab", "/cont/%zz", "/co%2Fnt/b"] {
        assert!(
            Resource::from_path(hubward_cloud::storage::Service::Blob, "acct1", wrong).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn a_stored_policy_completes_its_token_and_nothing_else() {
    let cont = Resource::container("acct1", "cont").unwrap();
    let kind = SasKind::Container;
    let token = UnsignedSas::new(kind, Version::LATEST).unwrap().with_identifier("readers").unwrap();
    let text = token.sign(&cont, &account_key()).unwrap().to_string();
    let sas = Sas::parse(&text).unwrap();
    let context = Context::new(at(EXPIRY));
    let verify =
        |context: &Context<'_>| sas.verify(&cont, &account_key(), context).map(|grant| grant.expiry());
    assert_eq!(verify(&context), Err(VerifyError::UnknownPolicy));
    let read = Permissions::parse(kind, "r").unwrap();
    let policy = StoredPolicy::new("readers").with_permissions(read).with_expiry(at(EXPIRY));
    assert_eq!(verify(&context.with_policy(&policy)), Ok(EXPIRY));
    let other = StoredPolicy::new("writers").with_permissions(read).with_expiry(at(EXPIRY));
    assert_eq!(verify(&context.with_policy(&other)), Err(VerifyError::UnknownPolicy));
    let open = StoredPolicy::new("readers").with_permissions(read);
    assert_eq!(verify(&context.with_policy(&open)), Err(VerifyError::PolicyValue("se")));

    // a value that both have
    let both = token.with_permissions(read).sign(&cont, &account_key()).unwrap().to_string();
    let sas = Sas::parse(&both).unwrap();
    let verdict = sas.verify(&cont, &account_key(), &context.with_policy(&policy));
    assert_eq!(verdict.err(), Some(VerifyError::PolicyValue("sp")));
    // a token without the id needs no policy, and one given does not widen it
    let plain = unsigned(kind, "l").sign(&cont, &account_key()).unwrap().to_string();
    let sas = Sas::parse(&plain).unwrap();
    let grant = sas.verify(&cont, &account_key(), &context.with_policy(&policy)).unwrap();
    assert_eq!(grant.permissions().as_str(), "l");
}

fn delegated<'a>(period: (&'a str, &'a str), service: &'a str) -> UnsignedSas<'a> {
    let delegation = UserDelegation::new("11", "22", period, service, "2022-11-02");
    UnsignedSas::delegated(SasKind::Blob, Version::LATEST, &delegation)
        .unwrap()
        .with_permissions(Permissions::parse(SasKind::Blob, "r").unwrap())
        .with_expiry(at(EXPIRY))
        .unwrap()
}

#[test]
fn a_token_ends_with_its_delegation_key_at_the_latest() {
    let key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob("acct1", "cont", "b").unwrap();
    for (end, until) in [("2030-01-02T00:00:00Z", EXPIRY), ("2029-12-31T00:00:00Z", EXPIRY - 86_400)] {
        let unsigned = delegated(("2029-12-26T00:00:00Z", end), "b");
        let text = unsigned.sign_delegated(&blob, &key, RequestParameters::default()).unwrap().to_string();
        let sas = Sas::parse(&text).unwrap();
        assert_eq!(sas.until().map(|time| time.seconds()), Some(until), "{end}");
        let grant = |now| sas.verify_delegated(&blob, &key, &Context::new(at(now)));
        assert!(grant(until).is_ok() && grant(until + 1).is_err(), "the verifier agrees");
    }
}

#[test]
fn a_delegation_key_has_a_period_and_a_service() {
    let key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob("acct1", "cont", "b").unwrap();
    let verify = |unsigned: UnsignedSas<'_>, now| {
        let text = unsigned.sign_delegated(&blob, &key, RequestParameters::default()).unwrap().to_string();
        Sas::parse(&text)
            .unwrap()
            .verify_delegated(&blob, &key, &Context::new(at(now)))
            .map(|grant| grant.expiry())
    };
    let week = ("2029-12-26T00:00:00Z", "2030-01-02T00:00:00Z");
    assert_eq!(verify(delegated(week, "b"), EXPIRY), Ok(EXPIRY));
    let short = ("2029-12-26T00:00:00Z", "2029-12-31T00:00:00Z");
    assert!(matches!(verify(delegated(short, "b"), EXPIRY), Err(VerifyError::Expired { .. })));
    assert_eq!(
        verify(delegated(short, "b"), EXPIRY - 86_400),
        Ok(EXPIRY - 86_400),
        "the key's expiry counts"
    );
    let long = ("2029-12-25T23:59:59Z", "2030-01-02T00:00:00Z");
    assert_eq!(verify(delegated(long, "b"), EXPIRY), Err(VerifyError::DelegationPeriod));
    let turned = ("2030-01-02T00:00:00Z", "2029-12-26T00:00:00Z");
    assert_eq!(verify(delegated(turned, "b"), EXPIRY), Err(VerifyError::DelegationPeriod));
    assert_eq!(verify(delegated(week, "q"), EXPIRY), Err(VerifyError::DelegationService));
}

#[test]
fn a_bound_token_needs_its_user_and_its_headers() {
    let key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob("acct1", "cont", "b").unwrap();
    let unsigned = delegated(("2029-12-26T00:00:00Z", "2030-01-02T00:00:00Z"), "b")
        .with_value("sduoid", "55")
        .unwrap()
        .with_value("srh", "x-ms-a,b")
        .unwrap()
        .with_value("srq", "comp")
        .unwrap();
    let (headers, query) = ([("X-MS-A", "1"), ("b", "2")], [("comp", "3")]);
    let parameters = RequestParameters::new(&headers, &query);
    let signed = unsigned.string_to_sign(&blob, parameters).unwrap().to_string();
    assert!(signed.contains("\nx-ms-a:1\nb:2\n\n\ncomp:3\n"), "{signed:?}");
    let text = unsigned.sign_delegated(&blob, &key, parameters).unwrap().to_string();
    let sas = Sas::parse(&text).unwrap();
    let context = Context::new(at(EXPIRY));
    let grant = sas.verify_delegated(&blob, &key, &context.with_parameters(parameters)).unwrap();
    let access = Access::new(&blob, Permission::Read, at(EXPIRY));
    assert_eq!(grant.judge(&access), Err(Denial::User));
    assert_eq!(grant.judge(&access.with_user("56")), Err(Denial::User));
    assert_eq!(grant.judge(&access.with_user("55")), Ok(()));
    assert_eq!(sas.verify_delegated(&blob, &key, &context).err(), Some(VerifyError::RequiredParameter));
    let other = [("comp", "4")];
    let altered = context.with_parameters(RequestParameters::new(&headers, &other));
    assert_eq!(sas.verify_delegated(&blob, &key, &altered).err(), Some(VerifyError::WrongSignature));
}

#[test]
fn a_range_of_entities_is_by_both_keys() {
    let table = Resource::table("acct1", "Table1").unwrap();
    let mut unsigned = unsigned(SasKind::Table, "r").with_table("Table1").unwrap();
    for (name, value) in [("spk", "b"), ("srk", "5"), ("epk", "d"), ("erk", "5")] {
        unsigned = unsigned.with_value(name, value).unwrap();
    }
    let text = unsigned.sign(&table, &account_key()).unwrap().to_string();
    let other_case = Resource::table("acct1", "TABLE1").unwrap();
    let grant = grant(&text, &other_case).unwrap();
    let judge = |partition, row| {
        grant.judge(&Access::new(&table, Permission::Read, at(EXPIRY)).with_entity(partition, row)).is_ok()
    };
    for (partition, row, inside) in [
        ("a", "9", false),
        ("b", "4", false),
        ("b", "5", true),
        ("c", "", true),
        ("d", "5", true),
        ("d", "50", false),
        ("e", "0", false),
    ] {
        assert_eq!(judge(partition, row), inside, "{partition} {row}");
    }
    assert_eq!(grant.judge(&Access::new(&table, Permission::Read, at(EXPIRY))), Err(Denial::Entity));
}
