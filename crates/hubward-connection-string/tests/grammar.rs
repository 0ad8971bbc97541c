//! The grammar of all kinds: segments, refused texts, and the spans of errors.

#![allow(clippy::arithmetic_side_effects, clippy::panic, reason = "tests")]

use hubward_connection_string::{
    ConnectionString, Device, FieldName, MAX_FIELDS, MAX_LEN, ParseOptions, ParseProblem, UnknownNames,
};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn device() -> String {
    format!("HostName=hub.example;DeviceId=d;SharedAccessKey={KEY}")
}

/// Returns the span and the code of the error, as `start..end code`.
fn refusal(text: &str, rules: &ParseOptions) -> String {
    match ConnectionString::parse(text, rules) {
        Ok(string) => panic!("accepted: {string}"),
        Err(error) => format!("{}..{} {}", error.span.start, error.span.end, error.problem.code()),
    }
}

#[test]
fn the_case_of_names_is_folded_in_ascii_only() {
    let text = device().replace("HostName", "hOSTnAME").replace("DeviceId", "DEVICEID");
    assert!(Device::parse(&text, &ParseOptions::STRICT).is_ok());
    // U+212A KELVIN SIGN folds to `k` in Unicode
    let text = device().replace("AccessKey", "Access\u{212a}ey");
    assert_eq!(refusal(&text, &ParseOptions::STRICT), "44..47 character");
}

#[test]
fn one_semicolon_may_end_the_text() {
    assert!(Device::parse(&format!("{};", device()), &ParseOptions::STRICT).is_ok());
    let len = device().len();
    for (text, wanted) in [
        (format!("{};;", device()), format!("{0}..{0} empty-segment", len + 1)),
        (format!(";{}", device()), "0..0 empty-segment".to_owned()),
        (device().replacen(';', ";;", 1), "21..21 empty-segment".to_owned()),
        (String::new(), "0..0 empty".to_owned()),
        (";".to_owned(), "0..0 empty-segment".to_owned()),
    ] {
        assert_eq!(refusal(&text, &ParseOptions::STRICT), wanted, "{text}");
        assert_eq!(refusal(&text, &ParseOptions::COMPATIBLE), wanted, "{text}");
    }
}

#[test]
fn a_value_may_have_equals_signs() {
    let text = device().replace("DeviceId=d", "DeviceId=a=b==");
    assert_eq!(Device::parse(&text, &ParseOptions::STRICT).unwrap().id().as_str(), "a=b==");
}

#[test]
fn an_id_is_never_decoded() {
    let text = device().replace("DeviceId=d", "DeviceId=a%20b+c");
    assert_eq!(Device::parse(&text, &ParseOptions::STRICT).unwrap().id().as_str(), "a%20b+c");
}

#[test]
fn white_space_is_not_trimmed() {
    for (from, to, wanted) in [
        ("HostName=", " HostName=", "0..1 white-space"),
        ("HostName=", "HostName =", "8..9 white-space"),
        ("HostName=", "HostName= ", "9..10 white-space"),
        ("example;", "example  ;", "20..22 white-space"),
        (";DeviceId", "; DeviceId", "21..22 white-space"),
        ("example", "example\t", "20..21 character"),
        ("example", "example\r\n", "20..21 character"),
        ("example", "exam\u{a0}ple", "17..19 character"),
        ("example", "exam\0ple", "17..18 character"),
    ] {
        let text = device().replacen(from, to, 1);
        assert_eq!(refusal(&text, &ParseOptions::STRICT), wanted, "{text:?}");
        assert_eq!(refusal(&text, &ParseOptions::COMPATIBLE), wanted, "{text:?}");
    }
}

