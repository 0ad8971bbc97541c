//! Making a token: what is to be signed, and the token that a tag makes of it. Signing with a key at hand is the
//! two halves in a row; a key in a TPM, an HSM or a key service does the middle itself.

use core::fmt;
use core::fmt::Write;

use hubward_core::{
    Authority, DeviceId, IdScope, MacKey, ModuleId, NeedBytes, PolicyName, RegistrationId, Tag, UnixTime,
    escape_value,
};

use crate::parse::REGISTRATION;
use crate::signature::Encoded;

/// Bytes of the longest text to be signed: a host, two ids of 128 bytes that are escaped throughout, the words
/// between them, the line feed and twenty digits.
const LONGEST: usize = 1152;

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
        write_into(buffer, format_args!("{}\n{}", self.resource, self.expiry)).map(str::as_bytes)
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

/// The resource as it is signed and sent.
impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(host) => write!(f, "{}", escape_value(host.as_str())),
            Self::Device(host, device) => {
                write!(f, "{}%2Fdevices%2F{}", escape_value(host.as_str()), escape_value(device.as_str()))
            }
            Self::Module(host, device, module) => {
                write!(f, "{}%2Fdevices%2F{}", escape_value(host.as_str()), escape_value(device.as_str()))?;
                write!(f, "%2Fmodules%2F{}", escape_value(module.as_str()))
            }
            Self::Registration(scope, id) => {
                write!(f, "{}%2Fregistrations%2F{}", escape_value(scope.as_str()), escape_value(id.as_str()))
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
        write_into(buffer, format_args!("{self}"))
    }

    /// When it expires, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.unsigned.expiry
    }
}

impl fmt::Display for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unsigned { resource, policy, expiry } = &self.unsigned;
        let sig = Encoded(self.tag.expose());
        write!(f, "SharedAccessSignature sr={resource}&sig={sig}&se={expiry}")?;
        match (resource, policy) {
            (Resource::Registration(..), _) => write!(f, "&skn={REGISTRATION}"),
            (_, Some(policy)) => write!(f, "&skn={}", escape_value(policy.as_str())),
            (_, None) => Ok(()),
        }
    }
}

impl fmt::Debug for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken").field("unsigned", &self.unsigned).finish_non_exhaustive()
    }
}

/// Formats into `buffer`; goes on counting where it is full, so that the error can say what is needed.
fn write_into<'b>(buffer: &'b mut [u8], text: fmt::Arguments<'_>) -> Result<&'b str, NeedBytes> {
    let mut cursor = Cursor { buffer, written: 0 };
    // a cursor never fails
    let _ = cursor.write_fmt(text);
    let Cursor { buffer, written } = cursor;
    let text = buffer.get(..written).ok_or(NeedBytes::new(written))?;
    core::str::from_utf8(text).map_err(|_| NeedBytes::new(written))
}

struct Cursor<'b> {
    buffer: &'b mut [u8],
    written: usize,
}

impl Write for Cursor<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.written.saturating_add(text.len());
        if let Some(slot) = self.buffer.get_mut(self.written..end) {
            slot.copy_from_slice(text.as_bytes());
        }
        self.written = end;
        Ok(())
    }
}
