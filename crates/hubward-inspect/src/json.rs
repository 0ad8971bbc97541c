//! JSON of the az command line, of a registry's export and of a directory.

use std::io;

use hubward::types::{KeyError, SecretShape, Shown, SymmetricKey};
use serde_json::{Map, Value};

use crate::caret::masked;
use crate::{Outcome, Report, jwt};

pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Outcome> {
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let values = match values {
        Ok(values) => values,
        Err(error) => {
            report.kind("JSON, malformed")?;
            let (line, column) = (error.line(), error.column());
            let cut = if error.is_eof() { "; it is cut" } else { "" };
            report.refused(&format!("not JSON at line {line}, column {column}{cut}"))?;
            // a malformed text may have its keys anywhere: only its punctuation is shown
            let wrong = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            masked(report.out, wrong, column.saturating_sub(1), &['{', '}', '[', ']', ':', ',', '"', ' '])?;
            return Ok(Outcome::Refused);
        }
    };
    match values.as_slice() {
        [Value::Array(list)] => {
            let what = list.first().map_or("", what);
            report.kind(&format!("JSON list of {} objects: {what}", list.len()))?;
            all(report, list)
        }
        [value] => one(report, value),
        lines => {
            let what = lines.first().map_or("", what);
            report.kind(&format!("{} lines of JSON: {what}", lines.len()))?;
            all(report, lines)
        }
    }
}

/// Prints an object; one that has a connection string or a token alone is inspected as that.
fn one(report: &mut Report<'_>, value: &Value) -> io::Result<Outcome> {
    let member = |names: &[&str]| names.iter().find_map(|name| value.get(name).and_then(Value::as_str));
    if let Some(string) = member(&["connectionString", "primaryConnectionString"]) {
        return inner(report, string);
    }
    if let Some(token) = member(&["accessToken", "access_token"]) {
        report.around = "JSON of the az command line with a ";
        return jwt::print(report, token);
    }
    if let Some(token) = member(&["sas"]) {
        return inner(report, token);
    }
    report.kind(&format!("JSON: {}", what(value)))?;
    all(report, core::slice::from_ref(value))
}

/// Inspects a text of an object. JSON in JSON has no end, and nothing prints it.
fn inner(report: &mut Report<'_>, text: &str) -> io::Result<Outcome> {
    report.around = "JSON of the az command line with a ";
    if text.trim_start().starts_with(['{', '[']) {
        return report.refused("JSON in JSON: inspect the inner text alone");
    }
    report.value(text)
}

/// The content of an object, by its members.
fn what(value: &Value) -> &'static str {
    let has = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
    if has("connectionString") {
        "connection strings"
    } else if has("deviceId") && has("moduleId") {
        "module identity of an IoT hub"
    } else if has("deviceId") {
        "device identity of an IoT hub"
    } else if has("registrationId") {
        "individual enrollment of DPS"
    } else if has("enrollmentGroupId") {
        "enrollment group of DPS"
    } else if has("keyName") || (has("rights") && has("primaryKey")) {
        "shared access policy"
    } else if has("id") && (has("status") || has("importMode")) {
        "identity of a registry's export"
    } else if has("primaryKey") || has("secondaryKey") || has("primaryMasterKey") {
        "keys of a resource"
    } else if value.get("keys").is_some_and(Value::is_array) {
        "key set of a directory (JWKS)"
    } else {
        "unknown content"
    }
}

fn all(report: &mut Report<'_>, values: &[Value]) -> io::Result<Outcome> {
    let mut wrong = None;
    for (count, value) in values.iter().enumerate() {
        if count > 0 {
            writeln!(report.out)?;
        }
        if let Value::Object(members) = value {
            fields(report, "", members, &mut wrong)?;
        }
    }
    match wrong {
        Some(reason) => report.refused(&reason),
        None => Ok(Outcome::Good),
    }
}

fn fields(
    report: &mut Report<'_>,
    path: &str,
    members: &Map<String, Value>,
    wrong: &mut Option<String>,
) -> io::Result<()> {
    for (name, value) in members {
        // a member's name can be a key that was pasted into the wrong place
        let name = Shown::new(name.as_str()).to_string();
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Null => {}
            Value::Object(members) => fields(report, &path, members, wrong)?,
            Value::String(text) => leaf(report, &path, &name, text, wrong)?,
            Value::Array(list) => {
                writeln!(report.out, "field     {} = {} values", path.escape_debug(), list.len())?
            }
            other => writeln!(report.out, "field     {} = {other}", path.escape_debug())?,
        }
    }
    Ok(())
}

fn leaf(
    report: &mut Report<'_>,
    path: &str,
    name: &str,
    text: &str,
    wrong: &mut Option<String>,
) -> io::Result<()> {
    let name = name.to_ascii_lowercase();
    let is_key = name.ends_with("key") && !name.contains("public");
    let is_secret =
        is_key || ["token", "secret", "password", "connectionstring"].iter().any(|word| name.contains(word));
    // a thumbprint has the form of a key
    let digits = text.bytes().filter(|byte| *byte != b':').all(|byte| byte.is_ascii_hexdigit());
    let is_name = (name.contains("thumbprint") && digits) || name.contains("etag");
    let path = path.escape_debug();
    if is_key && let Err(error) = SymmetricKey::from_base64(text) {
        let code = if error == KeyError::Redacted { "redacted" } else { "key" };
        wrong.get_or_insert(format!("{path}: {error} ({code})"));
    }
    if is_secret || (!is_name && SecretShape::of(text).is_some()) {
        writeln!(report.out, "field     {path}, {} bytes, not shown", text.len())
    } else {
        writeln!(report.out, "field     {path} = {}", text.escape_debug())
    }
}
