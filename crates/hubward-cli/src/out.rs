//! Standard output of every command: lines for people, coloured in a terminal, or JSON with `--json`.
//!
//! A command writes lines to [`stdout`]. With `--json` the lines become objects: `label  value` is a member,
//! `refused: reason (code)` a verdict. A command that writes JSON itself asks [`is_json`].

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, IsTerminal, Write};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// The options of every command.
#[derive(Debug, Args)]
pub(crate) struct OutputForm {
    /// Print JSON, an object on each line, in the place of text.
    #[arg(long, global = true)]
    json: bool,
    /// When the output has colours.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = When::Auto,
        hide_default_value = true, hide_possible_values = true)]
    color: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// In a terminal, unless `NO_COLOR` is set.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Coloured,
    Json,
}

static FORM: OnceLock<Form> = OnceLock::new();

/// The lines that [`finish`] prints as JSON, or the line that is not complete yet.
static HELD: LazyLock<Mutex<Zeroizing<Vec<u8>>>> = LazyLock::new(Mutex::default);

/// Whether an object was printed.
static PRINTED: AtomicBool = AtomicBool::new(false);

impl OutputForm {
    /// Sets the form of the output, once.
    pub(crate) fn apply(&self) {
        let coloured = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
            }
        };
        let form = if self.json {
            Form::Json
        } else if coloured {
            Form::Coloured
        } else {
            Form::Plain
        };
        let _ = FORM.set(form);
    }
}

fn form() -> Form {
    FORM.get().copied().unwrap_or(Form::Plain)
}

/// Returns whether the output is JSON.
pub(crate) fn is_json() -> bool {
    form() == Form::Json
}

/// Returns standard output.
pub(crate) const fn stdout() -> Stdout {
    Stdout
}

/// Standard output, in the form that the options chose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stdout;

