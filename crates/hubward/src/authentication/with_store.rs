//! Authentication in one call, on top of the state machine: the lookups are done by the caller's store.
//!
//! Every way has a fixed number of lookups ([`PendingAuthentication::lookups`]). If the result is known before, the
//! remaining lookups are done too, so that their number does not tell if an identity is known, disabled or has other keys.

use core::hint::black_box;

use hubward_core::{Lookup, LookupResult, MacKey, UnixTime};

use super::authenticated::Authenticated;
use super::state_machine::{AuthenticationStep, PendingAuthentication};
use crate::config::HubConfig;
use crate::credentials::Credentials;
use crate::error::AuthError;
use crate::store::{AsyncStore, FoundRecord, RecordRequest, Store, StoreOr};

impl<K: MacKey> HubConfig<K> {
    /// Authenticates a client: looks up each record that is needed and verifies the credential with it.
    ///
    /// `clock` is read after each lookup, so that a token does not outlive a slow store. An identity that is found,
    /// disabled or missing, and a wrong key, cost the same number of lookups and the same verification.
    ///
    /// # Errors
    /// - [`StoreOr::Refused`] with the reason: reject the client.
    /// - [`StoreOr::Store`] if the store fails: reject the client too, since nothing was proven.
    ///
    /// ```
    /// use hubward::registry::Registry;
    /// use hubward::types::{HostName, SymmetricKey, UnixTime};
    /// use hubward::{AuthError, Credentials, HubConfig, StoreOr};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// let dummy_key = HmacKey::new(&SymmetricKey::from_bytes(b"random, used by no device")?);
    /// let config = HubConfig::new(HostName::parse("contoso.example")?, dummy_key);
    /// let token = "SharedAccessSignature sr=contoso.example%2Fdevices%2Fpump-7\
    ///     &sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&se=1800003600";
    /// let username = "contoso.example/pump-7/?api-version=2021-04-12";
    ///
    /// let credentials = Credentials::mqtt("pump-7", username, Some(token))?;
    /// let clock = || UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
    /// let result = config.authenticate(credentials, &Registry::unseeded(), clock);
    /// assert_eq!(result.err(), Some(StoreOr::Refused(AuthError::Unknown)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn authenticate<'a, S: Store<K> + ?Sized>(
        &self,
        credentials: Credentials<'a>,
        store: &S,
        clock: impl Fn() -> UnixTime,
    ) -> Result<Authenticated<'a>, StoreOr<AuthError, S::Error>> {
        let pending = credentials.start(self).map_err(StoreOr::Refused)?;
        if pending.lookups() != 1 {
            return run(pending, store, clock);
        }
        // straight through for a device's own token: with the loop, CONNECT to decision takes 3 % longer
        let found = store.find(&pending.request()).map_err(StoreOr::Store)?;
        match found.kept().and_then(|kept| pending.own_token(kept)) {
            Some((token, record)) => {
                pending.resume_with_own_token(token, record, clock()).map_err(StoreOr::Refused)
            }
            None => run_from(pending, &found, store, clock),
        }
    }

    /// Does what [`HubConfig::authenticate`] does with a store that answers later.
    ///
    /// The future needs no run time of its own. Dropping it authenticates no client and changes nothing.
    ///
    /// # Errors
    /// As [`HubConfig::authenticate`].
    #[expect(clippy::manual_async_fn, reason = "an `async fn` does not promise a `Send` future")]
    pub fn authenticate_async<'a, S: AsyncStore<K> + ?Sized>(
        &self,
        credentials: Credentials<'a>,
        store: &S,
        clock: impl Fn() -> UnixTime + Send + Sync,
    ) -> impl Future<Output = Result<Authenticated<'a>, StoreOr<AuthError, S::Error>>> + Send {
        async move {
            let mut pending = credentials.start(self).map_err(StoreOr::Refused)?;
            let mut left = RemainingLookups::new(&pending);
            let result = loop {
                let found = store.find(&pending.request()).await.map_err(StoreOr::Store)?;
                let step = match &found {
                    Some(record) => record.with_result(|found| pending.resume_with(found, clock())),
                    None => pending.resume_with(&LookupResult::NotFound, clock()),
                };
                match step {
                    Ok(AuthenticationStep::NeedsLookup(next)) => pending = left.counted(next),
                    Ok(AuthenticationStep::Authenticated(it)) => break Ok(it),
                    Err(error) => break Err(StoreOr::Refused(error)),
                }
            };
            while let Some(request) = left.next() {
                let _ = black_box(store.find(&request).await.is_ok());
            }
            result
        }
    }
}

/// Runs an authentication whose first lookup is done. Out of line: in line, the authenticated identity of a device's own
/// token is copied too.
#[cold]
#[inline(never)]
fn run_from<'a, K: MacKey, S: Store<K> + ?Sized>(
    pending: PendingAuthentication<'_, 'a, K>,
    found: &FoundRecord<'_, K>,
    store: &S,
    clock: impl Fn() -> UnixTime,
) -> Result<Authenticated<'a>, StoreOr<AuthError, S::Error>> {
    match found.with_result(|found| pending.resume_with(found, clock())) {
        Ok(AuthenticationStep::Authenticated(it)) => Ok(it),
        Err(error) => Err(StoreOr::Refused(error)),
        Ok(AuthenticationStep::NeedsLookup(pending)) => run(pending, store, clock),
    }
}

/// Runs an authentication that has more than one lookup.
#[cold]
#[inline(never)]
fn run<'a, K: MacKey, S: Store<K> + ?Sized>(
    mut pending: PendingAuthentication<'_, 'a, K>,
    store: &S,
    clock: impl Fn() -> UnixTime,
) -> Result<Authenticated<'a>, StoreOr<AuthError, S::Error>> {
    let mut left = RemainingLookups::new(&pending);
    let result = loop {
        let found = store.find(&pending.request()).map_err(StoreOr::Store)?;
        match found.with_result(|found| pending.resume_with(found, clock())) {
            Ok(AuthenticationStep::NeedsLookup(next)) => pending = left.counted(next),
            Ok(AuthenticationStep::Authenticated(it)) => break Ok(it),
            Err(error) => break Err(StoreOr::Refused(error)),
        }
    };
    while let Some(request) = left.next() {
        let _ = black_box(store.find(&request).is_ok());
    }
    result
}

/// The lookups after the first one that a way has and that are not done yet. Their answers count for nothing.
struct RemainingLookups<'a> {
    identity: Lookup<'a>,
    left: u8,
}

impl<'a> RemainingLookups<'a> {
    const fn new<K>(pending: &PendingAuthentication<'_, 'a, K>) -> Self {
        Self { identity: pending.claimed_lookup(), left: pending.lookups().saturating_sub(1) }
    }

    /// Counts the lookup that a pending authentication is about to need.
    const fn counted<T>(&mut self, pending: T) -> T {
        self.left = self.left.saturating_sub(1);
        pending
    }

    fn next(&mut self) -> Option<RecordRequest<'a>> {
        self.left = self.left.checked_sub(1)?;
        Some(RecordRequest::new(self.identity))
    }
}
