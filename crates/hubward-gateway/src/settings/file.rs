//! Reads the file, and checks each setting by itself.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction};
use hubward::types::{SecretShape, Shown};
use toml::de::{DeTable, DeValue};

use super::{Problem, SettingsError, command};

/// Settings that are for the command line only.
const NOT_IN_A_FILE: [&str; 3] = ["config", "dev", "help"];
/// Bytes of a file.
const BYTES: u64 = 1024 * 1024;

/// The settings of a file, each checked by itself.
#[derive(Debug)]
pub(super) struct Settings(Vec<Setting>);

#[derive(Debug)]
struct Setting {
    name: String,
    line: usize,
    words: Vec<OsString>,
}

impl Settings {
    /// Reads a file.
    pub(super) fn read(file: &Path) -> Result<Self, SettingsError> {
        let read = |error| SettingsError::Read { file: file.into(), error };
        let length = std::fs::metadata(file).map_err(read)?.len();
        if length > BYTES {
            return Err(read(std::io::Error::other("longer than 1 MiB: not a file of settings")));
        }
        let text = std::fs::read_to_string(file).map_err(read)?;
        Self::parse(&text).map_err(|problems| SettingsError::Wrong { file: file.into(), problems })
    }

    /// Parses the text of a file. It is parsed to the end, so that all problems are told at once.
    fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let line = |at: usize| {
            let before = text.as_bytes().get(..at).unwrap_or_default();
            before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut problems: Vec<Problem> = errors
            .iter()
            .map(|error| Problem {
                line: error.span().map(|span| line(span.start)),
                text: format!("not TOML: {}", error.message()),
            })
            .collect();
        let mut settings = Vec::new();
        for (key, value) in table.get_ref() {
            let line = line(key.span().start);
            match words(key.get_ref(), value.get_ref()) {
                Ok(words) => settings.push(Setting { name: key.get_ref().to_string(), line, words }),
                Err(text) => problems.push(Problem { line: Some(line), text }),
            }
        }
        if problems.is_empty() {
            return Ok(Self(settings));
        }
        problems.sort_by_key(|problem| problem.line);
        Err(problems)
    }

    /// Returns the words of a command line with the same meaning.
    pub(super) fn words(&self) -> impl Iterator<Item = OsString> {
        self.0.iter().flat_map(|setting| setting.words.iter().cloned())
    }

    /// Returns the line of a setting.
    pub(super) fn line(&self, name: &str) -> Option<usize> {
        self.0.iter().find(|setting| setting.name == name).map(|setting| setting.line)
    }
}

/// Returns the words of a setting on a command line, or what is wrong with it.
fn words(name: &str, value: &DeValue<'_>) -> Result<Vec<OsString>, String> {
    let command = command();
    let shown = Shown::new(name);
    let known = command.get_arguments().find(|arg| arg.get_long() == Some(name));
    let Some(arg) = known.filter(|_| !NOT_IN_A_FILE.contains(&name)) else {
        let similar = command.get_arguments().filter_map(Arg::get_long);
        let similar = similar.filter(|known| !NOT_IN_A_FILE.contains(known) && is_similar(known, name)).min();
        let hint = similar.map(|similar| format!("; did you mean `{similar}`?"));
        return Err(format!("`{shown}` is not a setting{}", hint.unwrap_or_default()));
    };
    let texts = match (arg.get_action(), value) {
        (ArgAction::SetTrue, DeValue::Boolean(true)) => return Ok(vec![format!("--{name}").into()]),
        (ArgAction::SetTrue, DeValue::Boolean(false)) => return Ok(Vec::new()),
        (ArgAction::SetTrue, _) => return Err(format!("`{name}` must be true or false")),
        (ArgAction::Append, DeValue::Array(all)) => {
            let all: Option<Vec<_>> = all.iter().map(|one| text(one.get_ref())).collect();
            all.ok_or_else(|| format!("`{name}` must be an array of texts"))?
        }
        (_, value) => {
            vec![text(value).ok_or_else(|| format!("`{name}` must be a text or a number"))?]
        }
    };
    if texts.iter().any(|text| SecretShape::of(text).is_some_and(|shape| shape != SecretShape::Key)) {
        return Err(format!("the value of `{name}` looks like a secret, and no setting takes one"));
    }
    let words: Vec<OsString> = texts.iter().map(|text| format!("--{name}={text}").into()).collect();
    let alone = core::iter::once(OsString::from("serve")).chain(words.iter().cloned());
    let parsed = command.clone().try_get_matches_from(alone);
    match parsed.map_err(|error| error.kind()) {
        Err(ErrorKind::ValueValidation | ErrorKind::InvalidValue) => {
            let help = arg.get_help().map(|help| format!(": {help}")).unwrap_or_default();
            Err(format!("`{name}` does not take that value{help}"))
        }
        // the other settings that it requires are checked together with all
        _ => Ok(words),
    }
}

