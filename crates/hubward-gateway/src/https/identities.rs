//! Answers the requests of the identity registry.

use std::borrow::Cow;
use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hubward::registry::{ImportError, ImportProblem, Importer, Precondition, RegistryError};
use hubward::types::{DeviceId, Identity, ModuleId, Status};
use hubward_rustcrypto::HmacKey;
use hubward_store::RowKey;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::leniency;
use super::problem::{About, Problem};
use super::record::{Record, Written};
use crate::files::entropy;
use crate::hub::{Hub, Registry};

/// Largest number of identities in one answer.
const LIST: usize = 1000;
/// Largest number of identities in one bulk request.
const BULK: usize = 100;
/// Largest number of modules of one device.
const MODULES: usize = 50;

/// Answers with one identity.
pub(super) fn read(hub: &Hub, identity: Identity<'_>) -> Result<Response, Problem> {
    one(&hub.read(), identity, hub.connections.has(&identity))
}

/// Returns the record, with its ETag as a header.
fn one(registry: &Registry, identity: Identity<'_>, connected: bool) -> Result<Response, Problem> {
    let view = registry.get(identity).ok_or(Problem::not_found(about(&identity)))?;
    let mut response = Json(Record::of(&view, connected)).into_response();
    if let Ok(etag) = HeaderValue::try_from(format!("\"{}\"", view.etag())) {
        response.headers_mut().insert(ETAG, etag);
    }
    Ok(response)
}

/// Answers with devices, at most the query's `top`.
pub(super) fn list(hub: &Hub, query: Option<&str>) -> Result<Response, Problem> {
    let parameters = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let mut tops = parameters.filter(|(name, _)| *name == "top" || *name == "$top");
    let top = match tops.next() {
        None => LIST,
        Some((_, top)) => match top.parse() {
            Ok(top) if (1..=LIST).contains(&top) => top,
            _ => return Err(Problem::argument("`top` must be a number from 1 to 1000")),
        },
    };
    let registry = hub.read();
    let devices = registry.iter().filter(|view| !view.is_module()).take(top);
    let devices: Vec<_> =
        devices.map(|view| Record::of(&view, hub.connections.has(&view.identity()))).collect();
    Ok(Json(devices).into_response())
}

/// Answers with a device's modules.
pub(super) fn modules(hub: &Hub, device: Identity<'_>) -> Result<Response, Problem> {
    let registry = hub.read();
    let view = registry.get(device).ok_or(Problem::not_found(About::Device))?;
    let of = view.identity().device().into_iter().flat_map(|id| registry.modules(id));
    let modules: Vec<_> = of.map(|view| Record::of(&view, hub.connections.has(&view.identity()))).collect();
    Ok(Json(modules).into_response())
}

/// Creates an identity, or changes it if the request has an `If-Match`.
pub(super) async fn write(
    hub: &Hub,
    identity: Identity<'_>,
    if_match: Option<&str>,
    body: Bytes,
) -> Result<Response, Problem> {
    write_if(hub, identity, if_match, body, |_| Ok(())).await
}

/// Does the same under a condition, which gets the records that the write is made on: at least those of the device and its modules.
pub(super) async fn write_if(
    hub: &Hub,
    identity: Identity<'_>,
    if_match: Option<&str>,
    body: Bytes,
    condition: impl Fn(&Registry) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let key = RowKey::of(&identity).ok_or(Problem::not_found(about(&identity)))?;
    let (keys, if_match) = (vec![key.clone()], if_match.map(str::to_owned));
    let connected = hub.connections.has(&identity);
    let apply = move |registry: &mut Registry| -> Result<Response, Problem> {
        condition(registry)?;
        let identity = key.to_identity().ok_or(Problem::not_found(About::Device))?;
        let written = Written::parse(&body)?;
        let current = registry.get(identity).map(|view| view.status());
        let line = written.line(&identity, if_match.as_deref(), current)?;
        let device = identity.device().map(Identity::Device);
        if about(&identity) == About::Module && current.is_none() && !has_room(registry, &identity) {
            return Err(Problem::argument("a device has at most 50 modules"));
        }
        if about(&identity) == About::Module && device.is_none_or(|device| registry.get(device).is_none()) {
            return Err(Problem::not_found(About::Device));
        }
        import(registry, &line).map_err(|problem| Problem::import(problem, about(&identity)))?;
        // the record as this write left it: another write may follow before the index has this one
        one(registry, identity, connected)
    };
    hub.write(keys, apply).await.map_err(|error| Problem::write(&error))?
}

