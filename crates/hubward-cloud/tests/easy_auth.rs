//! The header of App Service authentication: an object, as the platform writes it, and nothing else.
#![cfg(feature = "json")]
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_cloud::web::{EasyAuthError, UnprovenPrincipal};

const JSON: &str = r#"{"auth_typ":"aad","claims":[{"typ":"name","val":"a"},{"typ":"roles","val":"admin"}],
    "name_typ":"name","role_typ":"roles"}"#;

fn parse(json: &str) -> Result<UnprovenPrincipal, EasyAuthError> {
    UnprovenPrincipal::parse(&STANDARD.encode(json))
}

#[test]
fn a_principal_has_its_claims() {
    let principal = parse(JSON).unwrap();
    assert_eq!((principal.provider(), principal.claimed_name()), ("aad", Some("a")));
    assert!(principal.claims_role("admin") && !principal.claims_role("a"));
    // without the types no claim is a name or a role
    let bare = parse(r#"{"auth_typ":"aad","claims":[{"typ":"roles","val":"admin"}]}"#).unwrap();
    assert!(bare.claimed_name().is_none() && !bare.claims_role("admin"));
}

#[test]
fn another_header_is_refused() {
    for json in [
        "",
        "null",
        r#"["aad",[],null,null]"#,
        r#"{"auth_typ":"aad"}"#,
        r#"{"auth_typ":"aad","auth_typ":"github","claims":[]}"#,
        r#"{"auth_typ":1,"claims":[]}"#,
        r#"{"auth_typ":"aad","claims":{}}"#,
        r#"{"auth_typ":"aad","claims":[]} x"#,
    ] {
        assert_eq!(parse(json).unwrap_err(), EasyAuthError::Json, "{json}");
    }
    assert_eq!(UnprovenPrincipal::parse(JSON).unwrap_err(), EasyAuthError::Base64);
    assert_eq!(UnprovenPrincipal::parse(&"A".repeat(65_537)).unwrap_err(), EasyAuthError::TooLong);
}
