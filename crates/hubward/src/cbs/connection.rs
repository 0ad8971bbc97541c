//! The verified identities of one AMQP connection.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::{Identity, UnixTime};

use super::bearer::CbsUser;
use crate::error::AuthError;
use crate::session::Session;
use crate::transport::auth_chain::edge_hub;

/// The default maximum number of identities on one connection. [`Cbs::with_limit`] sets another.
pub const MAX_IDENTITIES: usize = 128;

/// The sessions of one connection: of the tokens that were put on it and verified, and of the SASL exchange that opened
/// it. It holds neither tokens nor keys.
///
/// ```
/// use hubward::types::{HostName, SymmetricKey};
/// use hubward::{Cbs, HubConfig, LinkDecision, LinkDenial, LinkRole, LinkStep};
/// use hubward_rustcrypto::HmacKey;
///
/// let dummy_key = HmacKey::new(&SymmetricKey::generate(getrandom::fill)?);
/// let config = HubConfig::new(HostName::parse("contoso.example")?, dummy_key);
/// let mut cbs = Cbs::new();
/// // no token was put, so no link is permitted
/// let step = cbs.may_attach(LinkRole::Sender, "/devices/pump-7/messages/events", &config, |_| None);
/// assert!(matches!(step, LinkStep::Decided(LinkDecision::Deny(LinkDenial::NoToken))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Cbs {
    pub(super) entries: Vec<Entry>,
    pub(super) users: Vec<CbsUser>,
    pub(super) limit: usize,
    /// `true` if a certificate opened the connection.
    pub(super) by_certificate: bool,
}

/// One verified token.
#[derive(Debug)]
pub(super) struct Entry {
    /// The resource that a policy's token was put for; another token for it replaces this one. `None` for a device or a
    /// module, whose token is replaced by another one for the same identity.
    pub(super) audience: Option<Box<str>>,
    /// The token from which the session is derived, if a policy's token for many devices opened it.
    pub(super) source: Option<PolicySource>,
    pub(super) session: Session,
}

/// A policy's token for many devices.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PolicySource {
    /// The policy.
    pub(super) policy: Box<str>,
    /// The resource that the token was put for; `None` for the token of SASL PLAIN.
    pub(super) audience: Option<Box<str>>,
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
        Self { entries: Vec::new(), users: Vec::new(), limit, by_certificate: false }
    }

    /// Adds the session of the SASL exchange: PLAIN with a token, or EXTERNAL with a certificate. It permits links as a
    /// session of a token that was put does. After a certificate, tokens can be put only with
    /// [`BothCredentials::TokenWins`](crate::BothCredentials::TokenWins).
    #[must_use]
    pub fn with_session(mut self, session: Session) -> Self {
        self.by_certificate |= session.is_by_certificate();
        self.entries.push(Entry { audience: None, source: None, session });
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
        self.entries.retain(|other| other.session.until() >= now && !other.is_replaced_by(&entry));
        // the devices of a policy's token follow the new token for the same name, if the same policy signed it
        if let Some(source) = entry.as_source() {
            self.entries.retain_mut(|other| match &other.source {
                Some(own) if own.audience == source.audience => {
                    let renewed = *own == source && entry.session.connects_devices();
                    if renewed {
                        other.session.renew(&entry.session);
                    }
                    renewed
                }
                _ => true,
            });
        }
        self.make_room(now)?;
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

    /// Removes what has expired, and checks that the connection may have one identity more.
    pub(super) fn make_room(&mut self, now: UnixTime) -> Result<(), AuthError> {
        self.entries.retain(|entry| entry.session.until() >= now);
        self.users.retain(|user| user.is_valid(now));
        let count = self.entries.len().saturating_add(self.users.len());
        if count < self.limit { Ok(()) } else { Err(AuthError::TooManyIdentities) }
    }
}

impl Default for Cbs {
    fn default() -> Self {
        Self::new()
    }
}

impl Entry {
    /// Returns the source of the sessions that a policy's token opens.
    pub(super) fn as_source(&self) -> Option<PolicySource> {
        match self.session.identity() {
            Identity::Policy(name) => {
                Some(PolicySource { policy: name.as_str().into(), audience: self.audience.clone() })
            }
            _ => None,
        }
    }

    fn is_replaced_by(&self, other: &Self) -> bool {
        match (&self.audience, &other.audience) {
            (None, None) => self.session.identity() == other.session.identity(),
            (Some(own), Some(other)) => own == other,
            _ => false,
        }
    }
}
