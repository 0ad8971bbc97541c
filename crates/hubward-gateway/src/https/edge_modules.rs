//! Edge hubs create, read and delete modules of their own edge device and of the devices below it (`..OnBehalfOf`). The registry's
//! scopes decide what is below, and the module is written by the rules of a service's request.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::response::Response;
use hubward::registry::ETag;
use hubward::types::{DeviceId, Identity, ModuleId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::edge_scope::{parse, target};
use super::identities;
use super::problem::Problem;
use crate::hierarchy::{is_enabled, is_enabled_edge};
use crate::hub::{Hub, Registry};

/// A request that creates or changes a module.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put<'b> {
    #[serde(borrow)]
    auth_chain: Cow<'b, str>,
    #[serde(borrow)]
    module: &'b RawValue,
}

/// The part of a module that names it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named<'b> {
    #[serde(borrow)]
    module_id: Cow<'b, str>,
}

/// A request about one module, or about all of a device.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One<'b> {
    #[serde(borrow)]
    auth_chain: Cow<'b, str>,
    #[serde(borrow)]
    module_id: Option<Cow<'b, str>>,
}

/// Modules that only an edge device has: its edge hub, and the agent that runs its modules.
const OF_EDGE_DEVICES: [&str; 2] = ["$edgeHub", "$edgeAgent"];

/// The device whose modules a request is about, as it was when the request was checked.
#[derive(Debug)]
struct Checked {
    id: String,
    etag: ETag,
    is_edge: bool,
}

/// Returns the device whose modules a chain is about: that of the edge hub itself, which must be an edge device, or one below it;
/// enabled.
fn device(hub: &Hub, edge: Identity<'_>, chain: &str) -> Result<Checked, Problem> {
    let caller = edge.device().ok_or(Problem::denied())?;
    let registry = hub.read();
    let view = target(&registry, caller, chain)?;
    let id = view.identity().device().ok_or(Problem::denied())?;
    let own = id.as_str() == caller.as_str();
    let may = if own { is_enabled_edge(&registry, &view) } else { is_enabled(&registry, &view) };
    let is_edge = view.capabilities().iot_edge;
    if may { Ok(Checked { id: id.to_string(), etag: view.etag(), is_edge }) } else { Err(Problem::denied()) }
}

impl Checked {
    /// Refuses to write a module that only edge devices have, if the device is no edge device.
    fn require_edge_for(&self, module: &str) -> Result<(), Problem> {
        if OF_EDGE_DEVICES.contains(&module) && !self.is_edge { Err(Problem::denied()) } else { Ok(()) }
    }

    /// Returns the condition of a write: the device is the one that was checked, with the same scopes, status and capabilities.
    fn unchanged(&self) -> impl Fn(&Registry) -> Result<(), Problem> + Send + use<> {
        let (id, etag) = (self.id.clone(), self.etag);
        move |registry| {
            let device = DeviceId::parse(&id).ok().and_then(|id| registry.get(Identity::Device(id)));
            let same = device.is_some_and(|device| device.etag() == etag);
            if same { Ok(()) } else { Err(Problem::other_etag()) }
        }
    }
}

fn module<'a>(device: &'a str, id: &'a str) -> Result<Identity<'a>, Problem> {
    let device = DeviceId::parse(device).map_err(|_| Problem::denied())?;
    let id = ModuleId::parse(id).map_err(|error| Problem::argument(format_args!("moduleId: {error}")))?;
    Ok(Identity::Module(device, id))
}

/// Creates a module, or changes it if the request has an `If-Match`.
pub(super) async fn put(
    hub: &Hub,
    edge: Identity<'_>,
    if_match: Option<&str>,
    body: Bytes,
) -> Result<Response, Problem> {
    let Put { auth_chain, module: written } = parse(&body)?;
    let device = device(hub, edge, &auth_chain)?;
    let Named { module_id } = parse(written.get().as_bytes())?;
    let identity = module(&device.id, &module_id)?;
    device.require_edge_for(&module_id)?;
    // the module is a part of the body
    let body = body.slice_ref(written.get().as_bytes());
    identities::write_if(hub, identity, if_match, body, device.unchanged()).await
}

