//! How strict to be. Each leniency is a field with a name; nothing else in this crate is a matter of choice.

/// The choices of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// What to do with a name that no kind of string knows.
    pub unknown_names: UnknownNames,
    /// Where an endpoint without TLS may be.
    pub without_tls: WithoutTls,
}

/// What to do with a name that no kind of string knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third thing to do with them")]
pub enum UnknownNames {
    /// The string is refused.
    Refuse,
    /// The field is kept, and never acted upon; it is among the string's [`Extras`](crate::Extras).
    ///
    /// It is still refused directly after `DeviceId` or `ModuleId`: `DeviceId=a;b=c` may be an old id that
    /// holds a `;`, and must not be taken for the device `a`.
    Keep,
}

/// Where an endpoint without TLS may be: one of `http://`, or one of an emulator's flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "this machine, or any")]
pub enum WithoutTls {
    /// At `localhost` or an address of 127.0.0.0/8.
    Loopback,
    /// Anywhere.
    Anywhere,
}

impl Rules {
    /// The default: no unknown names, and TLS for every endpoint beyond this machine.
    pub const STRICT: Self = Self { unknown_names: UnknownNames::Refuse, without_tls: WithoutTls::Loopback };
    /// What tools of other makers write: unknown names are kept, and an endpoint may be without TLS.
    pub const COMPATIBLE: Self =
        Self { unknown_names: UnknownNames::Keep, without_tls: WithoutTls::Anywhere };
}

impl Default for Rules {
    fn default() -> Self {
        Self::STRICT
    }
}
