//! Texts of a record, each with a maximum length.

use alloc::boxed::Box;
use core::fmt;

/// The text is too long. The error never contains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {len} characters, at most {max} allowed")]
#[non_exhaustive]
pub struct TextError {
    /// The field of the record.
    pub what: &'static str,
    /// The number of characters.
    pub len: usize,
    /// The maximum number of characters.
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
            /// [`TextError`] if it is too long.
            pub fn new(text: &str) -> Result<Self, TextError> {
                let len = text.chars().count();
                if len > $max {
                    return Err(TextError { what: $what, len, max: $max });
                }
                Ok(Self(text.into()))
            }

            /// Returns the text.
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
    /// The reason why an identity has its status, for people: at most 128 characters.
    StatusReason, "status reason", 128
}

text! {
    /// A text that differs for each creation of an id, case-sensitive: at most 128 characters.
    GenerationId, "generation id", 128
}

text! {
    /// The scope of an edge device, or the scope that a device belongs to. Opaque: compared as a whole. At most 256
    /// characters.
    DeviceScope, "device scope", 256
}
