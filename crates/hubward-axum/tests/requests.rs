//! Requests to a service behind the extractor, and behind the layer.
#![allow(missing_docs, clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use core::time::Duration;
use std::sync::{Arc, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{Request, Response, StatusCode};
use axum::routing::{any, get};
use hubward::registry::{Authentication, Change, Precondition, Registry, SymmetricKeys};
use hubward::types::{
    Authority, DeviceId, HostName, Identity, Permissions, PolicyName, Status, SymmetricKey, UnixTime,
};
use hubward::{AsyncStore, AuthError, Client, HubConfig, OwnedRecord, RecordRequest};
use hubward_axum::{AuthorizationLayer, Caller, Hub, Refusal};
use hubward_rustcrypto::HmacKey;
use tower::ServiceExt;

const EVENTS: &str = "/devices/pump-7/messages/events";

fn key(name: &str) -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(format!("{name:-<32}").as_bytes()).unwrap())
}

fn id(text: &str) -> DeviceId<'_> {
    DeviceId::parse(text).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test of an adapter that reads the clock")]
fn in_an_hour() -> UnixTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixTime::since_unix_epoch(now + Duration::from_secs(3600))
}

fn device(name: &str, signed_with: &str) -> String {
    let client = Client::device(Authority::parse("contoso.example").unwrap(), id(name));
    client.token(in_an_hour()).sign(&key(signed_with)).to_string()
}

fn service(policy: &str) -> String {
    let host = Authority::parse("contoso.example").unwrap();
    let client = Client::service(host, PolicyName::parse(policy).unwrap());
    client.token(in_an_hour()).sign(&key(policy)).to_string()
}

fn config(host: &str) -> HubConfig<HmacKey> {
    HubConfig::new(HostName::parse(host).unwrap(), key("of no identity"))
}

struct World {
    config: Arc<RwLock<HubConfig<HmacKey>>>,
    registry: Arc<RwLock<Registry<HmacKey>>>,
    hub: Hub,
}

fn world() -> World {
    let mut registry = Registry::unseeded();
    for name in ["pump-7", "pump-8"] {
        registry.create_device(id(name), Authentication::Sas(SymmetricKeys::one(key(name)))).unwrap();
    }
    let reader = PolicyName::parse("registryRead").unwrap();
    registry.set_policy(reader, Permissions::REGISTRY_READ, SymmetricKeys::one(key("registryRead")));
    let config = Arc::new(RwLock::new(config("contoso.example")));
    let registry = Arc::new(RwLock::new(registry));
    let hub = Hub::with_registry(Arc::clone(&config), Arc::clone(&registry));
    World { config, registry, hub }
}

async fn caller(caller: Caller) -> String {
    caller.identity().to_string()
}

/// Returns a router whose handlers run for permitted requests only, by the extractor or by the layer.
fn routers(hub: &Hub) -> [Router; 3] {
    [
        Router::new().fallback(caller).with_state(hub.clone()),
        Router::new().fallback(any(async || "let through")).layer(AuthorizationLayer::new(hub.clone())),
        Router::new().fallback(caller).with_state(hub.clone()).layer(AuthorizationLayer::new(hub.clone())),
    ]
}

fn request(method: &str, path: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(HOST, "contoso.example");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, token);
    }
    request.body(Body::empty()).unwrap()
}

