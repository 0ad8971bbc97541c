//! The command line, read without repeating it: a word that was typed may be a key.
//!
//! clap quotes what it does not understand. Here an error is made of its kind and of the program's own names. Both
//! programs of this repository include this file.

use core::any::TypeId;
use core::error::Error as _;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Error, Parser};
use hubward::types::SecretShape;

/// The exit status of a command line that is not understood.
const MISUSE: u8 = 2;

/// Parses the program's arguments. Prints the help that was asked for, or what is wrong, and returns the exit status
/// then.
pub(crate) fn parse<P: Parser>() -> Result<P, ExitCode> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let mut command = P::command();
    // and not the name by which the program was called
    let name = command.get_name().to_owned();
    command.set_bin_name(&name);
    command.build();
    let parsed =
        command.try_get_matches_from_mut(&words).and_then(|matches| match mistaken(&command, &matches) {
            Some(problem) => Ok(Err(problem)),
            None => P::from_arg_matches(&matches).map(Ok),
        });
    let problem = match parsed {
        Ok(Ok(arguments)) => return Ok(arguments),
        Ok(Err(problem)) => problem,
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion => {
                // a closed pipe reads no help
                let _ = error.print();
                return Err(if error.use_stderr() { ExitCode::from(MISUSE) } else { ExitCode::SUCCESS });
            }
            _ => explained(&command, &words, &error),
        },
    };
    eprintln!("{name}: {problem}");
    Err(ExitCode::from(MISUSE))
}

/// What is wrong where a value is a secret by its shape and the argument takes none. An id can have the shape of a key,
/// and a folder too.
fn mistaken(command: &Command, matches: &ArgMatches) -> Option<String> {
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        let typed = matches.try_contains_id(id).unwrap_or_default()
            && matches.value_source(id) == Some(ValueSource::CommandLine);
        let values = if typed { matches.try_get_raw(id).ok().flatten() } else { None };
        let is_file = arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        for value in values.into_iter().flatten() {
            match SecretShape::of(&value.to_string_lossy()) {
                Some(shape) if is_file && !is_place(Path::new(value)) => {
                    return Some(format!(
                        "the text given for {arg} looks like {shape}, not the name of a file; {}",
                        remedy(
                            "put it in a file, or give it on standard input (`-`) where the argument takes that"
                        )
                    ));
                }
                Some(SecretShape::Key) | None => {}
                Some(_) if is_file => {}
                Some(shape) => {
                    return Some(format!(
                        "the text given for {arg} looks like {shape}; {}",
                        remedy("it takes none")
                    ));
                }
            }
        }
    }
    let (name, matches) = matches.subcommand()?;
    mistaken(command.find_subcommand(name)?, matches)
}

fn remedy(what: &str) -> String {
    format!("{what}. It is not repeated here, but the history of your shell may hold it")
}

/// Whether there is such a file, or a folder for it.
fn is_place(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && folder.parent().is_some());
    path.exists() || folder.is_some_and(Path::is_dir)
}

/// An error of clap without the text that it is about.
fn explained(root: &Command, words: &[OsString], error: &Error) -> String {
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
            let help = help.map(|help| format!(". It is: {help}")).unwrap_or_default();
            // clap's own parsers of numbers quote what was typed
            let typed = named(ContextKind::InvalidValue);
            let why = error.source().map(ToString::to_string).filter(|why| !why.contains(&typed));
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            format!("{arg} does not take that value{why}{help}")
        }
        ErrorKind::NoEquals => format!("{arg} takes its value behind `=`"),
        ErrorKind::TooManyValues => format!("{arg} does not take as many values"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{arg} takes another number of values")
        }
        ErrorKind::ArgumentConflict => match named(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == arg => format!("{arg} cannot be given here, or not twice"),
            prior => format!("{arg} cannot be given together with {prior}"),
        },
        ErrorKind::MissingRequiredArgument => format!("these are needed too: {arg}"),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the arguments cannot be read".to_owned(),
    };
    // the nearest of the names that are known
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue].map(named);
    let suggested = suggested.iter().find(|name| !name.is_empty());
    let suggested = suggested.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    let typed =
        [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand].map(named);
    let shape = typed.iter().find_map(|text| SecretShape::of(text));
    let hint =
        shape.map(|shape| format!("\n\nWhat was typed looks like {shape}: {}.", remedy("put it in a file")));
    let hint = hint.unwrap_or_default();
    let usage = command.clone().render_usage();
    format!("{problem}{suggested}{hint}\n\n{usage}\n\nFor more information, try '--help'.")
}

fn texts(error: &Error, kind: ContextKind) -> &[String] {
    match error.get(kind) {
        Some(ContextValue::String(text)) => core::slice::from_ref(text),
        Some(ContextValue::Strings(texts)) => texts,
        _ => &[],
    }
}
