//! The answers of the provisioning service.

use std::sync::Arc;

use hubward::types::RegistrationId;
use hubward_store::RegistrationRecord;
use serde_json::{Value, json};

use super::{Provisioning, Registered, etag, time};

/// Seconds after which a device asks for the result of its registration.
pub(crate) const RETRY_AFTER: u32 = 1;

/// The reason why a request of an authenticated device was not carried out: the first three digits are the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The request is malformed.
    BadRequest,
    /// The enrollment was disabled or changed since the device was authenticated.
    Unauthorized,
    /// No hub was assigned.
    NoHub,
    /// A device with this id exists that did not register.
    Taken,
    /// There is no such registration or operation.
    NotFound,
    /// The registry has no room.
    Full,
    /// The address has no verification left.
    TooMany,
    /// The attestation needs a part that the gateway does not have.
    NotImplemented,
    /// The store does not answer.
    Unavailable,
}

impl Failure {
    /// Returns the HTTP status.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::NoHub => 400,
            Self::Unauthorized => 401,
            Self::Full => 403,
            Self::NotFound => 404,
            Self::Taken => 409,
            Self::TooMany => 429,
            Self::NotImplemented => 501,
            Self::Unavailable => 503,
        }
    }

    /// Returns whether the same request may be carried out later.
    pub(crate) const fn is_temporary(self) -> bool {
        matches!(self, Self::TooMany | Self::Unavailable)
    }

    const fn message(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad request.",
            Self::Unauthorized => "Unauthorized.",
            Self::NoHub => "No hub was assigned.",
            Self::Taken => "A device with this id exists that did not register.",
            Self::NotFound => "There is no such registration.",
            Self::Full => "The registry has no room.",
            Self::TooMany => "Too many requests.",
            Self::NotImplemented => "Attestation by a TPM is not configured.",
            Self::Unavailable => "The service is not available.",
        }
    }

    /// Returns the body of the answer.
    pub(crate) fn body(self) -> Value {
        // six digits, as those of a hub
        let code = u32::from(self.status()).saturating_mul(1000).saturating_add(1);
        json!({ "errorCode": code, "message": self.message() })
    }
}

/// Returns the answer to a registration: it is to be asked for by its operation.
pub(crate) fn assigning(registered: &Registered) -> Value {
    json!({ "operationId": &*registered.operation, "status": "assigning" })
}

impl Provisioning {
    /// Returns the answer about an operation. A device with a TPM gets its key at the hub, wrapped for that TPM.
    pub(crate) async fn status(
        self: &Arc<Self>,
        record: &RegistrationRecord,
        id: RegistrationId<'_>,
    ) -> Value {
        let mut state = registration(record, id.as_str());
        let key = self.wrapped_key(&record.state, id).await;
        if let (Some(key), Some(fields)) = (key, state.as_object_mut()) {
            fields.insert("tpm".into(), json!({ "authenticationKey": key }));
        }
        json!({ "operationId": &*record.state.operation, "status": "assigned", "registrationState": state })
    }
}

/// Returns the state of a registration. A device gets its id as it wrote it.
pub(crate) fn registration(record: &RegistrationRecord, id: &str) -> Value {
    let state = &record.state;
    let mut json = json!({
        "registrationId": id,
        "deviceId": &*state.device_id,
        "assignedHub": &*state.hub,
        "status": "assigned",
        "substatus": &*state.substatus,
        "createdDateTimeUtc": time(state.created),
        "lastUpdatedDateTimeUtc": time(state.updated),
        "etag": etag(record.etag),
    });
    if let (Some(group), Some(fields)) = (&state.group, json.as_object_mut()) {
        fields.insert("enrollmentGroupId".into(), json!(group));
    }
    json
}
