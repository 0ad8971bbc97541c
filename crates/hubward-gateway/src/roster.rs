//! The connections that have sessions, for the console: who is connected, by what credential and until when.

use core::fmt;
use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hubward::Session;
use hubward::policy::Transport;
use hubward::types::UnixTime;

use crate::clock;
use crate::peer::Peer;

/// A connection whose sessions can be read at any time.
pub(crate) trait HasSessions: Send + Sync {
    /// Returns the sessions of this moment, at most `most` of them, and the number of all.
    fn sessions(&self, most: usize) -> (Vec<SessionEntry>, usize);
}

/// A session, as the console shows it.
#[derive(Debug, Clone)]
pub(crate) struct SessionEntry {
    pub(crate) who: String,
    pub(crate) credential: String,
    /// The last second at which the session is valid; `None` if its credential does not expire.
    pub(crate) until: Option<UnixTime>,
}

/// A connection with its sessions.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) transport: Transport,
    pub(crate) peer: SocketAddr,
    pub(crate) since: UnixTime,
    pub(crate) sessions: Vec<SessionEntry>,
    /// The number of its further sessions.
    pub(crate) more: usize,
}

/// The connections of a gateway.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    connections: BTreeMap<u64, Entry>,
    next: u64,
}

#[derive(Clone)]
struct Entry {
    transport: Transport,
    peer: SocketAddr,
    since: UnixTime,
    source: Weak<dyn HasSessions>,
}

/// The entry of a connection; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Attendance {
    roster: Roster,
    number: u64,
}

impl Roster {
    /// Enters a connection.
    pub(crate) fn enter<S: HasSessions + 'static>(&self, peer: &Peer, source: &Arc<S>) -> Attendance {
        let source: Weak<S> = Arc::downgrade(source);
        let (transport, peer, since) = (peer.transport, peer.address, clock::now());
        let mut table = self.lock();
        let number = table.next;
        table.next = table.next.wrapping_add(1);
        table.connections.insert(number, Entry { transport, peer, since, source });
        drop(table);
        Attendance { roster: self.clone(), number }
    }

    /// Returns the newest connections, at most `most`, each with at most `each` sessions, and the number of all connections.
    pub(crate) fn newest(&self, most: usize, each: usize) -> (usize, Vec<Connected>) {
        let table = self.lock();
        let (all, entries) = (table.connections.len(), table.connections.values().rev().take(most));
        let entries: Vec<Entry> = entries.cloned().collect();
        // a connection that is read may wait for its own lock
        drop(table);
        let connected = |entry: Entry| {
            let Entry { transport, peer, since, source } = entry;
            let (sessions, of) = source.upgrade()?.sessions(each);
            let more = of.saturating_sub(sessions.len());
            Some(Connected { transport, peer, since, sessions, more })
        };
        (all, entries.into_iter().filter_map(connected).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // no holder of the lock can panic half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.roster.lock().connections.remove(&self.number);
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("connections", &self.connections.len()).finish_non_exhaustive()
    }
}

impl From<&Session> for SessionEntry {
    fn from(session: &Session) -> Self {
        let until = session.until();
        Self {
            who: session.identity().to_string(),
            credential: credential(session),
            until: (until.as_secs() != u64::MAX).then_some(until),
        }
    }
}

impl HasSessions for Session {
    fn sessions(&self, _most: usize) -> (Vec<SessionEntry>, usize) {
        (vec![self.into()], 1)
    }
}

/// Describes the credential that opened a session.
pub(crate) fn credential(session: &Session) -> String {
    match (session.policy(), session.actor()) {
        (Some(policy), _) => format!("a token of policy {policy}"),
        (None, Some(edge)) => format!("a token of the edge hub of {edge}"),
        _ if !session.is_by_certificate() => "a token of its own".into(),
        _ if session.issuers().is_empty() => "a certificate, by its thumbprint".into(),
        _ => "a certificate of an authority".into(),
    }
}
