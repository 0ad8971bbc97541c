//! Enrollments in the JSON of the provisioning service.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use hubward::registry::EndorsementKey;
use hubward::types::{Authority, DeviceId, RegistrationId, SymmetricKey, Thumbprint};
use hubward_store::{
    Allocation, EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings, Kind, Reprovision, RowKey,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::authorities::Authorities;
use super::json_x509::X509;
use super::time;
use crate::files::entropy;

/// Bytes of an initial twin, or of another value that is not interpreted.
const OPAQUE: usize = 32 * 1024;
/// Hubs of one enrollment.
const HUBS: usize = 64;

/// An enrollment as a service or the file of `--provisioning` writes it. Its unknown fields are errors: a misspelled
/// `provisioningStatus` would enable an enrollment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Written<'t> {
    #[serde(borrow)]
    registration_id: Option<Cow<'t, str>>,
    #[serde(borrow)]
    enrollment_group_id: Option<Cow<'t, str>>,
    #[serde(borrow)]
    device_id: Option<Cow<'t, str>>,
    #[serde(borrow)]
    attestation: Option<Attestation<'t>>,
    capabilities: Option<Capabilities>,
    initial_twin: Option<Value>,
    #[serde(borrow)]
    pub(crate) etag: Option<Cow<'t, str>>,
    #[serde(borrow)]
    provisioning_status: Option<Cow<'t, str>>,
    reprovision_policy: Option<Reprovision>,
    allocation_policy: Option<Allocation>,
    #[serde(borrow)]
    iot_hub_host_name: Option<Cow<'t, str>>,
    iot_hubs: Option<Vec<Box<str>>>,
    custom_allocation_definition: Option<Value>,
    optional_device_information: Option<Value>,
    // what the service sets
    #[serde(rename = "createdDateTimeUtc")]
    _created: Option<IgnoredAny>,
    #[serde(rename = "lastUpdatedDateTimeUtc")]
    _updated: Option<IgnoredAny>,
    #[serde(rename = "registrationState")]
    _state: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Attestation<'t> {
    #[serde(borrow)]
    r#type: Cow<'t, str>,
    symmetric_key: Option<Keys>,
    #[serde(borrow)]
    x509: Option<X509<'t>>,
    #[serde(borrow)]
    tpm: Option<Tpm<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Keys {
    primary_key: Option<Secret>,
    secondary_key: Option<Secret>,
}

/// A key in base64, erased when it is dropped.
pub(super) struct Secret(Zeroizing<String>);

impl Secret {
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tpm<'t> {
    #[serde(borrow)]
    endorsement_key: Cow<'t, str>,
    #[serde(borrow)]
    storage_root_key: Option<Cow<'t, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Capabilities {
    iot_edge: bool,
}

/// The reason why a text is not an enrollment. It has no part of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Problem(pub(crate) String);

pub(super) fn problem(place: &str, error: impl core::fmt::Display) -> Problem {
    Problem(format!("{place}: {error}"))
}

impl<'t> Written<'t> {
    /// Parses one enrollment.
    pub(crate) fn parse(text: &'t [u8]) -> Result<Self, Problem> {
        // serde's message may quote the text, so only its position is used
        serde_json::from_slice(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Problem(format!("not an enrollment, at line {line}, column {column}"))
        })
    }

    /// Returns the key of its row. `kind` is the kind of enrollment that the place of the text expects.
    pub(crate) fn key(&self, kind: Kind) -> Result<RowKey, Problem> {
        let (own, other, place) = match kind {
            Kind::EnrollmentGroup => (&self.enrollment_group_id, &self.registration_id, "enrollmentGroupId"),
            _ => (&self.registration_id, &self.enrollment_group_id, "registrationId"),
        };
        let name = own.as_deref().filter(|_| other.is_none());
        let name = name.ok_or_else(|| problem(place, "it is required, and the other id is not allowed"))?;
        key(kind, name).map_err(|error| problem(place, error))
    }

    /// Returns the record. `former` is the one that it replaces, whose keys stay if no others are written.
    pub(crate) fn record(
        &self,
        key: RowKey,
        former: Option<&EnrollmentRecord>,
        authorities: &Authorities,
        now: u64,
    ) -> Result<EnrollmentRecord, Problem> {
        let group = key.kind == Kind::EnrollmentGroup;
        let attestation = self.attestation.as_ref().ok_or_else(|| problem("attestation", "it is missing"))?;
        let names = attestation.x509.as_ref().map(X509::references).unwrap_or_default();
        let attestation = attestation.read(group, former, authorities)?;
        if group && (self.device_id.is_some() || self.optional_device_information.is_some()) {
            return Err(problem("deviceId", "a group has none: each device has its registration id"));
        }
        let device_id = self.device_id.as_deref().filter(|id| !id.is_empty());
        if let Some(id) = device_id {
            DeviceId::parse(id).map_err(|error| problem("deviceId", error))?;
        }
        let enabled = match self.provisioning_status.as_deref() {
            None | Some("enabled") => true,
            Some("disabled") => false,
            Some(_) => return Err(problem("provisioningStatus", "it is `enabled` or `disabled`")),
        };
        let settings = EnrollmentSettings {
            device_id: device_id.map(Into::into),
            iot_edge: self.capabilities.as_ref().is_some_and(|capabilities| capabilities.iot_edge),
            allocation: self.allocation_policy.unwrap_or_default(),
            reprovision: self.reprovision_policy.unwrap_or_default(),
            hubs: self.hubs()?,
            initial_twin: opaque("initialTwin", self.initial_twin.as_ref())?,
            custom_allocation: opaque(
                "customAllocationDefinition",
                self.custom_allocation_definition.as_ref(),
            )?,
            information: opaque("optionalDeviceInformation", self.optional_device_information.as_ref())?,
            authorities: names,
            created: former.map_or(now, |former| former.settings.created),
            updated: now,
        };
        Ok(EnrollmentRecord { enabled, ..EnrollmentRecord::new(key, attestation, settings) })
    }

    fn hubs(&self) -> Result<Vec<Box<str>>, Problem> {
        let mut hubs = self.iot_hubs.clone().unwrap_or_default();
        // a static assignment may have one name
        if let Some(host) = self.iot_hub_host_name.as_deref().filter(|host| !host.is_empty()) {
            hubs.retain(|hub| !hub.eq_ignore_ascii_case(host));
            hubs.insert(0, host.into());
        }
        if hubs.len() > HUBS {
            return Err(problem("iotHubs", format_args!("at most {HUBS} hubs are allowed")));
        }
        for hub in &hubs {
            Authority::parse(hub).map_err(|error| problem("iotHubs", error))?;
        }
        Ok(hubs)
    }
}

