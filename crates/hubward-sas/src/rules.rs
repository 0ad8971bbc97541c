//! What a verifier puts up with. Every leniency has a name and is off in [`TokenRules::STRICT`].

/// Case of the scheme word `SharedAccessSignature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeCase {
    /// As written here.
    Exact,
    /// In any ASCII case.
    AsciiInsensitive,
}

/// Fields other than `sr`, `sig`, `se` and `skn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownFields {
    /// An error.
    Refuse,
    /// Passed over. A known name in another case is still an error, and so is the same name twice.
    Ignore,
}

/// Case of device and module ids, where `sr` is compared with an identity that is already known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdCase {
    /// Ids are case-sensitive, as the identity registry has them.
    Exact,
    /// Some signers send ids in lower case. The key is the known identity's own in any case; a policy's token, whose
    /// key is everybody's, names ids exactly.
    AsciiInsensitive,
}

/// Ids that were encoded once by themselves and again with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoubleEncoding {
    /// An id is what it decodes to once.
    Refuse,
    /// An id may decode twice to an identity that is already known. It never names one, and of a policy's token it is
    /// no excuse.
    WhereIdentityIsKnown,
}

/// A token whose `skn` is the device's own id, signed with the device's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SknAsDeviceId {
    /// `skn` names a policy, always.
    Refuse,
    /// Honoured where the transport names that device and no policy has that name.
    WhereIdentityIsKnown,
}

/// The `skn` of a token for `{id scope}/registrations/{id}`; the resource alone says whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationPolicy {
    /// `registration`, empty or missing.
    Registration,
    /// Anything that a policy could be called.
    Any,
}

/// The rules by which a token is parsed and verified.
///
/// Start from a constant and change what you must: `let mut rules = TokenRules::STRICT; rules.leeway = 60;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRules {
    /// Seconds after its expiry in which a token still counts, for clocks that differ.
    pub leeway: u64,
    /// Seconds from `now` beyond which an expiry is refused, if there is such a limit.
    pub max_lifetime: Option<u64>,
    /// Case of the scheme word.
    pub scheme_case: SchemeCase,
    /// Fields that are not a token's.
    pub unknown_fields: UnknownFields,
    /// Case of ids.
    pub id_case: IdCase,
    /// Ids encoded twice.
    pub double_encoding: DoubleEncoding,
    /// `skn` that is a device's id.
    pub skn_as_device_id: SknAsDeviceId,
    /// `skn` of a registration.
    pub registration_policy: RegistrationPolicy,
}

impl TokenRules {
    /// Nothing but what the documentation prescribes: no leeway, at most a year of life.
    pub const STRICT: Self = Self {
        leeway: 0,
        max_lifetime: Some(366 * 24 * 3600),
        scheme_case: SchemeCase::Exact,
        unknown_fields: UnknownFields::Refuse,
        id_case: IdCase::Exact,
        double_encoding: DoubleEncoding::Refuse,
        skn_as_device_id: SknAsDeviceId::Refuse,
        registration_policy: RegistrationPolicy::Registration,
    };

    /// What a hub must take so that every client in the field gets in: five minutes of leeway, any lifetime,
    /// and each leniency on.
    pub const HUB_COMPAT: Self = Self {
        leeway: 300,
        max_lifetime: None,
        scheme_case: SchemeCase::AsciiInsensitive,
        unknown_fields: UnknownFields::Ignore,
        id_case: IdCase::AsciiInsensitive,
        double_encoding: DoubleEncoding::WhereIdentityIsKnown,
        skn_as_device_id: SknAsDeviceId::WhereIdentityIsKnown,
        registration_policy: RegistrationPolicy::Any,
    };
}
