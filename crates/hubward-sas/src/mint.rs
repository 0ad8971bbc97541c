//! [`derive_device_key`] for enrollment groups, and [`DeviceTokens`], the minting of a token service.

use core::fmt;
use core::time::Duration;

use hubward_core::{
    Authority, DeviceId, Identity, MacKey, PolicyName, RegistrationId, SymmetricKey, UnixTime,
};

use crate::lifetime::{LifetimeError, expires_after};
use crate::sign::{SignedToken, UnsignedToken};

/// Derives the key of one device of an enrollment group: the tag of its registration id, as given, with the group's
/// key.
///
/// The group's key stays with the service. Each device gets its own key, as [`SymmetricKey::expose_base64`] writes it.
///
/// ```
/// use hubward_core::{RegistrationId, SymmetricKey};
/// use hubward_rustcrypto::HmacKey;
/// use hubward_sas::derive_device_key;
///
/// let group = HmacKey::new(&SymmetricKey::from_bytes(b"0123456789abcdef0123456789abcdef")?);
/// let key = derive_device_key(&group, RegistrationId::parse("sn-007")?);
/// assert_eq!(key.expose().len(), 32);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[must_use]
pub fn derive_device_key(group: &impl MacKey, id: RegistrationId<'_>) -> SymmetricKey {
    group.tag(&[id.as_str().as_bytes()]).into()
}

/// The minting of a token service: with the key of a policy, it signs tokens with a limited lifetime for single devices
/// and modules.
///
/// A token has the policy's rights within the resource of its device, so use a policy that has DeviceConnect alone.
///
/// ```
/// use core::time::Duration;
/// use hubward_core::{Authority, DeviceId, Identity, PolicyName, SymmetricKey, UnixTime};
/// use hubward_rustcrypto::HmacKey;
/// use hubward_sas::DeviceTokens;
///
/// let key = HmacKey::new(&SymmetricKey::from_bytes(b"0123456789abcdef0123456789abcdef")?);
/// let (hub, policy) = (Authority::parse("hub.example")?, PolicyName::parse("device")?);
/// let tokens = DeviceTokens::new(hub, policy, key, Duration::from_secs(3600));
///
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
/// let dev1 = DeviceId::parse("dev1")?; // authenticated by the service
/// let token = tokens.mint(dev1, Identity::Device(dev1), now, Duration::from_secs(600))?;
/// assert_eq!(token.expires().as_secs(), 1_800_000_600);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct DeviceTokens<'a, K> {
    host: Authority<'a>,
    policy: PolicyName<'a>,
    key: K,
    max_lifetime: Duration,
}

/// The reason for which a token is not minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The token is for another device than the caller, or for a module of another device.
    #[error("the token is for another device than the caller")]
    AnotherDevice,
    /// The token is not for a device or module.
    #[error("the token is not for a device or module")]
    NotADevice,
    /// The lifetime is longer than this service allows.
    #[error("the lifetime is {} s, and at most {} s are allowed", .asked.as_secs(), .max.as_secs())]
    TooLong {
        /// The requested lifetime.
        asked: Duration,
        /// The longest allowed lifetime.
        max: Duration,
    },
    /// A token cannot have this lifetime.
    #[error(transparent)]
    Lifetime(#[from] LifetimeError),
}

impl<'a, K: MacKey> DeviceTokens<'a, K> {
    /// Returns a service that signs with the key of `policy` for the hub `host`, for at most `max_lifetime`.
    #[must_use]
    pub const fn new(host: Authority<'a>, policy: PolicyName<'a>, key: K, max_lifetime: Duration) -> Self {
        Self { host, policy, key, max_lifetime }
    }

    /// Mints a token for `wanted`. `caller` is the device that the service authenticated: `wanted` must be that device
    /// or one of its modules.
    ///
    /// # Errors
    /// [`MintError`] if `wanted` is another device or not a device, or if the service does not allow the lifetime.
    pub fn mint<'t>(
        &self,
        caller: DeviceId<'_>,
        wanted: Identity<'t>,
        now: UnixTime,
        lifetime: Duration,
    ) -> Result<SignedToken<'t>, MintError>
    where
        'a: 't,
    {
        let device = wanted.device().ok_or(MintError::NotADevice)?;
        if device.as_str() != caller.as_str() {
            return Err(MintError::AnotherDevice);
        }
        if lifetime > self.max_lifetime {
            return Err(MintError::TooLong { asked: lifetime, max: self.max_lifetime });
        }
        let expires = expires_after(now, lifetime)?;
        let unsigned = match wanted.module() {
            Some(module) => UnsignedToken::module(self.host, device, module, expires),
            None => UnsignedToken::device(self.host, device, expires),
        };
        Ok(unsigned.with_policy(self.policy).sign(&self.key))
    }
}

impl<K> fmt::Debug for DeviceTokens<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTokens")
            .field("host", &self.host)
            .field("policy", &self.policy)
            .field("max_lifetime", &self.max_lifetime)
            .finish_non_exhaustive()
    }
}
