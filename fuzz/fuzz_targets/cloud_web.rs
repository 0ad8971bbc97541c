//! Any header of Functions, Event Grid and App Service authentication, and any upload URI of a hub: no panic, agreement
//! with simple models, and no secret in what is shown.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_cloud::event_grid::{TopicAccessKey, validation_response};
use hubward_cloud::storage::UploadUri;
use hubward_cloud::web::{FunctionKey, UnprovenPrincipal};
use hubward_core::DeviceId;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let alphanumeric = |more: &'static str| move |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    let key = FunctionKey::parse(text);
    assert_eq!(key.is_ok(), (16..=256).contains(&text.len()) && text.chars().all(alphanumeric("-_+/=~.")));
    if let Ok(key) = key {
        assert!(key.matches(text) && !key.matches(&format!("{text}=")) && !format!("{key:?}").contains(text));
    }
    let key = TopicAccessKey::parse(text);
    assert_eq!(key.is_ok(), (16..=512).contains(&text.len()) && text.chars().all(alphanumeric("+/=")));
    if let Ok(key) = key {
        assert!(key.matches(text) && !key.matches(&text[1..]) && !format!("{key:?}").contains(text));
    }
    let answer = validation_response(text).map(|body| body.to_string());
    assert_eq!(answer.is_ok(), (1..=128).contains(&text.len()) && text.chars().all(alphanumeric("-")));
    if let Ok(answer) = answer {
        assert_eq!(answer, serde_json::json!({ "validationResponse": text }).to_string());
    }
    // the JSON itself, and a header
    principal(&STANDARD.encode(text));
    principal(text);
    // the lines of a response to an upload
    let lines: Vec<&str> = text.splitn(4, '\n').collect();
    if let [host, container, blob, token] = lines[..]
        && let Ok(uri) = UploadUri::parse(host, container, blob, token, DeviceId::parse("dev1").unwrap())
    {
        assert!(blob.starts_with("dev1/"), "{blob}");
        assert!(uri.resource().container_name().unwrap().is(container));
        assert_eq!(host.split('.').next(), Some(uri.resource().account()));
    }
});

/// Compares a principal with the JSON as a map.
fn principal(header: &str) {
    let Ok(principal) = UnprovenPrincipal::parse(header) else { return };
    // the reader skips what it does not need, such as an unpaired surrogate in another field
    let json = serde_json::from_slice::<Value>(&STANDARD.decode(header).unwrap());
    let Ok(json) = json else { return };
    assert!(json.is_object());
    assert_eq!(json["auth_typ"], principal.provider());
    let claims = json["claims"].as_array().unwrap();
    assert_eq!(claims.len(), principal.claims().len());
    for (claim, own) in claims.iter().zip(principal.claims()).filter(|(claim, _)| claim.is_object()) {
        assert_eq!((&claim["typ"], &claim["val"]), (&own.name().into(), &own.value().into()));
        let is_role = json["role_typ"] == claim["typ"];
        assert!(!is_role || principal.claims_role(own.value()));
    }
    let named = json["name_typ"].as_str().and_then(|name| {
        principal.claims().iter().find(|claim| claim.name() == name).map(|claim| claim.value())
    });
    assert_eq!(principal.claimed_name(), named);
}
