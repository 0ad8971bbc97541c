//! What was proven on one connection, and every decision that rests on it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::core::Identity;
use hubward::policy::Operation;
use hubward::{Cbs, PutToken, Reply, Session};
use tokio::sync::watch;
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
    /// Cancelled when somebody whom PLAIN has proven connects anew.
    pub(super) evicted: CancellationToken,
    /// Cancelled when the connection is over.
    over: CancellationToken,
}

#[derive(Debug)]
struct Proven {
    /// By SASL PLAIN. It ends with the connection, and the connection with it.
    plain: Option<Session>,
    /// By tokens that were put.
    cbs: Cbs,
    /// Who has a seat by this connection.
    seated: BTreeSet<Box<str>>,
}

impl Connection {
    pub(super) fn new(hub: Arc<Hub>, peer: Arc<Peer>, plain: Option<Session>) -> Arc<Self> {
        let cbs = Cbs::with_limit(IDENTITIES);
        let connection = Arc::new(Self {
            hub,
            peer,
            proven: Mutex::new(Proven { plain, cbs, seated: BTreeSet::new() }),
            changed: watch::Sender::new(()),
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
        self.lock().sessions().next().is_some()
    }

    /// The last second at which the first of those who are proven is.
    pub(super) fn until(&self) -> Option<u64> {
        self.lock().sessions().map(Session::until).min()
    }

    /// Judges a token that is put.
    pub(super) fn put(self: &Arc<Self>, put: PutToken<'_>) -> Reply {
        let mut proven = self.lock();
        let reply = self.hub.put(&self.peer, &mut proven.cbs, put);
        if reply.error().is_none() {
            self.seat_newest(&mut proven);
        }
        reply
    }

    /// The decision on a link or a message: by a session that allows it, if there is one.
    pub(super) fn judge(&self, operation: &Operation<'_>) -> Judged {
        let proven = self.lock();
        let allowing = proven.sessions().find(|session| session.decide(operation).is_allow());
        match allowing.or_else(|| proven.sessions().last()) {
            Some(session) => self.hub.judge(&self.peer, session, operation),
            None => {
                self.hub.unproven(&self.peer, operation);
                Judged::Denied
            }
        }
    }

    /// Lets go of whoever is not proven any more, and has the links ask again. Whether whom PLAIN has proven still is.
    pub(super) fn recheck(&self, operation: &Operation<'_>) -> bool {
        let mut proven = self.lock();
        proven.cbs.retain(|session| self.hub.still(&self.peer, session, operation));
        let holds =
            proven.plain.as_ref().is_none_or(|session| self.hub.still(&self.peer, session, operation));
        drop(proven);
        self.changed.send_replace(());
        holds
    }

    /// Whoever was proven last takes its seat, until it connects elsewhere or this connection is over. Policies have
    /// none: a service connects as often as it likes.
    fn seat_newest(self: &Arc<Self>, proven: &mut Proven) {
        let Some(who) = proven.sessions().last().map(Session::identity) else { return };
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
        let is = |session: &Session| session.identity().to_string() == who;
        let mut proven = self.lock();
        proven.seated.remove(who);
        proven.cbs.retain(|session| !is(session));
        if proven.plain.as_ref().is_some_and(is) {
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

impl Proven {
    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.plain.iter().chain(self.cbs.sessions())
    }
}
