//! CBS in one call: the lookups are done by the caller's store.

use hubward_core::{LookupResult, MacKey, UnixTime};

use super::connection::Cbs;
use super::link::{LinkDecision, LinkDenial, LinkRole, LinkSearch, LinkStep};
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
    #[expect(clippy::manual_async_fn, reason = "an `async fn` does not promise a `Send` future")]
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
        found.with_result(|found| pending.resume(found, clock())).map_err(StoreOr::Refused)
    }

    /// Does what [`HubConfig::delegate`] does with a store that answers later. Dropping the future permits nothing.
    ///
    /// # Errors
    /// As [`HubConfig::delegate`].
    #[expect(clippy::manual_async_fn, reason = "an `async fn` does not promise a `Send` future")]
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
                Some(record) => record.with_result(|found| pending.resume(found, clock())),
                None => pending.resume(&LookupResult::<K>::NotFound, clock()),
            };
            result.map_err(StoreOr::Refused)
        }
    }

    /// Decides whether the client may attach a link to `address`: does the lookups of [`Cbs::may_attach`] with a store, the
    /// rechecks of the sessions included. `clock` is read before and after each lookup.
    ///
    /// # Errors
    /// The store's error: refuse the link.
    ///
    /// ```
    /// use hubward::registry::Registry;
    /// use hubward::types::UnixTime;
    /// use hubward::{Cbs, HubConfig, LinkRole};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// fn attach(config: &HubConfig<HmacKey>, cbs: &mut Cbs, store: &Registry<HmacKey>, now: UnixTime) -> bool {
    ///     let address = "/devices/pump-7/messages/events";
    ///     let Ok(decision) = config.may_attach(cbs, LinkRole::Sender, address, store, || now);
    ///     decision.is_allow()
    /// }
    /// ```
    pub fn may_attach<'s, S: Store<K> + ?Sized>(
        &self,
        cbs: &'s mut Cbs,
        role: LinkRole,
        address: &'s str,
        store: &S,
        clock: impl Fn() -> UnixTime,
    ) -> Result<LinkDecision<'s>, S::Error> {
        let Some(mut search) = LinkSearch::start(role, address, self) else {
            return Ok(LinkDecision::Deny(LinkDenial::HubMismatch));
        };
        for (at, session) in cbs.sessions().enumerate() {
            match self.recheck(session, store, &clock) {
                Ok(checked) if search.judge(at, &checked) => break,
                Ok(_) | Err(StoreOr::Refused(_)) => {}
                Err(StoreOr::Store(error)) => return Err(error),
            }
        }
        match search.end(cbs) {
            LinkStep::Decided(decision) => Ok(decision),
            LinkStep::NeedsLookup(pending) => {
                let found = store.find(&RecordRequest::new(pending.lookup()))?;
                Ok(found.with_result(|found| pending.resume(found, clock())))
            }
        }
    }

    /// Does what [`HubConfig::may_attach`] does with a store that answers later. Dropping the future permits nothing.
    ///
    /// # Errors
    /// As [`HubConfig::may_attach`].
    #[expect(clippy::manual_async_fn, reason = "an `async fn` does not promise a `Send` future")]
    pub fn may_attach_async<'s, S: AsyncStore<K> + ?Sized>(
        &self,
        cbs: &'s mut Cbs,
        role: LinkRole,
        address: &'s str,
        store: &S,
        clock: impl Fn() -> UnixTime + Send + Sync,
    ) -> impl Future<Output = Result<LinkDecision<'s>, S::Error>> + Send {
        async move {
            let Some(mut search) = LinkSearch::start(role, address, self) else {
                return Ok(LinkDecision::Deny(LinkDenial::HubMismatch));
            };
            for (at, session) in cbs.sessions().enumerate() {
                match self.recheck_async(session, store, &clock).await {
                    Ok(checked) if search.judge(at, &checked) => break,
                    Ok(_) | Err(StoreOr::Refused(_)) => {}
                    Err(StoreOr::Store(error)) => return Err(error),
                }
            }
            match search.end(cbs) {
                LinkStep::Decided(decision) => Ok(decision),
                LinkStep::NeedsLookup(pending) => {
                    let found = store.find(&RecordRequest::new(pending.lookup())).await?;
                    Ok(match &found {
                        Some(record) => record.with_result(|found| pending.resume(found, clock())),
                        None => pending.resume(&LookupResult::<K>::NotFound, clock()),
                    })
                }
            }
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
