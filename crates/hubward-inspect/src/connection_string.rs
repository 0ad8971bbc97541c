//! The kind and the fields of a connection string, and its first error.

use std::io::{self, Write};

use hubward::types::{SecretShape, Shown};
use hubward_connection_string::{
    ConnectionStringError, ConnectionStringKind, Explanation, ParseOptions, Span, explain,
};

use crate::Outcome;
use crate::caret::caret;
use crate::key::advice;

/// Prints the kind, under this label, and the fields of a connection string, or its first error.
///
/// # Errors
/// Those of `out`.
pub fn print(out: &mut dyn Write, text: &str, options: &ParseOptions, label: &str) -> io::Result<Outcome> {
    let explanation = explain(text, options);
    match explanation.kind() {
        Some(kind) => writeln!(out, "{label:<10}{kind}: {}", purpose(kind))?,
        None => writeln!(out, "{label:<10}unknown")?,
    }
    for field in explanation.fields() {
        let value = field.value.of(text);
        match (field.field, field.secret) {
            (Some(known), true) => writeln!(out, "field     {known}, {} bytes, not shown", value.len())?,
            (Some(known), false) => writeln!(out, "field     {known} = {}", Shown::new(shown(value)))?,
            (None, _) => writeln!(out, "field     unknown, not shown")?,
        }
    }
    match explanation.problem() {
        None => {
            writeln!(out, "well formed; only its service can tell whether the key is accepted")?;
            if let Some(hint) = explanation.hint() {
                writeln!(out, "hint: {hint} ({})", hint.code())?;
            }
            Ok(Outcome::Good)
        }
        Some(error) => {
            print_refusal(out, text, &explanation, &error)?;
            Ok(Outcome::Refused)
        }
    }
}

/// Returns the purpose of a kind of connection string.
const fn purpose(kind: ConnectionStringKind) -> &'static str {
    match kind {
        ConnectionStringKind::Device => "a device connects to its hub",
        ConnectionStringKind::Module => "a module of a device connects to its hub",
        ConnectionStringKind::Service => "a service uses a hub or a DPS instance with a shared access policy",
        ConnectionStringKind::ServiceBus => "a service uses a Service Bus or Event Hubs namespace",
        ConnectionStringKind::Storage => "a service uses a storage account",
        ConnectionStringKind::Cosmos => "a service uses a Cosmos DB account",
        _ => "a service next to a hub",
    }
}

/// Prints the error, the text without its secrets, and a caret under the byte.
///
/// # Errors
/// Those of `out`.
pub fn print_refusal(
    out: &mut dyn Write,
    text: &str,
    explanation: &Explanation<'_>,
    error: &ConnectionStringError,
) -> io::Result<()> {
    writeln!(out, "refused: {error} ({})", error.problem.code())?;
    if let Some(hint) = explanation.hint() {
        writeln!(out, "hint: {hint} ({})", hint.code())?;
    } else if let Some(advice) = explanation.fields().find_map(|field| {
        let is_key = field.secret && field.value.start <= error.offset() && error.offset() <= field.value.end;
        is_key.then(|| advice(field.value.of(text)))?
    }) {
        writeln!(out, "hint: {advice}")?;
    }
    // the redacted text has one character for each byte
    caret(out, &redacted(text, explanation), error.offset())
}

/// Returns the text with one character for each byte: the byte itself in the name and the public value of a known field,
/// else an asterisk.
fn redacted(text: &str, explanation: &Explanation<'_>) -> String {
    let mut marks: Vec<char> =
        text.bytes().map(|byte| if matches!(byte, b';' | b'=') { char::from(byte) } else { '*' }).collect();
    let mut open = |span: Span| {
        let bytes = text.bytes().zip(marks.iter_mut()).take(span.end).skip(span.start);
        bytes.for_each(|(byte, mark)| *mark = visible(byte));
    };
    for field in explanation.fields() {
        // an unknown name may be a part of a secret
        if field.field.is_some() {
            open(field.name);
        }
        if field.field.is_some() && !field.secret && SecretShape::of(field.value.of(text)).is_none() {
            open(field.value);
        }
    }
    marks.into_iter().collect()
}

fn visible(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '?' }
}

fn shown(value: &str) -> String {
    value.bytes().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::{ParseOptions, explain, redacted};

    #[test]
    fn only_names_and_open_values_are_shown() {
        let of = |text| redacted(text, &explain(text, &ParseOptions::STRICT));
        assert_eq!(
            of("HostName=h;DeviceId=d;SharedAccessKey=c2Vj=="),
            "HostName=h;DeviceId=d;SharedAccessKey=****=="
        );
        assert_eq!(of("HostName=h;ShareAccessKey=c2Vj"), "HostName=h;**************=****");
        assert_eq!(of("c2VjcmV0;HostName=h"), "********;HostName=h");
        assert_eq!(of("HostName=h\u{e9};X=\u{e9}"), "HostName=h??;*=**");
    }
}
