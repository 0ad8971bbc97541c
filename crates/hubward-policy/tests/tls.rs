//! TLS rules: the documented sets, negotiated handshakes, ClientHellos, and a slow model over IANA's names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;

use hubward_policy::tls::{
    CipherSuite, ClientHello, LEGACY, NAMED, NegotiatedTls, RECOMMENDED_ECC, RECOMMENDED_RSA, TLS13,
    TlsDenial, TlsRules, TlsVersion,
};
use proptest::prelude::*;

fn suite(name: &str) -> CipherSuite {
    name.parse().unwrap()
}

fn hello<'a>(versions: Option<&'a [u16]>, cipher_suites: &'a [u16]) -> ClientHello<'a> {
    ClientHello { legacy_version: 0x0303, supported_versions: versions, cipher_suites }
}

#[test]
fn the_sets_are_the_documented_ones() {
    let four = |kind: &str| -> BTreeSet<String> {
        ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "AES_128_CBC_SHA256", "AES_256_CBC_SHA384"]
            .map(|cipher| format!("TLS_ECDHE_{kind}_WITH_{cipher}"))
            .into()
    };
    let names = |set: &[CipherSuite]| -> BTreeSet<String> { set.iter().map(ToString::to_string).collect() };
    assert_eq!(names(RECOMMENDED_RSA), four("RSA"));
    assert_eq!(names(RECOMMENDED_ECC), four("ECDSA"));
    let both: BTreeSet<_> = four("RSA").union(&four("ECDSA")).cloned().collect();
    let provisioning: Vec<_> =
        TlsRules::PROVISIONING.suites().filter(|suite| !TLS13.contains(suite)).collect();
    assert_eq!((names(&provisioning), provisioning.len()), (both, 8));
    let legacy = [
        "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
    ];
    assert_eq!(names(LEGACY), legacy.map(String::from).into());
}

#[test]
fn names_and_code_points_are_one_to_one() {
    let codes: BTreeSet<u16> = NAMED.iter().map(|(suite, _)| suite.0).collect();
    let names: BTreeSet<&str> = NAMED.iter().map(|(_, name)| *name).collect();
    assert_eq!((codes.len(), names.len()), (NAMED.len(), NAMED.len()));
    for (code, name) in NAMED {
        assert_eq!((suite(name), code.name()), (*code, Some(*name)));
    }
    assert!("TLS_NULL_WITH_NULL_NULL".parse::<CipherSuite>().is_err());
    assert_eq!(CipherSuite(0x0a0a).to_string(), "suite 0x0a0a");
    for version in TlsVersion::ALL {
        assert_eq!(version.number().unwrap().parse(), Ok(version));
    }
}

