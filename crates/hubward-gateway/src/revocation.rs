//! Revocation lists of a running gateway: their arguments, and the task that reads them when they change.

use core::time::Duration;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::{Args, ValueEnum};
use hubward::X509Config;
use hubward::registry::Attestation;
use hubward::x509::Revocation;
use hubward::x509::crl::UnknownStatus;
use tokio_util::sync::CancellationToken;

use crate::crl_files::{CrlError, CrlFiles};
use crate::hub::Hub;
use crate::provisioning::Provisioning;

/// The time between two examinations of the files.
const INTERVAL: Duration = Duration::from_secs(2);

/// The arguments for revocation lists.
#[derive(Debug, Clone, Args)]
#[expect(clippy::exhaustive_structs, reason = "the command line of this program")]
pub struct CrlArguments {
    /// Certificate revocation lists (CRLs) for the certificates of devices: a file, or a folder of files, in PEM or DER. They
    /// are read again when they change. A list that cannot be read is reported and passed over.
    #[arg(long, value_name = "PATH", requires = "client_ca")]
    pub crls: Option<PathBuf>,
    /// What happens to a device for whose certificate, or for a CA above it, there is no current list.
    #[arg(long, value_enum, value_name = "ACTION", default_value = "deny", requires = "crls")]
    pub crl_unknown: CrlUnknown,
}

/// The treatment of a certificate whose status is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "the command line of this program")]
pub enum CrlUnknown {
    /// It is refused.
    Deny,
    /// It is accepted: an attacker who withholds the lists keeps a revoked certificate usable.
    Allow,
}

/// The configuration of revocation lists.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "an embedder fills in all of it")]
pub struct CrlConfig {
    /// The file, or the folder of files.
    pub path: PathBuf,
    /// The treatment of a certificate whose status is unknown.
    pub unknown: UnknownStatus,
    /// The time between two examinations of the files.
    pub interval: Duration,
}

impl CrlArguments {
    /// Returns the configuration, if there are lists.
    pub(crate) fn config(self) -> Option<CrlConfig> {
        let unknown = match self.crl_unknown {
            CrlUnknown::Deny => UnknownStatus::Deny,
            CrlUnknown::Allow => UnknownStatus::Allow,
        };
        self.crls.map(|path| CrlConfig { path, unknown, interval: INTERVAL })
    }
}

/// The revocation lists of a gateway, or none. A clone shares them.
#[derive(Debug, Clone)]
pub(crate) struct RevocationLists(Option<Arc<Lists>>);

#[derive(Debug)]
struct Lists {
    config: CrlConfig,
    files: Mutex<CrlFiles>,
}

impl RevocationLists {
    /// `strict` makes a list that cannot be read an error.
    pub(crate) fn new(config: Option<CrlConfig>, strict: bool) -> Self {
        Self(config.map(|config| {
            let files = Mutex::new(CrlFiles::new(config.path.clone(), strict));
            Arc::new(Lists { config, files })
        }))
    }

    /// Reads all lists into a configuration, which `apply` gets before another reading can begin.
    pub(crate) fn read<T>(
        &self,
        x509: X509Config,
        apply: impl FnOnce(X509Config) -> T,
    ) -> Result<T, CrlError> {
        let Some(lists) = &self.0 else { return Ok(apply(x509)) };
        let mut files = lists.lock();
        files.read(true, x509.anchors())?;
        Ok(apply(lists.add_to(x509, &files)))
    }

    /// Warns of groups by certificate, if there are lists: the hub knows their devices by thumbprints.
    pub(crate) fn warn_of_groups(&self, provisioning: &Provisioning) {
        let index = provisioning.index();
        let mut groups = index.enrollments().groups().map(|(_, group)| group.attestation());
        if self.0.is_some() && groups.any(|attestation| matches!(attestation, Attestation::X509(_))) {
            tracing::warn!(
                "a revocation list ends the registrations of a device, not its sessions: the hub knows a device of a group by its thumbprint, so disable or delete it too"
            );
        }
    }

    /// Examines the files until the gateway stops, and applies what changed.
    pub(crate) async fn follow(self, hub: Arc<Hub>, stop: CancellationToken) {
        let Some(lists) = self.0 else { return };
        let mut failed = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(lists.config.interval) => {}
            }
            let (lists, hub) = (Arc::clone(&lists), Arc::clone(&hub));
            // files may be on a slow disk
            let examined = tokio::task::spawn_blocking(move || lists.examine(&hub)).await;
            match examined {
                Ok(Ok(())) => failed = false,
                // a failure that lasts is logged once
                Ok(Err(_)) if failed => {}
                Ok(Err(error)) => {
                    failed = true;
                    tracing::error!(%error, "revocation lists cannot be read; the lists that were read before stay in use");
                }
                Err(error) => tracing::error!(%error, "revocation lists were not examined"),
            }
        }
    }
}

impl Lists {
    fn lock(&self) -> MutexGuard<'_, CrlFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn examine(&self, hub: &Hub) -> Result<(), CrlError> {
        let mut files = self.lock();
        let Some(x509) = hub.config().x509().cloned() else { return Ok(()) };
        if files.read(false, x509.anchors())? {
            hub.set_x509(self.add_to(x509, &files));
        }
        Ok(())
    }

    fn add_to(&self, x509: X509Config, files: &CrlFiles) -> X509Config {
        let crls = files.crls();
        if crls.iter().len() == 0 {
            tracing::warn!("there is no revocation list: the status of every certificate is unknown");
        }
        x509.with_revocation(Revocation::by(&crls).with_unknown(self.config.unknown))
    }
}
