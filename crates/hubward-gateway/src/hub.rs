//! The part that all transports share: the registry, the configuration, the connections, and every decision.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use crossbeam_utils::sync::{ShardedLock, ShardedLockReadGuard};
use hubward::policy::{Decision, Operation};
use hubward::types::{Authority, Identity, Lookup, LookupResult};
use hubward::{
    AuthError, Authenticated, Cbs, CbsRequest, CbsResponse, CheckedSession, Credentials, HubConfig,
    LinkDecision, LinkDenial, LinkRole, LinkStep, Session, SessionError, X509Config,
};
use hubward_rustcrypto::HmacKey;
use hubward_store::{FeedHealth, RowKey};

use crate::addresses::Addresses;
use crate::clock;
use crate::connections::Connections;
use crate::decision_log::{ADMISSION, SESSION, Who};
use crate::hints::Hints;
use crate::https::Scans;
use crate::limits::{Limits, Refusals};
use crate::live_config::LiveConfig;
use crate::messages::{CloudMessages, Mailboxes};
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::provisioning::Provisioning;
use crate::roster::Roster;
use crate::store::{Durable, WriteError};
use crate::wakes::Wakes;

/// The registry, with keys ready for use.
pub(crate) type Registry = hubward::registry::Registry<HmacKey>;

/// A hub: its records, its configuration and its connections.
pub(crate) struct Hub {
    config: LiveConfig,
    /// Each thread reads by a lock of its own: readers do not wait for each other's count of readers.
    registry: ShardedLock<Registry>,
    /// The durable registry, which the one above is the index of.
    durable: Option<Durable>,
    /// The provisioning service, if there is one.
    pub(crate) provisioning: Option<Arc<Provisioning>>,
    /// Wakes connections whose records have changed.
    pub(crate) wakes: Wakes,
    pub(crate) connections: Connections,
    /// The connections with their sessions, for the console.
    pub(crate) roster: Roster,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Refusals,
    /// Limits the connections of each address.
    pub(crate) addresses: Addresses,
    /// Set when the gateway is about to stop.
    draining: AtomicBool,
    pub(crate) hints: Hints,
    /// Messages from services to devices.
    pub(crate) mailboxes: Mailboxes,
    /// The turns of edge hubs that read the whole registry.
    pub(crate) scans: Scans,
    /// Whether a twin that is asked for is answered as an empty one.
    pub(crate) empty_twins: bool,
}

/// The reason why a request is refused. The log has it in full; the peer is told one word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// The peer is not authenticated.
    Unauthenticated(AuthError),
    /// The registry's store does not answer, so the records may be out of date.
    Unavailable,
    /// The peer is authenticated, and not permitted to do the operation.
    Denied,
    /// The peer is authenticated, and there is no such operation.
    UnknownOperation,
}

/// The result of a recheck.
type Rechecked<'s> = Result<CheckedSession<'s>, SessionError>;

/// The result of an operation of a connected peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionDecision {
    /// The operation is permitted.
    Allowed,
    /// The operation is denied.
    Denied,
    /// The session has ended: close the connection.
    SessionError,
}

impl Hub {
    pub(crate) fn new(config: HubConfig<HmacKey>, registry: Registry, limits: Limits) -> Self {
        let metrics = Metrics::default();
        Self {
            config: LiveConfig::new(config),
            registry: ShardedLock::new(registry),
            durable: None,
            provisioning: None,
            wakes: Wakes::default(),
            connections: Connections::default(),
            roster: Roster::default(),
            limits,
            refusals: Refusals::new(limits.refusal_delay),
            addresses: Addresses::new(limits.connections_per_address),
            draining: AtomicBool::new(false),
            hints: Hints::new(metrics.recent.clone()),
            metrics,
            mailboxes: Mailboxes::default(),
            scans: Scans::default(),
            empty_twins: false,
        }
    }

    /// Sets the durable registry whose index this hub has. Other gateways may share its seats.
    pub(crate) fn with_durable(mut self, durable: Durable, shared: bool) -> Self {
        self.durable = Some(durable);
        self.connections = if shared { Connections::shared() } else { Connections::default() };
        self
    }

    /// Returns the durable registry.
    pub(crate) fn durable(&self) -> Option<Durable> {
        self.durable.clone()
    }

    /// Sets the store of messages from services to devices, and whether twins are answered as empty ones.
    pub(crate) fn with_messages(mut self, store: Option<Arc<dyn CloudMessages>>, empty_twins: bool) -> Self {
        self.mailboxes = store.map_or_else(Mailboxes::default, Mailboxes::new);
        self.empty_twins = empty_twins;
        self
    }

    /// Ends the thread that follows a durable registry.
    pub(crate) fn stop_feed(&self) {
        if let Some(durable) = &self.durable {
            durable.stop();
        }
    }

