//! The other side: what a client presents on each transport, so that all of its names agree.

use core::fmt;

use hubward_core::{Authority, DeviceId, ModuleId, PolicyName, UnixTime, escape_value};
use hubward_sas::Unsigned;

use crate::auth_chain::EDGE_HUB;

/// The `api-version` that a client announces over MQTT.
pub const API_VERSION: &str = "2021-04-12";

/// `operation` of a CBS message.
pub const CBS_OPERATION: &str = "put-token";
/// `type` of a CBS message.
pub const CBS_TYPE: &str = "servicebus.windows.net:sastoken";

/// Who connects, and to which hub. Whatever it writes names them and nobody else.
///
/// ```
/// use hubward::Client;
/// use hubward::core::{Authority, DeviceId};
///
/// let client = Client::device(Authority::parse("contoso.example")?, DeviceId::parse("pump-7")?);
/// assert_eq!(client.mqtt_client_id().to_string(), "pump-7");
/// assert_eq!(client.mqtt_username().to_string(), "contoso.example/pump-7/?api-version=2021-04-12");
/// assert_eq!(client.sasl_username().to_string(), "pump-7@sas.contoso");
/// assert_eq!(client.cbs_name().to_string(), "contoso.example/devices/pump-7");
/// # Ok::<(), hubward::core::NameError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    host: Authority<'a>,
    identity: Who<'a>,
    signer: Option<PolicyName<'a>>,
    /// The edge devices above it, the nearest first; the last one's hub speaks for it.
    above: &'a [DeviceId<'a>],
}

