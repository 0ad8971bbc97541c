//! The answer to a request that was not carried out: the hub's code and its name.

use core::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use hubward::registry::{ImportProblem, RegistryError};
use serde_json::json;

use crate::store::WriteError;

/// An error code of the hub, whose first three digits are the HTTP status.
#[derive(Debug)]
pub(super) struct Problem {
    code: u32,
    name: &'static str,
    /// The problem, for an authenticated peer: never a part of the input.
    detail: Option<String>,
}

/// The kind of record that a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Device,
    Module,
}

impl Problem {
    const fn new(code: u32, name: &'static str) -> Self {
        Self { code, name, detail: None }
    }

    /// The peer is not authenticated. The answer is the same for every reason.
    pub(super) const fn unauthenticated() -> Self {
        Self::new(401_003, "IotHubUnauthorized")
    }

    /// The peer is authenticated, and lacks the permission. The code is the hub's; the status is 403, since another token
    /// with the same permissions would be refused too (RFC 9110, 15.5.4).
    pub(super) const fn denied() -> Self {
        Self::new(401_002, "IotHubUnauthorizedAccess")
    }

    /// The edge hub's own token is needed, and the request has a policy's.
    pub(super) fn not_own_token() -> Self {
        let detail = "an edge hub asks with its module's own token, not with one that a policy signed";
        Self { detail: Some(detail.into()), ..Self::denied() }
    }

    /// The peer is authenticated, and the operation is not implemented.
    pub(super) const fn not_here() -> Self {
        Self::new(501_001, "NotImplemented")
    }

    /// The request is not valid.
    pub(super) fn argument(detail: impl fmt::Display) -> Self {
        Self { code: 400_004, name: "ArgumentInvalid", detail: Some(detail.to_string()) }
    }

    /// The enrollment or the registration does not exist.
    pub(super) const fn no_enrollment() -> Self {
        Self::new(404_201, "NotFound")
    }

    /// The enrollment exists.
    pub(super) const fn enrolled() -> Self {
        Self::new(409_201, "Conflict")
    }

    /// The etag is another one.
    pub(super) const fn other_etag() -> Self {
        Self::new(412_001, "PreconditionFailed")
    }

    /// There are as many groups with keys as one token is tried with.
    pub(super) const fn many_groups() -> Self {
        Self::new(403_201, "QuotaExceeded")
    }

    /// The body is too long.
    pub(super) const fn too_large() -> Self {
        Self::new(413_001, "MessageTooLarge")
    }

    /// The body did not arrive in time.
    pub(super) const fn too_slow() -> Self {
        Self::new(408_001, "RequestTimeout")
    }

    /// The lock of a message is not valid, or not any more.
    pub(super) const fn lock_lost() -> Self {
        Self::new(412_002, "DeviceMessageLockLost")
    }

    /// The registry's store does not answer.
    pub(super) const fn unavailable() -> Self {
        Self::new(503_001, "ServiceUnavailable")
    }

    /// Returns the problem for a write to the registry's store. The log has the reason.
    pub(super) fn write(error: &WriteError) -> Self {
        tracing::error!(%error, "a change of the registry was not made, or is not visible");
        Self::unavailable()
    }

    /// The identity does not exist.
    pub(super) const fn not_found(about: About) -> Self {
        match about {
            About::Device => Self::new(404_001, "DeviceNotFound"),
            About::Module => Self::new(404_010, "ModuleNotFound"),
        }
    }

    /// Returns the problem for a change that the registry refused.
    pub(super) fn registry(error: RegistryError, about: About) -> Self {
        match (error, about) {
            (RegistryError::NotFound, about) => Self::not_found(about),
            (RegistryError::Exists, About::Device) => Self::new(409_001, "DeviceAlreadyExists"),
            (RegistryError::Exists, About::Module) => Self::new(409_301, "ModuleAlreadyExistsOnDevice"),
            (RegistryError::EtagMismatch, _) => Self::new(412_001, "PreconditionFailed"),
            (RegistryError::Full, _) => Self::new(403_002, "IotHubQuotaExceeded"),
            (RegistryError::NoEntropy(_), _) => Self::new(500_001, "ServerError"),
            (error, _) => Self::argument(error),
        }
    }

    /// Returns the problem for an identity whose import failed.
    pub(super) fn import(problem: ImportProblem, about: About) -> Self {
        match problem {
            ImportProblem::Registry(error) => Self::registry(error, about),
            problem => Self::argument(problem),
        }
    }

    /// Returns the code and the name, for a list of problems.
    pub(super) const fn parts(&self) -> (u32, &'static str) {
        (self.code, self.name)
    }

    fn status(&self) -> StatusCode {
        if self.code == Self::denied().code {
            return StatusCode::FORBIDDEN;
        }
        let status = self.code.checked_div(1000).and_then(|status| u16::try_from(status).ok());
        status
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let message = match &self.detail {
            Some(detail) => format!("ErrorCode:{};{detail}", self.name),
            None => format!("ErrorCode:{}", self.name),
        };
        let body = json!({ "errorCode": self.code, "message": self.name, "Message": message });
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert("iothub-errorcode", HeaderValue::from_static(self.name));
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("SharedAccessSignature");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