    /// Tells load balancers by `/readyz` that the gateway is about to stop.
    pub(crate) fn set_draining(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Returns whether the gateway is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Returns what the gateway may do by the age of its index. A registry in memory is always current.
    pub(crate) fn health(&self) -> FeedHealth {
        self.durable.as_ref().map_or(FeedHealth::Current, Durable::health)
    }

    /// Authenticates a peer and decides on the operation that it requested with its credentials. `claimed` is the identity
    /// that the transport names, for the log.
    pub(crate) fn authorize<'a>(
        &'a self,
        peer: &Peer,
        operation: &Operation<'_>,
        claimed: Option<Identity<'_>>,
        credentials: Result<Credentials<'a>, AuthError>,
    ) -> Result<Session, Refusal> {
        self.require_current(peer, operation)?;
        let authenticated =
            self.authenticate(peer, operation, claimed, credentials).map_err(Refusal::Unauthenticated)?;
        let decision = authenticated.decision();
        self.log_decision(peer, authenticated.identity(), operation, &decision);
        match decision {
            Decision::Allow(_) => Ok(authenticated.into_session()),
            Decision::Deny(denial) if denial.endpoint().is_none() => Err(Refusal::UnknownOperation),
            Decision::Deny(_) => Err(Refusal::Denied),
        }
    }

