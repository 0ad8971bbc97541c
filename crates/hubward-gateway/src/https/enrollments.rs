//! The enrollments and the registrations, for services.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::http::header::ETAG;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hubward::types::{RegistrationId, Segment};
use hubward_store::{EnrollmentAttestation, Kind, ProvisioningRows, RowKey};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::problem::Problem;
use super::requests::only;
use crate::clock;
use crate::provisioning::{
    self, Provisioning, Written, attestation, enrollment, etag, has_room, registration,
};

/// Largest number of enrollments in one answer.
const PAGE: usize = 1000;
/// Enrollments in one answer if the service asks for no number.
const DEFAULT_PAGE: usize = 100;
/// Largest number of enrollments in one bulk request.
const BULK: usize = 10;

const MAX_ITEMS: HeaderName = HeaderName::from_static("x-ms-max-item-count");
const CONTINUATION: HeaderName = HeaderName::from_static("x-ms-continuation");
const ITEM_TYPE: HeaderName = HeaderName::from_static("x-ms-item-type");

/// The condition of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// There is no such enrollment.
    Absent,
    /// There is one.
    Present,
    /// There is one with this etag.
    Etag(String),
}

impl Condition {
    fn of(if_match: Option<&str>, without: Self) -> Self {
        match if_match {
            None => without,
            Some("*") => Self::Present,
            Some(etag) => {
                let bare = etag.strip_prefix("W/").unwrap_or(etag);
                Self::Etag(bare.trim_matches('"').to_owned())
            }
        }
    }

    fn holds(&self, rows: &ProvisioningRows, key: &RowKey) -> Result<(), Problem> {
        match (self, rows.etag(key)) {
            (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Absent, Some(_)) => Err(Problem::enrolled()),
            (_, None) => Err(Problem::no_enrollment()),
            (Self::Etag(expected), Some(own)) if *expected == etag(own) => Ok(()),
            (Self::Etag(_), Some(_)) => Err(Problem::other_etag()),
        }
    }
}

