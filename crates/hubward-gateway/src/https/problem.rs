//! What a peer is told when its request is not done: the hub's code and its name.

use core::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use hubward::registry::{ImportProblem, RegistryError};
use serde_json::json;

/// A code of the hub, whose first three digits are the status.
#[derive(Debug)]
pub(super) struct Problem {
    code: u32,
    name: &'static str,
    /// For somebody proven, what is wrong: never anything of the input.
    detail: Option<String>,
}

/// Whose record a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Device,
    Module,
}

impl Problem {
    const fn new(code: u32, name: &'static str) -> Self {
        Self { code, name, detail: None }
    }

    /// Nobody is proven. Whatever the reason is, the peer is told the same.
    pub(super) const fn unproven() -> Self {
        Self::new(401_003, "IotHubUnauthorized")
    }

    /// Somebody is proven, and has no right to this. The code is the hub's for it; the status is 403, for another
    /// token of the same rights would do no better (RFC 9110, 15.5.4).
    pub(super) const fn denied() -> Self {
        Self::new(401_002, "IotHubUnauthorizedAccess")
    }

    /// Somebody is proven, and this is not served here.
    pub(super) const fn not_here() -> Self {
        Self::new(501_001, "NotImplemented")
    }

    /// The request is not one.
    pub(super) fn argument(detail: impl fmt::Display) -> Self {
        Self { code: 400_004, name: "ArgumentInvalid", detail: Some(detail.to_string()) }
    }

    /// The body is longer than it may be.
    pub(super) const fn too_large() -> Self {
        Self::new(413_001, "MessageTooLarge")
    }

    /// The body did not come in time.
    pub(super) const fn too_slow() -> Self {
        Self::new(408_001, "RequestTimeout")
    }

    /// There is no such identity.
    pub(super) const fn not_found(about: About) -> Self {
        match about {
            About::Device => Self::new(404_001, "DeviceNotFound"),
            About::Module => Self::new(404_010, "ModuleNotFound"),
        }
    }

    /// Why a change of the registry was not made.
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

    /// Why an identity's JSON was not taken.
    pub(super) fn import(problem: ImportProblem, about: About) -> Self {
        match problem {
            ImportProblem::Registry(error) => Self::registry(error, about),
            problem => Self::argument(problem),
        }
    }

    /// The number and the name, for a list of them.
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
