//! Tokens of the services around a hub, as the official SDKs sign them.
//!
//! Each case verifies, is refused with any one bit of its signature flipped, has the text to sign that the SDK had, and
//! is signed to the same signature from the same input.

mod dps;
mod request;
mod resource;
mod service_bus;
mod storage;
mod web;

use core::time::Duration;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_core::UnixTime;
use serde::Deserialize;
use serde_json::Value;

use super::Tally;

/// A case. The fields that it has depend on its scheme.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    id: String,
    scheme: String,
    input: BTreeMap<String, Value>,
    token: Option<String>,
    authorization: Option<String>,
    method: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    string_to_sign: Option<String>,
}

impl Case {
    /// Returns the first value of the input that is a text, under any of these names.
    fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.input.get(*name)?.as_str())
    }

    fn required(&self, names: &[&str]) -> Result<&str, String> {
        self.text(names).ok_or(format!("the input has no {names:?}"))
    }

    fn token(&self) -> Result<&str, String> {
        self.token.as_deref().ok_or_else(|| "the case has no token".to_owned())
    }
}

/// Runs the cases of `json`.
///
/// # Errors
/// The error of the JSON reader if `json` is not a list of cases.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    for case in serde_json::from_str::<Vec<Case>>(json)? {
        tally.case(&case.id, || judge(&case));
    }
    Ok(())
}

fn judge(case: &Case) -> Result<(), String> {
    match case.scheme.as_str() {
        "servicebus-sas" => service_bus::judge(case),
        "storage-account-sas"
        | "storage-blob-sas"
        | "storage-container-sas"
        | "storage-user-delegation-sas"
        | "storage-share-sas"
        | "storage-queue-sas"
        | "storage-table-sas" => storage::judge(case),
        "storage-sharedkey" | "storage-sharedkeylite-table" => request::shared_key(case),
        "cosmos-masterkey" => request::cosmos(case),
        "eventgrid-sas" => web::event_grid(case),
        "dps-derived-key" => dps::derived_key(case),
        "dps-registration-sas" => dps::registration(case),
        other => Err(format!("the scheme {other} is unknown")),
    }
}

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub(crate) fn decode(text: &str) -> Result<String, String> {
    hubward_cloud::Text::escaped(text).map(|text| text.to_string()).map_err(|error| error.to_string())
}

/// Returns the value of a field of a query.
pub(crate) fn field<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|field| field.split_once('=')).find(|(own, _)| *own == name).map(|(_, v)| v)
}

/// Calls `verifies` with the text, in which the signature has one bit flipped, for each of its bits.
pub(crate) fn refuse_flipped(
    text: &str,
    signature: &str,
    mut verifies: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    let decoded = STANDARD.decode(decode(signature)?).map_err(|error| error.to_string())?;
    let escaped = signature.contains('%');
    for bit in 0..decoded.len() * 8 {
        let mut bytes = decoded.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let flipped = STANDARD.encode(bytes);
        let flipped = if escaped { hubward_core::escape_value(&flipped).to_string() } else { flipped };
        if verifies(&text.replacen(signature, &flipped, 1)).is_ok() {
            return Err(format!("verifies with bit {bit} of the signature flipped"));
        }
    }
    Ok(())
}

/// Compares a signature that was signed here with the one of the case.
pub(crate) fn same_signature(ours: &str, theirs: &str) -> Result<(), String> {
    let (ours, theirs) = (decode(ours)?, decode(theirs)?);
    super::ensure(ours == theirs, "another signature when signing the same input")
}

/// Compares a text to sign with the one of the case, if it has one.
pub(crate) fn same_text(case: &Case, ours: &impl core::fmt::Display) -> Result<(), String> {
    let ours = ours.to_string();
    match &case.string_to_sign {
        Some(theirs) if *theirs != ours => Err(format!("the text to sign is {ours:?}")),
        _ => Ok(()),
    }
}
