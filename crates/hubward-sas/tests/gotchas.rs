//! The known defects of other verifiers of these tokens, with a test for each.
#![allow(
    missing_docs,
    unreachable_pub,
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
use core::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_core::{
    DeviceId, Identity, KeyError, KeySlot, Keys, Lookup, MacKey, ResourcePath, SymmetricKey, Tag,
};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, VerifyError};

fn device(id: &str) -> Identity<'_> {
    Identity::Device(DeviceId::parse(id).unwrap())
}

#[test]
fn g01_an_id_is_decoded_once() {
    for (sr, once, twice) in [
        ("h.net%2Fdevices%2Fa%2Bb", "a+b", "a b"),
        ("h.net%2Fdevices%2Fx%2541", "x%41", "xA"),
        ("h.net%2Fdevices%2Fx%252Fmodules%252Fm", "x%2Fmodules%2Fm", "x"),
    ] {
        let text = token(sr, "1");
        let Lookup::Device(id) = parse(&text).unwrap().signer() else { panic!("{sr}") };
        assert!(id.eq_decoded(once) && !id.eq_decoded(twice), "{sr}");
    }
    // if a rule allows it, a comparison with a known identity decodes twice, and never three times
    let text = token("h.net%2Fdevices%2Fn%252540m", "1");
    let parsed = parse(&text).unwrap();
    assert!(!parsed.is_for(&device("n%40m"), &TokenRules::STRICT));
    assert!(parsed.is_for(&device("n%40m"), &TokenRules::HUB_COMPAT));
    assert!(!parsed.is_for(&device("n@m"), &TokenRules::HUB_COMPAT));
}

#[test]
fn g02_fields_are_split_before_they_are_decoded() {
    let text = format!("SharedAccessSignature sr={SR}%26se%3D9999999999&sig={SIG}&se={EXPIRY}");
    assert_eq!(parse(&text).ok().map(|token| token.expires()), None, "`&` is not a character of an id");
    let text = token(&format!("{SR}%3Dse"), "7");
    assert_eq!(parse(&text).unwrap().expires(), at(7));
}

#[test]
fn g03_prefixes_are_compared_by_whole_names() {
    let covers = |a: &str, b: &str| ResourcePath::parse(a).unwrap().covers(&ResourcePath::parse(b).unwrap());
    assert!(covers("hub/devices", "hub/devices/dev1"));
    for (a, b) in [
        ("hub/devices/dev1", "hub/devices/dev10"),
        ("hub", "hub.evil"),
        ("contoso", "contoso-2"),
        ("hub/dev", "hub/devices"),
    ] {
        assert!(!covers(a, b), "{a} {b}");
    }
    let text = token("h.net%2Fdevices%2Fdev1", "1");
    assert!(!parse(&text).unwrap().is_for(&device("dev10"), &TokenRules::HUB_COMPAT));
    assert!(!parse(&text).unwrap().is_for(&device("dev"), &TokenRules::HUB_COMPAT));
}

#[test]
fn g04_an_empty_key_is_refused() {
    for len in [0, 1, 15, 65, 200] {
        assert!(matches!(SymmetricKey::from_bytes(&vec![7; len]), Err(KeyError::Length { .. })), "{len}");
    }
    for len in 0..=70 {
        let read = SymmetricKey::from_base64(&STANDARD.encode(vec![7; len]));
        match read {
            Ok(key) => assert!((16..=64).contains(&len) && key.expose() == vec![7; len]),
            Err(error) => assert_eq!((error, (16..=64).contains(&len)), (KeyError::Length { len }, false)),
        }
    }
    let empty = HmacKey::from_bytes(b"");
    let forged = sig(&empty, SR, "1");
    let text = format!("SharedAccessSignature sr={SR}&sig={forged}&se=1");
    assert_eq!(verify(&text, 0).err(), Some(VerifyError::WrongSignature));
}