#[test]
fn a_negotiated_handshake_is_judged() {
    let gcm = suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    let tls13 = suite("TLS_AES_128_GCM_SHA256");
    let old = suite("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
    let (v1_0, v1_1, v1_2, v1_3) = (TlsVersion::V1_0, TlsVersion::V1_1, TlsVersion::V1_2, TlsVersion::V1_3);
    let hub = TlsRules::HUB;
    for (version, suite, code, sentence) in [
        (
            v1_1,
            old,
            "legacy-version",
            "TLS 1.1 is a legacy version, and the rules do not allow it; the oldest allowed version is TLS 1.2",
        ),
        (
            v1_0,
            gcm,
            "legacy-version",
            "TLS 1.0 is a legacy version, and the rules do not allow it; the oldest allowed version is TLS 1.2",
        ),
        (TlsVersion(0x0300), gcm, "unknown-version", "version 0x0300 is not a TLS version"),
        (TlsVersion(0x0305), tls13, "unknown-version", "version 0x0305 is not a TLS version"),
        (v1_2, old, "suite", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA is not an allowed cipher suite"),
        (v1_2, CipherSuite(0), "suite", "suite 0x0000 is not an allowed cipher suite"),
        (v1_2, tls13, "suite-of-another-version", "TLS_AES_128_GCM_SHA256 is not a cipher suite of TLS 1.2"),
        (
            v1_3,
            gcm,
            "suite-of-another-version",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is not a cipher suite of TLS 1.3",
        ),
    ] {
        let denial = hub.check_negotiated(version, suite).unwrap_err();
        assert_eq!((denial.code(), denial.to_string().as_str()), (code, sentence));
    }
    assert_eq!(hub.check_negotiated(v1_2, gcm), Ok(()));
    assert_eq!(hub.check_negotiated(v1_3, tls13), Ok(()));
    let only = hub.without_tls_1_2().check_negotiated(v1_2, gcm).unwrap_err();
    assert_eq!(only.to_string(), "TLS 1.2 is older than TLS 1.3, the oldest allowed version");
    assert_eq!(only.code(), "version-too-old");
    // each legacy version must be named
    for (rules, allows) in [
        (TlsRules::LEGACY_HUB, [true, true]),
        (TlsRules::new(&[LEGACY]).with_legacy_tls_1_1(), [true, false]),
        (TlsRules::new(&[LEGACY]).with_legacy_tls_1_0(), [false, true]),
        (TlsRules::new(&[LEGACY]), [false, false]),
    ] {
        assert_eq!([v1_1, v1_0].map(|version| rules.check_negotiated(version, old).is_ok()), allows);
    }
    let early = TlsRules::LEGACY_HUB.check_negotiated(v1_1, gcm).unwrap_err();
    assert_eq!(early.code(), "suite-of-another-version", "GCM came with TLS 1.2");
}

#[test]
fn a_client_hello_is_judged() {
    let hub = TlsRules::HUB;
    let modern = [0x1301, 0xc02f, 0x002f, 0x00ff];
    let agreed = |hello: &ClientHello<'_>| {
        hub.check_hello(hello).map(|NegotiatedTls { version, suite, .. }| (version, suite.0))
    };
    // GREASE, signalling values and weak suites are ignored
    assert_eq!(
        agreed(&hello(Some(&[0x0a0a, 0x0304, 0x0303, 0x0301]), &modern)),
        Ok((TlsVersion::V1_3, 0x1301))
    );
    assert_eq!(agreed(&hello(Some(&[0x0303]), &modern)), Ok((TlsVersion::V1_2, 0xc02f)));
    assert_eq!(agreed(&hello(None, &modern)), Ok((TlsVersion::V1_2, 0xc02f)), "TLS 1.3 needs the extension");
    assert_eq!(
        agreed(&hello(Some(&[0x0304, 0x0303]), &[0xc02f])),
        Ok((TlsVersion::V1_2, 0xc02f)),
        "the newest version with a common suite"
    );
    let denied = |hello: &ClientHello<'_>| {
        let denial = hub.check_hello(hello).unwrap_err();
        (denial.code(), denial.to_string())
    };
    let (code, sentence) = denied(&hello(Some(&[0x0304, 0x0303]), &[0x002f, 0xc013]));
    assert_eq!(code, "no-common-suite");
    assert_eq!(
        sentence,
        "offers TLS 1.3, but no cipher suite that is allowed for it or an older version; \
         an allowed one is TLS_AES_256_GCM_SHA384"
    );
    let old = ClientHello { legacy_version: 0x0302, supported_versions: None, cipher_suites: &modern };
    let (code, sentence) = denied(&old);
    assert_eq!(
        (code, sentence.as_str()),
        ("no-common-version", "offers no allowed version; the oldest allowed version is TLS 1.2")
    );
    assert_eq!(
        denied(&hello(Some(&[]), &modern)).0,
        "no-common-version",
        "the extension counts, not the field"
    );
    assert_eq!(
        TlsRules::LEGACY_HUB.check_hello(&ClientHello { cipher_suites: &[0xc013], ..old }).unwrap().version,
        TlsVersion::V1_1
    );
    // rules without a suite for a version do not allow the version
    let only_1_2 = TlsRules::new(&[RECOMMENDED_RSA]);
    assert_eq!(
        only_1_2.check_hello(&hello(Some(&[0x0304]), &modern)),
        Err(TlsDenial::NoCommonVersion { minimum: TlsVersion::V1_2 })
    );
}

