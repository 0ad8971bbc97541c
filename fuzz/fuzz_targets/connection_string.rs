//! Any text: the parser agrees with a small model of the grammar, every error points into the text, and accepted
//! strings are written and parsed again to the same.

#![no_main]

use std::collections::BTreeMap;

use hubward_connection_string::{
    ConnectionString, FieldName, MAX_FIELDS, MAX_LEN, ParseOptions, UnknownNames, explain,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for rules in [ParseOptions::STRICT, ParseOptions::COMPATIBLE] {
        check(text, &rules);
    }
});

fn check(text: &str, rules: &ParseOptions) {
    let keep = rules.unknown_names == UnknownNames::Keep;
    let explained = explain(text, rules);
    assert!(explained.hint().is_none_or(|hint| !hint.to_string().is_empty()));
    match ConnectionString::parse(text, rules) {
        Ok(string) => {
            assert_eq!(explained.problem(), None);
            assert_eq!(explained.kind(), Some(string.kind()));
            let fields = model(text, keep).expect("the model refuses what is accepted");
            let written = string.with_secrets().to_string();
            let again = ConnectionString::parse(&written, rules).expect("what is written is refused");
            assert_eq!(again.kind(), string.kind());
            assert_eq!(again.with_secrets().to_string(), written);
            assert_eq!(model(&written, keep).as_ref(), Some(&fields));
            if let Some(secret) = secret_of(text, rules) {
                // another field may contain the same text, and is shown
                assert!(text.matches(secret).count() > 1 || !format!("{string} {string:?}").contains(secret));
            }
        }
        Err(error) => {
            assert_eq!(explained.problem(), Some(error));
            assert!(error.span.start <= error.span.end);
            assert!(text.get(error.span.start..error.span.end).is_some());
            // an error of the grammar is one in the model too; an error of a value or of a combination need not be
            let grammar = matches!(
                error.problem.code(),
                "character"
                    | "duplicate"
                    | "empty"
                    | "empty-segment"
                    | "empty-value"
                    | "no-equals"
                    | "no-name"
                    | "too-long"
                    | "too-many-fields"
                    | "unknown-after-id"
                    | "white-space"
            );
            assert!(!grammar || model(text, keep).is_none());
        }
    }
}

/// Returns the longest secret of an accepted text, if it is too long to be a coincidence.
fn secret_of<'t>(text: &'t str, rules: &ParseOptions) -> Option<&'t str> {
    let explained = explain(text, rules);
    let secret = explained.fields().filter(|entry| entry.secret).map(|entry| entry.value.of(text));
    secret.filter(|value| value.len() >= 16).max_by_key(|value| value.len()).filter(|value| {
        // the fuzzer may write the secret into a field that is shown
        text.matches(value).count() == 1
    })
}

/// Returns the names in lower case with their values, without false flags and with true ones in lower case; `None` if
/// the grammar rejects the text.
fn model(text: &str, keep_unknown: bool) -> Option<BTreeMap<String, String>> {
    if text.is_empty() || text.len() > MAX_LEN || !text.chars().all(|c| (' '..='~').contains(&c)) {
        return None;
    }
    let flags = ["x509", "usedevelopmentemulator", "usedevelopmentstorage"];
    let (mut fields, mut names, mut after_id) = (BTreeMap::new(), Vec::new(), false);
    for segment in text.strip_suffix(';').unwrap_or(text).split(';') {
        let (name, value) = segment.split_once('=')?;
        let lower = name.to_ascii_lowercase();
        let known = FieldName::ALL.iter().any(|field| field.name().to_ascii_lowercase() == lower);
        let refused = name.is_empty()
            || name.trim() != name
            || value.trim() != value
            || names.contains(&lower)
            || (known && value.is_empty())
            || (!known && (!keep_unknown || after_id));
        if refused {
            return None;
        }
        after_id = lower == "deviceid" || lower == "moduleid";
        names.push(lower.clone());
        let mut value = value.to_owned();
        if flags.contains(&lower.as_str()) || lower == "defaultendpointsprotocol" {
            value.make_ascii_lowercase();
        }
        if !(flags.contains(&lower.as_str()) && value == "false") {
            fields.insert(lower, value);
        }
    }
    (names.len() <= MAX_FIELDS).then_some(fields)
}
