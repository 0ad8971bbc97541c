//! `hubward connection-string inspect`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use hubward::types::{SecretShape, Shown};
use hubward_connection_string::{
    ConnectionStringError, ConnectionStringKind, Explanation, ParseOptions, Span, explain,
};

use crate::Outcome;
use crate::secret;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what a connection string is for and what is wrong with it. Secrets are not shown.
    Inspect(Inspect),
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the connection string (default: standard input).
    #[arg(long, visible_alias = "connection-string-file", default_value = "-")]
    file: PathBuf,
    /// Keep fields that are not known, and allow endpoints without TLS.
    #[arg(long)]
    compatible: bool,
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    let Command::Inspect(arguments) = command;
    let text = secret::read(Some(&arguments.file), "HUBWARD_CONNECTION_STRING")?;
    let rules = if arguments.compatible { ParseOptions::COMPATIBLE } else { ParseOptions::STRICT };
    let explanation = explain(&text, &rules);
    let mut out = std::io::stdout();
    match explanation.kind() {
        Some(kind) => writeln!(out, "kind      {kind}: {}", purpose(kind))?,
        None => writeln!(out, "kind      none that is known")?,
    }
    for field in explanation.fields() {
        let value = field.value.of(&text);
        match (field.field, field.secret) {
            (Some(known), true) => writeln!(out, "field     {known}, {} bytes, not shown", value.len())?,
            (Some(known), false) => writeln!(out, "field     {known} = {}", Shown::new(shown(value)))?,
            (None, _) => writeln!(out, "field     one that is not known, not shown")?,
        }
    }
    match explanation.problem() {
        None => {
            writeln!(out, "well formed; whether its key is accepted only its service can say")?;
            Ok(Outcome::Well)
        }
        Some(error) => {
            refuse(&mut out, &text, &explanation, &error)?;
            Ok(Outcome::Refused)
        }
    }
}

/// What a string of that kind is for.
const fn purpose(kind: ConnectionStringKind) -> &'static str {
    match kind {
        ConnectionStringKind::Device => "one device connects to its hub",
        ConnectionStringKind::Module => "one module of a device connects to its hub",
        ConnectionStringKind::Service => {
            "a service uses a hub or a provisioning service by a shared access policy"
        }
        ConnectionStringKind::ServiceBus => "a service uses a namespace of event hubs, queues or topics",
        ConnectionStringKind::Storage => "a service uses a storage account",
        ConnectionStringKind::Cosmos => "a service uses a database account",
        _ => "a service beside a hub",
    }
}

/// The error, the text without its secrets, and a caret under the byte.
pub(crate) fn refuse(
    out: &mut impl Write,
    text: &str,
    explanation: &Explanation<'_>,
    error: &ConnectionStringError,
) -> Result<(), Box<dyn Error>> {
    writeln!(out, "refused: {error} ({})", error.problem.code())?;
    let shown = redacted(text, explanation);
    // one mark stands for one byte
    writeln!(out, "  {shown}\n  {}^", " ".repeat(error.offset().min(shown.len())))?;
    Ok(())
}

/// The text with one mark for each byte: itself where it is a name or an open value of a known field, else an asterisk.
fn redacted(text: &str, explanation: &Explanation<'_>) -> String {
    let mut marks: Vec<char> =
        text.bytes().map(|byte| if matches!(byte, b';' | b'=') { char::from(byte) } else { '*' }).collect();
    let mut open = |span: Span| {
        let bytes = text.bytes().zip(marks.iter_mut()).take(span.end).skip(span.start);
        bytes.for_each(|(byte, mark)| *mark = visible(byte));
    };
    for field in explanation.fields() {
        // a name that is not known may be a part of a secret
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
