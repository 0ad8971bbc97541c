//! Answers edge hubs about the identities below their own edge device, for themselves or for an edge device below them
//! (`auth-chain`). The registry's scopes decide what is below; the chain only says for which edge device the hub asks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use hubward::AuthChain;
use hubward::registry::RecordView;
use hubward::types::{DeviceId, Identity, Lookup, ModuleId};
use hubward_rustcrypto::HmacKey;
use hubward_store::RowKey;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::record::Record;
use crate::hierarchy::{ancestors, in_scope, is_enabled_edge, is_in_scope};
use crate::hub::{Hub, Registry};

/// Largest number of identities in one answer.
const PAGE: usize = 1000;

/// A request for all identities in the scope of an edge device.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeRequest<'b> {
    page_size: Option<usize>,
    #[serde(borrow)]
    continuation_link: Option<Cow<'b, str>>,
    #[serde(borrow)]
    auth_chain: Cow<'b, str>,
}

/// A request for one identity below an edge device.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityRequest<'b> {
    #[serde(borrow)]
    target_device_id: Cow<'b, str>,
    #[serde(borrow)]
    target_module_id: Option<Cow<'b, str>>,
    #[serde(borrow)]
    auth_chain: Cow<'b, str>,
}

/// An answer. The records have their keys: the edge hub authenticates these identities, without a connection to the hub too.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Answer<'r> {
    devices: Vec<Record<'r>>,
    modules: Vec<Record<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_link: Option<String>,
}

impl<'r> Answer<'r> {
    fn add(&mut self, hub: &Hub, registry: &'r Registry, identity: Identity<'_>) {
        let Some(view) = registry.get(identity) else { return };
        let list = if view.is_module() { &mut self.modules } else { &mut self.devices };
        list.push(Record::of(&view, hub.connections.has(&identity)));
    }
}

pub(super) fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Problem> {
    // serde's message may quote the body, so only its position is used
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::argument(format_args!("not a request of an edge hub, at line {line}, column {column}"))
    })
}

/// Returns the record of the device that a chain is for: that of the edge hub itself, or one below it.
pub(super) fn target<'r>(
    registry: &'r Registry,
    caller: DeviceId<'_>,
    chain: &str,
) -> Result<RecordView<'r, HmacKey>, Problem> {
    let chain =
        AuthChain::parse(chain).map_err(|error| Problem::argument(format_args!("authChain: {error}")))?;
    let (Lookup::Device(device) | Lookup::Module(device, _)) = chain.target() else {
        return Err(Problem::denied());
    };
    let name = device.to_string();
    let id = DeviceId::parse(&name).map_err(|_| Problem::denied())?;
    let view = registry.get(Identity::Device(id)).ok_or(Problem::denied())?;
    let own = name == caller.as_str();
    // the last of the chain is the edge hub that asks
    let by_caller = chain.actor().map_or(own, |actor| actor.eq_decoded(caller.as_str()));
    let above = || ancestors(registry, view.identity());
    if by_caller && (own || above().iter().any(|above| above.as_str() == caller.as_str())) {
        Ok(view)
    } else {
        Err(Problem::denied())
    }
}

/// Returns the edge device that a chain is for: that of the edge hub itself, or an enabled one below it.
fn origin<'r>(registry: &'r Registry, caller: DeviceId<'_>, chain: &str) -> Result<DeviceId<'r>, Problem> {
    let view = target(registry, caller, chain)?;
    view.identity().device().filter(|_| is_enabled_edge(registry, &view)).ok_or(Problem::denied())
}

/// The names of a page of a scope, as they were found in one part of the registry after another.
#[derive(Debug)]
struct Page {
    edge: String,
    scope: String,
    found: BTreeMap<String, Option<RowKey>>,
    /// Whether another page follows.
    more: bool,
}

/// Answers with the identities in the scope of an edge device: itself and its modules, and the devices directly below it,
/// with the modules of those that are no edge devices. `still_valid` rechecks the caller's session after the wait.
pub(super) async fn scope(
    hub: &Arc<Hub>,
    edge: Identity<'_>,
    body: Bytes,
    still_valid: impl Fn() -> bool,
) -> Result<Response, Problem> {
    let caller = edge.device().map(|id| id.to_string()).unwrap_or_default();
    let scan = hub.scans.turn(&caller).await.ok_or(Problem::unavailable())?;
    if !still_valid() {
        return Err(Problem::unauthenticated());
    }
    let hub = Arc::clone(hub);
    let done = tokio::task::spawn_blocking(move || {
        // it lasts as long as the reading, also if the client has gone
        let _scan = scan;
        let request: ScopeRequest<'_> = parse(&body)?;
        let caller = DeviceId::parse(&caller).map_err(|_| Problem::denied())?;
        let page = collect(&hub, caller, &request)?;
        reply(&hub, caller, &request, page)
    });
    done.await.map_err(|_| Problem::unavailable())?
}

