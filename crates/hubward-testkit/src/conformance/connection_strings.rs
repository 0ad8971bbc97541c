//! Connection strings in the SDKs' forms.

use hubward_connection_string::{
    ConnectionString, ConnectionStringKind, DeviceCredential, ParseOptions, ServiceCredential, explain,
};
use serde::Deserialize;
use serde_json::Value;

use super::Tally;

#[derive(Deserialize)]
struct Case {
    id: String,
    input: String,
    expect: Expect,
    #[serde(default)]
    parsed: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Accept,
    Refuse,
    Either,
}

/// Runs the cases of `json`.
///
/// # Errors
/// The error of the JSON reader if `json` is not a list of cases.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    for case in serde_json::from_str::<Vec<Case>>(json)? {
        tally.case(&case.id, || match case.expect {
            Expect::Accept => accepted(&case.input, &case.parsed),
            Expect::Refuse => refused(&case.input),
            Expect::Either => either(&case.input),
        });
    }
    Ok(())
}

/// Checks the kind and the fields of the typed value, and both again after writing and reading.
fn accepted(input: &str, wanted: &Value) -> Result<(), String> {
    let string = ConnectionString::parse(input, &ParseOptions::STRICT).map_err(|error| error.to_string())?;
    let fields = fields_of(&string)?;
    let kind = match string.kind() {
        ConnectionStringKind::Service => "service",
        ConnectionStringKind::Device => "device",
        ConnectionStringKind::Module => "module",
        _ => "other",
    };
    if wanted["kind"] != kind {
        return Err(format!("kind {kind}, not {}", wanted["kind"]));
    }
    let wanted = wanted["fields"].as_object().ok_or("no fields in the case")?;
    if fields.len() != wanted.len() {
        return Err(format!("{} fields, not {}", fields.len(), wanted.len()));
    }
    for (name, value) in &fields {
        let want = wanted.get(name).and_then(Value::as_str).ok_or(format!("an extra {name}"))?;
        // a flag is a Boolean, not a text
        if if name == "x509" { !want.eq_ignore_ascii_case(value) } else { want != value } {
            return Err(format!("{name} differs"));
        }
    }
    written_and_read(&string)
}

fn written_and_read(string: &ConnectionString<'_>) -> Result<(), String> {
    let written = string.with_secrets().to_string();
    let again =
        ConnectionString::parse(&written, &ParseOptions::STRICT).map_err(|e| format!("written: {e}"))?;
    if fields_of(&again)? != fields_of(string)? || again.with_secrets().to_string() != written {
        return Err("differs when written and read".into());
    }
    Ok(())
}

/// Checks that the error is typed, points into the text, and is the one that is explained.
fn refused(input: &str) -> Result<(), String> {
    match ConnectionString::parse(input, &ParseOptions::STRICT) {
        Ok(_) => Err("accepted".into()),
        Err(error) if error.span.start > error.span.end || error.span.end > input.len() => {
            Err(format!("span {:?} is beyond the text", error.span))
        }
        Err(error) if explain(input, &ParseOptions::STRICT).problem() == Some(error) => Ok(()),
        Err(_) => Err("explained as another problem".into()),
    }
}

/// Accepts a string with a round trip, or an error with a position.
fn either(input: &str) -> Result<(), String> {
    match ConnectionString::parse(input, &ParseOptions::STRICT) {
        Ok(string) if fields_of(&string).is_ok() => written_and_read(&string),
        Ok(_) => Ok(()),
        Err(_) => refused(input),
    }
}

/// Returns the fields of a hub's string, from the typed value and not from its text.
fn fields_of(string: &ConnectionString<'_>) -> Result<Vec<(String, String)>, String> {
    let (host, device, module, gateway, credential) = match string {
        ConnectionString::Service(service) => {
            let mut fields = vec![
                ("HostName".to_owned(), service.host().to_string()),
                ("SharedAccessKeyName".to_owned(), service.policy().to_string()),
            ];
            fields.extend(service.gateway().map(|host| ("GatewayHostName".to_owned(), host.to_string())));
            match service.credential() {
                ServiceCredential::Key(key) => {
                    fields.push(("SharedAccessKey".to_owned(), key.expose().to_owned()));
                }
                ServiceCredential::Signature(token) => {
                    fields.push(("SharedAccessSignature".to_owned(), token.expose().to_owned()));
                }
                _ => return Err("an unknown credential".into()),
            }
            return Ok(fields);
        }
        ConnectionString::Device(d) => (d.host(), d.id(), None, d.gateway(), d.credential()),
        ConnectionString::Module(m) => (m.host(), m.device_id(), Some(m.id()), m.gateway(), m.credential()),
        _ => return Err("not a hub's string".into()),
    };
    let mut fields =
        vec![("HostName".to_owned(), host.to_string()), ("DeviceId".to_owned(), device.to_string())];
    fields.extend(module.map(|id| ("ModuleId".to_owned(), id.to_string())));
    fields.extend(gateway.map(|host| ("GatewayHostName".to_owned(), host.to_string())));
    match credential {
        DeviceCredential::Key(key) => fields.push(("SharedAccessKey".to_owned(), key.expose().to_owned())),
        DeviceCredential::PolicyKey(policy, key) => {
            fields.push(("SharedAccessKeyName".to_owned(), policy.to_string()));
            fields.push(("SharedAccessKey".to_owned(), key.expose().to_owned()));
        }
        DeviceCredential::Signature(token) => {
            fields.push(("SharedAccessSignature".to_owned(), token.expose().to_owned()));
        }
        DeviceCredential::Certificate => fields.push(("x509".to_owned(), "true".to_owned())),
        _ => return Err("an unknown credential".into()),
    }
    Ok(fields)
}
