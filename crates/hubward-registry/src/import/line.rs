//! The fields of one line, borrowed from it and not yet interpreted.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use zeroize::Zeroize;

/// The fields of an identity and of its nested objects. Other fields, such as those of a twin, are skipped.
///
/// Each field is written in place: a derived reader would move every object into its parent, and an import would take
/// 27 % more time. The importer calls it.
#[derive(Default)]
pub(super) struct Line<'l> {
    pub(super) id: Value<Text<'l>>,
    pub(super) module_id: Value<Text<'l>>,
    pub(super) e_tag: Value<Text<'l>>,
    pub(super) import_mode: Value<Text<'l>>,
    pub(super) status: Value<Text<'l>>,
    pub(super) status_reason: Value<Text<'l>>,
    pub(super) authentication: Value<()>,
    pub(super) kind: Value<Text<'l>>,
    pub(super) symmetric_key: Value<()>,
    pub(super) primary_key: Value<Text<'l>>,
    pub(super) secondary_key: Value<Text<'l>>,
    pub(super) x509_thumbprint: Value<()>,
    pub(super) primary_thumbprint: Value<Text<'l>>,
    pub(super) secondary_thumbprint: Value<Text<'l>>,
    pub(super) capabilities: Value<()>,
    pub(super) iot_edge: Value<bool>,
    pub(super) device_scope: Value<Text<'l>>,
    pub(super) parent_scopes: Value<Vec<Text<'l>>>,
}

impl<'l> Line<'l> {
    /// Reads a line into an empty value, since each field may occur once.
    ///
    /// # Errors
    /// The column of the first problem.
    pub(super) fn read(&mut self, line: &'l [u8]) -> Result<(), usize> {
        // checked once here, so that it is not checked again for each text
        let text = core::str::from_utf8(line).map_err(|error| error.valid_up_to().saturating_add(1))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let object = Object { line: self, of: Of::Identity };
        // the message of serde may quote the line, so only its position is kept
        json.deserialize_map(object).and_then(|()| json.end()).map_err(|error| error.column())
    }
}

/// A field's value.
#[derive(Default)]
pub(super) enum Value<T> {
    #[default]
    Absent,
    Null,
    Is(T),
}

impl<T> Value<T> {
    /// Returns the value, if there is one.
    pub(super) const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Fails if the field occurred before.
    fn once<E: Error>(&self) -> Result<(), E> {
        if matches!(self, Self::Absent) { Ok(()) } else { Err(E::custom("a name twice")) }
    }
}

impl Value<Text<'_>> {
    pub(super) fn text(&self) -> Option<&str> {
        self.get().map(Text::as_str)
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for &mut Value<T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.once()?;
        *self = Option::deserialize(deserializer)?.map_or(Value::Null, Value::Is);
        Ok(())
    }
}

/// The object whose fields are read.
#[derive(Clone, Copy)]
enum Of {
    Identity,
    Authentication,
    SymmetricKey,
    X509Thumbprint,
    Capabilities,
}

/// An object and nothing else: a derived reader would accept an array as well.
struct Object<'s, 'l> {
    line: &'s mut Line<'l>,
    of: Of,
}

