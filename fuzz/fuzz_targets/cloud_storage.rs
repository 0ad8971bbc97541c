//! Any query: no panic, and a parsed storage token signs the text that a simple model joins from its fields.
#![no_main]

use std::collections::BTreeMap;

use hubward_cloud::AccountKey;
use hubward_cloud::storage::{Context, RequestParameters, Resource, Sas, SasKind, Service};
use hubward_core::UnixTime;
use hubward_rustcrypto::GeneralKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Sas::parse_request(text);
    let Ok(sas) = Sas::parse(text) else { return };
    let mut fields = BTreeMap::new();
    for field in text.split('&') {
        let (name, value) = field.split_once('=').unwrap();
        let value = decode(value);
        assert!(!value.chars().any(|char| char.is_ascii_control()), "a control character");
        assert!(fields.insert(name, value).is_none(), "{name} occurs twice");
    }
    let sig = &fields["sig"];
    assert!(!format!("{sas:?}").contains(sig.as_str()) || text.matches(sig.as_str()).count() > 1);
    let Some(resource) = resource(&sas) else { return };
    let signed = sas.string_to_sign(&resource, RequestParameters::default()).to_string();
    assert_eq!(signed, model(&sas, &fields), "{text}");

    // a token with any signature but the right one is refused
    let key = AccountKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
    let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(0));
    assert!(sas.verify(&resource, &key, &Context::new(now)).is_err());
});

fn resource(sas: &Sas<'_>) -> Option<Resource<'static>> {
    let resource = match sas.kind() {
        SasKind::Account => Resource::service(Service::Blob, "acct1"),
        SasKind::Container => Resource::container("acct1", "c"),
        SasKind::Blob => Resource::blob("acct1", "c", "a/b"),
        SasKind::BlobSnapshot => Resource::blob("acct1", "c", "a/b").and_then(|blob| blob.with_snapshot("s")),
        SasKind::BlobVersion => Resource::blob("acct1", "c", "a/b").and_then(|blob| blob.with_version("s")),
        SasKind::Share => Resource::share("acct1", "c"),
        SasKind::File => Resource::file("acct1", "c", "a/b"),
        SasKind::Queue => Resource::queue("acct1", "c"),
        SasKind::Table => Resource::table("acct1", "C"),
        _ => return None,
    };
    resource.ok()
}

/// Joins the lines by the rules of the documentation.
fn model(sas: &Sas<'_>, fields: &BTreeMap<&str, String>) -> String {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let sv = get("sv");
    let all = |names: &[&str]| names.iter().map(|name| get(name)).collect::<Vec<_>>();
    if sas.kind() == SasKind::Account {
        let mut lines = vec!["acct1".to_owned()];
        lines.extend(all(&["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]));
        if *sv >= *"2020-12-06" {
            lines.push(get("ses"));
        }
        lines.push(String::new());
        return lines.join("\n");
    }
    let service = sas.kind().service().unwrap();
    let path = match sas.kind() {
        SasKind::Blob | SasKind::BlobSnapshot | SasKind::BlobVersion | SasKind::File => "c/a/b",
        _ => "c",
    };
    let snapshot = matches!(sas.kind(), SasKind::BlobSnapshot | SasKind::BlobVersion);
    let mut lines = all(&["sp", "st", "se"]);
    lines.push(format!("/{}/acct1/{path}", service.as_str()));
    let (blob, delegated) = (service == Service::Blob, sas.is_delegated());
    if delegated {
        lines.extend(all(&["skoid", "sktid", "skt", "ske", "sks", "skv"]));
        if blob && *sv >= *"2020-02-10" {
            lines.extend(all(&["saoid", "suoid", "scid"]));
        }
        if *sv >= *"2025-07-05" {
            lines.extend(all(&["skdutid", "sduoid"]));
        }
    } else {
        lines.push(get("si"));
    }
    lines.extend(all(&["sip", "spr", "sv"]));
    if blob && *sv >= *"2018-11-09" {
        lines.push(get("sr"));
        lines.push(if snapshot { "s".to_owned() } else { String::new() });
        if *sv >= *"2020-12-06" {
            lines.push(get("ses"));
        }
        if delegated && *sv >= *"2026-04-06" {
            let names = |list: &str| list.split(',').map(str::to_owned).collect::<Vec<_>>();
            let headers = fields.get("srh").map_or(vec![], |list| names(list));
            let query = fields.get("srq").map_or(vec![], |list| names(list));
            if headers.iter().chain(&query).any(|name| name.len() > 128) {
                return sas.string_to_sign(&resource(sas).unwrap(), RequestParameters::default()).to_string();
            }
            lines.push(headers.iter().map(|name| format!("{name}:\n")).collect());
            lines.push(query.iter().map(|name| format!("\n{name}:")).collect());
        }
    }
    if blob || service == Service::File {
        lines.extend(all(&["rscc", "rscd", "rsce", "rscl", "rsct"]));
    }
    if service == Service::Table {
        lines.extend(all(&["spk", "srk", "epk", "erk"]));
    }
    lines.join("\n")
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
