//! The authenticated identities of one connection, and all decisions about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::policy::Operation;
use hubward::types::{Identity, Lookup, UnixTime};
use hubward::{AuthError, Cbs, CbsRequest, CbsResponse, LinkRole, Session};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::Context;
use super::registration::{Answers, Registering};
use super::sasl::Entry;
use super::twin::Twins;
use crate::clock;
use crate::decision_log::{ADMISSION, Who};
use crate::hub::{Hub, SessionDecision};
use crate::peer::Peer;
use crate::roster::{HasSessions, SessionEntry};
use crate::users::{Users, users_until};

/// The largest number of identities on one connection, for field gateways that connect many devices.
const IDENTITIES: usize = 128;

/// The state of one connection that its links share.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) hub: Arc<Hub>,
    pub(super) context: Context,
    pub(super) peer: Arc<Peer>,
    state: Mutex<State>,
    /// The links for answers about twins.
    pub(super) twins: Twins,
    /// The link for answers to a device that registers.
    pub(super) answers: Answers,
    /// The reason why the certificate opened no session, if SASL needed one.
    certificate: Option<AuthError>,
    /// Notifies the links to recheck whether they may stay.
    changed: watch::Sender<()>,
    /// Notifies the connection that an identity was authenticated, which changes its deadlines.
    pub(super) newly_authenticated: Notify,
    /// Cancelled when all authenticated identities have newer connections.
    pub(super) evicted: CancellationToken,
    /// Cancelled when the connection has ended.
    over: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// The sessions, opened by SASL and by tokens that were put.
    cbs: Cbs,
    /// The device that registers on this connection.
    registering: Option<Registering>,
    /// The identities that this connection has registered.
    seated: BTreeSet<Box<str>>,
    /// The object ids of the users, each with the version of the directory that verified its token.
    versions: BTreeMap<Box<str>, u64>,
}

/// Returns the operation of a link.
pub(super) fn operation(role: LinkRole, path: &str) -> Operation<'_> {
    match role {
        LinkRole::Sender => Operation::amqp_send(path),
        LinkRole::Receiver => Operation::amqp_receive(path),
    }
}

impl Connection {
    /// Returns the state of a connection after SASL.
    pub(super) fn new(hub: Arc<Hub>, context: Context, peer: Arc<Peer>, entry: Entry) -> Arc<Self> {
        let cbs = Cbs::with_limit(IDENTITIES);
        let (cbs, registering, certificate) = match entry {
            Entry::Session(session) => (cbs.with_session(session), None, None),
            Entry::Registering(device) => (cbs, Some(device), None),
            Entry::Certificate(error) => (cbs, None, Some(error)),
            Entry::Deferred => (cbs, None, None),
        };
        let connection = Arc::new(Self {
            hub,
            context,
            peer,
            state: Mutex::new(State { cbs, registering, seated: BTreeSet::new(), versions: BTreeMap::new() }),
            twins: Twins::default(),
            answers: Answers::default(),
            certificate,
            changed: watch::Sender::new(()),
            newly_authenticated: Notify::new(),
            evicted: CancellationToken::new(),
            over: CancellationToken::new(),
        });
        connection.seat_newest(&mut connection.lock());
        connection
    }

    /// Returns a guard whose drop marks the end of the connection.
    pub(super) fn guard(&self) -> impl Drop + use<> {
        self.over.clone().drop_guard()
    }

    /// Returns a receiver that is notified when links must recheck.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Returns whether any identity is authenticated: a user is when a link was permitted.
    pub(super) fn is_authenticated(&self) -> bool {
        self.peer.slot.is_authenticated() && self.lock().has_identity()
    }

    /// Returns the earliest of the last valid seconds of sessions and users.
    pub(super) fn until(&self) -> Option<UnixTime> {
        let state = self.lock();
        let device = state.registering.as_ref().map(|device| device.until);
        state.cbs.sessions().map(Session::until).chain(users_until(&state.cbs)).chain(device).min()
    }