/// Returns whether a device can have one more module.
fn has_room(registry: &Registry, module: &Identity<'_>) -> bool {
    let device = module.device().and_then(|device| registry.get(Identity::Device(device)));
    device.is_none_or(|device| device.module_count() < MODULES)
}

/// Deletes an identity, if its ETag matches `If-Match`.
pub(super) async fn delete(
    hub: &Hub,
    identity: Identity<'_>,
    if_match: Option<&str>,
) -> Result<Response, Problem> {
    delete_if(hub, identity, if_match, |_| Ok(())).await
}

/// Does the same under a condition, as [`write_if`].
pub(super) async fn delete_if(
    hub: &Hub,
    identity: Identity<'_>,
    if_match: Option<&str>,
    condition: impl Fn(&Registry) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let precondition = match if_match {
        None | Some("*") => Precondition::Any,
        // an ETag of another form matches no record
        Some(etag) => etag
            .parse()
            .map(Precondition::IfMatch)
            .map_err(|_| Problem::registry(RegistryError::EtagMismatch, about(&identity)))?,
    };
    let key = RowKey::of(&identity).ok_or(Problem::not_found(about(&identity)))?;
    let keys = vec![key.clone()];
    let about = about(&identity);
    let apply = move |registry: &mut Registry| {
        condition(registry)?;
        let identity = key.to_identity().ok_or(Problem::not_found(about))?;
        registry.delete(identity, precondition).map_err(|error| Problem::registry(error, about))
    };
    hub.write(keys, apply).await.map_err(|error| Problem::write(&error))??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The ids of one identity in a bulk request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryIds<'l> {
    #[serde(borrow)]
    id: Cow<'l, str>,
    #[serde(borrow, default)]
    module_id: Option<Cow<'l, str>>,
    #[serde(borrow, default)]
    status: Option<&'l RawValue>,
    #[serde(borrow, default)]
    import_mode: Option<&'l RawValue>,
    #[serde(borrow, default)]
    authentication: Option<&'l RawValue>,
}

impl EntryIds<'_> {
    /// Returns the line in the form of an import.
    fn line(&self, line: &str) -> Zeroizing<String> {
        let mut parts = [
            self.import_mode.zip(leniency::mode(self.import_mode)),
            self.authentication.zip(leniency::generated(self.authentication)),
        ];
        // the last part first, so that the other one stays in its place
        parts.sort_by_key(|part| part.map(|(part, _)| core::cmp::Reverse(leniency::offset(line, part))));
        let changed = Zeroizing::new(line.to_owned());
        parts.into_iter().flatten().fold(changed, |changed, (part, with)| {
            leniency::replaced(&changed, leniency::offset(line, part), part, with)
        })
    }

    /// Returns the key of a device whose line has no status.
    fn without_status(&self) -> Option<RowKey> {
        if self.status.is_none() && self.module_id.is_none() { self.key() } else { None }
    }

    fn key(&self) -> Option<RowKey> {
        let device = DeviceId::parse(&self.id).ok()?;
        RowKey::of(&match &self.module_id {
            Some(module) => Identity::Module(device, ModuleId::parse(module).ok()?),
            None => Identity::Device(device),
        })
    }
}