/// Returns the text of a string or a number.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

/// Returns whether two names differ only by case, `_` for `-`, or one letter more or less at an end.
fn is_similar(known: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let (short, long) = if known.len() < name.len() { (known, &*name) } else { (&*name, known) };
    !short.is_empty()
        && long.len().saturating_sub(short.len()) <= 1
        && (long.starts_with(short) || long.ends_with(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = Settings::parse(text).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn settings_become_the_words_of_a_command_line() {
        let text = "hub = \"hub.example\"\nalias = [\"a.example\", \"b.example:8443\"]\nstrict = true\n\
                    strict-ca = false\nmax-connections = 500\nrefusal-delay = 0.5\n";
        let settings = Settings::parse(text).unwrap();
        let mut words: Vec<_> = settings.words().map(|word| word.into_string().unwrap()).collect();
        words.sort();
        let expected = [
            "--alias=a.example",
            "--alias=b.example:8443",
            "--hub=hub.example",
            "--max-connections=500",
            "--refusal-delay=0.5",
            "--strict",
        ];
        assert_eq!(words, expected);
        assert_eq!(settings.line("strict"), Some(3));
        assert_eq!(settings.line("mqtt"), None);
    }

    #[test]
    fn each_problem_has_its_line() {
        let text = "hub = \"hub.example\"\nHub = 1\nmax_connections = 5\nmax-connections = \"many\"\n\
                    strict = 1\nalias = [1.5, {}]\n[limits]\nmax-unproven = 1\n";
        let told = problems(text);
        for (line, part) in [
            (2, "`Hub` is not a setting; did you mean `hub`?"),
            (3, "did you mean `max-connections`?"),
            (4, "`max-connections` does not take that value: Connections"),
            (5, "`strict` must be true or false"),
            (6, "`alias` must be an array of texts"),
            (7, "`limits` is not a setting"),
        ] {
            let start = format!("line {line}: ");
            assert!(told.iter().any(|told| told.starts_with(&start) && told.contains(part)), "{told:#?}");
        }
        assert_eq!(told.len(), 6, "{told:#?}");
    }

    #[test]
    fn a_file_that_is_not_toml_is_told_by_line_and_never_repeated() {
        for text in ["hub = hub.example\n", "\n\nhub: x\n", "hub = \"a\"\nhub = \"b\"\n", "hub = \"a\n"] {
            let told = problems(text);
            assert!(told[0].starts_with("line ") && told[0].contains("not TOML"), "{told:#?}");
        }
        let token =
            "SharedAccessSignature sr=hub.example&sig=abcdefghijklmnopqrstuvwxyz012345678901234567&se=1";
        for text in [format!("hub = \"{token}\"\n"), format!("key = {token}\n"), format!("{token}\n")] {
            let told = problems(&text).join("\n");
            assert!(!told.contains("abcdefgh"), "{told}");
        }
    }

    #[test]
    fn the_file_of_the_example_service_is_understood() {
        let example = include_str!("../../systemd/gateway.toml");
        // the settings in comments too
        let all = example.replace("# sni", "sni").replace("# alias", "alias").replace("# client", "client");
        for text in [example, &all] {
            Settings::parse(text).unwrap();
        }
        assert!(Settings::parse(&all).unwrap().line("sni-key").is_some());
    }

    #[test]
    fn settings_for_the_command_line_are_not_in_a_file() {
        for name in NOT_IN_A_FILE {
            assert!(problems(&format!("{name} = true"))[0].contains("is not a setting"));
        }
    }
}
