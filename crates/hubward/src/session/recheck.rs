//! The recheck of a session against the records of this moment. Only a session that passed it can decide.

use core::fmt;

use hubward_core::{
    Identity, IdentityRecord, Lookup, LookupResult, Permissions, RecordVersion, ResourcePath, Segment,
    Status, UnixTime,
};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};

use super::Session;
use crate::config::X509Config;
use crate::error::SessionError;

/// A session that was valid by the records of this moment. It decides on operations: drop it after the decision, and
/// recheck the session again before the next one.
///
/// Only [`Session::recheck`] and [`HubConfig::recheck`](crate::HubConfig::recheck) create one.
///
/// ```compile_fail,E0451
/// # use hubward::{CheckedSession, Session};
/// fn unchecked(session: &Session) -> CheckedSession<'_> {
///     CheckedSession { session }
/// }
/// ```
#[derive(Clone, Copy)]
#[must_use = "a session that passed the recheck has decided nothing yet"]
pub struct CheckedSession<'s> {
    session: &'s Session,
}

impl<'s> CheckedSession<'s> {
    /// Only for a session that passed the recheck, or was opened, in the same call.
    pub(crate) const fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &'s Session {
        self.session
    }

    /// Returns the authenticated identity.
    #[must_use]
    pub fn identity(&self) -> Identity<'s> {
        self.session.identity()
    }

    /// Decides on an operation by what the session proved when it was opened.
    pub fn decide(&self, operation: &Operation<'s>) -> Decision<'s> {
        let session = self.session;
        let (granted, scope) = match session.resource.as_deref().map(ResourcePath::parse) {
            None => (session.granted, Scope::Own),
            Some(Ok(resource)) => (session.granted, Scope::Resource(resource)),
            // the text was parsed before, so this cannot happen; without a scope there are no permissions
            Some(Err(_)) => (Permissions::empty(), Scope::Own),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "this identity was verified when the session was opened"
        )]
        let subject = Subject::assertion(session.identity(), granted, scope).without_device();
        decide(&subject, operation)
    }
}

impl Session {
    /// Checks that the session is still valid, by a result for each of [`Session::requests`], in the same order: its token
    /// or certificate has not expired, no record was deleted, created again or disabled, and the credentials and permissions
    /// that it rests on were not withdrawn. [`HubConfig::recheck`](crate::HubConfig::recheck) does the lookups itself.
    ///
    /// # Errors
    /// [`SessionError`] with the reason: close the connection.
    pub fn recheck<K>(
        &self,
        answers: &[LookupResult<'_, K>],
        now: UnixTime,
    ) -> Result<CheckedSession<'_>, SessionError> {
        self.require_unexpired(now)?;
        let mut check = RecordCheck::new(self);
        let mut answers = answers.iter();
        for lookup in self.lookups() {
            check.next(&lookup, answers.next().ok_or(SessionError::RecordMismatch)?)?;
        }
        if answers.next().is_some() {
            Err(SessionError::RecordMismatch)
        } else {
            Ok(CheckedSession::new(self))
        }
    }

    /// Checks that the authority which issued the certificate, if one did, is still registered. Call it when the
    /// registered authorities change. [`HubConfig::recheck`](crate::HubConfig::recheck) includes it.
    ///
    /// # Errors
    /// [`SessionError::AuthorityRemoved`]: close the connection.
    pub fn recheck_authority(&self, rules: &X509Config) -> Result<(), SessionError> {
        match self.issuers.last() {
            Some(authority) if !rules.has_anchor(authority) => Err(SessionError::AuthorityRemoved),
            _ => Ok(()),
        }
    }

    pub(super) const fn require_unexpired(&self, now: UnixTime) -> Result<(), SessionError> {
        if self.until < now.as_secs() {
            return Err(SessionError::Expired { until: self.until, now: now.as_secs() });
        }
        Ok(())
    }
}

/// The check of one record after the other, in the order of [`Session::lookups`].
pub(super) struct RecordCheck<'s> {
    session: &'s Session,
    /// The edge device whose edge hub's record comes next.
    actor: Option<Segment<'s>>,
}

impl<'s> RecordCheck<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self { session, actor: session.actor() }
    }

    pub(super) fn next<K>(
        &mut self,
        lookup: &Lookup<'_>,
        found: &LookupResult<'_, K>,
    ) -> Result<(), SessionError> {
        let session = self.session;
        match (lookup, found) {
            (_, LookupResult::NotFound) => Err(SessionError::Deleted),
            (Lookup::Policy(_), LookupResult::Policy(policy))
                if lookup.is(&Identity::Policy(policy.name())) =>
            {
                require_same_version(session.versions.signer, policy.version())?;
                if policy.rights().contains(session.granted) {
                    Ok(())
                } else {
                    Err(SessionError::RightsReduced)
                }
            }
            (Lookup::Device(_) | Lookup::Module(..), LookupResult::Identity(record))
                if lookup.is(&record.identity()) =>
            {
                // with an actor, the edge hub's record is the first of the two
                match self.actor.take() {
                    Some(_) => session.recheck_edge_hub(record),
                    None => session.recheck_identity(record),
                }
            }
            _ => Err(SessionError::RecordMismatch),
        }
    }
}

impl Session {
    fn recheck_identity<K>(&self, record: &IdentityRecord<'_, K>) -> Result<(), SessionError> {
        match self.versions.identity {
            // the identity's own key or certificate was verified
            None => self.recheck_credential(record)?,
            // a policy's or an edge hub's key was verified, so the identity's own may change
            Some(version) if version.generation() != record.version().generation() => {
                return Err(SessionError::Recreated);
            }
            Some(_) => {}
        }
        if self.actor().is_some_and(|actor| !record.has_ancestor(&actor)) {
            return Err(SessionError::NotInHierarchy);
        }
        require_enabled(record.status())
    }

    fn recheck_edge_hub<K>(&self, record: &IdentityRecord<'_, K>) -> Result<(), SessionError> {
        self.recheck_credential(record)?;
        require_enabled(record.status())
    }

    /// Checks that the record still has the credential that was verified.
    fn recheck_credential<K>(&self, record: &IdentityRecord<'_, K>) -> Result<(), SessionError> {
        if record.has_version(self.versions.signer) {
            Ok(())
        } else {
            require_same_version(self.versions.signer, record.version())
        }
    }
}

const fn require_enabled(status: Status) -> Result<(), SessionError> {
    match status {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(SessionError::Disabled),
    }
}

fn require_same_version(then: RecordVersion, now: RecordVersion) -> Result<(), SessionError> {
    if then == now {
        Ok(())
    } else if then.generation() == now.generation() {
        Err(SessionError::KeysReplaced)
    } else {
        Err(SessionError::Recreated)
    }
}

impl fmt::Debug for CheckedSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedSession").field("identity", &self.identity()).finish_non_exhaustive()
    }
}
