//! The client side: the names and tokens that a device, a module or a service presents on each transport.

use core::fmt;

use hubward_core::{Authority, DeviceId, ModuleId, PolicyName, UnixTime, escape_value};
use hubward_sas::UnsignedToken;

use crate::transport::auth_chain::EDGE_HUB;
#[cfg(doc)]
use crate::transport::cbs::{CBS_OPERATION, CBS_TYPE};

/// The `api-version` that a client announces over MQTT.
pub const API_VERSION: &str = "2021-04-12";

/// A client of a hub. All names that it writes refer to the same identity and hub.
///
/// ```
/// use hubward::Client;
/// use hubward::types::{Authority, DeviceId};
///
/// let client = Client::device(Authority::parse("contoso.example")?, DeviceId::parse("pump-7")?);
/// assert_eq!(client.mqtt_client_id().to_string(), "pump-7");
/// assert_eq!(client.mqtt_username().to_string(), "contoso.example/pump-7/?api-version=2021-04-12");
/// assert_eq!(client.sasl_username().to_string(), "pump-7@sas.contoso");
/// assert_eq!(client.cbs_name().to_string(), "contoso.example/devices/pump-7");
/// # Ok::<(), hubward::types::NameError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    host: Authority<'a>,
    identity: ClientIdentity<'a>,
    signer: Option<PolicyName<'a>>,
    /// The edge devices above the identity, the nearest first. The edge hub of the last one acts on its behalf.
    above: &'a [DeviceId<'a>],
}