    /// Authenticates a token that is put.
    pub(super) fn put(self: &Arc<Self>, claimed: Option<Lookup<'_>>, request: CbsRequest<'_>) -> CbsResponse {
        let mut state = self.lock();
        let reply = match self.users(&mut state) {
            Some(users) if request.is_bearer() => {
                let reply = users.put(&self.hub, &self.peer, request, &mut state.cbs);
                if let (None, Some(user)) = (reply.error(), state.cbs.users(clock::now()).last()) {
                    let user: Box<str> = user.object_id().into();
                    if state.versions.len() >= IDENTITIES {
                        let State { cbs, versions, .. } = &mut *state;
                        versions
                            .retain(|id, _| cbs.users(clock::now()).any(|user| user.object_id() == &**id));
                    }
                    state.versions.insert(user, users.version());
                }
                reply
            }
            _ => self.hub.put_token(&self.peer, claimed, request, &mut state.cbs),
        };
        if reply.error().is_none() {
            self.seat_newest(&mut state);
            self.newly_authenticated.notify_one();
        }
        reply
    }

    /// Delays a peer whose newest identity is claimed by rivals.
    pub(super) async fn slow_rivals(&self) {
        let newest =
            self.lock().cbs.sessions().last().map(|session| self.hub.connections.delay(&session.identity()));
        if let Some(delay) = newest.filter(|delay| !delay.is_zero()) {
            tokio::time::sleep(delay).await;
        }
    }

    /// Decides on a link that is attached to an address, a path or a URI of this hub, with its `auth-chain` if it has one.
    /// Returns the path.
    pub(super) fn attach(
        self: &Arc<Self>,
        role: LinkRole,
        address: &str,
        chain: Option<&str>,
    ) -> Option<Box<str>> {
        let mut state = self.lock();
        let may = |chain| self.hub.delegate(&self.peer, &mut state.cbs, chain, &operation(role, address));
        if !chain.is_none_or(may) {
            return None;
        }
        if let Some(users) = self.users(&mut state) {
            let path = users.link_path(&self.hub, &self.peer, &state.cbs, role, address);
            if path.is_some() || state.cbs.sessions().next().is_none() && has_identity(&state.cbs) {
                drop(state);
                self.newly_authenticated.notify_one();
                return path;
            }
        }
        if self.is_certificate_refused(&operation(role, address)) {
            return None;
        }
        let path = self.hub.link_path(&self.peer, &mut state.cbs, role, address)?;
        // a policy's token for many devices has one more session
        self.seat_newest(&mut state);
        drop(state);
        self.newly_authenticated.notify_one();
        let operation = operation(role, &path);
        (self.decide(&operation) == SessionDecision::Allowed).then_some(path)
    }

    /// Decides on a link or a message, by a session that allows it if there is one.
    pub(super) fn decide(&self, operation: &Operation<'_>) -> SessionDecision {
        let mut state = self.lock();
        let users = self.users(&mut state);
        let allowing = state.cbs.sessions().find(|session| self.allows(session, operation));
        if allowing.is_none()
            && let Some(users) = users
            && let Some(decision) = users.decide(&self.hub, &self.peer, &state.cbs, operation)
        {
            return decision;
        }
        match allowing.or_else(|| state.cbs.sessions().last()) {
            Some(session) => self.hub.decide(&self.peer, session, operation),
            None => {
                self.hub.log_unauthenticated(&self.peer, operation);
                SessionDecision::Denied
            }
        }
    }

    /// Returns whether a link may stay after a change. Only its end is logged: no operation was requested, and a change of
    /// the registry notifies every link.
    pub(super) fn may_stay(&self, operation: &Operation<'_>) -> bool {
        let mut state = self.lock();
        let users = self.users(&mut state);
        let allowing = state.cbs.sessions().find(|session| self.allows(session, operation));
        if let Some(session) = allowing {
            return self.hub.still_valid(&self.peer, session, operation);
        }
        if users.is_some_and(|users| users.allowing(&self.hub, &state.cbs, operation).is_some()) {
            return true;
        }
        drop(state);
        self.decide(operation) == SessionDecision::Allowed
    }

    /// Returns whether a session is valid by the records of this moment and allows an operation.
    fn allows(&self, session: &Session, operation: &Operation<'_>) -> bool {
        self.hub.recheck(&self.peer, session).is_ok_and(|checked| checked.decide(operation).is_allow())
    }

