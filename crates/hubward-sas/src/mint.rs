//! Keys made of keys, and tokens made for others.

use core::fmt;
use core::time::Duration;

use hubward_core::{
    Authority, DeviceId, Identity, MacKey, PolicyName, RegistrationId, SymmetricKey, UnixTime,
};

use crate::lifetime::{LifetimeError, expires_after};
use crate::sign::{SignedToken, Unsigned};

/// The key of one device of an enrollment group: the tag of its registration id, as given, under the group's key.
///
/// The group's key stays with the service; each device gets its own, as [`SymmetricKey::expose_base64`] writes it.
#[must_use]
pub fn derive_device_key(group: &impl MacKey, id: RegistrationId<'_>) -> SymmetricKey {
    group.tag(&[id.as_str().as_bytes()]).into()
}

/// A token service: it holds the key of a policy and mints tokens for single devices and modules, for a limited life.
///
/// A token carries the policy's rights within the resource of its device: give the service a policy that has
/// DeviceConnect and nothing more.
pub struct DeviceTokens<'a, K> {
    host: Authority<'a>,
    policy: PolicyName<'a>,
    key: K,
    max_life: Duration,
}

/// Why a token is not minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// For another device than the caller is, or its modules.
    #[error("for another device than the caller")]
    AnotherDevice,
    /// For no device at all, as a service's token would be.
    #[error("for no single device")]
    NotADevice,
    /// For a longer life than this service gives.
    #[error("for a life of {} s, at most {} s allowed", .asked.as_secs(), .max.as_secs())]
    TooLong {
        /// What was asked for.
        asked: Duration,
        /// What there is.
        max: Duration,
    },
    /// For no time at all, or beyond all time.
    #[error(transparent)]
    Lifetime(#[from] LifetimeError),
}

impl<'a, K: MacKey> DeviceTokens<'a, K> {
    /// A service that signs as `policy` for the hub `host`, with a life of `max_life` at most.
    #[must_use]
    pub const fn new(host: Authority<'a>, policy: PolicyName<'a>, key: K, max_life: Duration) -> Self {
        Self { host, policy, key, max_life }
    }

    /// Mints a token with which `wanted` connects. `caller` is the device that has logged in to this service:
    /// `wanted` is that device or one of its modules.
    ///
    /// # Errors
    /// [`MintError`] where `wanted` is another device or none, or the life is not one that this service gives.
    pub fn mint<'t>(
        &self,
        caller: DeviceId<'_>,
        wanted: Identity<'t>,
        now: UnixTime,
        life: Duration,
    ) -> Result<SignedToken<'t>, MintError>
    where
        'a: 't,
    {
        let device = wanted.device().ok_or(MintError::NotADevice)?;
        if device.as_str() != caller.as_str() {
            return Err(MintError::AnotherDevice);
        }
        if life > self.max_life {
            return Err(MintError::TooLong { asked: life, max: self.max_life });
        }
        let expires = expires_after(now, life)?;
        let unsigned = match wanted.module() {
            Some(module) => Unsigned::module(self.host, device, module, expires),
            None => Unsigned::device(self.host, device, expires),
        };
        Ok(unsigned.signed_by(self.policy).sign(&self.key))
    }
}

impl<K> fmt::Debug for DeviceTokens<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTokens")
            .field("host", &self.host)
            .field("policy", &self.policy)
            .field("max_life", &self.max_life)
            .finish_non_exhaustive()
    }
}
