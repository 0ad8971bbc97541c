//! Malformed texts: each is refused with its place and its reason, and no error shows a secret.
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
use hubward_cloud::cosmos::{Credential, Request, ResourceLink, Verb};
use hubward_cloud::storage::shared_key::{self, Authorization};
use hubward_cloud::storage::{Resource, Sas, SasKind, Service, UnsignedSas, Version};
use hubward_cloud::web::{CallbackUrl, FunctionUrl};
use hubward_cloud::{Inspection, KeyError, Problem, ServiceBusKey, event_grid, inspect, service_bus};
use hubward_rustcrypto::GeneralKey;

const SIG: &str = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";

fn blob(more: &str) -> String {
    format!("sv=2020-12-06&se=2030-01-01T00%3A00%3A00Z&sr=b&sp=r{more}&sig={SIG}")
}

#[test]
fn a_malformed_storage_token_is_refused_with_its_place() {
    assert!(Sas::parse(&blob("")).is_ok());
    let start = blob("").find("&sig=").unwrap();
    for (more, offset, problem) in [
        ("&sp=r", 1, Problem::Duplicate),
        ("&SP=r", 1, Problem::FieldCase),
        ("&s%70=r", 1, Problem::UnknownField),
        ("&comp=list", 1, Problem::UnknownField),
        ("&x", 1, Problem::NotAField),
        ("&", 1, Problem::NotAField),
        ("&rscc=", 6, Problem::Empty),
        ("&rscc=a%0Ab", 6, Problem::Control),
        ("&rscc=a%zz", 6, Problem::Escape),
        ("&rscc=%C3", 6, Problem::Escape),
        ("&st=2030-1-1", 4, Problem::Time),
        ("&sip=10.0.0.256", 5, Problem::Address),
        ("&spr=http", 5, Problem::Protocol),
        ("&sdd=1", 5, Problem::NotOfKind),
        ("&tn=T", 4, Problem::NotOfKind),
        ("&ss=b", 4, Problem::NotOfKind),
        ("&skdutid=1", 9, Problem::NotOfKind),
        ("&srh=a", 5, Problem::NotOfKind),
        ("&si=%09", 4, Problem::Control),
    ] {
        let error = Sas::parse(&blob(more)).unwrap_err();
        assert_eq!((error.offset, error.problem), (start + offset, problem), "{more}: {error}");
        assert!(!error.to_string().contains(SIG));
    }
    for (text, problem) in [
        (blob("").replace("2020-12-06", "2020-12-07"), Problem::Version),
        (blob("").replace("sp=r", "sp=rr"), Problem::Letter),
        (blob("").replace("sp=r", "sp=u"), Problem::Letter),
        (blob("").replace("sr=b", "sr=x"), Problem::Name),
        (blob("").replace("sr=b", "sr=%62"), Problem::Name),
        (blob("").replace("&sp=r", ""), Problem::Missing),
        (blob("").replace("sv=2020-12-06&", ""), Problem::Missing),
        (blob("").replace("%3D", ""), Problem::Signature),
        (blob("").replace("y8%3D", "y9%3D"), Problem::Signature),
        // 33 bytes
        (blob("").replace("y8%3D", "y8%4D"), Problem::Signature),
        (blob("").replace("y8%3D", "y8MM"), Problem::Signature),
        (blob("").replace("Ky8%3D", "K%3D%3D"), Problem::Signature),
        (format!("{}&", blob("")), Problem::NotAField),
        (format!("{}&sig={SIG}", blob("")), Problem::Duplicate),
        (format!("{} ", blob("")), Problem::Signature),
        (blob(&"&a=b".repeat(70)), Problem::TooLong),
        ("x".repeat(9000), Problem::TooLong),
        (String::new(), Problem::NotAField),
    ] {
        assert_eq!(Sas::parse(&text).unwrap_err().problem, problem, "{text}");
    }
}

#[test]
fn a_request_has_parameters_of_its_own() {
    let text = blob("&comp=list&timeout=30");
    assert!(Sas::parse_request(&text).is_ok());
    assert_eq!(Sas::parse_request(&blob("&Sp=w")).unwrap_err().problem, Problem::FieldCase);
    assert_eq!(Sas::parse_request(&blob("&%73p=w")).unwrap_err().problem, Problem::UnknownField);
    assert_eq!(Sas::parse_request(&blob(&"&a=b".repeat(70))).unwrap_err().problem, Problem::TooLong);
}

