//! The answers of the console: the page, and the JSON that it shows.

use core::net::SocketAddr;
use core::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::explain::{HintText, Pasted, judge};
use super::{Console, access, origin};
use crate::clock;
use crate::hub::Refusal;
use crate::recent::Refused;
use crate::roster::{Connected, SessionEntry};

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/console.css");
const SCRIPT: &str = include_str!("page/console.js");

/// Bytes of a pasted text, as JSON: a CONNECT or a request, and certificates.
const BODY: usize = 64 * 1024;
/// The time for a body.
const BODY_TIME: Duration = Duration::from_secs(5);
/// The target of log lines about requests that the console refuses.
const LOG: &str = "hubward_gateway::console";
/// Connections that are listed.
const LISTED: usize = 500;
/// Sessions that are listed of one connection: over AMQP it may have many.
const SESSIONS: usize = 4;

impl Console {
    /// Answers a request.
    pub(super) async fn answer(&self, peer: SocketAddr, request: Request) -> Response {
        let (head, body) = request.into_parts();
        if let Err(foreign) = origin::check(&head, self.own) {
            // any page that a browser here shows can cause this
            tracing::debug!(target: LOG, %peer, code = foreign.code(), "the console refused a request");
            return problem(StatusCode::FORBIDDEN, foreign.code(), foreign.sentence());
        }
        let text = |kind: &'static str, text: &'static str| ([(CONTENT_TYPE, kind)], text).into_response();
        match (head.method.clone(), head.uri.path()) {
            (Method::GET, "/") => return text("text/html; charset=utf-8", PAGE),
            (Method::GET, "/console.css") => return text("text/css; charset=utf-8", STYLE),
            (Method::GET, "/console.js") => return text("text/javascript; charset=utf-8", SCRIPT),
            (Method::GET, "/api/refusals" | "/api/sessions" | "/api/rates")
            | (Method::POST, "/api/explain") => {}
            _ => return problem(StatusCode::NOT_FOUND, "not-found", "the console has no such page"),
        }
        if let Err(refusal) = access::check(&self.hub, &self.name, &head.headers) {
            return self.refused(peer, &refusal).await;
        }
        match head.uri.path() {
            "/api/refusals" => self.refusals(head.uri.query()),
            "/api/sessions" => Json(self.sessions()).into_response(),
            "/api/rates" => Json(self.rates()).into_response(),
            _ => self.explain(&head, body).await,
        }
    }

    /// Answers a request without a valid token of both rights. A guess is delayed; the log has the reason.
    async fn refused(&self, peer: SocketAddr, refusal: &Refusal) -> Response {
        tracing::warn!(target: LOG, %peer, code = access::word(refusal), "the console refused a request");
        let (status, code, sentence) = match refusal {
            Refusal::Unauthenticated(_) => {
                self.hub.refusals.slow(peer.ip()).await;
                let sentence = "give a token of a policy with RegistryRead and ServiceConnect, valid now";
                (StatusCode::UNAUTHORIZED, "unauthenticated", sentence)
            }
            Refusal::Unavailable => {
                let sentence = "the registry's store does not answer, so no token can be verified";
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", sentence)
            }
            Refusal::Denied | Refusal::UnknownOperation => {
                let sentence = "the token lacks RegistryRead or ServiceConnect, or is not for the whole hub";
                (StatusCode::FORBIDDEN, "missing-right", sentence)
            }
        };
        let mut answer = problem(status, code, sentence);
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("SharedAccessSignature");
            answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        answer
    }

    /// Answers with the last refusals; 204 if the caller has them all.
    fn refusals(&self, query: Option<&str>) -> Response {
        let seen = query.and_then(|query| query.strip_prefix("since=")).and_then(|seen| seen.parse().ok());
        match self.hub.metrics.recent.since(seen) {
            None => StatusCode::NO_CONTENT.into_response(),
            Some((changes, refusals)) => {
                let refusals: Vec<Value> = refusals.into_iter().map(refusal).collect();
                Json(json!({ "changes": changes, "refusals": refusals })).into_response()
            }
        }
    }

    fn sessions(&self) -> Value {
        let (all, connections) = self.hub.roster.newest(LISTED, SESSIONS);
        let sessions: Vec<Value> = connections.into_iter().flat_map(sessions).collect();
        json!({ "connections": all, "listed": LISTED, "sessions": sessions })
    }

    fn rates(&self) -> Value {
        let mut rates = self.rates.json();
        if let Some(rates) = rates.as_object_mut() {
            rates.insert("hub".into(), json!(self.name));
            rates.insert("open".into(), json!(self.hub.metrics.open.get()));
            rates.insert("identities".into(), json!(self.hub.connections.len()));
        }
        rates
    }

    async fn explain(&self, head: &Parts, body: Body) -> Response {
        if self.explanations.check().is_err() {
            let sentence = "too many explanations: wait a second";
            let mut answer = problem(StatusCode::TOO_MANY_REQUESTS, "over-rate", sentence);
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return answer;
        }
        // a form of another page cannot have this type
        let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            let sentence = "send the texts as application/json";
            return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", sentence);
        }
        let body = match timeout(BODY_TIME, to_bytes(body, BODY)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                return problem(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                    "the texts have more than 64 KiB",
                );
            }
            Err(_) => {
                return problem(StatusCode::REQUEST_TIMEOUT, "too-slow", "the texts did not arrive in time");
            }
        };
        // serde's message may quote the text
        let Ok(pasted) = serde_json::from_slice::<Pasted<'_>>(&body) else {
            let sentence = "not an object with `kind`, `mqtt`, `http` or `amqp`, and its texts";
            return problem(StatusCode::BAD_REQUEST, "not-explained", sentence);
        };
        match judge(self, &pasted) {
            Ok(verdict) => Json(verdict).into_response(),
            Err(sentence) => problem(StatusCode::BAD_REQUEST, "not-explained", sentence),
        }
    }
}

fn problem(status: StatusCode, code: &str, sentence: &str) -> Response {
    (status, Json(json!({ "code": code, "sentence": sentence }))).into_response()
}

fn refusal(refused: Refused) -> Value {
    let Refused { at, transport, peer, who, what, rule, code, reason, hint } = refused;
    json!({
        "at": clock::text(at),
        "transport": transport.to_string(),
        "peer": peer.to_string(),
        "who": who,
        "what": what,
        "rule": rule,
        "code": code,
        "sentence": reason,
        "hint": hint.map(|(code, sentence)| HintText { code, sentence }),
    })
}

fn sessions(connected: Connected) -> Vec<Value> {
    let Connected { transport, peer, since, sessions, more } = connected;
    let (transport, peer, since) = (transport.to_string(), peer.to_string(), clock::text(since));
    let last = sessions.len().saturating_sub(1);
    let session = |(at, SessionEntry { who, credential, until })| {
        json!({
            // the last one that is listed has the number of those that are not
            "more": if at == last { more } else { 0 },
            "who": who,
            "transport": transport,
            "peer": peer,
            "credential": credential,
            "since": since,
            "until": until.map(clock::text),
        })
    };
    sessions.into_iter().enumerate().map(session).collect()
}