#[test]
fn g05_a_missing_second_key_matches_nothing() {
    let text = device1();
    let parsed = parse(&text).unwrap();
    let (key, other) = (key(), other_key());
    let slot =
        |keys| parsed.verify_for_any_host(keys, at(EXPIRY), &TokenRules::STRICT).map(|v| v.key_slot()).ok();
    assert_eq!(slot(Keys::one(&other)), None);
    assert_eq!(slot(Keys::pair(&key, &other)), Some(KeySlot::Primary));
    assert_eq!(slot(Keys::pair(&other, &key)), Some(KeySlot::Secondary));
    assert_eq!(slot(Keys::one(&other).with_dummy(&key)), None, "the tag of a dummy key matches nothing");
    assert_eq!(slot(Keys::one(&key).with_dummy(&other)), Some(KeySlot::Primary));
    assert_eq!(slot(Keys::pair(&other, &key).with_dummy(&other)), Some(KeySlot::Secondary));
}

/// A key that counts its tags.
#[derive(Debug)]
struct Counting<'c>(HmacKey, &'c AtomicUsize);

impl MacKey for Counting<'_> {
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.tag(parts)
    }
}

#[test]
fn g06_both_keys_are_tried_even_if_the_first_matches() {
    let tags = AtomicUsize::new(0);
    let (good, bad) = (Counting(key(), &tags), Counting(other_key(), &tags));
    let text = device1();
    for keys in [Keys::pair(&good, &bad), Keys::pair(&bad, &good), Keys::pair(&bad, &bad)] {
        tags.store(0, Ordering::Relaxed);
        let _ = parse(&text).unwrap().verify_for_any_host(keys, at(EXPIRY), &TokenRules::STRICT);
        assert_eq!(tags.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn g07_only_canonical_base64_is_accepted() {
    // the last character has two bits that belong to no byte: they are zero in 8, and not in 9, + and /
    for last in ["9", "+", "/"] {
        assert_eq!(
            refusal(&device1().replace("8%3D", &format!("{last}%3D"))),
            "token-signature-text",
            "{last}"
        );
    }
    for (from, to) in
        [("%3D", ""), ("%3D", "%3D%3D"), ("8%3D", "8%0A%3D"), ("e1py", "e1p-"), ("e1py", "e1p_")]
    {
        assert_eq!(refusal(&device1().replace(from, to)), "token-signature-text", "{to}");
    }
    assert_eq!(refusal(&device1().replace("%3D", "=")), "accepted");
    assert_eq!(refusal(&device1().replace("%3D", "%3d")), "accepted");
}

#[test]
fn g08_a_plus_is_not_a_space() {
    let sr =
        (0..500).map(|n| format!("h.net%2Fdevices%2Fd{n}")).find(|sr| sig(&key(), sr, "1").contains("%2B"));
    let text = token(&sr.unwrap(), "1");
    assert!(verify(&text, 0).is_ok());
    assert!(verify(&text.replace("%2B", "+"), 0).is_ok(), "a plus is not a space");
    assert!(parse(&text.replace("%2B", "%20")).is_err());
}

#[test]
fn g09_a_token_is_valid_in_its_last_second() {
    let text = device1();
    assert!(verify(&text, EXPIRY).is_ok());
    let expired = VerifyError::Expired { expiry: EXPIRY, now: EXPIRY + 1, leeway: 0 };
    assert_eq!(verify(&text, EXPIRY + 1).err(), Some(expired));
    let compat = |now| {
        parse(&text).unwrap().verify_for_any_host(Keys::one(&key()), at(now), &TokenRules::HUB_COMPAT).is_ok()
    };
    assert!(compat(EXPIRY + 300));
    assert!(!compat(EXPIRY + 301));
}

#[test]
fn g10_an_expiry_is_canonical_digits() {
    for se in ["-1", "+1", "1e9", "1.5", " 1", "0x1", "NaN", "", "01", "99999999999999999999"] {
        assert!(parse(&token(SR, se)).is_err(), "{se}");
    }
}

#[test]
fn g11_a_huge_expiry_does_not_overflow() {
    let text = token(SR, &i64::MAX.to_string());
    let parsed = parse(&text).unwrap();
    let mut rules = TokenRules::HUB_COMPAT;
    rules.leeway = core::time::Duration::MAX;
    assert!(parsed.verify_for_any_host(Keys::one(&key()), at(u64::MAX), &rules).is_ok());
    rules.leeway = core::time::Duration::ZERO;
    assert!(parsed.verify_for_any_host(Keys::one(&key()), at(u64::MAX), &rules).is_err());
    rules.max_lifetime = Some(core::time::Duration::MAX);
    assert!(parsed.verify_for_any_host(Keys::one(&key()), at(1), &rules).is_ok());
}

#[test]
fn g12_a_duplicate_field_is_refused() {
    for field in ["sr=x", &format!("sig={SIG}"), "se=9", "skn=a"] {
        let text = device1() + "&skn=&" + field;
        assert_eq!(refusal(&text), "token-duplicate-field", "{field}");
        let text = text.replace("SharedAccessSignature ", &format!("SharedAccessSignature {field}&"));
        assert_eq!(refusal(&text), "token-duplicate-field", "{field}");
    }
}

#[test]
fn g13_a_field_name_in_another_case_is_refused() {
    for rules in [TokenRules::STRICT, TokenRules::HUB_COMPAT] {
        for field in ["SE=9", "Se=9", "SR=x", "SIG=x", "sKn=x"] {
            assert!(SasToken::parse(&(device1() + "&" + field), &rules).is_err(), "{field}");
        }
    }
}

#[test]
fn g14_case_is_folded_in_ascii_only() {
    // U+212A, the Kelvin sign, folds to `k` in Unicode, and U+017F to `s`
    for id in ["%E2%84%AA", "%C5%BF", "\u{212a}"] {
        assert!(parse(&token(&format!("h.net%2Fdevices%2F{id}"), "1")).is_err(), "{id}");
    }
    let text = token("h.net%2Fdevices%2FKs", "1");
    let parsed = parse(&text).unwrap();
    assert!(parsed.is_for(&device("kS"), &TokenRules::HUB_COMPAT));
    assert!(!parsed.is_for(&device("kS"), &TokenRules::STRICT));
}

#[test]
fn g15_only_visible_ascii_is_accepted() {
    for byte in (0..=0x20).chain(0x7f..=0xff_u32) {
        let raw = char::from_u32(byte).unwrap();
        assert!(parse(&token(&format!("h.net/devices/a{raw}b"), "1")).is_err(), "{byte:#x}");
        assert!(parse(&token(&format!("h.net/devices/a%{byte:02X}b"), "1")).is_err(), "%{byte:02X}");
    }
    for field in ["extra=a\u{1}", "ex\ttra=", "skn=a\n", "extra=\u{e9}"] {
        let text = device1() + "&" + field;
        let error = SasToken::parse(&text, &TokenRules::HUB_COMPAT).unwrap_err();
        assert_eq!(error.code(), "token-not-visible-ascii", "{field:?}");
    }
    // and only `%` begins an escape of the signature
    for se in 1..100 {
        let text = token(SR, &se.to_string());
        let (before, sig) = text.split_once("&sig=").unwrap();
        for (escape, other) in ["%2B", "%2F"].iter().flat_map(|escape| [(escape, "\n"), (escape, "&")]) {
            let moved = sig.replacen(escape, &escape.replace('%', other), 1);
            assert!(moved == sig || parse(&format!("{before}&sig={moved}")).is_err(), "{moved:?}");
        }
    }
    // a line feed would move the end of the resource within the signed bytes
    let moved = format!(
        "SharedAccessSignature sr=h.net/devices/d\n1&sig={}&se=2",
        sig(&key(), "h.net/devices/d", "1\n2")
    );
    assert!(parse(&moved).is_err());
}

#[test]
fn g16_skn_selects_and_proves_nothing() {
    // a policy's name added to a device's token selects the policy's key, which did not sign it
    let text = device1() + "&skn=iothubowner";
    let parsed = parse(&text).unwrap();
    assert!(matches!(parsed.signer(), Lookup::Policy(_)));
    assert!(parsed.verify_for_any_host(Keys::one(&other_key()), at(EXPIRY), &TokenRules::STRICT).is_err());
    // a device's key over the whole hub has no signer
    assert_eq!(refusal(&token("myhub.azure-devices.net", "1")), "token-nobodys-key");
    assert_eq!(refusal(&token("myhub.azure-devices.net%2Fdevices", "1")), "token-nobodys-key");
}