#[test]
fn a_version_signs_only_what_it_has() {
    for (kind, version, fine) in [
        (SasKind::BlobSnapshot, "2018-03-28", false),
        (SasKind::BlobSnapshot, "2018-11-09", true),
        (SasKind::Directory, "2017-11-09", false),
        (SasKind::Blob, "2015-04-05", true),
    ] {
        assert_eq!(
            UnsignedSas::new(kind, Version::parse(version).unwrap()).is_ok(),
            fine,
            "{kind:?} {version}"
        );
    }
    let old = UnsignedSas::new(SasKind::Blob, Version::parse("2020-10-02").unwrap()).unwrap();
    assert_eq!(old.with_encryption_scope("s").unwrap_err().code(), "cloud-field-not-of-kind");
    let missing = UnsignedSas::new(SasKind::Blob, Version::LATEST).unwrap();
    let blob = Resource::blob("acct1", "c", "b").unwrap();
    assert_eq!(missing.sign(&blob, &account_key()).unwrap_err().problem, Problem::Missing);
}

#[test]
fn malformed_tokens_of_service_bus() {
    let text = |fields: &str| format!("SharedAccessSignature {fields}");
    let good = format!("sr=sb%3A%2F%2Fns.example%2Fq&sig={SIG}&se=1&skn=p");
    assert!(service_bus::Token::parse(&text(&good)).is_ok());
    for (fields, problem) in [
        (good.replace("&skn=p", ""), Problem::Missing),
        (good.replace("skn=p", "skn="), Problem::Empty),
        (format!("{good}&skn=p"), Problem::Duplicate),
        (format!("{good}&x=1"), Problem::UnknownField),
        (good.replace("se=1", "Se=1"), Problem::FieldCase),
        (good.replace("se=1", "se=01"), Problem::Number),
        (good.replace("se=1", "se=-1"), Problem::Number),
        (good.replace("se=1", "se=99999999999999999999"), Problem::Number),
        (good.replace("ns.example%2Fq", ""), Problem::Url),
        (good.replace("%2Fq", "%2F..%2Fq"), Problem::Url),
        (good.replace("%2Fq", "%3Fq"), Problem::Url),
        (good.replace("%2Fq", "%2Fq%0A"), Problem::Control),
        (good.replace("%2Fq", "%2Fq "), Problem::Control),
    ] {
        let error = service_bus::Token::parse(&text(&fields)).unwrap_err();
        assert_eq!(error.problem, problem, "{fields}");
    }
    assert_eq!(service_bus::Token::parse(&good).unwrap_err().problem, Problem::Scheme);
    assert_eq!(ServiceBusKey::<GeneralKey>::from_text("****************").unwrap_err(), KeyError::Redacted);
    assert_eq!(ServiceBusKey::<GeneralKey>::from_text("short").unwrap_err(), KeyError::Length { len: 5 });
}

#[test]
fn malformed_headers_of_requests() {
    for (header, problem) in [
        (format!("SharedKey acct1:{}", SIG.replace("%3D", "=")), None),
        (format!("SharedKey acct1:{SIG}"), Some(Problem::Signature)),
        (format!("sharedkey acct1:{SIG}"), Some(Problem::Scheme)),
        ("SharedKey acct1".to_owned(), Some(Problem::NotAField)),
        (format!("SharedKey Acct:{SIG}"), Some(Problem::Name)),
    ] {
        assert_eq!(Authorization::parse(&header).err().map(|error| error.problem), problem, "{header}");
    }
    let request = |target: &str, headers: &[(&str, &str)]| {
        shared_key::Request::new(Service::Blob, "GET", target, headers).map(|_| ())
    };
    assert_eq!(request("/c/b?comp=list", &[("x-ms-a", "1"), ("X-Other", "\n")]), Ok(()));
    assert_eq!(request("/c/b", &[("x-ms-a", "1"), ("X-MS-A", "2")]), Err(Problem::Duplicate));
    assert_eq!(request("/c/b", &[("x-ms-a", "1\nx-ms-b:2")]), Err(Problem::Control));
    assert_eq!(request("/c/b", &[("Range", "1\r\n")]), Err(Problem::Control));
    // no token of HTTP: in the language's order such characters count for nothing
    assert_eq!(request("/c/b", &[("x-ms-(a", "1")]), Err(Problem::Name));
    assert_eq!(request("/c/b", &[("x-ms-a b", "1"), ("x-ms-ab", "2")]), Err(Problem::Name));
    assert_eq!(request("/c/b?a=%0Acomp:list", &[]), Err(Problem::Control));
    assert_eq!(request("/c/%zz", &[]), Err(Problem::Escape));
    assert_eq!(request("c/b", &[]), Err(Problem::Url));
    assert_eq!(request("/c b", &[]), Err(Problem::Url));

    for (header, fine) in [
        ("type=aad&ver=1.0&sig=a.b.c", true),
        ("type%3Daad%26ver%3D1.0%26sig%3Da.b.c", true),
        ("type=resource&ver=1&sig=x", true),
        ("type=aad&ver=1.0&sig=", false),
        ("type=aad&ver=1.0&sig=a b", false),
        ("type=master&ver=1.0&sig=AAAA", false),
        ("type=master&ver=2.0&sig=AAAA", false),
        ("Bearer x", false),
    ] {
        assert_eq!(Credential::parse(header).is_ok(), fine, "{header}");
    }
    let Ok(Credential::Directory(token)) = Credential::parse("type%3Daad%26ver%3D1.0%26sig%3Da.b.c") else {
        panic!("a token of the directory")
    };
    assert_eq!(token, "a.b.c");
    for wrong in ["dbs", "/dbz/a", "/dbs//colls", "/dbs/..", "/dbs/a%0A"] {
        assert!(Request::from_path(Verb::Get, wrong).is_err(), "{wrong}");
    }
    assert!(ResourceLink::named("dbs/a\nb").is_err());
}

