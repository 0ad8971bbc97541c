//! Explains a pasted CONNECT, request or SASL exchange: the verdict that a peer would get, with the reason.
//!
//! It authenticates by the records of the moment and decides as for a peer, and does nothing else: no session is opened,
//! no seat is taken, and nothing that was pasted is kept or logged.

use std::borrow::Cow;

use axum::http::Uri;
use hubward::policy::{Decision, Operation};
use hubward::types::Hint;
use hubward::{AuthError, CertificateDer, Credentials, UserDecision, explain};
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use super::Console;
use crate::clock;
use crate::decision_log::{ADMISSION, Who};
use crate::hub::Hub;
use crate::listener::CHAIN_BYTES;
use crate::roster::SessionEntry;
use crate::users::Users;

/// The pasted texts. Certificates are in PEM, the client's own first; that the client has their key is assumed.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Pasted<'t> {
    /// An MQTT CONNECT.
    Mqtt {
        #[serde(borrow)]
        client_id: Cow<'t, str>,
        #[serde(borrow)]
        username: Cow<'t, str>,
        #[serde(borrow, default)]
        password: Option<Cow<'t, str>>,
        #[serde(borrow, default)]
        certificates: Option<Cow<'t, str>>,
    },
    /// An HTTP request: its first line and its headers.
    Http {
        #[serde(borrow)]
        request: Cow<'t, str>,
        #[serde(borrow, default)]
        certificates: Option<Cow<'t, str>>,
    },
    /// SASL PLAIN of AMQP.
    Amqp {
        #[serde(borrow)]
        username: Cow<'t, str>,
        #[serde(borrow)]
        password: Cow<'t, str>,
    },
}

/// The verdict on what was pasted.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    verdict: &'static str,
    /// The authenticated identity.
    who: Option<String>,
    credential: Option<String>,
    until: Option<String>,
    what: String,
    rule: String,
    code: &'static str,
    sentence: String,
    hint: Option<HintText>,
}

/// A hint with its code.
#[derive(Debug, Serialize)]
pub(super) struct HintText {
    pub(super) code: &'static str,
    pub(super) sentence: String,
}

/// The reason why a text has no verdict; it has no part of the text.
pub(super) type NotJudged = &'static str;

const REGISTRATION: NotJudged = "this is for the provisioning service, which is not explained here: `hubward diagnose dps` judges a registration";

/// Returns the verdict.
pub(super) fn judge(console: &Console, pasted: &Pasted<'_>) -> Result<Verdict, NotJudged> {
    let hub = &*console.hub;
    match pasted {
        Pasted::Mqtt { client_id, username, password, certificates } => {
            if hub.provisioning.is_some() && username.split('/').nth(1) == Some("registrations") {
                return Err(REGISTRATION);
            }
            let chain = chain(certificates.as_deref())?;
            let credentials = Credentials::mqtt(client_id, username, password.as_deref());
            let credentials = credentials.map(|credentials| credentials.with_certificates(&chain));
            let hint = || explain::mqtt(client_id, username, password.as_deref());
            Ok(verdict(hub, &Operation::mqtt_connect(), credentials, hint))
        }
        Pasted::Amqp { username, password } => {
            let credentials = Credentials::amqp_plain(username, password);
            let hint = || explain::amqp_plain(username, password);
            Ok(verdict(hub, &Operation::amqp_send("sasl"), credentials, hint))
        }
        Pasted::Http { request, certificates } => {
            let request = Request::parse(request)?;
            if hub.provisioning.is_some() && crate::https::is_provisioning(request.path) {
                return Err(REGISTRATION);
            }
            let chain = chain(certificates.as_deref())?;
            let operation = Operation::http(request.method, request.path);
            let users = console.users.as_ref().map(|users| users.current());
            if let (Some(users), Ok(Some(token))) = (users, request.authorization)
                && users.takes(token)
            {
                return Ok(of_user(&users, &operation, [request.method, request.path, token], &chain));
            }
            let credentials = request.authorization.and_then(|authorization| {
                let host = request.host?.unwrap_or_default();
                let credentials = Credentials::http(request.method, request.path, host, authorization)?;
                Ok(credentials.with_certificates(&chain))
            });
            let hint = || request.authorization.ok().flatten().and_then(explain::http);
            Ok(verdict(hub, &operation, credentials, hint))
        }
    }
}