/// Imports up to a hundred identities, each as a line of an import: each is applied as a whole or not at all.
pub(super) async fn bulk(hub: &Hub, body: Bytes) -> Result<Response, Problem> {
    let lines: Vec<&RawValue> = serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::argument(format_args!("not an array of identities, at line {line}, column {column}"))
    })?;
    if lines.len() > BULK {
        return Err(Problem::argument("more than 100 identities in one request"));
    }
    let ids: Vec<EntryIds<'_>> = lines
        .iter()
        .map(|line| {
            serde_json::from_str(line.get())
                .map_err(|_| Problem::argument("an identity of the list has no valid id"))
        })
        .collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    if !ids.iter().all(|ids| seen.insert((&ids.id, &ids.module_id))) {
        return Err(Problem::argument("an identity is in the list twice"));
    }
    // an id that is not valid has no record; its line reports the error
    let keys = ids.iter().filter_map(EntryIds::key).collect();
    let owned: Vec<(Option<RowKey>, Option<RowKey>, Zeroizing<String>)> = (lines.iter().zip(&ids))
        .map(|(line, ids)| (ids.key(), ids.without_status(), ids.line(line.get())))
        .collect();
    let apply = move |registry: &mut Registry| -> Vec<Result<(), Problem>> {
        let import = |(key, without_status, line): &(Option<RowKey>, Option<RowKey>, Zeroizing<String>)| {
            let with_status = without_status.as_ref().map(|device| with_status(registry, device, line));
            import_within_room(registry, with_status.as_ref().unwrap_or(line).as_bytes(), key.as_ref())
        };
        owned.iter().map(import).collect()
    };
    let outcomes = hub.write(keys, apply).await.map_err(|error| Problem::write(&error))?;
    let mut errors = Vec::new();
    for (ids, outcome) in ids.iter().zip(outcomes) {
        if let Err(problem) = outcome {
            let (code, name) = problem.parts();
            errors.push(json!({
                "deviceId": ids.id, "moduleId": ids.module_id, "errorCode": code, "errorStatus": name,
            }));
        }
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let body = json!({ "isSuccessful": errors.is_empty(), "errors": errors, "warnings": [] });
    Ok((status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response())
}

/// Returns a line without a status with the device's own one: a new device is enabled, and a bulk request enables a
/// disabled device only explicitly, as a write of one device does.
fn with_status(registry: &Registry, key: &RowKey, line: &str) -> Zeroizing<String> {
    let current = key.to_identity().and_then(|identity| registry.get(identity)).map(|view| view.status());
    let status = if current == Some(Status::Disabled) { "disabled" } else { "enabled" };
    let members = line.trim_start().strip_prefix('{').unwrap_or_default();
    Zeroizing::new(format!("{{\"status\":\"{status}\",{members}"))
}

/// Answers with the number of identities that are connected.
pub(super) fn service_statistics(hub: &Hub) -> Response {
    Json(json!({ "connectedDeviceCount": hub.connections.len() })).into_response()
}

/// Answers with the number of devices.
pub(super) fn statistics(hub: &Hub) -> Response {
    let (mut total, mut enabled) = (0_usize, 0_usize);
    for part in 0.. {
        // locked for one part at a time: a writer does not wait for all of them
        let registry = hub.read();
        let Some(part) = registry.part(part) else { break };
        for view in part.filter(|view| !view.is_module()) {
            total = total.saturating_add(1);
            enabled = enabled.saturating_add(usize::from(view.status() == Status::Enabled));
        }
    }
    let body = json!({
        "totalDeviceCount": total, "enabledDeviceCount": enabled,
        "disabledDeviceCount": total.saturating_sub(enabled),
    });
    Json(body).into_response()
}

/// Imports a line, unless it would be one module too many for its device.
fn import_within_room(registry: &mut Registry, line: &[u8], key: Option<&RowKey>) -> Result<(), Problem> {
    let identity = key.and_then(RowKey::to_identity);
    let module = identity.filter(|identity| about(identity) == About::Module);
    let full =
        module.filter(|module| registry.get(*module).is_none() && !has_room(registry, module)).is_some();
    let about = module.map_or(About::Device, |_| About::Module);
    import(registry, line).map_err(|problem| Problem::import(problem, about))?;
    match module.filter(|module| full && registry.get(*module).is_some()) {
        None => Ok(()),
        Some(module) => {
            registry.delete(module, Precondition::Any).map_err(|error| Problem::registry(error, about))?;
            Err(Problem::argument("a device has at most 50 modules"))
        }
    }
}

fn import(registry: &mut Registry, line: &[u8]) -> Result<(), ImportProblem> {
    let mut entropy = entropy;
    let imported = Importer::new(registry, &mut entropy, HmacKey::new).line(line);
    imported.map(drop).map_err(|ImportError { problem, .. }| problem)
}

const fn about(identity: &Identity<'_>) -> About {
    match identity {
        Identity::Module(..) => About::Module,
        _ => About::Device,
    }
}
