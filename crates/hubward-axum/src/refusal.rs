//! The refusal of a request.

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use hubward::AuthError;

/// The reason for which a request was refused.
///
/// As a response it tells the client one word. The whole reason is in the response's extensions, from which a layer that
/// logs can take it:
///
/// ```
/// use axum_core::response::IntoResponse;
/// use hubward::AuthError;
/// use hubward_axum::Refusal;
///
/// let response = Refusal::NotAuthenticated(AuthError::Unknown).into_response();
/// assert_eq!(response.status(), 401);
/// let reason = response.extensions().get::<Refusal>().unwrap();
/// assert_eq!(reason.code(), "unknown");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No identity is proven: status 401.
    #[error("{0}")]
    NotAuthenticated(AuthError),
    /// The identity is proven and may not do this: status 403. The text states the identity, the operation and the reason.
    #[error("{0}")]
    NotAuthorized(String),
    /// The store failed, so nothing is proven: status 503. The text is the store's.
    #[error("the store failed: {0}")]
    Store(String),
}

impl Refusal {
    /// Returns the status of the response.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotAuthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::NotAuthorized(_) => StatusCode::FORBIDDEN,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the stable code of the reason, for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAuthenticated(error) => error.code(),
            Self::NotAuthorized(_) => "denied",
            Self::Store(_) => "store",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let word = match &self {
            Self::NotAuthenticated(error) => error.public().to_string(),
            Self::NotAuthorized(_) => "forbidden".to_owned(),
            Self::Store(_) => "unavailable".to_owned(),
        };
        let mut response = (self.status(), word).into_response();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(self);
        response
    }
}
