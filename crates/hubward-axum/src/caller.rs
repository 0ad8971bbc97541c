//! The extractor.

use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use hubward::Session;
use hubward::types::Identity;

use crate::hub::Hub;
use crate::refusal::Refusal;

/// The identity that sent the request. A handler with this argument runs only for requests that are authenticated and
/// permitted: the credential is valid now, and the identity may do this request's method on this request's path.
///
/// Paths are those of the hub (`/devices/{id}/messages/events`, `/twins/{id}`, ..); any other path is refused with status
/// 403. A router that is nested below a prefix is asked about the rest of the path, without the prefix.
///
/// ```no_run
/// use axum::{Router, extract::Path, routing::post};
/// use hubward_axum::{Caller, Hub};
///
/// async fn telemetry(caller: Caller, Path(device): Path<String>) -> String {
///     format!("{} sent for {device}", caller.identity())
/// }
///
/// fn service(hub: Hub) -> Router {
///     Router::new().route("/devices/{id}/messages/events", post(telemetry)).with_state(hub)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Caller {
    session: std::sync::Arc<Session>,
}

impl Caller {
    pub(crate) fn new(session: Session) -> Self {
        Self { session: std::sync::Arc::new(session) }
    }

    /// Returns the identity.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        self.session.identity()
    }

    /// Returns the session. A response that is sent for a long time, such as a stream of events, rechecks it, since the
    /// identity can be disabled meanwhile.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Hub: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Hub::from_ref(state).authorize(parts).await
    }
}
