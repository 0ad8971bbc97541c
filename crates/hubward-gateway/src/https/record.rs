//! A record in the JSON of the hub's service API, in answers and in requests.

use std::borrow::Cow;

use hubward::registry::{AuthenticationView, DeviceScope, RecordView, Thumbprints};
use hubward::types::{Identity, Status, SymmetricKey};
use hubward_rustcrypto::HmacKey;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::leniency::generated;
use super::problem::Problem;

/// The value of a time that was never set.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// An identity's record in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'r> {
    device_id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<&'r str>,
    generation_id: String,
    etag: String,
    connection_state: &'static str,
    status: &'static str,
    status_reason: Option<&'r str>,
    connection_state_updated_time: &'static str,
    status_updated_time: &'static str,
    last_activity_time: &'static str,
    cloud_to_device_message_count: u32,
    authentication: Authentication<'r>,
    capabilities: Capabilities,
    device_scope: Option<&'r str>,
    parent_scopes: Vec<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication<'r> {
    symmetric_key: SymmetricKeys,
    x509_thumbprint: X509Thumbprints,
    r#type: &'r str,
}

/// Symmetric keys: the permission RegistryRead includes reading them.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct SymmetricKeys {
    primary_key: Option<Key>,
    secondary_key: Option<Key>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct X509Thumbprints {
    primary_thumbprint: Option<String>,
    secondary_thumbprint: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Capabilities {
    iot_edge: bool,
}

/// A key in base64, erased when dropped.
struct Key(Zeroizing<[u8; 88]>, usize);

impl Key {
    fn of(key: &SymmetricKey) -> Self {
        let mut text = Zeroizing::new([0; 88]);
        let len = key.expose_base64(&mut text).len();
        Self(text, len)
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.get(..self.1).and_then(|text| str::from_utf8(text).ok());
        serializer.serialize_str(text.unwrap_or_default())
    }
}

impl<'r> Record<'r> {
    pub(super) fn of(view: &RecordView<'r, HmacKey>, connected: bool) -> Self {
        let identity = view.identity();
        Self {
            device_id: identity.device().map_or("", |id| id.as_str()),
            module_id: identity.module().map(|id| id.as_str()),
            generation_id: view.generation_id().to_string(),
            etag: view.etag().to_string(),
            connection_state: if connected { "Connected" } else { "Disconnected" },
            status: match view.status() {
                Status::Enabled => "enabled",
                Status::Disabled => "disabled",
            },
            status_reason: view.status_reason(),
            connection_state_updated_time: NEVER,
            status_updated_time: NEVER,
            last_activity_time: NEVER,
            cloud_to_device_message_count: 0,
            authentication: Authentication::of(&view.authentication()),
            capabilities: Capabilities { iot_edge: view.capabilities().iot_edge },
            device_scope: view.device_scope().map(DeviceScope::as_str),
            parent_scopes: view.parent_scopes().iter().map(DeviceScope::as_str).collect(),
        }
    }
}

impl Authentication<'_> {
    fn of(view: &AuthenticationView<'_, HmacKey>) -> Self {
        let (mut symmetric_key, mut x509_thumbprint) = <(SymmetricKeys, X509Thumbprints)>::default();
        let r#type = match view {
            AuthenticationView::Sas(keys) => {
                symmetric_key = SymmetricKeys {
                    primary_key: keys.expose_primary().as_ref().map(Key::of),
                    secondary_key: keys.expose_secondary().as_ref().map(Key::of),
                };
                "sas"
            }
            AuthenticationView::SelfSigned(thumbprints) => {
                x509_thumbprint = X509Thumbprints {
                    primary_thumbprint: Thumbprints::primary(thumbprints).map(ToString::to_string),
                    secondary_thumbprint: Thumbprints::secondary(thumbprints).map(ToString::to_string),
                };
                "selfSigned"
            }
            AuthenticationView::CertificateAuthority => "certificateAuthority",
            _ => "none",
        };
        Self { symmetric_key, x509_thumbprint, r#type }
    }
}

/// An identity in a request. Fields that a service may not set are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written<'b> {
    #[serde(borrow, default)]
    device_id: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    module_id: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    status: Option<&'b RawValue>,
    #[serde(borrow, default)]
    status_reason: Option<&'b RawValue>,
    #[serde(borrow, default)]
    authentication: Option<&'b RawValue>,
    #[serde(borrow, default)]
    capabilities: Option<&'b RawValue>,
    #[serde(borrow, default)]
    device_scope: Option<&'b RawValue>,
    #[serde(borrow, default)]
    parent_scopes: Option<&'b RawValue>,
}

/// The same identity as a line of an import, so that the registry has one parser of identities.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'b> {
    id: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<&'b str>,
    import_mode: &'b str,
    #[serde(rename = "eTag")]
    e_tag: Option<&'b str>,
    status: Option<&'b RawValue>,
    status_reason: Option<&'b RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<&'b RawValue>,
    capabilities: Option<&'b RawValue>,
    device_scope: Option<&'b RawValue>,
    parent_scopes: Option<&'b RawValue>,
}

impl<'b> Written<'b> {
    pub(super) fn parse(body: &'b [u8]) -> Result<Self, Problem> {
        // serde would accept an array of the fields in their order
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::argument("the body is not a JSON object"));
        }
        // serde's message may quote the body, so only its position is used
        serde_json::from_slice(body).map_err(|error| {
            Problem::argument(format_args!(
                "not an identity, at line {}, column {}",
                error.line(),
                error.column()
            ))
        })
    }

    /// Returns the import line that applies the request to `identity`: it creates without an `If-Match`, else it changes.
    /// Without a status it keeps the `current` one, so that a write enables a disabled device only explicitly.
    pub(super) fn line(
        &self,
        identity: &Identity<'_>,
        if_match: Option<&str>,
        current: Option<Status>,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let id = identity.device().map_or("", |id| id.as_str());
        let module_id = identity.module().map(|id| id.as_str());
        let other = |written: &Option<Cow<'_, str>>, own: Option<&str>| {
            written.as_deref().is_some_and(|written| Some(written) != own)
        };
        if other(&self.device_id, Some(id)) || other(&self.module_id, module_id) {
            return Err(Problem::argument("the identity in the body differs from the one in the path"));
        }
        let status = match current {
            Some(Status::Disabled) => "\"disabled\"",
            Some(Status::Enabled) | None => "\"enabled\"",
        };
        let status = RawValue::from_string(status.into()).map_err(Problem::argument)?;
        let (import_mode, e_tag) = match if_match {
            None => ("create", None),
            Some("*") => ("update", None),
            Some(etag) => ("updateIfMatchETag", Some(etag)),
        };
        let generated = generated(self.authentication)
            .map(|text| RawValue::from_string(text.into()))
            .transpose()
            .map_err(Problem::argument)?;
        let line = Line {
            id,
            module_id,
            import_mode,
            e_tag,
            status: Some(self.status.unwrap_or(&status)),
            status_reason: self.status_reason,
            authentication: generated.as_deref().or(self.authentication),
            capabilities: self.capabilities,
            device_scope: self.device_scope,
            parent_scopes: self.parent_scopes,
        };
        serde_json::to_vec(&line).map(Zeroizing::new).map_err(|_| Problem::argument("not an identity"))
    }
}
