//! Checks that a program does not print a secret that it was given in the wrong place.
//!
//! For each command of the program's own tree, a test has lines that work. In each of them every argument, every
//! environment variable and the standard input are replaced by a marked secret in each of its forms, one at a time,
//! and the program is run.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use crate::redaction::{Secret, base64};

mod lines;

use lines::{Arg, Line, leaves};

/// The marked secret.
const SECRET: [u8; 32] = [
    0xf3, 0x91, 0xe7, 0x0b, 0x5d, 0xc4, 0x88, 0x1f, 0xa2, 0x6e, 0xd9, 0x37, 0xb0, 0x4c, 0xfa, 0x15, 0x7b,
    0xe1, 0x96, 0x2d, 0xc8, 0x53, 0x0e, 0xbf, 0x64, 0xa9, 0xf2, 0x3d, 0x81, 0xce, 0x57, 0x1a,
];
/// The bytes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, 7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// Number of consecutive bytes of the secret that are no coincidence.
const RUN: usize = 8;
/// The file that contains the secret.
const FILE: &str = "secret";
/// Number of programs that run at a time.
const THREADS: usize = 4;

/// A program, and lines that work.
#[derive(Debug)]
pub struct Program<'t> {
    /// The program.
    pub binary: &'t Path,
    /// Its arguments.
    pub tree: clap::Command,
    /// Lines of arguments that work, separated by spaces; at least one for each command.
    pub lines: &'t [&'t str],
    /// Returns whether an unmodified line worked, from its status and its output.
    pub works: fn(i32, &str) -> bool,
    /// The environment variables that the lines need.
    pub environment: &'t [(&'t str, &'t str)],
    /// All environment variables that the program reads.
    pub variables: &'t [&'t str],
    /// A folder with the files that lines refer to. Each run has its own copies.
    pub files: &'t Path,
    /// Words of lines that request a secret: their standard output may contain it.
    pub artefacts: &'t [&'t str],
}

/// One run.
struct Case {
    words: Vec<String>,
    variable: Option<String>,
    /// The content of the standard input and of the file `secret`.
    form: Form,
    input: bool,
}

/// The secret in a form that a user may have.
#[derive(Clone)]
struct Form {
    name: &'static str,
    text: String,
}