/// Authenticates and decides.
fn verdict<'t>(
    hub: &Hub,
    operation: &Operation<'_>,
    credentials: Result<Credentials<'t>, AuthError>,
    hint: impl FnOnce() -> Option<Hint<'t>>,
) -> Verdict {
    let authenticated = credentials.and_then(|credentials| {
        Ok(hub.config().authenticate(credentials, &hub.records_to_inspect(), clock::now)?)
    });
    let rule = operation.endpoint().map_or(ADMISSION, |endpoint| endpoint.name());
    let authenticated = match authenticated {
        Ok(authenticated) => authenticated,
        Err(error) => {
            let (code, sentence) = (error.code(), error.to_string());
            let hint = hint().map(HintText::from);
            return Verdict { hint, ..Verdict::refused(operation, ADMISSION, code, sentence) };
        }
    };
    let decided = match operation.endpoint() {
        // SASL requests no operation
        None if operation.address() == "sasl" => Verdict::allowed(operation, ADMISSION, "admitted"),
        _ => match authenticated.decision() {
            Decision::Allow(grant) => {
                Verdict { sentence: grant.to_string(), ..Verdict::allowed(operation, rule, "allowed") }
            }
            Decision::Deny(denial) => {
                let hint = denial.hint().map(HintText::from);
                Verdict { hint, ..Verdict::refused(operation, rule, denial.code(), denial.to_string()) }
            }
        },
    };
    let SessionEntry { who, credential, until } = SessionEntry::from(&authenticated.into_session());
    Verdict { who: Some(who), credential: Some(credential), until: until.map(clock::text), ..decided }
}

/// Verifies a bearer token of the directory and decides by roles.
fn of_user(
    users: &Users,
    operation: &Operation<'_>,
    request: [&str; 3],
    chain: &[CertificateDer<'_>],
) -> Verdict {
    let rule = operation.endpoint().map_or("none", |endpoint| endpoint.name());
    users.with_user(request, !chain.is_empty(), |user| {
        let (user, access) = match user {
            Ok(user) => user,
            Err(error) => return Verdict::refused(operation, ADMISSION, error.code(), error.to_string()),
        };
        let decided = match user.decision(access) {
            decision @ UserDecision::Allow { .. } => {
                Verdict { sentence: decision.to_string(), ..Verdict::allowed(operation, rule, "allowed") }
            }
            UserDecision::Deny(denial) => {
                Verdict::refused(operation, rule, denial.code(), denial.to_string())
            }
        };
        let until = clock::at(user.until().as_secs().saturating_sub(1));
        Verdict {
            who: Some(Who::User(user.object_id()).to_string()),
            credential: Some("a token of the directory".into()),
            until: Some(clock::text(until)),
            ..decided
        }
    })
}

impl Verdict {
    fn allowed(operation: &Operation<'_>, rule: &str, code: &'static str) -> Self {
        let sentence = "the credential is accepted; each link is decided on when it is attached".into();
        Self { verdict: "allow", sentence, ..Self::refused(operation, rule, code, String::new()) }
    }

    fn refused(operation: &Operation<'_>, rule: &str, code: &'static str, sentence: String) -> Self {
        Self {
            verdict: "deny",
            who: None,
            credential: None,
            until: None,
            what: operation.to_string(),
            rule: rule.into(),
            code,
            sentence,
            hint: None,
        }
    }
}

impl From<Hint<'_>> for HintText {
    fn from(hint: Hint<'_>) -> Self {
        Self { code: hint.code(), sentence: hint.to_string() }
    }
}

