//! What was proven on one connection, and every decision that rests on it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::policy::Operation;
use hubward::types::{Identity, Lookup};
use hubward::{Cbs, CbsRequest, CbsResponse, Session};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::hub::{Hub, Judged};
use crate::peer::Peer;

/// Identities on one connection at most: a gateway in the field speaks for so many devices.
const IDENTITIES: usize = 128;

/// One connection, as far as its links need it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) hub: Arc<Hub>,
    pub(super) peer: Arc<Peer>,
    proven: Mutex<Proven>,
    /// Tells the links to ask again whether they may stay.
    changed: watch::Sender<()>,
    /// Tells the connection that somebody is proven now, and its end at another time than before.
    pub(super) newcomer: Notify,
    /// Cancelled when everybody who was proven has connected anew.
    pub(super) evicted: CancellationToken,
    /// Cancelled when the connection is over.
    over: CancellationToken,
}

#[derive(Debug)]
struct Proven {
    /// By SASL, and by tokens that were put.
    cbs: Cbs,
    /// Who has a seat by this connection.
    seated: BTreeSet<Box<str>>,
}

impl Connection {
    /// A connection that SASL opened for somebody, or for nobody yet.
    pub(super) fn new(hub: Arc<Hub>, peer: Arc<Peer>, opened_by: Option<Session>) -> Arc<Self> {
        let cbs = Cbs::with_limit(IDENTITIES);
        let cbs = match opened_by {
            Some(session) => cbs.opened_by(session),
            None => cbs,
        };
        let connection = Arc::new(Self {
            hub,
            peer,
            proven: Mutex::new(Proven { cbs, seated: BTreeSet::new() }),
            changed: watch::Sender::new(()),
            newcomer: Notify::new(),
            evicted: CancellationToken::new(),
            over: CancellationToken::new(),
        });
        connection.seat_newest(&mut connection.lock());
        connection
    }

    /// The connection is over when this is dropped.
    pub(super) fn guard(&self) -> impl Drop + use<> {
        self.over.clone().drop_guard()
    }

    /// Hears when links are to ask again.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whether anybody is proven.
    pub(super) fn is_proven(&self) -> bool {
        self.lock().cbs.sessions().next().is_some()
    }

    /// The last second at which the first of those who are proven is.
    pub(super) fn until(&self) -> Option<u64> {
        self.lock().cbs.sessions().map(Session::until).min()
    }

    /// Judges a token that is put.
    pub(super) fn put(self: &Arc<Self>, claimed: Option<Lookup<'_>>, put: CbsRequest<'_>) -> CbsResponse {
        let mut proven = self.lock();
        let reply = self.hub.put(&self.peer, claimed, put, &mut proven.cbs);
        if reply.error().is_none() {
            self.seat_newest(&mut proven);
            self.newcomer.notify_one();
        }
        reply
    }

    /// The decision on a link or a message: by a session that allows it, if there is one.
    pub(super) fn judge(&self, operation: &Operation<'_>) -> Judged {
        let proven = self.lock();
        let allowing = proven.cbs.sessions().find(|session| session.decide(operation).is_allow());
        match allowing.or_else(|| proven.cbs.sessions().last()) {
            Some(session) => self.hub.judge(&self.peer, session, operation),
            None => {
                self.hub.unproven(&self.peer, operation);
                Judged::Denied
            }
        }
    }

    /// Whether a link may stay, now that something has changed. Only its end is a line in the log: nothing was asked for,
    /// and a change of the registry is heard by every link.
    pub(super) fn may_stay(&self, operation: &Operation<'_>) -> bool {
        let proven = self.lock();
        let allowing = proven.cbs.sessions().find(|session| session.decide(operation).is_allow());
        if let Some(session) = allowing {
            return self.hub.still(&self.peer, session, operation);
        }
        drop(proven);
        self.judge(operation) == Judged::Allowed
    }

    /// Lets go of whoever is not proven any more, and has the links ask again. Whether anybody is left.
    pub(super) fn recheck(&self, operation: &Operation<'_>) -> bool {
        let mut proven = self.lock();
        proven.cbs.retain(|session| self.hub.still(&self.peer, session, operation));
        let left = proven.cbs.sessions().next().is_some();
        drop(proven);
        self.changed.send_replace(());
        left
    }

    /// Whoever was proven last takes its seat, until it connects elsewhere or this connection is over. Policies have
    /// none: a service connects as often as it likes.
    fn seat_newest(self: &Arc<Self>, proven: &mut Proven) {
        let Some(who) = proven.cbs.sessions().last().map(Session::identity) else { return };
        let name: Box<str> = who.to_string().into();
        if matches!(who, Identity::Policy(_)) || proven.seated.contains(&name) {
            return;
        }
        let seat = self.hub.connections.take(&who);
        proven.seated.insert(name.clone());
        let connection = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                () = seat.evicted() => connection.evict(&name),
                () = connection.over.cancelled() => {}
            }
        });
    }

    fn evict(&self, who: &str) {
        let mut proven = self.lock();
        proven.seated.remove(who);
        proven.cbs.retain(|session| session.identity().to_string() != who);
        if proven.cbs.sessions().next().is_none() {
            self.evicted.cancel();
        } else {
            self.hub.metrics.evicted.add(1);
        }
        drop(proven);
        self.changed.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Proven> {
        // what is half changed allows no more than it did before
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
