//! AMQP's claims-based security: tokens put on a connection, and the links that they allow.
//!
//! ```text
//! Cbs::put_token ──▶ Put::Needs(PutQuestion) ──answer──▶ .. ──▶ Put::Replied(Reply)     verified before it says 200
//! Cbs::on_behalf(chain, now) ──▶ BehalfQuestion ──answer──▶ ..                           for whom an edge hub speaks
//! Cbs::may_attach(role, address, now) ──▶ Attach: Allow | Deny, and why
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use hubward_core::{Found, Identity, Lookup, MacKey, Segment, UnixTime};
use hubward_policy::{Decision, Denial, Operation, Permit};

use crate::admission::{Admission, Question, enabled};
use crate::auth_chain::{AuthChain, edge_hub};
use crate::error::{AuthError, Public};
use crate::presented::Presented;
use crate::rules::{BothCredentials, Rules};
use crate::session::Session;

/// Identities on one connection at most, unless [`Cbs::with_limit`] says otherwise.
pub const MAX_IDENTITIES: usize = 128;

/// The tokens that were put on one connection and verified, and what opened it. It holds no token and no key, but what
/// they proved.
#[derive(Debug)]
pub struct Cbs {
    held: Vec<Held>,
    limit: usize,
    /// Whether a certificate opened the connection.
    by_certificate: bool,
}

/// What one token proved.
#[derive(Debug)]
struct Held {
    /// What it was put for, where that is not a device's or a module's own: another token for it takes its place.
    audience: Option<Box<str>>,
    session: Session,
}

/// A `put-token` message: its application properties and its body, as they came.
#[derive(Clone, Copy)]
pub struct PutToken<'a> {
    pub(crate) operation: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    pub(crate) token: &'a str,
}

/// Where a put stands.
#[derive(Debug)]
#[must_use = "nothing is put until the question is answered"]
#[expect(clippy::exhaustive_enums, reason = "a put has a question or a reply")]
pub enum Put<'c, 'a, K> {
    /// A record is needed.
    Needs(PutQuestion<'c, 'a, K>),
    /// It is over: send this.
    Replied(Reply),
}

/// A question to the caller's store. It holds the connection's [`Cbs`]: puts are judged one after the other, in the
/// order in which they came, and a question that is dropped changes nothing.
#[must_use = "a question that is dropped puts nothing"]
pub struct PutQuestion<'c, 'a, K> {
    cbs: &'c mut Cbs,
    question: Question<'a, K>,
}

/// Whether an edge hub may speak for whom it names: a question to the caller's store.
#[derive(Debug)]
#[must_use = "a question that is dropped allows nothing"]
pub struct BehalfQuestion<'c, 'a> {
    cbs: &'c mut Cbs,
    /// Where the edge hub's token is.
    at: usize,
    device: Segment<'a>,
    target: Lookup<'a>,
}

/// What to answer a `put-token` with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply(Result<(), AuthError>);

/// Which side of a link the peer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a link has two sides (AMQP 1.0, 2.6.1)")]
pub enum Role {
    /// It sends.
    Sender,
    /// It receives.
    Receiver,
}

/// Whether a link may be attached.
#[derive(Debug, Clone, Copy)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum Attach<'s> {
    /// It may, by this session.
    Allow(&'s Session, Permit<'s>),
    /// It may not.
    Deny(Detached<'s>),
}

/// Why a link may not be attached.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Detached<'s> {
    /// Nothing that was proven on this connection counts now.
    NoToken,
    /// No token on this connection allows it. This is why the last one that was put does not.
    Denied(Denial<'s>),
}

impl<'a> PutToken<'a> {
    /// `operation`, `type` and `name` of the application properties, and the token of the body.
    #[must_use]
    pub const fn new(operation: &'a str, kind: &'a str, name: &'a str, token: &'a str) -> Self {
        Self { operation, kind, name, token }
    }
}

