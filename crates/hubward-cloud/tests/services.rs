//! Tokens and requests of the other services against naive builders.
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
use hubward_cloud::cosmos::{Credential, Request as CosmosRequest, ResourceLink, ResourceType, Verb};
use hubward_cloud::service_bus::{Audience, Denial, Right, Rights, Rule, Token, UnsignedToken};
use hubward_cloud::storage::Service;
use hubward_cloud::storage::shared_key::{Authorization, Request, Scheme};
use hubward_cloud::{MasterKey, ServiceBusKey, TopicKey, VerifyError, event_grid};
use hubward_rustcrypto::GeneralKey;
use proptest::prelude::*;

const DATE: &str = "Tue, 01 Jan 2030 00:00:00 GMT";

type Names = Vec<(String, String)>;

/// Joins the lines of the documentation.
fn shared_key(method: &str, path: &str, query: &Names, headers: &Names, lite: bool) -> String {
    let get = |name: &str| {
        headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    };
    let mut text = format!("{method}\n");
    let names: &[&str] = if lite {
        &["content-md5", "content-type", "date"]
    } else {
        &[
            "content-encoding",
            "content-language",
            "content-length",
            "content-md5",
            "content-type",
            "date",
            "if-modified-since",
            "if-match",
            "if-none-match",
            "if-unmodified-since",
            "range",
        ]
    };
    for name in names {
        let value = match (*name, get(name)) {
            ("content-length", "0") | ("date", _) => "",
            (_, value) => value,
        };
        text += &format!("{value}\n");
    }
    let mut ms: Vec<(String, &str)> = headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.trim()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    ms.sort();
    ms.iter().for_each(|(name, value)| text += &format!("{name}:{value}\n"));
    text += &format!("/acct1{path}");
    if lite {
        if let Some((_, value)) = query.iter().find(|(name, _)| name == "comp") {
            text += &format!("?comp={value}");
        }
        return text;
    }
    let mut names: Vec<String> = query.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let mut values: Vec<&str> = query
            .iter()
            .filter(|(own, _)| own.to_lowercase() == name)
            .map(|(_, value)| value.as_str())
            .collect();
        values.sort_unstable();
        text += &format!("\n{name}:{}", values.join(","));
    }
    text
}

