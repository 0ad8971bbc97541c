//! [`TokenRules`]: the leniencies of a verifier. Each has a name and is off in [`TokenRules::STRICT`].

use core::time::Duration;

use crate::error::VerifyError;

/// The case of the scheme word `SharedAccessSignature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeCase {
    /// Exactly as written here.
    Exact,
    /// In any ASCII case.
    AsciiInsensitive,
}

/// The handling of fields other than `sr`, `sig`, `se` and `skn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownFields {
    /// They are an error.
    Refuse,
    /// They are ignored. A known name in another case is still an error, and so is the same name twice.
    Ignore,
}

/// The case of device and module ids when `sr` is compared with an identity that is already known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdCase {
    /// Ids are case-sensitive, as in the identity registry.
    Exact,
    /// ASCII case is ignored: some signers send ids in lower case. The key is that of the known identity. The ids in a
    /// policy's token are always compared exactly, since its key is valid for every device.
    AsciiInsensitive,
}

/// The handling of ids that were percent-encoded once by themselves and again with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoubleEncoding {
    /// An id is decoded once.
    Refuse,
    /// An id may decode twice to an identity that is already known. It never selects the identity, and a policy's token
    /// is always decoded once.
    WhereIdentityIsKnown,
}

/// The handling of a token whose `skn` is the device's own id, signed with the device's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SknAsDeviceId {
    /// `skn` is always the name of a policy.
    Refuse,
    /// Accepted if the transport's client id is that device and no policy has that name.
    WhereIdentityIsKnown,
}

/// The `skn` of a token for `{id scope}/registrations/{id}`. The resource alone selects the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationPolicy {
    /// `registration`, empty or missing.
    Registration,
    /// Any valid name of a policy.
    Any,
}

/// The handling of a policy's token that is put on an AMQP connection for many devices, as pooled clients and field
/// gateways do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManyDevices {
    /// A policy's token connects the device that the transport names, and no other.
    Refuse,
    /// A token with DeviceConnect for the hub or for all devices opens the links of each device that exists, is enabled
    /// and is within the token's resource.
    ExistingAndEnabled,
}

/// The rules for parsing and verifying a token.
///
/// Start from a constant and change single fields:
///
/// ```
/// use hubward_sas::TokenRules;
///
/// let mut rules = TokenRules::STRICT;
/// rules.leeway = core::time::Duration::from_secs(60);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRules {
    /// The time after its expiry for which a token is still valid, in whole seconds, for clocks that differ.
    pub leeway: Duration,
    /// The longest time from `now` to an expiry, in whole seconds, if there is such a limit.
    pub max_lifetime: Option<Duration>,
    /// The case of the scheme word.
    pub scheme_case: SchemeCase,
    /// The handling of unknown fields.
    pub unknown_fields: UnknownFields,
    /// The case of ids.
    pub id_case: IdCase,
    /// The handling of ids that are encoded twice.
    pub double_encoding: DoubleEncoding,
    /// The handling of a `skn` that is a device's id.
    pub skn_as_device_id: SknAsDeviceId,
    /// The `skn` of a registration.
    pub registration_policy: RegistrationPolicy,
    /// The handling of a policy's token for many devices.
    pub many_devices: ManyDevices,
}

impl TokenRules {
    /// Only what Azure's documentation prescribes: no leeway, and a lifetime of at most a year.
    pub const STRICT: Self = Self {
        leeway: Duration::ZERO,
        max_lifetime: Some(Duration::from_secs(366 * 24 * 3600)),
        scheme_case: SchemeCase::Exact,
        unknown_fields: UnknownFields::Refuse,
        id_case: IdCase::Exact,
        double_encoding: DoubleEncoding::Refuse,
        skn_as_device_id: SknAsDeviceId::Refuse,
        registration_policy: RegistrationPolicy::Registration,
        many_devices: ManyDevices::Refuse,
    };

    /// The rules that accept every known client: five minutes of leeway, any lifetime, and each leniency on.
    pub const HUB_COMPAT: Self = Self {
        leeway: Duration::from_secs(300),
        max_lifetime: None,
        scheme_case: SchemeCase::AsciiInsensitive,
        unknown_fields: UnknownFields::Ignore,
        id_case: IdCase::AsciiInsensitive,
        double_encoding: DoubleEncoding::WhereIdentityIsKnown,
        skn_as_device_id: SknAsDeviceId::WhereIdentityIsKnown,
        registration_policy: RegistrationPolicy::Any,
        many_devices: ManyDevices::ExistingAndEnabled,
    };

    /// Returns the last second at which a token with this expiry is valid.
    #[inline]
    pub(crate) const fn last_second(&self, expiry: u64) -> u64 {
        expiry.saturating_add(self.leeway.as_secs())
    }

    /// Requires that a token with this expiry is valid at `now`, in seconds since 1970.
    #[inline]
    pub(crate) const fn require_unexpired(&self, expiry: u64, now: u64) -> Result<(), VerifyError> {
        if self.last_second(expiry) < now {
            return Err(VerifyError::Expired { expiry, now, leeway: self.leeway.as_secs() });
        }
        Ok(())
    }
}
