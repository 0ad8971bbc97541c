//! Event Hubs and Service Bus.

use hubward_cloud::ServiceBusKey;
use hubward_cloud::service_bus::{Audience, Right, Rights, Rule, Token, UnsignedToken};
use hubward_core::is_unreserved;
use hubward_rustcrypto::GeneralKey;

use super::{Case, at, field, refuse_flipped, same_signature};
use crate::conformance::ensure;

type Key = ServiceBusKey<GeneralKey>;

pub(super) fn judge(case: &Case) -> Result<(), String> {
    let text = case.token()?;
    let secret = case.required(&["key"])?;
    let key = match case.required(&["key_use"])? {
        "b64" => Key::from_base64(secret),
        _ => Key::from_text(secret),
    }
    .map_err(|error| error.to_string())?;
    let (uri, name) = (case.required(&["resource_uri"])?, case.required(&["key_name"])?);
    let token = verify(text, uri, name, &key, None)?;
    if let Some(expiry) = case.input.get("expiry").and_then(serde_json::Value::as_u64) {
        ensure(token.0 == expiry, "another expiry than the input's")?;
    }
    ensure(verify(text, uri, name, &key, Some(token.0 + 1)).is_err(), "does not expire")?;
    let signature = field(text.trim_start_matches("SharedAccessSignature "), "sig").unwrap_or_default();
    refuse_flipped(text, signature, |text| verify(text, uri, name, &key, None).map(|_| ()))?;

    let encoded = encode_as(uri, &token.1).ok_or("`sr` is no known encoding of the input")?;
    let audience = Audience::encoded(&encoded).map_err(|error| error.to_string())?;
    let unsigned = UnsignedToken::new(audience, name, at(token.0)).map_err(|error| error.to_string())?;
    super::same_text(case, &unsigned.string_to_sign())?;
    let signed = unsigned.sign(&key).to_string();
    let ours = field(signed.trim_start_matches("SharedAccessSignature "), "sig").unwrap_or_default();
    same_signature(ours, signature)?;
    verify(&signed, uri, name, &key, None).map(|_| ())
}

/// Verifies a token and returns its expiry and its resource as received.
fn verify(text: &str, uri: &str, name: &str, key: &Key, now: Option<u64>) -> Result<(u64, String), String> {
    let token = Token::parse(text).map_err(|error| error.to_string())?;
    let now = at(now.unwrap_or(token.expiry()));
    let rule = Rule::new(name, uri, Rights::new(&[Right::Manage]));
    let grant = token.verify(&rule, &[key], now).map_err(|error| error.to_string())?;
    grant.judge(uri, Right::Send, now).map_err(|error| error.to_string())?;
    Ok((token.expiry(), token.audience().to_string()))
}

/// Encodes a URI in each way that an SDK does, and returns the one that `expected` is.
fn encode_as(uri: &str, expected: &str) -> Option<String> {
    let component = |b: u8| is_unreserved(b) || b"!*'()".contains(&b);
    let form = |b: u8| b.is_ascii_alphanumeric() || b"*-._".contains(&b);
    let quoted = |b: u8| is_unreserved(b);
    let lower = uri.to_lowercase();
    let ways: [String; 8] = [
        encode(uri, "%20", component),
        encode(uri, "%20", quoted),
        encode(uri, "+", quoted),
        encode(uri, "+", form),
        encode(&lower, "%20", component),
        encode(uri, "%20", component).to_lowercase(),
        encode(uri, "%20", quoted).to_lowercase(),
        encode(uri, "+", quoted).to_lowercase(),
    ];
    ways.into_iter().find(|way| way == expected)
}

fn encode(uri: &str, space: &str, plain: impl Fn(u8) -> bool) -> String {
    uri.bytes()
        .map(|b| match b {
            b' ' => space.to_owned(),
            b if plain(b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}
