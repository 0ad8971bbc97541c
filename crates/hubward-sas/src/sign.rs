//! Making a token: what is to be signed, and the token that a tag makes of it. Signing with a key at hand is the
//! two halves in a row; a key in a TPM, an HSM or a key service does the middle itself.

use core::fmt;

use hubward_core::{
    Authority, DeviceId, IdScope, MacKey, ModuleId, NeedBytes, PolicyName, RegistrationId, Tag, UnixTime,
};

use crate::parse::REGISTRATION;
use crate::signature;
use crate::writer::Writer;

/// Bytes of the longest text to be signed: a host, two ids of 128 bytes that are escaped throughout, the words
/// between them, the line feed and twenty digits.
const LONGEST: usize = 1152;
/// Bytes of the longest token: that, the signature escaped throughout, a policy's name likewise, and the words.
const LONGEST_TOKEN: usize = LONGEST + 132 + 384 + 64;

/// What a token is to say. The resource is percent-encoded exactly once, with upper-case hex.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    resource: Resource<'a>,
    policy: Option<PolicyName<'a>>,
    expiry: u64,
}

#[derive(Debug, Clone, Copy)]
enum Resource<'a> {
    Hub(Authority<'a>),
    Device(Authority<'a>, DeviceId<'a>),
    Module(Authority<'a>, DeviceId<'a>, ModuleId<'a>),
    Registration(IdScope<'a>, RegistrationId<'a>),
}

impl<'a> Unsigned<'a> {
    /// A service's token for all of a hub or a provisioning service, under `policy`.
    #[must_use]
    pub fn service(host: Authority<'a>, policy: PolicyName<'a>, expires: UnixTime) -> Self {
        Self { policy: Some(policy), ..Self::new(Resource::Hub(host), expires) }
    }

    /// A device's own token.
    #[must_use]
    pub fn device(host: Authority<'a>, device: DeviceId<'a>, expires: UnixTime) -> Self {
        Self::new(Resource::Device(host, device), expires)
    }

    /// A module's own token.
    #[must_use]
    pub fn module(
        host: Authority<'a>,
        device: DeviceId<'a>,
        module: ModuleId<'a>,
        expires: UnixTime,
    ) -> Self {
        Self::new(Resource::Module(host, device, module), expires)
    }

    /// A device's token for its registration at the provisioning service; `skn` is `registration`.
    #[must_use]
    pub fn registration(scope: IdScope<'a>, id: RegistrationId<'a>, expires: UnixTime) -> Self {
        Self::new(Resource::Registration(scope, id), expires)
    }

    /// The same resource, signed with a policy's key instead of the identity's own. A registration has no
    /// policies: there this changes nothing.
    #[must_use]
    pub const fn signed_by(mut self, policy: PolicyName<'a>) -> Self {
        self.policy = Some(policy);
        self
    }

    fn new(resource: Resource<'a>, expires: UnixTime) -> Self {
        Self { resource, policy: None, expiry: expires.as_secs() }
    }

    /// Writes the bytes to be signed into `buffer` and returns them: the resource, a line feed, the expiry.
    ///
    /// # Errors
    /// [`NeedBytes`] where `buffer` is too small, with the size that would do.
    pub fn to_be_signed<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], NeedBytes> {
        let mut writer = Writer::new(buffer);
        self.resource.write(&mut writer);
        writer.text("\n");
        writer.number(self.expiry);
        writer.finish()
    }

    /// Makes the token of the tag over [`Unsigned::to_be_signed`].
    #[must_use]
    pub const fn finish(self, tag: Tag) -> SignedToken<'a> {
        SignedToken { unsigned: self, tag }
    }

    /// Signs with a key at hand.
    #[must_use]
    pub fn sign(self, key: &impl MacKey) -> SignedToken<'a> {
        let mut buffer = [0; LONGEST];
        // names are bounded, so it fits; an empty message would make a token that verifies nowhere
        let message = self.to_be_signed(&mut buffer).unwrap_or_default();
        let tag = key.tag(&[message]);
        self.finish(tag)
    }
}

impl Resource<'_> {
    /// Writes the resource as it is signed and sent.
    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Hub(host) => writer.escaped(host.as_str()),
            Self::Device(host, device) => {
                writer.escaped(host.as_str());
                writer.text("%2Fdevices%2F");
                writer.escaped(device.as_str());
            }
            Self::Module(host, device, module) => {
                Resource::Device(*host, *device).write(writer);
                writer.text("%2Fmodules%2F");
                writer.escaped(module.as_str());
            }
            Self::Registration(scope, id) => {
                writer.escaped(scope.as_str());
                writer.text("%2Fregistrations%2F");
                writer.escaped(id.as_str());
            }
        }
    }
}

/// A signed token. `Display` writes it, the signature included: it is a credential from then on.
pub struct SignedToken<'a> {
    unsigned: Unsigned<'a>,
    tag: Tag,
}

impl SignedToken<'_> {
    /// Writes the token into `buffer` and returns it.
    ///
    /// # Errors
    /// [`NeedBytes`] where `buffer` is too small, with the size that would do.
    pub fn write_into<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, NeedBytes> {
        let Unsigned { resource, policy, expiry } = &self.unsigned;
        let mut writer = Writer::new(buffer);
        writer.text("SharedAccessSignature sr=");
        resource.write(&mut writer);
        writer.text("&sig=");
        writer.escaped(&signature::encode(self.tag.expose()));
        writer.text("&se=");
        writer.number(*expiry);
        match (resource, policy) {
            (Resource::Registration(..), _) => {
                writer.text("&skn=");
                writer.text(REGISTRATION);
            }
            (_, Some(policy)) => {
                writer.text("&skn=");
                writer.escaped(policy.as_str());
            }
            (_, None) => {}
        }
        writer.finish_text()
    }

    /// When it expires, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.unsigned.expiry
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