/// Answers a request that was decided on, by the name of its endpoint.
pub(super) async fn dispatch(
    service: &Arc<Provisioning>,
    endpoint: &str,
    head: &Parts,
    if_match: Option<&str>,
    body: Bytes,
) -> Result<Response, Problem> {
    let (family, action) = endpoint.split_once('.').unwrap_or_default();
    let kind = match family {
        "enrollment" => Kind::Enrollment,
        "group" => Kind::EnrollmentGroup,
        _ => return registrations(service, action, head, if_match).await,
    };
    match action {
        "query" => return query(service, kind, head, &body).await,
        "bulk" => return bulk(service, kind, body).await,
        _ => {}
    }
    let key = key_of(kind, head)?;
    match action {
        "read" => one(service, key).await,
        "attestation" => {
            let rows = read(service, vec![key.clone()]).await?;
            let record = rows.enrollment(&key).ok_or(Problem::no_enrollment())?;
            Ok(Json(attestation(record, true)).into_response())
        }
        "write" => {
            let condition = Condition::of(if_match, Condition::Absent);
            let rows = write(service, key.clone(), condition, Zeroizing::new(body.to_vec())).await?;
            // as this write left it: another one may have followed
            shown(&rows, &key)
        }
        "delete" => {
            delete(service, key, Condition::of(if_match, Condition::Present)).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(Problem::not_here()),
    }
}

/// Returns the key that the path names: `/enrollments/{id}` and more.
fn key_of(kind: Kind, head: &Parts) -> Result<RowKey, Problem> {
    let name = name_of(head).ok_or(Problem::no_enrollment())?;
    provisioning::key(kind, &name).map_err(|_| Problem::no_enrollment())
}

fn name_of(head: &Parts) -> Option<String> {
    let segment = Segment::encoded(head.uri.path().split('/').nth(2)?)?;
    Some(segment.bytes().map(char::from).collect())
}

async fn read(service: &Arc<Provisioning>, keys: Vec<RowKey>) -> Result<ProvisioningRows, Problem> {
    service.read(keys).await.map_err(|error| Problem::write(&error))
}

/// Answers with one enrollment, and with the state of its registration.
async fn one(service: &Arc<Provisioning>, key: RowKey) -> Result<Response, Problem> {
    let rows = read(service, vec![key.clone(), registration_of(&key)?]).await?;
    shown(&rows, &key)
}

/// Returns the key of the registration that is by an enrollment.
fn registration_of(key: &RowKey) -> Result<RowKey, Problem> {
    let id = RegistrationId::parse(&key.name).map_err(|_| Problem::no_enrollment())?;
    Ok(RowKey::registration(id))
}

/// Returns the answer with an enrollment of these rows.
fn shown(rows: &ProvisioningRows, key: &RowKey) -> Result<Response, Problem> {
    let record = rows.enrollment(key).ok_or(Problem::no_enrollment())?;
    let state = rows.registration(&registration_of(key)?).map(|record| registration(record, &key.name));
    let body = enrollment(record, state.filter(|_| key.kind == Kind::Enrollment));
    Ok(with_etag(body, record.etag))
}

fn with_etag(body: Value, own: u64) -> Response {
    let mut response = Json(body).into_response();
    if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", etag(own))) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// Creates or changes an enrollment. `text` is the one that was written. Returns its row, and that of its registration.
async fn write(
    service: &Arc<Provisioning>,
    key: RowKey,
    condition: Condition,
    text: Zeroizing<Vec<u8>>,
) -> Result<ProvisioningRows, Problem> {
    let (room, authorities) = (has_room(&service.index()), service.authorities());
    let now = clock::now().as_secs();
    let keys = vec![key.clone(), registration_of(&key)?];
    let apply = move |rows: &mut ProvisioningRows| {
        condition.holds(rows, &key)?;
        let written = Written::parse(&text).map_err(Problem::argument)?;
        if written.key(key.kind).map_err(Problem::argument)? != key {
            return Err(Problem::argument("the id in the body differs from the one in the path"));
        }
        let former = rows.enrollment(&key);
        let with_keys = |keys: &EnrollmentAttestation| matches!(keys, EnrollmentAttestation::Keys(..));
        let had_keys = former.is_some_and(|former| with_keys(&former.attestation));
        let record = written.record(key.clone(), former, &authorities, now).map_err(Problem::argument)?;
        if record.is_group() && with_keys(&record.attestation) && !had_keys && !room {
            return Err(Problem::many_groups());
        }
        rows.set_enrollment(record);
        Ok(())
    };
    let (written, rows) = service.change(keys, apply).await.map_err(|error| Problem::write(&error))?;
    written.map(|()| rows)
}

async fn delete(service: &Arc<Provisioning>, key: RowKey, condition: Condition) -> Result<(), Problem> {
    let keys = vec![key.clone()];
    let apply = move |rows: &mut ProvisioningRows| {
        condition.holds(rows, &key)?;
        rows.delete(&key);
        Ok(())
    };
    service.change(keys, apply).await.map_err(|error| Problem::write(&error))?.0
}

/// A query of a service.
#[derive(Deserialize)]
struct Query {
    query: String,
}

/// Answers with a page of enrollments in the order of their ids.
async fn query(
    service: &Arc<Provisioning>,
    kind: Kind,
    head: &Parts,
    body: &[u8],
) -> Result<Response, Problem> {
    let query: Query =
        serde_json::from_slice(body).map_err(|_| Problem::argument("not an object with a text `query`"))?;
    let words: Vec<String> = query.query.split_whitespace().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (table, item) = match kind {
        Kind::EnrollmentGroup => ("enrollmentgroups", "enrollmentGroup"),
        _ => ("enrollments", "enrollment"),
    };
    if words != ["select", "*", "from", table] {
        return Err(Problem::argument(format_args!("the only query is `SELECT * FROM {table}`")));
    }
    let (after, most) = place(head)?;
    let names = page(service, kind, after, most);
    // a full page is followed by another one, which may be empty
    let next = names.last().filter(|_| names.len() == most).cloned();
    let keys: Vec<RowKey> = names.into_iter().map(|name| RowKey { kind, name }).collect();
    let rows = read(service, keys.clone()).await?;
    let found = keys.iter().filter_map(|key| rows.enrollment(key));
    let items: Vec<Value> = found.map(|record| enrollment(record, None)).collect();
    Ok(answer_page(items, item, next.as_deref()))
}

/// Returns the id after which a page begins, and the largest number of its items.
fn place(head: &Parts) -> Result<(&str, usize), Problem> {
    let header = |name: HeaderName| {
        only(&head.headers, &name).map_err(|_| Problem::argument("a header is repeated or not ASCII"))
    };
    let most = match header(MAX_ITEMS)? {
        None => DEFAULT_PAGE,
        Some(text) => match text.parse() {
            Ok(most) if (1..=PAGE).contains(&most) => most,
            _ => return Err(Problem::argument("x-ms-max-item-count must be a number from 1 to 1000")),
        },
    };
    Ok((header(CONTINUATION)?.unwrap_or_default(), most))
}

fn answer_page(items: Vec<Value>, item: &'static str, next: Option<&str>) -> Response {
    let mut response = Json(items).into_response();
    let headers = response.headers_mut();
    headers.insert(ITEM_TYPE, HeaderValue::from_static(item));
    if let Some(value) = next.and_then(|name| HeaderValue::try_from(name).ok()) {
        headers.insert(CONTINUATION, value);
    }
    response
}

/// Returns the names of the enrollments after a name.
fn page(service: &Provisioning, kind: Kind, after: &str, most: usize) -> Vec<Box<str>> {
    let index = service.index();
    let enrollments = index.enrollments();
    match kind {
        Kind::EnrollmentGroup => names(enrollments.groups(), after, most),
        _ => names(enrollments.individuals(), after, most),
    }
}

fn names<'n, T>(all: impl Iterator<Item = (&'n str, T)>, after: &str, most: usize) -> Vec<Box<str>> {
    all.map(|(name, _)| name).filter(|name| *name > after).take(most).map(Into::into).collect()
}

/// A list of enrollments, and what is to be done with all of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bulk<'t> {
    mode: String,
    #[serde(borrow, default)]
    enrollments: Vec<&'t RawValue>,
    #[serde(borrow, default)]
    enrollment_groups: Vec<&'t RawValue>,
}

