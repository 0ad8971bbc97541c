//! A client of the demonstration: its messages, and the verdict of the hub.

use hubward::policy::{Decision, Operation};
use hubward::types::Identity;
use hubward::{AuthError, Credentials, SessionError};
use rustls_pki_types::CertificateDer;

use super::fixtures::{HOST, Hub};
use crate::clock::at;

/// The messages of a client.
pub(crate) enum Attempt {
    /// An MQTT CONNECT, and optionally one more packet.
    Mqtt { client_id: String, username: String, password: String, then: Option<Packet> },
    /// An MQTT CONNECT on a TLS connection with client certificates.
    MqttWithCertificates {
        id: &'static str,
        password: Option<String>,
        certificates: Vec<CertificateDer<'static>>,
    },
    /// An HTTP request.
    Http { method: &'static str, path: String, host: &'static str, authorization: String },
}

/// A packet after the CONNECT.
pub(crate) enum Packet {
    Publish(&'static str),
    Subscribe(&'static str),
}

/// The verdict of the hub.
pub(crate) enum Verdict {
    Allowed { identity: String },
    Denied { explanation: String, code: &'static str },
    Refused { explanation: String, code: &'static str },
}

impl Verdict {
    /// Returns `allow`, or the stable code of the refusal.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allow",
            Self::Denied { code, .. } | Self::Refused { code, .. } => code,
        }
    }

    /// Returns the verdict in one word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allowed",
            Self::Denied { .. } => "DENIED",
            Self::Refused { .. } => "REFUSED",
        }
    }

    /// Returns the authenticated identity, or the reason of the refusal.
    pub(crate) fn explanation(&self) -> &str {
        match self {
            Self::Allowed { identity } => identity,
            Self::Denied { explanation, .. } | Self::Refused { explanation, .. } => explanation,
        }
    }
}

impl Attempt {
    /// Sends the messages to the hub.
    pub(crate) fn run(&self, hub: &Hub<'_>) -> Verdict {
        self.authenticate(hub)
            .unwrap_or_else(|error| Verdict::Refused { explanation: error.to_string(), code: error.code() })
    }

    fn authenticate(&self, hub: &Hub<'_>) -> Result<Verdict, AuthError> {
        let mqtt_username;
        let (credentials, then) = match self {
            Self::Mqtt { client_id, username, password, then } => {
                (Credentials::mqtt(client_id, username, Some(password))?, then)
            }
            Self::MqttWithCertificates { id, password, certificates } => {
                mqtt_username = username(id);
                let credentials = Credentials::mqtt(id, &mqtt_username, password.as_deref())?;
                (credentials.with_certificates(certificates), &None)
            }
            Self::Http { method, path, host, authorization } => {
                (Credentials::http(method, path, host, Some(authorization))?, &None)
            }
        };
        let clock = || at(hub.now);
        let authenticated = hub.config.authenticate(credentials, &hub.registry, clock)?;
        let first = verdict(&authenticated.identity(), &authenticated.decision());
        let operation = match then {
            None => return Ok(first),
            Some(_) if !matches!(first, Verdict::Allowed { .. }) => return Ok(first),
            Some(Packet::Publish(topic)) => Operation::mqtt_publish(topic),
            Some(Packet::Subscribe(filter)) => Operation::mqtt_subscribe(filter),
        };
        let session = authenticated.into_session();
        match hub.config.recheck(&session, &hub.registry, clock).map_err(SessionError::from) {
            Ok(checked) => Ok(verdict(&checked.identity(), &checked.decide(&operation))),
            Err(error) => Ok(Verdict::Refused { explanation: error.to_string(), code: error.code() }),
        }
    }
}

/// Returns the MQTT username of a device or a module.
pub(crate) fn username(id: &str) -> String {
    format!("{HOST}/{id}/?api-version=2021-04-12")
}

fn verdict(identity: &Identity<'_>, decision: &Decision<'_>) -> Verdict {
    match decision {
        Decision::Allow(_) => Verdict::Allowed { identity: identity.to_string() },
        Decision::Deny(denial) => Verdict::Denied { explanation: denial.to_string(), code: denial.code() },
    }
}
