//! What a client sends, and what comes of it.

use hubward::policy::{Decision, Operation};
use hubward::types::Identity;
use hubward::{AuthError, AuthenticationStep, Credentials};
use rustls_pki_types::CertificateDer;

use super::cast::{HOST, Hub};
use crate::clock::at;

/// What a client sends.
pub(crate) enum Attempt {
    /// An MQTT CONNECT, and then perhaps one packet more.
    Mqtt { client_id: String, username: String, password: String, then: Option<Packet> },
    /// An MQTT CONNECT on a connection on which certificates were shown.
    MqttShowing { id: &'static str, password: Option<String>, certificates: Vec<CertificateDer<'static>> },
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
    pub(crate) fn make(&self, hub: &Hub<'_>) -> Verdict {
        self.judge(hub)
            .unwrap_or_else(|error| Verdict::Refused { why: error.to_string(), code: error.code() })
    }

    fn judge(&self, hub: &Hub<'_>) -> Result<Verdict, AuthError> {
        let showing;
        let (presented, then) = match self {
            Self::Mqtt { client_id, username, password, then } => {
                (Credentials::mqtt(client_id, username, Some(password))?, then)
            }
            Self::MqttShowing { id, password, certificates } => {
                showing = username(id);
                let presented = Credentials::mqtt(id, &showing, password.as_deref())?;
                (presented.with_certificates(certificates), &None)
            }
            Self::Http { method, path, host, authorization } => {
                (Credentials::http(method, path, host, Some(authorization))?, &None)
            }
        };
        let mut question = presented.start(&hub.rules)?;
        let admitted = loop {
            let found = hub.registry.find_issued(&question.lookup(), question.issuers());
            match question.resume(found, at(hub.now))? {
                AuthenticationStep::NeedsLookup(next) => question = next,
                AuthenticationStep::Authenticated(admitted) => break admitted,
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

/// The MQTT username of a device or a module.
pub(crate) fn username(id: &str) -> String {
    format!("{HOST}/{id}/?api-version=2021-04-12")
}

fn verdict(who: &Identity<'_>, decision: &Decision<'_>) -> Verdict {
    match decision {
        Decision::Allow(_) => Verdict::Allowed { who: who.to_string() },
        Decision::Deny(denial) => Verdict::Denied { why: denial.to_string(), code: denial.code() },
    }
}
