//! The grammar of a token, field by field.
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
use hubward_core::{Lookup, ResourceProblem};
use hubward_sas::{
    ExpiryProblem, ParseProblem, SasToken, SignatureProblem, TokenField, TokenParseError, TokenRules,
};

fn problem(text: &str) -> (usize, ParseProblem) {
    let TokenParseError { offset, problem, .. } = parse(text).unwrap_err();
    (offset, problem)
}

fn signer(text: &str) -> String {
    parse(text).unwrap().signer().to_string()
}

#[test]
fn fields_may_be_in_any_order() {
    let fields = [format!("sr={SR}"), format!("sig={SIG}"), format!("se={EXPIRY}"), "skn=".to_owned()];
    for first in 0..4 {
        for second in (0..4).filter(|second| *second != first) {
            for third in (0..4).filter(|third| ![first, second].contains(third)) {
                let fourth = 6 - first - second - third;
                let order = [first, second, third, fourth].map(|at| fields[at].as_str()).join("&");
                let text = format!("SharedAccessSignature {order}");
                assert_eq!(refusal(&text), "accepted", "{text}");
                let without = text.replace("&skn=", "").replace("skn=&", "");
                assert_eq!(refusal(&without), "accepted", "{without}");
            }
        }
    }
}

#[test]
fn every_field_except_skn_is_required() {
    for (missing, field) in [(TokenField::Sr, "sr"), (TokenField::Sig, "sig"), (TokenField::Se, "se")] {
        let text = device1();
        let left: Vec<&str> =
            text[22..].split('&').filter(|f| !f.starts_with(&format!("{field}="))).collect();
        let text = format!("SharedAccessSignature {}", left.join("&"));
        assert_eq!(problem(&text), (text.len(), ParseProblem::Missing(missing)));
    }
    assert_eq!(problem("SharedAccessSignature "), (22, ParseProblem::NotAField));
    assert_eq!(problem("SharedAccessSignature"), (0, ParseProblem::Scheme));
    assert_eq!(problem(""), (0, ParseProblem::Scheme));
}

#[test]
fn the_scheme_is_one_word_and_one_space() {
    let fields = &device1()[21..];
    for scheme in
        ["SharedAccessSignature ", "SharedAccessSignature\n", " SharedAccessSignature", "Bearer", ""]
    {
        let text = format!("{scheme}{fields}");
        assert!(matches!(problem(&text).1, ParseProblem::Scheme | ParseProblem::NotVisible), "{text}");
    }
}

#[test]
fn the_case_of_the_scheme_is_a_rule() {
    let text = device1().replace("SharedAccessSignature", "sharedaccesssignature");
    assert_eq!(problem(&text), (0, ParseProblem::Scheme));
    assert!(SasToken::parse(&text, &TokenRules::HUB_COMPAT).is_ok());
}

#[test]
fn unknown_fields_are_a_rule() {
    let text = device1() + "&extra=1";
    assert_eq!(problem(&text), (device1().len() + 1, ParseProblem::UnknownField));
    assert!(SasToken::parse(&text, &TokenRules::HUB_COMPAT).is_ok());
    for (tail, expected) in [
        ("&extra=1&EXTRA=2", ParseProblem::DuplicateUnknown),
        ("&SKN=device", ParseProblem::FieldCase(TokenField::Skn)),
        ("&SE=9", ParseProblem::Duplicate(TokenField::Se)),
        ("&extra", ParseProblem::NotAField),
        ("&a=&b=&c=&d=&e=&f=", ParseProblem::TooLong),
    ] {
        let text = device1() + tail;
        let error = SasToken::parse(&text, &TokenRules::HUB_COMPAT).unwrap_err();
        assert_eq!(error.problem, expected, "{tail}");
    }
}

