//! `hubward explain`: the meaning of a stable code.

use core::error::Error;
use std::io::Write;

use clap::Args;
use hubward::types::Shown;
use serde_json::json;

use crate::Outcome;
use crate::codes::{Area, Code, areas, find};
use crate::out::{is_json, stdout};

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code of an error, a decision or a hint, as a log or another command prints it; all codes if it is left out.
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Print all codes as a page of Markdown.
    #[arg(long, conflicts_with = "code")]
    markdown: bool,
}

pub(crate) fn run(arguments: &Explain) -> Result<Outcome, Box<dyn Error>> {
    let mut out = stdout();
    let Some(text) = &arguments.code else {
        let areas = areas();
        match (arguments.markdown, is_json()) {
            (true, _) => write!(out, "{}", page(&areas))?,
            (false, true) => {
                for code in areas.iter().flat_map(|area| &area.codes) {
                    writeln!(out, "{}", object(code))?;
                }
            }
            (false, false) => {
                for area in &areas {
                    writeln!(out, "{}", area.title)?;
                    for code in &area.codes {
                        writeln!(out, "  {:<30} {}", code.code, code.says)?;
                    }
                }
            }
        }
        return Ok(Outcome::Good);
    };
    let code = code_of(text);
    let found = find(code);
    if found.is_empty() {
        write!(out, "refused: there is no code {}", Shown::new(code))?;
        match similar(code) {
            Some(known) => writeln!(out, "; did you mean `{known}`?")?,
            None => writeln!(out, "; `hubward explain` lists the codes")?,
        }
        return Ok(Outcome::Refused);
    }
    for (count, entry) in found.iter().enumerate() {
        if is_json() {
            writeln!(out, "{}", object(entry))?;
            continue;
        }
        if count > 0 {
            writeln!(out)?;
        }
        writeln!(out, "code      {} ({})", entry.code, entry.variant)?;
        writeln!(out, "says      {}", entry.says)?;
        writeln!(out, "cause     {}", entry.cause)?;
        writeln!(out, "cure      {}", entry.cure)?;
        writeln!(out, "the peer  is told: {}", entry.peer)?;
        writeln!(out, "test      {}", entry.test)?;
    }
    Ok(Outcome::Good)
}

/// Returns the code in a pasted text such as `code="token-expired"` or `(token-expired)`.
fn code_of(text: &str) -> &str {
    let text = text.trim().trim_start_matches("code=");
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

/// Returns the most similar known code.
fn similar(text: &str) -> Option<&'static str> {
    let parts: Vec<&str> = text.split(['-', '_', ' ']).filter(|part| part.len() > 2).collect();
    let score = |code: &str| parts.iter().filter(|part| code.split('-').any(|word| word == **part)).count();
    let all = areas().into_iter().flat_map(|area| area.codes).map(|entry| entry.code);
    all.filter(|code| score(code) > 0).max_by_key(|code| (score(code), core::cmp::Reverse(code.len())))
}

fn object(entry: &Code) -> serde_json::Value {
    let Code { code, variant, says, cause, cure, peer, test } = entry;
    json!({
        "code": code, "variant": variant, "says": says, "cause": cause, "cure": cure, "peer": peer, "test": test,
    })
}

/// Returns docs/CODES.md.
fn page(areas: &[Area]) -> String {
    let mut page = "# Codes\n\nWritten by `hubward explain --markdown`; a test compares it with the program, and the program \
                    with the sources.\nA code does not change between versions. A log has the code; a peer is told only \
                    the word in the last column but one.\nIn a sentence `..` is a value. `hubward explain CODE` prints \
                    one of them.\n"
        .to_owned();
    for area in areas {
        page.push_str(&format!(
            "\n## {}\n\n{}\n\n| code | sentence | cause | cure | the peer is told | test |\n|---|---|---|---|---|---|\n",
            area.title, area.about
        ));
        for entry in &area.codes {
            let (file, name) = entry.test.split_once(' ').unwrap_or((entry.test, ""));
            page.push_str(&format!(
                "| `{}` | {} | {} | {} | {} | `{file}`: {name} |\n",
                entry.code, entry.says, entry.cause, entry.cure, entry.peer
            ));
        }
    }
    page
}
