//! Changes of the registry between two parts of the reading of a scope.

use axum::body::to_bytes;
use hubward::HubConfig;
use hubward::registry::{Authentication, Capabilities, Change, DeviceScope, Precondition};
use hubward::types::HostName;

use super::*;
use crate::limits::Limits;
use crate::live_config::dummy_key;

fn id(id: &str) -> DeviceId<'_> {
    DeviceId::parse(id).unwrap()
}

fn below(edge: &str) -> Change<HmacKey> {
    Change::new().with_device_scope(Some(DeviceScope::new(&format!("ms-azure-iot-edge://{edge}-1")).unwrap()))
}

/// `edge` with `leaf` and `kept` below it; each has a module.
fn hub() -> Hub {
    let config = HubConfig::new(HostName::parse("hub.example").unwrap(), dummy_key().unwrap());
    let mut registry = Registry::unseeded();
    for (name, change) in [
        ("edge", below("edge").with_capabilities(Capabilities::EDGE)),
        ("leaf", below("edge")),
        ("kept", below("edge")),
    ] {
        registry.create_device(id(name), Authentication::None).unwrap();
        registry.update(Identity::Device(id(name)), change, Precondition::Any).unwrap();
        registry.create_module(id(name), ModuleId::parse("mod").unwrap(), Authentication::None).unwrap();
    }
    Hub::new(config, registry, Limits::default())
}

fn update(hub: &Hub, device: &str, change: Change<HmacKey>) {
    let change = hub.change(|registry| {
        registry.update(Identity::Device(id(device)), change, Precondition::Any).map(drop)
    });
    change.unwrap();
}

/// Returns the names of an answer that was found before a change, or its problem.
async fn after(change: impl FnOnce(&Hub)) -> Result<Vec<String>, u32> {
    let hub = hub();
    let request: ScopeRequest<'_> = parse(br#"{"authChain":"edge"}"#).unwrap();
    let page = collect(&hub, id("edge"), &request).unwrap();
    assert_eq!(page.found.len(), 6);
    change(&hub);
    let answer = reply(&hub, id("edge"), &request, page).map_err(|problem| problem.parts().0)?;
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let devices = list("devices").iter().map(|one| text(&one["deviceId"])).collect::<Vec<_>>();
    let modules = list("modules");
    let modules = modules.iter().map(|one| format!("{}/{}", text(&one["deviceId"]), text(&one["moduleId"])));
    Ok(devices.into_iter().chain(modules).collect())
}

#[tokio::test]
async fn a_record_that_left_the_scope_is_not_in_the_answer() {
    let all = ["edge", "kept", "leaf", "edge/mod", "kept/mod", "leaf/mod"];
    assert_eq!(after(|_| ()).await.unwrap(), all);
    let rest = ["edge", "kept", "edge/mod", "kept/mod"];
    assert_eq!(after(|hub| update(hub, "leaf", below("other"))).await.unwrap(), rest);
    let deleted = |hub: &Hub| {
        hub.change(|registry| registry.delete(Identity::Device(id("leaf")), Precondition::Any)).unwrap();
    };
    assert_eq!(after(deleted).await.unwrap(), rest);
    // as an edge device it has a scope of its own, and is below none
    let edge = Change::new().with_capabilities(Capabilities::EDGE);
    assert_eq!(after(|hub| update(hub, "leaf", edge)).await.unwrap(), rest);
}

#[tokio::test]
async fn an_edge_device_that_got_another_scope_asks_again() {
    assert_eq!(after(|hub| update(hub, "edge", below("edge-2"))).await, Err(503_001));
    let plain = Change::new().with_capabilities(Capabilities::default());
    assert_eq!(after(|hub| update(hub, "edge", plain)).await, Err(401_002));
}
