//! Services at the provisioning service: the token of one of its policies, and the decision on the request.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, IF_MATCH};
use axum::http::request::Parts;
use axum::response::Response;
use hubward::policy::Operation;
use hubward::policy::provisioning::ProvisioningDenial;
use hubward::types::{Identity, Lookup, PolicyName};
use hubward::{AuthError, ServiceCredentials, ServicePolicyRecord};

use super::problem::Problem;
use super::requests::{host, only};
use super::{Handler, body as bodies, enrollments};
use crate::clock;
use crate::decision_log::{ADMISSION, Entry, Who, record};
use crate::provisioning::{Provisioning, denial_code};

/// Largest size in bytes of one enrollment, or of a query.
const ONE: usize = 128 * 1024;
/// Largest size in bytes of a list of enrollments.
const BULK: usize = 1024 * 1024;

/// Returns whether a path is of a service at the provisioning service.
pub(super) fn is_for(path: &str) -> bool {
    let first = path.split(['/', '?']).nth(1);
    matches!(first, Some("enrollments" | "enrollmentGroups" | "enrollmentgroups" | "registrations"))
}

/// Answers a request of a service.
pub(super) async fn answer(
    handler: &Handler,
    service: &Arc<Provisioning>,
    head: &Parts,
    operation: &Operation<'_>,
    body: Body,
) -> Result<Response, Problem> {
    let Handler { hub, peer, .. } = handler;
    if hub.require_current(peer, operation).is_err() {
        return Err(Problem::unavailable());
    }
    let decided = authorize(service, head);
    let endpoint = match decided {
        Ok((policy, decision)) => {
            let (allow, rule, code) = match &decision {
                Ok(endpoint) => (true, *endpoint, "allowed"),
                Err(denial) => (false, "none", denial_code(denial)),
            };
            let who =
                PolicyName::parse(&policy).map_or(Who::Unknown, |name| Who::Identity(Identity::Policy(name)));
            record(&hub.metrics, &Entry { peer, who, operation, allow, rule, code, reason: None });
            peer.slot.set_authenticated();
            decision
        }
        Err(error) => {
            let (who, code) = (Who::Unknown, error.code());
            hub.log_refusal(peer, who, operation, ADMISSION, code, format_args!("{error}"));
            hub.slow(peer).await;
            return Err(Problem::unauthenticated());
        }
    };
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(ProvisioningDenial::UnknownOperation) => return Err(Problem::not_here()),
        Err(_) => return Err(Problem::denied()),
    };
    let most = if endpoint.ends_with(".bulk") { BULK } else { ONE };
    let read = bodies::read(body, most, hub.limits.connect_timeout).await?;
    // the token may have expired, or its policy changed, while the body was read
    if !authorize(service, head).is_ok_and(|(_, decision)| decision.is_ok()) {
        return Err(Problem::unauthenticated());
    }
    let if_match = match only(&head.headers, &IF_MATCH) {
        // some clients quote the asterisk
        Ok(Some("\"*\"")) => Some("*"),
        Ok(etag) => etag,
        Err(_) => return Err(Problem::argument("If-Match is repeated or not ASCII: send it once")),
    };
    enrollments::dispatch(service, endpoint, head, if_match, read).await
}

type Decided = (String, Result<&'static str, ProvisioningDenial>);

/// Verifies the token and decides on the request. Returns the name of the policy, and the endpoint's.
fn authorize(service: &Provisioning, head: &Parts) -> Result<Decided, AuthError> {
    let authorization = only(&head.headers, &AUTHORIZATION)?.ok_or(AuthError::NoCredential)?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let credentials = ServiceCredentials::http(head.method.as_str(), path, host(head)?, authorization)?;
    let config = service.config();
    let pending = credentials.start(&config)?;
    let Lookup::Policy(policy) = pending.lookup() else { return Err(AuthError::Unknown) };
    let index = service.index();
    let name = policy.to_string();
    let found = PolicyName::parse(&name).ok().and_then(|name| {
        let found = index.policy(name)?;
        Some(ServicePolicyRecord::new(name, found.rights, found.version, found.keys.keys()))
    });
    let authenticated = pending.resume(found.as_ref(), clock::now())?;
    let decision = authenticated.decision().map(|endpoint| endpoint.name());
    Ok((name, decision))
}
