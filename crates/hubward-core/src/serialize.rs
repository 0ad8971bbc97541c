//! The feature `serde`: names, permissions, thumbprints and statuses as text, and hints as their codes. No type that has
//! a secret is here.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::hint::Hint;
use crate::identity::Status;
use crate::name::{Name, Rule};
use crate::permissions::{Permissions, UnknownRight};
use crate::thumbprint::Thumbprint;

impl<K> Serialize for Name<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Borrows the name from the input and validates it as [`Name::parse`] does. A text that the input
/// does not have as it is, such as JSON with escapes in it, is an error: deserialize a `String` there, and parse it.
impl<'de: 'a, 'a, K: Rule> Deserialize<'de> for Name<'a, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor(PhantomData))
    }
}

struct NameVisitor<K>(PhantomData<fn() -> K>);

impl<'de, K: Rule> Visitor<'de> for NameVisitor<K> {
    type Value = Name<'de, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::WHAT)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Name::parse(text).map_err(E::custom)
    }

    // serde's own error would repeat the text
    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom(Unkept(K::WHAT)))
    }
}

/// The error for a text that the input does not keep.
struct Unkept(&'static str);

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the text cannot be borrowed from the input; deserialize a `String` and parse it",
            self.0
        )
    }
}

/// Deserializes a text by `parse`. Its errors do not repeat the text.
struct Parsed<P> {
    expecting: &'static str,
    parse: P,
}

impl<T, F: fmt::Display, P: FnOnce(&str) -> Result<T, F>> Visitor<'_> for Parsed<P> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

/// Writes the text of `Display`: `RegistryRead, ServiceConnect`.
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Parses what [`FromStr`](core::str::FromStr) does; an empty text is no permissions.
impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| match text {
            "" => Ok::<_, UnknownRight>(Self::empty()),
            list => list.parse(),
        };
        deserializer.deserialize_str(Parsed { expecting: "permissions, separated by commas", parse })
    }
}

/// Writes upper-case hex.
impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Parses 40 or 64 hex digits of either case.
impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| text.parse::<Self>();
        deserializer.deserialize_str(Parsed { expecting: "a thumbprint of 40 or 64 hex digits", parse })
    }
}

/// Writes `enabled` or `disabled`.
impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        })
    }
}

/// Parses `enabled` or `disabled`.
impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| match text {
            "enabled" => Ok(Self::Enabled),
            "disabled" => Ok(Self::Disabled),
            _ => Err("a status is `enabled` or `disabled`"),
        };
        deserializer.deserialize_str(Parsed { expecting: "`enabled` or `disabled`", parse })
    }
}

/// Writes [`Hint::code`].
impl Serialize for Hint<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