/// Returns the id and the scope of the edge device that a request is for.
fn scope_of(
    registry: &Registry,
    caller: DeviceId<'_>,
    request: &ScopeRequest<'_>,
) -> Result<(String, String), Problem> {
    let edge = origin(registry, caller, &request.auth_chain)?;
    let scope = registry.get(Identity::Device(edge)).and_then(|view| view.device_scope());
    Ok((edge.to_string(), scope.map(|scope| scope.as_str().to_owned()).unwrap_or_default()))
}

fn collect(hub: &Hub, caller: DeviceId<'_>, request: &ScopeRequest<'_>) -> Result<Page, Problem> {
    let most = request.page_size.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&most) {
        return Err(Problem::argument("pageSize must be a number from 1 to 1000"));
    }
    let (edge, scope) = scope_of(&hub.read(), caller, request)?;
    let id = DeviceId::parse(&edge).map_err(|_| Problem::denied())?;
    let after = request.continuation_link.as_deref().unwrap_or_default();
    // the page, and one more, which tells whether another page follows
    let mut found = BTreeMap::new();
    for part in 0.. {
        // locked for one part at a time: other readers and writers do not wait for all of them
        let registry = hub.read();
        let Some(identities) = in_scope(&registry, part, id, &scope) else { break };
        for identity in identities {
            let name = identity.to_string();
            if name.as_str() > after {
                found.insert(name, RowKey::of(&identity));
            }
            if found.len() > most.saturating_add(1) {
                found.pop_last();
            }
        }
    }
    let more = found.len() > most;
    if more {
        found.pop_last();
    }
    Ok(Page { edge, scope, found, more })
}

/// Answers with those records of a page that are in the scope still: the registry may have changed from part to part.
fn reply(
    hub: &Hub,
    caller: DeviceId<'_>,
    request: &ScopeRequest<'_>,
    page: Page,
) -> Result<Response, Problem> {
    let registry = hub.read();
    let (edge, scope) = scope_of(&registry, caller, request)?;
    if (&edge, &scope) != (&page.edge, &page.scope) {
        // what was found is of another scope
        return Err(Problem::unavailable());
    }
    let edge = DeviceId::parse(&edge).map_err(|_| Problem::denied())?;
    let continuation_link = page.found.keys().next_back().filter(|_| page.more).cloned();
    let mut answer = Answer { continuation_link, ..Answer::default() };
    for identity in page.found.values().flatten().filter_map(RowKey::to_identity) {
        if registry.get(identity).is_some_and(|view| is_in_scope(&registry, &view, edge, &scope)) {
            answer.add(hub, &registry, identity);
        }
    }
    Ok(Json(answer).into_response())
}

/// Answers with one identity below an edge device, and with its device if it is a module.
pub(super) fn identity(hub: &Hub, edge: Identity<'_>, body: &[u8]) -> Result<Response, Problem> {
    let request: IdentityRequest<'_> = parse(body)?;
    let caller = edge.device().ok_or(Problem::denied())?;
    let device = DeviceId::parse(&request.target_device_id).map_err(|_| Problem::denied())?;
    let module = request.target_module_id.as_deref().filter(|id| !id.is_empty());
    let module = module.map(ModuleId::parse).transpose().map_err(|_| Problem::denied())?;
    let registry = hub.read();
    let origin = origin(&registry, caller, &request.auth_chain)?;
    let target = module.map_or(Identity::Device(device), |module| Identity::Module(device, module));
    let below = device.as_str() == origin.as_str()
        || ancestors(&registry, target).iter().any(|above| above.as_str() == origin.as_str());
    // the answer is the same for an identity that does not exist
    if !below || registry.get(target).is_none() {
        return Err(Problem::denied());
    }
    let mut answer = Answer::default();
    answer.add(hub, &registry, Identity::Device(device));
    if module.is_some() {
        answer.add(hub, &registry, target);
    }
    Ok(Json(answer).into_response())
}

#[cfg(test)]
#[path = "edge_scope_tests.rs"]
mod tests;
