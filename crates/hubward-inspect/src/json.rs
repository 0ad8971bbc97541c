//! JSON of the az command line, of a registry's export and of a directory.

use std::io;

use hubward::types::{KeyError, PastedText, SecretShape, Shown, SymmetricKey};
use serde_json::{Map, Value};

use crate::caret::masked;
use crate::{Outcome, Report, escaped, file, jwt};

/// The members of az's output that have a credential.
const AZ: [&str; 5] = ["connectionString", "primaryConnectionString", "accessToken", "access_token", "sas"];

pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Outcome> {
    let values = match values(text) {
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
        [Value::Array(list)] if !list.is_empty() && list.iter().all(Value::is_string) => texts(report, list),
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

/// Returns the values of a text. A text is parsed here only: the parser is a large part of the page.
pub(crate) fn values(text: &str) -> Result<Vec<Value>, serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter().collect()
}

/// Returns a value in the form of a text: the texts and numbers of a list, and the number of other members.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(members) => format!("{} members", members.len()),
    }
}

/// Prints an object; one that has a connection string or a token alone is inspected as that.
fn one(report: &mut Report<'_>, value: &Value) -> io::Result<Outcome> {
    let members = value.as_object().into_iter().flatten();
    let mut texts = members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    if let Some((name, text)) = texts.find(|(name, text)| is_credential(name, text)) {
        report.around =
            if AZ.contains(&name) { "JSON of the az command line with a " } else { "JSON with a " };
        return if matches!(name, "accessToken" | "access_token") {
            jwt::print(report, text)
        } else {
            inner(report, text)
        };
    }
    report.kind(&format!("JSON: {}", what(value)))?;
    all(report, core::slice::from_ref(value))
}

/// Returns whether a member has a credential that is inspected alone: by its name in the output of az, or by its beginning.
fn is_credential(name: &str, text: &str) -> bool {
    let begins = |start: &str| PastedText::new(text).starts_with(start);
    AZ.contains(&name)
        || ["sharedaccesssignature ", "hostname=", "endpoint=sb:", "bearer ", "-----begin "]
            .iter()
            .any(|start| begins(start))
        || (begins("eyj") && text.contains('.'))
}

/// Inspects the texts of a list, one after another.
fn texts(report: &mut Report<'_>, list: &[Value]) -> io::Result<Outcome> {
    report.around = "JSON list with a ";
    let mut outcome = Outcome::Good;
    for (count, text) in list.iter().filter_map(Value::as_str).enumerate() {
        if count > 0 {
            report.around = "";
            writeln!(report.out)?;
        }
        if let Outcome::Refused = inner(report, text)? {
            outcome = Outcome::Refused;
        }
    }
    Ok(outcome)
}

/// Inspects a text of an object. JSON in JSON has no end, and nothing prints it.
fn inner(report: &mut Report<'_>, text: &str) -> io::Result<Outcome> {
    if text.trim_start().starts_with(['{', '[']) {
        return report.refused("JSON in JSON: inspect the inner text alone");
    }
    if file::is_pem(text) {
        return file::pem(report, text);
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
    } else if has("keyName") && has("value") {
        "keys of a storage account"
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
        // a member's name can be a key that was pasted into the wrong place, and a long path is not repeated for each member
        let shown =
            if name.len() > 64 { "a long name".to_owned() } else { Shown::new(name.as_str()).to_string() };
        let path = if path.is_empty() || path.len() > 200 { shown } else { format!("{path}.{shown}") };
        match value {
            Value::Null => {}
            Value::Object(members) => fields(report, &path, members, wrong)?,
            Value::String(text) => leaf(report, &path, name, text, wrong)?,
            Value::Array(list) => {
                writeln!(report.out, "field     {} = {} values", escaped(&path), list.len())?
            }
            // a password may be a number, which is no malformed key
            other => leaf(report, &path, name, &plain(other), &mut Some(String::new()))?,
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
    let words =
        ["token", "secret", "pass", "pwd", "credential", "signature", "key1", "key2", "connectionstring"];
    let is_secret = is_key || words.iter().any(|word| name.contains(word));
    // a thumbprint has the form of a key
    let digits = text.bytes().filter(|byte| *byte != b':').all(|byte| byte.is_ascii_hexdigit());
    let is_name = name.contains("thumbprint") && digits;
    let path = escaped(path);
    if is_key && let Err(error) = SymmetricKey::from_base64(text) {
        let code = if error == KeyError::Redacted { "redacted" } else { "key" };
        wrong.get_or_insert(format!("{path}: {error} ({code})"));
    }
    if is_secret || (!is_name && SecretShape::of(text).is_some()) {
        writeln!(report.out, "field     {path}, {} bytes, not shown", text.len())
    } else {
        writeln!(report.out, "field     {path} = {}", escaped(text))
    }
}