impl Cbs {
    /// A connection on which nothing is put yet, and at most [`MAX_IDENTITIES`] can be.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_limit(MAX_IDENTITIES)
    }

    /// A connection on which tokens for at most `limit` identities can be put.
    #[must_use]
    pub const fn with_limit(limit: usize) -> Self {
        Self { held: Vec::new(), limit, by_certificate: false }
    }

    /// A connection that SASL opened: PLAIN with a token, or EXTERNAL with a certificate. What that proved allows links
    /// as a token that was put does. Where it was a certificate, a token can be put beside it only by
    /// [`BothCredentials::TokenWins`].
    #[must_use]
    pub fn opened_by(mut self, session: Session) -> Self {
        self.by_certificate |= session.is_by_certificate();
        self.held.push(Held { audience: None, session });
        self
    }

    /// Puts a token. It counts once the questions are answered and it has been verified, and not before; a token for
    /// the same name takes the place of the one before it. Whatever is refused leaves the one before it as it was,
    /// until its own time is over.
    pub fn put_token<'c, 'a, K: MacKey>(
        &'c mut self,
        put: PutToken<'a>,
        rules: &'a Rules<'a, K>,
    ) -> Put<'c, 'a, K> {
        if self.by_certificate && rules.both_credentials() != BothCredentials::TokenWins {
            return Put::Replied(Reply(Err(AuthError::BothCredentials)));
        }
        match Presented::cbs(put).and_then(|presented| presented.start(rules)) {
            Ok(question) => Put::Needs(PutQuestion { cbs: self, question }),
            Err(error) => Put::Replied(Reply(Err(error))),
        }
    }

    /// An edge hub speaks for whom a link's `com.microsoft:auth-chain` names
    /// ([`AUTH_CHAIN_PROPERTY`](crate::AUTH_CHAIN_PROPERTY)): before such a link is attached, ask whether it may. What comes
    /// of it allows that identity's links as a token of its own would, for as long as the edge hub's tokens on this
    /// connection count: a renewal of theirs renews it.
    ///
    /// # Errors
    /// [`AuthError::NoActor`] where no token of that edge hub's own counts at the time `now`, or the chain names none.
    pub fn on_behalf<'c, 'a>(
        &'c mut self,
        chain: &AuthChain<'a>,
        now: UnixTime,
    ) -> Result<BehalfQuestion<'c, 'a>, AuthError> {
        let device = chain.actor().ok_or(AuthError::NoActor)?;
        let speaks = edge_hub(device);
        let counts = |session: &&Session| {
            session.is_by_own_token() && session.until() >= now.as_secs() && speaks.is(&session.identity())
        };
        let at = self.held.iter().position(|held| counts(&&held.session)).ok_or(AuthError::NoActor)?;
        Ok(BehalfQuestion { cbs: self, at, device, target: chain.target() })
    }

    /// Whether the peer may attach a link to `address`, a path, at the time `now`. [`Cbs::retain`] what still holds
    /// first, where records change.
    pub fn may_attach<'s>(&'s self, role: Role, address: &'s str, now: UnixTime) -> Attach<'s> {
        let operation = match role {
            Role::Sender => Operation::amqp_send(address),
            Role::Receiver => Operation::amqp_receive(address),
        };
        let mut why = Detached::NoToken;
        for session in self.sessions().filter(|session| session.until() >= now.as_secs()) {
            match session.decide(&operation) {
                Decision::Allow(permit) => return Attach::Allow(session, permit),
                Decision::Deny(denial) => why = Detached::Denied(denial),
            }
        }
        Attach::Deny(why)
    }

    /// What was proven on this connection, in the order in which it was, whether or not its time is over.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.held.iter().map(|held| &held.session)
    }

    /// Keeps the sessions for which `holds` says so, as [`Session::recheck`] does: the links of the others are to be
    /// detached.
    pub fn retain(&mut self, mut holds: impl FnMut(&Session) -> bool) {
        self.held.retain(|held| holds(&held.session));
    }

    fn keep(&mut self, held: Held, now: UnixTime) -> Result<(), AuthError> {
        self.held.retain(|other| other.session.until() >= now.as_secs() && !other.is_for_the_same(&held));
        if self.held.len() >= self.limit {
            return Err(AuthError::TooManyIdentities);
        }
        if held.session.is_by_own_token() {
            for other in &mut self.held {
                let speaks = other.session.actor().map(edge_hub);
                if speaks.is_some_and(|speaks| speaks.is(&held.session.identity())) {
                    other.session.renew(&held.session);
                }
            }
        }
        self.held.push(held);
        Ok(())
    }
}

