//! The recheck of a session in one call: the lookups are done by the caller's store.

use hubward_core::{LookupResult, MacKey, UnixTime};

use super::Session;
use super::recheck::{CheckedSession, RecordCheck};
use crate::config::HubConfig;
use crate::error::SessionError;
use crate::store::{AsyncStore, Store, StoreOr};

impl<K: MacKey> HubConfig<K> {
    /// Checks that a session is still valid by this configuration and by the records of this moment, as
    /// [`Session::recheck`] and [`Session::recheck_authority`] do, and returns it for a decision. `clock` is read after the
    /// lookups.
    ///
    /// # Errors
    /// - [`StoreOr::Refused`] with the reason: close the connection.
    /// - [`StoreOr::Store`] if the store fails: deny the operation.
    ///
    /// ```
    /// use hubward::policy::Operation;
    /// use hubward::registry::Registry;
    /// use hubward::types::UnixTime;
    /// use hubward::{HubConfig, Session};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// fn may_publish(
    ///     config: &HubConfig<HmacKey>,
    ///     session: &Session,
    ///     topic: &str,
    ///     (store, clock): (&Registry<HmacKey>, fn() -> UnixTime),
    /// ) -> bool {
    ///     let checked = config.recheck(session, store, clock);
    ///     checked.is_ok_and(|session| session.decide(&Operation::mqtt_publish(topic)).is_allow())
    /// }
    /// ```
    pub fn recheck<'s, S: Store<K> + ?Sized>(
        &self,
        session: &'s Session,
        store: &S,
        clock: impl Fn() -> UnixTime,
    ) -> Result<CheckedSession<'s>, StoreOr<SessionError, S::Error>> {
        session.require_unexpired(clock()).map_err(StoreOr::Refused)?;
        let mut check = RecordCheck::new(session);
        for request in session.requests() {
            let found = store.find(&request).map_err(StoreOr::Store)?;
            found.with_result(|found| check.next(request.lookup(), found)).map_err(StoreOr::Refused)?;
        }
        self.checked(session, clock()).map_err(StoreOr::Refused)
    }

    /// Does what [`HubConfig::recheck`] does with a store that answers later. Dropping the future changes nothing.
    ///
    /// # Errors
    /// As [`HubConfig::recheck`].
    #[expect(clippy::manual_async_fn, reason = "an `async fn` does not promise a `Send` future")]
    pub fn recheck_async<'s, S: AsyncStore<K> + ?Sized>(
        &self,
        session: &'s Session,
        store: &S,
        clock: impl Fn() -> UnixTime + Send + Sync,
    ) -> impl Future<Output = Result<CheckedSession<'s>, StoreOr<SessionError, S::Error>>> + Send {
        async move {
            session.require_unexpired(clock()).map_err(StoreOr::Refused)?;
            let mut check = RecordCheck::new(session);
            for request in session.requests() {
                let found = store.find(&request).await.map_err(StoreOr::Store)?;
                match &found {
                    Some(record) => record.with_result(|found| check.next(request.lookup(), found)),
                    None => check.next(request.lookup(), &LookupResult::<K>::NotFound),
                }
                .map_err(StoreOr::Refused)?;
            }
            self.checked(session, clock()).map_err(StoreOr::Refused)
        }
    }

    /// Checks what does not depend on a record.
    fn checked<'s>(&self, session: &'s Session, now: UnixTime) -> Result<CheckedSession<'s>, SessionError> {
        session.require_unexpired(now)?;
        match self.x509() {
            Some(x509) => session.recheck_authority(x509)?,
            None if !session.issuers().is_empty() => return Err(SessionError::AuthorityRemoved),
            None => {}
        }
        Ok(CheckedSession::new(session))
    }
}
