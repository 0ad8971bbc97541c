//! The other side: what a device presents to the provisioning service, so that all of its names agree.

use core::fmt;

use hubward_core::{IdScope, RegistrationId, UnixTime, escape_value};
use hubward_sas::Unsigned;

/// The `api-version` that a client announces to the provisioning service.
pub const PROVISIONING_API_VERSION: &str = "2019-03-31";

/// A device that registers. Whatever it writes names its id scope and its registration id.
///
/// ```
/// use hubward::RegistrationClient;
/// use hubward::core::{IdScope, RegistrationId};
///
/// let client = RegistrationClient::new(IdScope::parse("0ne00000A0A")?, RegistrationId::parse("sn-7")?);
/// assert_eq!(client.mqtt_client_id().as_str(), "sn-7");
/// assert_eq!(client.mqtt_username().to_string(), "0ne00000A0A/registrations/sn-7/api-version=2019-03-31");
/// assert_eq!(client.address().to_string(), "0ne00000A0A/registrations/sn-7");
/// # Ok::<(), hubward::core::NameError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RegistrationClient<'a> {
    scope: IdScope<'a>,
    id: RegistrationId<'a>,
}

impl<'a> RegistrationClient<'a> {
    /// A device of that registration id, at the service of that id scope.
    #[must_use]
    pub const fn new(scope: IdScope<'a>, id: RegistrationId<'a>) -> Self {
        Self { scope, id }
    }

    /// The token to sign with the enrollment's key, or with the one that a group's key gives: MQTT's and SASL PLAIN's
    /// password, and HTTP's `Authorization`. Beside a certificate there is none.
    #[must_use]
    pub fn token(&self, expires: UnixTime) -> Unsigned<'a> {
        Unsigned::registration(self.scope, self.id, expires)
    }

    /// The client id of an MQTT CONNECT.
    #[must_use]
    pub const fn mqtt_client_id(&self) -> RegistrationId<'a> {
        self.id
    }

    /// The username of an MQTT CONNECT.
    pub fn mqtt_username(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| write!(f, "{}/api-version={PROVISIONING_API_VERSION}", client.address()))
    }

    /// The username of AMQP's SASL PLAIN, and the address of its links.
    pub fn address(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| write!(f, "{}/registrations/{}", client.scope, client.id))
    }

    /// The path of the HTTP request that registers, a `PUT`.
    pub fn http_register(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            let (scope, id) = (client.scope, escape_value(client.id.as_str()));
            write!(f, "/{scope}/registrations/{id}/register?api-version={PROVISIONING_API_VERSION}")
        })
    }
}

/// A client and one of the texts it writes.
struct Written<'a>(
    RegistrationClient<'a>,
    fn(&RegistrationClient<'_>, &mut fmt::Formatter<'_>) -> fmt::Result,
);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(&self.0, f)
    }
}
