//! The device's side: the names and the token that it presents to the provisioning service.

use core::fmt;

use hubward_core::{IdScope, RegistrationId, UnixTime, escape_value};
use hubward_sas::UnsignedToken;

/// The `api-version` that a client announces to the provisioning service.
pub const PROVISIONING_API_VERSION: &str = "2019-03-31";

/// A device that registers. All names that it writes refer to the same id scope and registration id.
///
/// ```
/// use hubward::RegistrationClient;
/// use hubward::types::{IdScope, RegistrationId};
///
/// let client = RegistrationClient::new(IdScope::parse("0ne00000A0A")?, RegistrationId::parse("sn-7")?);
/// assert_eq!(client.mqtt_client_id().as_str(), "sn-7");
/// assert_eq!(client.mqtt_username().to_string(), "0ne00000A0A/registrations/sn-7/api-version=2019-03-31");
/// assert_eq!(client.address().to_string(), "0ne00000A0A/registrations/sn-7");
/// # Ok::<(), hubward::types::NameError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RegistrationClient<'a> {
    scope: IdScope<'a>,
    id: RegistrationId<'a>,
}

impl<'a> RegistrationClient<'a> {
    /// Creates the client of a registration id at the service of an id scope.
    #[must_use]
    pub const fn new(scope: IdScope<'a>, id: RegistrationId<'a>) -> Self {
        Self { scope, id }
    }

    /// Returns the token to sign with the individual enrollment's key, or with the key derived from a group's. Signed, it
    /// is the password of MQTT and SASL PLAIN and the value of HTTP's `Authorization`. A device with a certificate sends
    /// none.
    #[must_use]
    pub fn token(&self, expires: UnixTime) -> UnsignedToken<'a> {
        UnsignedToken::registration(self.scope, self.id, expires)
    }

    /// Returns the client id of an MQTT CONNECT.
    #[must_use]
    pub const fn mqtt_client_id(&self) -> RegistrationId<'a> {
        self.id
    }

    /// Returns the username of an MQTT CONNECT.
    pub fn mqtt_username(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| write!(f, "{}/api-version={PROVISIONING_API_VERSION}", client.address()))
    }

    /// Returns the username of AMQP's SASL PLAIN, which is the address of the links too.
    pub fn address(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| write!(f, "{}/registrations/{}", client.scope, client.id))
    }

    /// Returns the path of the HTTP request that registers the device, a `PUT`.
    pub fn http_register(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            let (scope, id) = (client.scope, escape_value(client.id.as_str()));
            write!(f, "/{scope}/registrations/{id}/register?api-version={PROVISIONING_API_VERSION}")
        })
    }
}

/// The `Display` of one text of a client.
struct Written<'a>(
    RegistrationClient<'a>,
    fn(&RegistrationClient<'_>, &mut fmt::Formatter<'_>) -> fmt::Result,
);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(&self.0, f)
    }
}
