//! Enrollments over HTTPS, in a durable registry, and on several gateways; and the assignment of devices to hubs.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "common/provisioning.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod dps;

use std::sync::{Arc, Mutex};

use common::client::*;
use common::*;
use dps::*;
use hubward_gateway::{
    AssignedDevice, Assignment, AssignmentRequest, Config, Dev, ProvisioningError, Server, StartError,
    StoreConfig, StoreError, StorePlace,
};
use serde_json::{Value, json};

fn content() -> Value {
    file(&[individual("sn-1", &keys(1))], &[group("pumps", &keys(10))])
}

fn durable(dev: &Dev, config: &mut Config) {
    let place = StorePlace::Sqlite(dev.file("hub.db"));
    config.store = Some(StoreConfig { place, key_file: None, authorities: None });
}

/// Returns the configuration of another gateway with the same registry.
fn config(dev: &Dev, content: Option<&Value>) -> Config {
    let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
    durable(dev, &mut config);
    match content {
        Some(content) => provisioning(dev, &mut config, content),
        None => (config.registry, config.policies) = (None, None),
    }
    config
}

struct Answer {
    status: u16,
    body: Value,
}

async fn service_at(gateway: &Gateway, request: &str, headers: &str, body: &Value) -> Answer {
    let headers = format!("{}{headers}", service("owner", 200));
    let (status, body) = gateway.http(request, &headers, &body.to_string()).await;
    Answer { status, body: serde_json::from_str(&body).unwrap_or_default() }
}

