//! Edge hubs create, read and delete modules of their own edge device and of the devices below it (`..OnBehalfOf`). The registry's
//! scopes decide what is below, and the module is written by the rules of a service's request.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::response::Response;
use hubward::types::{DeviceId, Identity, ModuleId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::edge_scope::{parse, target};
use super::identities;
use super::problem::Problem;
use crate::hierarchy::{is_enabled, is_enabled_edge};
use crate::hub::Hub;

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

/// Returns the id of the device whose modules a chain is about: that of the edge hub itself, which must be an edge device, or one
/// below it; enabled.
fn device(hub: &Hub, edge: Identity<'_>, chain: &str) -> Result<String, Problem> {
    let caller = edge.device().ok_or(Problem::denied())?;
    let registry = hub.read();
    let view = target(&registry, caller, chain)?;
    let id = view.identity().device().ok_or(Problem::denied())?;
    let own = id.as_str() == caller.as_str();
    let may = if own { is_enabled_edge(&registry, &view) } else { is_enabled(&registry, &view) };
    if may { Ok(id.to_string()) } else { Err(Problem::denied()) }
}

/// Refuses to write a module that makes its device an edge device, if it is none.
fn require_edge(hub: &Hub, module: Identity<'_>) -> Result<(), Problem> {
    let Identity::Module(device, id) = module else { return Err(Problem::denied()) };
    let registry = hub.read();
    let is_edge = || registry.get(Identity::Device(device)).is_some_and(|view| view.capabilities().iot_edge);
    if OF_EDGE_DEVICES.contains(&id.as_str()) && !is_edge() { Err(Problem::denied()) } else { Ok(()) }
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
    let identity = module(&device, &module_id)?;
    require_edge(hub, identity)?;
    // the module is a part of the body
    identities::write(hub, identity, if_match, body.slice_ref(written.get().as_bytes())).await
}

/// Answers with one module.
pub(super) fn get(hub: &Hub, edge: Identity<'_>, body: &[u8]) -> Result<Response, Problem> {
    let One { auth_chain, module_id } = parse(body)?;
    let device = device(hub, edge, &auth_chain)?;
    identities::read(hub, module(&device, &module_id.unwrap_or_default())?)
}

/// Answers with all modules of a device.
pub(super) fn list(hub: &Hub, edge: Identity<'_>, body: &[u8]) -> Result<Response, Problem> {
    let One { auth_chain, .. } = parse(body)?;
    let device = device(hub, edge, &auth_chain)?;
    identities::modules(hub, Identity::Device(DeviceId::parse(&device).map_err(|_| Problem::denied())?))
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
    identities::delete(hub, module(&device, &module_id)?, if_match).await
}
