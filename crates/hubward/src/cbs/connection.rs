//! The verified identities of one AMQP connection.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::UnixTime;

use crate::error::AuthError;
use crate::session::Session;
use crate::transport::auth_chain::edge_hub;

/// The default maximum number of identities on one connection. [`Cbs::with_limit`] sets another.
pub const MAX_IDENTITIES: usize = 128;

/// The sessions of one connection: of the tokens that were put on it and verified, and of the SASL exchange that opened
/// it. It holds neither tokens nor keys.
///
/// ```
/// use hubward::{LinkDecision, Cbs, LinkDenial, LinkRole};
/// use hubward::types::UnixTime;
///
/// let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
/// let cbs = Cbs::new();
/// // no token was put, so no link is permitted
/// let attach = cbs.may_attach(LinkRole::Sender, "/devices/pump-7/messages/events", now);
/// assert!(matches!(attach, LinkDecision::Deny(LinkDenial::NoToken)));
/// ```
#[derive(Debug)]
pub struct Cbs {
    pub(super) entries: Vec<Entry>,
    limit: usize,
    /// `true` if a certificate opened the connection.
    pub(super) by_certificate: bool,
}

/// One verified token.
#[derive(Debug)]
pub(super) struct Entry {
    /// The resource that a policy's token was put for; another token for it replaces this one. `None` for a device or a
    /// module, whose token is replaced by another one for the same identity.
    pub(super) audience: Option<Box<str>>,
    pub(super) session: Session,
}

impl Cbs {
    /// Creates a connection without identities, with a limit of [`MAX_IDENTITIES`].
    #[must_use]
    pub const fn new() -> Self {
        Self::with_limit(MAX_IDENTITIES)
    }

    /// Creates a connection without identities, with a limit of `limit`.
    #[must_use]
    pub const fn with_limit(limit: usize) -> Self {
        Self { entries: Vec::new(), limit, by_certificate: false }
    }

    /// Adds the session of the SASL exchange: PLAIN with a token, or EXTERNAL with a certificate. It permits links as a
    /// session of a token that was put does. After a certificate, tokens can be put only with
    /// [`BothCredentials::TokenWins`](crate::BothCredentials::TokenWins).
    #[must_use]
    pub fn with_session(mut self, session: Session) -> Self {
        self.by_certificate |= session.is_by_certificate();
        self.entries.push(Entry { audience: None, session });
        self
    }

    /// Returns the sessions in the order in which they were added, expired ones included.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.entries.iter().map(|entry| &entry.session)
    }

    /// Keeps the sessions for which `is_valid` returns `true`, as [`Session::recheck`] determines. Detach the links of
    /// the removed sessions.
    pub fn retain(&mut self, mut is_valid: impl FnMut(&Session) -> bool) {
        self.entries.retain(|entry| is_valid(&entry.session));
    }

    /// Adds an entry in place of the one for the same identity or audience, and removes expired ones.
    pub(super) fn add(&mut self, entry: Entry, now: UnixTime) -> Result<(), AuthError> {
        self.entries.retain(|other| other.session.until() >= now.as_secs() && !other.is_replaced_by(&entry));
        if self.entries.len() >= self.limit {
            return Err(AuthError::TooManyIdentities);
        }
        if entry.session.is_by_own_token() {
            for other in &mut self.entries {
                let actor = other.session.actor().map(edge_hub);
                if actor.is_some_and(|actor| actor.is(&entry.session.identity())) {
                    other.session.renew(&entry.session);
                }
            }
        }
        self.entries.push(entry);
        Ok(())
    }
}

impl Default for Cbs {
    fn default() -> Self {
        Self::new()
    }
}

impl Entry {
    fn is_replaced_by(&self, other: &Self) -> bool {
        match (&self.audience, &other.audience) {
            (None, None) => self.session.identity() == other.session.identity(),
            (Some(own), Some(other)) => own == other,
            _ => false,
        }
    }
}
