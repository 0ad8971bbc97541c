//! The layer.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use axum_core::response::{IntoResponse, Response};
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::hub::{Authorized, Hub};

/// A layer of tower that lets only permitted requests through to a service. It works without axum's extractors, and for
/// a whole router at once.
///
/// A handler behind it can have a [`Caller`](crate::Caller) too: the extractor takes the layer's result if neither the
/// method nor the path was changed since.
///
/// ```
/// use axum::{Router, routing::get};
/// use hubward_axum::{AuthorizationLayer, Hub};
///
/// fn service(hub: Hub) -> Router {
///     Router::new().route("/twins/{id}", get(async || "{}")).layer(AuthorizationLayer::new(hub))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct AuthorizationLayer {
    hub: Hub,
}

impl AuthorizationLayer {
    /// Creates a layer that authorizes requests at this hub.
    #[must_use]
    pub const fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl<S> Layer<S> for AuthorizationLayer {
    type Service = AuthorizationService<S>;

    fn layer(&self, inner: S) -> AuthorizationService<S> {
        AuthorizationService { hub: self.hub.clone(), inner }
    }
}

/// A service behind an [`AuthorizationLayer`].
#[derive(Debug, Clone)]
pub struct AuthorizationService<S> {
    hub: Hub,
    inner: S,
}

impl<S, B> Service<Request<B>> for AuthorizationService<S>
where
    S: Service<Request<B>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let hub = self.hub.clone();
        // the service that is ready is the one that is called
        let other = self.inner.clone();
        let mut inner = core::mem::replace(&mut self.inner, other);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match hub.authorize(&parts).await {
                Ok(caller) => {
                    let (method, uri) = (parts.method.clone(), parts.uri.clone());
                    parts.extensions.insert(Authorized { caller, hub, method, uri });
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}
