//! The `put-token` message of AMQP's claims-based security (CBS).

use core::fmt;

use hubward_core::{ResourceError, ResourcePath, Shape};

use super::hub_name::{HubName, without_port};
use super::uri::{NAME_SCHEMES, Uri};

/// The `operation` property of a CBS message.
pub const CBS_OPERATION: &str = "put-token";
/// The `type` property of a CBS message with a SAS token.
pub const CBS_TYPE: &str = "servicebus.windows.net:sastoken";
/// The other `type` of a CBS message with a SAS token. It means the same.
pub const CBS_HUB_TYPE: &str = "azure-devices.net:sastoken";
/// The `type` properties of a CBS message with a bearer token of the directory.
const BEARER_TYPES: [&str; 2] = ["jwt", "bearer"];

/// The SASL mechanisms that name no identity: the tokens that are put on `$cbs` decide. Offer both, since some clients
/// request `MSSBCBS` and close the connection if it is not listed.
pub const SASL_WITHOUT_IDENTITY: [&str; 2] = ["ANONYMOUS", "MSSBCBS"];

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

/// The name of a CBS message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CbsName<'a> {
    pub(crate) hub: HubName<'a>,
    /// The resource that the token is put for.
    pub(crate) audience: ResourcePath<'a>,
}

/// A `put-token` message that is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PutTokenError {
    /// The operation is not [`CBS_OPERATION`].
    Operation,
    /// The type is unknown.
    Type,
    /// The name is not a resource.
    Name(ResourceError),
    /// The name is a URI without a host, or with more than a host.
    Uri,
}

impl<'a> CbsRequest<'a> {
    /// Takes `operation`, `type` and `name` of the application properties, and the token of the body.
    #[must_use]
    pub const fn new(operation: &'a str, kind: &'a str, name: &'a str, token: &'a str) -> Self {
        Self { operation, kind, name, token }
    }

    /// Returns `true` if the type is that of a bearer token of the directory: see
    /// [`Cbs::put_bearer`](crate::Cbs::put_bearer).
    #[must_use]
    pub fn is_bearer(&self) -> bool {
        BEARER_TYPES.contains(&self.kind)
    }

    /// Checks the operation and the type of a SAS token, and returns the name.
    pub(crate) fn name_of_sas(&self) -> Result<CbsName<'a>, PutTokenError> {
        match (self.operation, self.kind) {
            (CBS_OPERATION, CBS_TYPE | CBS_HUB_TYPE) => self.name(),
            (CBS_OPERATION, _) => Err(PutTokenError::Type),
            _ => Err(PutTokenError::Operation),
        }
    }

    /// Checks the operation and the type of a bearer token, and returns the name, which must be the hub. Returns `None` if
    /// the name is the directory's audience, or its scope, which the token's claims are compared with.
    pub(crate) fn name_of_bearer(&self, audience: &str) -> Result<Option<CbsName<'a>>, PutTokenError> {
        if self.operation != CBS_OPERATION {
            return Err(PutTokenError::Operation);
        }
        if !self.is_bearer() {
            return Err(PutTokenError::Type);
        }
        if self.name.strip_suffix("/.default").unwrap_or(self.name) == audience {
            return Ok(None);
        }
        let name = self.name()?;
        if matches!(name.audience.shape(), Shape::Hub) { Ok(Some(name)) } else { Err(PutTokenError::Uri) }
    }

    /// Parses the name: a resource, or a URI of the hub with no path below it.
    fn name(&self) -> Result<CbsName<'a>, PutTokenError> {
        match Uri::split(self.name, NAME_SCHEMES) {
            Ok(None) => {
                let audience = ResourcePath::parse(self.name).map_err(PutTokenError::Name)?;
                Ok(CbsName { hub: HubName::Host(audience.root()), audience })
            }
            Ok(Some(uri)) if matches!(uri.path(), "" | "/") => {
                let host = without_port(&uri.host());
                let audience = ResourcePath::parse(host.as_str()).map_err(PutTokenError::Name)?;
                Ok(CbsName { hub: uri.hub(), audience })
            }
            _ => Err(PutTokenError::Uri),
        }
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