/// Returns the versions of a suite, by its name alone.
fn versions_by_name(name: &str) -> &'static [u16] {
    if !name.contains("_WITH_") {
        &[0x0304]
    } else if name.ends_with("_SHA") {
        &[0x0303, 0x0302, 0x0301]
    } else {
        &[0x0303]
    }
}

/// Returns every pair of a version and a suite that the client offers and the rules allow, the slow way.
fn pairs(rules: &[&str], versions: &[u16], hello: &ClientHello<'_>) -> BTreeSet<(u16, u16)> {
    let mut pairs = BTreeSet::new();
    for version in 0..=0x0400 {
        let offered = match hello.supported_versions {
            Some(listed) => listed.contains(&version),
            None => version <= hello.legacy_version && version <= 0x0303,
        };
        for (suite, name) in NAMED {
            let taken = rules.contains(name) && versions.contains(&version);
            if offered
                && taken
                && versions_by_name(name).contains(&version)
                && hello.cipher_suites.contains(&suite.0)
            {
                pairs.insert((version, suite.0));
            }
        }
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn rules_agree_with_a_slow_model(
        taken in proptest::sample::subsequence((0..NAMED.len()).collect::<Vec<_>>(), 0..=NAMED.len()),
        (tls12, legacy_1_1, legacy_1_0) in any::<(bool, bool, bool)>(),
        legacy_version in prop_oneof![0x02fe_u16..0x0307, any::<u16>()],
        listed in proptest::option::of(proptest::collection::vec(0x02ff_u16..0x0307, 0..5)),
        offered in proptest::collection::vec(
            prop_oneof![proptest::sample::select(NAMED.to_vec()).prop_map(|(suite, _)| suite.0), any::<u16>()], 0..8),
    ) {
        let set: Vec<CipherSuite> = taken.iter().filter_map(|at| NAMED.get(*at)).map(|(suite, _)| *suite).collect();
        let names: Vec<&str> = set.iter().filter_map(|suite| suite.name()).collect();
        let (first, second) = set.split_at(set.len() / 2);
        let sets = [first, second];
        let mut rules = TlsRules::new(&sets);
        let mut versions = vec![0x0304];
        if tls12 { versions.push(0x0303) } else { rules = rules.without_tls_1_2() }
        if legacy_1_1 { versions.push(0x0302); rules = rules.with_legacy_tls_1_1() }
        if legacy_1_0 { versions.push(0x0301); rules = rules.with_legacy_tls_1_0() }
        let hello = ClientHello { legacy_version, supported_versions: listed.as_deref(), cipher_suites: &offered };
        let expected = pairs(&names, &versions, &hello);
        match rules.check_hello(&hello) {
            Ok(agreed) => {
                prop_assert!(expected.contains(&(agreed.version.0, agreed.suite.0)));
                prop_assert_eq!(Some(agreed.version.0), expected.iter().map(|pair| pair.0).max());
                prop_assert_eq!(rules.check_negotiated(agreed.version, agreed.suite), Ok(()));
            }
            Err(denial) => {
                prop_assert!(expected.is_empty(), "{}", denial);
                if let TlsDenial::NoCommonSuite { version, suite } = denial {
                    prop_assert!(hello.offers_version(version) && !hello.offers_suite(suite));
                    prop_assert_eq!(rules.check_negotiated(version, suite), Ok(()));
                }
            }
        }
        for version in 0x02ff..0x0307 {
            for suite in offered.iter().copied().chain(NAMED.iter().map(|(suite, _)| suite.0)) {
                let name = CipherSuite(suite).name();
                let taken = versions.contains(&version)
                    && name.is_some_and(|name| names.contains(&name) && versions_by_name(name).contains(&version));
                let judged = rules.check_negotiated(TlsVersion(version), CipherSuite(suite));
                prop_assert_eq!(judged.is_ok(), taken, "{:?}", judged);
            }
        }
    }
}
