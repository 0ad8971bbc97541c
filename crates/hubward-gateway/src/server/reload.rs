//! The files and settings that are read again while the gateway serves.

use std::sync::PoisonError;

use hubward::types::NameError;

use super::{Server, aliases, x509_config};
use crate::config::Config;
use crate::crl_files::CrlError;
use crate::files::{Applied, Files, FilesError};
use crate::listener::ListenerContext;
use crate::server_certificates;
use crate::settings::LiveSettings;
use crate::tls::TlsError;
use crate::users::UsersError;

/// The reason why files that were read again were not applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// An alias is not valid.
    #[error("--alias: {0}")]
    Name(#[from] NameError),
    /// The registry or the policies were refused.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The certificate authorities, or the server's certificate or key, could not be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The revocation lists could not be read.
    #[error("--crls: {0}")]
    Crls(#[from] CrlError),
    /// The file of users was refused.
    #[error(transparent)]
    Users(#[from] UsersError),
}

impl Server {
    /// Reads the files of the registry, the policies, the users, the server's certificates, the certificate authorities and
    /// the revocation lists again, and applies their changes. Connections whose records changed end, and so do those of
    /// devices whose certificate was revoked or whose certificate authority was removed. With a durable registry, the files
    /// of the registry and the policies are not read: they are its first content. Connections keep the server's certificate
    /// of their handshake.
    ///
    /// # Errors
    /// Returns a [`ReloadError`] if a file was refused; nothing is applied then.
    pub fn reload(&self) -> Result<Applied, ReloadError> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let same = live.clone();
        self.apply(&mut live, same)
    }

    /// Does what [`Server::reload`] does, by the settings of `config` that may change while the gateway runs: the aliases, the
    /// files of the server's certificates and of the certificate authorities, `max_delete_share`, and of the limits the
    /// numbers of connections, `refusal_delay`, `drain_notice` and `drain_sessions`. Its other settings are not
    /// read. Connections stay, also if their number is above a new limit.
    ///
    /// # Errors
    /// Returns a [`ReloadError`] if a file or an alias was refused; nothing is applied then.
    pub fn reload_with(&self, config: &Config) -> Result<Applied, ReloadError> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        // the revocation lists were opened by the setting of the start
        let new = LiveSettings { strict_ca: live.strict_ca, ..LiveSettings::of(config)? };
        self.apply(&mut live, new)
    }

    fn apply(&self, live: &mut LiveSettings, new: LiveSettings) -> Result<Applied, ReloadError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let former = files.replace_share(new.max_delete_share);
        let applied = self.apply_files(&mut files, live, &new);
        if applied.is_ok() {
            *live = new;
        } else {
            files.replace_share(former);
        }
        applied
    }

    fn apply_files(
        &self,
        files: &mut Files,
        former: &LiveSettings,
        new: &LiveSettings,
    ) -> Result<Applied, ReloadError> {
        let ListenerContext { hub, slots, .. } = &self.context;
        let reading = if hub.durable().is_some() { None } else { Some(files.read()?) };
        let x509 = x509_config(new.client_ca.as_deref(), new.strict_ca)?;
        let certificates = server_certificates::read(&new.certificates)?;
        let users = self.users.as_ref().map(|users| users.read()).transpose()?;
        let aliases = aliases(&new.aliases)?;
        let applied = self.lists.read(x509, |x509| {
            // before the change that wakes the connections
            self.certificates.set(certificates);
            if let (Some(current), Some(users)) = (&self.users, users) {
                current.set(users);
            }
            hub.set_aliases(aliases);
            hub.refusals.set_longest(new.limits.refusal_delay);
            slots.set(new.limits.max_connections, new.limits.max_unproven);
            // a new table forgets what an address has opened
            if new.limits.connections_per_address != former.limits.connections_per_address {
                hub.addresses.set(new.limits.connections_per_address);
            }
            let applied = reading.map(|reading| hub.change(|registry| files.apply(reading, registry)));
            hub.set_x509(x509);
            applied
        })?;
        Ok(applied.unwrap_or_default())
    }
}
