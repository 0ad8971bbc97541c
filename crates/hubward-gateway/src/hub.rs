//! What all transports share: the registry, the rules, who is connected, and every decision.

use core::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use hubward::policy::{Decision, Operation};
use hubward::types::{Identity, Lookup, LookupResult, SymmetricKey, UnixTime};
use hubward::{
    AuthError, Authenticated, AuthenticationStep, Cbs, CbsRequest, CbsResponse, CbsStep, Credentials,
    HubConfig, Session, SessionError,
};
use hubward_rustcrypto::HmacKey;
use tokio::sync::watch;

use crate::amqp::Mailboxes;
use crate::clock;
use crate::connections::Connections;
use crate::decision_log::{ADMISSION, Entry, SESSION, Who, record};
use crate::https::Users;
use crate::limits::{Limits, Refusals};
use crate::metrics::Metrics;
use crate::peer::Peer;

/// The registry, with keys ready for use.
pub(crate) type Registry = hubward::registry::Registry<HmacKey>;

/// A hub.
pub(crate) struct Hub {
    rules: HubConfig<'static, HmacKey>,
    registry: RwLock<Registry>,
    /// Who is admitted with a bearer token, if anybody.
    pub(crate) users: Option<Users>,
    /// Wakes every connection when the registry has changed.
    changes: watch::Sender<()>,
    pub(crate) connections: Connections,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Refusals,
    /// Devices that listen for messages.
    pub(crate) mailboxes: Mailboxes,
}

/// Why somebody is not let in. What it says is in the log; the peer gets a word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// Nobody is proven.
    Unproven(AuthError),
    /// Somebody is proven, and may not do what was asked for.
    Denied,
    /// Somebody is proven, and there is no such operation.
    UnknownOperation,
}

/// What came of a connected peer's operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It may go on.
    Allowed,
    /// It may not.
    Denied,
    /// The session is over: close the connection.
    SessionError,
}

impl Hub {
    pub(crate) fn new(
        rules: HubConfig<'static, HmacKey>,
        registry: Registry,
        users: Option<Users>,
        limits: Limits,
    ) -> Self {
        Self {
            rules,
            users,
            registry: RwLock::new(registry),
            changes: watch::Sender::new(()),
            connections: Connections::default(),
            limits,
            metrics: Metrics::default(),
            refusals: Refusals::new(limits.refusal_delay),
            mailboxes: Mailboxes::default(),
        }
    }

