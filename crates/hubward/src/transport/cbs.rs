//! The `put-token` message of AMQP's claims-based security (CBS).

use core::fmt;

use hubward_core::{ResourceError, ResourcePath};

/// The `operation` property of a CBS message.
pub const CBS_OPERATION: &str = "put-token";
/// The `type` property of a CBS message.
pub const CBS_TYPE: &str = "servicebus.windows.net:sastoken";

/// A `put-token` message: its application properties and its body, as received.
///
/// ```
/// use hubward::{CBS_OPERATION, CBS_TYPE, CbsRequest};
///
/// let token = "SharedAccessSignature sr=...";
/// let put = CbsRequest::new(CBS_OPERATION, CBS_TYPE, "contoso.example/devices/pump-7", token);
/// // neither the token nor its signature is printed
/// assert_eq!(format!("{put:?}"), "CbsRequest { name: \"contoso.example/devices/pump-7\", .. }");
/// ```
#[derive(Clone, Copy)]
pub struct CbsRequest<'a> {
    operation: &'a str,
    kind: &'a str,
    name: &'a str,
    token: &'a str,
}

/// A `put-token` message that is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PutTokenError {
    /// The operation is not [`CBS_OPERATION`].
    Operation,
    /// The type is not [`CBS_TYPE`].
    Type,
    /// The name is not a resource.
    Name(ResourceError),
}

impl<'a> CbsRequest<'a> {
    /// Takes `operation`, `type` and `name` of the application properties, and the token of the body.
    #[must_use]
    pub const fn new(operation: &'a str, kind: &'a str, name: &'a str, token: &'a str) -> Self {
        Self { operation, kind, name, token }
    }

    /// Checks the operation and the type, and returns the resource that the token is put for.
    pub(crate) fn audience(&self) -> Result<ResourcePath<'a>, PutTokenError> {
        if self.operation != CBS_OPERATION {
            return Err(PutTokenError::Operation);
        }
        if self.kind != CBS_TYPE {
            return Err(PutTokenError::Type);
        }
        ResourcePath::parse(self.name).map_err(PutTokenError::Name)
    }

    pub(crate) const fn token(&self) -> &'a str {
        self.token
    }
}

impl fmt::Debug for CbsRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CbsRequest").field("name", &self.name).finish_non_exhaustive()
    }
}
