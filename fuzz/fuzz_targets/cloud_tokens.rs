//! Any text as a token of Event Hubs, Event Grid, Cosmos DB, Logic Apps or Functions: no panic, agreement with simple
//! models, and no secret in what is shown.
#![no_main]

use hubward_cloud::cosmos::Credential;
use hubward_cloud::web::{CallbackUrl, FunctionUrl};
use hubward_cloud::{event_grid, inspect, service_bus};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = inspect(text).map(|inspection| format!("{inspection:?}"));
    if let Ok(token) = service_bus::Token::parse(text) {
        let fields = fields(text.strip_prefix("SharedAccessSignature ").unwrap());
        assert_eq!(fields.len(), 4, "four fields");
        let get = |name| fields.iter().find(|(own, _)| *own == name).unwrap().1;
        assert_eq!(token.expiry().to_string(), get("se"), "one text for one second");
        assert_eq!(token.audience().to_string(), get("sr"), "signed as received");
        // a URI covers itself, and nothing that only begins with its text
        let uri = token.audience().uri().to_string();
        assert!(token.audience().covers(&uri), "{uri}");
        assert!(!token.audience().covers(&format!("{}x", uri.trim_end_matches('/'))), "{uri}");
    }
    if let Ok(token) = event_grid::Token::parse(text) {
        let names: Vec<&str> = fields(text).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["r", "e", "s"]);
        let resource = token.resource().to_string();
        assert!(resource.to_ascii_lowercase().starts_with("https://"));
    }
    match Credential::parse(text) {
        Ok(Credential::Master(_)) => assert!(text.len() <= 3 * 68, "44 characters and the words"),
        Ok(Credential::Directory(token)) => assert!(text.ends_with(token) && !token.contains('%')),
        Ok(credential) => assert!(!format!("{credential:?}").contains("sig")),
        Err(_) => {}
    }
    if let Ok(url) = CallbackUrl::parse(text) {
        shows_no_secret(text, "sig", &url.to_string());
    }
    if let Ok(url) = FunctionUrl::parse(text) {
        shows_no_secret(text, "code", &url.to_string());
    }
});

/// Checks that the shown text is the original with the value of one field replaced. The name may be percent-encoded and
/// may have capitals.
fn shows_no_secret(text: &str, name: &str, shown: &str) {
    let (base, query) = text.split_once('?').unwrap();
    let hidden = |field: &str| match field.split_once('=') {
        Some((own, _)) if decoded(own).eq_ignore_ascii_case(name.as_bytes()) => format!("{own}=****"),
        _ => field.to_owned(),
    };
    let expected: Vec<String> = query.split('&').map(hidden).collect();
    assert_eq!(shown, format!("{base}?{}", expected.join("&")));
}

/// Decodes a name as a server does.
fn decoded(name: &str) -> Vec<u8> {
    let bytes = name.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = name.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.filter(|_| bytes[at] == b'%') {
            Some(hex) => {
                out.push(u8::from_str_radix(hex, 16).unwrap());
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

fn fields(text: &str) -> Vec<(&str, &str)> {
    text.split('&').filter_map(|field| field.split_once('=')).collect()
}
