//! The layouts of the signed text, by kind and version, against a naive builder.
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
use hubward_cloud::storage::{Context, RequestParameters, Resource, Sas, SasKind, Version};
use hubward_cloud::{AccountKey, DelegationKey, VerifyError};
use hubward_rustcrypto::GeneralKey;
use proptest::prelude::*;

/// The values of a token by the names of their fields.
#[derive(Debug, Clone, Default)]
struct Values(Vec<(&'static str, String)>);

impl Values {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
    }
}

const BLOB: [&str; 5] = ["b", "c", "d", "bs", "bv"];

/// Joins the lines of the documentation for a token of a service.
fn service_lines(sr: &str, v: &Values, resource: &str, snapshot: &str) -> Vec<String> {
    let sv = v.get("sv");
    let mut names = vec!["sp", "st", "se", "=resource", "si", "sip", "spr", "sv"];
    if BLOB.contains(&sr) {
        if sv >= "2018-11-09" {
            names.extend(["sr", "=snapshot"]);
        }
        if sv >= "2020-12-06" {
            names.push("ses");
        }
    }
    if BLOB.contains(&sr) || ["f", "s"].contains(&sr) {
        names.extend(["rscc", "rscd", "rsce", "rscl", "rsct"]);
    }
    if sr == "t" {
        names.extend(["spk", "srk", "epk", "erk"]);
    }
    lines(&names, v, resource, snapshot)
}

/// Joins the lines of the documentation for a token of a user delegation key.
fn delegated_lines(sr: &str, v: &Values, resource: &str, snapshot: &str) -> Vec<String> {
    let sv = v.get("sv");
    let mut names = vec!["sp", "st", "se", "=resource", "skoid", "sktid", "skt", "ske", "sks", "skv"];
    let blob = BLOB.contains(&sr);
    if blob && sv >= "2020-02-10" {
        names.extend(["saoid", "suoid", "scid"]);
    }
    if sv >= "2025-07-05" {
        names.extend(["skdutid", "sduoid"]);
    }
    names.extend(["sip", "spr", "sv"]);
    if blob {
        names.extend(["sr", "=snapshot"]);
        if sv >= "2020-12-06" {
            names.push("ses");
        }
        if sv >= "2026-04-06" {
            names.extend(["", ""]);
        }
    }
    if sr != "q" {
        names.extend(["rscc", "rscd", "rsce", "rscl", "rsct"]);
    }
    lines(&names, v, resource, snapshot)
}

fn lines(names: &[&str], v: &Values, resource: &str, snapshot: &str) -> Vec<String> {
    let value = |name: &&str| match *name {
        "=resource" => resource.to_owned(),
        "=snapshot" => snapshot.to_owned(),
        name => v.get(name).to_owned(),
    };
    names.iter().map(value).collect()
}

/// Writes the token with a signature.
fn query(v: &Values, signature: &str) -> String {
    let fields: Vec<String> = v.0.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    format!("{}&sig={}", fields.join("&"), escape(signature))
}

fn kind_of(sr: &str) -> SasKind {
    match sr {
        "b" => SasKind::Blob,
        "c" => SasKind::Container,
        "d" => SasKind::Directory,
        "bs" => SasKind::BlobSnapshot,
        "bv" => SasKind::BlobVersion,
        "f" => SasKind::File,
        "s" => SasKind::Share,
        "t" => SasKind::Table,
        _ => SasKind::Queue,
    }
}

/// Returns the resource of a request, and the text for it that is signed.
fn resource<'a>(sr: &str, path: &'a str) -> (Resource<'a>, String, &'static str) {
    match sr {
        "c" => (Resource::blob("acct1", "cont", path).unwrap(), "/blob/acct1/cont".to_owned(), ""),
        "d" => {
            let first = path.split('/').next().unwrap();
            (Resource::blob("acct1", "cont", path).unwrap(), format!("/blob/acct1/cont/{first}"), "")
        }
        "bs" => {
            let blob = Resource::blob("acct1", "cont", path).unwrap().with_snapshot("2024Z").unwrap();
            (blob, format!("/blob/acct1/cont/{path}"), "2024Z")
        }
        "bv" => {
            let blob = Resource::blob("acct1", "cont", path).unwrap().with_version("2024Z").unwrap();
            (blob, format!("/blob/acct1/cont/{path}"), "2024Z")
        }
        "b" => (Resource::blob("acct1", "cont", path).unwrap(), format!("/blob/acct1/cont/{path}"), ""),
        "f" => (Resource::file("acct1", "cont", path).unwrap(), format!("/file/acct1/cont/{path}"), ""),
        "s" => (Resource::share("acct1", "cont").unwrap(), "/file/acct1/cont".to_owned(), ""),
        "t" => (Resource::table("acct1", "Table1").unwrap(), "/table/acct1/table1".to_owned(), ""),
        _ => (Resource::queue("acct1", "cont").unwrap(), "/queue/acct1/cont".to_owned(), ""),
    }
}

