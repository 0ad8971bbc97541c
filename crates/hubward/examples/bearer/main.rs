//! Authorize users of the directory at an axum service: `jsonwebtoken` verifies the tokens, hubward decides by roles.
//!
//! `cargo run -p hubward --example bearer` sends four requests and prints the responses. Here tokens are signed with a
//! shared secret; the directory signs with RS256, and publishes its keys and issuer in its metadata.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

mod provider;

use core::error::Error;
use core::time::Duration;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header::AUTHORIZATION};
use hubward::policy::roles::{Access, ArmScope, built_in};
use hubward::types::UnixTime;
use hubward::{
    AuthError, Bearer, DirectoryConfig, HUB_AUDIENCE, Principal, PrincipalRecord, PublicError, UserDecision,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use tower::ServiceExt;

const HUB: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/contoso";
const ISSUER: &str = "https://login.example/tenant";
const SECRET: &[u8] = b"a secret in place of the directory's keys";

#[derive(serde::Serialize, serde::Deserialize)]
struct Claims {
    oid: String,
    #[serde(default)]
    groups: Vec<String>,
    aud: String,
    iss: String,
    exp: u64,
}

struct Hub {
    access: Access,
    key: DecodingKey,
    validation: Validation,
}

/// Verifies the signature, with one algorithm, and the issuer. hubward checks the audience and the expiry.
fn verified(hub: &Hub, token: &str) -> Option<Claims> {
    decode::<Claims>(token, &hub.key, &hub.validation).ok().map(|token| token.claims)
}

fn authorize(
    hub: &Hub,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    now: UnixTime,
) -> Result<UserDecision, AuthError> {
    // two headers would be ambiguous
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or(AuthError::NoCredential)?;
    if values.next().is_some() {
        return Err(AuthError::NoCredential);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let rules = DirectoryConfig::new(ArmScope::parse(HUB).unwrap());
    let pending = Bearer::http(method.as_str(), path, value)?.start(&rules);

    let claims = verified(hub, pending.token());
    let ids: Vec<&str> = claims
        .iter()
        .flat_map(|claims| core::iter::once(&claims.oid).chain(&claims.groups))
        .map(String::as_str)
        .collect();
    let found = match &claims {
        Some(claims) => PrincipalRecord::Verified(Principal::new(&ids, &claims.aud, at(claims.exp))),
        None => PrincipalRecord::Refused,
    };
    Ok(pending.resume(found, now)?.decision(&hub.access))
}

async fn front_door(
    State(hub): State<Arc<Hub>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> (StatusCode, &'static str) {
    let outcome = authorize(&hub, &method, &uri, &headers, now());
    println!("{method} {uri}: {}", outcome.map_or_else(|error| error.to_string(), |it| it.to_string()));
    match outcome {
        Ok(UserDecision::Allow { .. }) => (StatusCode::OK, "allowed"),
        Ok(UserDecision::Deny(_)) => (StatusCode::FORBIDDEN, "forbidden"),
        Err(error) if error.public() == PublicError::Malformed => (StatusCode::BAD_REQUEST, "malformed"),
        Err(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a program's clock")]
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn main() -> Result<(), Box<dyn Error>> {
    provider::RING.install_default().map_err(|_| "another provider is installed")?;
    let mut access = Access::new();
    access.assign("operators", built_in("IoT Hub Data Reader").ok_or("no such role")?, HUB)?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    (validation.validate_aud, validation.validate_exp) = (false, false);
    let hub = Hub { access, key: DecodingKey::from_secret(SECRET), validation };
    let service = Router::new().fallback(front_door).with_state(Arc::new(hub));

    let claims = |aud: &str| Claims {
        oid: "alice".into(),
        groups: vec!["operators".into()],
        aud: aud.into(),
        iss: ISSUER.into(),
        exp: now().as_secs().saturating_add(600),
    };
    let sign = |claims| encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET));
    let good = sign(claims(HUB_AUDIENCE))?;
    let elsewhere = sign(claims("https://management.azure.com"))?;

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for (method, path, token, expected) in [
        ("GET", "/devices/pump-7?api-version=2021-04-12", &good, StatusCode::OK),
        ("DELETE", "/devices/pump-7?api-version=2021-04-12", &good, StatusCode::FORBIDDEN),
        ("POST", "/devices/pump-7/messages/events", &good, StatusCode::FORBIDDEN),
        ("GET", "/devices/pump-7", &elsewhere, StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(AUTHORIZATION, format!("Bearer {token}")).body(Body::empty())?;
        let status = runtime.block_on(service.clone().oneshot(request))?.status();
        println!("    {status}");
        if status != expected {
            return Err(format!("{method} {path}: {status}, and {expected} was expected").into());
        }
    }
    Ok(())
}
