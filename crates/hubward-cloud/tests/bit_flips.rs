//! One bit flipped anywhere in what a scheme signs, or in the signature: the credential is refused. Every bit of every
//! byte is tried. A flip that a reader does not see, such as another case of an escape's digit, is left out.
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
use hubward_cloud::cosmos::{Credential, Request as CosmosRequest, Verb};
use hubward_cloud::service_bus::{self, Audience, Right, Rights, Rule};
use hubward_cloud::storage::shared_key::{Authorization, Request, Scheme};
use hubward_cloud::storage::{
    Context, Permissions, RequestParameters, Resource, Sas, SasKind, Service, UnsignedSas, UserDelegation,
    Version,
};
use hubward_cloud::{DelegationKey, IpRange, MasterKey, ServiceBusKey, TopicKey, event_grid};
use hubward_rustcrypto::GeneralKey;

const DATE: &str = "Tue, 01 Jan 2030 00:00:00 GMT";

/// Returns every text that differs in one bit and is UTF-8.
fn flips(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at / 8] ^= 1 << (at % 8);
        String::from_utf8(bytes).ok()
    })
}

/// Decodes the escapes of a query, as every reader does.
fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| core::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => (bytes.push(byte), rest = &tail[2..]).1,
            None => (bytes.push(*first), rest = tail).1,
        }
    }
    bytes
}

/// Checks that `accepts` takes the text and no flip of it, but those that `same` takes for the same text.
fn check(name: &str, text: &str, same: impl Fn(&str) -> bool, accepts: impl Fn(&str) -> bool) {
    assert!(accepts(text), "{name}: {text}");
    let mut count = 0;
    for flipped in flips(text).filter(|flipped| !same(flipped)) {
        assert!(!accepts(&flipped), "{name}: {flipped}");
        count += 1;
    }
    assert!(count > text.len(), "{name}: {count} flips");
}

fn resource(kind: SasKind) -> Resource<'static> {
    let blob = || Resource::blob("acct1", "cont", "dir/b.txt").unwrap();
    match kind {
        SasKind::BlobSnapshot => blob().with_snapshot("2024Z").unwrap(),
        SasKind::BlobVersion => blob().with_version("2024Z").unwrap(),
        SasKind::File | SasKind::Share => Resource::file("acct1", "share", "dir/b.txt").unwrap(),
        SasKind::Queue => Resource::queue("acct1", "jobs").unwrap(),
        SasKind::Table => Resource::table("acct1", "rows").unwrap(),
        _ => blob(),
    }
}

/// Adds a value for each field that the kind has.
fn full<'a>(unsigned: UnsignedSas<'a>, kind: SasKind) -> UnsignedSas<'a> {
    let permissions = Permissions::parse(kind, if kind == SasKind::Queue { "rap" } else { "rd" }).unwrap();
    let mut unsigned = unsigned
        .with_permissions(permissions)
        .with_start(at(EXPIRY - 3600))
        .and_then(|unsigned| unsigned.with_expiry(at(EXPIRY)))
        .and_then(|unsigned| unsigned.with_addresses(IpRange::parse("10.0.0.1-10.0.0.9").unwrap()))
        .and_then(UnsignedSas::https_only)
        .unwrap();
    let optional =
        [("rscc", "no-cache"), ("rsct", "text/plain; charset=utf-8"), ("saoid", "33"), ("scid", "44")];
    for (name, value) in optional {
        unsigned = unsigned.with_value(name, value).unwrap_or(unsigned);
    }
    unsigned = unsigned.with_encryption_scope("scope 1").unwrap_or(unsigned);
    unsigned = unsigned.with_depth("1").unwrap_or(unsigned);
    if kind == SasKind::Table {
        unsigned = unsigned.with_table("rows").unwrap();
        for (name, value) in [("spk", "a"), ("srk", "1"), ("epk", "b"), ("erk", "2")] {
            unsigned = unsigned.with_value(name, value).unwrap();
        }
    }
    unsigned
}

/// Returns whether both have the same decoded fields. The name of a table is signed in lower case.
fn same_fields(text: &str) -> impl Fn(&str) -> bool {
    let read = |text: &str| -> Vec<Vec<u8>> {
        let lower =
            |field: Vec<u8>| if field.starts_with(b"tn=") { field.to_ascii_lowercase() } else { field };
        text.split('&').map(|field| lower(decoded(field))).collect()
    };
    let own = read(text);
    move |flipped| read(flipped) == own
}