impl Stdout {
    /// Returns itself: each write is one lock of the stream.
    pub(crate) const fn lock(self) -> Self {
        self
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if form() == Form::Plain {
            return io::stdout().write(bytes);
        }
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        if form() == Form::Coloured {
            let complete = held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
            let lines: Zeroizing<Vec<u8>> = Zeroizing::new(held.drain(..complete).collect());
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                io::stdout().write_all(coloured(&String::from_utf8_lossy(line)).as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // a command that flushes goes on only after its output is printed: it may be the only copy of a new key
        flush_held()
    }
}

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[33m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// The words of verdicts at the start of a line, and whether they are good.
const VERDICTS: [(&str, bool); 9] = [
    ("accepted", true),
    ("allowed", true),
    ("authentic", true),
    ("good", true),
    ("trusted", true),
    ("well formed", true),
    ("denied", false),
    ("refused", false),
    ("would be refused", false),
];

/// Returns the verdict at the start of a line, and the text after it.
fn verdict(line: &str) -> Option<(&'static str, bool, &str)> {
    VERDICTS.iter().find_map(|(word, good)| {
        let rest = line.strip_prefix(word)?;
        let rest = rest.strip_prefix([':', ';'])?;
        Some((*word, *good, rest.trim_start()))
    })
}

/// Returns a line with its colours.
fn coloured(line: &str) -> String {
    if let Some((word, good, _)) = verdict(line) {
        let (word, rest) = line.split_at(word.len());
        return format!("{}{word}{RESET}{rest}", if good { GREEN } else { RED });
    }
    if let Some(rest) = line.strip_prefix("hint") {
        return format!("{YELLOW}hint{RESET}{rest}");
    }
    if line.trim() == "^" {
        return line.replace('^', &format!("{RED}^{RESET}"));
    }
    match field(line) {
        Some((label, _)) => {
            let (label, rest) = line.split_at(label.len());
            format!("{DIM}{label}{RESET}{rest}")
        }
        None => line.to_owned(),
    }
}

/// Splits a line `label  value`.
fn field(line: &str) -> Option<(&str, &str)> {
    let (label, value) = line.split_once("  ")?;
    let is_label = !label.is_empty()
        && label.len() <= 24
        && label.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !label.contains([':', '=', '|', ';', '"']);
    is_label.then(|| (label, value.trim()))
}

/// Prints the held output at the end of the program.
pub(crate) fn finish(status: u8) -> io::Result<()> {
    print_held(Some(status))
}

/// Prints the held output. Nothing is printed if no output is held.
pub(crate) fn flush_held() -> io::Result<()> {
    print_held(None)
}

/// Prints the held output as JSON: the lines themselves if they are JSON, else an object for each block of lines. The
/// last object has the exit status.
fn print_held(status: Option<u8>) -> io::Result<()> {
    let held = core::mem::take(&mut *HELD.lock().unwrap_or_else(PoisonError::into_inner));
    let mut out = io::stdout().lock();
    let text = String::from_utf8_lossy(&held);
    if !is_json() || is_json_text(&text) {
        out.write_all(&held)?;
        return out.flush();
    }
    let mut objects: Vec<Map<String, Value>> =
        text.split("\n\n").map(object).filter(|object| !object.is_empty()).collect();
    if let Some(status) = status {
        if objects.is_empty() && !PRINTED.load(Ordering::Relaxed) {
            objects.push(Map::new());
        }
        if let Some(last) = objects.last_mut() {
            last.insert("status".to_owned(), status.into());
        }
    }
    for object in objects {
        PRINTED.store(true, Ordering::Relaxed);
        writeln!(out, "{}", Value::Object(object))?;
    }
    out.flush()
}

/// Returns whether the text is one value of JSON, or one on each line.
fn is_json_text(text: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).is_ok();
    text.starts_with(['{', '[']) && (text.lines().all(value) || value(text))
}

fn object(block: &str) -> Map<String, Value> {
    let mut object = Map::new();
    let mut lines = Vec::new();
    for line in block.lines() {
        if let Some((word, _, rest)) = verdict(line) {
            object.insert("verdict".to_owned(), word.into());
            with_code(&mut object, "reason", rest);
        } else if let Some(hint) = line.strip_prefix("hint:").or_else(|| line.strip_prefix("hint  ")) {
            with_code(&mut object, "hint", hint.trim());
        } else if let Some((label, value)) = field(line) {
            add(&mut object, &label.replace(' ', "_").to_ascii_lowercase(), value);
        } else if !line.trim().is_empty() {
            lines.push(Value::from(line));
        }
    }
    if !lines.is_empty() {
        object.insert("lines".to_owned(), lines.into());
    }
    object
}

/// The members that are always arrays, because their labels can occur more than once.
const REPEATED: [&str; 10] =
    ["field", "step", "hint", "hint_code", "query", "note", "alt_name", "parent", "group", "policy"];

/// Adds a text, and the code at its end as a member of its own. The last reason counts: it is that of the verdict.
fn with_code(object: &mut Map<String, Value>, name: &str, text: &str) {
    let split = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    let is_code = |code: &str| {
        code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit())
    };
    match split.filter(|(_, code)| is_code(code)) {
        Some((text, code)) => {
            add(object, name, text);
            add(object, if name == "hint" { "hint_code" } else { "code" }, code);
        }
        None if name == "reason" => {
            object.remove("code");
            add(object, name, text);
        }
        None => add(object, name, text),
    }
}

/// Adds a member; the values of a label that occurs twice become an array.
fn add(object: &mut Map<String, Value>, label: &str, value: &str) {
    match object.get_mut(label) {
        None if REPEATED.contains(&label) => {
            object.insert(label.to_owned(), Value::Array(vec![value.into()]));
        }
        _ if matches!(label, "reason" | "code") => {
            object.insert(label.to_owned(), value.into());
        }
        None => {
            object.insert(label.to_owned(), value.into());
        }
        Some(Value::Array(values)) => values.push(value.into()),
        Some(other) => *other = Value::Array(vec![other.take(), value.into()]),
    }
}
