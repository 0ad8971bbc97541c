//! What a client sends, and what comes of it.

use hubward::core::Identity;
use hubward::policy::{Decision, Operation};
use hubward::{Admission, AuthError, Presented};

use super::cast::Hub;
use crate::clock::at;

/// What a client sends.
pub(crate) enum Attempt {
    /// An MQTT CONNECT, and then perhaps one packet more.
    Mqtt { client_id: String, username: String, password: String, then: Option<Packet> },
    /// An HTTP request.
    Http { method: &'static str, path: String, host: &'static str, authorization: String },
}

/// A packet after the CONNECT.
pub(crate) enum Packet {
    Publish(&'static str),
    Subscribe(&'static str),
}

/// What came of it.
pub(crate) enum Verdict {
    Allowed { who: String },
    Denied { why: String, code: &'static str },
    Refused { why: String, code: &'static str },
}

impl Verdict {
    /// `allow`, or the stable code of the refusal.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allow",
            Self::Denied { code, .. } | Self::Refused { code, .. } => code,
        }
    }

    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allowed",
            Self::Denied { .. } => "DENIED",
            Self::Refused { .. } => "REFUSED",
        }
    }

    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Allowed { who } => who,
            Self::Denied { why, .. } | Self::Refused { why, .. } => why,
        }
    }
}

impl Attempt {
    /// Sends it to the hub.
    pub(crate) fn make(&self, hub: &Hub) -> Verdict {
        self.judge(hub)
            .unwrap_or_else(|error| Verdict::Refused { why: error.to_string(), code: error.code() })
    }

    fn judge(&self, hub: &Hub) -> Result<Verdict, AuthError> {
        let (presented, then) = match self {
            Self::Mqtt { client_id, username, password, then } => {
                (Presented::mqtt(client_id, username, Some(password))?, then)
            }
            Self::Http { method, path, host, authorization } => {
                (Presented::http(method, path, host, Some(authorization))?, &None)
            }
        };
        let mut admission = Admission::start(presented, &hub.rules)?;
        let admitted = loop {
            match admission {
                Admission::Needs(question) => {
                    let found = hub.registry.find(&question.lookup());
                    admission = question.answer(found, at(hub.now))?;
                }
                Admission::Admitted(admitted) => break admitted,
            }
        };
        let first = verdict(&admitted.identity(), &admitted.decision());
        let operation = match then {
            None => return Ok(first),
            Some(_) if !matches!(first, Verdict::Allowed { .. }) => return Ok(first),
            Some(Packet::Publish(topic)) => Operation::mqtt_publish(topic),
            Some(Packet::Subscribe(filter)) => Operation::mqtt_subscribe(filter),
        };
        let session = admitted.into_session();
        Ok(verdict(&session.identity(), &session.decide(&operation)))
    }
}

fn verdict(who: &Identity<'_>, decision: &Decision<'_>) -> Verdict {
    match decision {
        Decision::Allow(_) => Verdict::Allowed { who: who.to_string() },
        Decision::Deny(denial) => Verdict::Denied { why: denial.to_string(), code: denial.code() },
    }
}
