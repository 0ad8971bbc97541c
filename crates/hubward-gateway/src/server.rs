//! A gateway that serves: its listeners, its files, and its end.

use core::net::SocketAddr;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use hubward::policy::Transport;
use hubward::sas::TokenRules;
use hubward::types::{Authority, HostName, NameError, Shown};
use hubward::{BothCredentials, HubConfig, X509Config};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::files::{Applied, Files, FilesError};
use crate::https::{Users, UsersError};
use crate::hub::{Hub, Registry, decoy, leaked};
use crate::listen::{self, Doors};
use crate::places::Places;
use crate::tls::{self, TlsError};
use crate::{amqp, https, mqtt, scrape};

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The hub's name or an alias is none.
    #[error("--hub or --alias: {0}")]
    Name(#[from] NameError),
    /// A file is wrong.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The file of users is wrong.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The certificate or the key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address cannot be listened on.
    #[error("cannot listen on {}: {error}", Shown::new(address))]
    Listen {
        /// As it was given.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] getrandom::Error),
    /// No address at all.
    #[error("nothing to listen on: give --mqtt, --https or --amqps")]
    NoListener,
}

/// A gateway that serves until it is [shut down](Server::shutdown).
#[derive(Debug)]
pub struct Server {
    doors: Doors,
    files: Mutex<Files>,
    mqtt: Option<SocketAddr>,
    https: Option<SocketAddr>,
    amqps: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
}

impl Server {
    /// Starts a gateway on the run time that this is called in.
    ///
    /// # Errors
    /// [`StartError`]; nothing is served then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let mut files = Files::new(config.registry.clone(), config.policies.clone(), config.max_delete_share);
        let mut seed = [0; 16];
        getrandom::fill(&mut seed)?;
        let mut registry = Registry::with_seed(&seed);
        let applied = files.apply(files.read()?, &mut registry);
        tracing::info!(records = applied.set, "files read");
        let users = config.users.as_deref().map(Users::read).transpose()?;
        let hub = Hub::new(rules(&config)?, registry, users, config.limits);
        let doors = Doors {
            hub: Arc::new(hub),
            places: Places::new(config.limits.max_connections, config.limits.max_unproven),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let mqtt = listen(config.mqtt.as_deref(), &config, None).await?;
        let https = listen(config.https.as_deref(), &config, Some(b"http/1.1")).await?;
        let amqps = listen(config.amqps.as_deref(), &config, None).await?;
        let metrics = match config.metrics.as_deref() {
            Some(address) => Some(bind(&scrape::address(address)).await?),
            None => None,
        };
        if mqtt.is_none() && https.is_none() && amqps.is_none() {
            return Err(StartError::NoListener);
        }
        let files = Mutex::new(files);
        let mut server = Self { doors, files, mqtt: None, https: None, amqps: None, metrics: None };
        if let Some((listener, tls, address)) = mqtt {
            server.mqtt = Some(address);
            let doors = server.doors.clone();
            server.spawn(listen::run(listener, tls, Transport::Mqtt, doors, mqtt::serve));
        }
        if let Some((listener, tls, address)) = https {
            server.https = Some(address);
            let doors = server.doors.clone();
            server.spawn(listen::run(listener, tls, Transport::Http, doors, https::serve));
        }
        if let Some((listener, tls, address)) = amqps {
            server.amqps = Some(address);
            let doors = server.doors.clone();
            server.spawn(listen::run(listener, tls, Transport::Amqp, doors, amqp::serve));
        }
        if let Some((listener, address)) = metrics {
            server.metrics = Some(address);
            let doors = server.doors.clone();
            server.spawn(scrape::run(listener, doors));
        }
        Ok(server)
    }

    fn spawn(&self, listener: impl Future<Output = ()> + Send + 'static) {
        self.doors.tasks.spawn(listener);
    }

    /// Where MQTT is served.
    #[must_use]
    pub const fn mqtt(&self) -> Option<SocketAddr> {
        self.mqtt
    }

    /// Where HTTPS is served.
    #[must_use]
    pub const fn https(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Where AMQP is served.
    #[must_use]
    pub const fn amqps(&self) -> Option<SocketAddr> {
        self.amqps
    }

    /// Where the counters are served.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The counters, in Prometheus' text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.doors.hub.counters()
    }

    /// Reads the files again, and applies what they say that is new. Live connections whose records changed end.
    ///
    /// # Errors
    /// [`FilesError`]; then nothing is applied.
    pub fn reload(&self) -> Result<Applied, FilesError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = files.read()?;
        Ok(self.doors.hub.change(|registry| files.apply(reading, registry)))
    }

    /// Takes no more connections, ends those that are open, and waits for them for as long as the limits say. Whether
    /// all of them ended in time.
    pub async fn shutdown(self) -> bool {
        self.doors.stop.cancel();
        self.doors.tasks.close();
        timeout(self.doors.hub.limits.drain_timeout, self.doors.tasks.wait()).await.is_ok()
    }
}

fn rules(config: &Config) -> Result<HubConfig<'static, hubward_rustcrypto::HmacKey>, StartError> {
    let hub = HostName::parse(leaked(&config.hub))?;
    let aliases: Vec<Authority<'static>> =
        config.aliases.iter().map(|alias| Authority::parse(leaked(alias))).collect::<Result<_, _>>()?;
    let token = if config.strict { TokenRules::STRICT } else { TokenRules::HUB_COMPAT };
    let authorities = tls::authorities(config.client_ca.as_deref())?;
    let x509 = X509Config::new(authorities, hubward_ring::signature::ALL, &hubward_ring::Digests);
    Ok(HubConfig::new(hub, decoy()?)
        .with_aliases(aliases.leak())
        .with_token_rules(token)
        .with_x509(x509)
        .with_both_credentials(BothCredentials::Refuse))
}

/// Binds before anything is served, so that a gateway serves all that it was told to, or nothing.
async fn listen(
    address: Option<&str>,
    config: &Config,
    protocol: Option<&[u8]>,
) -> Result<Option<(TcpListener, TlsAcceptor, SocketAddr)>, StartError> {
    let Some(address) = address else { return Ok(None) };
    let tls = tls::config(&config.cert, &config.key, protocol)?;
    let (listener, bound) = bind(address).await?;
    Ok(Some((listener, TlsAcceptor::from(tls), bound)))
}

async fn bind(address: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address: address.into(), error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
