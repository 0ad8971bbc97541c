//! A slow model of hub strings that follows the README sentence by sentence, and a search for strings on which the
//! model and the parser differ.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

use hubward_connection_string::{ConnectionString, ConnectionStringKind, FieldName, ParseOptions, explain};
use proptest::prelude::*;
use proptest::sample::select;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const SAS: &str = "SharedAccessSignature sr=hub.example&sig=abcd&se=1";

/// Returns lower-case names with values, in the order of the text; `None` if the grammar refuses the text.
fn grammar(text: &str, keep_unknown: bool) -> Option<Vec<(String, String)>> {
    let printable = text.chars().all(|c| (' '..='~').contains(&c));
    if !printable || text.is_empty() || text.len() > 8192 {
        return None;
    }
    let mut segments: Vec<&str> = text.split(';').collect();
    if segments.last() == Some(&"") {
        segments.pop();
    }
    let mut fields: Vec<(String, String)> = Vec::new();
    for segment in segments {
        let at = segment.find('=')?;
        let (name, value) = (segment[..at].to_ascii_lowercase(), segment[at + 1..].to_owned());
        let known = FieldName::ALL.iter().any(|field| field.name().to_ascii_lowercase() == name);
        let after_id = fields.last().is_some_and(|(name, _)| name == "deviceid" || name == "moduleid");
        if name.is_empty()
            || name.trim() != name
            || value.trim() != value
            || fields.iter().any(|(before, _)| *before == name)
            || (known && value.is_empty())
            || (!known && (!keep_unknown || after_id))
        {
            return None;
        }
        fields.push((name, value));
    }
    (!fields.is_empty() && fields.len() <= 32).then_some(fields)
}

/// Decodes base64 bit by bit and returns the number of bytes; `None` if the text is not canonical.
fn base64(text: &str) -> Option<usize> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if text.len() % 4 != 0 || padding > 2 {
        return None;
    }
    let mut bits = Vec::new();
    for c in digits.chars() {
        let value = ALPHABET.find(c)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let bytes = bits.len() / 8;
    let spare = &bits[bytes * 8..];
    (spare.len() == padding * 2 && spare.iter().all(|bit| *bit == 0)).then_some(bytes)
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

fn is_id(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-:.+%_#*?!(),=@;$'".contains(c);
    id.len() <= 128 && id != "." && id != ".." && id.chars().all(allowed)
}

fn is_token(token: &str) -> bool {
    let Some(token) = token.strip_prefix("SharedAccessSignature ") else { return false };
    let hidden = match token.split('&').find(|pair| pair.starts_with("sig=")) {
        Some(sig) => sig.contains("***"),
        None => !token.contains('=') && token.contains("***"),
    };
    !token.is_empty() && !token.contains(' ') && !hidden
}

/// Returns the kind of a hub's string, `Some(None)` for a string of another service, `None` if the text is refused.
fn model(text: &str, keep_unknown: bool) -> Option<Option<ConnectionStringKind>> {
    let fields = grammar(text, keep_unknown)?;
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let hub = ["hostname", "deviceid", "moduleid"];
    if !hub.iter().any(|name| get(name).is_some()) {
        return Some(None);
    }
    let ours = [
        "hostname",
        "deviceid",
        "moduleid",
        "gatewayhostname",
        "sharedaccesskeyname",
        "sharedaccesskey",
        "sharedaccesssignature",
        "x509",
    ];
    let known = |name: &str| FieldName::ALL.iter().any(|field| field.name().eq_ignore_ascii_case(name));
    if fields.iter().any(|(name, _)| known(name) && !ours.contains(&name.as_str())) {
        return None;
    }
    let certificate = match get("x509").map(str::to_ascii_lowercase).as_deref() {
        Some("true") => true,
        Some("false") | None => false,
        Some(_) => return None,
    };
    let key = get("sharedaccesskey");
    let token = get("sharedaccesssignature");
    let policy = get("sharedaccesskeyname");
    let valid = get("hostname").is_some_and(is_host)
        && get("gatewayhostname").is_none_or(is_host)
        && get("deviceid").is_none_or(is_id)
        && get("moduleid").is_none_or(is_id)
        && key.is_none_or(|key| base64(key).is_some_and(|len| (16..=64).contains(&len)))
        && token.is_none_or(is_token)
        && policy.is_none_or(|name| {
            name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-@.".contains(c))
        });
    let one = [key.is_some(), token.is_some(), certificate].into_iter().filter(|given| *given).count() == 1;
    if !valid || !one {
        return None;
    }
    if get("deviceid").is_none() {
        let plain = get("moduleid").is_none() && get("x509").is_none();
        return (plain && policy.is_some()).then_some(Some(ConnectionStringKind::Service));
    }
    if policy.is_some() && key.is_none() {
        return None;
    }
    Some(Some(if get("moduleid").is_some() {
        ConnectionStringKind::Module
    } else {
        ConnectionStringKind::Device
    }))
}

/// Checks that the parser and the model agree on `text`.
fn agree(text: &str) -> Result<(), TestCaseError> {
    for (rules, keep_unknown) in [(ParseOptions::STRICT, false), (ParseOptions::COMPATIBLE, true)] {
        let ours = ConnectionString::parse(text, &rules);
        match (model(text, keep_unknown), &ours) {
            (None, Err(error)) => {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
                prop_assert!(
                    text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end)
                );
            }
            (Some(Some(kind)), Ok(string)) => prop_assert_eq!(kind, string.kind()),
            // a string of another service, of which the model has the grammar alone
            (Some(None), Ok(string)) => {
                prop_assert!(!matches!(
                    string.kind(),
                    ConnectionStringKind::Service
                        | ConnectionStringKind::Device
                        | ConnectionStringKind::Module
                ));
            }
            (Some(None), Err(_)) => {}
            (model, parsed) => prop_assert!(false, "{text:?}: model {model:?}, parsed {parsed:?}"),
        }
        prop_assert_eq!(explain(text, &rules).problem(), ours.err());
    }
    Ok(())
}

