//! A store that answers later. Here a task owns the rows and answers over channels; a database over a network is used
//! in the same way: the question is held across the await, and nothing else is known of it.

use std::collections::HashMap;
use std::sync::Arc;

use hubward::types::{Lookup, UnixTime};
use hubward::{AuthError, AuthenticationStep, Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;
use tokio::sync::{mpsc, oneshot};

use crate::answer::{Row, Wanted, found};

type Reply = oneshot::Sender<Option<Arc<Row>>>;

/// The client of a store.
#[derive(Debug, Clone)]
pub struct RemoteStore(mpsc::Sender<(Wanted, Reply)>);

/// The store is gone, or did not answer.
#[derive(Debug)]
pub struct Unreachable;

/// Why nobody was admitted.
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
    /// Starts the task that owns the rows. It ends when the last client is gone.
    pub fn start(rows: impl IntoIterator<Item = Row>) -> Self {
        let rows: HashMap<Wanted, Arc<Row>> =
            rows.into_iter().map(|row| (row.whose.clone(), Arc::new(row))).collect();
        let (client, mut questions) = mpsc::channel::<(Wanted, Reply)>(64);
        tokio::spawn(async move {
            while let Some((wanted, reply)) = questions.recv().await {
                // who no longer waits needs no answer
                let _ = reply.send(rows.get(&wanted).cloned());
            }
        });
        Self(client)
    }

    /// Asks the store.
    pub async fn answer(&self, lookup: &Lookup<'_>) -> Result<Option<Arc<Row>>, Unreachable> {
        let Some(wanted) = Wanted::of(lookup) else { return Ok(None) };
        let (reply, answer) = oneshot::channel();
        self.0.send((wanted, reply)).await.map_err(|_| Unreachable)?;
        answer.await.map_err(|_| Unreachable)
    }

    /// Asks until somebody is admitted. A store that cannot be reached admits nobody.
    ///
    /// `now` is asked for when the answer is there: a question may have waited long.
    pub async fn admit(
        &self,
        presented: Credentials<'_>,
        rules: &HubConfig<'_, HmacKey>,
        now: impl Fn() -> UnixTime,
    ) -> Result<Session, Refused> {
        let mut question = presented.start(rules)?;
        loop {
            let row = self.answer(&question.lookup()).await.map_err(Refused::Store)?;
            match question.resume(found(row.as_deref()), now())? {
                AuthenticationStep::NeedsLookup(next) => question = next,
                AuthenticationStep::Authenticated(admitted) => return Ok(admitted.into_session()),
            }
        }
    }
}