    /// Judges a credential, and the decision on what is asked for by presenting it. `claimed` is whom the transport
    /// names, for the log.
    pub(crate) fn enter<'a>(
        &'a self,
        peer: &Peer,
        operation: &Operation<'_>,
        claimed: Option<Identity<'_>>,
        presented: Result<Credentials<'a>, AuthError>,
    ) -> Result<Session, Refusal> {
        let admitted = self.prove(peer, operation, claimed, presented).map_err(Refusal::Unproven)?;
        let decision = admitted.decision();
        record(&self.metrics, &Entry::of(peer, admitted.identity(), operation, &decision));
        match decision {
            Decision::Allow(_) => Ok(admitted.into_session()),
            Decision::Deny(denial) if denial.endpoint().is_none() => Err(Refusal::UnknownOperation),
            Decision::Deny(_) => Err(Refusal::Denied),
        }
    }

    /// Judges a credential. A refusal is logged; of somebody proven the decision is the caller's to make.
    pub(crate) fn prove<'a>(
        &'a self,
        peer: &Peer,
        operation: &Operation<'_>,
        claimed: Option<Identity<'_>>,
        presented: Result<Credentials<'a>, AuthError>,
    ) -> Result<Authenticated<'a>, AuthError> {
        let watch = clock::stopwatch();
        let admitted = presented.and_then(|presented| self.admit(presented, clock::now()));
        match &admitted {
            Ok(_) => {
                self.metrics.admission_took(watch.elapsed());
                peer.place.proven();
            }
            Err(error) => {
                let known = claimed.filter(|who| self.read().get(*who).is_some());
                let who = known.map_or(Who::Nobody, Who::Identity);
                self.refused(peer, who, operation, ADMISSION, error.code(), format_args!("{error}"));
            }
        }
        admitted
    }

    fn admit<'a>(
        &'a self,
        presented: Credentials<'a>,
        now: UnixTime,
    ) -> Result<Authenticated<'a>, AuthError> {
        let mut question = presented.start(&self.rules)?;
        loop {
            let registry = self.read();
            let found = registry.find_issued(&question.lookup(), question.issuers());
            match question.resume(found, now)? {
                AuthenticationStep::NeedsLookup(next) => question = next,
                AuthenticationStep::Authenticated(admitted) => return Ok(admitted),
            }
        }
    }

    /// The decision on what a connected peer asks for, after a recheck of its session.
    pub(crate) fn judge(&self, peer: &Peer, session: &Session, operation: &Operation<'_>) -> Judged {
        if let Err(ended) = self.recheck(session) {
            self.ended(peer, session, operation, ended);
            return Judged::SessionError;
        }
        let decision = session.decide(operation);
        record(&self.metrics, &Entry::of(peer, session.identity(), operation, &decision));
        if decision.is_allow() { Judged::Allowed } else { Judged::Denied }
    }

    /// Whether a session still holds, now that the registry has changed or its time has come. Its end is logged.
    pub(crate) fn still(&self, peer: &Peer, session: &Session, operation: &Operation<'_>) -> bool {
        let ended = self.recheck(session).err();
        if let Some(ended) = ended {
            self.ended(peer, session, operation, ended);
        }
        ended.is_none()
    }

    fn ended(&self, peer: &Peer, session: &Session, operation: &Operation<'_>, ended: SessionError) {
        let who = Who::Identity(session.identity());
        self.refused(peer, who, operation, SESSION, ended.code(), format_args!("{ended}"));
    }

    fn recheck(&self, session: &Session) -> Result<(), SessionError> {
        let registry = self.read();
        let answers: Vec<LookupResult<'_, HmacKey>> =
            session.lookups().map(|lookup| registry.find_issued(&lookup, session.issuers())).collect();
        session.recheck(&answers, clock::now())
    }

    /// Judges a token that is put on an AMQP connection. `claimed` is whom it is put for, for the log: either outcome is
    /// in it.
    pub(crate) fn put(
        &self,
        peer: &Peer,
        claimed: Option<Lookup<'_>>,
        put: CbsRequest<'_>,
        cbs: &mut Cbs,
    ) -> CbsResponse {
        let operation = Operation::amqp_send("cbs");
        let watch = clock::stopwatch();
        let now = clock::now();
        let mut step = cbs.put_token(put, &self.rules);
        let reply = loop {
            match step {
                CbsStep::NeedsLookup(question) => {
                    let (registry, whose) = (self.read(), question.lookup());
                    step = question.resume(registry.find(&whose), now);
                }
                CbsStep::Replied(reply) => break reply,
            }
        };
        match (reply.error(), cbs.sessions().last()) {
            (None, Some(session)) => {
                self.metrics.admission_took(watch.elapsed());
                peer.place.proven();
                self.admitted(peer, session.identity(), &operation);
            }
            (error, _) => {
                let error = error.unwrap_or(AuthError::Unknown);
                let registry = self.read();
                let who = match claimed.map(|claimed| registry.find(&claimed)) {
                    Some(LookupResult::Identity(record)) => Who::Identity(record.identity()),
                    _ => Who::Nobody,
                };
                self.refused(peer, who, &operation, ADMISSION, error.code(), format_args!("{error}"));
            }
        }
        reply
    }

    /// Somebody is proven, on a transport where that by itself asks for nothing.
    pub(crate) fn admitted(&self, peer: &Peer, who: Identity<'_>, operation: &Operation<'_>) {
        let entry = Entry {
            peer,
            who: Who::Identity(who),
            operation,
            allow: true,
            rule: ADMISSION,
            code: "admitted",
            reason: None,
        };
        record(&self.metrics, &entry);
    }

    /// Somebody asks for what only those may do who are proven.
    pub(crate) fn unproven(&self, peer: &Peer, operation: &Operation<'_>) {
        let error = AuthError::NoCredential;
        self.refused(peer, Who::Nobody, operation, SESSION, error.code(), format_args!("{error}"));
    }

    /// What a peer sent cannot be read, and nobody is proven.
    pub(crate) fn malformed(&self, peer: &Peer, operation: &Operation<'_>) {
        let reason = format_args!("what came before any credential is not of the protocol");
        self.refused(peer, Who::Nobody, operation, ADMISSION, "malformed", reason);
    }

    /// Lets a peer that was refused wait for its answer.
    pub(crate) async fn slow(&self, peer: &Peer) {
        if self.refusals.slow(peer.address.ip()).await {
            self.metrics.slowed.add(1);
        }
    }

    fn refused(
        &self,
        peer: &Peer,
        who: Who<'_>,
        operation: &Operation<'_>,
        rule: &str,
        code: &'static str,
        reason: fmt::Arguments<'_>,
    ) {
        let reason = Some(reason);
        record(&self.metrics, &Entry { peer, who, operation, allow: false, rule, code, reason });
    }

    /// The counters, in Prometheus' text format.
    pub(crate) fn counters(&self) -> String {
        self.metrics.text(self.connections.len())
    }

    /// The registry, to read.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Registry> {
        // a change that stops half way has changed the stamp first: whatever was proven before is over
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the registry; every connection rechecks its session then.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> T {
        let done = change(&mut self.registry.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_replace(());
        done
    }

    /// Hears of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}

/// A new decoy key, that nobody holds.
pub(crate) fn decoy() -> Result<HmacKey, getrandom::Error> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    // 32 bytes are a key's length
    let key = SymmetricKey::from_bytes(&*bytes).map_err(|_| getrandom::Error::UNEXPECTED)?;
    Ok(HmacKey::new(&key))
}

