//! The `Authorization` header of an HTTP request, and the device or module that its path names.

use hubward_core::Lookup;
use hubward_policy::{Caller, Operation, Target};

use crate::credentials::TransportContext;

/// The maximum length of a bearer token in bytes. A token that lists many groups of its user comes near it.
const MAX_BEARER_TOKEN: usize = 16 * 1024;

/// An `Authorization` header that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthorizationError {
    /// The scheme is not the expected one.
    Scheme,
    /// `Bearer` is not followed by a token of three base64url parts.
    Bearer,
}

/// Requires the scheme `SharedAccessSignature` of a header's value. The whole value is the token.
pub(crate) fn require_shared_access_signature(authorization: Option<&str>) -> Result<(), AuthorizationError> {
    match authorization.map(|value| value.split(' ').next().unwrap_or_default()) {
        Some(scheme) if !scheme.eq_ignore_ascii_case("SharedAccessSignature") => {
            Err(AuthorizationError::Scheme)
        }
        _ => Ok(()),
    }
}

/// Returns the token of a header's value whose scheme is `Bearer`.
pub(crate) fn bearer_token(authorization: &str) -> Result<&str, AuthorizationError> {
    let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(AuthorizationError::Scheme);
    }
    three_parts(token)
}

/// Requires three parts of base64url (RFC 7515, 7.1).
pub(crate) fn three_parts(token: &str) -> Result<&str, AuthorizationError> {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if token.len() > MAX_BEARER_TOKEN || token.split('.').count() != 3 || !token.split('.').all(part) {
        return Err(AuthorizationError::Bearer);
    }
    Ok(token)
}

/// Returns the device or module that a request claims to be. The path names it only at an endpoint that devices call
/// for themselves; at a service's endpoint the path names the device that the request is about. At an edge device's
/// own modules the caller is the device of the path or a service, as the credential shows.
pub(crate) fn claimed_in_path<'a>(operation: &Operation<'a>) -> Option<(Lookup<'a>, TransportContext<'a>)> {
    let (caller, target) = (operation.endpoint()?.caller(), operation.target());
    let (lookup, context) = match (caller, target) {
        (Caller::ServiceOrEdgeDevice, Target::Device(id) | Target::Module(id, _)) => {
            (Lookup::Device(id), TransportContext::EdgeDevice)
        }
        (Caller::Itself, Target::Device(id)) => (Lookup::Device(id), TransportContext::Empty),
        (Caller::Itself, Target::Module(id, module)) => (Lookup::Module(id, module), TransportContext::Empty),
        _ => return None,
    };
    Some((lookup, context))
}
