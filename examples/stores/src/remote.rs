//! A store that answers later. Here a task owns the rows and answers over channels; a database over a network is used
//! in the same way.

use core::fmt;
use std::collections::HashMap;

use hubward::{AsyncStore, OwnedRecord, RecordRequest};
use hubward_rustcrypto::HmacKey;
use tokio::sync::{mpsc, oneshot};

use crate::row::{Row, RowKey};

type Reply = oneshot::Sender<Option<Row>>;

/// The client of a store.
#[derive(Debug, Clone)]
pub struct RemoteStore(mpsc::Sender<(RowKey, Reply)>);

/// The store has ended, or did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreachable;

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store is gone")
    }
}

impl RemoteStore {
    /// Starts the task that owns the rows. It ends when the last client is dropped.
    pub fn start(rows: impl IntoIterator<Item = Row>) -> Self {
        let rows: HashMap<RowKey, Row> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let (client, mut lookups) = mpsc::channel::<(RowKey, Reply)>(64);
        tokio::spawn(async move {
            while let Some((key, reply)) = lookups.recv().await {
                // a client that no longer waits needs no answer
                let _ = reply.send(rows.get(&key).cloned());
            }
        });
        Self(client)
    }
}

impl AsyncStore<HmacKey> for RemoteStore {
    type Error = Unreachable;

    async fn find(&self, request: &RecordRequest<'_>) -> Result<Option<OwnedRecord<HmacKey>>, Unreachable> {
        let Some(key) = RowKey::of(request.lookup()) else { return Ok(None) };
        let (reply, answer) = oneshot::channel();
        self.0.send((key, reply)).await.map_err(|_| Unreachable)?;
        let row = answer.await.map_err(|_| Unreachable)?;
        // a key that cannot be used is no missing record
        row.map_or(Ok(None), Row::into_record).map_err(|_| Unreachable)
    }
}