#[test]
fn service_and_account_tokens() {
    let key = account_key();
    for kind in SasKind::ALL {
        for version in ["2015-04-05", "2018-11-09", "2026-10-06"] {
            let version = Version::parse(version).unwrap();
            let begun = match kind {
                SasKind::Account => UnsignedSas::account("bf", "so", version),
                kind => UnsignedSas::new(kind, version),
            };
            let Ok(unsigned) = begun else { continue };
            let resource = resource(kind);
            let text = full(unsigned, kind).sign(&resource, &key).unwrap().to_string();
            check(&format!("{kind:?} {version}"), &text, same_fields(&text), |text| {
                Sas::parse(text)
                    .is_ok_and(|sas| sas.verify(&resource, &key, &Context::new(at(EXPIRY - 60))).is_ok())
            });
        }
    }
}

#[test]
fn tokens_of_a_user_delegation_key() {
    let key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let (object, tenant) = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222");
    for kind in SasKind::ALL {
        for version in ["2018-11-09", "2020-12-06", "2025-07-05", "2026-04-06"] {
            let letter = kind.service().map_or("b", |service| match service {
                Service::File => "f",
                Service::Queue => "q",
                _ => "b",
            });
            let period = ("2029-12-31T00:00:00Z", "2030-01-02T00:00:00Z");
            let delegation = UserDelegation::new(object, tenant, period, letter, "2022-11-02");
            let version = Version::parse(version).unwrap();
            let Ok(unsigned) = UnsignedSas::delegated(kind, version, &delegation) else { continue };
            let headers = [("x-ms-meta-a", "1")];
            let parameters = RequestParameters::new(&headers, &[]);
            let mut unsigned = full(unsigned, kind);
            unsigned = unsigned.with_value("srh", "x-ms-meta-a").unwrap_or(unsigned);
            let resource = resource(kind);
            let text = unsigned.sign_delegated(&resource, &key, parameters).unwrap().to_string();
            check(&format!("delegated {kind:?} {version}"), &text, same_fields(&text), |text| {
                let context = Context::new(at(EXPIRY - 60)).with_parameters(parameters);
                Sas::parse(text).is_ok_and(|sas| sas.verify_delegated(&resource, &key, &context).is_ok())
            });
        }
    }
}

/// The parts of a request that are flipped one after the other.
struct Signed {
    service: Service,
    scheme: Scheme,
    method: String,
    target: String,
    headers: Vec<(&'static str, String)>,
    authorization: String,
}

impl Signed {
    fn new(service: Service, scheme: Scheme, target: &str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let (method, target) = ("PUT".to_owned(), target.to_owned());
        let mut signed = Self { service, scheme, method, target, headers, authorization: String::new() };
        let borrowed = signed.borrowed();
        let request = Request::new(service, &signed.method, &signed.target, &borrowed).unwrap();
        let authorization = request.sign("acct1", scheme, &account_key()).to_string();
        signed.authorization = authorization;
        signed
    }

