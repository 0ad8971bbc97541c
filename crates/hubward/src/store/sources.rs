//! The traits that a caller's store implements.

use core::convert::Infallible;
use core::fmt;

use hubward_core::MacKey;
use hubward_registry::Registry;

use super::record::{FoundRecord, OwnedRecord};
use super::request::RecordRequest;

/// A store that answers at once: records in memory, or a local database. A [`Registry`] is one.
///
/// ```
/// use hubward::registry::{Authentication, SymmetricKeys};
/// use hubward::types::{DeviceId, Identity, RecordVersion, Status};
/// use hubward::{FoundRecord, OwnedRecord, RecordRequest, Store};
/// use hubward_rustcrypto::HmacKey;
///
/// /// A table with one device.
/// struct Table {
///     key: [u8; 32],
/// }
///
/// impl Store<HmacKey> for Table {
///     type Error = std::io::Error;
///
///     fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Self::Error> {
///         let pump = Identity::Device(DeviceId::assertion("pump-7"));
///         let row = request.lookup().is(&pump).then(|| {
///             let keys = SymmetricKeys::one(HmacKey::from_bytes(&self.key));
///             OwnedRecord::new(pump, Status::Enabled, RecordVersion::new(1, 1), Authentication::Sas(keys))
///         });
///         Ok(row.into())
///     }
/// }
/// ```
pub trait Store<K> {
    /// The reason why the store cannot answer.
    type Error;

    /// Returns the record, or that no record has that name.
    ///
    /// # Errors
    /// An error if the store cannot tell. The client is denied.
    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, K>, Self::Error>;
}

/// A store that answers later: a database or a service over a network.
///
/// The method can be written as an `async fn`. Its future is `Send`, may be dropped at any time, and needs no particular
/// run time. The record that it returns is owned, so no lock of the store is held while an authentication waits.
///
/// ```
/// use hubward::{AsyncStore, OwnedRecord, RecordRequest};
/// use hubward_rustcrypto::HmacKey;
///
/// /// A store without records.
/// struct Empty;
///
/// impl AsyncStore<HmacKey> for Empty {
///     type Error = std::io::Error;
///
///     async fn find(&self, _: &RecordRequest<'_>) -> Result<Option<OwnedRecord<HmacKey>>, Self::Error> {
///         Ok(None)
///     }
/// }
/// ```
pub trait AsyncStore<K>: Sync {
    /// The reason why the store cannot answer.
    type Error: Send;

    /// Returns the record, or `None` if no record has that name.
    ///
    /// # Errors
    /// An error if the store cannot tell. The client is denied.
    fn find(
        &self,
        request: &RecordRequest<'_>,
    ) -> impl Future<Output = Result<Option<OwnedRecord<K>>, Self::Error>> + Send;
}

/// Finds records with the issuers of the request, so the access lists' entries for issuers are considered.
impl<K: MacKey> Store<K> for Registry<K> {
    type Error = Infallible;

    #[inline(always)]
    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, K>, Infallible> {
        Ok(self.find(request.lookup(), request.issuers()).into())
    }
}

impl<K, S: Store<K> + ?Sized> Store<K> for &S {
    type Error = S::Error;

    #[inline(always)]
    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, K>, S::Error> {
        (**self).find(request)
    }
}

impl<K, S: AsyncStore<K> + ?Sized> AsyncStore<K> for &S {
    type Error = S::Error;

    fn find(
        &self,
        request: &RecordRequest<'_>,
    ) -> impl Future<Output = Result<Option<OwnedRecord<K>>, S::Error>> + Send {
        (**self).find(request)
    }
}

impl<K> fmt::Debug for FoundRecord<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_found() { "FoundRecord(..)" } else { "FoundRecord(none)" })
    }
}
