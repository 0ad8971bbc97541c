//! One line as it stands: texts borrowed from it, nothing judged yet.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use zeroize::Zeroize;

/// The fields of an identity. Others, a twin's among them, are passed over.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'l> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) module_id: Option<Text<'l>>,
    #[serde(borrow, rename = "eTag")]
    pub(super) e_tag: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) import_mode: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) status_reason: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) authentication: Option<Object<Authentication<'l>>>,
    pub(super) capabilities: Option<Object<Capabilities>>,
    #[serde(borrow)]
    pub(super) device_scope: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) parent_scopes: Option<Vec<Text<'l>>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authentication<'l> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) symmetric_key: Option<Object<SymmetricKeys<'l>>>,
    #[serde(borrow)]
    pub(super) x509_thumbprint: Option<Object<X509Thumbprints<'l>>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SymmetricKeys<'l> {
    #[serde(borrow)]
    pub(super) primary_key: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) secondary_key: Option<Text<'l>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct X509Thumbprints<'l> {
    #[serde(borrow)]
    pub(super) primary_thumbprint: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) secondary_thumbprint: Option<Text<'l>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Capabilities {
    pub(super) iot_edge: Option<bool>,
}

impl<'l> Line<'l> {
    /// Reads a line.
    ///
    /// # Errors
    /// The column at which it was noticed not to be one.
    pub(super) fn parse(line: &'l [u8]) -> Result<Self, usize> {
        // serde's message may quote the line, so only the place of it is taken
        serde_json::from_slice::<Object<Self>>(line).map(|line| line.0).map_err(|error| error.column())
    }
}

/// A text of the line, in place where it holds no escape. It may be a key, so a copy is erased and none is printed.
pub(super) enum Text<'l> {
    Borrowed(&'l str),
    Copied(String),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Copied(text) => text,
        }
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        if let Self::Copied(text) = self {
            text.zeroize();
        }
    }
}

impl<'de: 'l, 'l> Deserialize<'de> for Text<'l> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text::Borrowed(text))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text::Copied(text.into()))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// `T` from an object and nothing else: a derived reader would take an array as well.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}
