//! Parses the command line without repeating it in errors: an argument may be a key.
//!
//! The errors of clap quote the arguments. Here an error message is made of the kind of the error and of the program's own
//! names. Both programs of this repository include this file.

use core::any::TypeId;
use core::error::Error as _;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Error, Parser};
use hubward::types::SecretShape;

/// The exit status of a wrong command line.
const MISUSE: u8 = 2;

/// Parses the program's arguments. Otherwise prints the requested help, or the error, and returns the exit status.
pub(crate) fn parse<P: Parser>() -> Result<P, ExitCode> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let mut command = P::command();
    // not the name by which the program was called
    let name = command.get_name().to_owned();
    command.set_bin_name(&name);
    command.build();
    let parsed = command.try_get_matches_from_mut(&words).and_then(|matches| {
        match misplaced_secret(&command, &matches) {
            Some(problem) => Ok(Err(problem)),
            None => P::from_arg_matches(&matches).map(Ok),
        }
    });
    let problem = match parsed {
        Ok(Ok(arguments)) => return Ok(arguments),
        Ok(Err(problem)) => problem,
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion => {
                // a closed pipe is no error
                let _ = error.print();
                return Err(if error.use_stderr() { ExitCode::from(MISUSE) } else { ExitCode::SUCCESS });
            }
            _ => message(&command, &words, &error),
        },
    };
    eprintln!("{name}: {problem}");
    Err(ExitCode::from(MISUSE))
}

/// Returns an error if a value has the form of a secret and the argument takes no secret. An id or a folder can have the
/// form of a key.
fn misplaced_secret(command: &Command, matches: &ArgMatches) -> Option<String> {
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        let typed = matches.try_contains_id(id).unwrap_or_default()
            && matches.value_source(id) == Some(ValueSource::CommandLine);
        let values = if typed { matches.try_get_raw(id).ok().flatten() } else { None };
        let is_file = arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        for value in values.into_iter().flatten() {
            match SecretShape::of(&value.to_string_lossy()) {
                Some(shape) if is_file && !is_path(Path::new(value)) => {
                    return Some(format!(
                        "the text given for {arg} looks like {shape}, not the name of a file; {}",
                        hint("put it in a file, or give it on standard input if the argument takes `-`")
                    ));
                }
                Some(SecretShape::Key) | None => {}
                Some(_) if is_file => {}
                Some(shape) => {
                    return Some(format!(
                        "the text given for {arg} looks like {shape}; {}",
                        hint("the argument takes no secret")
                    ));
                }
            }
        }
    }
    let (name, matches) = matches.subcommand()?;
    misplaced_secret(command.find_subcommand(name)?, matches)
}

fn hint(advice: &str) -> String {
    format!("{advice}. It is not repeated here, but the history of your shell may have it")
}

/// Returns whether the file, or the folder of the file, exists.
fn is_path(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && folder.parent().is_some());
    path.exists() || folder.is_some_and(Path::is_dir)
}

/// Returns the message of an error of clap, without the text of the user.
fn message(root: &Command, words: &[OsString], error: &Error) -> String {
    let mut path = vec![root];
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        path.extend(path.last().and_then(|command| command.find_subcommand(word)));
    }
    let command = path.last().copied().unwrap_or(root);
    let called = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let named = |kind| texts(error, kind).join(", ");
    let arg = named(ContextKind::InvalidArg);
    let problem = match error.kind() {
        ErrorKind::InvalidValue => match named(ContextKind::ValidValue) {
            values if values.is_empty() => format!("{arg} needs a value"),
            values => format!("{arg} takes one of: {values}"),
        },
        ErrorKind::UnknownArgument => format!("`{called}` does not take one of these arguments"),
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => {
            let known: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
            format!("`{called}` takes one of these commands: {}", known.join(", "))
        }
        ErrorKind::ValueValidation => {
            let all = path.iter().flat_map(|command| command.get_arguments());
            let help = all.filter(|known| known.to_string() == arg).find_map(|known| known.get_help());
            let help = help.map(|help| format!(". Expected: {help}")).unwrap_or_default();
            // clap's parsers of numbers quote the text
            let typed = named(ContextKind::InvalidValue);
            let reason = error.source().map(ToString::to_string).filter(|reason| !reason.contains(&typed));
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{arg} does not take that value{reason}{help}")
        }
        ErrorKind::NoEquals => format!("{arg} takes its value after `=`"),
        ErrorKind::TooManyValues => format!("{arg} does not take as many values"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{arg} takes another number of values")
        }
        ErrorKind::ArgumentConflict => match named(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == arg => {
                format!("{arg} cannot be given here, or not more than once")
            }
            prior => format!("{arg} cannot be given together with {prior}"),
        },
        ErrorKind::MissingRequiredArgument => format!("missing arguments: {arg}"),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the arguments cannot be read".to_owned(),
    };
    // the most similar of the known names
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue].map(named);
    let suggested = suggested.iter().find(|name| !name.is_empty());
    let suggested = suggested.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    let typed =
        [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand].map(named);
    let shape = typed.iter().find_map(|text| SecretShape::of(text));
    let advice = shape.map(|shape| format!("\n\nThe text looks like {shape}: {}.", hint("put it in a file")));
    let advice = advice.unwrap_or_default();
    let usage = command.clone().render_usage();
    format!("{problem}{suggested}{advice}\n\n{usage}\n\nFor more information, try '--help'.")
}

fn texts(error: &Error, kind: ContextKind) -> &[String] {
    match error.get(kind) {
        Some(ContextValue::String(text)) => core::slice::from_ref(text),
        Some(ContextValue::Strings(texts)) => texts,
        _ => &[],
    }
}