impl<'de> Object<'_, 'de> {
    fn inner(&mut self, of: Of) -> Object<'_, 'de> {
        Object { line: self.line, of }
    }

    fn place(&mut self) -> Option<&mut Value<()>> {
        match self.of {
            Of::Identity => None,
            Of::Authentication => Some(&mut self.line.authentication),
            Of::SymmetricKey => Some(&mut self.line.symmetric_key),
            Of::X509Thumbprint => Some(&mut self.line.x509_thumbprint),
            Of::Capabilities => Some(&mut self.line.capabilities),
        }
    }

    fn mark<E: Error>(&mut self, value: Value<()>) -> Result<(), E> {
        let Some(place) = self.place() else { return Ok(()) };
        place.once()?;
        *place = value;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.mark(Value::Null)
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.mark(Value::Is(()))?;
        while let Some(name) = map.next_key_seed(self.of)? {
            let line = &mut *self.line;
            match name {
                Name::Id => map.next_value_seed(&mut line.id),
                Name::ModuleId => map.next_value_seed(&mut line.module_id),
                Name::ETag => map.next_value_seed(&mut line.e_tag),
                Name::ImportMode => map.next_value_seed(&mut line.import_mode),
                Name::Status => map.next_value_seed(&mut line.status),
                Name::StatusReason => map.next_value_seed(&mut line.status_reason),
                Name::DeviceScope => map.next_value_seed(&mut line.device_scope),
                Name::ParentScopes => map.next_value_seed(&mut line.parent_scopes),
                Name::Kind => map.next_value_seed(&mut line.kind),
                Name::PrimaryKey => map.next_value_seed(&mut line.primary_key),
                Name::SecondaryKey => map.next_value_seed(&mut line.secondary_key),
                Name::PrimaryThumbprint => map.next_value_seed(&mut line.primary_thumbprint),
                Name::SecondaryThumbprint => map.next_value_seed(&mut line.secondary_thumbprint),
                Name::IotEdge => map.next_value_seed(&mut line.iot_edge),
                Name::Inner(of) => map.next_value_seed(self.inner(of)),
                Name::Other => map.next_value::<IgnoredAny>().map(drop),
            }?;
        }
        Ok(())
    }
}

/// The name of a field that is read.
enum Name {
    Id,
    ModuleId,
    ETag,
    ImportMode,
    Status,
    StatusReason,
    DeviceScope,
    ParentScopes,
    Kind,
    PrimaryKey,
    SecondaryKey,
    PrimaryThumbprint,
    SecondaryThumbprint,
    IotEdge,
    Inner(Of),
    Other,
}

impl<'de> DeserializeSeed<'de> for Of {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Of {
    type Value = Name;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(match self {
            Self::Identity => match name {
                "id" => Name::Id,
                "moduleId" => Name::ModuleId,
                "eTag" => Name::ETag,
                "importMode" => Name::ImportMode,
                "status" => Name::Status,
                "statusReason" => Name::StatusReason,
                "authentication" => Name::Inner(Self::Authentication),
                "capabilities" => Name::Inner(Self::Capabilities),
                "deviceScope" => Name::DeviceScope,
                "parentScopes" => Name::ParentScopes,
                _ => Name::Other,
            },
            Self::Authentication => match name {
                "type" => Name::Kind,
                "symmetricKey" => Name::Inner(Self::SymmetricKey),
                "x509Thumbprint" => Name::Inner(Self::X509Thumbprint),
                _ => Name::Other,
            },
            Self::SymmetricKey => match name {
                "primaryKey" => Name::PrimaryKey,
                "secondaryKey" => Name::SecondaryKey,
                _ => Name::Other,
            },
            Self::X509Thumbprint => match name {
                "primaryThumbprint" => Name::PrimaryThumbprint,
                "secondaryThumbprint" => Name::SecondaryThumbprint,
                _ => Name::Other,
            },
            Self::Capabilities => match name {
                "iotEdge" => Name::IotEdge,
                _ => Name::Other,
            },
        })
    }
}