proptest! {
    #[test]
    fn shared_key_is_that_of_the_naive_builder(
        method in "GET|PUT|DELETE|HEAD|MERGE",
        path in "/[a-z%0-9]{0,0}(c(/[a-z.]{1,5}){0,2})?",
        query in proptest::collection::vec(("comp|Prefix|a|restype|b-c", "[a-z +%&=ü/]{0,5}"), 0..5),
        ms in proptest::collection::btree_map("[a-d]{1,3}", "[a-zA-Z0-9 ,;=]{0,8}", 0..6),
        plain in proptest::collection::btree_map(
            "content-encoding|Content-Language|content-length|Content-MD5|content-type|If-Match|range|accept",
            "[a-z0-9]{1,4}|0", 0..6),
        lite in any::<bool>(),
    ) {
        let mut headers: Names = vec![("x-ms-date".into(), DATE.into()), ("x-ms-version".into(), "2026-10-06".into())];
        headers.extend(ms.into_iter().map(|(name, value)| (format!("X-ms-meta-{name}"), value)));
        headers.extend(plain);
        let scheme = if lite { Scheme::SharedKeyLite } else { Scheme::SharedKey };
        let fields: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let target = if fields.is_empty() { path.clone() } else { format!("{path}?{}", fields.join("&")) };
        let borrowed: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let request = Request::new(Service::Blob, &method, &target, &borrowed).unwrap();
        let text = shared_key(&method, &path, &query, &headers, lite);
        prop_assert_eq!(request.string_to_sign("acct1", scheme).to_string(), text.clone());
        let header = format!("{} acct1:{}", scheme.as_str(), sign(&text));
        let ours = request.sign("acct1", scheme, &account_key()).to_string();
        prop_assert_eq!(&ours, &header);
        let authorization = Authorization::parse(&header).unwrap();
        let verify = |now| request.verify(&authorization, &[&account_key()], at(now));
        prop_assert_eq!(verify(EXPIRY + 900), Ok(()));
        prop_assert_eq!(verify(EXPIRY - 901), Err(VerifyError::Skew));
        // another method is another request
        let other = Request::new(Service::Blob, "PATCH", &target, &borrowed).unwrap();
        prop_assert_eq!(other.verify(&authorization, &[&account_key()], at(EXPIRY)), Err(VerifyError::WrongSignature));
    }

    #[test]
    fn tables_have_a_text_of_their_own(lite in any::<bool>(), comp in any::<bool>()) {
        let headers = [("Date", DATE), ("Content-Type", "application/json"), ("x-ms-version", "2019-02-02")];
        let target = if comp { "/T1()?comp=acl&a=b" } else { "/T1()?a=b" };
        let request = Request::new(Service::Table, "POST", target, &headers).unwrap();
        let resource = if comp { "/acct1/T1()?comp=acl" } else { "/acct1/T1()" };
        let (scheme, text) = if lite {
            (Scheme::SharedKeyLite, format!("{DATE}\n{resource}"))
        } else {
            (Scheme::SharedKey, format!("POST\n\napplication/json\n{DATE}\n{resource}"))
        };
        prop_assert_eq!(request.string_to_sign("acct1", scheme).to_string(), text);
    }

    #[test]
    fn a_token_of_service_bus_is_the_naive_builders(path in "[a-zA-Z0-9 !*'()~ü-]{1,8}(/[a-z]{1,3}){0,2}", now in 0..4_000_000_000_u64) {
        let uri = format!("sb://NS.example/{path}");
        let key = ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap();
        let text = format!("{}\n{now}", escape(&uri));
        let sig = sign_with(KEY.as_bytes(), &text);
        let unsigned = UnsignedToken::new(Audience::new(&uri).unwrap(), "r/w", at(now)).unwrap();
        prop_assert_eq!(unsigned.string_to_sign().to_string(), text);
        let token = unsigned.sign(&key).to_string();
        let expected = format!("SharedAccessSignature sr={}&sig={}&se={now}&skn=r%2Fw", escape(&uri), escape(&sig));
        prop_assert_eq!(&token, &expected);
        let rule = Rule::new("r/w", "sb://ns.example/", Rights::new(&[Right::Send]));
        let parsed = Token::parse(&token).unwrap();
        let grant = parsed.verify(&rule, &[&key], at(now)).unwrap();
        let mut inside = uri.to_lowercase();
        if !inside.is_ascii() { inside = uri.clone(); }
        prop_assert_eq!(grant.judge(&inside, Right::Send, at(now)), Ok(()));
        let below = format!("{inside}/x");
        prop_assert_eq!(grant.judge(&below, Right::Send, at(now)), Ok(()));
        let sibling = format!("{inside}x");
        prop_assert_eq!(grant.judge(&sibling, Right::Send, at(now)), Err(Denial::Resource));
        prop_assert_eq!(grant.judge(&inside, Right::Listen, at(now)), Err(Denial::Right(Right::Listen)));
        prop_assert!(parsed.verify(&rule, &[&key], at(now + 1)).is_err());
        // the same text as base64 is another key
        let decoded = ServiceBusKey::<GeneralKey>::from_base64(KEY).unwrap();
        prop_assert_eq!(parsed.verify(&rule, &[&decoded], at(now)).err(), Some(VerifyError::WrongSignature));
        prop_assert!(parsed.verify(&rule, &[&decoded, &key], at(now)).is_ok());
    }

    #[test]
    fn a_master_key_signs_as_the_naive_builder(
        verb in "GET|post|Put|PATCH|delete|HEAD",
        types in proptest::sample::select(vec!["", "dbs", "colls", "docs", "sprocs", "udfs", "triggers", "users", "permissions", "offers", "pkranges", "conflicts", "attachments"]),
        link in "([a-zA-Z0-9 =ü]{1,5}(/[a-zA-Z0-9 =]{1,5}){0,3})?",
        by_id in any::<bool>(),
        both in any::<bool>(),
    ) {
        let parsed_link = if by_id { ResourceLink::by_id(&link) } else { ResourceLink::named(&link) }.unwrap();
        let mut request = CosmosRequest::new(Verb::parse(&verb).unwrap(), ResourceType::parse(types).unwrap(), parsed_link)
            .with_ms_date(DATE)
            .unwrap();
        let mut date = String::new();
        if both {
            request = request.with_date(DATE).unwrap();
            date = DATE.to_lowercase();
        }
        let signed_link = if by_id { link.to_ascii_lowercase() } else { link.clone() };
        let text = format!("{}\n{types}\n{signed_link}\n{}\n{date}\n", verb.to_lowercase(), DATE.to_lowercase());
        prop_assert_eq!(request.string_to_sign().to_string(), text.clone());
        let header = format!("type%3Dmaster%26ver%3D1.0%26sig%3D{}", escape(&sign(&text)));
        let key = MasterKey::<GeneralKey>::from_base64(KEY).unwrap();
        prop_assert_eq!(request.sign(&key).to_string(), header.clone());
        for form in [header.clone(), header.replace("%3D", "=").replace("%26", "&").replace("%2B", "+").replace("%2F", "/")] {
            let Ok(Credential::Master(token)) = Credential::parse(&form) else { panic!("{form}") };
            prop_assert_eq!(request.verify(&token, &[&key], at(EXPIRY)), Ok(()));
            prop_assert_eq!(request.verify(&token, &[&key], at(EXPIRY + 901)), Err(VerifyError::Skew));
        }
    }
}

