//! Any path, date and header of Cosmos DB: no panic, the signed text is that of a simple model, and only the signature of
//! that text verifies.
#![no_main]

use hubward_cloud::cosmos::{Credential, Request, Verb};
use hubward_cloud::{MasterKey, VerifyError};
use hubward_core::UnixTime;
use hubward_rustcrypto::GeneralKey;
use libfuzzer_sys::fuzz_target;

const DATE: &str = "Tue, 01 Jan 2030 00:00:00 GMT";

fuzz_target!(|text: &str| {
    // the first line is the path, the second a date, the rest a header
    let mut lines = text.splitn(3, '\n');
    let (path, date, header) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let credential = Credential::parse(header);
    if let Ok(Credential::Master(_) | Credential::Resource(_)) = credential {
        assert!(format!("{credential:?}").contains("redacted"), "{credential:?}");
    }
    let Ok(request) = Request::from_path(Verb::Post, path) else { return };
    let dated = request.with_ms_date(date);
    assert!(dated.is_err() || date.len() == DATE.len(), "{date}");
    let (request, date) = match dated {
        Ok(request) => (request, date),
        Err(_) => (request.with_ms_date(DATE).unwrap(), DATE),
    };
    let signed = model(path, date);
    assert_eq!(request.string_to_sign().to_string(), signed, "{path}");

    let key = MasterKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
    let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_893_456_000));
    let own = request.sign(&key).to_string();
    let Ok(Credential::Master(token)) = Credential::parse(&own) else { panic!("{own}") };
    let verdict = request.verify(&token, &[&key], now);
    assert!(verdict == Err(VerifyError::Skew) || verdict.is_ok());
    assert!(date != DATE || verdict.is_ok());
    if let Ok(Credential::Master(token)) = credential {
        let expected =
            if decode(header) == decode(&own) { verdict } else { Err(VerifyError::WrongSignature) };
        assert_eq!(request.verify(&token, &[&key], now), expected, "{header}");
    }
});

/// Joins the five lines: verb, type, link, date, and an empty one.
fn model(path: &str, date: &str) -> String {
    let path = path[1..].strip_suffix('/').unwrap_or(&path[1..]);
    let segments: Vec<&str> = if path.is_empty() { vec![] } else { path.split('/').collect() };
    let (kind, link) = match segments.len() {
        0 => ("", String::new()),
        len if len % 2 == 1 => (segments[len - 1], decode(&segments[..len - 1].join("/"))),
        len if segments[len - 2].eq_ignore_ascii_case("offers") => {
            ("offers", decode(segments[len - 1]).to_ascii_lowercase())
        }
        len => (segments[len - 2], decode(path)),
    };
    // types have no case
    let kind = kind.to_ascii_lowercase();
    format!("post\n{kind}\n{link}\n{}\n\n", date.to_ascii_lowercase())
}

fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    String::from_utf8(bytes).unwrap()
}