impl Default for Cbs {
    fn default() -> Self {
        Self::new()
    }
}

impl Held {
    fn is_for_the_same(&self, other: &Self) -> bool {
        match (&self.audience, &other.audience) {
            (None, None) => self.session.identity() == other.session.identity(),
            (Some(own), Some(other)) => own == other,
            _ => false,
        }
    }
}

impl<'c, 'a, K: MacKey> PutQuestion<'c, 'a, K> {
    /// Whose record is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        self.question.lookup()
    }

    /// Judges with the record that was found, at the time `now`.
    pub fn answer(self, found: Found<'_, K>, now: UnixTime) -> Put<'c, 'a, K> {
        let Self { cbs, question } = self;
        let reply = match question.answer(found, now) {
            Ok(Admission::Needs(question)) => return Put::Needs(PutQuestion { cbs, question }),
            Ok(Admission::Admitted(admitted)) => {
                let audience = match admitted.identity() {
                    Identity::Policy(_) => admitted.resource().map(|path| path.as_received().into()),
                    _ => None,
                };
                cbs.keep(Held { audience, session: admitted.into_session() }, now)
            }
            Err(error) => Err(error),
        };
        Put::Replied(Reply(reply))
    }
}

impl<'a> BehalfQuestion<'_, 'a> {
    /// Whose record is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        self.target
    }

    /// The edge device whose hub speaks: the record must come with the edge devices above it
    /// ([`FoundIdentity::with_ancestors`](hubward_core::FoundIdentity::with_ancestors)), and this one must be among them.
    #[must_use]
    pub const fn actor(&self) -> Segment<'a> {
        self.device
    }

    /// Judges with the record that was found, at the time `now`.
    ///
    /// # Errors
    /// [`AuthError`] with the reason; whatever it is, nothing more is allowed than before.
    pub fn answer<K>(self, found: &Found<'_, K>, now: UnixTime) -> Result<(), AuthError> {
        let Self { cbs, at, device, target } = self;
        let speaks = &cbs.held.get(at).ok_or(AuthError::NoActor)?.session;
        if speaks.until() < now.as_secs() {
            return Err(AuthError::NoActor);
        }
        match found {
            Found::Nobody => Err(AuthError::Unknown),
            Found::Identity(record) if target.is(&record.identity()) => {
                if !record.is_behind(&device) {
                    return Err(AuthError::NotBehind);
                }
                enabled(record.status())?;
                let session = speaks.behind(&device, &record.identity(), record.stamp());
                cbs.keep(Held { audience: None, session }, now)
            }
            _ => Err(AuthError::WrongAnswer),
        }
    }
}

impl Reply {
    /// `status-code` of the answer: 200, 400 where the message is malformed, 401 where it is refused.
    #[must_use]
    pub const fn status_code(&self) -> i32 {
        match self.0 {
            Ok(()) => 200,
            Err(error) => match error.public() {
                Public::Malformed => 400,
                Public::Unauthorized => 401,
            },
        }
    }

    /// `status-description` of the answer: one word for the peer.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        match self.0 {
            Ok(()) => "ok",
            Err(error) => error.public().as_str(),
        }
    }

    /// Why it was refused, for the log.
    #[must_use]
    pub const fn error(&self) -> Option<AuthError> {
        match self.0 {
            Ok(()) => None,
            Err(error) => Some(error),
        }
    }
}

impl Attach<'_> {
    /// Whether the link may be attached.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(..))
    }
}

impl fmt::Display for Attach<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(_, permit) => permit.fmt(f),
            Self::Deny(Detached::Denied(denial)) => denial.fmt(f),
            Self::Deny(Detached::NoToken) => f.write_str("no token on this connection counts now"),
        }
    }
}

impl fmt::Debug for PutToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutToken").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<K> fmt::Debug for PutQuestion<'_, '_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutQuestion").field("question", &self.question).finish_non_exhaustive()
    }
}