async fn send(router: &Router, request: Request<Body>) -> Response<Body> {
    router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn permitted_requests_reach_the_handler() {
    let world = world();
    for router in routers(&world.hub) {
        let sent = send(&router, request("POST", EVENTS, Some(&device("pump-7", "pump-7")))).await;
        assert_eq!(sent.status(), StatusCode::OK);
        let read = send(&router, request("GET", "/devices/pump-7", Some(&service("registryRead")))).await;
        assert_eq!(read.status(), StatusCode::OK);
    }
    let [extractor, _, both] = routers(&world.hub);
    for router in [extractor, both] {
        let sent = send(&router, request("POST", EVENTS, Some(&device("pump-7", "pump-7")))).await;
        assert!(text(sent).await.contains("pump-7"));
    }
}

#[tokio::test]
async fn every_other_request_is_refused_with_its_status() {
    let world = world();
    let (own, guess) = (device("pump-7", "pump-7"), device("pump-7", "a guess"));
    let (other, reader) = (device("pump-8", "pump-8"), service("registryRead"));
    let cases = [
        ("POST", EVENTS, None, 401),
        ("POST", EVENTS, Some("Bearer x"), 401),
        ("POST", EVENTS, Some(guess.as_str()), 401),
        ("POST", EVENTS, Some(&other), 403),
        ("POST", EVENTS, Some(&reader), 403),
        ("DELETE", "/devices/pump-7", Some(&reader), 403),
        ("GET", "/devices/pump-7", Some(&own), 403),
        ("GET", "/no/such/endpoint", Some(&own), 403),
        ("POST", "/devices/pump%2D7/../pump-8/messages/events", Some(&own), 403),
    ];
    for router in routers(&world.hub) {
        for (method, path, token, status) in cases {
            let refused = send(&router, request(method, path, token)).await;
            assert_eq!(refused.status(), status, "{method} {path}");
            let reason = refused.extensions().get::<Refusal>().unwrap().clone();
            assert_eq!(reason.status(), status);
            assert!(!reason.code().is_empty() && !reason.to_string().is_empty());
            assert_eq!(reason.code() == "denied", status == 403);
            let word = text(refused).await;
            assert!(["unauthorized", "malformed", "forbidden"].contains(&word.as_str()), "{word}");
        }
    }
}

#[tokio::test]
async fn a_repeated_or_contradicting_header_is_refused() {
    let world = world();
    let token = device("pump-7", "pump-7");
    let base = || Request::builder().method("POST").uri(EVENTS);
    let hosts_twice =
        base().header(HOST, "contoso.example").header(HOST, "contoso.example").header(AUTHORIZATION, &token);
    let tokens_twice =
        base().header(HOST, "contoso.example").header(AUTHORIZATION, &token).header(AUTHORIZATION, &token);
    let no_host = base().header(AUTHORIZATION, &token);
    let other_host = base().header(HOST, "fabrikam.example").header(AUTHORIZATION, &token);
    let not_text = base().header(HOST, "contoso.example").header(AUTHORIZATION, &b"\xff"[..]);
    let uri = format!("https://contoso.example{EVENTS}");
    let contradicting = Request::builder().method("POST").uri(&uri).header(HOST, "fabrikam.example");
    let contradicting = contradicting.header(AUTHORIZATION, &token);
    for router in routers(&world.hub) {
        let requests = [&hosts_twice, &tokens_twice, &no_host, &other_host, &not_text, &contradicting];
        for (number, builder) in requests.into_iter().enumerate() {
            let mut copy = Request::builder()
                .method(builder.method_ref().unwrap().clone())
                .uri(builder.uri_ref().unwrap().clone());
            *copy.headers_mut().unwrap() = builder.headers_ref().unwrap().clone();
            let refused = send(&router, copy.body(Body::empty()).unwrap()).await;
            assert_eq!(refused.status(), 401, "request {number}");
        }
        // HTTP/2 has no Host header: its authority is part of the URI
        let http2 = Request::builder().method("POST").uri(&uri).header(AUTHORIZATION, &token);
        assert_eq!(send(&router, http2.body(Body::empty()).unwrap()).await.status(), 200);
    }
}

#[tokio::test]
async fn changes_of_the_registry_and_of_the_configuration_take_effect() {
    let world = world();
    let token = device("pump-7", "pump-7");
    let [router, ..] = routers(&world.hub);
    let post = || request("POST", EVENTS, Some(&token));
    assert_eq!(send(&router, post()).await.status(), 200);
    let change = Change::new().with_status(Status::Disabled);
    let pump = Identity::Device(id("pump-7"));
    world.registry.write().unwrap().update(pump, change, Precondition::Any).unwrap();
    assert_eq!(send(&router, post()).await.status(), 401);
    let change = Change::new().with_status(Status::Enabled);
    world.registry.write().unwrap().update(pump, change, Precondition::Any).unwrap();
    assert_eq!(send(&router, post()).await.status(), 200);
    *world.config.write().unwrap() = config("fabrikam.example");
    assert_eq!(send(&router, post()).await.status(), 401);
}

#[tokio::test]
async fn the_extractor_does_not_reuse_the_layers_result_for_another_request() {
    let world = world();
    // a middleware between the two that changes the request's path
    let changed = axum::middleware::from_fn(
        async |mut request: axum::extract::Request, next: axum::middleware::Next| {
            *request.uri_mut() = "/devices/pump-8/messages/events".parse().unwrap();
            next.run(request).await
        },
    );
    let router = Router::new().fallback(caller).with_state(world.hub.clone());
    let router = router.layer(changed).layer(AuthorizationLayer::new(world.hub.clone()));
    let answer = send(&router, request("POST", EVENTS, Some(&device("pump-7", "pump-7")))).await;
    assert_eq!(answer.status(), 403);
}

/// A store over a network: it answers after a turn of the executor, or fails.
struct Remote {
    fails: bool,
}

impl AsyncStore<HmacKey> for Remote {
    type Error = &'static str;

    async fn find(&self, request: &RecordRequest<'_>) -> Result<Option<OwnedRecord<HmacKey>>, &'static str> {
        tokio::task::yield_now().await;
        if self.fails {
            return Err("connection reset");
        }
        let pump = Identity::Device(id("pump-7"));
        let keys = Authentication::Sas(SymmetricKeys::one(key("pump-7")));
        let mut registry = Registry::unseeded();
        registry.create_device(id("pump-7"), Authentication::Sas(SymmetricKeys::one(key("pump-7")))).unwrap();
        let version = registry.get(pump).unwrap().version();
        let is_asked = request.lookup().to_string() == pump.lookup().to_string();
        Ok(is_asked.then(|| OwnedRecord::new(pump, Status::Enabled, version, keys)))
    }
}

#[tokio::test]
async fn a_store_over_a_network_decides_as_one_in_memory_and_its_failure_denies() {
    let config = Arc::new(RwLock::new(config("contoso.example")));
    let hub = Hub::with_store(Arc::clone(&config), Remote { fails: false });
    let failing = Hub::with_store(config, Remote { fails: true });
    let (own, guess) = (device("pump-7", "pump-7"), device("pump-7", "a guess"));
    for router in routers(&hub) {
        assert_eq!(send(&router, request("POST", EVENTS, Some(&own))).await.status(), 200);
        assert_eq!(send(&router, request("POST", EVENTS, Some(&guess))).await.status(), 401);
    }
    for router in routers(&failing) {
        let refused = send(&router, request("POST", EVENTS, Some(&own))).await;
        assert_eq!(refused.status(), 503);
        let reason = refused.extensions().get::<Refusal>().unwrap().clone();
        assert_eq!(reason, Refusal::Store("connection reset".to_owned()));
        assert_eq!(text(refused).await, "unavailable");
    }
}

#[tokio::test]
async fn a_nested_router_decides_on_the_path_without_its_prefix() {
    let world = world();
    let inner = Router::new().route("/devices/{id}", get(caller)).with_state(world.hub.clone());
    let outer = Router::new().nest("/hub", inner);
    let reader = service("registryRead");
    assert_eq!(send(&outer, request("GET", "/hub/devices/pump-7", Some(&reader))).await.status(), 200);
    let own = device("pump-7", "pump-7");
    assert_eq!(send(&outer, request("GET", "/hub/devices/pump-7", Some(&own))).await.status(), 403);
}

#[test]
fn a_refusal_shows_the_client_no_reason() {
    use axum::response::IntoResponse;
    let response = Refusal::NotAuthenticated(AuthError::Unknown).into_response();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.status(), 401);
}