fn segment() -> impl Strategy<Value = String> {
    let names = vec![
        "HostName",
        "DeviceId",
        "ModuleId",
        "SharedAccessKeyName",
        "SharedAccessKey",
        "SharedAccessSignature",
        "x509",
        "GatewayHostName",
        "hostname",
        "DEVICEID",
        "Protocol",
        "ShareAccessKey",
        "AccountKey",
        "Endpoint",
        " HostName",
        "",
    ];
    let values = vec![
        "hub.example",
        "h",
        "d",
        "a=b",
        "a/b",
        ".",
        "***",
        "true",
        "False",
        "1",
        "",
        " ",
        "h.",
        "-h",
        "YQ==",
        KEY,
        KEY,
        &KEY[..43],
        SAS,
        SAS,
        "SharedAccessSignature sig=***",
        "SharedAccessSignature ",
        "é",
    ];
    prop_oneof![
        8 => (select(names), select(values)).prop_map(|(name, value)| format!("{name}={value}")),
        1 => "[ -~]{0,12}",
    ]
}

/// Generates nearly valid strings: the fields of one kind, sometimes with one more, and sometimes with an edit.
fn nearly_valid() -> impl Strategy<Value = String> {
    let key = format!("SharedAccessKey={KEY}");
    let token = format!("SharedAccessSignature={SAS}");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let bases = vec![
        words(&["HostName=hub.example", "SharedAccessKeyName=owner", &key]),
        words(&["HostName=hub.example", "SharedAccessKeyName=owner", &token]),
        words(&["HostName=hub.example", "DeviceId=d", &key]),
        words(&["HostName=hub.example", "DeviceId=d", &token]),
        words(&["HostName=hub.example", "DeviceId=d", "x509=true"]),
        words(&["HostName=hub.example", "DeviceId=d", "SharedAccessKeyName=owner", &key]),
        words(&["HostName=hub.example", "DeviceId=d", "ModuleId=m", &key]),
    ];
    let more = words(&[
        "DeviceId=e",
        "ModuleId=n",
        "GatewayHostName=gw",
        "x509=false",
        "x509=true",
        "Protocol=Mqtt",
        "SharedAccessKeyName=owner",
        &key,
        &token,
    ]);
    let edit = (any::<prop::sample::Index>(), select(vec!["", ";", "=", " ", "*", "A", ".", "%"]));
    let fields = (select(bases), prop::option::of(select(more))).prop_map(|(mut base, more)| {
        base.extend(more);
        base
    });
    (fields.prop_shuffle(), prop::option::of(edit), any::<bool>()).prop_map(|(fields, edit, end)| {
        let mut text = fields.join(";");
        if let Some((at, with)) = edit {
            let at = at.index(text.len());
            text.replace_range(at..=at, with);
        }
        if end { text + ";" } else { text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn model_and_parser_agree_on_random_segments(segments in prop::collection::vec(segment(), 0..7), end in any::<bool>()) {
        agree(&format!("{}{}", segments.join(";"), if end { ";" } else { "" }))?;
    }

    #[test]
    fn model_and_parser_agree_on_nearly_valid_strings(text in nearly_valid()) {
        agree(&text)?;
    }

    #[test]
    fn model_and_parser_agree_on_any_text(text in any::<String>()) {
        agree(&text)?;
    }
}

/// The generator must produce accepted strings of every kind.
#[test]
fn the_generator_produces_every_kind() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut counts = [0; 3];
    for _ in 0..2000 {
        let text = nearly_valid().new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_default();
        match model(&text, false) {
            Some(Some(ConnectionStringKind::Service)) => counts[0] += 1,
            Some(Some(ConnectionStringKind::Device)) => counts[1] += 1,
            Some(Some(ConnectionStringKind::Module)) => counts[2] += 1,
            _ => {}
        }
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}
