//! A store that answers later. Here a task owns the rows and answers over channels; a database over a network is used
//! in the same way: the pending authentication is kept across the await.

use std::collections::HashMap;
use std::sync::Arc;

use hubward::types::{Lookup, UnixTime};
use hubward::{AuthError, AuthenticationStep, Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;
use tokio::sync::{mpsc, oneshot};

use crate::row::{Row, RowKey, lookup_result};

type Reply = oneshot::Sender<Option<Arc<Row>>>;

/// The client of a store.
#[derive(Debug, Clone)]
pub struct RemoteStore(mpsc::Sender<(RowKey, Reply)>);

/// The store has ended, or did not answer.
#[derive(Debug)]
pub struct Unreachable;

/// The reason why a client was refused.
#[derive(Debug)]
pub enum Refused {
    Credential(AuthError),
    Store(Unreachable),
}

impl From<AuthError> for Refused {
    fn from(error: AuthError) -> Self {
        Self::Credential(error)
    }
}

impl RemoteStore {
    /// Starts the task that owns the rows. It ends when the last client is dropped.
    pub fn start(rows: impl IntoIterator<Item = Row>) -> Self {
        let rows: HashMap<RowKey, Arc<Row>> =
            rows.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect();
        let (client, mut lookups) = mpsc::channel::<(RowKey, Reply)>(64);
        tokio::spawn(async move {
            while let Some((key, reply)) = lookups.recv().await {
                // a client that no longer waits needs no answer
                let _ = reply.send(rows.get(&key).cloned());
            }
        });
        Self(client)
    }

    /// Looks up a row.
    pub async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Arc<Row>>, Unreachable> {
        let Some(key) = RowKey::of(lookup) else { return Ok(None) };
        let (reply, answer) = oneshot::channel();
        self.0.send((key, reply)).await.map_err(|_| Unreachable)?;
        answer.await.map_err(|_| Unreachable)
    }

    /// Does lookups until the client is authenticated or refused. A store that cannot be reached refuses all.
    ///
    /// `now` is called after each lookup, which may have taken long.
    pub async fn authenticate(
        &self,
        credentials: Credentials<'_>,
        config: &HubConfig<HmacKey>,
        now: impl Fn() -> UnixTime,
    ) -> Result<Session, Refused> {
        let mut pending = credentials.start(config)?;
        loop {
            let row = self.find(&pending.lookup()).await.map_err(Refused::Store)?;
            match pending.resume(lookup_result(row.as_deref()), now())? {
                AuthenticationStep::NeedsLookup(next) => pending = next,
                AuthenticationStep::Authenticated(authenticated) => return Ok(authenticated.into_session()),
            }
        }
    }
}