impl Program<'_> {
    /// Panics if an output contains a run of the secret, if a line does not work, or if a command has no line.
    pub fn repeats_no_secret(&self) {
        let (ran, leaks) = self.leaks();
        eprintln!("{ran} runs");
        assert!(leaks.is_empty(), "{} of {ran} runs show a secret:\n{}", leaks.len(), leaks.join("\n"));
    }

    /// Returns the number of runs, and the runs that printed a secret.
    #[must_use]
    pub fn leaks(&self) -> (usize, Vec<String>) {
        let lines: Vec<Line> = self.lines.iter().map(|line| Line::of(&self.tree, line)).collect();
        for leaf in leaves(&self.tree) {
            assert!(lines.iter().any(|line| line.command == leaf), "no line for `{leaf}`");
        }
        let broken: Vec<String> = lines.iter().filter_map(|line| self.broken(line)).collect();
        assert!(broken.is_empty(), "lines that do not work:\n{}", broken.join("\n"));
        let (typed, content) = forms();
        let mut cases = Vec::new();
        let mut commands = BTreeSet::new();
        for (at, line) in lines.iter().enumerate() {
            for arg in &line.args {
                // the lines that have this argument, or the first one
                let mut same = lines.iter().enumerate().filter(|(_, other)| other.command == line.command);
                let has = line.has(arg) || !same.clone().any(|(_, other)| other.has(arg));
                if has && (line.has(arg) || same.next().is_some_and(|(first, _)| first == at)) {
                    of_argument(line, arg, &typed, &content, &mut cases);
                }
            }
            if commands.insert(&line.command) {
                of_command(line, &typed, &mut cases);
            }
            self.of_inputs(line, &content, &mut cases);
        }
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let used = Mutex::new(BTreeSet::new());
        let secret = secret();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some((at, case)) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        cases.get(at).map(|case| (at, case))
                    } {
                        let output = self.run(case, &at.to_string());
                        for (stream, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
                            let text = String::from_utf8_lossy(text);
                            let Some(run) = secret.found_in(&text) else { continue };
                            let artefact = self.artefacts.iter().find(|words| asks(case, words));
                            match artefact {
                                Some(words) if stream == "stdout" => {
                                    used.lock().unwrap().insert(*words);
                                }
                                _ => found
                                    .lock()
                                    .unwrap()
                                    .push(format!("{case}: {stream} has `{run}`: {text}")),
                            }
                        }
                    }
                });
            }
        });
        let used = used.into_inner().unwrap();
        let mut found = found.into_inner().unwrap();
        found.sort();
        let unused = self.artefacts.iter().filter(|words| !used.contains(*words));
        found.extend(unused.map(|words| format!("`{words}` shows no secret: it needs no exemption")));
        (cases.len(), found)
    }

    /// Returns the message of an unmodified line that does not work.
    fn broken(&self, line: &Line) -> Option<String> {
        let (status, text) = self.plain(line, None, "");
        (!(self.works)(status, &text))
            .then(|| format!("`{}`, with status {status}: {text}", line.words().join(" ")))
    }

    /// Runs a line, optionally with another value of a variable.
    fn plain(&self, line: &Line, variable: Option<&str>, text: &str) -> (i32, String) {
        let form = Form { name: "nothing", text: text.to_owned() };
        let variable = variable.map(str::to_owned);
        let case = Case { words: line.words(), variable, form, input: true };
        let output = self.run(&case, "works");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code().unwrap_or(-1), text)
    }

    /// Adds cases for the standard input and the variables, if another value of them changes the result.
    fn of_inputs(&self, line: &Line, content: &[Form], cases: &mut Vec<Case>) {
        let plain = self.plain(line, None, "");
        if self.plain(line, None, "x") != plain {
            let case =
                |form: &Form| Case { words: line.words(), variable: None, form: form.clone(), input: true };
            cases.extend(content.iter().map(case));
        }
        for variable in self.variables {
            if self.plain(line, Some(variable), "x") != plain {
                let variable = Some((*variable).to_owned());
                let case = |form: &Form| {
                    let variable = variable.clone();
                    Case { words: line.words(), variable, form: form.clone(), input: false }
                };
                cases.extend(content.iter().map(case));
            }
        }
    }

    fn run(&self, case: &Case, name: &str) -> Output {
        let folder = PathBuf::from(format!("{}-{name}", self.files.display()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for word in &case.words {
            // the file of a durable registry
            let word = word.strip_prefix("sqlite:").unwrap_or(word);
            let from = self.files.join(word);
            if word.len() >= 64 || word.contains('/') {
                continue;
            }
            if from.is_file() {
                fs::copy(from, folder.join(word)).unwrap();
            } else if from.is_dir() {
                fs::create_dir_all(folder.join(word)).unwrap();
                for entry in fs::read_dir(from).unwrap() {
                    let entry = entry.unwrap();
                    fs::copy(entry.path(), folder.join(word).join(entry.file_name())).unwrap();
                }
            }
        }
        fs::write(folder.join(FILE), &case.form.text).unwrap();
        let mut command = Command::new(self.binary);
        command.current_dir(&folder).args(&case.words).envs(self.environment.iter().copied());
        if let Some(variable) = &case.variable {
            command.env(variable, &case.form.text);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        if case.input {
            // a program that does not read its input may have ended before the write
            let _ = child.stdin.take().unwrap().write_all(case.form.text.as_bytes());
        }
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        fs::remove_dir_all(&folder).unwrap();
        output
    }
}

/// Adds cases with the secret as the value of an argument, as the content of its file, and on the standard input that
/// it refers to.
fn of_argument(line: &Line, arg: &Arg, typed: &[Form], content: &[Form], cases: &mut Vec<Case>) {
    let mut add = |words, form: &Form, input| {
        cases.push(Case { words, variable: None, form: form.clone(), input });
    };
    let glued = |text: &str| line.with_word(format!("--{}={text}", arg.name));
    for form in typed {
        if !arg.takes_value {
            add(glued(&form.text), form, false);
            continue;
        }
        add(line.with(arg, &form.text), form, false);
        if form.text.starts_with('-') && !arg.is_positional {
            add(glued(&form.text), form, false);
        }
    }
    for form in content.iter().filter(|_| arg.takes_value) {
        if arg.is_file {
            add(line.with(arg, FILE), form, false);
            add(line.with(arg, "-"), form, true);
        } else if arg.is_perhaps_file {
            add(line.with(arg, FILE), form, false);
            add(line.with(arg, &format!("@{FILE}")), form, false);
        }
    }
}

/// Adds cases with the secret after a line, as an option, and in place of a command.
fn of_command(line: &Line, typed: &[Form], cases: &mut Vec<Case>) {
    for form in typed {
        let option = format!("--{}", form.text);
        let all =
            [line.with_word(form.text.clone()), line.with_word(option), line.instead_of_command(&form.text)];
        cases.extend(all.map(|words| Case { words, variable: None, form: form.clone(), input: false }));
    }
}

/// Returns whether a line has all those words.
fn asks(case: &Case, words: &str) -> bool {
    words.split(' ').all(|word| {
        let variable = word.strip_prefix('$').is_some_and(|name| case.variable.as_deref() == Some(name));
        variable || case.words.iter().any(|other| other == word)
    })
}

impl core::fmt::Display for Case {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let words = self.words.join(" ").replace(&self.form.text, "SECRET");
        write!(f, "`{words}` with {} as SECRET", self.form.name)?;
        if self.input {
            f.write_str(", on standard input")?;
        }
        match &self.variable {
            Some(variable) => write!(f, ", in {variable}"),
            None => Ok(()),
        }
    }
}

/// Returns the marked secret, to search for.
#[must_use]
pub fn secret() -> Secret {
    Secret::with_run(&SECRET, RUN)
}

/// Returns the marked secret in the forms that people copy, each with a name.
pub fn copied() -> impl Iterator<Item = (&'static str, String)> {
    forms().0.into_iter().map(|form| (form.name, form.text))
}

/// Returns the forms that are typed, and those that are in files; the shorter list has the forms that people copy.
fn forms() -> (Vec<Form>, Vec<Form>) {
    let key = base64(&SECRET);
    let pem_text = base64(&[&PKCS8[..], &SECRET].concat());
    let (head, tail) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    let pem = |newline: &str| [head, &pem_text, tail, ""].join(newline);
    let url = key.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let signature = key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let token =
        format!("SharedAccessSignature sr=h.example%2Fdevices%2Fpump-7&sig={signature}&se=1893456000");
    let keys = format!("{{\"primaryKey\":\"{key}\",\"secondaryKey\":\"{key}\"}}");
    // in the form of the program's own export
    let identity = format!(
        "{{\"id\":\"pump-7\",\"eTag\":\"18ecc53f1ae888fa\",\"status\":\"enabled\",\"statusReason\":null,\
         \"authentication\":{{\"type\":\"sas\",\"symmetricKey\":{keys}}},\"capabilities\":{{\"iotEdge\":false}},\
         \"deviceScope\":null,\"parentScopes\":[]}}\n"
    );
    let device = "HostName=h.example;DeviceId=pump-7;SharedAccess";
    let form = |(name, text)| Form { name, text };
    let typed = [
        ("base64", key.clone()),
        ("base64 of URLs without padding", url.clone()),
        ("hexadecimal", SECRET.iter().map(|byte| format!("{byte:02x}")).collect()),
        ("PEM", pem("\n")),
        ("PEM on one line", pem(" ")),
        ("PEM with escaped newlines", pem("\\n")),
        ("JSON of keys", keys),
        ("a connection string", format!("{device}Key={key}")),
        ("a token", token.clone()),
        ("a JSON Web Token", format!("eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiIxIn0.{url}")),
    ]
    .map(form);
    let more = [
        ("a JSON text", format!("\"{key}\"")),
        ("an unknown JSON field", format!("{{\"{key}\":1}}")),
        ("an identity's line", identity),
        ("policies", format!("[{{\"keyName\":\"owner\",\"primaryKey\":\"{key}\",\"rights\":\"{key}\"}}]")),
        ("a string with a token", format!("{device}Signature={token}")),
    ]
    .map(form);
    let content = [&typed[..], &more[..]].concat();
    (typed.into(), content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    #[test]
    fn a_program_that_prints_its_arguments_is_detected() {
        let command = clap::Command::new("say").arg(Arg::new("word").long("word"));
        let files = std::env::temp_dir().join(format!("hubward-echo-{}", std::process::id()));
        let program = |artefacts| Program {
            binary: Path::new("/bin/echo"),
            tree: clap::Command::new("test").subcommand(command.clone()),
            lines: &["say --word hello"],
            works: |status, text| status == 0 && text.contains("hello"),
            environment: &[],
            variables: &[],
            files: &files,
            artefacts,
        };
        let (ran, leaks) = program(&[]).leaks();
        assert!(leaks.len() * 2 > ran, "{ran} runs, {leaks:#?}");
        assert!(leaks.iter().any(|leak| leak.contains("`say --word SECRET` with base64 as SECRET: stdout")));
        // an artefact that the line requests
        assert!(program(&["--word"]).leaks().1.len() < leaks.len());
    }
}