#[test]
fn a_path_has_its_type_and_link() {
    for (path, word, link) in [
        ("/", "", ""),
        ("/dbs", "dbs", ""),
        ("/dbs/MyDb", "dbs", "dbs/MyDb"),
        ("/dbs/MyDb/colls", "colls", "dbs/MyDb"),
        ("/dbs/MyDb/colls/C%20x/docs/D", "docs", "dbs/MyDb/colls/C x/docs/D"),
        ("/dbs/d/colls/c/pkranges", "pkranges", "dbs/d/colls/c"),
        ("/offers", "offers", ""),
    ] {
        let request = CosmosRequest::from_path(Verb::Get, path).unwrap();
        assert_eq!(request.resource_type().as_str(), word, "{path}");
        assert!(request.link().text().is(link), "{path}");
    }
    let offer = CosmosRequest::from_path(Verb::Put, "/offers/AbC1").unwrap().with_ms_date(DATE).unwrap();
    assert!(offer.string_to_sign().to_string().starts_with("put\noffers\nabc1\n"));
}

#[test]
fn a_rule_of_an_entity_does_not_reach_beyond_it() {
    let key = ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap();
    let verify = |uri: &str, scope: &str| {
        let text =
            UnsignedToken::new(Audience::new(uri).unwrap(), "r", at(EXPIRY)).unwrap().sign(&key).to_string();
        let rule = Rule::new("r", scope, Rights::new(&[Right::Manage]));
        Token::parse(&text).unwrap().verify(&rule, &[&key], at(EXPIRY)).err()
    };
    assert_eq!(verify("sb://ns.example/hub1", "sb://ns.example"), None);
    assert_eq!(verify("amqps://NS.example/Hub1/", "https://ns.example/hub1"), None);
    assert_eq!(verify("sb://ns.example/", "sb://ns.example/hub1"), Some(VerifyError::AnotherResource));
    assert_eq!(verify("sb://ns.example/hub12", "sb://ns.example/hub1"), Some(VerifyError::AnotherResource));
    assert_eq!(verify("sb://ns.example.evil/hub1", "sb://ns.example"), Some(VerifyError::AnotherResource));
    let text =
        UnsignedToken::new(Audience::new("sb://ns.example").unwrap(), "r", at(EXPIRY)).unwrap().sign(&key);
    let (text, other) = (text.to_string(), Rule::new("s", "sb://ns.example", Rights::new(&[Right::Send])));
    assert_eq!(
        Token::parse(&text).unwrap().verify(&other, &[&key], at(0)).err(),
        Some(VerifyError::UnknownPolicy)
    );
}

#[test]
fn a_publisher_only_sends() {
    let key = ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap();
    let own = "sb://ns.example/hub1/publishers/dev1";
    assert!(Audience::new(own).unwrap().is_publisher());
    for other in
        ["sb://ns.example/hub1/publishers", "sb://ns.example/publishers/dev1", "sb://ns.example/hub1/dev1"]
    {
        assert!(!Audience::new(other).unwrap().is_publisher(), "{other}");
    }
    let text =
        UnsignedToken::new(Audience::new(own).unwrap(), "r", at(EXPIRY)).unwrap().sign(&key).to_string();
    let rule = Rule::new("r", "sb://ns.example/hub1", Rights::new(&[Right::Manage]));
    let grant = Token::parse(&text).unwrap().verify(&rule, &[&key], at(EXPIRY)).unwrap();
    assert_eq!(grant.judge(own, Right::Send, at(EXPIRY)), Ok(()));
    assert_eq!(grant.judge(own, Right::Listen, at(EXPIRY)), Err(Denial::Publisher));
    assert_eq!(
        grant.judge("sb://ns.example/hub1/publishers/dev2", Right::Send, at(EXPIRY)),
        Err(Denial::Resource)
    );
}

#[test]
fn a_topic_is_covered_by_whole_segments_of_its_url() {
    let key = TopicKey::<GeneralKey>::from_base64(KEY).unwrap();
    let url = "https://T.example/api/events";
    let text = event_grid::UnsignedToken::new(url, at(EXPIRY)).unwrap().sign(&key).to_string();
    let encoded =
        "r=https%3A%2F%2FT.example%2Fapi%2Fevents%3FapiVersion%3D2018-01-01&e=2030-01-01T00%3A00%3A00Z";
    assert_eq!(text, format!("{encoded}&s={}", escape(&sign(encoded))));
    let token = event_grid::Token::parse(&text).unwrap();
    let grant = token.verify(&[&key], at(EXPIRY)).unwrap();
    assert!(grant.covers("https://t.example/api/events?api-version=2018-01-01"));
    assert!(grant.covers("https://t.example/api/events/x"));
    for other in [
        "https://t.example/api/events2",
        "https://t.example/api",
        "https://t.example.evil/api/events",
        "https://t.example/API/events",
    ] {
        assert!(!grant.covers(other), "{other}");
    }
    assert!(matches!(token.verify(&[&key], at(EXPIRY + 1)), Err(VerifyError::Expired { .. })));
    for bit in 0..8 {
        let at_byte = 40;
        let mut bytes = text.clone().into_bytes();
        bytes[at_byte] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if let Ok(token) = event_grid::Token::parse(&text) {
            assert!(token.verify(&[&key], at(EXPIRY)).is_err(), "{text}");
        }
    }
}
