//! A running gateway: its listeners, its files, and its shutdown.

mod reload;

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hubward::policy::Transport;
use hubward::sas::TokenRules;
use hubward::types::{Authority, HostName, NameError, Shown};
use hubward::x509::profile::AnchorVersions;
use hubward::{BothCredentials, HubConfig, X509Config};
use hubward_rustcrypto::HmacKey;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::console::Console;
use crate::crl_files::CrlError;
use crate::files::{Files, FilesError};
use crate::hub::{Hub, Registry};
use crate::listener::{self, ListenerContext};
use crate::live_config::dummy_key;
use crate::provisioning::{
    Assignment, Authorities, FirstContent, OwnHubOnly, Provisioning, ProvisioningError, Shared,
};
use crate::revocation::RevocationLists;
use crate::server_certificates::{self, ServerCertificates};
use crate::settings::LiveSettings;
use crate::slots::Slots;
use crate::store::{self, StoreError, open_store};
use crate::stream::Stream;
use crate::tls::{self, TlsError};
use crate::users::{UsersError, UsersFile};
use crate::{amqp, https, metrics_listener, mqtt};
pub use reload::ReloadError;

/// The time between two looks whether connections are open.
const OPEN: Duration = Duration::from_millis(50);

/// The reason why a gateway did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The hub's name or an alias is not valid.
    #[error("--hub or --alias: {0}")]
    Name(#[from] NameError),
    /// The registry or the policies could not be applied.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The durable registry was not opened, or differs from the files.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread was not started.
    #[error("a thread was not started: {0}")]
    Thread(io::Error),
    /// The file of the provisioning service was refused.
    #[error(transparent)]
    Provisioning(#[from] ProvisioningError),
    /// The file of users was refused.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The certificate, the key or the certificate authorities could not be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The revocation lists could not be read.
    #[error("--crls: {0}")]
    Crls(#[from] CrlError),
    /// An address could not be bound.
    #[error("cannot listen on {}: {error}", Shown::new(address))]
    Listen {
        /// The address, as it was given.
        address: String,
        /// The cause.
        error: io::Error,
    },
    /// The operating system has no randomness.
    #[error(transparent)]
    Entropy(#[from] getrandom::Error),
    /// The configuration has no address to listen on.
    #[error("nothing to listen on: give --mqtt, --https or --amqps")]
    NoListener,
}

/// A gateway that serves until it is [shut down](Server::shutdown).
///
/// ```
/// use hubward_gateway::{Dev, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = tokio::runtime::Runtime::new()?;
/// runtime.block_on(async {
///     let dev = Dev::create()?;
///     let server = Server::start(dev.config("127.0.0.1:0", "127.0.0.1:0")).await?;
///     assert!(server.mqtt().is_some() && server.https().is_some());
///     assert!(server.shutdown().await);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    context: ListenerContext,
    files: Mutex<Files>,
    certificates: Arc<ServerCertificates>,
    users: Option<Arc<UsersFile>>,
    /// The settings that may change while the gateway runs.
    live: Mutex<LiveSettings>,
    lists: RevocationLists,
    mqtt: Option<SocketAddr>,
    https: Option<SocketAddr>,
    amqps: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    console: Option<SocketAddr>,
}

impl Server {
    /// Starts a gateway on the current tokio runtime.
    ///
    /// # Errors
    /// Returns a [`StartError`] if a file, a name or an address was refused; nothing is served then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, Arc::new(OwnHubOnly)).await
    }

    /// Starts a gateway as [`Server::start`] does, whose provisioning service asks the caller for the hubs of devices.
    ///
    /// # Errors
    /// Returns a [`StartError`] if a file, a name or an address was refused; nothing is served then.
    pub async fn start_with(config: Config, assignment: Arc<dyn Assignment>) -> Result<Self, StartError> {
        let mut files = Files::new(config.registry.clone(), config.policies.clone(), config.max_delete_share);
        let mut seed = [0; 16];
        getrandom::fill(&mut seed)?;
        let mut registry = Registry::with_seed(&seed);
        let applied = files.apply(files.read()?, &mut registry);
        tracing::info!(records = applied.set, "files read");
        let users = config.users.clone().map(UsersFile::open).transpose()?.map(Arc::new);
        let live = LiveSettings::of(&config)?;
        let certificates = Arc::new(ServerCertificates::new(server_certificates::read(&live.certificates)?));
        let lists = RevocationLists::new(config.crls.clone(), config.strict_ca);
        let x509 = x509_config(config.client_ca.as_deref(), config.strict_ca)?;
        let x509 = lists.read(x509, |x509| x509)?;
        let hub_config = hub_config(&config, x509.clone())?;
        let first = config.provisioning.as_deref();
        let authorities = Authorities::of(x509.anchors());
        let first = first.map(|file| FirstContent::read(file, &authorities)).transpose()?;
        let shared = Shared {
            hub: &config.hub,
            x509,
            token: token_rules(&config),
            assignment,
            tpm: config.tpm.clone(),
        };
        let (hub, feed, seats) = match config.store.clone() {
            None => {
                let provisioning = first.map(|first| Provisioning::in_memory(&first, shared)).transpose()?;
                (Hub::new(hub_config, registry, config.limits).with_provisioning(provisioning), None, None)
            }
            Some(store) => {
                let (name, times) = (config.hub.clone(), config.feed);
                let opened = tokio::task::spawn_blocking(move || {
                    open_store(&store, &name, times, &registry, first.as_ref())
                });
                let opened = opened.await.map_err(|error| StartError::Thread(io::Error::other(error)))??;
                let (durable, secret) = (opened.durable.clone(), &opened.tpm_secret);
                let provisioning = Provisioning::durable(durable, opened.provisioning, shared, secret)?;
                let hub = Hub::new(hub_config, opened.index, config.limits)
                    .with_durable(opened.durable, opened.seats.is_some())
                    .with_provisioning(provisioning);
                (hub, Some(opened.feed), opened.seats)
            }
        };
        if let Some(provisioning) = &hub.provisioning {
            lists.warn_of_groups(provisioning);
        }
        let hub = hub.with_messages(config.messages.clone(), config.empty_twins);
        let context = ListenerContext {
            hub: Arc::new(hub),
            slots: Slots::new(config.limits.max_connections, config.limits.max_unproven),
            stop: CancellationToken::new(),
            closed: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let mqtt = listen(config.mqtt.as_deref(), &certificates, None).await?;
        let https = listen(config.https.as_deref(), &certificates, Some(b"http/1.1")).await?;
        let amqps = listen(config.amqps.as_deref(), &certificates, None).await?;
        let metrics = match config.metrics.as_deref() {
            Some(address) => Some(bind(&metrics_listener::address(address)).await?),
            None => None,
        };
        let console = match config.console {
            Some(address) => Some(bind(&address.to_string()).await?),
            None => None,
        };
        if mqtt.is_none() && https.is_none() && amqps.is_none() {
            return Err(StartError::NoListener);
        }
        // after all that can fail: the thread of the feed holds the hub until the server ends
        if let Some(feed) = feed {
            feed.run(Arc::clone(&context.hub)).map_err(StartError::Thread)?;
            context.tasks.spawn(store::end_lost_sessions(Arc::clone(&context.hub), context.stop.clone()));
            if let Some(durable) = context.hub.durable() {
                context.tasks.spawn(store::purge(durable, config.feed.grace, context.stop.clone()));
            }
        }
        if let Some(seats) = seats {
            let (hub, stop) = (Arc::clone(&context.hub), context.stop.clone());
            seats.run(hub, stop).map_err(StartError::Thread)?;
        }
        let following = lists.clone().follow(Arc::clone(&context.hub), context.stop.clone());
        context.tasks.spawn(following);
        let mut server = Self {
            context,
            files: Mutex::new(files),
            certificates,
            users: users.clone(),
            live: Mutex::new(live),
            lists,
            mqtt: None,
            https: None,
            amqps: None,
            metrics: None,
            console: None,
        };
        if let Some((listener, address)) = console {
            server.console = Some(address);
            let console = Console::new(Arc::clone(&server.context.hub), config.hub, users.clone(), address);
            server.spawn(console.run(listener, server.context.clone()));
        }
        let settings = amqp::Context { users, events: config.events };
        if let Some((listener, tls, address)) = mqtt {
            server.mqtt = Some(address);
            let context = server.context.clone();
            server.spawn(listener::run(
                listener,
                tls,
                Transport::Mqtt,
                context,
                |hub, stream, peer, stop| mqtt::serve(hub, Stream::Tls(stream), peer, stop),
            ));
        }
        if let Some((listener, tls, address)) = https {
            server.https = Some(address);
            let context = server.context.clone();
            let settings = settings.clone();
            let serve =
                move |hub, stream, peer, stop| https::serve(hub, settings.clone(), stream, peer, stop);
            server.spawn(listener::run(listener, tls, Transport::Http, context, serve));
        }
        if let Some((listener, tls, address)) = amqps {
            server.amqps = Some(address);
            let context = server.context.clone();
            let serve = move |hub, stream, peer, stop| {
                amqp::serve(hub, settings.clone(), Stream::Tls(stream), peer, stop)
            };
            server.spawn(listener::run(listener, tls, Transport::Amqp, context, serve));
        }
        if let Some((listener, address)) = metrics {
            server.metrics = Some(address);
            let context = server.context.clone();
            server.spawn(metrics_listener::run(listener, context));
        }
        Ok(server)
    }

    fn spawn(&self, listener: impl Future<Output = ()> + Send + 'static) {
        self.context.tasks.spawn(listener);
    }

    /// Returns the address of the MQTT listener.
    #[must_use]
    pub const fn mqtt(&self) -> Option<SocketAddr> {
        self.mqtt
    }

    /// Returns the address of the HTTPS listener.
    #[must_use]
    pub const fn https(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Returns the address of the AMQP listener.
    #[must_use]
    pub const fn amqps(&self) -> Option<SocketAddr> {
        self.amqps
    }

    /// Returns the address of the metrics listener.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Returns the address of the console.
    #[must_use]
    pub const fn console(&self) -> Option<SocketAddr> {
        self.console
    }

    /// Returns the metrics in Prometheus' text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.context.hub.counters()
    }

    /// Lets sessions end by themselves before a [shutdown](Self::shutdown): `/readyz` answers 503 from now on, after
    /// [`drain_notice`](crate::Limits::drain_notice) nothing new is accepted, and the rest ends when no connection is open or
    /// [`drain_sessions`](crate::Limits::drain_sessions) has passed.
    pub async fn drain(&self) {
        let ListenerContext { hub, closed, .. } = &self.context;
        let limits = self.live.lock().unwrap_or_else(PoisonError::into_inner).limits;
        hub.set_draining();
        tokio::time::sleep(limits.drain_notice).await;
        closed.cancel();
        let ended = async {
            while hub.metrics.open.get() > 0 {
                tokio::time::sleep(OPEN).await;
            }
        };
        let _ = timeout(limits.drain_sessions, ended).await;
    }

    /// Closes the listeners, ends the open connections, and waits for them up to the drain timeout. Returns whether all of
    /// them ended in time.
    pub async fn shutdown(self) -> bool {
        self.context.hub.set_draining();
        self.context.closed.cancel();
        self.context.stop.cancel();
        self.context.hub.stop_feed();
        self.context.tasks.close();
        timeout(self.context.hub.limits.drain_timeout, self.context.tasks.wait()).await.is_ok()
    }
}

fn hub_config(config: &Config, x509: X509Config) -> Result<HubConfig<HmacKey>, StartError> {
    Ok(HubConfig::new(HostName::parse(&config.hub)?, dummy_key()?)
        .with_aliases(aliases(&config.aliases)?)
        .with_token_rules(token_rules(config))
        .with_x509(x509)
        .with_both_credentials(BothCredentials::Refuse))
}

fn aliases(texts: &[String]) -> Result<Vec<Authority<'_>>, NameError> {
    texts.iter().map(|alias| Authority::parse(alias)).collect()
}

const fn token_rules(config: &Config) -> TokenRules {
    if config.strict { TokenRules::STRICT } else { TokenRules::HUB_COMPAT }
}

/// Reads the certificate authorities of devices.
fn x509_config(client_ca: Option<&Path>, strict_ca: bool) -> Result<X509Config, TlsError> {
    let authorities = tls::authorities(client_ca, strict_ca)?;
    let versions = if strict_ca { AnchorVersions::OnlyVersion3 } else { AnchorVersions::Any };
    let x509 = X509Config::new(authorities, hubward_ring::signature::ALL, &hubward_ring::Digests);
    Ok(x509.with_anchor_versions(versions))
}

/// Binds an address before anything is served, so that a gateway serves all its addresses or none.
async fn listen(
    address: Option<&str>,
    certificates: &Arc<ServerCertificates>,
    protocol: Option<&[u8]>,
) -> Result<Option<(TcpListener, TlsAcceptor, SocketAddr)>, StartError> {
    let Some(address) = address else { return Ok(None) };
    let tls = tls::config(Arc::clone(certificates), protocol)?;
    let (listener, bound) = bind(address).await?;
    Ok(Some((listener, TlsAcceptor::from(tls), bound)))
}

async fn bind(address: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address: address.into(), error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