#[test]
fn the_resource_and_skn_select_the_signer() {
    assert_eq!(signer(&token("h.net/devices/d%2B1", "1")), "device d+1");
    assert_eq!(signer(&token("h.net%2fdevices%2fd/modules/%24edgeHub", "1")), "module d/$edgeHub");
    assert_eq!(signer(&(token("h.net", "1") + "&skn=iothubowner")), "policy iothubowner");
    assert_eq!(signer(&(token("h.net/devices/d", "1") + "&skn=a%40b")), "policy a@b");
    let dps = "0ne00AB12CD%2Fregistrations%2Fsn-007";
    for skn in ["", "&skn=", "&skn=registration"] {
        assert_eq!(signer(&(token(dps, "1") + skn)), "registration sn-007 in scope 0ne00AB12CD", "{skn}");
    }
    let text = token("h.net/devices/d%2541", "1");
    let Lookup::Device(id) = parse(&text).unwrap().signer() else { panic!() };
    assert!(id.eq_decoded("d%41"), "decoded once");
}

#[test]
fn a_registration_has_no_policy() {
    let dps = token("0ne00AB12CD%2Fregistrations%2Fsn-007", "1") + "&skn=iothubowner";
    assert_eq!(problem(&dps).1, ParseProblem::NotRegistration);
    let token = SasToken::parse(&dps, &TokenRules::HUB_COMPAT).unwrap();
    assert!(matches!(token.signer(), Lookup::Registration(..)), "not a policy of the hub");
    let odd = common::token("0ne00AB12CD%2Fregistrations%2Fsn%24", "1") + "&skn=registration";
    assert_eq!(problem(&odd).1, ParseProblem::NotRegistration);
}

#[test]
fn a_resource_without_a_signer_is_refused() {
    for sr in [
        "h.net",
        "h.net/devices",
        "h.net/messages/events",
        "h.net/devices/d/messages/events",
        "h.net/devices/d/modules",
    ] {
        assert_eq!(problem(&token(sr, "1")), (25, ParseProblem::NoSigner), "{sr}");
        assert_eq!(problem(&(token(sr, "1") + "&skn=")), (25, ParseProblem::NoSigner), "{sr}");
    }
}

#[test]
fn the_expiry_is_plain_digits() {
    let se = |text: &str| {
        let (offset, problem) = problem(&format!("SharedAccessSignature se={text}&sr={SR}&sig={SIG}"));
        (offset - 25, problem)
    };
    let is = |at, problem| (at, ParseProblem::Expiry(problem));
    assert_eq!(se(""), is(0, ExpiryProblem::Empty));
    for (text, at) in
        [("-1", 0), ("+1", 0), ("1e9", 1), ("12.5", 2), ("NaN", 0), ("%31", 0), ("10A", 2), ("x", 0)]
    {
        assert_eq!(se(text), is(at, ExpiryProblem::Digit), "{text}");
    }
    assert_eq!(se("0123"), is(0, ExpiryProblem::LeadingZero));
    for text in
        ["9223372036854775808", "18446744073709551616", "99999999999999999999", "184467440737095516170"]
    {
        assert_eq!(se(text), is(0, ExpiryProblem::Range), "{text}");
    }
    assert_eq!(
        parse(&token(SR, "9223372036854775807")).unwrap().expires().as_secs(),
        9_223_372_036_854_775_807
    );
    assert_eq!(parse(&token(SR, "0")).unwrap().expires(), at(0));
}

#[test]
fn an_error_has_the_offset_of_the_byte() {
    let text = format!("SharedAccessSignature sr=h.net%2Fdevices%2F%zz&sig={SIG}&se=1");
    assert_eq!(problem(&text), (text.find("%zz").unwrap(), ParseProblem::Resource(ResourceProblem::Escape)));
    let text = format!("SharedAccessSignature sr={SR}&sig=abc%4&se=1");
    assert_eq!(
        problem(&text),
        (text.find("%4&").unwrap(), ParseProblem::Signature(SignatureProblem::Escape))
    );
    let text = format!("SharedAccessSignature sr=&sig={SIG}&se=1");
    assert_eq!(problem(&text), (25, ParseProblem::Resource(ResourceProblem::EmptySegment)));
    let text = device1() + "&skn=my%20policy";
    assert_eq!(problem(&text), (text.find("my%").unwrap(), ParseProblem::PolicyName));
    assert_eq!(problem(&(device1() + &"&".repeat(5000))), (4096, ParseProblem::TooLong));
}
