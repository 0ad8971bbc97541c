//! Export of a record as a line of JSON in the hub's format.

use core::fmt::{self, Write};

use hubward_core::{MacKey, Status, SymmetricKey, Thumbprint};
use zeroize::Zeroize;

use crate::authentication::AuthenticationView;
use crate::record_view::RecordView;
use crate::text::DeviceScope;

/// States if an export contains the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an export contains keys or does not")]
pub enum ExportKeys {
    /// Each key is `null`.
    LeftOut,
    /// The keys that the registry stores are included: a reader of the export can act as any of the devices.
    Included,
}

impl<K: MacKey> RecordView<'_, K> {
    /// Writes the record as one line, with its line end.
    ///
    /// # Errors
    /// The error of `out`, which may by then contain a part of a line.
    pub fn export(&self, keys: ExportKeys, out: &mut impl Write) -> fmt::Result {
        let identity = self.identity();
        out.write_str("{\"id\":")?;
        string(identity.device().map_or("", |id| id.as_str()), out)?;
        if let Some(module) = identity.module() {
            out.write_str(",\"moduleId\":")?;
            string(module.as_str(), out)?;
        }
        let status = match self.status() {
            Status::Enabled => "enabled",
            Status::Disabled => "disabled",
        };
        write!(out, ",\"eTag\":\"{}\",\"status\":\"{status}\",\"statusReason\":", self.etag())?;
        optional(self.status_reason(), out)?;
        out.write_str(",\"authentication\":{\"type\":")?;
        self.authentication_fields(keys, out)?;
        write!(out, "}},\"capabilities\":{{\"iotEdge\":{}}},\"deviceScope\":", self.capabilities().iot_edge)?;
        optional(self.device_scope().map(DeviceScope::as_str), out)?;
        out.write_str(",\"parentScopes\":[")?;
        for (at, parent) in self.parent_scopes().iter().enumerate() {
            if at > 0 {
                out.write_char(',')?;
            }
            string(parent.as_str(), out)?;
        }
        out.write_str("]}\n")
    }

    fn authentication_fields(&self, keys: ExportKeys, out: &mut impl Write) -> fmt::Result {
        match self.authentication() {
            AuthenticationView::Sas(view) => {
                let included =
                    |key: Option<SymmetricKey>| if keys == ExportKeys::Included { key } else { None };
                out.write_str("\"sas\",\"symmetricKey\":{\"primaryKey\":")?;
                key(included(view.expose_primary()), out)?;
                out.write_str(",\"secondaryKey\":")?;
                key(included(view.expose_secondary()), out)?;
                out.write_char('}')
            }
            AuthenticationView::SelfSigned(thumbprints) => {
                out.write_str("\"selfSigned\",\"x509Thumbprint\":{\"primaryThumbprint\":")?;
                print(thumbprints.primary(), out)?;
                out.write_str(",\"secondaryThumbprint\":")?;
                print(thumbprints.secondary(), out)?;
                out.write_char('}')
            }
            AuthenticationView::CertificateAuthority => out.write_str("\"certificateAuthority\""),
            AuthenticationView::None => out.write_str("\"none\""),
        }
    }
}

/// Writes base64, which needs no escape.
fn key(key: Option<SymmetricKey>, out: &mut impl Write) -> fmt::Result {
    let Some(key) = key else { return out.write_str("null") };
    let mut buffer = [0; 88];
    let written = write!(out, "\"{}\"", key.expose_base64(&mut buffer));
    buffer.zeroize();
    written
}

fn print(thumbprint: Option<&Thumbprint>, out: &mut impl Write) -> fmt::Result {
    match thumbprint {
        Some(thumbprint) => write!(out, "\"{thumbprint}\""),
        None => out.write_str("null"),
    }
}

fn optional(text: Option<&str>, out: &mut impl Write) -> fmt::Result {
    match text {
        Some(text) => string(text, out),
        None => out.write_str("null"),
    }
}

/// Writes a JSON string (RFC 8259, 7).
fn string(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.write_char('\\')?;
                out.write_char(character)?;
            }
            // control characters, and two that some readers take for a line end
            '\0'..='\x1f' | '\x7f' | '\u{2028}' | '\u{2029}' => {
                write!(out, "\\u{:04x}", u32::from(character))?
            }
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}