    fn borrowed(&self) -> Vec<(&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    fn accepts(&self) -> bool {
        let borrowed = self.borrowed();
        let Ok(request) = Request::new(self.service, &self.method, &self.target, &borrowed) else {
            return false;
        };
        Authorization::parse(&self.authorization)
            .is_ok_and(|authorization| request.verify(&authorization, &[&account_key()], at(EXPIRY)).is_ok())
    }

    /// Flips the part that `part` selects. Spaces around a value are no part of it.
    fn check(
        &mut self,
        name: &str,
        part: impl Fn(&mut Self) -> &mut String,
        same: impl Fn(&str, &str) -> bool,
    ) {
        let own = part(self).clone();
        assert!(self.accepts(), "{name}: {own}");
        for flipped in flips(&own).filter(|flipped| !same(&own, flipped)) {
            part(self).clone_from(&flipped);
            assert!(!self.accepts(), "{:?} {name}: {flipped}", self.scheme);
        }
        part(self).clone_from(&own);
    }
}

#[test]
fn requests_of_shared_key() {
    let headers = [
        ("x-ms-date", DATE),
        ("x-ms-version", "2026-10-06"),
        ("x-ms-meta-a", "a value"),
        ("Content-Type", "text/plain"),
        ("Content-MD5", "e1pyi8RFvgp7aMja4YBXPg=="),
    ];
    let more = [("Content-Length", "5"), ("If-Match", "0x8D"), ("Range", "bytes=0-4")];
    let table = [("Date", DATE), ("Content-Type", "application/json"), ("Content-MD5", "e1pyi8RF")];
    let by_query = |own: &str, flipped: &str| {
        // names of parameters have no case
        let names = |text: &str| -> Vec<Vec<u8>> {
            let lower = |field: &str| match field.split_once('=') {
                Some((name, value)) => {
                    [decoded(name).to_ascii_lowercase(), b"=".to_vec(), decoded(value)].concat()
                }
                None => decoded(field).to_ascii_lowercase(),
            };
            let (path, query) = text.split_once('?').unwrap_or((text, ""));
            core::iter::once(path.as_bytes().to_vec()).chain(query.split('&').map(lower)).collect()
        };
        names(own) == names(flipped)
    };
    let by_value = |own: &str, flipped: &str| own.trim() == flipped.trim();
    let cases = [
        (
            Service::Blob,
            Scheme::SharedKey,
            "/cont/a%20b.txt?comp=block&blockid=YQ%3D%3D",
            &headers[..],
            &more[..],
        ),
        (Service::Blob, Scheme::SharedKeyLite, "/cont/a%20b.txt?comp=metadata", &headers, &[]),
        (Service::Queue, Scheme::SharedKey, "/jobs/messages?visibilitytimeout=5", &headers, &more),
        (Service::File, Scheme::SharedKeyLite, "/share/a.txt?comp=range", &headers, &[]),
        (Service::Table, Scheme::SharedKey, "/rows(PartitionKey='a',RowKey='b')?comp=acl", &table, &[]),
        (Service::Table, Scheme::SharedKeyLite, "/rows?comp=acl", &table[..1], &[]),
    ];
    for (service, scheme, target, headers, more) in cases {
        let headers = [headers, more].concat();
        let mut signed = Signed::new(service, scheme, target, &headers);
        if (service, scheme) != (Service::Table, Scheme::SharedKeyLite) {
            signed.check("method", |signed| &mut signed.method, |_, _| false);
        }
        signed.check("target", |signed| &mut signed.target, by_query);
        for (at, (name, _)) in headers.iter().enumerate() {
            signed.check(name, |signed| &mut signed.headers[at].1, by_value);
        }
        signed.check("header", |signed| &mut signed.authorization, |_, _| false);
    }
}

#[test]
fn tokens_of_event_hubs_and_service_bus() {
    let key = ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap();
    let rule = Rule::new("send", "sb://ns.example", Rights::new(&[Right::Send]));
    for uri in ["sb://ns.example/hub1", "sb://ns.example/hub1/publishers/dev1"] {
        let unsigned =
            service_bus::UnsignedToken::new(Audience::new(uri).unwrap(), "send", at(EXPIRY)).unwrap();
        let text = unsigned.sign(&key).to_string();
        // the audience is signed as received
        let parts =
            |text: &str| text.split_once("&sig=").map(|(signed, rest)| (signed.to_owned(), decoded(rest)));
        let own = parts(&text);
        check(
            uri,
            &text,
            |flipped| parts(flipped) == own,
            |text| {
                service_bus::Token::parse(text)
                    .is_ok_and(|token| token.verify(&rule, &[&key], at(EXPIRY)).is_ok())
            },
        );
    }
}

#[test]
fn tokens_of_event_grid() {
    let key = TopicKey::<GeneralKey>::from_base64(KEY).unwrap();
    let unsigned = event_grid::UnsignedToken::new("https://t.example/api/events", at(EXPIRY)).unwrap();
    let text = unsigned.sign(&key).to_string();
    let parts = |text: &str| text.split_once("&s=").map(|(signed, rest)| (signed.to_owned(), decoded(rest)));
    let own = parts(&text);
    check(
        "event grid",
        &text,
        |flipped| parts(flipped) == own,
        |text| event_grid::Token::parse(text).is_ok_and(|token| token.verify(&[&key], at(EXPIRY)).is_ok()),
    );
}

#[test]
fn requests_of_cosmos_db() {
    let key = MasterKey::<GeneralKey>::from_base64(KEY).unwrap();
    let path = "/dbs/Telemetry/colls/Raw/docs/d1";
    fn request<'a>(verb: Verb, path: &'a str, date: &'a str) -> Option<CosmosRequest<'a>> {
        CosmosRequest::from_path(verb, path).ok()?.with_ms_date(date).ok()
    }
    let header = request(Verb::Get, path, DATE).unwrap().sign(&key).to_string();
    let accepts = |verb, path: &str, date: &str, header: &str| {
        let Ok(Credential::Master(token)) = Credential::parse(header) else { return false };
        request(verb, path, date).is_some_and(|request| request.verify(&token, &[&key], at(EXPIRY)).is_ok())
    };
    let own = decoded(&header);
    check(
        "header",
        &header,
        |flipped| decoded(flipped) == own,
        |header| accepts(Verb::Get, path, DATE, header),
    );
    check("path", path, |_| false, |path| accepts(Verb::Get, path, DATE, &header));
    check("date", DATE, |_| false, |date| accepts(Verb::Get, path, date, &header));
    for verb in [Verb::Post, Verb::Put, Verb::Patch, Verb::Delete, Verb::Head] {
        assert!(!accepts(verb, path, DATE, &header), "{verb:?}");
    }
}
