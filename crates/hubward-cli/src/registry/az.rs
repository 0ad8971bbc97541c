//! The JSON of `az iot hub device-identity list` and `show`, read and written.

use core::error::Error;
use std::io::{Cursor, Read};

use hubward::types::MacKey;
use hubward_registry::{ExportKeys, RecordView};
use serde_json::{Map, Value, json};
use zeroize::{Zeroize, Zeroizing};

/// The longest JSON that is read: an array is held as a whole.
const MAX_LEN: u64 = 256 * 1024 * 1024;

/// The most bytes that a line has more than its object: the name `authentication`, its braces and the line end.
const ADDED: usize = 64;

/// Members of a device that a line of an import has under the same name.
const SAME: [&str; 7] =
    ["moduleId", "status", "statusReason", "authentication", "capabilities", "deviceScope", "parentScopes"];

/// Returns lines of an import: those of `from`, or one for each object of a JSON array.
pub(super) fn lines<'r>(mut from: impl Read + 'r) -> Result<Box<dyn Read + 'r>, Box<dyn Error>> {
    let mut head = [0];
    let first = loop {
        match from.read(&mut head)? {
            0 => return Ok(Box::new(std::io::empty())),
            _ if head.iter().all(u8::is_ascii_whitespace) => {}
            _ => break head,
        }
    };
    if first != *b"[" {
        return Ok(Box::new(Cursor::new(first).chain(from)));
    }
    let text = whole(from)?;
    let list: Vec<Map<String, Value>> = serde_json::from_slice(&text).map_err(|error| {
        format!("not a JSON list of identities, line {}, column {}", error.line(), error.column())
    })?;
    // a line has the members of its object, and at most a name of its own more: the buffer is not moved
    let room = text.len().saturating_add(list.len().saturating_mul(ADDED));
    let mut lines = Zeroizing::new(Vec::with_capacity(room));
    for device in list {
        let line = line(&device);
        serde_json::to_writer(&mut *lines, &line)?;
        lines.push(b'\n');
        erase(line);
        erase(Value::Object(device));
    }
    Ok(Box::new(Cursor::new(lines)))
}

/// Reads the rest of a JSON array, after its first byte. A buffer that is too small is erased.
fn whole(from: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(64 * 1024));
    text.push(b'[');
    let mut from = from.take(MAX_LEN);
    let mut part = Zeroizing::new([0; 16 * 1024]);
    loop {
        let count = match from.read(part.as_mut_slice()) {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if count == 0 {
            return Ok(text);
        }
        if text.len().saturating_add(count) > text.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(text.capacity().saturating_mul(2)));
            larger.extend_from_slice(&text);
            text = larger;
        }
        text.extend_from_slice(part.get(..count).unwrap_or_default());
    }
}

/// Erases the texts of a value: an identity has its keys there.
fn erase(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(list) => list.into_iter().for_each(erase),
        Value::Object(members) => members.into_iter().for_each(|(_, value)| erase(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the line of an import for an identity, or for a twin, which has no keys.
fn line(device: &Map<String, Value>) -> Value {
    let Some(id) = device.get("deviceId") else { return Value::Object(device.clone()) };
    let mut line = Map::new();
    line.insert("id".to_owned(), id.clone());
    for name in SAME {
        if let Some(value) = device.get(name).filter(|value| !value.is_null()) {
            line.insert(name.to_owned(), value.clone());
        }
    }
    if !line.contains_key("authentication")
        && let Some(kind) = device.get("authenticationType")
    {
        let mut authentication = Map::from_iter([("type".to_owned(), kind.clone())]);
        let has_print = kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("selfSigned"));
        if let (true, Some(prints)) = (has_print, device.get("x509Thumbprint")) {
            authentication.insert("x509Thumbprint".to_owned(), prints.clone());
        }
        line.insert("authentication".to_owned(), Value::Object(authentication));
    }
    Value::Object(line)
}

/// Returns a device as a list of the az command line has it, without keys.
pub(super) fn device<K: MacKey>(view: &RecordView<'_, K>) -> Result<Value, Box<dyn Error>> {
    let mut text = String::new();
    view.export(ExportKeys::LeftOut, &mut text)?;
    let line: Value = serde_json::from_str(&text)?;
    let member = |name: &str| line.get(name).cloned().unwrap_or_default();
    let authentication = member("authentication");
    Ok(json!({
        "deviceId": member("id"),
        "etag": member("eTag"),
        "status": member("status"),
        "statusReason": member("statusReason"),
        "authenticationType": authentication.get("type").cloned().unwrap_or_default(),
        "x509Thumbprint": authentication.get("x509Thumbprint").cloned().unwrap_or_default(),
        "capabilities": member("capabilities"),
        "deviceScope": member("deviceScope"),
        "parentScopes": member("parentScopes"),
    }))
}