#[derive(Debug, Clone, Copy)]
enum Who<'a> {
    Device(DeviceId<'a>),
    Module(DeviceId<'a>, ModuleId<'a>),
    Policy(PolicyName<'a>),
}

impl<'a> Client<'a> {
    /// A device.
    #[must_use]
    pub const fn device(host: Authority<'a>, id: DeviceId<'a>) -> Self {
        Self::new(host, Who::Device(id))
    }

    /// A module.
    #[must_use]
    pub const fn module(host: Authority<'a>, device: DeviceId<'a>, id: ModuleId<'a>) -> Self {
        Self::new(host, Who::Module(device, id))
    }

    /// A service that holds the key of a policy. It does not connect over MQTT.
    #[must_use]
    pub const fn service(host: Authority<'a>, policy: PolicyName<'a>) -> Self {
        Self { signer: Some(policy), ..Self::new(host, Who::Policy(policy)) }
    }

    const fn new(host: Authority<'a>, identity: Who<'a>) -> Self {
        Self { host, identity, signer: None, above: &[] }
    }

    /// A device or a module for which an edge hub speaks: `above` are the edge devices above it, the nearest first, and
    /// the last one's `$edgeHub` signs. A module's own device is the first of them. What is written then is the username
    /// with an `auth-chain`, the chain for a link, and that hub's own token and CBS name. SASL PLAIN has no chain.
    ///
    /// ```
    /// use hubward::Client;
    /// use hubward::core::{Authority, DeviceId};
    ///
    /// let above = [DeviceId::parse("edge1")?];
    /// let leaf = Client::device(Authority::parse("contoso.example")?, DeviceId::parse("leaf")?).behind(&above);
    /// assert_eq!(leaf.mqtt_client_id().to_string(), "leaf");
    /// assert!(leaf.mqtt_username().to_string().ends_with("&auth-chain=leaf%3Bedge1"));
    /// assert_eq!(leaf.auth_chain().to_string(), "leaf;edge1");
    /// assert_eq!(leaf.cbs_name().to_string(), "contoso.example/devices/edge1/modules/%24edgeHub");
    /// # Ok::<(), hubward::core::NameError>(())
    /// ```
    #[must_use]
    pub const fn behind(mut self, above: &'a [DeviceId<'a>]) -> Self {
        self.above = above;
        self
    }

    /// Whose token it is, and whose CBS name: its own, or the edge hub's that speaks for it.
    const fn speaks(&self) -> Who<'a> {
        match self.above.last() {
            Some(device) => Who::Module(*device, ModuleId::assertion(EDGE_HUB)),
            None => self.identity,
        }
    }

    /// The same, with tokens that this policy's key signs.
    #[must_use]
    pub const fn signed_by(mut self, policy: PolicyName<'a>) -> Self {
        self.signer = match self.identity {
            Who::Policy(own) => Some(own),
            Who::Device(_) | Who::Module(..) => Some(policy),
        };
        self
    }

    /// The token to sign: MQTT's and SASL PLAIN's password, the body of CBS, and HTTP's `Authorization`.
    #[must_use]
    pub fn token(&self, expires: UnixTime) -> Unsigned<'a> {
        let unsigned = match self.speaks() {
            Who::Module(device, module) => Unsigned::module(self.host, device, module, expires),
            Who::Policy(name) => return Unsigned::service(self.host, name, expires),
            Who::Device(device) => Unsigned::device(self.host, device, expires),
        };
        match self.signer {
            Some(policy) => unsigned.signed_by(policy),
            None => unsigned,
        }
    }

    /// The client id of an MQTT CONNECT.
    pub fn mqtt_client_id(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| match client.identity {
            Who::Device(id) => write!(f, "{id}"),
            Who::Module(device, module) => write!(f, "{device}/{module}"),
            Who::Policy(_) => Ok(()),
        })
    }

    /// The username of an MQTT CONNECT; empty for a service, which has none.
    pub fn mqtt_username(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            match client.identity {
                Who::Device(id) => write!(f, "{}/{id}/?api-version={API_VERSION}", client.host)?,
                Who::Module(device, module) => {
                    write!(f, "{}/{device}/{module}/?api-version={API_VERSION}", client.host)?
                }
                Who::Policy(_) => return Ok(()),
            }
            if client.above.is_empty() {
                return Ok(());
            }
            f.write_str("&auth-chain=")?;
            client.chain(f, "%3B", "%2F", |id, f| write!(f, "{}", escape_value(id)))
        })
    }

    /// The link property [`AUTH_CHAIN_PROPERTY`](crate::AUTH_CHAIN_PROPERTY) of AMQP, where an edge hub speaks; else the
    /// identity alone.
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
            Who::Device(id) => write(id.as_str(), f)?,
            Who::Module(device, module) => {
                write(device.as_str(), f)?;
                f.write_str(slash)?;
                write(module.as_str(), f)?;
            }
            Who::Policy(_) => return Ok(()),
        }
        for id in self.above {
            f.write_str(separator)?;
            write(id.as_str(), f)?;
        }
        Ok(())
    }

    /// The username of AMQP's SASL PLAIN.
    pub fn sasl_username(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            let hub = client.first_label();
            match client.identity {
                Who::Device(id) => write!(f, "{id}@sas.{hub}"),
                Who::Module(device, module) => write!(f, "{device}/modules/{module}@sas.{hub}"),
                Who::Policy(name) => write!(f, "{name}@sas.root.{hub}"),
            }
        })
    }

    /// The response of AMQP's SASL EXTERNAL, beside a certificate; empty for a service, which has none.
    pub fn sasl_external(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| match client.identity {
            Who::Device(id) => write!(f, "{id}@{}", client.first_label()),
            Who::Module(device, module) => write!(f, "{device}/modules/{module}@{}", client.first_label()),
            Who::Policy(_) => Ok(()),
        })
    }

    /// The value of HTTP's `Host` header, and the hostname of AMQP's `sasl-init`.
    #[must_use]
    pub const fn host(&self) -> Authority<'a> {
        self.host
    }

    fn first_label(&self) -> &'a str {
        self.host.as_str().split(['.', ':']).next().unwrap_or_default()
    }

    /// `name` of a CBS message; `operation` is [`CBS_OPERATION`] and `type` is [`CBS_TYPE`].
    pub fn cbs_name(&self) -> impl fmt::Display + use<'a> {
        Written(*self, |client, f| {
            write!(f, "{}", client.host)?;
            match client.speaks() {
                Who::Device(id) => write!(f, "/devices/{}", escape_value(id.as_str())),
                Who::Module(device, module) => {
                    let (device, module) = (escape_value(device.as_str()), escape_value(module.as_str()));
                    write!(f, "/devices/{device}/modules/{module}")
                }
                Who::Policy(_) => Ok(()),
            }
        })
    }
}

/// A client and one of the texts it writes.
struct Written<'a>(Client<'a>, fn(&Client<'_>, &mut fmt::Formatter<'_>) -> fmt::Result);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(&self.0, f)
    }
}