    /// Drops the sessions and the users that are no longer valid, and notifies the links to recheck. Returns whether a session or a user
    /// is left.
    pub(super) fn recheck(&self, operation: &Operation<'_>) -> bool {
        let mut state = self.lock();
        state.cbs.retain(|session| self.hub.still_valid(&self.peer, session, operation));
        self.users(&mut state);
        state.registering.take_if(|device| device.until < clock::now());
        let left = state.has_identity();
        drop(state);
        self.changed.send_replace(());
        left
    }

    /// Returns whether SASL was left with a certificate that opened no session: it has no links but those of a registration,
    /// and a token is not accepted with it. The refusal is logged.
    pub(super) fn is_certificate_refused(&self, operation: &Operation<'_>) -> bool {
        let Some(error) = self.certificate else { return false };
        let reason = format_args!("{error}");
        self.hub.log_refusal(&self.peer, Who::Unknown, operation, ADMISSION, error.code(), reason);
        true
    }

    /// Returns the device that registers on this connection.
    pub(super) fn registering(&self) -> Option<Registering> {
        self.lock().registering.clone()
    }

    /// Sets the device that registers on this connection.
    pub(super) fn set_registering(&self, device: Registering) {
        self.lock().registering = Some(device);
        self.newly_authenticated.notify_one();
    }

    /// Ends the registration of a device that is no longer enrolled, and with it the connection if nothing else is left.
    pub(super) fn end_registering(&self) {
        self.lock().registering = None;
        self.newly_authenticated.notify_one();
        self.changed.send_replace(());
    }

    /// Returns the directory of this moment, if one is configured, after it has dropped the users whose tokens another version
    /// of it verified: their key may have been removed.
    fn users(&self, state: &mut State) -> Option<Arc<Users>> {
        let users = self.context.current_users()?;
        let State { cbs, versions, .. } = state;
        cbs.retain_users(|user| versions.get(user.object_id()) == Some(&users.version()));
        versions.retain(|_, version| *version == users.version());
        Some(users)
    }

    /// Registers the connection of the identity that was authenticated last, until it opens a newer connection or this one
    /// ends. Policies are not registered: a service may have any number of connections.
    fn seat_newest(self: &Arc<Self>, state: &mut State) {
        let Some(who) = state.cbs.sessions().last().map(Session::identity) else { return };
        let name: Box<str> = who.to_string().into();
        if matches!(who, Identity::Policy(_)) || state.seated.contains(&name) {
            return;
        }
        let seat = self.hub.connections.take(&who);
        state.seated.insert(name.clone());
        let connection = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                () = seat.evicted() => connection.evict(&name),
                () = connection.over.cancelled() => {}
            }
        });
    }

    fn evict(&self, who: &str) {
        let mut state = self.lock();
        state.seated.remove(who);
        state.cbs.retain(|session| session.identity().to_string() != who);
        if !state.has_identity() {
            self.evicted.cancel();
        } else {
            self.hub.metrics.evicted.add(1);
        }
        drop(state);
        self.changed.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // a half-made change permits no more than before
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns whether the connection has an identity: one of the hub, a user, or a device that registers.
    fn has_identity(&self) -> bool {
        self.registering.is_some() || has_identity(&self.cbs)
    }
}

impl HasSessions for Connection {
    fn sessions(&self, most: usize) -> (Vec<SessionEntry>, usize) {
        let (state, now) = (self.lock(), clock::now());
        let all = state.cbs.sessions().count().saturating_add(state.cbs.users(now).count());
        let users = state.cbs.users(now).map(|user| SessionEntry {
            who: Who::User(user.object_id()).to_string(),
            credential: "a token of the directory".into(),
            until: Some(clock::at(user.until().as_secs().saturating_sub(1))),
        });
        (state.cbs.sessions().map(SessionEntry::from).chain(users).take(most).collect(), all)
    }
}

/// Returns whether a connection has a session, or a user whose token is valid.
fn has_identity(cbs: &Cbs) -> bool {
    cbs.sessions().next().is_some() || cbs.users(clock::now()).next().is_some()
}
