//! The address of a database, and how connections to it are made.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use std::io::{Error, ErrorKind};
use std::sync::Arc;

use rustls::ClientConfig;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use zeroize::Zeroizing;

use crate::error::PostgresError;
use crate::tls;

/// The variable with the password of the database.
const PASSWORD: &str = "HUBWARD_REGISTRY_PASSWORD";
/// The variable with the name of a file with the password.
const PASSWORD_FILE: &str = "HUBWARD_REGISTRY_PASSWORD_FILE";

/// The address of a database and its limits.
///
/// ```
/// use hubward_postgres::{PostgresConfig, PostgresError};
///
/// let config = PostgresConfig::parse("postgres://hub@127.0.0.1:5432/hub")?;
/// assert!(PostgresConfig::parse("postgres://hub:secret@127.0.0.1/hub").is_err());
/// // off this machine only with TLS
/// let remote = PostgresConfig::parse("postgres://hub@db.example/hub")?;
/// assert!(matches!(remote.check(), Err(PostgresError::TlsRequired)));
/// # Ok::<(), PostgresError>(())
/// ```
#[derive(Clone)]
pub struct PostgresConfig {
    pub(crate) address: tokio_postgres::Config,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) answer: Duration,
    pub(crate) connections: usize,
    pub(crate) listens: bool,
}

impl PostgresConfig {
    /// Parses `postgres://user@host:port/database`.
    ///
    /// # Errors
    /// [`PostgresError`] if the address has another form or a password.
    pub fn parse(address: &str) -> Result<Self, PostgresError> {
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(PostgresError::Address("it does not begin with postgres://"));
        }
        // the parser's message may quote the address
        let mut parsed: tokio_postgres::Config =
            address.parse().map_err(|_| PostgresError::Address("it cannot be parsed"))?;
        if parsed.get_password().is_some() {
            return Err(PostgresError::PasswordInAddress);
        }
        if parsed.get_hosts().len() != 1 || parsed.get_hostaddrs().len() > 1 {
            return Err(PostgresError::Address("it must name one host"));
        }
        if parsed.get_user().is_none() || parsed.get_dbname().is_none() {
            return Err(PostgresError::Address("it must name a user and a database"));
        }
        parsed
            .application_name("hubward")
            // a host that is back answers the next attempt
            .connect_timeout(Duration::from_secs(2))
            .tcp_user_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(10))
            .ssl_mode(SslMode::Disable)
            .ssl_negotiation(SslNegotiation::Postgres);
        Ok(Self {
            address: parsed,
            tls: None,
            answer: Duration::from_secs(10),
            connections: 6,
            listens: true,
        })
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.address.password(password);
        self
    }

    /// Sets the password from the environment: from the variable `HUBWARD_REGISTRY_PASSWORD`, or from the first line of the file
    /// that `HUBWARD_REGISTRY_PASSWORD_FILE` names. Without both there is no password.
    ///
    /// # Errors
    /// [`PostgresError::PasswordNotText`] if the variable is not UTF-8, [`PostgresError::PasswordFile`] if the file cannot
    /// be read or its first line is empty.
    pub fn with_environment_password(self) -> Result<Self, PostgresError> {
        if let Some(password) = std::env::var_os(PASSWORD) {
            let password = Zeroizing::new(password.into_encoded_bytes());
            let text = core::str::from_utf8(&password).map_err(|_| PostgresError::PasswordNotText)?;
            return Ok(self.with_password(text));
        }
        let Some(file) = std::env::var_os(PASSWORD_FILE) else { return Ok(self) };
        let text = std::fs::read_to_string(&file).map(Zeroizing::new).map_err(PostgresError::PasswordFile)?;
        match text.lines().next().filter(|line| !line.is_empty()) {
            Some(password) => Ok(self.with_password(password)),
            None => Err(PostgresError::PasswordFile(Error::new(
                ErrorKind::InvalidData,
                "its first line is empty",
            ))),
        }
    }

    /// Requires TLS, with a certificate for the host below one of these authorities, in PEM.
    ///
    /// # Errors
    /// [`PostgresError::Authorities`] if the text has no certificate, or one is not valid.
    pub fn with_authorities(mut self, pem: &[u8]) -> Result<Self, PostgresError> {
        self.tls = Some(Arc::new(tls::config(pem)?));
        self.address.ssl_mode(SslMode::Require);
        Ok(self)
    }

    /// Sets the longest time that a call waits for an answer; 10 s by default. A heartbeat waits for 2 s at most.
    #[must_use]
    pub const fn with_answer_within(mut self, time: Duration) -> Self {
        self.answer = time;
        self
    }

    /// Sets the number of connections in the pool; 6 by default. One more listens.
    #[must_use]
    pub const fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Asks for changes every 25 ms instead of listening, for a pooler that does not pass on `LISTEN`.
    #[must_use]
    pub const fn with_polling(mut self) -> Self {
        self.listens = false;
        self
    }

    /// Checks that a connection off this machine has TLS.
    ///
    /// # Errors
    /// [`PostgresError::TlsRequired`].
    pub fn check(&self) -> Result<(), PostgresError> {
        if self.tls.is_some() || self.is_local() { Ok(()) } else { Err(PostgresError::TlsRequired) }
    }

    fn is_local(&self) -> bool {
        let addresses = self.address.get_hostaddrs();
        if !addresses.is_empty() {
            return addresses.iter().all(IpAddr::is_loopback);
        }
        self.address.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => {
                name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("hosts", &self.address.get_hosts())
            .field("ports", &self.address.get_ports())
            .field("database", &self.address.get_dbname())
            .field("user", &self.address.get_user())
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}