/// A text of the line, borrowed unless it contains an escape. It may be a key, so a copy is erased, and neither form
/// is printed.
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// All names, the objects around them, and an accepted value of each.
    const FIELDS: &[(&[&str], &str, &str)] = &[
        (&[], "id", "\"v\""),
        (&[], "moduleId", "\"v\""),
        (&[], "eTag", "\"v\""),
        (&[], "importMode", "\"v\""),
        (&[], "status", "\"v\""),
        (&[], "statusReason", "\"v\""),
        (&[], "deviceScope", "\"v\""),
        (&[], "parentScopes", "[\"v\"]"),
        (&[], "authentication", "{}"),
        (&[], "capabilities", "{}"),
        (&["authentication"], "type", "\"v\""),
        (&["authentication"], "symmetricKey", "{}"),
        (&["authentication"], "x509Thumbprint", "{}"),
        (&["authentication", "symmetricKey"], "primaryKey", "\"v\""),
        (&["authentication", "symmetricKey"], "secondaryKey", "\"v\""),
        (&["authentication", "x509Thumbprint"], "primaryThumbprint", "\"v\""),
        (&["authentication", "x509Thumbprint"], "secondaryThumbprint", "\"v\""),
        (&["capabilities"], "iotEdge", "true"),
    ];

    fn line(around: &[&str], inner: &str) -> String {
        around.iter().rev().fold(format!("{{{inner}}}"), |inner, name| format!("{{\"{name}\":{inner}}}"))
    }

    fn taken(text: &str) -> usize {
        let mut line = Line::default();
        if line.read(text.as_bytes()).is_err() {
            return usize::MAX;
        }
        let texts = [
            &line.id,
            &line.module_id,
            &line.e_tag,
            &line.import_mode,
            &line.status,
            &line.status_reason,
            &line.device_scope,
            &line.kind,
            &line.primary_key,
            &line.secondary_key,
            &line.primary_thumbprint,
            &line.secondary_thumbprint,
        ];
        let objects = [&line.authentication, &line.symmetric_key, &line.x509_thumbprint, &line.capabilities];
        let objects = objects.iter().filter(|object| object.get().is_some()).count();
        let texts = texts.iter().filter(|text| text.text() == Some("v")).count();
        let scopes = line.parent_scopes.get().map_or(0, Vec::len);
        let edge = usize::from(line.iot_edge.get() == Some(&true));
        [objects, texts, scopes, edge].into_iter().sum()
    }

    #[test]
    fn each_field_may_occur_once() {
        for (around, name, value) in FIELDS {
            let depth = around.len();
            let mut rest = name.chars();
            let escaped = format!("\\u{:04x}{}", rest.next().map_or(0, u32::from), rest.as_str());
            assert_eq!(taken(&line(around, &format!("\"{name}\":{value}"))), depth + 1, "{name}");
            assert_eq!(taken(&line(around, &format!("\"{escaped}\":{value}"))), depth + 1, "{escaped}");
            assert_eq!(taken(&line(around, &format!("\"{name}\":null"))), depth, "{name}");
            for (first, second, again) in [
                (value, value, name.to_string()),
                (&"null", value, escaped),
                (value, &"null", name.to_string()),
            ] {
                let twice = line(around, &format!("\"{name}\":{first},\"{again}\":{second}"));
                assert_eq!(taken(&twice), usize::MAX, "{twice}");
            }
        }
    }

    #[test]
    fn a_field_in_another_object_is_another_field() {
        let objects: [&[&str]; 5] = [
            &[],
            &["authentication"],
            &["authentication", "symmetricKey"],
            &["authentication", "x509Thumbprint"],
            &["capabilities"],
        ];
        for (home, name, value) in FIELDS {
            for around in objects.iter().filter(|around| *around != home) {
                assert_eq!(
                    taken(&line(around, &format!("\"{name}\":{value}"))),
                    around.len(),
                    "{around:?} {name}"
                );
            }
        }
    }

    #[test]
    fn values_of_other_types_are_errors() {
        for (around, name, value) in FIELDS {
            for other in ["\"v\"", "[\"v\"]", "{}", "true", "1", "[]", "[null]"] {
                let text = line(around, &format!("\"{name}\":{other}"));
                let fits = other == *value || (*name == "parentScopes" && other == "[]");
                assert_eq!(taken(&text) != usize::MAX, fits, "{text}");
            }
        }
        for other in ["null", "[]", "\"v\"", "1", "true", "{}{}", "{} x", "{", ""] {
            assert_eq!(taken(other), usize::MAX, "{other}");
        }
        assert_eq!(Line::default().read(b"{\"id\":\"\xff\"}"), Err(8), "the column of what is no UTF-8");
    }
}
