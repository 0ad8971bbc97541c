//! Signing: [`UnsignedToken`] returns the bytes to sign, and a tag over them completes a [`SignedToken`]. A key in a TPM, an
//! HSM or a key service signs between the two steps; [`UnsignedToken::sign`] does both with a key in memory.

use core::fmt;
use core::time::Duration;

use hubward_core::{
    Authority, DeviceId, IdScope, MacKey, ModuleId, NeedBytes, PolicyName, RegistrationId, Tag, UnixTime,
};

use crate::parse::REGISTRATION;
use crate::signature;
use crate::writer::{Decimal, Writer, is_plain};

/// The most bytes of a text to be signed: a host, two ids of 128 bytes with every character escaped, the words
/// between them, the line feed and twenty digits.
const LONGEST: usize = 1152;
/// Bytes that the text to be signed rarely exceeds: a larger buffer would be cleared for each token.
const ORDINARY: usize = 240;
/// The most bytes of a token: the same, the signature and a policy's name with every character escaped, and the words.
const LONGEST_TOKEN: usize = LONGEST + 132 + 384 + 64;

/// The claims of a token that is still to be signed. The resource is percent-encoded once, with upper-case hex digits.
///
/// ```
/// use core::time::Duration;
/// use hubward_core::{Authority, DeviceId, UnixTime};
/// use hubward_sas::UnsignedToken;
///
/// let expires = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// let unsigned = UnsignedToken::device(Authority::parse("hub.example")?, DeviceId::parse("dev1")?, expires);
/// let mut buffer = [0; 64];
/// assert_eq!(unsigned.to_be_signed(&mut buffer)?, b"hub.example%2Fdevices%2Fdev1\n1893456000");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UnsignedToken<'a> {
    resource: Resource<'a>,
    /// No name of the resource has a character to be escaped, as in nearly all tokens. The resource is written twice.
    is_plain: bool,
    policy: Option<PolicyName<'a>>,
    expiry: u64,
    /// The expiry's digits, which are signed and sent.
    digits: Decimal,
}

#[derive(Debug, Clone, Copy)]
enum Resource<'a> {
    Hub(Authority<'a>),
    Device(Authority<'a>, DeviceId<'a>),
    Module(Authority<'a>, DeviceId<'a>, ModuleId<'a>),
    Registration(IdScope<'a>, RegistrationId<'a>),
}

impl<'a> UnsignedToken<'a> {
    /// Returns a service's token for a whole hub or provisioning service, to be signed with the key of `policy`.
    #[must_use]
    pub fn service(host: Authority<'a>, policy: PolicyName<'a>, expires: UnixTime) -> Self {
        Self { policy: Some(policy), ..Self::new(Resource::Hub(host), expires) }
    }

    /// Returns a device's token, to be signed with the device's key.
    #[must_use]
    pub fn device(host: Authority<'a>, device: DeviceId<'a>, expires: UnixTime) -> Self {
        Self::new(Resource::Device(host, device), expires)
    }

    /// Returns a module's token, to be signed with the module's key.
    #[must_use]
    pub fn module(
        host: Authority<'a>,
        device: DeviceId<'a>,
        module: ModuleId<'a>,
        expires: UnixTime,
    ) -> Self {
        Self::new(Resource::Module(host, device, module), expires)
    }

    /// Returns a device's token for its registration at the provisioning service. Its `skn` is `registration`.
    #[must_use]
    pub fn registration(scope: IdScope<'a>, id: RegistrationId<'a>, expires: UnixTime) -> Self {
        Self::new(Resource::Registration(scope, id), expires)
    }

    /// Selects a policy's key instead of the identity's own, for the same resource. A registration has no policy: its
    /// token does not change.
    #[must_use]
    pub const fn with_policy(mut self, policy: PolicyName<'a>) -> Self {
        self.policy = Some(policy);
        self
    }

    fn new(resource: Resource<'a>, expires: UnixTime) -> Self {
        let expiry = expires.as_secs();
        Self { resource, is_plain: resource.is_plain(), policy: None, expiry, digits: Decimal::new(expiry) }
    }

    /// Writes the bytes to be signed into `buffer` and returns them: the resource, a line feed, the expiry.
    ///
    /// # Errors
    /// [`NeedBytes`] with the needed size if `buffer` is too small.
    pub fn to_be_signed<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], NeedBytes> {
        let mut writer = Writer::new(buffer);
        self.resource.write(self.is_plain, &mut writer);
        writer.text("\n");
        writer.number(&self.digits);
        writer.finish()
    }

    /// Completes the token with the tag over [`UnsignedToken::to_be_signed`].
    #[must_use]
    pub const fn finish(self, tag: Tag) -> SignedToken<'a> {
        SignedToken { unsigned: self, tag }
    }

    /// Signs with a key in memory.
    #[must_use]
    pub fn sign(self, key: &impl MacKey) -> SignedToken<'a> {
        let tag = match self.to_be_signed(&mut [0; ORDINARY]) {
            Ok(message) => key.tag(&[message]),
            Err(_) => self.tag_of_long(key),
        };
        self.finish(tag)
    }

    #[inline(never)]
    fn tag_of_long(&self, key: &impl MacKey) -> Tag {
        let mut buffer = [0; LONGEST];
        // the lengths of names are limited, so it fits; a tag over an empty message would verify nowhere
        key.tag(&[self.to_be_signed(&mut buffer).unwrap_or_default()])
    }
}

