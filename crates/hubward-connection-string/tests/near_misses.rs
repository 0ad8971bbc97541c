//! A misspelt name gives an error with a suggestion.

#![allow(clippy::arithmetic_side_effects, clippy::string_slice, reason = "tests")]

use hubward_connection_string::{ConnectionString, Device, Field, Problem, Rules};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[test]
fn similar_names_are_suggested() {
    for (name, meant) in [
        ("ShareAccessKeyName", Field::SharedAccessKeyName),
        ("SharedAcessKey", Field::SharedAccessKey),
        ("shared_access_key", Field::SharedAccessKey),
        ("SharedAccessSignatur", Field::SharedAccessSignature),
        ("Host-Name", Field::HostName),
        ("HostNmae", Field::HostName),
        ("Device Id", Field::DeviceId),
        ("DeviceID2", Field::DeviceId),
        ("x.509", Field::X509),
        ("X509Cert", Field::X509),
        ("AcountKey", Field::AccountKey),
        ("EndPointSufix", Field::EndpointSuffix),
    ] {
        assert_eq!(Field::near_miss(name), Some(meant), "{name}");
    }
    for name in
        ["", "Protocol", "CredentialScope", "TransportType", "x5", "GatewayHost", &"HostName".repeat(9)]
    {
        assert_eq!(Field::near_miss(name), None, "{name}");
    }
}

#[test]
fn every_name_with_one_edit_is_suggested() {
    for field in Field::ALL {
        let name = field.name();
        for at in 0..name.len() {
            let without = format!("{}{}", &name[..at], &name[at + 1..]);
            let changed = format!("{}~{}", &name[..at], &name[at + 1..]);
            let added = format!("{}~{}", &name[..at], &name[at..]);
            for typo in [without, changed, added] {
                if Field::from_name(&typo).is_none() {
                    assert_eq!(Field::near_miss(&typo), Some(field), "{typo}");
                }
            }
        }
    }
}

#[test]
fn the_error_has_the_suggestion_and_the_span() {
    let text = format!("HostName=h;ShareAccessKeyName=owner;SharedAccessKey={KEY}");
    let error = ConnectionString::parse(&text, &Rules::STRICT).unwrap_err();
    assert_eq!(error.problem, Problem::UnknownName { meant: Some(Field::SharedAccessKeyName) });
    assert_eq!(error.span.of(&text), "ShareAccessKeyName");
}

#[test]
fn a_kept_misspelt_name_explains_a_missing_field() {
    let text = format!("DeviceId=d;SharedAccessKey={KEY};HotsName=h");
    let error = Device::parse(&text, &Rules::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, Problem::UnknownName { meant: Some(Field::HostName) });
    assert_eq!(error.span.of(&text), "HotsName");
    let text = format!("HostName=h;SharedAccesKey={KEY};DeviceId=d");
    let error = Device::parse(&text, &Rules::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, Problem::UnknownName { meant: Some(Field::SharedAccessKey) });
    // a field of another kind is not suggested
    let text = format!("AcountKey={KEY};HostName=h;DeviceId=d");
    let error = Device::parse(&text, &Rules::COMPATIBLE).unwrap_err();
    assert_eq!(error.problem, Problem::MissingCredential);
}