fn versions() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(Version::all().map(|version| version.as_str()).collect::<Vec<_>>())
}

prop_compose! {
    fn values()(
        sv in versions(),
        sr in proptest::sample::select(vec!["b", "c", "d", "bs", "bv", "f", "s", "t", "q"]),
        optional in proptest::collection::vec(any::<bool>(), 20),
        text in "[a-zA-Z0-9 ;=,+%/äß\"-]{1,12}",
        rows in any::<bool>(),
        few in any::<bool>(),
    ) -> (Values, &'static str) {
        let mut v = Values::default();
        let mut optional = optional.into_iter();
        let mut maybe = |v: &mut Values, name, value: &str| {
            if optional.next().unwrap() {
                v.0.push((name, value.to_owned()));
            }
        };
        v.0.push(("sv", sv.to_owned()));
        v.0.push(("se", "2030-01-01T00:00:00Z".to_owned()));
        v.0.push(("sp", "r".to_owned()));
        maybe(&mut v, "st", "2029-01-01T00:00Z");
        maybe(&mut v, "sip", "10.0.0.1-10.0.0.9");
        maybe(&mut v, "spr", "https");
        if !["q", "t"].contains(&sr) {
            v.0.push(("sr", sr.to_owned()));
            // most tokens have none of these, and their text has a short way
            let optional = if few { &[][..] } else { &["rscc", "rscd", "rsce", "rscl", "rsct"] };
            optional.iter().for_each(|name| maybe(&mut v, name, &text));
        }
        if !few && BLOB.contains(&sr) && sv >= "2020-12-06" {
            maybe(&mut v, "ses", &text);
        }
        if sr == "d" {
            v.0.push(("sdd", "1".to_owned()));
        }
        if sr == "t" {
            v.0.push(("tn", "Table1".to_owned()));
            for (partition, row) in [("spk", "srk"), ("epk", "erk")] {
                v.0.push((partition, text.clone()));
                if rows {
                    v.0.push((row, text.clone()));
                }
            }
        }
        (v, sr)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A token that the naive builder signs verifies if its version has such tokens, and its text is the builder's.
    #[test]
    fn service_tokens_are_those_of_the_naive_builder((v, sr) in values(), path in "[a-z0-9 +%ü]{1,5}(/[a-z~!]{1,5}){0,2}") {
        let (resource, canonical, snapshot) = resource(sr, &path);
        let text = service_lines(sr, &v, &canonical, snapshot).join("\n");
        let query = query(&v, &sign(&text));
        let late = ["d", "bs", "bv"].contains(&sr) && v.get("sv") < "2018-11-09";
        let sas = match Sas::parse(&query) {
            Err(error) => {
                prop_assert!(late, "{query}: {error}");
                return Ok(());
            }
            Ok(sas) => sas,
        };
        prop_assert!(!late);
        prop_assert_eq!(sas.kind(), kind_of(sr));
        prop_assert_eq!(sas.string_to_sign(&resource, RequestParameters::default()).to_string(), text);
        let grant = sas.verify(&resource, &account_key(), &Context::new(at(EXPIRY)));
        prop_assert!(grant.is_ok(), "{query}: {grant:?}");
        let other = AccountKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let refused = sas.verify(&resource, &other, &Context::new(at(EXPIRY)));
        prop_assert!(matches!(refused, Err(VerifyError::WrongSignature)));
    }

    /// One bit flipped anywhere in a value: the token does not parse, or does not verify. `sdd` is in the resource.
    #[test]
    fn one_bit_flipped_in_a_value_is_refused((v, sr) in values(), pick in any::<prop::sample::Index>(), bit in 0..7_u8) {
        let path = "dir/b.txt";
        let (resource, canonical, snapshot) = resource(sr, path);
        let text = service_lines(sr, &v, &canonical, snapshot).join("\n");
        let signature = sign(&text);
        let names: Vec<&str> = v.0.iter().map(|(name, _)| *name).filter(|name| *name != "tn").collect();
        let name = *pick.get(&names);
        let mut altered = v.clone();
        let value = &mut altered.0.iter_mut().find(|(own, _)| *own == name).unwrap().1;
        let at_byte = pick.index(value.len());
        let mut bytes = value.clone().into_bytes();
        bytes[at_byte] ^= 1 << bit;
        let Ok(flipped) = String::from_utf8(bytes) else { return Ok(()) };
        *value = flipped;
        let query = query(&altered, &signature);
        if let Ok(sas) = Sas::parse(&query) {
            prop_assert!(sas.verify(&resource, &account_key(), &Context::new(at(EXPIRY))).is_err(), "{query}");
        }
    }

    /// Texts of every length around the room for a text, and around the ends of blocks.
    #[test]
    fn long_texts_are_those_of_the_naive_builder(len in 1..700_usize, header in any::<bool>()) {
        let (sr, name) = ("b", "x".repeat(len));
        let path = if header { "b.txt" } else { &name };
        let mut v = Values(vec![("sv", "2026-10-06".to_owned()), ("sp", "r".to_owned()), ("sr", sr.to_owned())]);
        v.0.push(("se", "2030-01-01T00:00:00Z".to_owned()));
        if header {
            v.0.push(("rscd", name.clone()));
        }
        let (resource, canonical, snapshot) = resource(sr, path);
        let text = service_lines(sr, &v, &canonical, snapshot).join("\n");
        let query = query(&v, &sign(&text));
        let sas = Sas::parse(&query).unwrap();
        prop_assert!(sas.verify(&resource, &account_key(), &Context::new(at(EXPIRY))).is_ok(), "{}", query);
    }

    #[test]
    fn delegated_tokens_are_those_of_the_naive_builder(
        (mut v, sr) in values(),
        users in any::<[bool; 5]>(),
    ) {
        let sv = v.get("sv").to_owned();
        let service = match sr { "f" | "s" => "f", "t" => "t", "q" => "q", _ => "b" };
        for (name, value) in [
            ("skoid", "11111111-1111-1111-1111-111111111111"),
            ("sktid", "22222222-2222-2222-2222-222222222222"),
            ("skt", "2029-12-30T00:00:00Z"),
            ("ske", "2030-01-02T00:00:00Z"),
            ("sks", service),
            ("skv", "2022-11-02"),
        ] {
            v.0.push((name, value.to_owned()));
        }
        let blob = BLOB.contains(&sr);
        let since = if blob { "2020-02-10" } else { "9" };
        for (at, name) in ["saoid", "suoid", "scid"].into_iter().enumerate() {
            if users[at] && *sv >= *since {
                v.0.push((name, "33".to_owned()));
            }
        }
        for (at, name) in ["skdutid", "sduoid"].into_iter().enumerate() {
            if users[3 + at] && *sv >= *"2025-07-05" {
                v.0.push((name, "44".to_owned()));
            }
        }
        let (resource, canonical, snapshot) = resource(sr, "dir/b.txt");
        let text = delegated_lines(sr, &v, &canonical, snapshot).join("\n");
        let query = query(&v, &sign(&text));
        let exists = sr != "t" && *sv >= *if blob { "2018-11-09" } else { "2025-07-05" };
        let sas = match Sas::parse(&query) {
            Err(error) => {
                prop_assert!(!exists, "{query}: {error}");
                return Ok(());
            }
            Ok(sas) => sas,
        };
        prop_assert!(exists);
        prop_assert_eq!(sas.string_to_sign(&resource, RequestParameters::default()).to_string(), text);
        let key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
        let grant = sas.verify_delegated(&resource, &key, &Context::new(at(EXPIRY)));
        prop_assert!(grant.is_ok(), "{query}: {grant:?}");
        // the account's key does not verify it, even if its bytes are the same
        prop_assert!(sas.verify(&resource, &account_key(), &Context::new(at(EXPIRY))).is_err());
    }

    #[test]
    fn account_tokens_are_those_of_the_naive_builder(
        sv in versions(),
        ss in proptest::sample::subsequence(vec!['b', 'q', 't', 'f'], 1..=4),
        srt in proptest::sample::subsequence(vec!['s', 'c', 'o'], 1..=3),
        scope in any::<bool>(),
    ) {
        let mut v = Values::default();
        let (ss, srt) = (String::from_iter(ss), String::from_iter(srt));
        v.0.extend([
            ("sv", sv.to_owned()),
            ("ss", ss.clone()),
            ("srt", srt.clone()),
            ("sp", "rwdl".to_owned()),
            ("se", "2030-01-01".to_owned()),
        ]);
        if scope && sv >= "2020-12-06" {
            v.0.push(("ses", "s1".to_owned()));
        }
        let mut text = String::from("acct1\n");
        for name in ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"] {
            text += &format!("{}\n", v.get(name));
        }
        if sv >= "2020-12-06" {
            text += &format!("{}\n", v.get("ses"));
        }
        let query = query(&v, &sign(&text));
        let sas = Sas::parse(&query).unwrap();
        for (letter, level, resource) in [
            ('b', 's', Resource::service(hubward_cloud::storage::Service::Blob, "acct1")),
            ('b', 'c', Resource::container("acct1", "c")),
            ('b', 'o', Resource::blob("acct1", "c", "b")),
            ('f', 'o', Resource::file("acct1", "c", "b")),
            ('q', 'c', Resource::queue("acct1", "c")),
            ('t', 'c', Resource::table("acct1", "c")),
        ] {
            let resource = resource.unwrap();
            let granted = sas.verify(&resource, &account_key(), &Context::new(at(EXPIRY))).is_ok();
            prop_assert_eq!(granted, ss.contains(letter) && srt.contains(level));
        }
    }
}
