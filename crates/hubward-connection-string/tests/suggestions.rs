//! A misspelt name gives an error with a suggestion.

#![allow(clippy::arithmetic_side_effects, clippy::string_slice, reason = "tests")]

use hubward_connection_string::{ConnectionString, Device, FieldName, ParseOptions, ParseProblem};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[test]
fn similar_names_are_suggested() {
    for (name, meant) in [
        ("ShareAccessKeyName", FieldName::SharedAccessKeyName),
        ("SharedAcessKey", FieldName::SharedAccessKey),
        ("shared_access_key", FieldName::SharedAccessKey),
        ("SharedAccessSignatur", FieldName::SharedAccessSignature),
        ("Host-Name", FieldName::HostName),
        ("HostNmae", FieldName::HostName),
        ("Device Id", FieldName::DeviceId),
        ("DeviceID2", FieldName::DeviceId),
        ("x.509", FieldName::X509),
        ("X509Cert", FieldName::X509),
        ("AcountKey", FieldName::AccountKey),
        ("EndPointSufix", FieldName::EndpointSuffix),
    ] {
        assert_eq!(FieldName::suggestion(name), Some(meant), "{name}");
    }
    for name in
        ["", "Protocol", "CredentialScope", "TransportType", "x5", "GatewayHost", &"HostName".repeat(9)]
    {
        assert_eq!(FieldName::suggestion(name), None, "{name}");
    }
}

#[test]
fn every_name_with_one_edit_is_suggested() {
    for field in FieldName::ALL {
        let name = field.name();
        for at in 0..name.len() {
            let without = format!("{}{}", &name[..at], &name[at + 1..]);
            let changed = format!("{}~{}", &name[..at], &name[at + 1..]);
            let added = format!("{}~{}", &name[..at], &name[at..]);
            for typo in [without, changed, added] {
                if FieldName::from_name(&typo).is_none() {
                    assert_eq!(FieldName::suggestion(&typo), Some(field), "{typo}");
                }
            }
        }
    }
}

#[test]
fn the_error_has_the_suggestion_and_the_span() {
    let text = format!("HostName=h;ShareAccessKeyName=owner;SharedAccessKey={KEY}");
    let error = ConnectionString::parse(&text, &ParseOptions::STRICT).unwrap_err();
    assert_eq!(error.problem, ParseProblem::UnknownName { meant: Some(FieldName::SharedAccessKeyName) });
    assert_eq!(error.span.of(&text), "ShareAccessKeyName");
}

#[test]
fn a_kept_misspelt_name_explains_a_missing_field() {
    let text = format!("DeviceId=d;SharedAccessKey={KEY};HotsName=h");
    let error = Device::parse(&text, &ParseOptions::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, ParseProblem::UnknownName { meant: Some(FieldName::HostName) });
    assert_eq!(error.span.of(&text), "HotsName");
    let text = format!("HostName=h;SharedAccesKey={KEY};DeviceId=d");
    let error = Device::parse(&text, &ParseOptions::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, ParseProblem::UnknownName { meant: Some(FieldName::SharedAccessKey) });
    // a field of another kind is not suggested
    let text = format!("AcountKey={KEY};HostName=h;DeviceId=d");
    let error = Device::parse(&text, &ParseOptions::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, ParseProblem::MissingCredential);
}
