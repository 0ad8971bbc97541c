//! Signed requests: Shared Key of storage accounts, and master keys of Cosmos DB.

use hubward_cloud::cosmos::{Credential, Request as CosmosRequest, ResourceLink, ResourceType, Verb};
use hubward_cloud::storage::Service;
use hubward_cloud::storage::shared_key::{Authorization, Request};
use hubward_cloud::{AccountKey, MasterKey};
use hubward_rustcrypto::GeneralKey;

use super::{Case, at, refuse_flipped, same_signature, same_text};
use crate::conformance::ensure;

/// Splits a URL into its host with port and its path with query.
fn split(url: &str) -> Result<(&str, &str), String> {
    let rest = url.split_once("://").ok_or("not a URL")?.1;
    match rest.find('/') {
        Some(at) => Ok(rest.split_at(at)),
        None => Ok((rest, "/")),
    }
}

/// Returns the service of a host, by its second label, or by the port of the emulator.
fn service(host: &str) -> Service {
    let emulated = match host.rsplit_once(':') {
        Some((_, "10001")) => Service::Queue,
        Some((_, "10002")) => Service::Table,
        _ => Service::Blob,
    };
    host.split('.').nth(1).and_then(Service::from_host_label).unwrap_or(emulated)
}

/// Converts a date of HTTP to seconds since 1970.
fn http(date: &str) -> Result<u64, String> {
    let words: Vec<&str> = date.split(' ').collect();
    let [_, day, month, year, clock, "GMT"] = words[..] else { return Err("no date of HTTP".to_owned()) };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month).ok_or("no month")? + 1;
    Ok(crate::conformance::time::seconds(&format!("{year}-{month:02}-{day}T{clock}Z")))
}

pub(super) fn shared_key(case: &Case) -> Result<(), String> {
    let header = case.authorization.as_deref().ok_or("no authorization")?;
    let key =
        AccountKey::<GeneralKey>::from_base64(case.required(&["key"])?).map_err(|error| error.to_string())?;
    let (host, target) = split(case.url.as_deref().ok_or("no URL")?)?;
    let method = case.method.as_deref().ok_or("no method")?;
    let headers: Vec<(&str, &str)> = case.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let request = Request::new(service(host), method, target, &headers).map_err(|error| error.to_string())?;
    let date = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-ms-date"));
    let date = date.or_else(|| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("date")));
    let now = http(date.ok_or("no date")?.1)?;
    let verify = |header: &str, now| {
        let authorization = Authorization::parse(header).map_err(|error| error.to_string())?;
        ensure(Some(authorization.account()) == case.text(&["account"]), "another account")?;
        request.verify(&authorization, &[&key], at(now)).map_err(|error| error.to_string())
    };
    verify(header, now)?;
    verify(header, now + 900)?;
    ensure(verify(header, now + 901).is_err(), "is valid for more than 15 minutes")?;
    let signature = header.rsplit_once(':').ok_or("no signature")?.1;
    refuse_flipped(header, signature, |header| verify(header, now))?;

    let authorization = Authorization::parse(header).map_err(|error| error.to_string())?;
    let (account, scheme) = (authorization.account(), authorization.scheme());
    same_text(case, &request.string_to_sign(account, scheme))?;
    let signed = request.sign(account, scheme, &key).to_string();
    ensure(signed == header, "another header when signing the same request")
}

pub(super) fn cosmos(case: &Case) -> Result<(), String> {
    let header = case.token.as_deref().or(case.authorization.as_deref()).ok_or("no token")?;
    let key =
        MasterKey::<GeneralKey>::from_base64(case.required(&["key"])?).map_err(|error| error.to_string())?;
    let (request, date) = cosmos_request(case)?;
    let now = http(date)?;
    let verify = |header: &str, now| match Credential::parse(header).map_err(|error| error.to_string())? {
        Credential::Master(token) => {
            request.verify(&token, &[&key], at(now)).map_err(|error| error.to_string())
        }
        other => Err(format!("is {other:?}")),
    };
    verify(header, now)?;
    ensure(verify(header, now + 901).is_err(), "is valid for more than 15 minutes")?;
    let escaped = header.contains('%');
    let signature = header.rsplit_once(if escaped { "sig%3D" } else { "sig=" }).ok_or("no signature")?.1;
    refuse_flipped(header, signature, |header| verify(header, now))?;

    same_text(case, &request.string_to_sign())?;
    let signed = request.sign(&key).to_string();
    same_signature(signed.rsplit_once("sig%3D").unwrap_or_default().1, signature)?;
    verify(&signed, now)
}

/// Returns the signed parts of a case and the date that counts.
fn cosmos_request(case: &Case) -> Result<(CosmosRequest<'_>, &str), String> {
    let fail = |problem: hubward_cloud::Problem| problem.to_string();
    let verb = case.text(&["verb"]).or(case.method.as_deref()).ok_or("no verb")?;
    let verb = Verb::parse(verb).map_err(fail)?;
    let request = match case.text(&["resource_type"]) {
        Some(resource_type) => {
            let id = case.required(&["resource_id"])?;
            let by_id = case.input.get("is_name_based") == Some(&serde_json::Value::Bool(false));
            let link = if by_id { ResourceLink::by_id(id) } else { ResourceLink::named(id) }.map_err(fail)?;
            CosmosRequest::new(verb, ResourceType::parse(resource_type).map_err(fail)?, link)
        }
        None => {
            let (_, target) = split(case.url.as_deref().ok_or("no URL")?)?;
            let path = target.split('?').next().unwrap_or_default();
            CosmosRequest::from_path(verb, path).map_err(fail)?
        }
    };
    let nested = case.input.get("headers").and_then(|headers| headers.as_object());
    let header = |name: &str| {
        let nested =
            nested.and_then(|headers| headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)));
        let own = case.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        nested.and_then(|(_, value)| value.as_str()).or(own.map(|(_, value)| value.as_str()))
    };
    let ms = header("x-ms-date").or(if nested.is_none() { case.text(&["date"]) } else { None });
    let request = match ms {
        Some(date) => request.with_ms_date(date).map_err(fail)?,
        None => request,
    };
    let plain = if nested.is_some() { header("date") } else { None };
    let request = match plain {
        Some(date) => request.with_date(date).map_err(fail)?,
        None => request,
    };
    Ok((request, ms.or(plain).ok_or("no date")?))
}
