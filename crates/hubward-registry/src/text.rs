//! Texts of a record, each within its limit.

use alloc::boxed::Box;
use core::fmt;

/// Why a text is not kept. Never holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {len} characters, at most {max} allowed")]
#[non_exhaustive]
pub struct TextError {
    /// Which text of a record.
    pub what: &'static str,
    /// Characters found.
    pub len: usize,
    /// Characters allowed.
    pub max: usize,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a text.
            ///
            /// # Errors
            /// [`TextError`] where it is too long.
            pub fn new(text: &str) -> Result<Self, TextError> {
                let len = text.chars().count();
                if len > $max {
                    return Err(TextError { what: $what, len, max: $max });
                }
                Ok(Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub const fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

text! {
    /// Why an identity has its status, for people: at most 128 characters.
    StatusReason, "status reason", 128
}

text! {
    /// The text that tells one creation of an id from the next, case-sensitive: at most 128 characters.
    GenerationId, "generation id", 128
}

text! {
    /// An edge device's scope, or the scope that a device belongs to. Opaque: compared whole. At most 256 characters.
    DeviceScope, "device scope", 256
}