/// What is to be done with each enrollment of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Create,
    Update,
    UpdateIfMatch,
    Delete,
}

impl Mode {
    fn of(text: &str) -> Result<Self, Problem> {
        match text {
            "create" => Ok(Self::Create),
            "update" => Ok(Self::Update),
            "updateIfMatchETag" => Ok(Self::UpdateIfMatch),
            "delete" => Ok(Self::Delete),
            _ => Err(Problem::argument("mode is `create`, `update`, `updateIfMatchETag` or `delete`")),
        }
    }
}

/// One enrollment of a list.
struct Entry {
    key: RowKey,
    etag: Option<String>,
    text: Zeroizing<Vec<u8>>,
}

/// Returns the enrollments of a list if all of them can be read and no two have one id: a mistake in one must leave none
/// written.
async fn entries(
    service: &Arc<Provisioning>,
    kind: Kind,
    mode: Mode,
    list: &[&RawValue],
) -> Result<Vec<Entry>, Problem> {
    let mut entries: Vec<Entry> = Vec::with_capacity(list.len());
    for text in list {
        let text = Zeroizing::new(text.get().as_bytes().to_vec());
        let written = Written::parse(&text).map_err(Problem::argument)?;
        let key = written.key(kind).map_err(Problem::argument)?;
        if entries.iter().any(|other| other.key == key) {
            return Err(Problem::argument("two enrollments of the list have one id"));
        }
        let etag = written.etag.as_deref().map(str::to_owned);
        entries.push(Entry { key, etag, text });
    }
    if mode == Mode::Delete {
        return Ok(entries);
    }
    let rows = read(service, entries.iter().map(|entry| entry.key.clone()).collect()).await?;
    for Entry { key, text, .. } in &entries {
        let written = Written::parse(text).map_err(Problem::argument)?;
        let (former, authorities) = (rows.enrollment(key), service.authorities());
        written.record(key.clone(), former, &authorities, 0).map_err(Problem::argument)?;
    }
    Ok(entries)
}

/// Writes each enrollment of a list, as a whole or not at all, and answers with those that were not written.
async fn bulk(service: &Arc<Provisioning>, kind: Kind, body: Bytes) -> Result<Response, Problem> {
    let bulk: Bulk<'_> = serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::argument(format_args!("not a bulk request, at line {line}, column {column}"))
    })?;
    let (list, other, name) = match kind {
        Kind::EnrollmentGroup => (&bulk.enrollment_groups, &bulk.enrollments, "enrollmentGroupId"),
        _ => (&bulk.enrollments, &bulk.enrollment_groups, "registrationId"),
    };
    if list.len() > BULK || !other.is_empty() {
        return Err(Problem::argument(
            "a bulk request has at most 10 enrollments of the kind that its path names",
        ));
    }
    let mode = Mode::of(&bulk.mode)?;
    let entries = entries(service, kind, mode, list).await?;
    let mut errors = Vec::new();
    for Entry { key, etag, text } in entries {
        let done = match mode {
            Mode::Create => write(service, key.clone(), Condition::Absent, text).await.map(drop),
            Mode::Update => write(service, key.clone(), Condition::Present, text).await.map(drop),
            Mode::UpdateIfMatch => {
                let condition = Condition::of(Some(etag.as_deref().unwrap_or_default()), Condition::Present);
                write(service, key.clone(), condition, text).await.map(drop)
            }
            Mode::Delete => delete(service, key.clone(), Condition::Present).await,
        };
        if let Err(problem) = done {
            let (code, status) = problem.parts();
            errors.push(json!({ name: &*key.name, "errorCode": code, "errorStatus": status }));
        }
    }
    let body = json!({ "isSuccessful": errors.is_empty(), "errors": errors });
    Ok(Json(body).into_response())
}

/// Answers about one registration, or deletes its record: the device stays in the registry.
async fn registrations(
    service: &Arc<Provisioning>,
    action: &str,
    head: &Parts,
    if_match: Option<&str>,
) -> Result<Response, Problem> {
    let name = name_of(head).ok_or(Problem::no_enrollment())?;
    let id = RegistrationId::parse(&name).map_err(|_| Problem::no_enrollment())?;
    let key = RowKey::registration(id);
    if action == "query" {
        let (after, most) = place(head)?;
        let found = service.members((*key.name).to_owned(), after.to_owned(), most).await;
        let found = found.map_err(|error| Problem::write(&error))?;
        let next = found.last().filter(|_| found.len() == most).map(|record| &*record.key.name);
        let items = found.iter().map(|record| registration(record, &record.key.name)).collect();
        return Ok(answer_page(items, "deviceRegistration", next));
    }
    match action {
        "read" => {
            let rows = read(service, vec![key.clone()]).await?;
            let record = rows.registration(&key).ok_or(Problem::no_enrollment())?;
            Ok(with_etag(registration(record, &key.name), record.etag))
        }
        "delete" => {
            delete(service, key, Condition::of(if_match, Condition::Present)).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(Problem::not_here()),
    }
}