/// Answers with one module.
pub(super) fn get(hub: &Hub, edge: Identity<'_>, body: &[u8]) -> Result<Response, Problem> {
    let One { auth_chain, module_id } = parse(body)?;
    let device = device(hub, edge, &auth_chain)?;
    identities::read(hub, module(&device.id, &module_id.unwrap_or_default())?)
}

/// Answers with all modules of a device.
pub(super) fn list(hub: &Hub, edge: Identity<'_>, body: &[u8]) -> Result<Response, Problem> {
    let One { auth_chain, .. } = parse(body)?;
    let device = device(hub, edge, &auth_chain)?;
    identities::modules(hub, Identity::Device(DeviceId::parse(&device.id).map_err(|_| Problem::denied())?))
}

/// Deletes a module, if its ETag matches `If-Match`.
pub(super) async fn delete(
    hub: &Hub,
    edge: Identity<'_>,
    if_match: Option<&str>,
    body: &[u8],
) -> Result<Response, Problem> {
    let One { auth_chain, module_id } = parse(body)?;
    let device = device(hub, edge, &auth_chain)?;
    let module_id = module_id.unwrap_or_default();
    identities::delete_if(hub, module(&device.id, &module_id)?, if_match, device.unchanged()).await
}

#[cfg(test)]
mod tests {
    use hubward::HubConfig;
    use hubward::registry::{Authentication, Capabilities, Change, DeviceScope, Precondition};
    use hubward::types::{HostName, Status};

    use super::*;
    use crate::limits::Limits;
    use crate::live_config::dummy_key;

    fn scope(id: &str) -> DeviceScope {
        DeviceScope::new(&format!("ms-azure-iot-edge://{id}-1")).unwrap()
    }

    #[tokio::test]
    async fn a_device_that_changed_after_the_check_keeps_its_modules() {
        let config = HubConfig::new(HostName::parse("hub.example").unwrap(), dummy_key().unwrap());
        let mut registry = Registry::unseeded();
        let (edge, leaf) = (DeviceId::parse("edge").unwrap(), DeviceId::parse("leaf").unwrap());
        for (id, change) in
            [(edge, Change::new().with_capabilities(Capabilities::EDGE)), (leaf, Change::new())]
        {
            registry.create_device(id, Authentication::None).unwrap();
            let change = change.with_device_scope(Some(scope("edge")));
            registry.update(Identity::Device(id), change, Precondition::Any).unwrap();
        }
        let hub = Hub::new(config, registry, Limits::default());
        let caller = Identity::Module(edge, ModuleId::parse("$edgeHub").unwrap());
        let filter = module("leaf", "filter").unwrap();
        let write = async |checked: &Checked| {
            let body = Bytes::from_static(br#"{"deviceId":"leaf","moduleId":"filter"}"#);
            identities::write_if(&hub, filter, Some("*"), body, checked.unchanged()).await.map(drop)
        };
        let code = |done: Result<(), Problem>| done.map_err(|problem| problem.parts().0);
        let checked = device(&hub, caller, "leaf;edge").unwrap();
        hub.change(|registry| {
            registry.create_module(leaf, ModuleId::parse("filter").unwrap(), Authentication::None).map(drop)
        })
        .unwrap();
        // a module of the device does not change the device
        assert_eq!(code(write(&checked).await), Ok(()));
        for change in [
            Change::new().with_status(Status::Disabled),
            Change::new().with_device_scope(Some(scope("other"))),
        ] {
            hub.change(|registry| {
                registry.update(Identity::Device(leaf), change, Precondition::Any).map(drop)
            })
            .unwrap();
            assert_eq!(code(write(&checked).await), Err(412_001));
            let deleted = identities::delete_if(&hub, filter, None, checked.unchanged()).await;
            assert_eq!(code(deleted.map(drop)), Err(412_001));
            assert!(device(&hub, caller, "leaf;edge").is_err());
        }
        hub.change(|registry| registry.delete(Identity::Device(leaf), Precondition::Any)).unwrap();
        assert_eq!(code(write(&checked).await), Err(412_001));
    }
}