#[test]
fn malformed_urls() {
    let token = format!("r=https%3A%2F%2Ft.example&e=2030-01-01%2000%3A00%3A00&s={SIG}");
    assert!(event_grid::Token::parse(&token).is_ok());
    for (text, problem) in [
        (token.replace("https", "http"), Problem::Url),
        (token.replace("2030-01-01%20", ""), Problem::Time),
        (format!("{token}&x=1"), Problem::UnknownField),
        (token.replace("&e=", "&f="), Problem::UnknownField),
        ("r=https%3A%2F%2Ft.example".to_owned(), Problem::Missing),
    ] {
        assert_eq!(event_grid::Token::parse(&text).unwrap_err().problem, problem, "{text}");
    }
    let url =
        "https://h/workflows/1/triggers/manual/paths/invoke?sp=%2Fx&sv=1.0&sig=e1pyi8RFvgp7aMja4YBXPvgO";
    assert!(CallbackUrl::parse(url).is_ok());
    for (text, problem) in [
        (url.replace("https", "http"), Problem::Url),
        (format!("{url}&sp=x"), Problem::Duplicate),
        (url.replace("sv=1.0", "sv=2.0"), Problem::Version),
        (url.replace("e1py", "e1 py"), Problem::Url),
        (url.replace("sp=%2Fx&", ""), Problem::Missing),
    ] {
        assert_eq!(CallbackUrl::parse(&text).unwrap_err().problem, problem, "{text}");
    }
    let url = "https://h/api/f?code=aVeryLongFunctionKey";
    assert!(FunctionUrl::parse(url).is_ok());
    assert_eq!(
        FunctionUrl::parse(&format!("{url}&CODE=aVeryLongFunctionKey")).unwrap_err().problem,
        Problem::Duplicate
    );
    assert_eq!(FunctionUrl::parse("https://h/api/f?x=1").unwrap_err().problem, Problem::Missing);
}

#[test]
fn debug_and_errors_show_no_secret() {
    let sig = SIG.replace("%3D", "=");
    let texts = [
        blob(""),
        format!("SharedAccessSignature sr=sb%3A%2F%2Fns.example&sig={SIG}&se=1&skn=p"),
        format!("SharedKey acct1:{sig}"),
        format!("type=master&ver=1.0&sig={sig}"),
        format!("type=resource&ver=1&sig={sig};more"),
        format!("r=https%3A%2F%2Ft.example&e=2030-01-01%2000%3A00%3A00&s={SIG}"),
        format!(
            "https://h/workflows/1/triggers/m/paths/invoke?sp=%2Fx&sv=1.0&sig={}",
            &sig[..43].replace('/', "_")
        ),
        format!("https://h/api/f?code={SIG}"),
        format!("https://a.blob.core.windows.net/c/b?{}", blob("")),
    ];
    for text in &texts {
        let inspection = inspect(text).unwrap_or_else(|| panic!("{text}")).unwrap();
        let shown = format!("{inspection:?}");
        assert!(!shown.contains(&sig[..20]), "{shown}");
        assert!(!matches!(inspection, Inspection::Storage(_, None)) || text == &texts[0]);
    }
    let key = account_key();
    assert_eq!(format!("{key:?}"), "ServiceKey(redacted)");
}

#[test]
fn a_secret_under_another_spelling_of_its_name_is_not_shown() {
    let secret = "aVeryLongFunctionKeyOfTheHost";
    for name in ["code", "CODE", "c%6Fde", "%63%6f%64%65", "Cod%45"] {
        let url = format!("https://h/api/f?x=1&{name}={secret}&y=2");
        let parsed = FunctionUrl::parse(&url).unwrap();
        assert_eq!(parsed.to_string(), format!("https://h/api/f?x=1&{name}=****&y=2"));
        let twice = format!("{url}&code={secret}");
        assert_eq!(FunctionUrl::parse(&twice).unwrap_err().problem, Problem::Duplicate, "{twice}");
    }
    let url = format!("https://h/workflows/0/triggers/m/paths/invoke?sp=%2Fx&sv=1.0&sig={secret}");
    assert!(!CallbackUrl::parse(&url).unwrap().to_string().contains(secret));
    for name in ["SIG", "s%69g", "%73%69%67", "S%49G", "Se", "s%70"] {
        let text = format!("{url}&{name}={secret}");
        assert_eq!(CallbackUrl::parse(&text).unwrap_err().problem, Problem::FieldCase, "{text}");
    }
}
