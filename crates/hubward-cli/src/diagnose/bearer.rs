//! The request of a user of the directory: the claims of the bearer token, and the user's roles at the hub.

use core::error::Error;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hubward::policy::roles::{Access, ArmScope};
use hubward::types::UnixTime;
use hubward::{AuthError, Bearer, DirectoryConfig, Principal, PrincipalRecord, UserDecision};
use serde_json::Value;

use super::Http;
use super::verdict::{Judgement, finish};
use crate::clock::at;
use crate::out::stdout;
use crate::policy::roles::role;
use crate::{Outcome, shown};

/// A placeholder for the hub: the decision does not depend on its name.
const HUB: &str = "/hub";

/// The claims that a hub reads.
struct Claims {
    /// The object id, then the groups.
    ids: Vec<String>,
    audience: String,
    expiry: u64,
}

/// Returns whether an `Authorization` header has a bearer token.
pub(super) fn is_bearer(authorization: &str) -> bool {
    authorization.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

/// Judges the request. The directory's keys are not here, so the signature is not verified.
pub(super) fn judge(
    arguments: &Http,
    method: &str,
    target: &str,
    authorization: &str,
) -> Result<Outcome, Box<dyn Error>> {
    let claims = claims(authorization);
    let ids: Vec<&str> = claims.iter().flat_map(|claims| &claims.ids).map(String::as_str).collect();
    let mut access = Access::new();
    for name in &arguments.role {
        // a token without an object id is refused before its roles count
        let user = ids.first().copied().filter(|id| !id.is_empty()).unwrap_or("user");
        access.assign(user, &role(name)?, HUB)?;
    }
    let config = DirectoryConfig::new(ArmScope::parse(HUB)?);
    let judge = |now: UnixTime| -> Result<Judgement, AuthError> {
        let pending = Bearer::http(method, target, authorization)?.start(&config);
        let record = claims.as_ref().map_or(PrincipalRecord::Refused, |claims| {
            PrincipalRecord::Verified(Principal::new(&ids, &claims.audience, at(claims.expiry)))
        });
        let user = pending.resume(record, now)?;
        let mut judgement = Judgement {
            identity: format!("user {}, if the directory's keys verify the token", user.object_id()),
            until: Some(user.until().as_secs().saturating_sub(1)),
            ..Judgement::default()
        };
        if let UserDecision::Deny(denial) = user.decision(&access) {
            judgement.denied = Some((denial.to_string(), denial.code()));
        }
        Ok(judgement)
    };
    let mut out = stdout();
    writeln!(out, "judged    HTTP request of a user of the directory")?;
    match &claims {
        Some(claims) => {
            let groups = claims.ids.len().saturating_sub(1);
            let audience = shown::text(&claims.audience);
            writeln!(out, "step      read the claims: audience {audience}, {groups} groups; not verified")?;
        }
        None => writeln!(out, "step      the claims cannot be read, or the token is not signed")?,
    }
    let roles = arguments.role.len();
    writeln!(out, "step      assigned {roles} roles to the user at the hub (--role)")?;
    let seconds = arguments.hub.now.seconds();
    let (verdict, later) = (judge(at(seconds)), judge(at(seconds.saturating_add(1))));
    finish(&mut out, seconds, verdict, &later, None)
}

/// Returns the claims of a token; `None` if it is malformed or not signed.
fn claims(authorization: &str) -> Option<Claims> {
    let (_, token) = authorization.split_once(' ')?;
    let mut parts = token.trim().split('.');
    let mut part = || -> Option<Value> {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let (head, claims) = (part()?, part()?);
    let algorithm = head.get("alg").and_then(Value::as_str)?;
    if algorithm.eq_ignore_ascii_case("none") {
        return None;
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let groups = claims.get("groups").and_then(Value::as_array).into_iter().flatten();
    let groups = groups.filter_map(Value::as_str).map(str::to_owned);
    Some(Claims {
        ids: core::iter::once(text("oid")).chain(groups).collect(),
        audience: text("aud"),
        expiry: claims.get("exp").and_then(Value::as_u64).unwrap_or_default(),
    })
}
