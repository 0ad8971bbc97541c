//! Texts that people paste: tokens and connection strings.

use hubward::sas::{SasToken, explain as explain_token};
use hubward_connection_string::{ConnectionString, ParseOptions, explain};

use super::super::ensure;
use super::case::{Expect, Text};
use super::judge::{Mode, says};
use super::world::token_rules;

/// Judges whether a text is read, and what is said about it.
pub(super) fn judge_text(expect: &Expect, text: &Text, mode: Mode) -> Result<(), String> {
    let read = match (text.what.as_str(), mode) {
        ("token", _) => {
            SasToken::parse(&text.input, &token_rules(mode)).map(|_| ()).map_err(|error| error.to_string())
        }
        (_, Mode::Strict) => connection_string(&text.input, &ParseOptions::STRICT),
        (_, Mode::Compat) => connection_string(&text.input, &ParseOptions::COMPATIBLE),
    };
    let wanted = match mode {
        Mode::Strict => expect.strict.as_str(),
        Mode::Compat => expect.compat.as_str(),
    };
    ensure(wanted != "refuse" || read.is_err(), "it is read")?;
    ensure(wanted != "admit" || read.is_ok(), format!("it is refused: {read:?}"))?;
    let hint = match text.what.as_str() {
        "token" => explain_token(&text.input),
        _ => explain(&text.input, &ParseOptions::STRICT).hint(),
    };
    let hint = hint.map(|hint| hint.to_string()).unwrap_or_default();
    says(&expect.says_any, &format!("{} {hint}", read.err().unwrap_or_default()))
}

fn connection_string(text: &str, options: &ParseOptions) -> Result<(), String> {
    ConnectionString::parse(text, options).map(|_| ()).map_err(|error| error.to_string())
}
