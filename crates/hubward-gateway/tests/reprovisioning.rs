//! A device registers again: which devices a registration may change, move and create.
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

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use common::client::*;
use common::*;
use dps::*;
use hubward_gateway::{AssignedDevice, Assignment, AssignmentRequest, Server, StoreConfig, StorePlace};
use serde_json::{Value, json};

const TAKEN: &str = "$dps/registrations/res/409/?$rid=1";
const UNAUTHORIZED: &str = "$dps/registrations/res/401/?$rid=1";

/// Creates a device by hand, with the key that `byte` fills.
async fn create(gateway: &Gateway, id: &str, byte: u8) {
    let keys = json!({ "primaryKey": base64(byte), "secondaryKey": base64(byte + 1) });
    let body = json!({ "deviceId": id, "authentication": { "type": "sas", "symmetricKey": keys } });
    let (status, body) = gateway.owner(&format!("PUT /devices/{id}"), "", &body.to_string()).await;
    assert_eq!(status, 200, "{body}");
}

async fn delete(gateway: &Gateway, id: &str) {
    assert_eq!(gateway.owner(&format!("DELETE /devices/{id}"), "If-Match: *\r\n", "").await.0, 204);
}

/// Sends a request of the provisioning service's owner.
async fn manage(gateway: &Gateway, request: &str, body: &Value, status: u16) {
    let headers = format!("{}If-Match: *\r\n", service("owner", 200));
    let headers = if request.starts_with("PUT /new") { service("owner", 200) } else { headers };
    let (got, body) = gateway.http(&request.replace("PUT /new", "PUT /"), &headers, &body.to_string()).await;
    assert_eq!(got, status, "{request}: {body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_created_by_hand_after_a_registered_one_is_not_taken_over() {
    let content = file(&[], &[group("pumps", &keys(10))]);
    for durable in [false, true] {
        let gateway = Gateway::with(|dev, config| {
            provisioning(dev, config, &content);
            let place = StorePlace::Sqlite(dev.file("hub.db"));
            config.store = durable.then_some(StoreConfig { place, key_file: None, authorities: None });
        })
        .await;
        register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
        delete(&gateway, "sn-7").await;
        create(&gateway, "sn-7", 90).await;
        // the record of the registration is still there
        let (topic, _) = register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap_err();
        assert_eq!(topic, TAKEN);
        assert_eq!(hub_code(&gateway, "sn-7", &secret(90)).await, 0);
        assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 5);
        assert!(gateway.server.shutdown().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_device_gets_the_new_key_of_its_group() {
    let content = file(&[], &[group("pumps", &keys(10))]);
    for durable in [false, true] {
        let gateway = Gateway::with(|dev, config| {
            provisioning(dev, config, &content);
            let place = StorePlace::Sqlite(dev.file("hub.db"));
            config.store = durable.then_some(StoreConfig { place, key_file: None, authorities: None });
        })
        .await;
        register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
        manage(&gateway, "PUT /enrollmentGroups/pumps", &group("pumps", &keys(60)), 200).await;
        register(&gateway, "sn-7", &member(60, "sn-7")).await.unwrap();
        assert_eq!(hub_code(&gateway, "sn-7", &member(60, "sn-7")).await, 0);
        assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 5);
        assert!(gateway.server.shutdown().await);
    }
}

#[tokio::test]
async fn a_group_that_is_created_again_does_not_inherit_devices() {
    let content = file(&[], &[group("pumps", &keys(10))]);
    let gateway = Gateway::with(|dev, config| provisioning(dev, config, &content)).await;
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    manage(&gateway, "DELETE /enrollmentGroups/pumps", &json!({}), 204).await;
    manage(&gateway, "PUT /newenrollmentGroups/pumps", &group("pumps", &keys(60)), 200).await;
    let (topic, _) = register(&gateway, "sn-7", &member(60, "sn-7")).await.unwrap_err();
    assert_eq!(topic, TAKEN);
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 0);
    // without the device, its id is free
    delete(&gateway, "sn-7").await;
    register(&gateway, "sn-7", &member(60, "sn-7")).await.unwrap();
    assert_eq!(hub_code(&gateway, "sn-7", &member(60, "sn-7")).await, 0);
    gateway.end().await;
}

#[tokio::test]
async fn a_device_is_disconnected_when_its_enrollment_no_longer_admits_it() {
    let content = file(&[], &[group("pumps", &keys(10)), group("valves", &keys(60))]);
    let gateway = Gateway::with(|dev, config| provisioning(dev, config, &content)).await;
    for changed in
        [with(group("pumps", &keys(10)), "provisioningStatus", json!("disabled")), group("pumps", &keys(90))]
    {
        let mut ends = gateway.mqtt().await;
        let own = register_connect("sn-7", Some(&token("sn-7", &member(10, "sn-7"))));
        assert_eq!(ask(&mut ends, &own).await, connack(0));
        let mut stays = gateway.mqtt().await;
        let other = register_connect("v-1", Some(&token("v-1", &member(60, "v-1"))));
        assert_eq!(ask(&mut stays, &other).await, connack(0));
        manage(&gateway, "PUT /enrollmentGroups/pumps", &changed, 200).await;
        let ended = tokio::time::timeout(core::time::Duration::from_secs(10), answer(&mut ends)).await;
        assert_eq!(ended, Ok(None));
        assert_eq!(ask(&mut stays, &PINGREQ).await, Some(PINGRESP));
        manage(&gateway, "PUT /enrollmentGroups/pumps", &group("pumps", &keys(10)), 200).await;
    }
    gateway.end().await;
}

/// Assigns a hub by its position, and waits where it is told to.
#[derive(Default)]
struct Steps {
    position: AtomicUsize,
    /// Told when a function was called, and waited for before it returns.
    choosing: Mutex<Option<(Sender<()>, Receiver<()>)>>,
    handing: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

fn pass(gate: &Mutex<Option<(Sender<()>, Receiver<()>)>>) {
    let gate = gate.lock().unwrap().take();
    if let Some((called, go_on)) = gate {
        called.send(()).unwrap();
        go_on.recv().unwrap();
    }
}

impl Assignment for Steps {
    fn custom(&self, _: &AssignmentRequest<'_>) -> Option<usize> {
        pass(&self.choosing);
        Some(self.position.load(SeqCst))
    }
    fn hand_over(&self, _: &AssignedDevice<'_>) -> bool {
        pass(&self.handing);
        true
    }
}

/// Returns a group whose devices are assigned to one of two hubs.
fn custom(id: &str, key: u8) -> Value {
    let mut group = group(id, &keys(key));
    group["allocationPolicy"] = json!("custom");
    group["iotHubs"] = json!(["localhost", "far.example"]);
    group
}

async fn start(steps: &Arc<Steps>, groups: &[Value]) -> Gateway {
    let content = file(&[], groups);
    let mut gateway = Gateway::with(|dev, config| provisioning(dev, config, &content)).await;
    let mut config = gateway.dev.config("127.0.0.1:0", "127.0.0.1:0");
    provisioning(&gateway.dev, &mut config, &content);
    let assignment: Arc<dyn Assignment> = Arc::<Steps>::clone(steps);
    let own = Server::start_with(config, assignment).await.unwrap();
    assert!(core::mem::replace(&mut gateway.server, own).shutdown().await);
    gateway
}

#[tokio::test]
async fn a_group_does_not_move_the_device_of_another_group() {
    let steps = Arc::new(Steps::default());
    let gateway = start(&steps, &[custom("pumps", 10), custom("valves", 60)]).await;
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    steps.position.store(1, SeqCst);
    let (topic, _) = register(&gateway, "sn-7", &member(60, "sn-7")).await.unwrap_err();
    assert_eq!(topic, TAKEN);
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 0, "it was deleted");
    // its own group moves it
    let state = register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    assert_eq!(state["assignedHub"], "far.example");
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 5);
    assert!(gateway.server.shutdown().await);
}

