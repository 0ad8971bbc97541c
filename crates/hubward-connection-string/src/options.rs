//! [`ParseOptions`]: the options of parsing. Each leniency is a named field, and there are no other options.

/// The options of parsing.
///
/// ```
/// use hubward_connection_string::{ParseOptions, UnknownNames};
///
/// let mut rules = ParseOptions::STRICT;
/// rules.unknown_names = UnknownNames::Keep;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseOptions {
    /// The handling of unknown field names.
    pub unknown_names: UnknownNames,
    /// The hosts at which an endpoint may be without TLS.
    pub without_tls: WithoutTls,
}

/// The handling of a field name that no kind of string has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a field is refused or kept")]
pub enum UnknownNames {
    /// The string is refused.
    Refuse,
    /// The field is kept in the string's [`Extras`](crate::Extras) and has no effect.
    ///
    /// It is still refused directly after `DeviceId` or `ModuleId`: `DeviceId=a;b=c` may be an old id with a `;`, which
    /// must not be parsed as the device `a`.
    Keep,
}

/// The hosts at which an endpoint may be without TLS: one with `http://`, or with the flag of an emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "this machine, or every host")]
pub enum WithoutTls {
    /// `localhost` and addresses of 127.0.0.0/8.
    Loopback,
    /// Every host.
    Anywhere,
}

impl ParseOptions {
    /// The default: no unknown names, and TLS for every endpoint on another machine.
    pub const STRICT: Self = Self { unknown_names: UnknownNames::Refuse, without_tls: WithoutTls::Loopback };
    /// The options for strings of other tools: unknown names are kept, and an endpoint may be without TLS.
    pub const COMPATIBLE: Self =
        Self { unknown_names: UnknownNames::Keep, without_tls: WithoutTls::Anywhere };
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self::STRICT
    }
}