/// Parses certificates, as many as the gateway takes from a peer.
fn chain(text: Option<&str>) -> Result<Vec<CertificateDer<'static>>, NotJudged> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Vec::new()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(
        "the certificates are not PEM: paste each from `-----BEGIN CERTIFICATE-----` to the END line",
    )?;
    let bytes = chain.iter().fold(0_usize, |bytes, der| bytes.saturating_add(der.len()));
    if bytes > CHAIN_BYTES {
        return Err(
            "the certificates have more than 16 KiB: the gateway refuses such a chain in the handshake",
        );
    }
    Ok(chain)
}

/// A pasted request.
struct Request<'t> {
    method: &'t str,
    path: &'t str,
    host: Result<Option<&'t str>, AuthError>,
    authorization: Result<Option<&'t str>, AuthError>,
}

impl<'t> Request<'t> {
    /// Parses the first line and the headers. A body after an empty line is left out.
    fn parse(text: &'t str) -> Result<Self, NotJudged> {
        let mut lines = text.trim_start().lines();
        let mut words = lines.next().unwrap_or_default().split_ascii_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err("the first line is not METHOD /path HTTP/1.1");
        };
        let headers: Vec<(&str, &str)> = lines
            .take_while(|line| !line.trim().is_empty())
            .map(|line| line.split_once(':').ok_or("a header is not `Name: value`, on one line"))
            .collect::<Result<_, _>>()?;
        // a repeated header is refused, as for a peer
        let only = |name: &str| {
            let mut values = headers.iter().filter(|(given, _)| given.trim().eq_ignore_ascii_case(name));
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some((_, value)), None) => Ok(Some(value.trim())),
                _ => Err(AuthError::Scheme),
            }
        };
        let uri: Uri = target.parse().map_err(|_| "the target of the first line is not a path")?;
        let (path, authority) = match uri.authority() {
            None => (target, None),
            Some(authority) => {
                let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
                (rest.strip_prefix(authority.as_str()).unwrap_or("/"), Some(rest))
            }
        };
        let in_target = authority.map(|rest| rest.split('/').next().unwrap_or_default());
        let host = only("host").map(|header| in_target.or(header));
        Ok(Self { method, path, host, authorization: only("authorization") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_parsed_as_a_server_does() {
        let text = "\nGET /devices/dev1?api-version=1 HTTP/1.1\r\nhost: hub.example\r\nAuthorization:  x y\r\n\r\nHost: b";
        let request = Request::parse(text).unwrap();
        assert_eq!((request.method, request.path), ("GET", "/devices/dev1?api-version=1"));
        assert_eq!(request.host, Ok(Some("hub.example")));
        assert_eq!(request.authorization, Ok(Some("x y")));
        let request = Request::parse("GET https://hub.example:443/devices HTTP/1.1\nHost: other").unwrap();
        assert_eq!((request.path, request.host), ("/devices", Ok(Some("hub.example:443"))));
        let twice = Request::parse("GET / HTTP/1.1\nhost: a\nHost: b\nAuthorization: c").unwrap();
        assert_eq!(twice.host, Err(AuthError::Scheme));
        for wrong in ["", "GET", "GET / HTTP/1.1\nno header", "GET h\u{0}st HTTP/1.1"] {
            assert!(Request::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn certificates_are_bounded_and_never_quoted() {
        assert!(chain(Some(" ")).unwrap().is_empty());
        for wrong in ["MIIB", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"] {
            assert!(!chain(Some(wrong)).unwrap_err().contains("MIIB"));
        }
        let block =
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "AAAA".repeat(2048));
        assert_eq!(chain(Some(&block.repeat(2))).unwrap().len(), 2);
        assert!(chain(Some(&block.repeat(3))).unwrap_err().contains("16 KiB"));
    }
}