/// Returns the key of an enrollment's row, or of a group's.
pub(crate) fn key(kind: Kind, name: &str) -> Result<RowKey, hubward::types::NameError> {
    let name = RegistrationId::parse(name)?;
    Ok(match kind {
        Kind::EnrollmentGroup => RowKey::enrollment_group(name),
        _ => RowKey::enrollment(name),
    })
}

/// Returns a value that is not interpreted, in one form.
fn opaque(place: &str, value: Option<&Value>) -> Result<Option<Box<str>>, Problem> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.to_string();
    if !value.is_object() || text.len() > OPAQUE {
        return Err(problem(place, "it must be an object of at most 32 KiB"));
    }
    Ok(Some(text.into()))
}

impl Attestation<'_> {
    fn read(
        &self,
        group: bool,
        former: Option<&EnrollmentRecord>,
        authorities: &Authorities,
    ) -> Result<EnrollmentAttestation, Problem> {
        match (&*self.r#type, &self.symmetric_key, &self.x509, &self.tpm) {
            ("symmetricKey", keys, None, None) => symmetric(keys.as_ref(), former),
            ("x509", None, Some(x509), None) => x509.read(group, authorities),
            ("tpm", None, None, Some(tpm)) if !group => tpm.read(),
            ("tpm", None, None, Some(_)) => Err(problem("attestation", "a group has no TPM")),
            _ => Err(problem(
                "attestation",
                "its type is `symmetricKey`, `x509` or `tpm`, with the field of that name and no other",
            )),
        }
    }
}

/// Reads both keys; without any, the former ones stay, or new ones are generated.
fn symmetric(
    keys: Option<&Keys>,
    former: Option<&EnrollmentRecord>,
) -> Result<EnrollmentAttestation, Problem> {
    let place = "attestation.symmetricKey";
    let copied = |key: &SymmetricKey| SymmetricKey::from_bytes(key.expose());
    let written = |key: Option<&Option<Secret>>| {
        key.and_then(Option::as_ref)
            .map(Secret::text)
            .filter(|key| !key.is_empty())
            .map(SymmetricKey::from_base64)
    };
    let both = (written(keys.map(|keys| &keys.primary_key)), written(keys.map(|keys| &keys.secondary_key)));
    let (primary, secondary) = match both {
        (Some(primary), Some(secondary)) => (primary, secondary),
        (None, None) => match former.map(|former| &former.attestation) {
            Some(EnrollmentAttestation::Keys(primary, secondary)) => {
                let secondary = secondary.as_ref().map(copied).transpose();
                let primary = copied(primary).map_err(|error| problem(place, error))?;
                return Ok(EnrollmentAttestation::Keys(
                    primary,
                    secondary.map_err(|error| problem(place, error))?,
                ));
            }
            _ => {
                let generate = || SymmetricKey::generate(entropy);
                let both = generate().and_then(|one| Ok((one, generate()?)));
                let (primary, secondary) = both.map_err(|error| problem(place, error))?;
                return Ok(EnrollmentAttestation::Keys(primary, Some(secondary)));
            }
        },
        _ => return Err(problem(place, "give both keys, or none to have them generated")),
    };
    let named = |key: &str, error| problem(&format!("{place}.{key}"), error);
    Ok(EnrollmentAttestation::Keys(
        primary.map_err(|error| named("primaryKey", error))?,
        Some(secondary.map_err(|error| named("secondaryKey", error))?),
    ))
}