/// A hub's name that lives as long as the process: a server has one, and it is made at the start.
pub(crate) fn leaked(name: &str) -> &'static str {
    Box::leak(name.into())
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("rules", &self.rules).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hubward::Client;
    use hubward::policy::Transport;
    use hubward::registry::{Authentication, SymmetricKeys};
    use hubward::types::{Authority, DeviceId, HostName, Status};

    use super::*;
    use crate::places::Place;

    #[test]
    fn a_decision_rests_on_what_the_registry_says_now() {
        let key = || HmacKey::from_bytes(&[7; 32]);
        let device = DeviceId::parse("dev1").unwrap();
        let mut registry = Registry::new();
        registry.create_device(device, Authentication::Sas(SymmetricKeys::one(key()))).unwrap();
        let rules = HubConfig::new(HostName::parse("hub.example").unwrap(), decoy().unwrap());
        let hub = Hub::new(rules, registry, None, Limits::default());
        let address = ([127, 0, 0, 1], 1).into();
        let place = Place::alone();
        let peer = Peer { transport: Transport::Mqtt, address, certificates: Vec::new(), place };

        let client = Client::device(Authority::parse("hub.example").unwrap(), device);
        let until = UnixTime::since_unix_epoch(Duration::from_secs(clock::now().as_secs() + 600));
        let (username, token) =
            (client.mqtt_username().to_string(), client.token(until).sign(&key()).to_string());
        let presented = Credentials::mqtt("dev1", &username, Some(&token));
        let session = hub.enter(&peer, &Operation::mqtt_connect(), None, presented).unwrap();

        // nobody wakes it: it is the decision that asks again
        let own = Operation::mqtt_publish("devices/dev1/messages/events/");
        assert_eq!(hub.judge(&peer, &session, &own), Judged::Allowed);
        hub.change(|registry| registry.set_status(device, Status::Disabled)).unwrap();
        assert_eq!(hub.judge(&peer, &session, &own), Judged::SessionError);
        hub.change(|registry| registry.set_status(device, Status::Enabled)).unwrap();
        assert_eq!(hub.judge(&peer, &session, &own), Judged::Allowed);
    }
}