    /// Authenticates a peer. A refusal is logged; the decision on an authenticated peer is left to the caller.
    pub(crate) fn authenticate<'a>(
        &'a self,
        peer: &Peer,
        operation: &Operation<'_>,
        claimed: Option<Identity<'_>>,
        credentials: Result<Credentials<'a>, AuthError>,
    ) -> Result<Authenticated<'a>, AuthError> {
        let (watch, version) = (clock::stopwatch(), self.config.version());
        let authenticated = credentials.and_then(|credentials| {
            Ok(self.config().authenticate(credentials, &self.records_for(peer), clock::now)?)
        });
        match &authenticated {
            Ok(_) => {
                self.metrics.authentication_took(watch.elapsed());
                peer.slot.set_authenticated();
                peer.chain_checked(version);
            }
            Err(error) => {
                let known = claimed.filter(|who| self.read().get(*who).is_some());
                let who = known.map_or(Who::Unknown, Who::Identity);
                self.log_refusal(peer, who, operation, ADMISSION, error.code(), format_args!("{error}"));
            }
        }
        authenticated
    }

    /// Decides on an operation of a connected peer, after a recheck of its session.
    pub(crate) fn decide(
        &self,
        peer: &Peer,
        session: &Session,
        operation: &Operation<'_>,
    ) -> SessionDecision {
        let checked = match self.recheck(peer, session) {
            Ok(checked) => checked,
            Err(error) => {
                self.log_session_error(peer, session, operation, error);
                return SessionDecision::SessionError;
            }
        };
        let decision = checked.decide(operation);
        self.log_decision(peer, session.identity(), operation, &decision);
        if decision.is_allow() { SessionDecision::Allowed } else { SessionDecision::Denied }
    }

    /// Returns whether a session is still valid after a change of the registry or at its expiry. Its end is logged.
    pub(crate) fn still_valid(&self, peer: &Peer, session: &Session, operation: &Operation<'_>) -> bool {
        let error = self.recheck(peer, session).err();
        if let Some(error) = error {
            self.log_session_error(peer, session, operation, error);
        }
        error.is_none()
    }

    /// Rechecks a session against the records and the configuration of this moment. The chain of its certificate is
    /// verified once for each version of the configuration.
    pub(crate) fn recheck<'s>(&self, peer: &Peer, session: &'s Session) -> Rechecked<'s> {
        let watch = clock::stopwatch();
        let (version, config) = (self.config.version(), self.config());
        let checked = config.recheck(session, &self.records_of_sessions(), clock::now)?;
        if !peer.is_chain_checked(version) {
            config.recheck_revocation(session, &peer.certificates, clock::now())?;
            peer.chain_checked(version);
        }
        self.metrics.recheck_took(watch.elapsed());
        Ok(checked)
    }

    /// Authenticates the token of a CBS request. `claimed` is the identity that it is put for, for the log, which has
    /// either result.
    pub(crate) fn put_token(
        &self,
        peer: &Peer,
        claimed: Option<Lookup<'_>>,
        request: CbsRequest<'_>,
        cbs: &mut Cbs,
    ) -> CbsResponse {
        let operation = Operation::amqp_send("cbs");
        let watch = clock::stopwatch();
        let Ok(reply) = self.config().put_token(cbs, request, &self.records_for(peer), clock::now);
        match (reply.error(), cbs.sessions().last()) {
            (None, Some(session)) => {
                self.metrics.authentication_took(watch.elapsed());
                peer.slot.set_authenticated();
                self.log_authenticated(peer, session.identity(), &operation);
            }
            (error, _) => {
                let error = error.unwrap_or(AuthError::Unknown);
                let registry = self.read();
                let who = match claimed.map(|claimed| registry.find(&claimed, &[])) {
                    Some(LookupResult::Identity(record)) => Who::Identity(record.identity()),
                    _ => Who::Unknown,
                };
                self.log_refusal(peer, who, &operation, ADMISSION, error.code(), format_args!("{error}"));
            }
        }
        reply
    }

    /// Decides on the address of a link, by the sessions of its connection and, for a policy's token for many devices, by
    /// the record of the device. Returns the path of the address: the caller decides on it and logs that. A refusal
    /// here is logged.
    pub(crate) fn link_path(
        &self,
        peer: &Peer,
        cbs: &mut Cbs,
        role: LinkRole,
        address: &str,
    ) -> Option<Box<str>> {
        let requested = match role {
            LinkRole::Sender => Operation::amqp_send(address),
            LinkRole::Receiver => Operation::amqp_receive(address),
        };
        let step = cbs.may_attach(role, address, &self.config(), |session| {
            let checked = self.recheck(peer, session);
            checked.map_err(|error| self.log_session_error(peer, session, &requested, error)).ok()
        });
        let decision = match step {
            LinkStep::Decided(decision) => decision,
            LinkStep::NeedsLookup(pending) => {
                let records = self.records_for(peer);
                let found = records.result(&pending.lookup(), &[]);
                pending.resume(&found, clock::now())
            }
        };
        match decision {
            LinkDecision::Allow(_, grant) => Some(grant.operation().address().into()),
            LinkDecision::Deny(LinkDenial::Denied(denial)) => {
                let operation = denial.operation();
                self.log_decision(peer, denial.subject().identity(), operation, &Decision::Deny(denial));
                None
            }
            LinkDecision::Deny(denial) => {
                match denial {
                    LinkDenial::NoToken => self.log_unauthenticated(peer, &requested),
                    denial => {
                        let reason = format_args!("{denial}");
                        self.log_refusal(peer, Who::Unknown, &requested, SESSION, denial.code(), reason);
                    }
                }
                None
            }
        }
    }

    /// Refuses a request, and logs it, while the registry may be outdated.
    pub(crate) fn require_current(&self, peer: &Peer, operation: &Operation<'_>) -> Result<(), Refusal> {
        if self.health() == FeedHealth::Current {
            return Ok(());
        }
        let reason = format_args!("the registry's store does not answer");
        self.log_refusal(peer, Who::Unknown, operation, ADMISSION, "unavailable", reason);
        Err(Refusal::Unavailable)
    }

    /// Delays the answer to a peer that was refused.
    pub(crate) async fn slow(&self, peer: &Peer) {
        if self.refusals.slow(peer.address.ip()).await {
            self.metrics.slowed.add(1);
        }
    }

    /// Returns the metrics in Prometheus' text format.
    pub(crate) fn counters(&self) -> String {
        self.metrics.text(self.connections.len())
    }

    /// Locks the registry for reading.
    pub(crate) fn read(&self) -> ShardedLockReadGuard<'_, Registry> {
        // a change that panics half way has changed the record version first, so that earlier sessions end
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the registry, and notifies every connection to recheck its session.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> T {
        let done = self.apply(change);
        self.wakes.wake_all();
        done
    }

    /// Returns the configuration of this moment.
    pub(crate) fn config(&self) -> HubConfig<HmacKey> {
        self.config.get()
    }

    /// Changes the other names of the hub.
    pub(crate) fn set_aliases(&self, aliases: Vec<Authority<'_>>) {
        self.config.set_aliases(aliases);
    }

    /// Changes the certificate authorities of devices and the revocation lists, and notifies every connection to recheck
    /// its session.
    pub(crate) fn set_x509(&self, x509: X509Config) {
        if let Some(provisioning) = &self.provisioning {
            provisioning.set_x509(x509.clone());
        }
        self.config.set_x509(x509);
        self.wakes.wake_all();
    }

    /// Changes the registry, and wakes no connection: the caller does.
    pub(crate) fn apply<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> T {
        change(&mut self.registry.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the registry, and notifies every connection to recheck its session.
    pub(crate) fn replace(&self, registry: Registry) {
        let former = self.apply(|current| core::mem::replace(current, registry));
        self.wakes.wake_all();
        // erases its keys, which takes long, without the lock
        drop(former);
    }

    /// Makes a change of the records with these keys, in the store if there is one. It is durable and visible on this
    /// gateway when this returns.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        keys: Vec<RowKey>,
        mut apply: impl FnMut(&mut Registry) -> T + Send + 'static,
    ) -> Result<T, WriteError> {
        match &self.durable {
            Some(durable) => durable.write(keys, apply).await,
            None => Ok(self.change(|registry| apply(registry))),
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("config", &self.config()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