#[tokio::test]
async fn enrollments_are_created_changed_and_deleted() {
    let gateway = Gateway::with(|dev, config| provisioning(dev, config, &content())).await;
    let call =
        async |request: &str, headers: &str, body: Value| service_at(&gateway, request, headers, &body).await;
    let created =
        call("PUT /enrollments/SN-2?api-version=2021-10-01", "", individual("SN-2", &keys(2))).await;
    assert_eq!((created.status, &created.body["registrationId"]), (200, &json!("sn-2")));
    // a key is in no answer but to a request for it
    assert_eq!(created.body["attestation"], json!({ "type": "symmetricKey" }));
    let mechanism = call("POST /enrollments/sn-2/attestationmechanism", "", json!({})).await;
    assert_eq!(mechanism.body, keys(2));
    assert!(register(&gateway, "sn-2", &secret(2)).await.is_ok());
    let read = call("GET /enrollments/sn-2", "", json!({})).await;
    assert_eq!(read.body["registrationState"]["deviceId"], "sn-2");
    // what was read can be written, and keeps the keys
    let etag = format!("If-Match: \"{}\"\r\n", read.body["etag"].as_str().unwrap());
    let disabled = with(read.body.clone(), "provisioningStatus", json!("disabled"));
    assert_eq!(call("PUT /enrollments/sn-2", "", disabled.clone()).await.status, 409);
    assert_eq!(call("PUT /enrollments/sn-2", &etag, disabled.clone()).await.status, 200);
    assert_eq!(call("PUT /enrollments/sn-2", &etag, disabled.clone()).await.status, 412);
    let mut stream = gateway.mqtt().await;
    let connect = register_connect("sn-2", Some(&token("sn-2", &secret(2))));
    assert_eq!(ask(&mut stream, &connect).await, connack(5), "it is disabled");
    let enabled = with(disabled, "provisioningStatus", json!("enabled"));
    assert_eq!(call("PUT /enrollments/sn-2", "If-Match: *\r\n", enabled).await.status, 200);
    assert_eq!(call("POST /enrollments/sn-2/attestationmechanism", "", json!({})).await.body, keys(2));
    // keys are generated
    let generated = individual("sn-3", &json!({ "type": "symmetricKey" }));
    assert_eq!(call("PUT /enrollments/sn-3", "", generated).await.status, 200);
    let mechanism = call("POST /enrollments/sn-3/attestationmechanism", "", json!({})).await.body;
    let key = key(mechanism["symmetricKey"]["primaryKey"].as_str().unwrap());
    assert!(register(&gateway, "sn-3", &key).await.is_ok());
    // groups
    assert_eq!(call("PUT /enrollmentGroups/valves", "", group("valves", &keys(60))).await.status, 200);
    assert!(register(&gateway, "v-1", &member(60, "v-1")).await.is_ok());
    assert_eq!(call("DELETE /enrollmentGroups/valves", "", json!({})).await.status, 204);
    let mut stream = gateway.mqtt().await;
    let connect = register_connect("v-2", Some(&token("v-2", &member(60, "v-2"))));
    assert_eq!(ask(&mut stream, &connect).await, connack(5), "its group was deleted");
    // registrations
    assert_eq!(call("GET /registrations/v-1", "", json!({})).await.body["enrollmentGroupId"], "valves");
    let of_group = call("POST /registrations/valves/query", "", json!({})).await.body;
    assert_eq!((of_group.as_array().unwrap().len(), &of_group[0]["deviceId"]), (1, &json!("v-1")));
    assert_eq!(call("POST /registrations/pumps/query", "", json!({})).await.body, json!([]));
    assert_eq!(call("DELETE /registrations/v-1", "", json!({})).await.status, 204);
    for (request, status) in [
        ("GET /registrations/v-1", 404),
        ("GET /enrollments/ghost", 404),
        ("DELETE /enrollments/ghost", 404),
        ("GET /enrollmentGroups/sn-2", 404),
        ("PATCH /enrollments/sn-2", 501),
    ] {
        assert_eq!(call(request, "", json!({})).await.status, status, "{request}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_wrong_enrollment_is_refused_with_its_place() {
    let gateway = Gateway::with(|dev, config| provisioning(dev, config, &content())).await;
    let one = individual("new", &keys(5));
    let short = json!({ "type": "symmetricKey", "symmetricKey": { "primaryKey": "c2hvcnQ=", "secondaryKey": base64(1) } });
    for (body, place) in [
        (json!([]), "not an enrollment"),
        (with(one.clone(), "provisoningStatus", json!("disabled")), "not an enrollment"),
        (with(one.clone(), "registrationId", json!("other")), "the id in the body"),
        (with(one.clone(), "registrationId", json!("a b")), "registrationId"),
        (with(one.clone(), "enrollmentGroupId", json!("g")), "registrationId"),
        (with(one.clone(), "provisioningStatus", json!("Disabled")), "provisioningStatus"),
        (with(one.clone(), "deviceId", json!("a/b")), "deviceId"),
        (with(one.clone(), "initialTwin", json!("x")), "initialTwin"),
        (with(one.clone(), "allocationPolicy", json!("nearest")), "not an enrollment"),
        (with(one.clone(), "iotHubs", json!(["user@hub"])), "iotHubs"),
        (with(one.clone(), "attestation", json!({ "type": "x509" })), "attestation"),
        (with(one.clone(), "attestation", short), "attestation.symmetricKey.primaryKey"),
        (with(one.clone(), "attestation", own_certificate("MIIB")), "attestation.x509"),
        (
            with(one.clone(), "attestation", json!({ "type": "tpm", "tpm": { "endorsementKey": "" } })),
            "endorsementKey",
        ),
        (json!({ "registrationId": "new" }), "attestation"),
    ] {
        let answer = service_at(&gateway, "PUT /enrollments/new", "", &body).await;
        let message = answer.body["Message"].as_str().unwrap_or_default();
        assert!(answer.status == 400 && message.contains(place), "{body}: {} {message}", answer.status);
        assert!(!message.contains(&base64(5)) && !message.contains("c2hvcnQ="), "{message}");
    }
    let tpm = group("new", &json!({ "type": "tpm", "tpm": { "endorsementKey": "AQID" } }));
    assert_eq!(service_at(&gateway, "PUT /enrollmentGroups/new", "", &tpm).await.status, 400);
    assert_eq!(service_at(&gateway, "GET /enrollments/new", "", &json!({})).await.status, 404);
    gateway.end().await;
}

#[tokio::test]
async fn each_request_of_a_service_is_decided_on() {
    let gateway = Gateway::with(|dev, config| provisioning(dev, config, &content())).await;
    let (reader, owner) = (service("reader", 201), service("owner", 200));
    let hub = format!("Authorization: {}\r\n", gateway.policy_token("iothubowner"));
    let device = format!("Authorization: {}\r\n", token("sn-1", &secret(1)));
    for (what, request, headers, status) in [
        ("a reader reads", "GET /enrollments/sn-1", &*reader, 200),
        ("a reader reads no keys", "POST /enrollments/sn-1/attestationmechanism", &reader, 403),
        ("a reader writes nothing", "PUT /enrollments/sn-2", &reader, 403),
        ("a reader deletes nothing", "DELETE /enrollments/sn-1", &reader, 403),
        ("a reader of enrollments reads no registrations", "GET /registrations/sn-1", &reader, 403),
        ("an owner does not register", &format!("PUT /{SCOPE}/registrations/sn-1/register"), &owner, 401),
        ("another key", "GET /enrollments/sn-1", &service("reader", 99), 401),
        ("no such policy", "GET /enrollments/sn-1", &service("ghost", 201), 401),
        ("a policy of the hub", "GET /enrollments/sn-1", &hub, 401),
        ("a device", "GET /enrollments/sn-1", &device, 401),
        ("no credential", "GET /enrollments/sn-1", "", 401),
        ("a policy of provisioning at the hub", "GET /devices/dev1", &owner, 401),
    ] {
        let (got, body) = gateway.http(request, headers, &individual("sn-2", &keys(2)).to_string()).await;
        assert_eq!(got, status, "{what}: {body}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn enrollments_are_queried_by_page_and_written_in_bulk() {
    let gateway = Gateway::with(|dev, config| provisioning(dev, config, &content())).await;
    let list: Vec<Value> = (0..10).map(|at| individual(&format!("b-{at}"), &keys(at + 100))).collect();
    let create = json!({ "mode": "create", "enrollments": list });
    let done = service_at(&gateway, "POST /enrollments", "", &create).await;
    assert_eq!(done.body, json!({ "isSuccessful": true, "errors": [] }));
    let again = service_at(&gateway, "POST /enrollments", "", &create).await;
    assert_eq!(again.body["errors"].as_array().unwrap().len(), 10);
    let many: Vec<&Value> = list.iter().chain(list.iter().take(1)).collect();
    let many = json!({ "mode": "create", "enrollments": many });
    assert_eq!(service_at(&gateway, "POST /enrollments", "", &many).await.status, 400);
    // a list with a mistake writes nothing
    let (good, twin) = (individual("c-1", &keys(5)), individual("C-1", &keys(7)));
    let wrong = with(good.clone(), "attestation", json!({ "type": "x509" }));
    let wrong = with(wrong, "registrationId", json!("c-2"));
    for (mode, list) in [
        ("create", json!([good, wrong])),
        ("create", json!([good, twin])),
        ("create", json!([good, 7])),
        ("Create", json!([good])),
        ("Create", json!([])),
    ] {
        let body = json!({ "mode": mode, "enrollments": list });
        assert_eq!(service_at(&gateway, "POST /enrollments", "", &body).await.status, 400, "{body}");
        assert_eq!(service_at(&gateway, "GET /enrollments/c-1", "", &json!({})).await.status, 404, "{body}");
    }
    // an existing one is one result of the list, and the others are written
    let part = json!({ "mode": "create", "enrollments": [list[0], good] });
    let part = service_at(&gateway, "POST /enrollments", "", &part).await;
    assert_eq!((part.status, &part.body["isSuccessful"]), (200, &json!(false)));
    assert_eq!(part.body["errors"].as_array().unwrap().len(), 1);
    assert_eq!(part.body["errors"][0]["registrationId"], "b-0");
    assert_eq!(service_at(&gateway, "DELETE /enrollments/c-1", "", &json!({})).await.status, 204);
    let query = json!({ "query": "SELECT * FROM enrollments" });
    let (mut names, mut after) = (Vec::new(), String::new());
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    loop {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = dial(&tls, gateway.server.https().unwrap()).await.unwrap();
        let body = query.to_string();
        let request = format!(
            "POST /enrollments/query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}x-ms-max-item-count: 4\r\n{after}Content-Length: {}\r\n\r\n{body}",
            service("reader", 201),
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, page) = answer.split_once("\r\n\r\n").unwrap();
        let page: Value = serde_json::from_str(page).unwrap();
        let page = page.as_array().unwrap();
        assert!(page.len() <= 4);
        names.extend(page.iter().map(|one| one["registrationId"].as_str().unwrap().to_owned()));
        match head.lines().find(|line| line.starts_with("x-ms-continuation")) {
            Some(line) => after = format!("{line}\r\n"),
            None => break,
        }
    }
    let expected: Vec<String> = (0..10).map(|at| format!("b-{at}")).chain(["sn-1".to_owned()]).collect();
    assert_eq!(names, expected);
    let other = json!({ "query": "SELECT * FROM enrollments WHERE 1=1" });
    assert_eq!(service_at(&gateway, "POST /enrollments/query", "", &other).await.status, 400);
    let delete = json!({ "mode": "delete", "enrollments": list });
    assert_eq!(service_at(&gateway, "POST /enrollments", "", &delete).await.body["isSuccessful"], true);
    assert_eq!(service_at(&gateway, "GET /enrollments/b-3", "", &json!({})).await.status, 404);
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_registry_has_the_enrollments_and_all_gateways_follow() {
    let gateway = Gateway::with(|dev, config| {
        durable(dev, config);
        provisioning(dev, config, &content());
    })
    .await;
    let state = register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    // another gateway, without the file
    let mut other = Server::start(config(&gateway.dev, None)).await.unwrap();
    let mut gateway = gateway;
    core::mem::swap(&mut gateway.server, &mut other);
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 0);
    let read = service_at(&gateway, "GET /registrations/sn-7", "", &json!({})).await;
    assert_eq!(read.body["createdDateTimeUtc"], state["createdDateTimeUtc"]);
    // a change at one gateway counts at the other
    let closed =
        with(group("pumps", &json!({ "type": "symmetricKey" })), "provisioningStatus", json!("disabled"));
    assert_eq!(
        service_at(&gateway, "PUT /enrollmentGroups/pumps", "If-Match: *\r\n", &closed).await.status,
        200
    );
    core::mem::swap(&mut gateway.server, &mut other);
    loop {
        let mut stream = gateway.mqtt().await;
        let connect = register_connect("sn-8", Some(&token("sn-8", &member(10, "sn-8"))));
        if ask(&mut stream, &connect).await == connack(5) {
            break;
        }
    }
    // keys are sealed
    let raw = [10; 32];
    for file in ["hub.db", "hub.db-wal"] {
        let bytes = std::fs::read(gateway.dev.file(file)).unwrap_or_default();
        assert!(!bytes.windows(16).any(|part| *part == raw[..16] || part == &base64(10).as_bytes()[..16]));
    }
    assert!(gateway.server.shutdown().await && other.shutdown().await);
    // the file is the first content and no second truth
    let dev = &gateway.dev;
    let refused = Server::start(config(dev, Some(&content()))).await.unwrap_err();
    let differs = |error: &StartError| {
        matches!(error, StartError::Store(StoreError::Provisioning(ProvisioningError::Differs(_))))
    };
    assert!(differs(&refused) && refused.to_string().contains("pumps"), "{refused}");
    let closed = with(group("pumps", &keys(10)), "provisioningStatus", json!("disabled"));
    let closed = [closed];
    let equal = file(&[individual("sn-1", &keys(1))], &closed);
    assert!(Server::start(config(dev, Some(&equal))).await.unwrap().shutdown().await);
    let mut other_host = equal.clone();
    other_host["host"] = json!("dps.example");
    let mut other_policy = equal.clone();
    other_policy["policies"][0]["rights"] = json!("EnrollmentRead");
    for different in [
        other_host,
        other_policy,
        file(&[], &closed),
        file(&[individual("sn-1", &keys(2))], &closed),
        file(&[individual("sn-1", &keys(1)), individual("sn-2", &keys(1))], &closed),
    ] {
        let refused = Server::start(config(dev, Some(&different))).await.unwrap_err();
        assert!(differs(&refused), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_without_provisioning_takes_the_file_once() {
    let gateway = Gateway::with(durable).await;
    assert!(gateway.server.shutdown().await);
    let dev = &gateway.dev;
    assert!(Server::start(config(dev, Some(&content()))).await.unwrap().shutdown().await);
    let refused = Server::start(config(dev, Some(&file(&[], &[])))).await.unwrap_err();
    assert!(matches!(refused, StartError::Store(StoreError::Provisioning(_))), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_wrong_is_refused_with_its_place() {
    let dev = Dev::create().unwrap();
    let groups: Vec<Value> = (0..101).map(|at| group(&format!("g{at}"), &keys(at))).collect();
    let one = individual("sn-1", &keys(1));
    for (content, place) in [
        (json!([]), "line 1, column"),
        (with(content(), "group", json!([])), "line 1, column"),
        (with(content(), "idScope", json!("a b")), "idScope"),
        (with(content(), "host", json!("user@host")), "host"),
        (file(&[one.clone(), individual("SN-1", &keys(1))], &[]), "individuals, number 2"),
        (file(&[with(one, "provisioningStatus", json!("on"))], &[]), "individuals, number 1"),
        (file(&[], &groups), "at most 100 groups"),
        (
            with(
                content(),
                "policies",
                json!([{ "keyName": "x", "primaryKey": base64(1), "rights": "All" }]),
            ),
            "policies, number 1",
        ),
    ] {
        let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
        provisioning(&dev, &mut config, &content);
        let refused = Server::start(config).await.unwrap_err().to_string();
        assert!(refused.contains("provisioning.json") && refused.contains(place), "{refused}");
    }
}

/// The hubs `localhost` and `far.example`, and what was handed over.
#[derive(Default)]
struct TwoHubs {
    far: Mutex<bool>,
    handed: Mutex<Vec<String>>,
}

impl Assignment for TwoHubs {
    fn custom(&self, request: &AssignmentRequest<'_>) -> Option<usize> {
        assert_eq!(request.definition, Some(r#"{"webhookUrl":"own"}"#));
        Some(usize::from(*self.far.lock().unwrap()))
    }
    fn hand_over(&self, device: &AssignedDevice<'_>) -> bool {
        let AssignedDevice { device_id, hub, migrate, initial_twin, .. } = device;
        let line =
            format!("{device_id} at {hub}, migrate {migrate}, twin {}", initial_twin.unwrap_or("none"));
        self.handed.lock().unwrap().push(line);
        true
    }
}

#[tokio::test]
async fn a_device_keeps_its_hub_moves_or_starts_again_as_its_enrollment_says() {
    let two = Arc::new(TwoHubs::default());
    let enrolled = |id: &str, key, update: bool, migrate: bool| {
        let mut one = individual(id, &keys(key));
        one["allocationPolicy"] = json!("custom");
        one["customAllocationDefinition"] = json!({ "webhookUrl": "own" });
        one["iotHubs"] = json!(["localhost", "far.example"]);
        one["reprovisionPolicy"] = json!({ "updateHubAssignment": update, "migrateDeviceData": migrate });
        one["initialTwin"] = json!({ "tags": {} });
        one
    };
    let content = file(
        &[
            enrolled("keep", 1, false, false),
            enrolled("move", 3, true, true),
            enrolled("reset", 5, true, false),
        ],
        &[group("pumps", &keys(10))],
    );
    let mut gateway = Gateway::with(|dev, config| provisioning(dev, config, &content)).await;
    // the default refuses a custom assignment
    let (topic, _) = register(&gateway, "keep", &secret(1)).await.unwrap_err();
    assert_eq!(topic, "$dps/registrations/res/400/?$rid=1");
    let mut other = gateway.dev.config("127.0.0.1:0", "127.0.0.1:0");
    provisioning(&gateway.dev, &mut other, &content);
    let assignment: Arc<dyn Assignment> = Arc::<TwoHubs>::clone(&two);
    let own = Server::start_with(other, assignment).await.unwrap();
    assert!(core::mem::replace(&mut gateway.server, own).shutdown().await);
    let devices = [("keep", 1), ("move", 3), ("reset", 5)];
    for (id, key) in devices {
        assert_eq!(register(&gateway, id, &secret(key)).await.unwrap()["assignedHub"], "localhost");
        assert_eq!(hub_code(&gateway, id, &secret(key)).await, 0);
    }
    let first = ["keep", "move", "reset"]
        .map(|id| format!("{id} at localhost, migrate false, twin {{\"tags\":{{}}}}"));
    assert_eq!(core::mem::take(&mut *two.handed.lock().unwrap()), first);
    *two.far.lock().unwrap() = true;
    for ((id, key), (hub, substatus, code)) in devices.into_iter().zip([
        ("localhost", "initialAssignment", 0),
        ("far.example", "deviceDataMigrated", 5),
        ("far.example", "deviceDataReset", 5),
    ]) {
        let state = register(&gateway, id, &secret(key)).await.unwrap();
        assert_eq!((&state["assignedHub"], &state["substatus"]), (&json!(hub), &json!(substatus)), "{id}");
        // a device that moved away has left this hub
        assert_eq!(hub_code(&gateway, id, &secret(key)).await, code, "{id}");
    }
    let moved = ["move at far.example, migrate true", "reset at far.example, migrate false"]
        .map(|line| format!("{line}, twin {{\"tags\":{{}}}}"));
    assert_eq!(*two.handed.lock().unwrap(), moved);
    assert!(gateway.server.shutdown().await);
}
