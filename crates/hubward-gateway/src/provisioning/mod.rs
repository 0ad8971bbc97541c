//! The provisioning service of a gateway: devices that register are assigned to a hub and created in its registry.
//!
//! - [`mod@file`]: the first content, from `--provisioning`. [`json`]: enrollments in the service's JSON.
//! - [`authorities`]: the certificate authorities that enrollments name.
//! - [`open`]: the enrollments in memory, or in the registry's store.
//! - [`verify`]: the credential of a device, off the serving threads and within the [`budget`] of its address.
//! - [`assign`] and [`register`]: the hub of a device, its identity, and the record of its registration.
//! - [`tpm`]: keys that only the TPM of a device decrypts.
//! - [`answer`]: the service's answers. `mqtt::registration` and `https::registration` are the transports.

mod answer;
mod assign;
mod authorities;
mod budget;
mod device;
mod file;
mod json;
mod json_x509;
mod log;
mod open;
mod register;
mod tpm;
mod verify;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use hubward::{ProvisioningConfig, X509Config};
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    ProvisioningEntry, ProvisioningIndex, ProvisioningRows, RegistrationRecord, RowKey, read_provisioning,
    registrations_of,
};
use tokio::sync::{Semaphore, watch};

use crate::store::WriteError;
pub(crate) use answer::{Failure, RETRY_AFTER, assigning, registration};
pub(crate) use assign::OwnHubOnly;
pub use assign::{AssignedDevice, Assignment, AssignmentRequest};
pub(crate) use authorities::Authorities;
use budget::Budget;
pub(crate) use file::FirstContent;
pub use file::ProvisioningError;
pub(crate) use json::{Written, attestation, enrollment, etag, key};
pub(crate) use log::{denial_code, log_decision, log_hint, log_refusal};
use open::Rows;
pub(crate) use open::{Shared, compare, has_room};
pub(crate) use register::Registered;
pub(crate) use tpm::PublicKeys;
use tpm::Tpm;
pub(crate) use verify::{Attempt, Names, Refused, Registrant};

/// A provisioning service.
pub(crate) struct Provisioning {
    /// Replaced as a whole when the files of the certificate authorities change.
    config: RwLock<ProvisioningConfig<HmacKey>>,
    /// The authorities of the same files, by name.
    authorities: RwLock<Arc<Authorities>>,
    index: RwLock<ProvisioningIndex<HmacKey>>,
    /// Notifies the devices that are connected to verify their credentials again.
    changed: watch::Sender<()>,
    rows: Rows,
    assignment: Arc<dyn Assignment>,
    budget: Budget,
    /// Attests TPMs, if it is configured.
    tpm: Option<Tpm>,
    /// Verifications at one time.
    workers: Arc<Semaphore>,
    /// Readings of all rows at one time.
    scans: Arc<Semaphore>,
    /// The name of the gateway's own hub.
    hub: Box<str>,
}

impl Provisioning {
    /// Returns the configuration of this moment.
    pub(crate) fn config(&self) -> ProvisioningConfig<HmacKey> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the certificate authorities of devices.
    pub(crate) fn set_x509(&self, x509: X509Config) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let authorities = Authorities::of(x509.anchors());
        *self.authorities.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(authorities);
        *config = config.clone().with_x509(x509);
        drop(config);
        self.changed.send_replace(());
    }

    /// Returns the certificate authorities that enrollments refer to by name.
    pub(crate) fn authorities(&self) -> Arc<Authorities> {
        Arc::clone(&self.authorities.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns a receiver of all later changes of the enrollments and the certificate authorities.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Locks the index for reading.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, ProvisioningIndex<HmacKey>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the index. It keeps the names with which the gateway was started.
    pub(crate) fn replace(&self, index: ProvisioningIndex<HmacKey>) {
        let mut current = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let former = core::mem::replace(&mut *current, index);
        drop(current);
        self.changed.send_replace(());
        // erases its keys, which takes long, without the lock
        drop(former);
    }

    /// Applies a row of the store to the index.
    pub(crate) fn apply(&self, entry: ProvisioningEntry<HmacKey>) {
        self.index.write().unwrap_or_else(PoisonError::into_inner).apply(entry);
        self.changed.send_replace(());
    }

    /// Reads enrollments and registrations.
    pub(crate) async fn read(self: &Arc<Self>, keys: Vec<RowKey>) -> Result<ProvisioningRows, WriteError> {
        let this = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let (store, sealer) = this.rows.store();
            read_provisioning(&**store, sealer, &keys)
        });
        let rows = read.await.map_err(|_| WriteError::Interrupted)?;
        rows.map_err(|error| WriteError::Change(hubward_store::ChangeError::Store(error)))
    }

    /// Returns the registrations of the members of a group, at most `most` of those after an id.
    pub(crate) async fn members(
        self: &Arc<Self>,
        group: String,
        after: String,
        most: usize,
    ) -> Result<Vec<RegistrationRecord>, WriteError> {
        // all rows are read: one request at a time
        let permit = Arc::clone(&self.scans).acquire_owned().await.map_err(|_| WriteError::Interrupted)?;
        let this = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let found = registrations_of(&**this.rows.store().0, &group, &after, most);
            drop(permit);
            found
        });
        let found = read.await.map_err(|_| WriteError::Interrupted)?;
        found.map_err(|error| WriteError::Change(hubward_store::ChangeError::Store(error)))
    }

    /// Changes enrollments and registrations, in one transaction. It is durable, and in the index of this gateway, when
    /// this returns the rows as this change left them.
    pub(crate) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        keys: Vec<RowKey>,
        apply: impl FnMut(&mut ProvisioningRows) -> T + Send + 'static,
    ) -> Result<(T, ProvisioningRows), WriteError> {
        Rows::change(self, keys, apply).await
    }
}

/// Returns a number of seconds since 1970 as a text of ISO 8601.
pub(crate) fn time(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string())
}

impl core::fmt::Debug for Provisioning {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Provisioning").field("config", &self.config()).finish_non_exhaustive()
    }
}
