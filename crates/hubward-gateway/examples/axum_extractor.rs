//! hubward as an extractor of axum: a handler with a `Caller` runs for permitted requests only.
//!
//! `cargo run -p hubward-gateway --example axum_extractor` sends the service five requests and prints the answers.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use core::error::Error;
use core::time::Duration;
use std::sync::{Arc, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderName, Request, StatusCode};
use axum::routing::{get, post};
use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::types::{Authority, DeviceId, HostName, Permissions, PolicyName, SymmetricKey, UnixTime};
use hubward::{AuthError, Client, Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;
use tower::ServiceExt;

struct Hub {
    config: HubConfig<HmacKey>,
    registry: RwLock<Registry<HmacKey>>,
}

/// The session of a permitted request.
struct Caller(Session);

impl FromRequestParts<Arc<Hub>> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, StatusCode> {
        match authorize(hub, parts) {
            Ok(Some(session)) => Ok(Self(session)),
            Ok(None) => Err(StatusCode::FORBIDDEN),
            Err(error) => {
                println!("    {error}");
                Err(StatusCode::UNAUTHORIZED)
            }
        }
    }
}

/// Returns the caller's session; `None` if the caller is authenticated and not permitted.
fn authorize(hub: &Hub, parts: &Parts) -> Result<Option<Session>, AuthError> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let (host, authorization) = (one(parts, &HOST)?, one(parts, &AUTHORIZATION)?);
    let credentials =
        Credentials::http(parts.method.as_str(), path, host.unwrap_or_default(), authorization)?;
    // a database is awaited in the same way, by `authenticate_async`
    let authenticated = hub.config.authenticate(credentials, &*hub.registry.read().unwrap(), now)?;
    println!("    {}", authenticated.decision());
    Ok(authenticated.decision().is_allow().then(|| authenticated.into_session()))
}

/// Returns the value of a header. A repeated header is refused, since it could be read in two ways.
fn one<'p>(parts: &'p Parts, name: &HeaderName) -> Result<Option<&'p str>, AuthError> {
    let mut values = parts.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| AuthError::Scheme),
        _ => Err(AuthError::Scheme),
    }
}

async fn telemetry(Caller(session): Caller, Path(device): Path<String>) -> String {
    format!("{} sent for {device}", session.identity())
}

async fn read_device(Caller(session): Caller, Path(device): Path<String>) -> String {
    format!("{} reads {device}", session.identity())
}

#[expect(clippy::disallowed_methods, reason = "a program's clock")]
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn key(name: &str) -> HmacKey {
    // an example's keys; a hub's are random
    HmacKey::new(&SymmetricKey::from_bytes(format!("{name:-<32}").as_bytes()).unwrap())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::unseeded();
    for id in ["pump-7", "pump-8"] {
        let keys = SymmetricKeys::new(key(id), key("second"));
        registry.create_device(DeviceId::parse(id)?, Authentication::Sas(keys))?;
    }
    let reader = PolicyName::parse("registryRead")?;
    registry.set_policy(reader, Permissions::REGISTRY_READ, SymmetricKeys::one(key("reader")));
    let config = HubConfig::new(HostName::parse("contoso.example")?, key("random, of no identity"));
    let service = Router::new()
        .route("/devices/{id}/messages/events", post(telemetry))
        .route("/devices/{id}", get(read_device))
        .with_state(Arc::new(Hub { config, registry: RwLock::new(registry) }));

    let host = Authority::parse("contoso.example")?;
    let later = UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs().saturating_add(3600)));
    let pump = Client::device(host, DeviceId::parse("pump-7")?).token(later).sign(&key("pump-7")).to_string();
    let forged =
        Client::device(host, DeviceId::parse("pump-7")?).token(later).sign(&key("guess")).to_string();
    let reader = Client::service(host, reader).token(later).sign(&key("reader")).to_string();

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for (method, path, token, expected) in [
        ("POST", "/devices/pump-7/messages/events", &pump, StatusCode::OK),
        ("POST", "/devices/pump-8/messages/events", &pump, StatusCode::UNAUTHORIZED),
        ("POST", "/devices/pump-7/messages/events", &forged, StatusCode::UNAUTHORIZED),
        ("GET", "/devices/pump-7", &pump, StatusCode::FORBIDDEN),
        ("GET", "/devices/pump-7", &reader, StatusCode::OK),
    ] {
        println!("{method} {path}");
        let request = Request::builder().method(method).uri(path).header(HOST, "contoso.example");
        let request = request.header(AUTHORIZATION, token).body(Body::empty())?;
        let status = runtime.block_on(service.clone().oneshot(request))?.status();
        println!("    {status}");
        if status != expected {
            return Err(format!("{method} {path}: {status}, and {expected} was expected").into());
        }
    }
    Ok(())
}
