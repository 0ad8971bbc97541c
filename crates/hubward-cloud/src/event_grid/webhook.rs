//! The validation of webhooks: an endpoint proves that it wants the events of a subscription.

use core::fmt;

use crate::error::{ParseError, Problem};

/// The `aeg-event-type` header of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventType {
    /// `SubscriptionValidation`: the body has the code to be returned.
    SubscriptionValidation,
    /// `Notification`: events.
    Notification,
    /// `SubscriptionDeletion`: the subscription is gone.
    SubscriptionDeletion,
}

impl EventType {
    /// Parses the header.
    ///
    /// # Errors
    /// [`ParseError`] for another word.
    pub fn parse(header: &str) -> Result<Self, ParseError> {
        match header {
            "SubscriptionValidation" => Ok(Self::SubscriptionValidation),
            "Notification" => Ok(Self::Notification),
            "SubscriptionDeletion" => Ok(Self::SubscriptionDeletion),
            _ => Err(ParseError::at(0, Problem::Name)),
        }
    }
}

/// Returns the body that answers a validation event: its `data.validationCode`, in JSON.
///
/// A validation event shows that Event Grid knows the URL and nothing about who sends later events: protect the endpoint
/// with a secret in its URL or with tokens of the directory.
///
/// ```
/// use hubward_cloud::event_grid::validation_response;
///
/// let body = validation_response("512d38b6-c7b8-40c8-89fe-f46f9e9622b6")?.to_string();
/// assert_eq!(body, r#"{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}"#);
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
///
/// # Errors
/// [`ParseError`] unless the code is 1 to 128 letters, digits and hyphens.
pub fn validation_response(code: &str) -> Result<impl fmt::Display, ParseError> {
    if code.is_empty() || code.len() > 128 {
        return Err(ParseError::at(0, Problem::Name));
    }
    match code.bytes().position(|b| !b.is_ascii_alphanumeric() && b != b'-') {
        Some(at) => Err(ParseError::at(at, Problem::Name)),
        None => Ok(ValidationResponse(code)),
    }
}

struct ValidationResponse<'a>(&'a str);

impl fmt::Display for ValidationResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"validationResponse\":\"{}\"}}", self.0)
    }
}

/// Returns the value of `WebHook-Allowed-Origin` that answers `OPTIONS` with a `WebHook-Request-Origin` (CloudEvents
/// HTTP webhooks, 4), if the origin is one of those that may send events.
///
/// ```
/// use hubward_cloud::event_grid::allowed_origin;
///
/// assert_eq!(allowed_origin("eventgrid.azure.net", &["eventgrid.azure.net"]), Some("eventgrid.azure.net"));
/// assert_eq!(allowed_origin("other.example", &["eventgrid.azure.net"]), None);
/// ```
#[must_use]
pub fn allowed_origin<'a>(request_origin: &str, expected: &[&'a str]) -> Option<&'a str> {
    expected.iter().find(|own| own.eq_ignore_ascii_case(request_origin)).copied()
}
