//! CBS in one call: the lookups are done by the caller's store.

use hubward_core::{LookupResult, MacKey, UnixTime};

use super::connection::Cbs;
use super::put::CbsResponse;
use crate::config::HubConfig;
use crate::error::AuthError;
use crate::store::{AsyncStore, RecordRequest, Store, StoreOr};
use crate::transport::auth_chain::AuthChain;
use crate::transport::cbs::CbsRequest;

impl<K: MacKey> HubConfig<K> {
    /// Puts a token on a connection: does the lookups of [`Cbs::put_token`] with a store. `clock` is read after each
    /// lookup. Returns the response to send.
    ///
    /// # Errors
    /// The store's error. Nothing was put; answer with the status 500, or close the connection.
    pub fn put_token<S: Store<K> + ?Sized>(
        &self,
        cbs: &mut Cbs,
        request: CbsRequest<'_>,
        store: &S,
        clock: impl Fn() -> UnixTime,
    ) -> Result<CbsResponse, S::Error> {
        let presented = cbs.presented(request, self).map_err(StoreOr::Refused);
        let result = presented.and_then(|presented| self.authenticate(presented, store, &clock));
        response(result.and_then(|it| cbs.keep(it, clock()).map_err(StoreOr::Refused)))
    }

    /// Does what [`HubConfig::put_token`] does with a store that answers later. Dropping the future puts no token.
    ///
    /// # Errors
    /// As [`HubConfig::put_token`].
    pub fn put_token_async<S: AsyncStore<K> + ?Sized>(
        &self,
        cbs: &mut Cbs,
        request: CbsRequest<'_>,
        store: &S,
        clock: impl Fn() -> UnixTime + Send + Sync,
    ) -> impl Future<Output = Result<CbsResponse, S::Error>> + Send {
        async move {
            let result = match cbs.presented(request, self) {
                Ok(presented) => self.authenticate_async(presented, store, &clock).await,
                Err(error) => Err(StoreOr::Refused(error)),
            };
            response(result.and_then(|it| cbs.keep(it, clock()).map_err(StoreOr::Refused)))
        }
    }

    /// Lets an edge hub act on behalf of the identity of an `auth-chain`: does the lookup of [`Cbs::on_behalf`] with a
    /// store. `clock` is read after it.
    ///
    /// # Errors
    /// - [`StoreOr::Refused`] with the reason: refuse the link.
    /// - [`StoreOr::Store`] if the store fails: refuse the link too.
    pub fn delegate<S: Store<K> + ?Sized>(
        &self,
        cbs: &mut Cbs,
        chain: &AuthChain<'_>,
        store: &S,
        clock: impl Fn() -> UnixTime,
    ) -> Result<(), StoreOr<AuthError, S::Error>> {
        let pending = cbs.on_behalf(chain, clock()).map_err(StoreOr::Refused)?;
        let request = RecordRequest::new(pending.lookup()).with_actor(Some(pending.actor()));
        let found = store.find(&request).map_err(StoreOr::Store)?;
        found.with_result(|found| pending.resume(&found, clock())).map_err(StoreOr::Refused)
    }

    /// Does what [`HubConfig::delegate`] does with a store that answers later. Dropping the future permits nothing.
    ///
    /// # Errors
    /// As [`HubConfig::delegate`].
    pub fn delegate_async<S: AsyncStore<K> + ?Sized>(
        &self,
        cbs: &mut Cbs,
        chain: &AuthChain<'_>,
        store: &S,
        clock: impl Fn() -> UnixTime + Send + Sync,
    ) -> impl Future<Output = Result<(), StoreOr<AuthError, S::Error>>> + Send {
        async move {
            let pending = cbs.on_behalf(chain, clock()).map_err(StoreOr::Refused)?;
            let request = RecordRequest::new(pending.lookup()).with_actor(Some(pending.actor()));
            let found = store.find(&request).await.map_err(StoreOr::Store)?;
            let result = match &found {
                Some(record) => record.with_result(|found| pending.resume(&found, clock())),
                None => pending.resume(&LookupResult::<K>::NotFound, clock()),
            };
            result.map_err(StoreOr::Refused)
        }
    }
}

fn response<E>(result: Result<(), StoreOr<AuthError, E>>) -> Result<CbsResponse, E> {
    match result {
        Ok(()) => Ok(CbsResponse(Ok(()))),
        Err(StoreOr::Refused(error)) => Ok(CbsResponse(Err(error))),
        Err(StoreOr::Store(error)) => Err(error),
    }
}