#[derive(Debug, Clone, Copy)]
enum ClientIdentity<'a> {
    Device(DeviceId<'a>),
    Module(DeviceId<'a>, ModuleId<'a>),
    Policy(PolicyName<'a>),
}

impl<'a> Client<'a> {
    /// Creates a device's client.
    #[must_use]
    pub const fn device(host: Authority<'a>, id: DeviceId<'a>) -> Self {
        Self::new(host, ClientIdentity::Device(id))
    }

    /// Creates a module's client.
    #[must_use]
    pub const fn module(host: Authority<'a>, device: DeviceId<'a>, id: ModuleId<'a>) -> Self {
        Self::new(host, ClientIdentity::Module(device, id))
    }

    /// Creates the client of a service that has a policy's key. A service does not connect over MQTT.
    #[must_use]
    pub const fn service(host: Authority<'a>, policy: PolicyName<'a>) -> Self {
        Self { signer: Some(policy), ..Self::new(host, ClientIdentity::Policy(policy)) }
    }

    const fn new(host: Authority<'a>, identity: ClientIdentity<'a>) -> Self {
        Self { host, identity, signer: None, above: &[] }
    }

    /// Sets the edge devices above a device or module, the nearest first. The `$edgeHub` of the last one acts on behalf of
    /// the identity and signs the token. For a module, the first is its own device. The MQTT username then has an
    /// `auth-chain`, [`Client::auth_chain`] returns the chain for a link, and the token and the CBS name are the edge
    /// hub's. SASL PLAIN cannot carry a chain.
    ///
    /// ```
    /// use hubward::Client;
    /// use hubward::types::{Authority, DeviceId};
    ///
    /// let above = [DeviceId::parse("edge1")?];
    /// let leaf = Client::device(Authority::parse("contoso.example")?, DeviceId::parse("leaf")?).with_ancestors(&above);
    /// assert_eq!(leaf.mqtt_client_id().to_string(), "leaf");
    /// assert!(leaf.mqtt_username().to_string().ends_with("&auth-chain=leaf%3Bedge1"));
    /// assert_eq!(leaf.auth_chain().to_string(), "leaf;edge1");
    /// assert_eq!(leaf.cbs_name().to_string(), "contoso.example/devices/edge1/modules/%24edgeHub");
    /// # Ok::<(), hubward::types::NameError>(())
    /// ```
    #[must_use]
    pub const fn with_ancestors(mut self, above: &'a [DeviceId<'a>]) -> Self {
        self.above = above;
        self
    }

    /// Returns the identity of the token and the CBS name: the client's own, or the edge hub that acts on its behalf.
    const fn authenticating(&self) -> ClientIdentity<'a> {
        match self.above.last() {
            Some(device) => ClientIdentity::Module(*device, ModuleId::assertion(EDGE_HUB)),
            None => self.identity,
        }
    }

    /// Sets the policy whose key signs the tokens. Has no effect on a service, which has its own policy.
    #[must_use]
    pub const fn with_policy(mut self, policy: PolicyName<'a>) -> Self {
        self.signer = match self.identity {
            ClientIdentity::Policy(own) => Some(own),
            ClientIdentity::Device(_) | ClientIdentity::Module(..) => Some(policy),
        };
        self
    }

    /// Returns the token to sign. Signed, it is the password of MQTT and SASL PLAIN, the body of a CBS message and the
    /// value of HTTP's `Authorization`.
    #[must_use]
    pub fn token(&self, expires: UnixTime) -> UnsignedToken<'a> {
        let unsigned = match self.authenticating() {
            ClientIdentity::Module(device, module) => {
                UnsignedToken::module(self.host, device, module, expires)
            }
            ClientIdentity::Policy(name) => return UnsignedToken::service(self.host, name, expires),
            ClientIdentity::Device(device) => UnsignedToken::device(self.host, device, expires),
        };
        match self.signer {
            Some(policy) => unsigned.with_policy(policy),
            None => unsigned,
        }
    }

    /// Returns the client id of an MQTT CONNECT.
    pub fn mqtt_client_id(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| match client.identity {
            ClientIdentity::Device(id) => write!(f, "{id}"),
            ClientIdentity::Module(device, module) => write!(f, "{device}/{module}"),
            ClientIdentity::Policy(_) => Ok(()),
        })
    }

    /// Returns the username of an MQTT CONNECT. Empty for a service, which has none.
    pub fn mqtt_username(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            match client.identity {
                ClientIdentity::Device(id) => write!(f, "{}/{id}/?api-version={API_VERSION}", client.host)?,
                ClientIdentity::Module(device, module) => {
                    write!(f, "{}/{device}/{module}/?api-version={API_VERSION}", client.host)?
                }
                ClientIdentity::Policy(_) => return Ok(()),
            }
            if client.above.is_empty() {
                return Ok(());
            }
            f.write_str("&auth-chain=")?;
            client.chain(f, "%3B", "%2F", |id, f| write!(f, "{}", escape_value(id)))
        })
    }

    /// Returns the value of AMQP's link property [`AUTH_CHAIN_PROPERTY`](crate::AUTH_CHAIN_PROPERTY). Without edge
    /// devices above, that is the identity alone.
    pub fn auth_chain(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| client.chain(f, ";", "/", |id, f| f.write_str(id)))
    }

    fn chain(
        &self,
        f: &mut fmt::Formatter<'_>,
        separator: &str,
        slash: &str,
        write: fn(&str, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        match self.identity {
            ClientIdentity::Device(id) => write(id.as_str(), f)?,
            ClientIdentity::Module(device, module) => {
                write(device.as_str(), f)?;
                f.write_str(slash)?;
                write(module.as_str(), f)?;
            }
            ClientIdentity::Policy(_) => return Ok(()),
        }
        for id in self.above {
            f.write_str(separator)?;
            write(id.as_str(), f)?;
        }
        Ok(())
    }

    /// Returns the username of AMQP's SASL PLAIN.
    pub fn sasl_username(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            let hub = client.first_label();
            match client.identity {
                ClientIdentity::Device(id) => write!(f, "{id}@sas.{hub}"),
                ClientIdentity::Module(device, module) => write!(f, "{device}/modules/{module}@sas.{hub}"),
                ClientIdentity::Policy(name) => write!(f, "{name}@sas.root.{hub}"),
            }
        })
    }

    /// Returns the response of AMQP's SASL EXTERNAL, for use with a certificate. Empty for a service, which has none.
    pub fn sasl_external(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| match client.identity {
            ClientIdentity::Device(id) => write!(f, "{id}@{}", client.first_label()),
            ClientIdentity::Module(device, module) => {
                write!(f, "{device}/modules/{module}@{}", client.first_label())
            }
            ClientIdentity::Policy(_) => Ok(()),
        })
    }

    /// Returns the value of HTTP's `Host` header and the hostname of AMQP's `sasl-init`.
    #[must_use]
    pub const fn host(&self) -> Authority<'a> {
        self.host
    }

    fn first_label(&self) -> &'a str {
        self.host.as_str().split(['.', ':']).next().unwrap_or_default()
    }

    /// Returns the `name` of a CBS message. Its `operation` is [`CBS_OPERATION`] and its `type` is [`CBS_TYPE`].
    pub fn cbs_name(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            write!(f, "{}", client.host)?;
            match client.authenticating() {
                ClientIdentity::Device(id) => write!(f, "/devices/{}", escape_value(id.as_str())),
                ClientIdentity::Module(device, module) => {
                    let (device, module) = (escape_value(device.as_str()), escape_value(module.as_str()));
                    write!(f, "/devices/{device}/modules/{module}")
                }
                ClientIdentity::Policy(_) => Ok(()),
            }
        })
    }
}

/// The `Display` of one text of a client.
struct Written<'a>(Client<'a>, fn(&Client<'_>, &mut fmt::Formatter<'_>) -> fmt::Result);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(&self.0, f)
    }
}
