//! A hub, as the state of a router.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use http::request::Parts;
use hubward::registry::Registry;
use hubward::types::{MacKey, UnixTime};
use hubward::{AsyncStore, AuthError, Authenticated, HubConfig, StoreOr};

use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::request::credentials;

/// A hub: its configuration, its store and the system's clock. A clone shares all of them.
///
/// ```
/// use std::sync::{Arc, RwLock};
/// use hubward::{HubConfig, registry::Registry, types::{HostName, SymmetricKey}};
/// use hubward_axum::Hub;
/// use hubward_rustcrypto::HmacKey;
///
/// let dummy_key = HmacKey::new(&SymmetricKey::generate(getrandom::fill)?);
/// let config = HubConfig::new(HostName::parse("contoso.example")?, dummy_key);
/// let registry = Arc::new(RwLock::new(Registry::new(getrandom::fill)?));
/// let hub = Hub::with_registry(Arc::new(RwLock::new(config)), registry);
/// # let _ = hub;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Hub {
    source: Arc<dyn Source>,
}

impl Hub {
    /// Creates a hub whose records are in memory. A request locks the registry for the time of one verification, and never
    /// while it waits.
    ///
    /// The configuration is read at each request: replace it in the lock to change the hub's names or its authorities
    /// without a restart.
    #[must_use]
    pub fn with_registry<K>(config: Arc<RwLock<HubConfig<K>>>, registry: Arc<RwLock<Registry<K>>>) -> Self
    where
        K: MacKey + Send + Sync + 'static,
    {
        Self { source: Arc::new(InMemory { config, registry }) }
    }

    /// Creates a hub whose records are in a store that answers later, such as a database. Otherwise it is as
    /// [`Hub::with_registry`].
    #[must_use]
    pub fn with_store<K, S>(config: Arc<RwLock<HubConfig<K>>>, store: S) -> Self
    where
        K: MacKey + Send + Sync + 'static,
        S: AsyncStore<K, Error: fmt::Display> + Send + 'static,
    {
        Self { source: Arc::new(Remote { config, store }) }
    }

    /// Authenticates the sender of a request and decides on the request.
    ///
    /// # Errors
    /// [`Refusal`]: send it as the response.
    pub async fn authorize(&self, parts: &Parts) -> Result<Caller, Refusal> {
        if let Some(caller) = parts.extensions.get::<Authorized>() {
            // the layer has decided on exactly this request
            if caller.is_for(self, parts) {
                return Ok(caller.caller.clone());
            }
        }
        self.source.authorize(parts).await
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source)
    }
}

/// The result of the layer, in the request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct Authorized {
    pub(crate) caller: Caller,
    pub(crate) hub: Hub,
    pub(crate) method: http::Method,
    pub(crate) uri: http::Uri,
}

impl Authorized {
    fn is_for(&self, hub: &Hub, parts: &Parts) -> bool {
        self.hub.is_same(hub) && self.method == parts.method && self.uri == parts.uri
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hub(..)")
    }
}

type Answer<'s> = Pin<Box<dyn Future<Output = Result<Caller, Refusal>> + Send + 's>>;

/// The configuration with its store, without their types.
trait Source: Send + Sync {
    fn authorize<'s>(&'s self, parts: &'s Parts) -> Answer<'s>;
}

struct InMemory<K> {
    config: Arc<RwLock<HubConfig<K>>>,
    registry: Arc<RwLock<Registry<K>>>,
}

impl<K: MacKey + Send + Sync> Source for InMemory<K> {
    fn authorize<'s>(&'s self, parts: &'s Parts) -> Answer<'s> {
        let config = current(&self.config);
        let answer = (|| {
            let credentials = credentials(parts).map_err(Refusal::NotAuthenticated)?;
            let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
            let result = config.authenticate(credentials, &*registry, now);
            decide(result.map_err(|error| Refusal::NotAuthenticated(AuthError::from(error)))?)
        })();
        Box::pin(core::future::ready(answer))
    }
}

struct Remote<K, S> {
    config: Arc<RwLock<HubConfig<K>>>,
    store: S,
}

impl<K, S> Source for Remote<K, S>
where
    K: MacKey + Send + Sync,
    S: AsyncStore<K, Error: fmt::Display> + Send,
{
    fn authorize<'s>(&'s self, parts: &'s Parts) -> Answer<'s> {
        Box::pin(async move {
            let config = current(&self.config);
            let credentials = credentials(parts).map_err(Refusal::NotAuthenticated)?;
            let result = config.authenticate_async(credentials, &self.store, now).await;
            decide(result.map_err(|error| match error {
                StoreOr::Refused(error) => Refusal::NotAuthenticated(error),
                StoreOr::Store(error) => Refusal::Store(error.to_string()),
            })?)
        })
    }
}

/// Returns the configuration of now; the lock is not held during the authentication.
fn current<K: MacKey>(config: &RwLock<HubConfig<K>>) -> HubConfig<K> {
    config.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn decide(authenticated: Authenticated<'_>) -> Result<Caller, Refusal> {
    let decision = authenticated.decision();
    if !decision.is_allow() {
        return Err(Refusal::NotAuthorized(decision.to_string()));
    }
    Ok(Caller::new(authenticated.into_session()))
}

#[expect(clippy::disallowed_methods, reason = "the adapter's clock")]
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