impl Resource<'_> {
    /// Returns whether no name has a character to be escaped.
    fn is_plain(&self) -> bool {
        match self {
            Self::Hub(host) => is_plain(host.as_str()),
            Self::Device(host, device) => is_plain(host.as_str()) && is_plain(device.as_str()),
            Self::Module(host, device, module) => {
                Resource::Device(*host, *device).is_plain() && is_plain(module.as_str())
            }
            Self::Registration(scope, id) => is_plain(scope.as_str()) && is_plain(id.as_str()),
        }
    }

    /// Writes the resource as it is signed and sent.
    fn write(&self, is_plain: bool, writer: &mut Writer<'_>) {
        let name = |writer: &mut Writer<'_>, name: &str| {
            if is_plain { writer.text(name) } else { writer.escaped(name.as_bytes()) }
        };
        match self {
            Self::Hub(host) => name(writer, host.as_str()),
            Self::Device(host, device) => {
                name(writer, host.as_str());
                writer.text("%2Fdevices%2F");
                name(writer, device.as_str());
            }
            Self::Module(host, device, module) => {
                Resource::Device(*host, *device).write(is_plain, writer);
                writer.text("%2Fmodules%2F");
                name(writer, module.as_str());
            }
            Self::Registration(scope, id) => {
                name(writer, scope.as_str());
                writer.text("%2Fregistrations%2F");
                name(writer, id.as_str());
            }
        }
    }
}

/// A signed token. `Display` writes it with its signature: the text is a credential.
pub struct SignedToken<'a> {
    unsigned: UnsignedToken<'a>,
    tag: Tag,
}

impl SignedToken<'_> {
    /// Writes the token into `buffer` and returns it.
    ///
    /// # Errors
    /// [`NeedBytes`] with the needed size if `buffer` is too small.
    pub fn write_into<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, NeedBytes> {
        let UnsignedToken { resource, is_plain, policy, digits, .. } = &self.unsigned;
        let mut writer = Writer::new(buffer);
        writer.text("SharedAccessSignature sr=");
        resource.write(*is_plain, &mut writer);
        writer.text("&sig=");
        writer.escaped(&signature::encode(self.tag.expose()));
        writer.text("&se=");
        writer.number(digits);
        match (resource, policy) {
            (Resource::Registration(..), _) => {
                writer.text("&skn=");
                writer.text(REGISTRATION);
            }
            (_, Some(policy)) => {
                writer.text("&skn=");
                writer.escaped(policy.as_str().as_bytes());
            }
            (_, None) => {}
        }
        writer.finish_text()
    }

    /// Returns its expiry, without leeway.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.unsigned.expiry))
    }
}

impl fmt::Display for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; LONGEST_TOKEN];
        f.write_str(self.write_into(&mut buffer).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken").field("unsigned", &self.unsigned).finish_non_exhaustive()
    }
}