impl Tpm<'_> {
    fn read(&self) -> Result<EnrollmentAttestation, Problem> {
        let place = "attestation.tpm";
        let decode =
            |text: &str| Base64::decode_vec(text.trim()).map_err(|_| problem(place, "a key is not base64"));
        let endorsement = EndorsementKey::new(&decode(&self.endorsement_key)?)
            .map_err(|error| problem("attestation.tpm.endorsementKey", error))?;
        let root =
            self.storage_root_key.as_deref().filter(|text| !text.is_empty()).map(decode).transpose()?;
        Ok(EnrollmentAttestation::Tpm(endorsement, root.map(Into::into)))
    }
}

/// Returns an etag as a text.
pub(crate) fn etag(etag: u64) -> String {
    format!("{etag:016x}")
}

/// Returns an enrollment for an answer. Its keys are in the answer to a request for them only.
pub(crate) fn enrollment(record: &EnrollmentRecord, state: Option<Value>) -> Value {
    let settings = &record.settings;
    let raw = |text: &Option<Box<str>>| {
        text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or(Value::Null)
    };
    let (id, kind) = if record.is_group() { ("enrollmentGroupId", true) } else { ("registrationId", false) };
    let mut json = json!({
        id: &*record.key.name,
        "attestation": attestation(record, false),
        "capabilities": { "iotEdge": settings.iot_edge },
        "initialTwin": raw(&settings.initial_twin),
        "etag": etag(record.etag),
        "provisioningStatus": if record.enabled { "enabled" } else { "disabled" },
        "reprovisionPolicy": settings.reprovision,
        "allocationPolicy": settings.allocation,
        "iotHubs": settings.hubs,
        "customAllocationDefinition": raw(&settings.custom_allocation),
        "createdDateTimeUtc": time(settings.created),
        "lastUpdatedDateTimeUtc": time(settings.updated),
    });
    if let (false, Some(fields)) = (kind, json.as_object_mut()) {
        fields.insert("deviceId".into(), json!(settings.device_id));
        fields.insert("optionalDeviceInformation".into(), raw(&settings.information));
        fields.insert("registrationState".into(), state.unwrap_or(Value::Null));
    }
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    json
}

/// Returns the attestation of an enrollment, with its keys only if they were asked for.
pub(crate) fn attestation(record: &EnrollmentRecord, with_keys: bool) -> Value {
    match &record.attestation {
        EnrollmentAttestation::Keys(primary, secondary) if with_keys => {
            let text = |key: &SymmetricKey| {
                let mut buffer = Zeroizing::new([0; 88]);
                key.expose_base64(&mut buffer).to_owned()
            };
            json!({ "type": "symmetricKey", "symmetricKey": {
                "primaryKey": text(primary), "secondaryKey": secondary.as_ref().map(text),
            } })
        }
        EnrollmentAttestation::Keys(..) => json!({ "type": "symmetricKey" }),
        EnrollmentAttestation::X509(_) if !record.settings.authorities.is_empty() => {
            let mut names = record.settings.authorities.iter();
            let pair = json!({ "primary": names.next(), "secondary": names.next() });
            json!({ "type": "x509", "x509": { "caReferences": pair } })
        }
        EnrollmentAttestation::X509(thumbprints) => {
            let info = |print: Option<&Thumbprint>| {
                print.map(|print| json!({ "info": { "sha256Thumbprint": print.to_string() } }))
            };
            let pair =
                json!({ "primary": info(thumbprints.primary()), "secondary": info(thumbprints.secondary()) });
            let place = if record.is_group() { "signingCertificates" } else { "clientCertificates" };
            json!({ "type": "x509", "x509": { place: pair } })
        }
        EnrollmentAttestation::Tpm(endorsement, root) => json!({ "type": "tpm", "tpm": {
            "endorsementKey": Base64::encode_string(endorsement.as_bytes()),
            "storageRootKey": root.as_deref().map(Base64::encode_string),
        } }),
    }
}