#[test]
fn a_duplicate_name_is_refused() {
    for extra in ["HostName=hub.example", "hostname=other.example"] {
        let text = format!("{};{extra}", device());
        let error = Device::parse(&text, &ParseOptions::STRICT).unwrap_err();
        assert_eq!(
            (error.field, error.problem),
            (Some(FieldName::HostName), ParseProblem::Duplicate { first: 0 })
        );
        assert_eq!(error.offset(), device().len() + 1);
    }
    let text = format!("{};Colour=red;colour=blue", device());
    assert!(refusal(&text, &ParseOptions::COMPATIBLE).ends_with("duplicate"));
}

#[test]
fn an_empty_value_of_a_known_field_is_refused() {
    for name in ["HostName", "DeviceId", "SharedAccessKey", "GatewayHostName", "x509"] {
        let text = format!("{name}=;Colour=red");
        for rules in [ParseOptions::STRICT, ParseOptions::COMPATIBLE] {
            let at = name.len() + 1;
            assert_eq!(refusal(&text, &rules), format!("{at}..{at} empty-value"));
        }
    }
}

#[test]
fn a_segment_needs_a_name_and_an_equals_sign() {
    for (text, wanted) in [
        (" ", "0..1 no-equals"),
        ("=", "0..0 no-name"),
        ("=value", "0..0 no-name"),
        ("HostName=h;junk;DeviceId=d", "11..15 no-equals"),
    ] {
        assert_eq!(refusal(text, &ParseOptions::STRICT), wanted);
        assert_eq!(refusal(text, &ParseOptions::COMPATIBLE), wanted);
    }
}

#[test]
fn a_part_of_an_id_is_not_parsed_as_a_field() {
    let error =
        Device::parse(&device().replace("DeviceId=d", "DeviceId=a;b"), &ParseOptions::STRICT).unwrap_err();
    assert_eq!(error.problem, ParseProblem::NoEquals { after_id: Some(FieldName::DeviceId) });
    for rules in [ParseOptions::STRICT, ParseOptions::COMPATIBLE] {
        let error = Device::parse(&device().replace("DeviceId=d", "DeviceId=a;b=c"), &rules).unwrap_err();
        assert_eq!(error.problem, ParseProblem::UnknownAfterId(FieldName::DeviceId));
    }
}

#[test]
fn unknown_names_are_refused_or_kept() {
    let text = format!("CredentialScope=Device;{};Protocol=a=b;Empty=", device());
    assert_eq!(refusal(&text, &ParseOptions::STRICT), "0..15 unknown-name");
    let string = Device::parse(&text, &ParseOptions::COMPATIBLE).unwrap();
    let extras: Vec<_> = string.extras().iter().collect();
    assert_eq!(extras, [("CredentialScope", "Device"), ("Protocol", "a=b"), ("Empty", "")]);
    assert_eq!(Device::parse(&device(), &ParseOptions::COMPATIBLE).unwrap().extras().iter().count(), 0);

    let mut rules = ParseOptions::STRICT;
    rules.unknown_names = UnknownNames::Keep;
    assert!(Device::parse(&text, &rules).is_ok());
}

#[test]
fn the_size_of_a_text_is_limited() {
    let long = format!("{};Pad={}", device(), "x".repeat(MAX_LEN));
    let error = Device::parse(&long, &ParseOptions::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, ParseProblem::TooLong { len: long.len(), max: MAX_LEN });
    let wide = "é".repeat(MAX_LEN);
    let error = Device::parse(&format!("a{wide}"), &ParseOptions::STRICT).unwrap_err();
    assert!(wide.len() > MAX_LEN && error.offset() == MAX_LEN - 1, "a span ends at character boundaries");
    let pads = |count: usize| (0..count).map(|n| format!(";Pad{n}=x")).collect::<String>();
    let most = device() + &pads(MAX_FIELDS - 3);
    assert!(Device::parse(&most, &ParseOptions::COMPATIBLE).is_ok());
    let error = Device::parse(&(device() + &pads(MAX_FIELDS - 2)), &ParseOptions::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, ParseProblem::TooManyFields { max: MAX_FIELDS });
    assert_eq!(error.offset(), most.len() + 1);
}