#[tokio::test]
async fn a_device_that_was_created_by_hand_stays_when_a_registration_moves_away() {
    let steps = Arc::new(Steps::default());
    let gateway = start(&steps, &[custom("pumps", 10)]).await;
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    delete(&gateway, "sn-7").await;
    create(&gateway, "sn-7", 90).await;
    steps.position.store(1, SeqCst);
    let state = register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    assert_eq!(state["assignedHub"], "far.example");
    assert_eq!(hub_code(&gateway, "sn-7", &secret(90)).await, 0);
    assert!(gateway.server.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_in_flight_ends_with_its_enrollment() {
    let steps = Arc::new(Steps::default());
    let gateway = start(&steps, &[custom("pumps", 10)]).await;
    let disabled = with(custom("pumps", 10), "provisioningStatus", json!("disabled"));
    for gate in [&steps.choosing, &steps.handing] {
        let ((called, was_called), (resume, go_on)) = (channel(), channel());
        *gate.lock().unwrap() = Some((called, go_on));
        let key = member(10, "sn-7");
        let disable = async {
            tokio::task::spawn_blocking(move || was_called.recv().unwrap()).await.unwrap();
            manage(&gateway, "PUT /enrollmentGroups/pumps", &disabled, 200).await;
            resume.send(()).unwrap();
        };
        let (done, ()) = tokio::join!(register(&gateway, "sn-7", &key), disable);
        assert_eq!(done.unwrap_err().0, UNAUTHORIZED);
        assert_eq!(gateway.owner("GET /devices/sn-7", "", "").await.0, 404, "it was created");
        manage(&gateway, "PUT /enrollmentGroups/pumps", &custom("pumps", 10), 200).await;
    }
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    assert!(gateway.server.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_groups_that_register_one_id_at_once_the_first_one_has_it() {
    let steps = Arc::new(Steps::default());
    let gateway = start(&steps, &[custom("pumps", 10), custom("valves", 60)]).await;
    // at another hub, of which this gateway has no record
    steps.position.store(1, SeqCst);
    let ((called, was_called), (resume, go_on)) = (channel(), channel());
    *steps.handing.lock().unwrap() = Some((called, go_on));
    let key = member(60, "sn-7");
    let first = async {
        tokio::task::spawn_blocking(move || was_called.recv().unwrap()).await.unwrap();
        let state = register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
        resume.send(()).unwrap();
        state
    };
    let (slower, state) = tokio::join!(register(&gateway, "sn-7", &key), first);
    assert_eq!((slower.unwrap_err().0.as_str(), &state["assignedHub"]), (TAKEN, &json!("far.example")));
    // the registration is still that of the first group
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    let (topic, _) = register(&gateway, "sn-7", &member(60, "sn-7")).await.unwrap_err();
    assert_eq!(topic, TAKEN);
    assert!(gateway.server.shutdown().await);
}
